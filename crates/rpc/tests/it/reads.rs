//! Blocks, transactions, receipts and state, at every height.

use crate::world::*;
use alloy_consensus::{TxEip2930, TxLegacy};
use alloy_primitives::{Address, TxKind, U256, keccak256};
use serde_json::{Value, json};

const TO: Address = Address::repeat_byte(0x11);

fn sender() -> String {
    key(0).address().to_string().to_lowercase()
}

#[test]
fn a_transaction_is_the_same_everywhere() {
    let world = World::new();
    let receipt = world.send(&sign(transfer(0, TO, 7), &key(0)));
    assert_eq!(
        (&receipt["status"], &receipt["gasUsed"], &receipt["type"]),
        (&json!("0x1"), &json!("0x5208"), &json!("0x2"))
    );
    assert_eq!((&receipt["from"], &receipt["to"]), (&json!(sender()), &json!(TO)));
    assert_eq!((&receipt["contractAddress"], &receipt["logs"]), (&Value::Null, &json!([])));
    let (hash, block_hash) = (&receipt["transactionHash"], &receipt["blockHash"]);
    let block = world.ask("eth_getBlockByNumber", json!(["0x1", true]));
    assert_eq!(&block["hash"], block_hash);
    let base_fee = u128::from_str_radix(block["baseFeePerGas"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    assert_eq!(receipt["effectiveGasPrice"], format!("{:#x}", base_fee + GWEI));
    let [shown] = block["transactions"].as_array().unwrap().as_slice() else { panic!("one transaction") };
    assert_eq!((&shown["hash"], &shown["yParity"]), (hash, &shown["v"]));
    assert_eq!(shown["gasPrice"], receipt["effectiveGasPrice"]);
    let same = [
        ("eth_getTransactionByHash", json!([hash])),
        ("eth_getTransactionByBlockHashAndIndex", json!([block_hash, "0x0"])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["latest", "0x0"])),
        ("eth_getTransactionBySenderAndNonce", json!([sender(), "0x0"])),
    ];
    for (method, params) in same {
        assert_eq!(&world.ask(method, params), shown, "{method}");
    }
    for id in [json!("0x1"), block_hash.clone(), json!({ "blockHash": block_hash })] {
        assert_eq!(world.ask("eth_getBlockReceipts", json!([id])), json!([receipt]), "{id}");
    }
    assert_eq!(world.ask("eth_getBlockReceipts", json!(["pending"])), Value::Null);
    let by_hash = world.ask("eth_getBlockByHash", json!([block_hash]));
    assert_eq!(by_hash["transactions"], json!([hash]), "hashes unless bodies are asked for");
    assert_eq!(world.ask("eth_getBlockTransactionCountByNumber", json!(["0x1"])), "0x1");
    assert_eq!(world.ask("eth_getBlockTransactionCountByHash", json!([block_hash])), "0x1");
    for method in ["eth_getUncleCountByBlockNumber", "eth_getBlockTransactionCountByNumber"] {
        assert_eq!(world.ask(method, json!(["0x0"])), "0x0");
    }
    assert_eq!(world.ask("eth_getUncleByBlockNumberAndIndex", json!(["0x1", "0x0"])), Value::Null);
}

#[test]
fn raw_encodings_hash_to_what_they_are() {
    let world = World::new();
    let raw = sign(transfer(0, TO, 7), &key(0));
    let receipt = world.send(&raw);
    let bytes = |shown: &Value| alloy_primitives::hex::decode(shown.as_str().unwrap()).unwrap();
    assert_eq!(bytes(&world.ask("eth_getRawTransactionByHash", json!([receipt["transactionHash"]]))), raw);
    assert_eq!(bytes(&world.ask("debug_getRawTransaction", json!([receipt["transactionHash"]]))), raw);
    assert_eq!(bytes(&world.ask("eth_getRawTransactionByBlockNumberAndIndex", json!(["0x1", "0x0"]))), raw);
    let header = bytes(&world.ask("debug_getRawHeader", json!(["0x1"])));
    assert_eq!(json!(keccak256(&header)), receipt["blockHash"]);
    let block = bytes(&world.ask("debug_getRawBlock", json!(["0x1"])));
    let size = world.ask("eth_getBlockByNumber", json!(["0x1"]))["size"].clone();
    assert_eq!(size, format!("{:#x}", block.len()));
    let receipts = world.ask("debug_getRawReceipts", json!(["0x1"]));
    assert!(bytes(&receipts[0]).starts_with(&[2]), "typed");
    assert_eq!(world.refuse("debug_getRawBlock", json!(["0x9"])).0, -32000);
}

#[test]
fn every_type_is_shown() {
    let world = World::new();
    let legacy = TxLegacy {
        chain_id: Some(CHAIN),
        gas_price: 3 * GWEI,
        gas_limit: 21_000,
        to: TxKind::Call(TO),
        ..TxLegacy::default()
    };
    let listed = TxEip2930 {
        chain_id: CHAIN,
        nonce: 1,
        gas_price: 3 * GWEI,
        gas_limit: 60_000,
        to: TxKind::Call(TO),
        ..TxEip2930::default()
    };
    for (raw, kind) in [(sign(legacy, &key(0)), "0x0"), (sign(listed, &key(0)), "0x1")] {
        let receipt = world.send(&raw);
        let tx = world.ask("eth_getTransactionByHash", json!([receipt["transactionHash"]]));
        assert_eq!((&receipt["type"], &tx["type"]), (&json!(kind), &json!(kind)));
        assert_eq!((&tx["chainId"], &tx["gasPrice"]), (&json!("0x7a69"), &json!("0xb2d05e00")));
    }
}

#[test]
fn unknown_things_are_null_and_unknown_states_are_errors() {
    let world = World::new();
    let nothing = format!("0x{}", "09".repeat(32));
    for (method, params) in [
        ("eth_getBlockByNumber", json!(["0x63", false])),
        ("eth_getBlockByHash", json!([nothing, false])),
        ("eth_getTransactionByHash", json!([nothing])),
        ("eth_getTransactionReceipt", json!([nothing])),
        ("eth_getBlockReceipts", json!(["0x63"])),
        ("eth_getBlockTransactionCountByNumber", json!(["0x63"])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x0", "0xffffffffff"])),
    ] {
        assert_eq!(world.ask(method, params), Value::Null, "{method}");
    }
    for (method, params) in [
        ("eth_getBalance", json!([TO, "0x63"])),
        ("eth_getCode", json!([TO, { "blockHash": nothing }])),
        ("eth_call", json!([{ "to": TO }, "0x63"])),
        ("eth_estimateGas", json!([{ "to": TO }, nothing])),
    ] {
        assert_eq!(world.refuse(method, params), (-32000, "header not found".to_owned()), "{method}");
    }
}

#[test]
fn state_at_every_height() {
    let world = World::new();
    let counter = world.deploy(0, COUNTER);
    for nonce in 1..4 {
        world.send(&sign(call(nonce, counter, []), &key(0)));
    }
    for height in 0..=4u64 {
        let at = format!("{height:#x}");
        let count = U256::from(height.saturating_sub(1));
        assert_eq!(world.ask("eth_getStorageAt", json!([counter, "0x0", at])), format!("{count:#066x}"));
        assert_eq!(world.ask("eth_getTransactionCount", json!([sender(), at])), format!("{height:#x}"));
        assert_eq!(world.ask("eth_getCode", json!([counter, at])) == "0x", height == 0);
    }
    let latest = world.ask("eth_getBalance", json!([sender()]));
    for tag in [
        json!("latest"),
        json!("safe"),
        json!("finalized"),
        json!("pending"),
        json!(null),
        json!({ "blockNumber": "0x4" }),
    ] {
        assert_eq!(world.ask("eth_getBalance", json!([sender(), tag])), latest, "{tag}");
    }
    assert_eq!(world.ask("eth_getBalance", json!([sender(), "earliest"])), "0x21e19e0c9bab2400000");
    assert_ne!(latest, "0x21e19e0c9bab2400000");
    assert_eq!(world.ask("eth_getStorageAt", json!([counter, "0x00"])).as_str().unwrap().len(), 66);
}

#[test]
fn waiting_transactions_are_shown_as_such() {
    let world = World::manual();
    let hash = world.ask(
        "eth_sendRawTransaction",
        json!([alloy_primitives::hex::encode_prefixed(sign(transfer(0, TO, 7), &key(0)))]),
    );
    world.ask(
        "eth_sendRawTransaction",
        json!([alloy_primitives::hex::encode_prefixed(sign(transfer(5, TO, 7), &key(0)))]),
    );
    let tx = world.ask("eth_getTransactionByHash", json!([hash]));
    assert_eq!(
        (&tx["blockHash"], &tx["blockNumber"], &tx["transactionIndex"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(world.ask("eth_getTransactionReceipt", json!([hash])), Value::Null);
    assert_eq!(world.ask("eth_getTransactionCount", json!([sender(), "pending"])), "0x1");
    assert_eq!(world.ask("eth_getTransactionCount", json!([sender(), "latest"])), "0x0");
    assert_eq!(world.ask("eth_getTransactionBySenderAndNonce", json!([sender(), "0x5"]))["nonce"], "0x5");
    assert_eq!(world.ask("txpool_status", json!([])), json!({ "pending": "0x1", "queued": "0x1" }));
    let content = world.ask("txpool_content", json!([]));
    let checksummed = key(0).address().to_string();
    assert_eq!(content["pending"][&checksummed]["0"], tx);
    assert_eq!(content["queued"][&checksummed]["5"]["nonce"], "0x5");
    assert_eq!(world.ask("txpool_contentFrom", json!([sender()]))["pending"]["0"], tx);
    let inspect = world.ask("txpool_inspect", json!([]));
    assert_eq!(inspect["pending"][&checksummed]["0"], format!("{TO}: 7 wei + 21000 gas × 5000000000 wei"));
}

#[test]
fn fees() {
    let world = World::new();
    let base = |value: &Value| u128::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    world.send(&sign(transfer(0, TO, 7), &key(0)));
    let history = world.ask("eth_feeHistory", json!(["0xa", "latest", [10, 50.5, 100]]));
    assert_eq!(history["oldestBlock"], "0x0");
    assert_eq!(history["baseFeePerGas"].as_array().unwrap().len(), 3, "one more than blocks");
    assert_eq!(history["gasUsedRatio"], json!([0.0, 21_000.0 / 200_000_000.0]));
    assert_eq!(history["reward"][1], json!(["0x3b9aca00", "0x3b9aca00", "0x3b9aca00"]));
    let next = world.ask("eth_baseFee", json!([]));
    assert_eq!(history["baseFeePerGas"][2], next);
    // The base fee falls here: the price is enough for a call in the head's block too.
    let head = base(&history["baseFeePerGas"][1]);
    assert!(head > base(&next));
    let tip = base(&world.ask("eth_maxPriorityFeePerGas", json!([])));
    assert_eq!((tip, base(&world.ask("eth_gasPrice", json!([])))), (GWEI, head + GWEI));
    let plain = world.ask("eth_feeHistory", json!([1, "latest"]));
    assert!(plain.get("reward").is_none());
    assert_eq!(world.refuse("eth_feeHistory", json!(["0x1", "0x63"])).0, -32000);
    assert_eq!(world.refuse("eth_feeHistory", json!(["0x1", "latest", [50, 10]])).0, -32602);
}

#[test]
fn the_pending_block_is_what_waits() {
    let world = World::manual();
    let to = alloy_primitives::Address::repeat_byte(0x12);
    let pending = |full: bool| world.ask("eth_getBlockByNumber", serde_json::json!(["pending", full]));
    world.ask("evm_setNextBlockTimestamp", serde_json::json!([4_000_000_000u64]));
    let raw = alloy_primitives::hex::encode_prefixed(sign(transfer(0, to, 5), &key(0)));
    let hash = world.ask("eth_sendRawTransaction", serde_json::json!([raw]));
    let block = pending(false);
    assert_eq!((&block["number"], &block["transactions"]), (&serde_json::json!("0x1"), &serde_json::json!([hash])));
    for unknown in ["hash", "nonce"] {
        assert!(block.as_object().unwrap().contains_key(unknown) && block[unknown].is_null(), "{unknown}");
    }
    assert_eq!(block["gasUsed"], "0x5208");
    assert_eq!(pending(true)["transactions"][0]["blockHash"], serde_json::Value::Null);
    assert_eq!(world.ask("eth_getBlockTransactionCountByNumber", serde_json::json!(["pending"])), "0x1");
    assert_eq!(world.ask("eth_blockNumber", serde_json::json!([])), "0x0", "nothing is made by asking");
    world.ask("evm_mine", serde_json::json!([]));
    let made = world.ask("eth_getBlockByNumber", serde_json::json!(["latest"]));
    for field in ["stateRoot", "receiptsRoot", "transactionsRoot", "parentHash"] {
        assert_eq!(made[field], block[field], "{field}");
    }
    assert_eq!(pending(false)["transactions"], serde_json::json!([]));
}
