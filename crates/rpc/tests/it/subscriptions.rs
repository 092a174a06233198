//! Subscriptions over WebSocket.

use crate::{socket::Socket, world::*};
use alloy_primitives::{Address, hex};
use limpid_chain::{Genesis, Mining};
use limpid_rpc::Config;
use serde_json::{Value, json};

const BLOCKS: u64 = 6_000;

#[test]
fn heads_come_in_order_none_twice_none_left_out() {
    let config = Config { waiting_messages: 2, ..Config::default() };
    let world = World::serve(node(Genesis::dev(CHAIN), Mining::Manual), &config);
    let mut socket = Socket::connect(world.address);
    let heads = socket.ask("eth_subscribe", json!(["newHeads"]));
    assert!(heads.as_str().unwrap().starts_with("0x"));
    // Far more than the system's buffers, the server's and the channel to subscribers hold, while nobody reads.
    world.ask("anvil_mine", json!([BLOCKS]));
    let mut parent = world.ask("eth_getBlockByNumber", json!(["0x0"]))["hash"].clone();
    for height in 1..=BLOCKS {
        let head = socket.pushed(&heads);
        assert_eq!((&head["number"], &head["parentHash"]), (&json!(format!("{height:#x}")), &parent));
        parent = head["hash"].clone();
    }
    let last = world.ask("eth_getBlockByNumber", json!(["latest"]));
    assert_eq!(last["hash"], parent);
    assert_eq!(socket.ask("eth_unsubscribe", json!([heads])), true);
    world.ask("anvil_mine", json!([1]));
    assert_eq!(socket.ask("eth_unsubscribe", json!([heads])), false);
}

#[test]
fn logs_that_were_asked_for_and_no_others() {
    let world = World::new();
    let counter = world.deploy(0, COUNTER);
    let mut socket = Socket::connect(world.address);
    let all = socket.ask("eth_subscribe", json!(["logs"]));
    let none = socket.ask("eth_subscribe", json!(["logs", { "address": Address::ZERO }]));
    let wanted = socket.ask(
        "eth_subscribe",
        json!(["logs", { "address": [counter], "topics": [null, key(0).address().into_word()] }]),
    );
    let receipt = world.send(&sign(call(1, counter, []), &key(0)));
    for subscription in [&all, &wanted] {
        assert_eq!(socket.pushed(subscription), receipt["logs"][0]);
    }
    // What would have come for the other one came before this.
    socket.ask("eth_unsubscribe", json!([none]));
    assert!(!socket.anything(&none));
}

#[test]
fn transactions_that_enter_the_pool() {
    let world = World::manual();
    let mut socket = Socket::connect(world.address);
    let hashes = socket.ask("eth_subscribe", json!(["newPendingTransactions"]));
    let full = socket.ask("eth_subscribe", json!(["newPendingTransactions", true]));
    let raw = hex::encode_prefixed(sign(transfer(0, Address::ZERO, 1), &key(0)));
    let hash = world.ask("eth_sendRawTransaction", json!([raw]));
    assert_eq!(socket.pushed(&hashes), hash);
    assert_eq!(socket.pushed(&full), world.ask("eth_getTransactionByHash", json!([hash])));
}

#[test]
fn the_rest_of_the_book() {
    let world = World::new();
    let mut socket = Socket::connect(world.address);
    let syncing = socket.ask("eth_subscribe", json!(["syncing"]));
    assert_eq!(socket.pushed(&syncing), false);
    for params in
        [json!([]), json!(["noSuchThing"]), json!([1]), json!(["logs", { "address": "0x1" }]), json!(["newHeads", 1])]
    {
        let answer = socket.call("eth_subscribe", params.clone());
        assert_eq!(answer["error"]["code"], -32602, "{params}");
    }
    // Two batches on one socket: answers carry their ids.
    let batch = json!([
        { "jsonrpc": "2.0", "id": "x", "method": "eth_chainId" },
        { "jsonrpc": "2.0", "id": "y", "method": "eth_nope" },
    ]);
    socket.write(&batch.to_string());
    let answers = socket.read().unwrap();
    assert_eq!((&answers[0]["result"], &answers[1]["error"]["code"]), (&json!("0x7a69"), &json!(-32601)));
}

#[test]
fn a_chain_that_goes_back_takes_back_what_it_told_and_repeats_nothing() {
    let world = World::new();
    let counter = world.deploy(0, COUNTER);
    world.send(&sign(call(1, counter, []), &key(0)));
    let id = world.ask("evm_snapshot", json!([]));
    let mut socket = Socket::connect(world.address);
    let heads = socket.ask("eth_subscribe", json!(["newHeads"]));
    let logs = socket.ask("eth_subscribe", json!(["logs"]));
    let lost = world.send(&sign(call(2, counter, [7]), &key(0)));
    world.ask("evm_revert", json!([id]));
    let receipt = world.send(&sign(call(2, counter, []), &key(0)));
    let numbers: Vec<Value> = (0..3).map(|_| socket.pushed(&heads)["number"].clone()).collect();
    assert_eq!(numbers, ["0x3", "0x2", "0x3"]);
    assert_eq!(socket.pushed(&logs), lost["logs"][0]);
    let mut back = lost["logs"][0].clone();
    back["removed"] = json!(true);
    assert_eq!(socket.pushed(&logs), back);
    assert_eq!(socket.pushed(&logs)["transactionHash"], receipt["transactionHash"]);
}
