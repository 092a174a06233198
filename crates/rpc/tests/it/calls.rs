//! Calls, estimates, overrides and traces.

use crate::world::*;
use alloy_primitives::{Address, U256, hex};
use alloy_sol_types::{Panic, Revert, SolError};
use limpid_abi::errors::WrapFirst;
use serde_json::{Value, json};

const TO: Address = Address::repeat_byte(0x11);
const POOR: Address = Address::repeat_byte(0x22);

fn rich() -> Address {
    key(0).address()
}

#[test]
fn reverts_carry_their_data_and_reason() {
    let world = World::new();
    let reverter = world.deploy(0, REVERTER);
    let text = Revert { reason: "Pair: LOCKED".to_owned() }.abi_encode();
    let panic = Panic { code: U256::from(0x11) }.abi_encode();
    let native = WrapFirst { token: TO }.abi_encode();
    let cases = [
        (text, "execution reverted: Pair: LOCKED".to_owned()),
        (native, format!("execution reverted: WrapFirst(token: {TO})")),
        (vec![1, 2, 3, 4], "execution reverted: custom error 0x01020304".to_owned()),
        (vec![], "execution reverted".to_owned()),
    ];
    for (data, expected) in cases {
        let request = json!([{ "to": reverter, "data": hex::encode_prefixed(&data) }]);
        for method in ["eth_call", "eth_estimateGas"] {
            let error = world.call(method, request.clone())["error"].take();
            assert_eq!((&error["code"], &error["message"]), (&json!(3), &json!(expected)), "{method}");
            assert_eq!(error["data"], hex::encode_prefixed(&data), "{method}");
        }
    }
    let (code, message) = world.refuse("eth_call", json!([{ "to": reverter, "data": hex::encode_prefixed(panic) }]));
    assert!(code == 3 && message.contains("overflow"), "{message}");
}

#[test]
fn halts_are_named() {
    let world = World::new();
    for (code, expected) in
        [("0xfe", "invalid opcode"), ("0x50", "stack underflow"), ("0x5f56", "invalid jump destination")]
    {
        let overrides = json!({ TO.to_string(): { "code": code } });
        assert_eq!(world.refuse("eth_call", json!([{ "to": TO }, "latest", overrides])), (-32000, expected.to_owned()));
    }
    let endless = json!({ TO.to_string(): { "code": "0x5b5f56" } });
    let (code, message) = world.refuse("eth_call", json!([{ "to": TO, "gas": "0xffffffffffff" }, "latest", endless]));
    assert_eq!((code, message.as_str()), (-32000, "out of gas: 50000000 gas given"), "gas of calls is capped");
    let (code, message) = world.refuse("eth_estimateGas", json!([{ "to": TO }, "latest", endless]));
    assert!(code == -32000 && message.starts_with("gas required exceeds allowance ("), "{message}");
}

#[test]
fn estimates() {
    let world = World::new();
    let counter = world.deploy(0, COUNTER);
    let estimate = |request: Value| {
        let gas = world.ask("eth_estimateGas", json!([request]));
        u64::from_str_radix(gas.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    };
    assert_eq!(estimate(json!({ "from": rich(), "to": TO, "value": "0x1" })), 21_000);
    let gas = estimate(json!({ "from": rich(), "to": counter }));
    let tx = alloy_consensus::TxEip1559 { gas_limit: gas, ..call(1, counter, []) };
    let receipt = world.send(&sign(tx, &key(0)));
    assert_eq!(receipt["status"], "0x1", "an estimate is enough");
    let used = u64::from_str_radix(receipt["gasUsed"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    assert!(gas * 100 <= used * 102 + 300_000, "{gas} is near {used}");
    // A precompile has no code and costs more than a transfer.
    assert!(estimate(json!({ "to": Address::with_last_byte(4) })) > 21_000);
}

#[test]
fn money_is_looked_at() {
    let world = World::new();
    let needy = json!({ "from": POOR, "to": TO, "value": "0x1" });
    for method in ["eth_call", "eth_estimateGas"] {
        let (code, message) = world.refuse(method, json!([needy]));
        assert_eq!(code, -32000);
        assert!(message.starts_with("insufficient funds for gas * price + value: address 0x2222"), "{message}");
    }
    let overrides = json!({ POOR.to_string(): { "balance": "0x1" } });
    assert_eq!(world.ask("eth_call", json!([needy, "latest", overrides])), "0x");
    let priced = json!({ "from": POOR, "to": TO, "gas": "0x5208", "gasPrice": "0x77359400" });
    assert!(world.refuse("eth_call", json!([priced])).1.starts_with("insufficient funds"));
    assert_eq!(world.ask("eth_call", json!([{ "from": POOR, "to": TO }])), "0x", "a call without a price is free");
    let (_, message) = world.refuse("eth_call", json!([{ "from": rich(), "to": TO, "maxFeePerGas": "0x1" }]));
    assert!(message.starts_with("max fee per gas less than block base fee"), "{message}");
}

#[test]
fn overrides_change_the_answer_and_nothing_else() {
    let world = World::new();
    // RETURN(SLOAD(0)), RETURN(NUMBER), RETURN(TIMESTAMP)
    let load = "0x5f545f5260205ff3";
    let asked = |code: &str, more: Value, block: Value| {
        let mut account = json!({ "code": code });
        account.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let params = json!([{ "to": TO }, "latest", { TO.to_string(): account }, block]);
        U256::from_str_radix(world.ask("eth_call", params).as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    };
    assert_eq!(asked(load, json!({ "stateDiff": { "0x0": "0x7" } }), json!({})), U256::from(7));
    assert_eq!(asked(load, json!({ "state": { "0x1": "0x7" } }), json!({})), U256::ZERO);
    assert_eq!(asked("0x435f5260205ff3", json!({}), json!({ "number": "0x63" })), U256::from(99));
    assert_eq!(asked("0x425f5260205ff3", json!({}), json!({ "time": "0x63" })), U256::from(99));
    assert_eq!(world.ask("eth_getCode", json!([TO])), "0x");
    // An overridden account never runs native code, whatever its code says (V-1 of the execution crate).
    let marker = json!({ TO.to_string(): { "code": "0xef4c0200" } });
    assert_ne!(
        world.call("eth_call", json!([{ "to": TO, "data": "0x18160ddd" }, "latest", marker]))["result"],
        json!(format!("{:#066x}", 0))
    );
}

#[test]
fn traces() {
    let world = World::new();
    let counter = world.deploy(0, COUNTER);
    let receipt = world.send(&sign(call(1, counter, [1, 2, 3]), &key(0)));
    let tracer = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
    let tree = world.ask("debug_traceTransaction", json!([receipt["transactionHash"], tracer]));
    assert_eq!((&tree["type"], &tree["to"], &tree["input"]), (&json!("CALL"), &json!(counter), &json!("0x010203")));
    assert_eq!((&tree["gasUsed"], &tree["gas"]), (&receipt["gasUsed"], &json!("0xf4240")));
    assert_eq!(tree["logs"][0]["address"], json!(counter));
    let block = world.ask("debug_traceBlockByNumber", json!(["latest", tracer]));
    assert_eq!(block, json!([{ "txHash": receipt["transactionHash"], "result": tree }]));
    assert_eq!(world.ask("debug_traceBlockByHash", json!([receipt["blockHash"], tracer])), block);
    let reverter = world.deploy(2, REVERTER);
    let data = hex::encode_prefixed(Revert { reason: "no".into() }.abi_encode());
    let tree = world.ask("debug_traceCall", json!([{ "to": reverter, "data": data }, "latest", tracer]));
    assert_eq!(
        (&tree["error"], &tree["revertReason"], &tree["output"]),
        (&json!("execution reverted"), &json!("no"), &json!(data))
    );
    let nothing = format!("0x{}", "09".repeat(32));
    assert_eq!(
        world.refuse("debug_traceTransaction", json!([nothing, tracer])),
        (-32000, "transaction not found".into())
    );
    assert_eq!(
        world.refuse("debug_traceBlockByNumber", json!(["0x0", tracer])),
        (-32000, "genesis is not traceable".into())
    );
}

#[test]
fn the_deepest_nesting_does_not_kill_the_node() {
    let world = World::new();
    // Calls itself with all its gas until the EVM's own depth limit.
    let code = "0x5f5f5f5f5f305af1";
    let overrides = json!({ TO.to_string(): { "code": code } });
    assert_eq!(world.ask("eth_call", json!([{ "to": TO }, "latest", overrides])), "0x");
    let options = json!({ "tracer": "callTracer", "stateOverrides": overrides });
    // Deeper than a JSON reader goes by default: the text itself is looked at.
    let body =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "debug_traceCall", "params": [{ "to": TO }, "latest", options] });
    let answer = world.post(&body.to_string());
    assert!(answer.body.matches("\"calls\"").count() > 300, "{}", answer.body.len());
    assert_eq!(world.ask("eth_chainId", json!([])), "0x7a69");
}
