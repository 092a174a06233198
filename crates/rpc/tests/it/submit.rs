//! Taking signed transactions.

use crate::world::*;
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, hex};
use serde_json::{Value, json};

const TO: Address = Address::repeat_byte(0x11);

fn refused(world: &World, raw: &[u8]) -> (i64, String) {
    world.refuse("eth_sendRawTransaction", json!([hex::encode_prefixed(raw)]))
}

#[test]
fn refusals_say_why_and_change_nothing() {
    let world = World::manual();
    let good = transfer(0, TO, 1);
    let mut malleable = sign(good.clone(), &key(0));
    // The last 32 bytes are s: all ones is above half the order.
    let start = malleable.len() - 32;
    malleable[start..].fill(0xee);
    let cases = [
        (sign(TxEip1559 { chain_id: 1, ..good.clone() }, &key(0)), "invalid chain id for signer: have 1 want 31337"),
        (
            sign(TxEip1559 { gas_limit: 20_999, ..good.clone() }, &key(0)),
            "intrinsic gas too low: have 20999, want 21000",
        ),
        (sign(TxEip1559 { gas_limit: 20_000_000, ..good.clone() }, &key(0)), "transaction gas limit too high"),
        (
            sign(TxEip1559 { max_priority_fee_per_gas: 6 * GWEI, ..good.clone() }, &key(0)),
            "max priority fee per gas higher",
        ),
        (
            sign(TxEip1559 { max_fee_per_gas: 1, max_priority_fee_per_gas: 0, ..good.clone() }, &key(0)),
            "transaction underpriced",
        ),
        (
            sign(good.clone(), &alloy_signer_local::PrivateKeySigner::from_slice(&[7; 32]).unwrap()),
            "insufficient funds for gas * price + value",
        ),
        (malleable, "invalid sender"),
        (vec![3, 0xc0], "transaction type not supported: type 0x03 (this chain has no blobs)"),
        (vec![0x7d, 0xc2, 0x01, 0x80], "transaction type not supported: type 0x7d"),
    ];
    for (raw, expected) in cases {
        let (code, message) = refused(&world, &raw);
        assert!(code == -32000 && message.starts_with(expected), "{code} {message}");
    }
    for malformed in [&[2, 0xc0][..], &[0xff], &[]] {
        assert_eq!(refused(&world, malformed).0, -32602, "{malformed:?}");
    }
    assert_eq!(world.ask("txpool_status", json!([])), json!({ "pending": "0x0", "queued": "0x0" }));
}

#[test]
fn nonces_and_replacement() {
    let world = World::manual();
    let hash = |raw: &[u8]| world.ask("eth_sendRawTransaction", json!([hex::encode_prefixed(raw)]));
    let first = sign(transfer(0, TO, 1), &key(0));
    hash(&first);
    assert_eq!(refused(&world, &first), (-32000, "already known".to_owned()));
    let nearly = TxEip1559 { value: alloy_primitives::U256::from(2), ..transfer(0, TO, 1) };
    assert!(refused(&world, &sign(nearly.clone(), &key(0))).1.starts_with("replacement transaction underpriced"));
    let better = TxEip1559 { max_fee_per_gas: 6 * GWEI, max_priority_fee_per_gas: 2 * GWEI, ..nearly };
    let replaced = hash(&sign(better, &key(0)));
    world.ask("evm_mine", json!([]));
    assert_eq!(world.ask("eth_getBlockByNumber", json!(["latest"]))["transactions"], json!([replaced]));
    assert!(refused(&world, &first).1.starts_with("nonce too low: next nonce 1, tx nonce 0"));
}

#[test]
fn sending_and_waiting_in_one_request() {
    let world = World::new();
    let raw = hex::encode_prefixed(sign(transfer(0, TO, 1), &key(0)));
    let receipt = world.ask("eth_sendRawTransactionSync", json!([raw]));
    assert_eq!(receipt, world.ask("eth_getTransactionReceipt", json!([receipt["transactionHash"]])));
    assert_eq!(world.refuse("eth_sendRawTransactionSync", json!([raw])).0, -32000);

    let world = World::manual();
    let answer = world.call("eth_sendRawTransactionSync", json!([raw, 50]));
    assert_eq!(answer["error"]["code"], 4, "{answer}");
    assert_eq!(answer["error"]["data"], receipt["transactionHash"], "the hash says what to look for");
    assert_eq!(world.ask("eth_getTransactionByHash", json!([receipt["transactionHash"]]))["blockHash"], Value::Null);
}
