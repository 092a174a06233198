# Shared by the scripts beside it: where things are, what is needed, how long a stage takes.
# Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
target=${CARGO_TARGET_DIR:-$root/target}

# need cargo cc node: stops with one clear sentence for each tool that is not there.
need() {
    local missing=0 tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null 2>&1 && continue
        missing=1
        case "$tool" in
            cargo) echo "Rust is missing (cargo not found). Install Rust 1.94 or newer: https://rustup.rs" >&2 ;;
            cc) echo "A C compiler is missing (cc not found). Debian and Ubuntu: apt-get install build-essential; macOS: xcode-select --install" >&2 ;;
            node) echo "Node is missing. The client tests need Node 20 or newer: https://nodejs.org" >&2 ;;
            npm) echo "npm is missing. It comes with Node; on Debian and Ubuntu: apt-get install npm" >&2 ;;
            *) echo "$tool is missing." >&2 ;;
        esac
    done
    [ "$missing" -eq 0 ] || exit 1
    node_version "$@"
}

node_version() {
    local tool major
    for tool in "$@"; do
        [ "$tool" = node ] || continue
        major=$(node -p 'process.versions.node.split(".")[0]')
        [ "$major" -ge 20 ] || { echo "Node $major is too old; the client tests need Node 20 or newer." >&2; exit 1; }
    done
}

# fresh FOLDER LIST: whether FOLDER was installed from LIST as it is now. `keep` notes that it was.
fresh() { [ -f "$1/.installed" ] && [ "$(cat "$1/.installed")" = "$(cksum <"$2")" ]; }
keep() { cksum <"$2" >"$1/.installed"; }

# packages FOLDER: the npm packages that its lockfile names, unless they are there already.
packages() {
    (
        cd "$1"
        if fresh node_modules package-lock.json; then exit 0; fi
        npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
        keep node_modules package-lock.json
    )
}

# Published bytecode that native contracts are compared with; without it those tests are a failure, not a skip.
reference() { packages tests/reference; }

# stage NAME COMMAND...: runs it, says how many minutes it took, and keeps the line for the summary.
stages=()
stage() {
    local name=$1 started=$SECONDS status=0 line
    shift
    printf '\n== %s\n' "$name"
    "$@" || status=$?
    line=$(printf '%6s min  %s' "$(minutes $((SECONDS - started)))" "$name")
    [ "$status" -eq 0 ] || line="$line  FAILED"
    stages+=("$line")
    [ -z "${LIMPID_STAGES:-}" ] || printf '%s\n' "$line" >>"$LIMPID_STAGES"
    printf '== %s: %s min\n' "$name" "$(minutes $((SECONDS - started)))"
    return "$status"
}

minutes() { printf "%d.%d" $(($1 / 60)) $(($1 % 60 / 6)); }

summary() { [ ${#stages[@]} -eq 0 ] || printf '\nMinutes per stage\n%s\n' "$(printf '%s\n' "${stages[@]}")"; }
trap summary EXIT
