//! Logs and filters.

use crate::world::*;
use alloy_primitives::{Address, B256, hex};
use limpid_chain::{Genesis, Node, NodeOptions, logs::LogLimits};
use limpid_rpc::Config;
use serde_json::{Value, json};

/// A chain with a counter at block 1 and a log of it in each of the blocks 2 to 4.
fn logging() -> (World, Address) {
    let world = World::new();
    let counter = world.deploy(0, COUNTER);
    for nonce in 1..4 {
        world.send(&sign(call(nonce, counter, []), &key(0)));
    }
    (world, counter)
}

#[test]
fn searches() {
    let (world, counter) = logging();
    let all = world.ask("eth_getLogs", json!([{ "fromBlock": "earliest", "toBlock": "latest", "address": counter }]));
    let heights: Vec<_> = all.as_array().unwrap().iter().map(|log| log["blockNumber"].clone()).collect();
    assert_eq!(heights, ["0x2", "0x3", "0x4"]);
    let block = world.ask("eth_getBlockByNumber", json!(["0x4"]));
    let last = &all[2];
    assert_eq!((&last["blockHash"], &last["blockTimestamp"]), (&block["hash"], &block["timestamp"]));
    assert_eq!(
        (&last["logIndex"], &last["removed"], &last["transactionIndex"]),
        (&json!("0x0"), &json!(false), &json!("0x0"))
    );
    let receipt = world.ask("eth_getTransactionReceipt", json!([last["transactionHash"]]));
    assert_eq!(receipt["logs"], json!([last]), "as in the receipt");

    let topic = B256::with_last_byte(0x42);
    let who = key(0).address().into_word();
    let found = |filter: Value| world.ask("eth_getLogs", json!([filter])).as_array().unwrap().len();
    assert_eq!(found(json!({})), 1, "the latest block unless told otherwise");
    assert_eq!(found(json!({ "blockHash": block["hash"] })), 1);
    assert_eq!(found(json!({ "fromBlock": "0x0", "topics": [topic, [null]] })), 3);
    assert_eq!(found(json!({ "fromBlock": "0x0", "topics": [null, [B256::ZERO, who]] })), 3);
    assert_eq!(found(json!({ "fromBlock": "0x0", "topics": [topic, who, null] })), 0, "three topics are more than two");
    assert_eq!(found(json!({ "fromBlock": "0x0", "address": Address::ZERO })), 0);
    assert_eq!(found(json!({ "fromBlock": "0x3", "toBlock": "0x3" })), 1);

    for (filter, expected) in [
        (json!({ "fromBlock": "0x3", "toBlock": "0x2" }), -32602),
        (json!({ "fromBlock": "0x0", "toBlock": "0x63" }), -32602),
        (json!({ "blockHash": B256::repeat_byte(9) }), -32000),
        (json!({ "blockHash": B256::ZERO, "fromBlock": "0x0" }), -32602),
    ] {
        assert_eq!(world.refuse("eth_getLogs", json!([filter])).0, expected, "{filter}");
    }
}

#[test]
fn log_filters_tell_new_logs_once() {
    let (world, counter) = logging();
    let mut nonce = 4;
    let mut count = || {
        world.send(&sign(call(nonce, counter, []), &key(0)));
        nonce += 1;
    };
    let filter = |filter: Value| world.ask("eth_newFilter", json!([filter]));
    let every = filter(json!({ "fromBlock": "earliest", "address": counter }));
    let other = filter(json!({ "address": Address::ZERO }));
    let until = filter(json!({ "toBlock": "0x5" }));
    let later = filter(json!({ "fromBlock": "0x6" }));
    let changes = |id: &Value| world.ask("eth_getFilterChanges", json!([id])).as_array().unwrap().len();
    assert_eq!(changes(&every), 0, "older logs are no changes");
    count();
    assert_eq!((changes(&every), changes(&other), changes(&later)), (1, 0, 0));
    count();
    assert_eq!((changes(&every), changes(&until), changes(&later)), (1, 1, 1));
    count();
    assert_eq!((changes(&every), changes(&until), changes(&later)), (1, 0, 1));
    assert_eq!(changes(&every), 0);
    let logs = |id: &Value| world.ask("eth_getFilterLogs", json!([id])).as_array().unwrap().len();
    assert_eq!((logs(&every), logs(&other)), (6, 0), "all that it finds in its range");
    assert_eq!(world.refuse("eth_newFilter", json!([{ "fromBlock": "0x5", "toBlock": "0x4" }])).0, -32602);
}

/// More than one poll may answer comes in several, and a block that alone has more is answered whole.
#[test]
fn a_filter_never_stands_still() {
    let limits = LogLimits { logs: 2, ..LogLimits::default() };
    let options = NodeOptions { logs: limits, ..NodeOptions::dev() };
    let world = World::serve(Node::in_memory(Genesis::dev(CHAIN), options).unwrap(), &Config::default());
    let (counter, mut nonce) = (world.deploy(0, COUNTER), 0);
    world.ask("evm_setAutomine", json!([false]));
    let id = world.ask("eth_newFilter", json!([{ "address": counter }]));
    for logs in [1, 1, 1, 3, 1] {
        for _ in 0..logs {
            nonce += 1;
            let raw = hex::encode_prefixed(sign(call(nonce, counter, []), &key(0)));
            world.ask("eth_sendRawTransaction", json!([raw]));
        }
        world.ask("evm_mine", json!([]));
    }
    let poll = || world.ask("eth_getFilterChanges", json!([id])).as_array().unwrap().len();
    assert_eq!([poll(), poll(), poll(), poll(), poll()], [2, 1, 3, 1, 0]);
}

#[test]
fn block_and_transaction_filters() {
    let world = World::new();
    let blocks = world.ask("eth_newBlockFilter", json!([]));
    let pending = world.ask("eth_newPendingTransactionFilter", json!([]));
    let receipt = world.send(&sign(transfer(0, Address::ZERO, 1), &key(0)));
    assert_eq!(world.ask("eth_getFilterChanges", json!([blocks])), json!([receipt["blockHash"]]));
    assert_eq!(world.ask("eth_getFilterChanges", json!([pending])), json!([receipt["transactionHash"]]));
    for id in [&blocks, &pending] {
        assert_eq!(world.ask("eth_getFilterChanges", json!([id])), json!([]));
        assert_eq!(world.refuse("eth_getFilterLogs", json!([id])), (-32000, "filter not found".to_owned()));
    }
    assert_eq!(world.ask("eth_uninstallFilter", json!([blocks])), true);
    assert_eq!(world.ask("eth_uninstallFilter", json!([blocks])), false);
    assert_eq!(world.refuse("eth_getFilterChanges", json!([blocks])), (-32000, "filter not found".to_owned()));
}

#[test]
fn filters_survive_going_back() {
    let (world, counter) = logging();
    let id = world.ask("evm_snapshot", json!([]));
    let (logs, blocks) = (world.ask("eth_newFilter", json!([{}])), world.ask("eth_newBlockFilter", json!([])));
    world.send(&sign(call(4, counter, []), &key(0)));
    for filter in [&logs, &blocks] {
        assert_eq!(world.ask("eth_getFilterChanges", json!([filter])).as_array().unwrap().len(), 1);
    }
    let told = world.ask("eth_getLogs", json!([{}]));
    world.ask("evm_revert", json!([id]));
    let back = world.ask("eth_getFilterChanges", json!([logs]));
    assert_eq!((&back[0]["removed"], &back[0]["transactionHash"]), (&json!(true), &told[0]["transactionHash"]));
    assert_eq!(back.as_array().unwrap().len(), 1);
    for filter in [&logs, &blocks] {
        assert_eq!(world.ask("eth_getFilterChanges", json!([filter])), json!([]));
    }
    world.send(&sign(call(4, counter, [1]), &key(0)));
    for filter in [&logs, &blocks] {
        assert_eq!(world.ask("eth_getFilterChanges", json!([filter])).as_array().unwrap().len(), 1);
    }
}

#[test]
fn there_are_only_so_many() {
    let world = World::new();
    let one = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_newBlockFilter" });
    let batch = Value::Array(vec![one; 1_000]);
    let answers = world.post(&batch.to_string()).json();
    let mut ids: Vec<_> = answers.as_array().unwrap().iter().map(|answer| answer["result"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1_000, "ids differ");
    assert_eq!(world.refuse("eth_newBlockFilter", json!([])).0, -32005);
    // Others are no worse off.
    #[cfg(target_os = "linux")]
    {
        let answer = world.post_from([127, 0, 0, 2], r#"{"jsonrpc":"2.0","id":1,"method":"eth_newBlockFilter"}"#);
        assert!(answer.contains("\"result\":\"0x"), "{answer}");
    }
    assert_eq!(world.ask("eth_uninstallFilter", json!([answers[0]["result"]])), true);
    world.ask("eth_newBlockFilter", json!([]));
}

#[test]
fn hashes_are_hex() {
    // Filter ids are quantities that clients print and parse.
    let world = World::new();
    let id = world.ask("eth_newBlockFilter", json!([]));
    let digits = id.as_str().unwrap().strip_prefix("0x").unwrap();
    assert!(!digits.starts_with('0') && hex::decode(format!("{digits:0>32}")).is_ok());
}
