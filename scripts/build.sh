#!/usr/bin/env bash
# The release binary, the web app inside where there is Node to build it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc

# Cargo cannot watch a folder that is not there: the first build of the app is made known to it.
[ -d web/dist ] || first=1

# The app is no condition of a node: without Node, or without its packages, the binary is built all the same.
if command -v node >/dev/null && command -v npm >/dev/null; then
    stage "web app" scripts/web.sh build || echo "WARNING: the web app was not built (see above); this binary has none inside." >&2
else
    echo "WARNING: Node is not here, so the binary has no web app inside. With Node 20.19 or newer: https://nodejs.org" >&2
fi
[ -z "${first:-}" ] || [ ! -d web/dist ] || touch crates/index/build.rs
stage "release build" cargo build --release --locked -p limpid
echo "$target/release/limpid"
