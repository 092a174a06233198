#!/usr/bin/env bash
# The reference vectors alone: a table per file of passed, failed, differs by design, skipped.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc

export LIMPID_VECTORS=${LIMPID_VECTORS:-$root/../shared/vectors}
export LIMPID_REQUIRE_VECTORS=1
if [ ! -d "$LIMPID_VECTORS" ]; then
    echo "No reference vectors at $LIMPID_VECTORS. Set LIMPID_VECTORS to the folder that holds amm/ and lending/." >&2
    exit 1
fi
stage "reference vectors" cargo test --profile ci --locked -p limpid-exchange --test it vectors -- --nocapture --test-threads=1
