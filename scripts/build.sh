#!/usr/bin/env bash
# The release binary, the web app inside where there is Node to build it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc

# The app is no condition of a node: without Node, or without its packages, the binary is built all the same.
if command -v node >/dev/null && command -v npm >/dev/null; then
    stage "web app" scripts/web.sh build || echo "WARNING: the web app was not built (see above); this binary has none inside." >&2
else
    echo "WARNING: Node is not here, so the binary has no web app inside. With Node 20.19 or newer: https://nodejs.org" >&2
fi
stage "release build" cargo build --release --locked -p limpid
echo "$target/release/limpid"
