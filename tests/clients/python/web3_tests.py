"""web3.py as a user's script would use it.

Reads one JSON object from standard input: the node's addresses, keys, a compiled contract, a token and a block that holds
a system transaction. Runs every function named test_*, in order, and prints one JSON line for each.
"""

import asyncio
import json
import sys
import time
import traceback

from eth_account import Account
from hexbytes import HexBytes
from web3 import AsyncWeb3, Web3, WebSocketProvider
from web3.exceptions import ContractCustomError, ContractLogicError, ContractPanicError, Web3RPCError

given = json.load(sys.stdin)
w3 = Web3(Web3.HTTPProvider(given["url"]))
rich = Account.from_key(given["key"])
counter = None


def sent(account, transaction):
    """Signs, sends and waits for the receipt."""
    filled = {"from": account.address, "nonce": w3.eth.get_transaction_count(account.address), **transaction}
    filled.setdefault("chainId", w3.eth.chain_id)
    filled.setdefault("gas", w3.eth.estimate_gas(filled))
    if "gasPrice" not in filled:
        tip = w3.eth.max_priority_fee
        filled["maxPriorityFeePerGas"] = tip
        filled["maxFeePerGas"] = 2 * w3.eth.get_block("latest")["baseFeePerGas"] + tip
    raw = account.sign_transaction(filled).raw_transaction
    return w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(raw), poll_latency=0.05)


def refused(kind, call):
    """The error of `kind` that `call` must end with."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def test_connects_and_reads_the_chain():
    assert w3.is_connected()
    assert w3.eth.chain_id == given["chainId"]
    assert w3.client_version.startswith("limpid/")
    assert w3.eth.get_balance(rich.address) > Web3.to_wei(9_999, "ether")
    history = w3.eth.fee_history(4, "latest", [10, 90])
    assert len(history["baseFeePerGas"]) == len(history["gasUsedRatio"]) + 1


def test_creates_an_account_funds_it_and_sends_from_it():
    fresh, receiver = Account.create(), Account.create()
    assert sent(rich, {"to": fresh.address, "value": Web3.to_wei(2, "ether")})["status"] == 1
    receipt = sent(fresh, {"to": receiver.address, "value": Web3.to_wei(1, "ether")})
    fee = receipt["gasUsed"] * receipt["effectiveGasPrice"]
    assert w3.eth.get_balance(receiver.address) == Web3.to_wei(1, "ether")
    assert w3.eth.get_balance(fresh.address) == Web3.to_wei(1, "ether") - fee


def test_sends_a_legacy_transaction():
    receipt = sent(rich, {"to": rich.address, "value": 1, "gasPrice": w3.eth.gas_price})
    assert (receipt["status"], receipt["type"], receipt["gasUsed"]) == (1, 0, 21_000)


def test_deploys_solidity_calls_it_and_reads_its_events():
    global counter
    made = w3.eth.contract(abi=given["counter"]["abi"], bytecode=given["counter"]["bytecode"])
    receipt = sent(rich, {"data": made.constructor(7).data_in_transaction})
    counter = w3.eth.contract(address=receipt["contractAddress"], abi=given["counter"]["abi"])
    assert counter.functions.number().call() == 7
    call = {"to": counter.address, "data": counter.encode_abi("add", args=[5, "five"])}
    receipt = sent(rich, call)
    assert counter.functions.number().call() == 12
    assert counter.functions.number().call(block_identifier=receipt["blockNumber"] - 1) == 7
    [event] = counter.events.Counted().process_receipt(receipt)
    assert dict(event["args"]) == {"by": rich.address, "number": 12, "note": "five"}
    [same] = counter.events.Counted().get_logs(from_block=0, argument_filters={"by": rich.address})
    assert same["transactionHash"] == receipt["transactionHash"]


def test_keeps_a_filter():
    watched = counter.events.Counted().create_filter(from_block="latest")
    sent(rich, {"to": counter.address, "data": counter.encode_abi("add", args=[1, "filtered"])})
    notes = [event["args"]["note"] for event in watched.get_new_entries()]
    assert notes == ["filtered"], notes
    assert watched.get_new_entries() == []
    assert w3.eth.uninstall_filter(watched.filter_id)


def test_gives_readable_reasons_for_reverts():
    error = refused(ContractLogicError, lambda: counter.functions.add(0, "").call())
    assert "Counter: nothing to add" in str(error)
    error = refused(ContractCustomError, lambda: counter.functions.add(101, "").call())
    assert error.data[:10] == HexBytes(Web3.keccak(text="TooFar(uint256,uint256)")[:4]).to_0x_hex()
    refused(ContractPanicError, lambda: counter.functions.overflow().call())
    refused(Web3RPCError, lambda: w3.eth.estimate_gas({"from": Account.create().address, "to": rich.address, "value": 1}))


def test_trades_through_the_router():
    router = w3.eth.contract(address=given["router"], abi=given["routerAbi"])
    token = w3.eth.contract(address=given["token"], abi=given["tokenAbi"])
    path = [given["weth"], token.address]
    quote = router.functions.getAmountsOut(10**18, path).call()[1]
    before = token.functions.balanceOf(rich.address).call()
    swap = router.encode_abi("swapExactETHForTokens", args=[quote, path, rich.address, int(time.time()) + 3_600])
    assert sent(rich, {"to": router.address, "data": swap, "value": 10**18})["status"] == 1
    assert token.functions.balanceOf(rich.address).call() - before == quote


def test_reads_blocks_that_hold_system_transactions():
    system = given["system"]
    block = w3.eth.get_block(system["number"], full_transactions=True)
    first, user = block["transactions"]
    assert (first["hash"].to_0x_hex(), first["type"], first["from"]) == (system["system"], 0x7D, given["systemSender"])
    assert user["type"] == 2
    assert w3.eth.get_transaction(system["system"])["blockNumber"] == system["number"]
    receipt = w3.eth.get_transaction_receipt(system["system"])
    assert (receipt["status"], receipt["type"], receipt["effectiveGasPrice"]) == (1, 0x7D, 0)
    assert receipt["gasUsed"] + 21_000 == block["gasUsed"]
    queue = w3.eth.contract(address=Web3.to_checksum_address(system["queue"]), abi=given["queueAbi"])
    [parked] = queue.events.Parked().get_logs(from_block=system["number"], to_block=system["number"])
    assert (parked["args"]["id"], parked["transactionHash"].to_0x_hex()) == (system["id"], system["system"])


def test_subscribes_over_websocket():
    async def watch():
        async with AsyncWeb3(WebSocketProvider(given["ws"])) as socket:
            await socket.eth.subscribe("newHeads")
            receipt = await asyncio.to_thread(sent, rich, {"to": rich.address, "value": 1})
            async for message in socket.socket.process_subscriptions():
                if message["result"]["number"] == receipt["blockNumber"]:
                    return message["result"]["hash"], receipt["blockHash"]

    pushed, mined = asyncio.run(asyncio.wait_for(watch(), 20))
    assert pushed == mined


for name, test in [(name, test) for name, test in globals().items() if name.startswith("test_")]:
    problem = None
    try:
        test()
    except Exception:  # whatever a client library throws is the finding
        problem = traceback.format_exc()
    print(json.dumps({"name": name.removeprefix("test_").replace("_", " "), "problem": problem}), flush=True)
