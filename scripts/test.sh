#!/usr/bin/env bash
# Every test. One profile (`ci`) for all of them, so that each crate is compiled once.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc node npm

# Binaries and tests in one call: a second call with other targets could choose other features and compile twice.
build() { cargo build --profile ci --locked --workspace --bins --tests; }

rust() { cargo test --profile ci --locked --workspace --no-fail-fast; }

# A test that cannot find the bytecode fails.
export LIMPID_REQUIRE_REFERENCE=1
failed=0
stage "reference bytecode" reference
# Before the binary, which takes the app in.
stage "web app" scripts/web.sh build || failed=1
stage "compile tests" build
stage "Rust tests" rust || failed=1
stage "client packages" scripts/clients.sh install || failed=1
stage "client tests" env LIMPID_BIN="$target/ci/limpid" scripts/clients.sh test || failed=1
stage "web tests" env LIMPID_BIN="$target/ci/limpid" scripts/web.sh test || failed=1
# The test harness shows no words of tests that pass.
for folder in "vectors:${LIMPID_VECTORS:-$root/../shared/vectors}" "data:${LIMPID_DATA:-$root/../shared/data}"; do
    [ -d "${folder#*:}" ] || printf '\nSKIPPED: every test that reads %s: there is nothing at %s (LIMPID_%s)\n' \
        "${folder%%:*}" "${folder#*:}" "$(tr a-z A-Z <<<"${folder%%:*}")" >&2
done
exit "$failed"
