#!/usr/bin/env bash
# The reference vectors alone: a table per file of passed, failed, differs by design, skipped.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc

export LIMPID_VECTORS=${LIMPID_VECTORS:-$root/../shared/vectors}
export LIMPID_REQUIRE_VECTORS=1
if [ ! -d "$LIMPID_VECTORS" ]; then
    echo "No reference vectors at $LIMPID_VECTORS. Set LIMPID_VECTORS to the folder that holds amm/, lending/ and rpc/." >&2
    exit 1
fi

output=$(mktemp)
replay() {
    cargo test --profile ci --locked -p limpid-exchange --test it vectors:: -- --nocapture --test-threads=1 >"$output" ||
        return 1
}
suite() {
    cargo test --profile ci --locked -p limpid --test it execution_apis:: -- --nocapture >>"$output" || return 1
}
failed=0
stage "reference vectors" replay || failed=1
stage "execution-apis suite" suite || failed=1
printf '\n%-28s %6s %7s %7s %10s %8s\n' file cases passed failed 'by design' skipped
sed -nE 's/.*vectors ([a-z0-9_]+\.json) +total +([0-9]+) passed +([0-9]+) failed +([0-9]+) by-design steps +([0-9]+) not-applicable steps +([0-9]+).*/\1 \2 \3 \4 \5 \6/p' "$output" |
    while read -r file cases passed wrong by_design skipped; do
        printf '%-28s %6s %7s %7s %10s %8s\n' "$file" "$cases" "$passed" "$wrong" "$by_design" "$skipped"
    done
sed -nE 's/.*execution-apis total ([0-9]+) passed ([0-9]+) listed ([0-9]+) unexpected ([0-9]+).*/\1 \2 \4 \3/p' "$output" |
    while read -r cases passed wrong listed; do
        printf '%-28s %6s %7s %7s %10s %8s\n' execution-apis "$cases" "$passed" "$wrong" "$listed" 0
    done
grep 'passes now' "$output" || true
echo "Steps that differ by design or do not apply are counted as steps; why is in crates/protocols/exchange/tests/it/vectors/table.txt; cases of the suite: bin/limpid/tests/it/execution_apis/expected.txt."
if [ "$failed" -ne 0 ]; then
    grep -E 'FAILED|panicked|missing|differs|instead of' "$output" | head -n 40 || true
fi
rm -f "$output"
exit "$failed"
