//! `eth_simulateV1` and `eth_fillTransaction` on a chain of our own.

use crate::world::*;
use alloy_consensus::TxEip1559;
use alloy_eips::Decodable2718;
use alloy_primitives::{Address, U256, hex, keccak256};
use limpid_chain::tx::EthereumTx;
use serde_json::{Value, json};

const TO: Address = Address::repeat_byte(0x44);
const COIN: &str = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

fn simulate(world: &World, payload: Value) -> Value {
    world.ask("eth_simulateV1", json!([payload, "latest"]))
}

/// Only what the request names differs from what the chain then does.
#[test]
fn a_simulated_block_is_the_block_that_follows() {
    let world = World::manual();
    let counter = {
        let tx = TxEip1559 { to: alloy_primitives::TxKind::Create, gas_limit: 200_000, ..transfer(0, TO, 0) };
        let init = [&[0x61, 0, COUNTER.len() as u8, 0x80, 0x60, 10, 0x5f, 0x39, 0x5f, 0xf3], COUNTER].concat();
        world.ask(
            "eth_sendRawTransaction",
            json!([hex::encode_prefixed(sign(TxEip1559 { input: init.into(), ..tx }, &key(0)))]),
        );
        world.ask("evm_mine", json!([]));
        key(0).address().create(0)
    };
    let head = world.ask("eth_getBlockByNumber", json!(["latest"]));
    let time = U256::from_str_radix(&head["timestamp"].as_str().unwrap()[2..], 16).unwrap().to::<u64>() + 100;
    let calls = [(1, counter, 0u64), (2, TO, 7)];
    let described = calls.map(|(nonce, to, value)| {
        json!({ "from": key(0).address(), "to": to, "value": format!("{value:#x}"), "nonce": format!("{nonce:#x}"),
            "gas": "0xf4240", "maxFeePerGas": "0x12a05f200", "maxPriorityFeePerGas": "0x3b9aca00" })
    });
    let block = json!({ "blockOverrides": { "time": format!("{time:#x}") }, "calls": described });
    let simulated = &simulate(&world, json!({ "blockStateCalls": [block], "validation": true }))[0];
    assert_eq!(world.ask("eth_blockNumber", json!([])), head["number"], "nothing happened");

    for (nonce, to, value) in calls {
        let tx = TxEip1559 { gas_limit: 1_000_000, ..transfer(nonce, to, value) };
        world.ask("eth_sendRawTransaction", json!([hex::encode_prefixed(sign(tx, &key(0)))]));
    }
    world.ask("evm_mine", json!([time]));
    let real = world.ask("eth_getBlockByNumber", json!(["latest"]));
    for field in [
        "number",
        "timestamp",
        "parentHash",
        "stateRoot",
        "receiptsRoot",
        "logsBloom",
        "gasUsed",
        "gasLimit",
        "baseFeePerGas",
        "miner",
        "mixHash",
        "withdrawalsRoot",
        "requestsHash",
        "extraData",
        "excessBlobGas",
    ] {
        assert_eq!(simulated[field], real[field], "{field}");
    }
    let receipts = world.ask("eth_getBlockReceipts", json!(["latest"]));
    for (call, receipt) in simulated["calls"].as_array().unwrap().iter().zip(receipts.as_array().unwrap()) {
        assert_eq!((&call["status"], &call["gasUsed"]), (&receipt["status"], &receipt["gasUsed"]));
    }
    assert_eq!(simulated["calls"][0]["logs"][0]["topics"], receipts[0]["logs"][0]["topics"]);
}

#[test]
fn blocks_follow_each_other_and_gaps_are_filled() {
    let world = World::new();
    let poor = Address::repeat_byte(0x55);
    let pay = |from: Address, to: Address, wei: u64| json!({ "from": from, "to": to, "value": format!("{wei:#x}") });
    let blocks = simulate(
        &world,
        json!({ "traceTransfers": true, "blockStateCalls": [
        { "stateOverrides": { (poor.to_string()): { "balance": "0x64" } }, "calls": [pay(poor, TO, 60)] },
        { "blockOverrides": { "number": "0x4" }, "calls": [pay(TO, poor, 10), pay(poor, Address::ZERO, 50)] },
    ] }),
    );
    let numbers: Vec<_> = blocks.as_array().unwrap().iter().map(|block| block["number"].clone()).collect();
    assert_eq!(numbers, ["0x1", "0x2", "0x3", "0x4"]);
    for (parent, child) in blocks.as_array().unwrap().iter().zip(&blocks.as_array().unwrap()[1..]) {
        assert_eq!(parent["hash"], child["parentHash"]);
    }
    let logs: Vec<_> = blocks[3]["calls"].as_array().unwrap().iter().map(|call| call["logs"][0].clone()).collect();
    assert!(logs.iter().all(|log| log["address"] == COIN && log["blockHash"] == blocks[3]["hash"]));
    assert_eq!((&logs[0]["logIndex"], &logs[1]["logIndex"]), (&json!("0x0"), &json!("0x1")));
    assert_eq!(logs[1]["data"], format!("0x{:064x}", 50));
    assert_eq!(blocks[3]["logsBloom"], format!("0x{}", "00".repeat(256)), "moves of coin are no logs of the block");
}

#[test]
fn native_contracts_run_in_virtual_blocks() {
    let world = World::new();
    let (weth, who) = (world.node.rules().registry.addresses().weth, key(0).address());
    let balance_of = |who: Address| format!("0x70a08231000000000000000000000000{}", hex::encode(who));
    let blocks = simulate(
        &world,
        json!({ "blockStateCalls": [
        { "calls": [{ "from": who, "to": weth, "value": "0x5", "input": "0xd0e30db0" }] },
        { "calls": [{ "to": weth, "input": balance_of(who) }] },
        { "stateOverrides": { (weth.to_string()): { "code": "0x60015f5260205ff3" } }, "calls": [{ "to": weth, "input": balance_of(who) }] },
    ] }),
    );
    assert_eq!(blocks[0]["calls"][0]["logs"].as_array().unwrap().len(), 1, "the deposit is logged");
    assert_eq!(blocks[1]["calls"][0]["returnData"], format!("0x{:064x}", 5));
    assert_eq!(blocks[2]["calls"][0]["returnData"], format!("0x{:064x}", 1), "an overridden account runs its code");
}

#[test]
fn precompiles_move() {
    let world = World::new();
    let (identity, there) = ("0x0000000000000000000000000000000000000004", Address::repeat_byte(0x66));
    let moved = json!({ identity: { "code": "0x5f5ffd", "movePrecompileToAddress": there } });
    let call = |to: &Value| json!({ "to": to, "input": "0x1234" });
    let blocks = simulate(
        &world,
        json!({ "blockStateCalls": [
        { "stateOverrides": moved, "calls": [call(&json!(identity)), call(&json!(there))] },
        { "calls": [call(&json!(identity))] },
    ] }),
    );
    assert_eq!(blocks[0]["calls"][0]["error"]["code"], 3);
    assert_eq!(blocks[0]["calls"][1]["returnData"], "0x1234");
    let called = world.ask("eth_call", json!([call(&json!(there)), "latest", moved]));
    assert_eq!(called, "0x1234", "calls may move them too");
    for (overrides, code) in [
        (json!({ (TO.to_string()): { "movePrecompileToAddress": there } }), -32000),
        (json!({ identity: { "movePrecompileToAddress": identity } }), -38022),
        (json!({ identity: { "movePrecompileToAddress": there }, (there.to_string()): { "balance": "0x1" } }), -32000),
    ] {
        let payload = json!({ "blockStateCalls": [{ "stateOverrides": overrides }] });
        assert_eq!(world.refuse("eth_simulateV1", json!([payload])).0, code, "{overrides}");
        assert_eq!(world.refuse("eth_call", json!([call(&json!(TO)), "latest", overrides])).0, code);
    }
}

#[test]
fn refusals_have_the_codes_of_the_book() {
    let world = World::new();
    let (rich, poor) = (key(0).address(), Address::repeat_byte(0x77));
    let one = |call: Value, more: Value| {
        let mut block = more;
        block["calls"] = json!([call]);
        json!({ "blockStateCalls": [block], "validation": true })
    };
    let base = |call: Value| one(call, json!({}));
    let fees = |mut call: Value| {
        call["maxFeePerGas"] = json!("0x77359400");
        call["gas"] = json!("0x5208");
        call["to"] = json!(TO);
        call
    };
    let at = |number: &str| json!({ "blockOverrides": { "number": number } });
    let cases = [
        (base(fees(json!({ "from": rich, "nonce": "0x1" }))), -38011),
        (base(fees(json!({ "from": poor }))), -38014),
        (base(json!({ "from": rich, "to": TO })), -38012),
        (base(json!({ "from": rich, "to": TO, "gas": "0x5207", "maxFeePerGas": "0x77359400" })), -38013),
        (one(fees(json!({ "from": rich })), json!({ "blockOverrides": { "gasLimit": "0x5207" } })), -38015),
        (json!({ "blockStateCalls": [at("0x2"), at("0x2")] }), -38020),
        (json!({ "blockStateCalls": [{ "blockOverrides": { "time": "0x0" } }] }), -38021),
        (json!({ "blockStateCalls": [at("0x101")] }), -38026),
        (json!({ "blockStateCalls": vec![json!({}); 257] }), -38026),
        (json!({ "blockStateCalls": [] }), -32602),
        (json!({ "blockStateCalls": [{ "cals": [] }] }), -32602),
        (json!({ "blockStateCalls": [{}], "validate": true }), -32602),
        (json!({}), -32602),
    ];
    for (payload, code) in cases {
        let (found, message) = world.refuse("eth_simulateV1", json!([payload]));
        assert_eq!(found, code, "{message}");
    }
    assert_eq!(world.refuse("eth_simulateV1", json!([{ "blockStateCalls": [{}] }, "0x9"])).0, -32000);
    world.send(&sign(transfer(0, TO, 1), &key(0)));
    let used = base(fees(json!({ "from": rich, "nonce": "0x0" })));
    assert_eq!(world.refuse("eth_simulateV1", json!([used])).0, -38010);
    // Over an earlier block values are right, and roots are not given.
    let call = json!({ "from": rich, "to": TO, "value": "0x1" });
    let old = world.ask("eth_simulateV1", json!([{ "blockStateCalls": [{ "calls": [call] }] }, "0x0"]));
    assert_eq!((&old[0]["number"], &old[0]["calls"][0]["status"]), (&json!("0x1"), &json!("0x1")));
    assert_eq!(old[0]["stateRoot"], format!("0x{}", "00".repeat(32)));
}

#[test]
fn a_filled_transaction_can_be_signed_and_sent() {
    let world = World::new();
    let who = key(0).address();
    for request in [
        json!({ "from": who, "to": TO, "value": "0x5" }),
        json!({ "from": who, "to": TO, "gasPrice": "0x77359400", "value": "0x5" }),
    ] {
        let filled = world.ask("eth_fillTransaction", json!([request]));
        let raw = hex::decode(filled["raw"].as_str().unwrap()).unwrap();
        let nonce = world.ask("eth_getTransactionCount", json!([who]));
        assert_eq!((&filled["tx"]["nonce"], &filled["tx"]["gas"]), (&nonce, &json!("0x5208")));
        assert_eq!(filled["tx"]["from"], json!(who).as_str().unwrap().to_lowercase());
        let mut tx: Value = filled["tx"].clone();
        let signature = alloy_signer::SignerSync::sign_hash_sync(&key(0), &keccak256(&raw)).unwrap();
        tx["r"] = json!(format!("{:#x}", signature.r()));
        tx["s"] = json!(format!("{:#x}", signature.s()));
        let legacy = tx["type"] == "0x0";
        let v = if legacy { CHAIN * 2 + 35 + u64::from(signature.v()) } else { u64::from(signature.v()) };
        tx["v"] = json!(format!("{v:#x}"));
        tx["yParity"] = json!(format!("{:#x}", u64::from(signature.v())));
        tx.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        if legacy {
            tx.as_object_mut().unwrap().remove("yParity");
        }
        tx["hash"] = json!(alloy_primitives::B256::ZERO);
        let signed: EthereumTx = serde_json::from_value(tx).unwrap();
        let encoded = alloy_eips::eip2718::Encodable2718::encoded_2718(&signed);
        assert!(EthereumTx::decode_2718_exact(&encoded).is_ok());
        let receipt = world.send(&encoded);
        assert_eq!((&receipt["status"], &receipt["from"]), (&json!("0x1"), &filled["tx"]["from"]));
    }
    assert_eq!(world.refuse("eth_fillTransaction", json!([{ "from": who }])).0, -32602);
    let tips = json!({ "from": who, "to": TO, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2" });
    assert_eq!(world.refuse("eth_fillTransaction", json!([tips])).0, -32602);
}
