#!/usr/bin/env bash
# Other people's tools against a running node: Foundry, ethers, viem, web3.py, Hardhat, Ponder, published bytecode.
#
#   scripts/clients.sh install         their packages, each tool's in a folder of its own, and published bytecode
#   scripts/clients.sh test [FILE...]  the tests, against LIMPID_BIN (default: the ci build)
#
# A tool that cannot be installed is a failure, never a skip. One exception: where there is no Python, web3.py is left out
# with a loud word, unless LIMPID_REQUIRE_PYTHON=1 (CI sets it).
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need node npm
cd tests/clients

# Hardhat and Ponder want Node 22.13 or newer; where this one is older, runtime/ brings one for them alone.
tools_path() {
    if node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 13) ? 0 : 1)'; then
        echo "$PATH"
        return
    fi
    packages runtime >&2
    local node
    node=$(node -p '`runtime/node_modules/node-${process.platform}-${process.arch}/bin/node`')
    [ -x "$node" ] || { echo "Hardhat needs Node 22.13 or newer, and npm has none for this machine: install it." >&2; return 1; }
    echo "$PWD/$(dirname "$node"):$PATH"
}

python_packages() {
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        echo "SKIPPED: the web3.py tests need Python 3.10 or newer with venv. Debian and Ubuntu: apt-get install python3-venv" >&2
        [ "${LIMPID_REQUIRE_PYTHON:-}" != 1 ]
        return
    fi
    (
        cd python
        fresh venv requirements.txt && return
        rm -rf venv
        python3 -m venv venv
        venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt
        keep venv requirements.txt
    )
}

case "${1:-}" in
    install)
        (cd "$root" && reference)
        packages .
        path=$(tools_path)
        for tool in hardhat ponder; do PATH=$path packages "$tool"; done
        python_packages
        du -sh node_modules ./*/node_modules python/venv 2>/dev/null | sed 's/^/   /' || true
        ;;
    test)
        shift
        cd "$root"
        LIMPID_BIN=$(realpath -e "${LIMPID_BIN:-$target/ci/limpid}") || {
            echo "There is no node to test. Build it: cargo build --profile ci -p limpid" >&2
            exit 1
        }
        export LIMPID_BIN
        cd tests/clients
        [ $# -gt 0 ] || set -- test/
        node --test --test-concurrency=2 --test-reporter=spec "$@"
        ;;
    *)
        sed -n '2,8s/^# \{0,1\}//p' "$root/scripts/clients.sh" >&2
        exit 2
        ;;
esac
