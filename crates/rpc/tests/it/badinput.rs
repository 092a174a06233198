//! What the world sends that is no request: bodies, batches, frames, transactions, clients that never finish. Each gets
//! a clear error, nothing changes, and blocks go on.

use crate::{malformed::methods, socket::upgraded, world::*};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy};
use alloy_eips::eip7702::Authorization;
use alloy_primitives::{Address, B256, Signature, TxKind, U256, hex};
use alloy_signer::SignerSync;
use limpid_chain::{Genesis, Mining, tx::EthereumTx};
use limpid_rpc::Config;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
};

const TO: Address = Address::repeat_byte(0x11);

/// Words of this program's language that nobody outside should read.
fn no_leak(message: &str) {
    const LEAKS: [&str; 14] = [
        "::", "Some(", "None", "Err(", "Ok(", "enum", "struct", "tuple", "variant", "unwrap", "panicked", "Vec<",
        "u64", "at line",
    ];
    for leak in LEAKS {
        assert!(!message.contains(leak), "{leak} in {message}");
    }
    assert!(!message.is_empty() && message.len() < 500, "{message}");
}

fn code(answer: &Value) -> i64 {
    no_leak(answer["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {answer}")));
    answer["error"]["code"].as_i64().unwrap()
}

#[test]
fn bodies_that_are_no_requests() {
    let world = World::new();
    let good = r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x0101010101010101010101010101010101010101","latest"]}"#;
    let mut count = 0;
    let mut refuse = |body: &[u8], expected: i64| {
        let answer = world.http("POST", "content-type: application/json\r\n", body).json();
        assert_eq!(code(&answer), expected, "{}", String::from_utf8_lossy(&body[..body.len().min(120)]));
        count += 1;
    };
    for end in 0..good.len() {
        refuse(&good.as_bytes()[..end], -32700);
    }
    // Bytes that are no UTF-8, in the place of every second one.
    for place in (0..good.len()).step_by(2) {
        let mut body = good.as_bytes().to_vec();
        body[place] = 0xff;
        refuse(&body, -32700);
    }
    let deep = |open: &str, depth: usize| open.repeat(depth);
    for text in [
        deep("[", 100_000),
        deep("{\"a\":", 100_000),
        format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":{}", deep("[", 50_000)),
        good.replace('"', "'"),
        format!("{good}{good}"),
        format!("{good},"),
        "\u{feff}".to_owned() + good,
        "NaN".to_owned(),
        "\"\\ud800\"".to_owned(),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\x\"}".to_owned(),
    ] {
        refuse(text.as_bytes(), -32700);
    }
    let member = |name: &str, value: &str| {
        let fields = [("jsonrpc", "\"2.0\""), ("id", "1"), ("method", "\"eth_chainId\""), ("params", "[]")];
        let fields = fields.map(|(field, usual)| format!("\"{field}\":{}", if field == name { value } else { usual }));
        format!("{{{}}}", fields.join(","))
    };
    let odd = ["1", "-1", "1.5", "true", "{}", "[]", "null", "\"\"", "\"1.0\"", "\"2\"", "[[]]"];
    for value in odd {
        refuse(member("jsonrpc", value).as_bytes(), -32600);
        if !value.starts_with('"') {
            refuse(member("method", value).as_bytes(), -32600);
        }
    }
    for value in ["-1", "1.5", "true", "{}", "[]", "[1]", "18446744073709551616"] {
        refuse(member("id", value).as_bytes(), -32600);
    }
    for value in ["1", "\"x\"", "true", "{}", "{\"a\":1}"] {
        refuse(member("params", value).as_bytes(), -32602);
    }
    for value in ["\"\"", "\"eth_\"", "\"ETH_CHAINID\"", "\"eth_chainId \"", "\"rpc.discover\"", "\"\\u0000\""] {
        refuse(member("method", value).as_bytes(), -32601);
    }
    for batch in ["[]", "[ ]"] {
        refuse(batch.as_bytes(), -32600);
    }
    assert!(count > 180, "{count} bodies");
    assert_eq!(world.ask("eth_chainId", json!([])), "0x7a69");
}

#[test]
fn batches_of_nonsense() {
    let world = World::new();
    let entries =
        [json!(1), json!("x"), json!(null), json!([]), json!({}), json!({ "id": 1 }), json!([[]]), json!(1.5)];
    for length in [1, 7, 999] {
        let batch: Vec<_> = entries.iter().cycle().take(length).cloned().collect();
        let answers = world.post(&Value::Array(batch).to_string()).json();
        let answers = answers.as_array().unwrap();
        assert_eq!(answers.len(), length);
        assert!(answers.iter().all(|answer| code(answer) == -32600));
    }
    let one = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId" });
    assert_eq!(code(&world.post(&Value::Array(vec![one.clone(); 1_001]).to_string()).json()), -32010);
    let notes = json!([{ "jsonrpc": "2.0", "method": "eth_chainId" }, { "jsonrpc": "2.0", "method": "eth_chainId" }]);
    assert_eq!(world.post(&notes.to_string()).status, 200, "nobody asked for an answer");
    assert_eq!(world.post(&json!([one]).to_string()).json()[0]["result"], "0x7a69");
}

#[test]
fn every_method_with_too_little() {
    let world = World::new();
    let mut count = 0;
    for (method, good) in methods() {
        for length in 0..good.len() {
            let answer = world.call(method, Value::Array(good[..length].to_vec()));
            if answer.get("error").is_some() {
                // Some tracer has to be named; which ones there are is another test's.
                let tracer = method.starts_with("debug_trace") && code(&answer) == -32000;
                assert!(tracer || code(&answer) == -32602, "{method} with {length} arguments: {answer}");
                count += 1;
            }
        }
        for params in [json!({ "a": 1 }), json!("x"), json!(7), json!(true)] {
            assert_eq!(code(&world.call(method, params.clone())), -32602, "{method} {params}");
            count += 1;
        }
    }
    assert!(count > 300, "{count} requests");
}

fn every_type() -> Vec<Vec<u8>> {
    let (chain_id, gas_limit, to, value) = (CHAIN, 100_000, TxKind::Call(TO), U256::from(1));
    let (max_fee_per_gas, max_priority_fee_per_gas) = (5 * GWEI, GWEI);
    let authorization = Authorization { chain_id: U256::from(CHAIN), address: TO, nonce: 0 };
    let signature = key(1).sign_hash_sync(&authorization.signature_hash()).unwrap();
    let legacy = TxLegacy { chain_id: Some(CHAIN), gas_price: 5 * GWEI, gas_limit, to, value, ..TxLegacy::default() };
    let listed = TxEip2930 { chain_id, gas_price: 5 * GWEI, gas_limit, to, value, ..TxEip2930::default() };
    let dynamic =
        TxEip1559 { chain_id, gas_limit, max_fee_per_gas, max_priority_fee_per_gas, to, value, ..TxEip1559::default() };
    let delegating = TxEip7702 {
        chain_id,
        gas_limit,
        max_fee_per_gas,
        max_priority_fee_per_gas,
        to: TO,
        value,
        authorization_list: vec![authorization.into_signed(signature)],
        ..TxEip7702::default()
    };
    vec![sign(legacy, &key(0)), sign(listed, &key(0)), sign(dynamic, &key(0)), sign(delegating, &key(0))]
}

#[test]
fn transactions_that_are_none() {
    let world = World::manual();
    let mut count = 0;
    let mut refuse = |raw: &[u8], codes: &[i64]| {
        let answer = world.call("eth_sendRawTransaction", json!([hex::encode_prefixed(raw)]));
        assert!(codes.contains(&code(&answer)), "{} {answer}", hex::encode(raw));
        count += 1;
        answer["error"]["message"].as_str().unwrap().to_owned()
    };
    for raw in every_type() {
        for end in 0..raw.len() {
            refuse(&raw[..end], &[-32602, -32000]);
        }
        refuse(&[raw.as_slice(), &[0]].concat(), &[-32602]);
        // Another signature is another sender, who has nothing, or none at all.
        for place in [raw.len() - 1, raw.len() - 33, raw.len() - 20] {
            let mut other = raw.clone();
            other[place] ^= 1;
            refuse(&other, &[-32602, -32000]);
        }
    }
    for ty in (3..=0x7f).filter(|ty| *ty != 4) {
        for raw in [vec![ty], vec![ty, 0xc0], [&[ty], every_type()[2].get(1..).unwrap()].concat()] {
            let message = refuse(&raw, &[-32000]);
            assert!(message.starts_with("transaction type not supported"), "{message}");
        }
    }
    for first in 0x80..0xc0 {
        refuse(&[first, 1, 2, 3], &[-32602]);
    }
    refuse(&vec![0xf9; 200_000], &[-32000]);
    assert!(count > 700, "{count} transactions");
    assert_eq!(world.ask("txpool_status", json!([])), json!({ "pending": "0x0", "queued": "0x0" }));
}

/// The other signature of the same key over the same hash: s above half the curve's order.
fn twin(signature: Signature) -> Signature {
    let order = U256::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16).unwrap();
    Signature::new(signature.r(), order - signature.s(), !signature.v())
}

#[test]
fn malleable_signatures_other_chains_and_blobs() {
    let world = World::manual();
    let refused = |raw: &[u8]| world.refuse("eth_sendRawTransaction", json!([hex::encode_prefixed(raw)]));
    let good = transfer(0, TO, 1);
    let signature = key(0).sign_hash_sync(&good.signature_hash()).unwrap();
    let encoded = |signature| {
        let mut out = Vec::new();
        alloy_eips::eip2718::Encodable2718::encode_2718(
            &EthereumTx::from(good.clone().into_signed(signature)),
            &mut out,
        );
        out
    };
    let (code, message) = refused(&encoded(twin(signature)));
    assert!(code == -32000 && message == "invalid sender", "{code} {message}");
    for (r, s) in [(U256::ZERO, U256::ZERO), (U256::MAX, U256::ONE), (signature.r(), U256::ZERO)] {
        assert_eq!(refused(&encoded(Signature::new(r, s, false))), (-32000, "invalid sender".to_owned()));
    }
    for chain in [0, 1, CHAIN + 1, u64::MAX] {
        let (code, message) = refused(&sign(TxEip1559 { chain_id: chain, ..good.clone() }, &key(0)));
        assert!(code == -32000 && message.starts_with("invalid chain id for signer"), "{message}");
    }
    let blobs = TxEip4844 {
        chain_id: CHAIN,
        gas_limit: 100_000,
        max_fee_per_gas: 5 * GWEI,
        to: TO,
        blob_versioned_hashes: vec![B256::with_last_byte(1)],
        max_fee_per_blob_gas: 1,
        ..TxEip4844::default()
    };
    let (code, message) = refused(&sign(blobs, &key(0)));
    assert!(code == -32000 && message.contains("this chain has no blobs"), "{message}");
    assert_eq!(world.ask("txpool_status", json!([]))["pending"], "0x0");
    world.ask("eth_sendRawTransaction", json!([hex::encode_prefixed(encoded(signature))]));
}

#[test]
fn frames_that_are_none() {
    let world = World::new();
    let text = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\"}";
    let framed = |first: u8, payload: &[u8]| {
        let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        frame
    };
    let mut frames: Vec<Vec<u8>> = Vec::new();
    // Reserved bits, reserved kinds, a control frame in pieces, a piece of nothing, no UTF-8.
    frames.extend([0xc1, 0xa1, 0x91, 0xf1].map(|first| framed(first, text)));
    frames.extend((3..8).chain(11..16).map(|kind| framed(0x80 | kind, b"x")));
    frames.extend([0x08, 0x09, 0x0a].map(|kind| framed(kind, b"x")));
    frames.push(framed(0x80, text));
    frames.push(framed(0x81, &[0xff, 0xfe, 0xfd]));
    frames.push(framed(0x88, &[3]));
    frames.push(framed(0x88, &[0, 1, b'x']));
    // Longer than anybody may send.
    frames.push([&[0x81, 0xff], u64::MAX.to_be_bytes().as_slice(), &[0; 4]].concat());
    frames.push([&[0x81, 0xff], (1u64 << 40).to_be_bytes().as_slice(), &[0; 4]].concat());
    // And every frame cut short.
    let whole = framed(0x81, text);
    frames.extend((1..whole.len()).map(|end| whole[..end].to_vec()));
    assert!(frames.len() > 70, "{}", frames.len());
    for frame in frames {
        let mut stream = upgraded(world.address);
        stream.write_all(&frame).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut rest = Vec::new();
        // A close frame, an error, or nothing; then the end.
        let _ = stream.read_to_end(&mut rest);
        let shown = String::from_utf8_lossy(&rest).into_owned();
        assert!(!shown.contains("result"), "{} was answered: {shown}", hex::encode(frame));
    }
    assert_eq!(world.ask("eth_chainId", json!([])), "0x7a69");
}

/// Resident memory of this process in bytes, where the system tells.
fn memory() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<u64>().ok()? * 4_096)
}

#[test]
fn slow_clients_and_idle_connections_cost_next_to_nothing() {
    let config = Config { connections: 2_000, ..Config::default() };
    let world = World::serve(node(Genesis::dev(CHAIN), Mining::Auto), &config);
    world.send(&sign(transfer(0, TO, 1), &key(0)));
    let before = memory();
    let mut idle: Vec<_> = (0..1_000).map(|_| TcpStream::connect(world.address).unwrap()).collect();
    // Others send a head or a body and never end it.
    for (place, stream) in idle.iter_mut().enumerate().take(500) {
        let begun: &[u8] = match place % 3 {
            0 => b"POST / HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
            1 => b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{",
            _ => b"P",
        };
        stream.write_all(begun).unwrap();
    }
    for nonce in 1..4 {
        for stream in idle.iter_mut().take(500) {
            let _ = stream.write_all(b"x");
        }
        let receipt = world.send(&sign(transfer(nonce, TO, 1), &key(0)));
        assert_eq!(receipt["status"], "0x1", "blocks go on");
    }
    if let (Some(before), Some(after)) = (before, memory()) {
        let each = after.saturating_sub(before) / 1_000;
        assert!(each < 200_000, "{each} bytes a connection");
    }
    drop(idle);
    assert_eq!(world.ask("eth_blockNumber", json!([])), "0x4");
}

#[test]
fn nobody_takes_the_last_place_from_others_for_ever() {
    let config = Config { connections: 3, ..Config::default() };
    let world = World::serve(node(Genesis::dev(CHAIN), Mining::Auto), &config);
    let taken: Vec<_> = (0..3).map(|_| TcpStream::connect(world.address).unwrap()).collect();
    let full = eventually("no place", || Some(world.post("{}")).filter(|answer| answer.status == 429));
    assert_eq!(full.body, "Too many connections: close some and try again");
    drop(taken);
    eventually("a place", || (world.post("{}").status == 200).then_some(()));
}
