#!/usr/bin/env bash
# House rules that a machine can see (CONTRIBUTING.md says why each of them is there). Reports, and fails on a breach.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
trap - EXIT

broken=0
breach() {
    broken=1
    printf 'breach: %s\n%s\n' "$1" "$2" >&2
}

# Written in pieces, so that this file does not find itself.
paths='/(w''ork|r''oot|h''ome/[a-z]+|U''sers/[A-Za-z]+)/'
hosts='registry\.npm''js\.org|registry\.yarn''pkg\.com|static\.crates\.i''o|index\.crates\.i''o|pypi\.o''rg'

found=$(git grep -nIE "$paths" -- ':!LICENSE-*' || true)
[ -z "$found" ] || breach "paths of one machine" "$found"
found=$(git grep -nIE "$hosts" || true)
[ -z "$found" ] || breach "hosts of package registries" "$found"

# Dependencies point down. A crate may use those with a smaller number, never its own or a larger one.
layer() {
    case "$1" in
        math | native-macros | abi) echo 0 ;;
        native) echo 1 ;;
        token | queue) echo 2 ;;
        weth | gateway) echo 3 ;;
        exchange) echo 4 ;;
        actions) echo 5 ;;
        evm | state) echo 6 ;;
        chain) echo 7 ;;
        wallet) echo 0 ;;
        client) echo 7 ;;
        rpc | index) echo 8 ;;
        market) echo 9 ;;
        *) echo 10 ;;
    esac
}
for manifest in crates/*/Cargo.toml crates/protocols/*/Cargo.toml; do
    name=$(basename "$(dirname "$manifest")")
    for used in $(sed -n '/^\[dependencies\]/,/^\[/s/^limpid-\([a-z-]*\).*/\1/p' "$manifest"); do
        [ "$(layer "$used")" -lt "$(layer "$name")" ] ||
            breach "dependency upwards or sideways" "$name uses $used ($manifest)"
    done
done

# Money code cannot panic: the lint stands at the top of each crate below rpc, and clippy enforces it.
below="math abi native state evm chain protocols/*"
for folder in $below; do
    for crate in crates/$folder; do
        for lint in unwrap_used expect_used panic indexing_slicing; do
            grep -q "clippy::$lint" "$crate/src/lib.rs" || breach "lint clippy::$lint is not denied" "$crate/src/lib.rs"
        done
    done
done

# Deterministic execution (no floats, clocks or randomness where consensus is made). Backups wait for another process
# and read a copy; nothing of theirs reaches a block.
consensus='crates/math/src crates/native/src crates/protocols/*/src crates/evm/src crates/state/src'
found=$(git grep -nwE 'f64|f32|SystemTime|Instant|thread_rng|rand' -- $consensus ':!crates/state/src/backup' | grep -vE '^[^:]+:[0-9]+:\s*//' || true)
[ -z "$found" ] || breach "floats, clocks or randomness below chain" "$found"

found=$(git ls-files 'crates/*/tests/*.rs' 'crates/protocols/*/tests/*.rs' 'bin/*/tests/*.rs' | grep -vE '/tests/it/' || true)
[ -z "$found" ] || breach "one test binary per crate: tests/it/main.rs" "$found"

# Docs name files that are there.
for file in $(grep -ohE '`(bench|bin|crates|scenarios|scripts|tests)/[A-Za-z0-9_./-]+' ./*.md | tr -d '`' | grep -v '^tests/it' | sort -u); do
    [ -e "$file" ] || breach "the docs name a file that is not there" "$file"
done

found=$(git grep -nE '#\[ignore|(test|describe|it)\.skip\(' -- '*.rs' '*.mjs' || true)
[ -z "$found" ] || printf 'to look at, ignored tests (each needs its reason beside it):\n%s\n' "$found"
found=$(git ls-files '*.rs' '*.mjs' '*.ts' '*.tsx' | grep -vE '(^|/)(tests?|benches|fuzz)/' | xargs -r wc -l |
    awk '$2 != "total" && $1 > 600 { print $1, $2 }' | sort -rn)
[ -z "$found" ] || printf 'to look at, files over 600 lines (is an idea missing?):\n%s\n' "$found"

[ "$broken" -eq 0 ] && echo "house rules hold"
exit "$broken"
