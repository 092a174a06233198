//! Accounts whose keys the node has, on development chains alone, and senders who need none.

use crate::world::*;
use alloy_eips::Decodable2718;
use alloy_primitives::{Address, Bytes, Signature, U256, b256, eip191_hash_message, hex};
use alloy_signer::SignerSync;
use limpid_chain::{Genesis, Mining, Recovered, Transaction};
use limpid_rpc::Config;
use serde_json::{Value, json};

const TO: Address = Address::repeat_byte(0x22);
const WHALE: Address = Address::repeat_byte(0x77);

fn receipt(world: &World, hash: &Value) -> Value {
    eventually("a receipt", || Some(world.ask("eth_getTransactionReceipt", json!([hash]))).filter(|it| !it.is_null()))
}

#[test]
fn the_ten_accounts_send() {
    let world = World::new();
    let accounts = world.ask("eth_accounts", json!([]));
    let own: Vec<_> = (0..10).map(|index| key(index).address()).collect();
    assert_eq!(accounts, json!(own));
    for (index, from) in own.iter().enumerate() {
        let hash = world.ask("eth_sendTransaction", json!([{ "from": from, "to": TO, "value": "0x5" }]));
        // Where every transaction gets a block at once, the answer comes after it.
        assert_eq!(world.ask("eth_getBalance", json!([TO])), json!(format!("{:#x}", 5 * (index + 1))));
        let tx = world.ask("eth_getTransactionByHash", json!([hash]));
        assert_eq!((&tx["from"], &tx["type"], &tx["gas"]), (&json!(from), &json!("0x2"), &json!("0x5208")));
    }
    let from = own[0];
    let legacy = world.ask("eth_sendTransaction", json!([{ "from": from, "to": TO, "type": "0x0" }]));
    assert_eq!(world.ask("eth_getTransactionByHash", json!([legacy]))["type"], "0x0");
    let synced = world.ask("eth_sendTransactionSync", json!([{ "from": from, "to": TO }]));
    assert_eq!((&synced["status"], &synced["to"]), (&json!("0x1"), &json!(TO)));
    // Everything given is kept.
    let full = json!({ "from": from, "to": TO, "nonce": "0x3", "gas": "0x7530", "maxFeePerGas": "0x12a05f200",
        "maxPriorityFeePerGas": "0x1", "value": "0x1", "input": "0x01", "accessList": [] });
    let tx = world.ask("eth_sendTransaction", json!([full]));
    let tx = world.ask("eth_getTransactionByHash", json!([tx]));
    for field in ["nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "value", "input"] {
        assert_eq!(tx[field], full[field], "{field}");
    }
}

#[test]
fn many_at_once_get_a_nonce_each() {
    let world = World::manual();
    let from = key(0).address();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..3 {
                    world.ask("eth_sendTransaction", json!([{ "from": from, "to": TO, "value": "0x1" }]));
                }
            });
        }
    });
    world.ask("evm_mine", json!([]));
    assert_eq!(world.ask("eth_getBalance", json!([TO])), "0x18");
}

#[test]
fn what_cannot_be_sent_is_told() {
    let world = World::new();
    let from = key(0).address();
    let (code, message) = world.refuse("eth_sendTransaction", json!([{ "from": WHALE, "to": TO }]));
    assert!(code == -32000 && message.starts_with("unknown account"), "{message}");
    for given in [json!({ "to": TO }), json!({ "from": from }), json!(7), json!({ "from": from, "to": TO, "type": 2 })]
    {
        assert_eq!(world.refuse("eth_sendTransaction", json!([given])).0, -32602, "{given}");
    }
    assert_eq!(world.refuse("eth_sendTransaction", json!([{ "from": from, "to": TO }, 1])).0, -32602);
    let reverter = world.deploy(0, REVERTER);
    let (code, _) = world.refuse("eth_sendTransaction", json!([{ "from": from, "to": reverter, "input": "0x01" }]));
    assert_eq!(code, 3, "what would revert is told before it is sent");
    let forced = json!([{ "from": from, "to": reverter, "input": "0x01", "gas": "0x186a0" }]);
    let hash = world.ask("eth_sendTransaction", forced);
    assert_eq!(receipt(&world, &hash)["status"], "0x0");
    // Behind a gap nothing comes, and nobody waits for it.
    let ahead = world.ask("eth_sendTransaction", json!([{ "from": from, "to": TO, "nonce": "0x9" }]));
    assert_eq!(world.ask("eth_getTransactionByHash", json!([ahead]))["blockNumber"], Value::Null);
}

#[test]
fn signatures() {
    let world = World::new();
    let by = key(1);
    let of = |answer: Value| Signature::from_raw(&answer.as_str().unwrap().parse::<Bytes>().unwrap()).unwrap();
    let text = hex::encode_prefixed("hello");
    let digest = eip191_hash_message("hello");
    let expected = by.sign_hash_sync(&digest).unwrap();
    assert_eq!(of(world.ask("eth_sign", json!([by.address(), text]))), expected);
    assert_eq!(of(world.ask("personal_sign", json!([text, by.address(), "password"]))), expected);
    // The example of EIP-712 and the digest that the EIP gives for it.
    let person = json!([{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }]);
    let data = json!({
        "types": {
            "EIP712Domain": [{ "name": "name", "type": "string" }, { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" }, { "name": "verifyingContract", "type": "address" }],
            "Person": person,
            "Mail": [{ "name": "from", "type": "Person" }, { "name": "to", "type": "Person" },
                { "name": "contents", "type": "string" }],
        },
        "primaryType": "Mail",
        "domain": { "name": "Ether Mail", "version": "1", "chainId": 1,
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC" },
        "message": {
            "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
            "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
            "contents": "Hello, Bob!",
        },
    });
    let digest = b256!("0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
    for given in [data.clone(), json!(data.to_string())] {
        let made = of(world.ask("eth_signTypedData_v4", json!([by.address(), given])));
        assert_eq!(made.recover_address_from_prehash(&digest).unwrap(), by.address());
    }
    let mut loose = data.clone();
    loose["types"]["Person"] = json!([{ "name": "name", "type": "Nobody" }]);
    for given in [json!({}), json!("{"), json!(1), loose] {
        let (code, message) = world.refuse("eth_signTypedData_v4", json!([by.address(), given]));
        assert!(code == -32602 && message.starts_with("invalid argument typed data: "), "{message}");
    }
    let raw = world.ask("eth_signTransaction", json!([{ "from": by.address(), "to": TO, "value": "0x1" }]));
    let raw: Bytes = raw.as_str().unwrap().parse().unwrap();
    let tx = Recovered::recover(Transaction::decode_2718_exact(&raw).unwrap()).unwrap();
    assert_eq!((tx.sender(), tx.value()), (by.address(), U256::from(1)));
    assert_eq!(world.ask("eth_getTransactionCount", json!([by.address(), "pending"])), "0x0", "nothing was sent");
    assert_eq!(world.refuse("eth_sign", json!([WHALE, text])).0, -32000);
    world.ask("anvil_impersonateAccount", json!([WHALE]));
    let (_, message) = world.refuse("eth_sign", json!([WHALE, text]));
    assert!(message.contains("nobody here has its key"), "{message}");
}

#[test]
fn impersonated_accounts_send_and_are_seen_everywhere() {
    let world = World::new();
    let contract = world.deploy(0, COUNTER);
    for from in [WHALE, contract] {
        world.ask("hardhat_setBalance", json!([from, "0xde0b6b3a7640000"]));
        let tx = json!([{ "from": from, "to": TO, "value": "0x5" }]);
        assert_eq!(world.refuse("eth_sendTransaction", tx.clone()).0, -32000, "not yet");
        world.ask("hardhat_impersonateAccount", json!([from]));
        assert!(world.ask("eth_accounts", json!([])).as_array().unwrap().contains(&json!(from)));
        let hash = world.ask("eth_sendTransaction", tx.clone());
        let receipt = receipt(&world, &hash);
        assert_eq!((&receipt["from"], &receipt["status"]), (&json!(from), &json!("0x1")));
        let shown = world.ask("eth_getTransactionByHash", json!([hash]));
        assert_eq!((&shown["from"], &shown["s"]), (&json!(from), &json!("0x0")));
        let r = format!("0x{}{}", hex::encode("impersonated"), hex::encode(from));
        assert_eq!(shown["r"], json!(r), "the sender stands where a signature would");
        let raw = world.ask("eth_getRawTransactionByHash", json!([hash]));
        assert_eq!(alloy_primitives::keccak256(raw.as_str().unwrap().parse::<Bytes>().unwrap()).to_string(), hash);
        let traced = world.ask("debug_traceTransaction", json!([hash, { "tracer": "callTracer" }]));
        assert_eq!(traced["from"], json!(from));
        world.ask("anvil_stopImpersonatingAccount", json!([from]));
        assert_eq!(world.refuse("eth_sendTransaction", tx).0, -32000, "no more");
    }
    let stranger = Address::repeat_byte(0x78);
    world.ask("hardhat_setBalance", json!([stranger, "0xde0b6b3a7640000"]));
    let tx = json!([{ "from": stranger, "to": TO, "value": "0x5" }]);
    world.ask("anvil_autoImpersonateAccount", json!([true]));
    world.ask("eth_sendTransaction", tx.clone());
    world.ask("anvil_autoImpersonateAccount", json!([false]));
    assert_eq!(world.refuse("eth_sendTransaction", tx.clone()).0, -32000);
    world.ask("eth_sendUnsignedTransaction", tx);
    assert_eq!(world.ask("eth_getBalance", json!([TO])), "0x14");
    let system = "0xfffffffffffffffffffffffffffffffffffffffe";
    assert_eq!(world.refuse("anvil_impersonateAccount", json!([system])).0, -32000);
}

#[test]
fn a_chain_that_lasts_has_nobodys_keys() {
    let world = World::serve(node(Genesis::new(CHAIN, 0), Mining::Manual), &Config::default());
    assert_eq!(world.ask("eth_accounts", json!([])), json!([]));
    let from = key(0).address();
    for (method, params) in [
        ("eth_sendTransaction", json!([{ "from": from, "to": TO }])),
        ("eth_sign", json!([from, "0x"])),
        ("personal_sign", json!(["0x", from])),
        ("eth_signTypedData_v4", json!([from, {}])),
        ("eth_signTransaction", json!([{ "from": from, "to": TO }])),
        ("eth_sendUnsignedTransaction", json!([{ "from": from, "to": TO }])),
        ("anvil_impersonateAccount", json!([from])),
    ] {
        assert_eq!(world.refuse(method, params).0, -32601, "{method}");
    }
}
