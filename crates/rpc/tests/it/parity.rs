//! Parity's traces.

use crate::world::*;
use alloy_primitives::{Address, U256, hex};
use serde_json::{Value, json};

const TO: Address = Address::repeat_byte(0x11);

/// Runtime that sends the value it gets on to the address in its calldata.
const FORWARDER: &[u8] = &[0x5f, 0x5f, 0x5f, 0x5f, 0x34, 0x5f, 0x35, 0x5a, 0xf1, 0x00];

/// Three blocks: a creation, a call that forwards 9 wei, a refusal.
fn world() -> (World, Address, Vec<Value>) {
    let world = World::new();
    let forwarder = world.deploy(0, FORWARDER);
    let tx = alloy_consensus::TxEip1559 { value: U256::from(9), ..call(1, forwarder, TO.into_word().0) };
    world.send(&sign(tx, &key(0)));
    let reverter = world.deploy(2, REVERTER);
    world.send(&sign(call(3, reverter, [1, 2]), &key(0)));
    let hashes = (1..=4)
        .map(|height| world.ask("eth_getBlockByNumber", json!([format!("{height:#x}")]))["transactions"][0].clone());
    let hashes = hashes.collect();
    (world, forwarder, hashes)
}

#[test]
fn blocks_and_transactions() {
    let (world, forwarder, hashes) = world();
    let block = world.ask("trace_block", json!(["0x2"]));
    let [outer, inner] = block.as_array().unwrap().as_slice() else { panic!("{block}") };
    let sender = key(0).address();
    assert_eq!((&outer["action"]["from"], &outer["action"]["to"]), (&json!(sender), &json!(forwarder)));
    assert_eq!((&outer["subtraces"], &outer["traceAddress"]), (&json!(1), &json!([])));
    assert_eq!((&inner["action"]["to"], &inner["action"]["value"]), (&json!(TO), &json!("0x9")));
    assert_eq!((&inner["traceAddress"], &inner["action"]["callType"]), (&json!([0]), &json!("call")));
    assert_eq!((&inner["blockNumber"], &inner["transactionPosition"]), (&json!(2), &json!(0)));
    assert_eq!(world.ask("trace_transaction", json!([hashes[1]])), block);
    assert_eq!(world.ask("trace_get", json!([hashes[1], ["0x0"]])), *inner);
    assert_eq!(world.ask("trace_get", json!([hashes[1], ["0x1"]])), Value::Null);
    let creation = world.ask("trace_block", json!(["0x1"]));
    assert_eq!((&creation[0]["type"], &creation[0]["result"]["address"]), (&json!("create"), &json!(forwarder)));
    assert_eq!(creation[0]["result"]["code"], json!(hex::encode_prefixed(FORWARDER)));
    let refused = world.ask("trace_transaction", json!([hashes[3]]));
    assert_eq!((&refused[0]["error"], &refused[0]["result"]["output"]), (&json!("Reverted"), &json!("0x0102")));
    let unknown = format!("0x{}", "09".repeat(32));
    assert_eq!(world.ask("trace_transaction", json!([unknown])), Value::Null);
    assert_eq!(world.ask("trace_block", json!(["0x0"])), json!([]));
    assert_eq!(world.refuse("trace_block", json!(["0x63"])).0, -32000);
}

#[test]
fn searches() {
    let (world, forwarder, _) = world();
    let found = |filter: Value| world.ask("trace_filter", json!([filter])).as_array().unwrap().clone();
    let all = found(json!({ "fromBlock": "0x0", "toBlock": "latest" }));
    assert_eq!(all.len(), 5);
    let to = found(json!({ "fromBlock": "earliest", "toAddress": [TO] }));
    assert_eq!(to, [all[2].clone()]);
    let from = found(json!({ "fromBlock": "0x0", "fromAddress": [key(0).address()] }));
    assert_eq!(from.len(), 4);
    let either = json!({ "fromBlock": "0x0", "fromAddress": [forwarder], "toAddress": [forwarder] });
    assert_eq!(found(either.clone()).len(), 3, "made, called, calling");
    let mut both = either;
    both["mode"] = json!("intersection");
    assert_eq!(found(both).len(), 0);
    assert_eq!(found(json!({ "fromBlock": "0x0", "after": 1, "count": 2 })), all[1..3]);
    assert_eq!(found(json!({})).len(), 1, "the latest block alone");
    let refused = |filter: Value| world.refuse("trace_filter", json!([filter])).0;
    assert_eq!(refused(json!({ "fromBlock": "0x3", "toBlock": "0x2" })), -32602);
    assert_eq!(refused(json!({ "fromBlock": "0x0", "toBlock": "0x63" })), -32602);
    assert_eq!(refused(json!({ "mode": "any" })), -32602);
}

#[test]
fn replays_show_differences_and_opcodes() {
    let (world, forwarder, hashes) = world();
    let all = ["trace", "stateDiff", "vmTrace"];
    let replay = world.ask("trace_replayTransaction", json!([hashes[1], all]));
    let paid = TO.to_string().to_lowercase();
    assert_eq!(
        replay["stateDiff"][&paid],
        json!({ "balance": { "+": "0x9" }, "code": { "+": "0x" }, "nonce": { "+": "0x0" }, "storage": {} })
    );
    assert!(replay["stateDiff"].get(forwarder.to_string().to_lowercase()).is_none(), "it kept nothing");
    let sender = &replay["stateDiff"][key(0).address().to_string().to_lowercase()];
    assert_eq!(sender["nonce"], json!({ "*": { "from": "0x1", "to": "0x2" } }));
    assert_eq!(replay["vmTrace"]["code"], json!(hex::encode_prefixed(FORWARDER)));
    let ops = replay["vmTrace"]["ops"].as_array().unwrap();
    assert_eq!(ops.len(), FORWARDER.len());
    assert_eq!((&ops[8]["op"], &ops[8]["ex"]["push"]), (&json!("CALL"), &json!(["0x1"])));
    assert_eq!(ops[8]["ex"]["used"], ops[9]["ex"]["used"], "STOP is free");
    assert_eq!((&replay["trace"][0]["subtraces"], &replay["output"]), (&json!(1), &json!("0x")));
    assert!(replay["trace"][0].get("blockHash").is_none());
    let block = world.ask("trace_replayBlockTransactions", json!(["0x2", ["stateDiff"]]));
    assert_eq!((&block[0]["stateDiff"], &block[0]["transactionHash"]), (&replay["stateDiff"], &hashes[1]));
    assert_eq!((&block[0]["trace"], &block[0]["vmTrace"]), (&json!([]), &Value::Null));
    assert_eq!(world.refuse("trace_replayTransaction", json!([hashes[1], ["trees"]])).0, -32602);
}

#[test]
fn calls_that_are_only_tried() {
    let (world, forwarder, _) = world();
    let from = key(0).address();
    let pay = json!({ "from": from, "to": forwarder, "value": "0x5", "data": TO.into_word() });
    let tried = world.ask("trace_call", json!([pay, ["trace", "stateDiff"]]));
    assert_eq!(tried["trace"][1]["action"]["value"], json!("0x5"));
    let paid = TO.to_string().to_lowercase();
    assert_eq!(tried["stateDiff"][&paid]["balance"], json!({ "*": { "from": "0x9", "to": "0xe" } }));
    let many = world.ask("trace_callMany", json!([[[pay, ["stateDiff"]], [pay, ["stateDiff"]]], "latest"]));
    assert_eq!(
        many[1]["stateDiff"][&paid]["balance"],
        json!({ "*": { "from": "0xe", "to": "0x13" } }),
        "on top of the first"
    );
    assert_eq!(world.ask("eth_getBalance", json!([TO])), "0x9");
    let raw = hex::encode_prefixed(sign(transfer(4, TO, 7), &key(0)));
    let tried = world.ask("trace_rawTransaction", json!([raw, ["trace"]]));
    assert_eq!(
        (&tried["trace"][0]["action"]["to"], &tried["trace"][0]["action"]["value"]),
        (&json!(TO), &json!("0x7"))
    );
    assert_eq!(world.refuse("trace_rawTransaction", json!(["0x02c0", ["trace"]])).0, -32602);
    let reverter = json!({ TO.to_string(): {} });
    assert_eq!(world.refuse("trace_call", json!([{ "to": TO }, ["trace"], "latest", reverter])).0, -32602);
}
