#!/usr/bin/env bash
# Formatting, lints, docs, house rules and licences. The profile is the tests' own, so that build scripts and macros
# are compiled once for both.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc node

# Links to private items are for readers of this code, who see them.
documentation() { RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --profile ci --locked --workspace --no-deps --document-private-items; }

failed=0
stage "formatting" cargo fmt --all --check || failed=1
stage "house rules" scripts/house-rules.sh || failed=1
stage "licences" node scripts/licences.mjs || failed=1
stage "clippy" cargo clippy --profile ci --locked --workspace --all-targets -- -D warnings || failed=1
stage "documentation" documentation || failed=1
exit "$failed"
