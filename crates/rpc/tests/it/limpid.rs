//! The chain's own namespace.

use crate::world::*;
use alloy_primitives::{Address, B256, Signature, U256, address, hex};
use alloy_sol_types::SolCall;
use limpid_abi::{IGateway, ITokenFactory, IUniswapV2Router02, addresses::Addresses};
use limpid_chain::{Genesis, Mining, header_signer};
use limpid_rpc::Config;
use serde_json::{Value, json};

const TO: Address = Address::repeat_byte(0x11);

pub(crate) fn coins(count: u64) -> U256 {
    U256::from(count) * U256::from(10).pow(U256::from(18))
}

/// Creates a token whose whole supply is the first account's, and gives its address.
pub(crate) fn token(world: &World, nonce: u64, symbol: &str) -> Address {
    let call_data = ITokenFactory::createTokenCall {
        name: format!("{symbol} coin"),
        symbol: symbol.to_owned(),
        decimals: 6,
        supply: coins(1_000_000),
    };
    let tx = alloy_consensus::TxEip1559 {
        gas_limit: 5_000_000,
        ..call(nonce, Addresses::default().token_factory, call_data.abi_encode())
    };
    assert_eq!(world.send(&sign(tx, &key(0)))["status"], "0x1");
    world.ask("limpid_tokens", json!([])).as_array().unwrap().last().unwrap()["address"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

pub(crate) fn pool(world: &World, nonce: u64, [first, second]: [Address; 2], amounts: [U256; 2]) {
    let call_data = IUniswapV2Router02::addLiquidityCall {
        tokenA: first,
        tokenB: second,
        amountADesired: amounts[0],
        amountBDesired: amounts[1],
        amountAMin: U256::ZERO,
        amountBMin: U256::ZERO,
        to: key(0).address(),
        deadline: U256::MAX,
    };
    let tx = alloy_consensus::TxEip1559 {
        gas_limit: 10_000_000,
        ..call(nonce, Addresses::default().router, call_data.abi_encode())
    };
    assert_eq!(world.send(&sign(tx, &key(0)))["status"], "0x1");
}

#[test]
fn status_contracts_and_layouts() {
    let world = World::new();
    let status = world.ask("limpid_status", json!([]));
    assert_eq!((&status["chainId"], &status["dev"]), (&json!("0x7a69"), &json!(true)));
    assert_eq!(status["coin"], json!({ "symbol": "LIM", "decimals": 18 }));
    let head = world.ask("eth_getBlockByNumber", json!(["latest"]));
    assert_eq!((&status["head"]["hash"], &status["head"]["number"]), (&head["hash"], &json!("0x0")));
    assert_ne!(status["rulesHash"], json!(B256::ZERO));
    assert_eq!(status["nextBaseFee"], world.ask("eth_baseFee", json!([])));

    let contracts = world.ask("limpid_contracts", json!([]));
    let contracts = contracts.as_array().unwrap();
    assert!(
        contracts.iter().any(|row| row["name"] == "router" && row["address"] == json!(Addresses::default().router))
    );
    let predeployed: Vec<_> = contracts.iter().filter(|row| row["native"] == false).collect();
    assert_eq!(predeployed.len(), 5);
    for row in contracts {
        let (name, summary) = (row["name"].as_str().unwrap(), row["summary"].as_str().unwrap());
        assert!(!["native contract", "code of the genesis", ""].contains(&summary), "{name} says what it does");
        assert_ne!(world.ask("eth_getCode", json!([row["address"]])), "0x", "{name}");
    }
    let layouts = world.ask("limpid_layout", json!([]));
    for layout in layouts.as_array().unwrap() {
        if !layout["address"].is_null() {
            assert_eq!(world.ask("eth_getCode", json!([layout["address"]])), layout["code"], "{}", layout["name"]);
        }
    }
    let token = layouts.as_array().unwrap().iter().find(|layout| layout["name"] == "token").unwrap();
    assert_eq!(token["fields"][0], json!({ "name": "ledger.balances", "tag": 1, "type": "Map<Address,U256>" }));
}

#[test]
fn the_operator_signs_every_block() {
    let world = World::new();
    world.send(&sign(transfer(0, TO, 7), &key(0)));
    for block in ["earliest", "latest"] {
        let signed = world.ask("limpid_blockSignature", json!([block]));
        assert_eq!(signed["hash"], world.ask("eth_getBlockByNumber", json!([block]))["hash"]);
        let bytes = alloy_primitives::hex::decode(signed["signature"].as_str().unwrap()).unwrap();
        let signer = header_signer(
            CHAIN,
            signed["hash"].as_str().unwrap().parse().unwrap(),
            &Signature::from_raw(&bytes).unwrap(),
        );
        assert_eq!(signed["signer"], json!(signer));
        assert_eq!(signer, world.node.genesis().operator);
    }
    let unsigned = World::serve(node(Genesis::new(CHAIN, 0), Mining::Manual), &Config::default());
    assert_eq!(unsigned.ask("limpid_blockSignature", json!(["latest"])), Value::Null);
    assert_eq!(world.refuse("limpid_blockSignature", json!(["0x63"])).0, -32000);
}

#[test]
fn a_follower_gets_the_genesis_and_blocks_with_signatures() {
    let world = World::new();
    for nonce in 0..3 {
        world.send(&sign(transfer(nonce, TO, 7), &key(0)));
    }
    let genesis: Genesis = serde_json::from_value(world.ask("limpid_genesis", json!([]))).unwrap();
    assert_eq!(&genesis, world.node.genesis());
    let given = world.ask("limpid_rawBlocks", json!(["0x1", 2]));
    let given = given.as_array().unwrap();
    assert_eq!(given.len(), 2);
    for (row, height) in given.iter().zip(["0x1", "0x2"]) {
        assert_eq!(row["block"], world.ask("debug_getRawBlock", json!([height])));
        assert_eq!(row["signature"], world.ask("limpid_blockSignature", json!([height]))["signature"]);
    }
    assert_eq!(world.ask("limpid_rawBlocks", json!(["0x0", 1_000])).as_array().unwrap().len(), 4);
    assert_eq!(world.ask("limpid_rawBlocks", json!(["0x4", 1])), json!([]));
}

#[test]
fn history_has_every_effect_and_pages_without_gaps() {
    let world = World::new();
    for nonce in 0..5 {
        world.send(&sign(transfer(nonce, TO, 7 + nonce), &key(0)));
    }
    let mut rows = Vec::new();
    let mut before = Value::Null;
    loop {
        let page = world.ask("limpid_history", json!([TO, { "limit": 2, "before": before }]));
        rows.extend(page["rows"].as_array().unwrap().clone());
        match page.get("next") {
            Some(next) => before = next.clone(),
            None => break,
        }
    }
    let amounts: Vec<_> = rows.iter().map(|row| row["amount"].clone()).collect();
    assert_eq!(amounts, ["0xb", "0xa", "0x9", "0x8", "0x7"], "newest first");
    for row in &rows {
        let incoming = (&json!("in"), &json!("transaction"), &json!("0x0"), &Value::Null, &json!(true));
        assert_eq!((&row["direction"], &row["kind"], &row["fee"], &row["asset"], &row["success"]), incoming);
        assert_eq!(row["counterparty"], json!(key(0).address()));
    }
    let mine = world.ask("limpid_history", json!([key(0).address(), { "limit": 1 }]))["rows"][0].clone();
    let receipt = world.ask("eth_getTransactionReceipt", json!([mine["txHash"]]));
    let number = |value: &Value| u128::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    assert_eq!(number(&mine["fee"]), number(&receipt["gasUsed"]) * number(&receipt["effectiveGasPrice"]));
    world.deploy(5, COUNTER);
    let created = world.ask("limpid_history", json!([key(0).address()]))["rows"][0].clone();
    assert_eq!((&created["kind"], &created["direction"]), (&json!("create"), &json!("out")));
    assert_eq!(world.ask("limpid_history", json!([Address::repeat_byte(0x77)])), json!({ "rows": [] }));
}

#[test]
fn tokens_and_quotes() {
    let world = World::new();
    let wrapped = world.ask("limpid_tokens", json!([]));
    assert_eq!(wrapped.as_array().unwrap().len(), 1);
    assert_eq!((&wrapped[0]["address"], &wrapped[0]["decimals"]), (&json!(Addresses::default().weth), &json!(18)));
    let (a, b, c) = (token(&world, 0, "AAA"), token(&world, 1, "BBB"), token(&world, 2, "CCC"));
    let tokens = world.ask("limpid_tokens", json!([]));
    assert_eq!(tokens.as_array().unwrap().len(), 4);
    let expected =
        json!({ "address": a, "name": "AAA coin", "symbol": "AAA", "decimals": 6, "totalSupply": coins(1_000_000) });
    assert_eq!(tokens[1], expected);
    assert_eq!(world.ask("limpid_tokens", json!([{ "offset": 1, "limit": 1 }]))[0]["symbol"], "BBB");

    let quote = |request: Value| world.ask("limpid_quote", json!([request]))["routes"].clone();
    assert_eq!(
        quote(json!({ "tokenIn": a, "tokenOut": c, "amount": "0x64", "kind": "exactIn" })),
        json!([]),
        "no pools"
    );
    pool(&world, 3, [a, b], [coins(100), coins(100)]);
    pool(&world, 4, [b, c], [coins(100), coins(200)]);
    let routes = quote(json!({ "tokenIn": a, "tokenOut": c, "amount": coins(1), "kind": "exactIn" }));
    assert_eq!(routes[0]["path"], json!([a, b, c]));
    // The router's own arithmetic is the judge.
    let amounts = IUniswapV2Router02::getAmountsOutCall { amountIn: coins(1), path: vec![a, b, c] }.abi_encode();
    let answer = world.ask(
        "eth_call",
        json!([{ "to": Addresses::default().router, "data": alloy_primitives::hex::encode_prefixed(amounts) }]),
    );
    let answer = alloy_primitives::hex::decode(answer.as_str().unwrap()).unwrap();
    let amounts = IUniswapV2Router02::getAmountsOutCall::abi_decode_returns(&answer).unwrap();
    assert_eq!(routes[0]["amounts"], json!(amounts));
    let impact = routes[0]["priceImpactBps"].as_u64().unwrap();
    assert!((150..250).contains(&impact), "1 of 100, twice: {impact}");
    // A new pool is seen at once, and a direct way that is better comes first.
    pool(&world, 5, [a, c], [coins(100), coins(220)]);
    let routes = quote(json!({ "tokenIn": a, "tokenOut": c, "amount": coins(1), "kind": "exactOut" }));
    assert_eq!(routes[0]["path"], json!([a, c]));
    assert_eq!(routes[0]["amounts"][1], json!(coins(1)));
    let direct = quote(json!({ "tokenIn": a, "tokenOut": c, "amount": coins(1), "kind": "exactIn", "maxHops": 1 }));
    assert_eq!(direct.as_array().unwrap().len(), 1);
    for bad in [
        json!({ "tokenIn": a, "tokenOut": c, "amount": "0x1", "kind": "exact" }),
        json!({ "tokenIn": a, "tokenOut": c, "amount": "0x1", "kind": "exactIn", "maxHops": 5 }),
        json!({ "tokenIn": a, "tokenOut": c, "amount": "0x1", "kind": "exactIn", "hops": 1 }),
        json!({ "tokenIn": a, "amount": "0x1", "kind": "exactIn" }),
    ] {
        assert_eq!(world.refuse("limpid_quote", json!([bad])).0, -32602, "{bad}");
    }
}

/// A token's ledger is made to say that the pool holds next to nothing: the audit must see it.
#[test]
fn the_audit_holds_and_finds_what_is_missing() {
    let world = World::new();
    let (a, b) = (token(&world, 0, "AAA"), token(&world, 1, "BBB"));
    pool(&world, 2, [a, b], [coins(100), coins(100)]);
    let audit = world.ask("limpid_audit", json!([]));
    assert_eq!((&audit["ok"], &audit["number"]), (&json!(true), &json!("0x3")));
    let checks = audit["checks"].as_array().unwrap();
    let of = |name: &str| checks.iter().filter(|check| check["contract"] == name).count();
    assert_eq!((of("pair"), of("weth"), of("fees")), (1, 1, 3), "every contract, every pair, every token's fees");

    let pair = checks.iter().find(|check| check["contract"] == "pair").unwrap()["address"].clone();
    let holder: Address = pair.as_str().unwrap().parse().unwrap();
    // `ledger.balances` has tag 1 (limpid_layout): the tag first in the slot, the holder last.
    let mut slot = [0u8; 32];
    slot[0] = 1;
    slot[12..].copy_from_slice(holder.as_slice());
    world.ask("anvil_setStorageAt", json!([a, B256::from(slot), B256::with_last_byte(1)]));
    let data = alloy_primitives::hex::encode_prefixed(limpid_abi::IERC20::balanceOfCall { owner: holder }.abi_encode());
    assert_eq!(
        world.ask("eth_call", json!([{ "to": a, "data": data }])),
        json!(B256::with_last_byte(1)),
        "the right slot"
    );
    let audit = world.ask("limpid_audit", json!([]));
    assert_eq!(audit["ok"], false);
    let broken: Vec<_> = audit["checks"].as_array().unwrap().iter().filter(|check| check["ok"] == false).collect();
    assert_eq!(broken.len(), 1);
    assert_eq!((&broken[0]["rule"], &broken[0]["address"]), (&json!("EX-2"), &pair));
    assert!(broken[0]["evidence"].as_str().unwrap().contains("holds 1 of"));
}

/// A token of a user's contract, told by how long its calldata is: `transferFrom` (100 bytes) adds to a pot, the
/// decimals (4 bytes) are 6, and everybody's balance is the pot.
const POT: [u8; 50] =
    hex!("60643618610018576044355f54015f5560015f5260205ff35b600436186100295760065f5260205ff35b5f545f5260205ff3");

/// The gateway's law is checked for every token that it has wrapped.
#[test]
fn the_audit_looks_at_wrapped_tokens() {
    let world = World::new();
    let pot = world.deploy(0, &POT);
    let gateway = Addresses::default().gateway;
    let wrap = IGateway::wrapCall { token: pot, amount: coins(5), to: TO, least: coins(5) };
    let tx = alloy_consensus::TxEip1559 { gas_limit: 8_000_000, ..call(1, gateway, wrap.abi_encode()) };
    assert_eq!(world.send(&sign(tx, &key(0)))["status"], "0x1");
    let found = |audit: &Value| {
        let about = |check: &&Value| check["contract"] == "gateway" && check["token"] == json!(pot);
        audit["checks"].as_array().unwrap().iter().find(about).unwrap().clone()
    };
    assert_eq!(found(&world.ask("limpid_audit", json!([])))["ok"], true);
    // `ledger.supply` has tag 2 (limpid_layout).
    let mut slot = [0u8; 32];
    slot[0] = 2;
    let wrapped = limpid_gateway::wrapped_address(gateway, pot);
    world.ask("anvil_setStorageAt", json!([wrapped, B256::from(slot), B256::from(coins(6))]));
    assert_eq!((&found(&world.ask("limpid_audit", json!([])))["rule"]), "GW-2");
}

#[test]
fn a_foreign_chain_says_that_it_has_none_of_it() {
    let genesis = Genesis { natives: false, ..Genesis::new(CHAIN, 0) };
    let world = World::serve(node(genesis, Mining::Manual), &Config::default());
    assert_eq!(world.ask("limpid_contracts", json!([])), json!([]));
    assert_eq!(world.ask("limpid_audit", json!([]))["checks"], json!([]));
    assert_eq!(world.refuse("limpid_tokens", json!([])), (-32000, "this chain has no native contracts".to_owned()));
    let request = json!({ "tokenIn": TO, "tokenOut": address!("0x0000000000000000000000000000000000000001"), "amount": "0x1", "kind": "exactIn" });
    assert_eq!(world.refuse("limpid_quote", json!([request])).0, -32000);
}
