#!/usr/bin/env bash
# The web app: packages by its lockfile, built to web/dist, tested.
#
#   scripts/web.sh build   installs what is needed and builds web/dist, which the node's binary takes in
#   scripts/web.sh test    licences, unit tests, then Chromium against LIMPID_BIN (default: the ci build);
#                          pictures of the pages go to web/shots
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need node npm
packages web
cd web

# Debian's Chromium, installed where this is allowed; otherwise one clear sentence.
chromium() {
    local path
    for path in "${CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
        [ -n "$path" ] && [ -x "$path" ] && return
    done
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "Installing Chromium for the tests ..."
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1 && return
    fi
    echo "Chromium is missing, so the web app's browser tests cannot run. Debian and Ubuntu: apt-get install chromium; or set CHROMIUM to its path." >&2
    return 1
}

case "${1:-}" in
    build) npm run --silent build ;;
    test)
        LIMPID_BIN=$(realpath -e "${LIMPID_BIN:-$target/ci/limpid}") || {
            echo "There is no node to test with. Build it: cargo build --profile ci -p limpid" >&2
            exit 1
        }
        export LIMPID_BIN
        node build/licences.mjs
        node build/abi.mjs --check
        node build/v1.mjs --check
        npx --no-install vitest run
        [ -f dist/index.html ] || npm run --silent build
        if ! chromium; then
            echo "SKIPPED: the web app's tests in a browser (CI asks for them by LIMPID_REQUIRE_CHROMIUM=1)" >&2
            [ "${LIMPID_REQUIRE_CHROMIUM:-}" != 1 ]
            exit
        fi
        node --test --test-concurrency=2 --test-reporter=spec e2e/
        ;;
    *)
        sed -n '2,6s/^# \{0,1\}//p' "$root/scripts/web.sh" >&2
        exit 2
        ;;
esac
