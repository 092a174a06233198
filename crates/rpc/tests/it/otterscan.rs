//! What Otterscan asks.

use crate::world::*;
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

const TO: Address = Address::repeat_byte(0x11);
const FORWARDER: &[u8] = &[0x5f, 0x5f, 0x5f, 0x5f, 0x34, 0x5f, 0x35, 0x5a, 0xf1, 0x00];

/// Makes a contract whose code is empty, with the value sent to it: CREATE(CALLVALUE, 0, 0), POP, STOP.
const MAKER: &[u8] = &[0x5f, 0x5f, 0x34, 0xf0, 0x50, 0x00];

#[test]
fn inside_a_transaction() {
    let world = World::new();
    assert_eq!(world.ask("ots_getApiLevel", json!([])), json!(8));
    let forwarder = world.deploy(0, FORWARDER);
    let tx = alloy_consensus::TxEip1559 { value: U256::from(9), ..call(1, forwarder, TO.into_word().0) };
    let hash = world.send(&sign(tx, &key(0)))["transactionHash"].clone();
    let moved = world.ask("ots_getInternalOperations", json!([hash]));
    assert_eq!(moved, json!([{ "type": 0, "from": forwarder, "to": TO, "value": "0x9" }]));
    let entries = world.ask("ots_traceTransaction", json!([hash]));
    assert_eq!(entries.as_array().unwrap().len(), 2);
    let inner = json!({ "type": "CALL", "depth": 1, "from": forwarder, "to": TO, "value": "0x9", "input": "0x", "output": "0x" });
    assert_eq!((&entries[1], &entries[0]["depth"]), (&inner, &json!(0)));
    assert_eq!(world.ask("ots_getTransactionError", json!([hash])), "0x");
    let reverter = world.deploy(2, REVERTER);
    let refused = world.send(&sign(call(3, reverter, [1, 2]), &key(0)))["transactionHash"].clone();
    assert_eq!(world.ask("ots_getTransactionError", json!([refused])), "0x0102");
    let maker = world.deploy(4, MAKER);
    let tx = alloy_consensus::TxEip1559 { value: U256::from(2), ..call(5, maker, []) };
    let made = world.send(&sign(tx, &key(0)))["transactionHash"].clone();
    let moved = world.ask("ots_getInternalOperations", json!([made]));
    assert_eq!(moved, json!([{ "type": 2, "from": maker, "to": maker.create(1), "value": "0x2" }]));
    let unknown = format!("0x{}", "09".repeat(32));
    assert_eq!(world.refuse("ots_traceTransaction", json!([unknown])), (-32000, "transaction not found".into()));
}

#[test]
fn contracts_and_nonces() {
    let world = World::new();
    world.send(&sign(transfer(0, TO, 1), &key(0)));
    let counter = world.deploy(1, COUNTER);
    assert_eq!(world.ask("ots_hasCode", json!([counter, "latest"])), true);
    assert_eq!(world.ask("ots_hasCode", json!([counter, 1])), false, "not yet");
    let creation = world.ask("ots_getTransactionBySenderAndNonce", json!([key(0).address(), 1]));
    assert_eq!(world.ask("eth_getTransactionByHash", json!([creation]))["nonce"], "0x1");
    let creator = json!({ "hash": creation, "creator": key(0).address() });
    assert_eq!(world.ask("ots_getContractCreator", json!([counter])), creator);
    assert_eq!(world.ask("ots_getContractCreator", json!([TO])), Value::Null);
    let genesis = limpid_abi::addresses::Addresses::default().router;
    assert_eq!(world.ask("ots_getContractCreator", json!([genesis])), Value::Null, "nobody's transaction made it");
    assert_eq!(world.ask("ots_getTransactionBySenderAndNonce", json!([key(0).address(), 9])), Value::Null);
}

#[test]
fn blocks() {
    let world = World::manual();
    for nonce in 0..5 {
        let raw = sign(call(nonce, TO, [1, 2, 3, 4, 5, 6]), &key(0));
        world.ask("eth_sendRawTransaction", json!([alloy_primitives::hex::encode_prefixed(raw)]));
    }
    world.ask("evm_mine", json!([]));
    let block = world.ask("eth_getBlockByNumber", json!(["0x1", true]));
    let details = world.ask("ots_getBlockDetails", json!([1]));
    assert_eq!((&details["block"]["hash"], &details["block"]["transactionCount"]), (&block["hash"], &json!(5)));
    assert_eq!((&details["block"]["logsBloom"], &details["block"]["size"]), (&Value::Null, &block["size"]));
    assert!(details["block"].get("transactions").is_none());
    let receipts = world.ask("eth_getBlockReceipts", json!(["0x1"]));
    let number = |value: &Value| U256::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    let fees =
        receipts.as_array().unwrap().iter().map(|one| number(&one["gasUsed"]) * number(&one["effectiveGasPrice"]));
    assert_eq!(number(&details["totalFees"]), fees.fold(U256::ZERO, |sum, fee| sum + fee));
    assert_eq!(details["issuance"]["issuance"], "0x0");
    assert_eq!(world.ask("ots_getBlockDetailsByHash", json!([block["hash"]])), details);
    assert_eq!(world.ask("ots_getBlockDetails", json!(["0x63"])), Value::Null);
    let page = |page: u64| world.ask("ots_getBlockTransactions", json!([1, page, 2]));
    let hashes = |page: &Value| {
        page["fullblock"]["transactions"].as_array().unwrap().iter().map(|tx| tx["hash"].clone()).collect::<Vec<_>>()
    };
    let all: Vec<_> = block["transactions"].as_array().unwrap().iter().map(|tx| tx["hash"].clone()).collect();
    let first = page(0);
    assert_eq!(
        (hashes(&first), hashes(&page(1)), hashes(&page(2))),
        (all[3..].to_vec(), all[1..3].to_vec(), all[..1].to_vec())
    );
    assert_eq!(hashes(&page(3)), Vec::<Value>::new());
    assert_eq!(first["fullblock"]["transactions"][0]["input"], "0x01020304");
    assert_eq!((&first["receipts"][0]["logs"], &first["receipts"][0]["transactionHash"]), (&Value::Null, &all[3]));
    assert_eq!(world.refuse("ots_getBlockTransactions", json!([1, 0, 0])).0, -32602);
}

/// Five blocks with 1, 2, 3, 4 and 5 payments to one address.
#[test]
fn searches_go_by_pages_of_whole_blocks() {
    let world = World::manual();
    let mut nonce = 0;
    for count in 1..=5 {
        for _ in 0..count {
            let raw = sign(transfer(nonce, TO, 1), &key(0));
            world.ask("eth_sendRawTransaction", json!([alloy_primitives::hex::encode_prefixed(raw)]));
            nonce += 1;
        }
        world.ask("evm_mine", json!([]));
    }
    let page = |method: &str, block: u64, size: u64| {
        let found = world.ask(method, json!([TO, block, size]));
        let blocks = found["txs"].as_array().unwrap().iter().map(|tx| tx["blockNumber"].as_str().unwrap().to_owned());
        let blocks = blocks.collect::<Vec<_>>().concat().replace("0x", "");
        assert_eq!(found["txs"][0]["hash"], found["receipts"][0]["transactionHash"]);
        (blocks, found["firstPage"] == true, found["lastPage"] == true)
    };
    let before = |block, size| page("ots_searchTransactionsBefore", block, size);
    let after = |block, size| page("ots_searchTransactionsAfter", block, size);
    assert_eq!(before(0, 6), ("555554444".into(), true, false), "the page runs over to the end of its block");
    assert_eq!(before(4, 3), ("333".into(), false, false));
    assert_eq!(before(3, 3), ("221".into(), false, true));
    assert_eq!(before(0, 15), ("555554444333221".into(), true, true));
    assert_eq!(after(0, 2), ("221".into(), false, true));
    assert_eq!(after(2, 3), ("333".into(), false, false));
    assert_eq!(after(3, 100), ("555554444".into(), true, false));
    let nothing = world.ask("ots_searchTransactionsBefore", json!([Address::repeat_byte(0x77), 0, 5]));
    assert_eq!(nothing, json!({ "txs": [], "receipts": [], "firstPage": true, "lastPage": true }));
    let stamped = world.ask("ots_searchTransactionsBefore", json!([TO, 0, 1]));
    let block = world.ask("eth_getBlockByNumber", json!(["0x5"]));
    assert_eq!(stamped["receipts"][0]["timestamp"], block["timestamp"]);
}
