#!/usr/bin/env bash
# A dev node with a market playing on it. Ctrl-C ends it. HTTP_PORT, APP_PORT, DATADIR and PRICES change the defaults.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc
trap - EXIT

http=${HTTP_PORT:-8545} app=${APP_PORT:-8080}
export LIMPID_RPC="http://127.0.0.1:$http"
folder=$(mktemp -d)
datadir=${DATADIR:-$folder/chain} log="$folder/node.log"

echo "Building (the first time takes some minutes) ..."
scripts/build.sh
limpid="$target/release/limpid"

"$limpid" node --dev --datadir "$datadir" --http-port "$http" --app-port "$app" >"$log" 2>&1 &
node=$!
finish() {
    trap - EXIT INT TERM
    [ -z "${market:-}" ] || kill "$market" 2>/dev/null || true
    kill "$node" 2>/dev/null || true
    wait "$node" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

for _ in $(seq 100); do
    # Another node may listen there already; ours is the one that is still alive once the port answers.
    if "$limpid" status >/dev/null 2>&1 && kill -0 "$node" 2>/dev/null; then ready=1 && break; fi
    kill -0 "$node" 2>/dev/null || break
    sleep 0.1
done
if [ -z "${ready:-}" ]; then
    echo "The node did not start:" >&2
    tail -n 20 "$log" >&2
    exit 1
fi
cat "$log"
echo
echo "  The market of 12-13 March 2020 plays now, hour by hour; the node stays up after it."
echo

"$limpid" market ${PRICES:+--prices "$PRICES"} &
market=$!
wait "$market" || echo "The market stopped with an error; the node goes on." >&2
market=
cat <<TEXT

The market is over; the node is still at $LIMPID_RPC, and http://localhost:$app shows it in a browser.
In another terminal:

  export PATH="$(dirname "$limpid"):\$PATH" LIMPID_RPC=$LIMPID_RPC
  limpid pool show LIM mUSD
  limpid quote 10 LIM mUSD
  limpid swap 10 LIM mUSD --from dev:0
  limpid history dev:0

or point MetaMask, cast, ethers, viem or Foundry at it. Ctrl-C ends it.
TEXT
wait "$node"
