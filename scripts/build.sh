#!/usr/bin/env bash
# The release binary.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc

stage "release build" cargo build --release --locked -p limpid
echo "$target/release/limpid"
