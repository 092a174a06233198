#!/usr/bin/env bash
# Lints and tests of validators in the simulator. Beside `make check` and `make test`, because the consensus library
# and its dependencies take longer to compile than all tests to run.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc

on=(--profile ci --locked -p limpid-cluster --features cluster)
documentation() { RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc "${on[@]}" --no-deps --document-private-items; }

failed=0
stage "clippy" cargo clippy "${on[@]}" --all-targets -- -D warnings || failed=1
stage "documentation" documentation || failed=1
stage "tests" cargo test "${on[@]}" --no-fail-fast || failed=1
exit "$failed"
