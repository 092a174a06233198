//! A token of a user's contract becomes a native one, and comes back.
use crate::Node;
use alloy_primitives::{Bytes, U256, hex};
use std::{path::PathBuf, time::Duration};

/// Creation code of Uniswap's own test token (npm), whose supply is its creator's; `None`, loudly, where the
/// packages are not installed.
fn published_token() -> Option<Vec<u8>> {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let packages = std::env::var_os("LIMPID_REFERENCE")
        .map_or_else(|| manifest.join("../../tests/reference/node_modules"), PathBuf::from);
    let path = packages.join("@uniswap/v2-core/build/ERC20.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        let required = std::env::var("LIMPID_REQUIRE_REFERENCE").is_ok_and(|value| value == "1");
        assert!(!required, "{} is missing: run `npm ci` in tests/reference", path.display());
        eprintln!("SKIPPED: {} is missing; run `npm ci` in tests/reference", path.display());
        return None;
    };
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    Some(hex::decode(json["bytecode"].as_str().or(json["evm"]["bytecode"]["object"].as_str()).unwrap()).unwrap())
}

/// Deploys it for dev:0 with 1,000 whole tokens.
fn deploy(node: &Node, code: &[u8]) -> String {
    let supply = U256::from(1_000) * U256::from(10).pow(U256::from(18));
    let data: Bytes = [code, &supply.to_be_bytes::<32>()].concat().into();
    let client = limpid_client::Client::new(&node.home.rpc).unwrap();
    let signer = limpid_wallet::dev_signer(0).unwrap();
    let coin = limpid_client::Unit::new("LIM", 18);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let call = limpid_client::Call { to: None, value: U256::ZERO, data };
        let prepared = client.prepare(signer.address(), call, &coin).await.unwrap();
        let token = signer.address().create(prepared.transaction.nonce);
        client.execute(&prepared, &signer, Duration::from_secs(30)).await.unwrap();
        token.to_string()
    })
}

#[test]
fn a_foreign_token_is_wrapped_traded_and_unwrapped() {
    let Some(code) = published_token() else { return };
    let node = Node::start();
    let (home, token) = (&node.home, deploy(&node, &code));
    assert!(home.fails(&["pool", "add", "1", "LIM", &token, "1", "--from", "dev:0", "--yes"]).contains("WrapFirst"));

    let wrapped = home.json(&["wrap", "600", &token, "--from", "dev:0", "--yes"]);
    assert_eq!((&wrapped["given"]["amount"], &wrapped["received"]["amount"]), (&"600".into(), &"600".into()));
    let native = wrapped["received"]["asset"].as_str().unwrap();
    home.json(&["pool", "add", "1", "LIM", native, "100", "--from", "dev:0", "--yes"]);
    home.json(&["swap", "0.1", "LIM", native, "--from", "dev:1", "--yes"]);

    assert!(home.fails(&["unwrap", "501", &token, "--from", "dev:0", "--yes"]).contains("less than 501"));
    let back = home.json(&["unwrap", "500", &token, "--from", "dev:0", "--to", "dev:2", "--yes"]);
    assert_eq!(back["received"]["amount"], "500");
    let held = home.json(&["balance", "dev:2", "--asset", &token]);
    assert_eq!(held["balances"][0]["amount"], "500");
    assert!(home.ok(&["wrap", "1", &token, "--from", "dev:0", "--yes"]).contains("Wrapped 1 "));
    let audit = [("wrap", "401"), ("unwrap", "2")];
    for (what, amount) in audit {
        assert!(home.fails(&[what, amount, &token, "--from", "dev:0", "--yes"]).contains("less than"), "{what}");
    }
}

#[test]
fn what_cannot_be_wrapped_says_why() {
    let node = Node::start();
    let home = &node.home;
    for (args, why) in [
        (["wrap", "1", "LIM"], "is no address"),
        (["wrap", "1", "0x00000000000000000000000000000000000000ab"], "no token"),
        (["wrap", "0", "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"], "zero"),
        (["unwrap", "1", "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"], "wrapped"),
    ] {
        let told = home.fails(&[&args[..], &["--from", "dev:0", "--yes"]].concat());
        assert!(told.contains(why), "{args:?}: {told}");
    }
}
