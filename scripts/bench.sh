#!/usr/bin/env bash
# Every bench, one after the other on a quiet machine. Each writes one JSON object into target/bench/, and they are
# merged into target/bench.json.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc node npm

stage "reference bytecode" reference
stage "peers" packages bench/peers
stage "the node" cargo build --release --locked -p limpid
export LIMPID_REQUIRE_REFERENCE=1

export LIMPID_BENCH_DIR="$target/bench"
rm -rf "$LIMPID_BENCH_DIR"
mkdir -p "$LIMPID_BENCH_DIR"
stage "benches" cargo bench --locked -p limpid-bench --benches
node scripts/merge-bench.mjs "$LIMPID_BENCH_DIR" "$target/bench.json"
