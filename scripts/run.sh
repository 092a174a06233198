#!/usr/bin/env bash
# A dev node with a market playing on it. Ctrl-C ends it. HTTP_PORT, APP_PORT, DATADIR and PRICES change the defaults.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need cargo cc
trap - EXIT

http=${HTTP_PORT:-8545} app=${APP_PORT:-8080} rpc="http://127.0.0.1:${HTTP_PORT:-8545}"
if [ -n "${DATADIR:-}" ]; then datadir=$DATADIR; else datadir=$(mktemp -d) fresh=1; fi

echo "Building (the first time takes some minutes) ..."
cargo build --release --locked -p limpid
limpid="$target/release/limpid"

"$limpid" node --dev --datadir "$datadir" --http-port "$http" --app-port "$app" >"$datadir.log" 2>&1 &
node=$!
finish() {
    trap - EXIT INT TERM
    [ -z "${market:-}" ] || kill "$market" 2>/dev/null || true
    kill "$node" 2>/dev/null || true
    wait "$node" 2>/dev/null || true
    if [ -n "${fresh:-}" ]; then rm -rf "$datadir" "$datadir.log"; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

for _ in $(seq 100); do
    if "$limpid" status --rpc "$rpc" >/dev/null 2>&1; then ready=1 && break; fi
    kill -0 "$node" 2>/dev/null || break
    sleep 0.1
done
if [ -z "${ready:-}" ]; then
    echo "The node did not start:" >&2
    tail -n 20 "$datadir.log" >&2
    exit 1
fi

cat <<TEXT

  JSON-RPC and WebSocket   $rpc   ws://127.0.0.1:$http
  chain id                 31337, coin LIM
  data                     $datadir
  log                      $datadir.log
  dev accounts             the ten of the mnemonic "test test test test test test test test test test test junk", 10,000 LIM each
                           0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 is the first

  Router02 (Uniswap V2)    0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D
  Factory                  0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f
  WETH9                    0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

  In another terminal:
    $limpid status --rpc $rpc
    $limpid pool list --rpc $rpc
    $limpid history 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --rpc $rpc
    or point MetaMask, cast, ethers, viem or Foundry at $rpc

  The market of 12-13 March 2020 plays now; the node stays up after it. Ctrl-C ends it.

TEXT

"$limpid" market --rpc "$rpc" ${PRICES:+--prices "$PRICES"} &
market=$!
wait "$market" || echo "The market stopped with an error; the node goes on." >&2
market=
echo
echo "The market is over. The node is still at $rpc; Ctrl-C ends it."
wait "$node"
