//! What the explorer keeps besides blocks.

use crate::{
    reads::all,
    world::{ETHER, World, key},
};
use alloy_primitives::{TxKind, U256};
use limpid_abi::IToken;
use limpid_chain::{Genesis, Mining, Node, NodeOptions};
use serde_json::{Value, json};

#[test]
fn tokens_holders_and_transfers() {
    let world = World::new();
    let market = world.market();
    let token = market.token;
    let one = &world.get(&format!("/v1/tokens/{token}"))["item"];
    assert_eq!(
        (one["kind"].as_str(), one["symbol"].as_str(), &one["minter"]),
        (Some("native"), Some("USD"), &Value::Null)
    );
    assert_eq!(one["creator"]["address"], key(0).address().to_string());
    assert_eq!(one["supply"]["units"], format!("{}{}", 1_000_000, "0".repeat(18)));
    let holders = all(&world, &format!("/v1/tokens/{token}/holders"), 1);
    assert_eq!(holders, all(&world, &format!("/v1/tokens/{token}/holders"), 100));
    assert_eq!(one["holders"], holders.len());
    // All of the supply is somebody's.
    let units = |row: &Value| row["balance"]["units"].as_str().unwrap().parse::<U256>().unwrap();
    let sum: U256 = holders.iter().map(units).sum();
    assert_eq!(sum.to_string(), one["supply"]["units"]);
    let transfers = all(&world, &format!("/v1/tokens/{token}/transfers"), 2);
    assert_eq!(transfers, all(&world, &format!("/v1/tokens/{token}/transfers"), 100));
    assert_eq!(one["transfers"], transfers.len());
    let minted = transfers.last().unwrap();
    assert_eq!(
        (minted["from"]["label"].as_str(), &minted["quantity"]["units"]),
        (Some("nobody"), &one["supply"]["units"])
    );
    let listed = all(&world, "/v1/tokens", 1);
    let kinds: Vec<_> = listed.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "native").count(), 1);
    assert!(kinds.contains(&"coin") && kinds.contains(&"share"), "{kinds:?}");
    assert_eq!(world.refused("/v1/tokens/0x00000000000000000000000000000000000000aa").0, 404);
}

#[test]
fn holdings_and_positions() {
    let world = World::new();
    let market = world.market();
    let maker = key(0).address();
    let held = all(&world, &format!("/v1/addresses/{maker}/tokens"), 1);
    let tokens: Vec<_> = held.iter().map(|one| one["token"]["address"].as_str().unwrap().to_owned()).collect();
    assert!(tokens.contains(&market.token.to_string()) && tokens.contains(&market.pool.to_string()), "{tokens:?}");
    assert_eq!(world.get(&format!("/v1/addresses/{maker}"))["item"]["tokens"], held.len());
    let positions = all(&world, &format!("/v1/addresses/{maker}/positions"), 1);
    assert_eq!(positions.len(), 1);
    assert_eq!(positions[0]["pool"]["address"], market.pool.to_string());
    let share = held.iter().find(|one| one["token"]["address"] == market.pool.to_string()).unwrap();
    assert_eq!(positions[0]["shares"], share["balance"]);
    assert!(all(&world, &format!("/v1/addresses/{}/positions", key(1).address()), 10).is_empty());
}

#[test]
fn a_pool_s_figures_are_its_swaps() {
    let world = World::new();
    let market = world.market();
    let token = market.token;
    world.call(
        2,
        limpid_abi::addresses::Addresses::default().router,
        ETHER / 2,
        &crate::world::swap(limpid_abi::addresses::Addresses::default().weth, token, key(2).address(), U256::ZERO),
    );
    let swaps = all(&world, &format!("/v1/pools/{}/swaps", market.pool), 1);
    assert_eq!(swaps.len(), 2);
    let pool = &world.get(&format!("/v1/pools/{}", market.pool))["item"];
    assert_eq!((pool["swaps"].as_u64(), pool["day"]["swaps"].as_u64()), (Some(2), Some(2)));
    let zero = pool["token0"]["address"].as_str().unwrap();
    let side = |amounts: [&str; 2], asset: &str| -> U256 {
        let wanted = swaps.iter().flat_map(|swap| amounts.map(|side| &swap[side])).filter(|one| one["asset"] == asset);
        wanted.map(|one| one["units"].as_str().unwrap().parse::<U256>().unwrap()).sum()
    };
    assert_eq!(pool["day"]["volume0"]["units"], side(["in", "out"], zero).to_string());
    let fees = side(["in", "in"], zero) / U256::from(2) * U256::from(3) / U256::from(1_000);
    assert_eq!(pool["week"]["fees0"]["units"], fees.to_string());
    // An hour later it is history.
    world.later(3_601);
    let later = &world.get(&format!("/v1/pools/{}", market.pool))["item"];
    assert_eq!(
        (later["hour"]["swaps"].as_u64(), later["day"]["swaps"].as_u64(), later["swaps"].as_u64()),
        (Some(0), Some(2), Some(2))
    );
}

#[test]
fn allowances_are_live() {
    let world = World::new();
    let market = world.market();
    let (owner, spender) = (key(1).address(), key(3).address());
    let path = format!("/v1/addresses/{owner}/allowances");
    let given = all(&world, &path, 10);
    assert_eq!(given.len(), 1);
    let one = &given[0];
    assert_eq!(
        (one["token"]["address"].as_str(), one["spender"]["address"].as_str()),
        (Some(&*market.token.to_string()), Some(&*spender.to_string()))
    );
    assert_eq!(one["value"]["units"], (U256::from(5) * U256::from(ETHER)).to_string());
    assert_eq!(one["atRisk"], one["value"], "it holds more");
    let now = world.node.head().block.header.timestamp;
    let end = one["expiresAt"].as_u64().unwrap();
    assert!(end > now + 29 * 86_400 && end <= now + 30 * 86_400, "a person's allowance ends");
    // Part of it is used.
    let take = IToken::transferFromCall { from: owner, to: spender, value: U256::from(ETHER) };
    world.call(3, market.token, 0, &take);
    assert_eq!(all(&world, &path, 1)[0]["value"]["units"], (U256::from(4) * U256::from(ETHER)).to_string());
    // It ends by itself.
    world.later(31 * 86_400);
    let ended = &all(&world, &path, 1)[0];
    assert_eq!((ended["expired"].as_bool(), ended["atRisk"]["units"].as_str()), (Some(true), Some("0")));
    // It is taken back.
    world.call(1, market.token, 0, &IToken::approveCall { spender, value: U256::ZERO });
    assert_eq!(all(&world, &path, 1), Vec::<Value>::new());
    // Without limit.
    world.call(1, market.token, 0, &IToken::approveCall { spender, value: U256::MAX });
    let one = &all(&world, &path, 1)[0];
    assert_eq!((one["unlimited"].as_bool(), &one["atRisk"]), (Some(true), &one["balance"]));
}

#[test]
fn dust_and_lookalikes_are_folded() {
    let world = World::new();
    let market = world.market();
    let owner = key(1).address();
    // The owner pays a friend; an attacker with an address that looks like the friend's sends nothing.
    let friend = key(5).address();
    world.send(1, TxKind::Call(friend), 1_000, Vec::new());
    let mut twin = friend.into_array();
    twin[10] ^= 1;
    let twin = alloy_primitives::Address::from(twin);
    let nothing = IToken::transferFromCall { from: owner, to: twin, value: U256::ZERO };
    let (_, receipt) = world.send(6, TxKind::Call(market.token), 0, alloy_sol_types::SolCall::abi_encode(&nothing));
    assert!(receipt.success, "anybody can move nothing");
    let history = all(&world, &format!("/v1/addresses/{owner}/history"), 100);
    assert_eq!(history[0]["folded"], "lookalike");
    assert_eq!(history[0]["counterparty"]["address"], twin.to_string());
    assert!(history[1..].iter().all(|row| row["folded"].is_null()), "the owner's own are shown");
}

#[test]
fn without_the_index_the_rest_is_there() {
    let options = NodeOptions { mining: Mining::Manual, explorer: false, ..NodeOptions::dev() };
    let world = World::serve(Node::in_memory(Genesis::dev(crate::world::CHAIN), options).unwrap());
    let market = world.market();
    let status = world.get("/v1/status");
    assert_eq!(
        (&status["transactions"], &status["features"]),
        (&Value::Null, &json!({ "index": false, "analytics": false }))
    );
    for path in [
        format!("/v1/addresses/{}/history", key(1).address()),
        format!("/v1/pools/{}", market.pool),
        format!("/v1/transactions/{}", market.swap),
    ] {
        world.get(&path);
    }
    for path in [
        "/v1/tokens".to_owned(),
        format!("/v1/pools/{}/swaps", market.pool),
        format!("/v1/addresses/{}/allowances", key(1).address()),
    ] {
        let (status, code, message) = world.refused(&path);
        assert_eq!((status, code.as_str()), (503, "unavailable"), "{path}");
        assert!(message.contains("limpid index rebuild"), "{message}");
    }
}

/// Init code of runtime that does `body` whenever it is called.
fn deployment(body: &[u8]) -> Vec<u8> {
    let size = u8::try_from(body.len()).unwrap();
    [&[0x60, size, 0x80, 0x60, 9, 0x5f, 0x39, 0x5f, 0xf3][..], body].concat()
}

#[test]
fn tokens_that_lie_loop_or_are_silent_cost_their_own_row() {
    let world = World::new();
    world.market();
    // Logs a transfer from its caller to it of as much as there can be, then goes on for ever if it is asked anything.
    let log = [
        &[0x5f, 0x19, 0x5f, 0x52][..], // MSTORE(0, NOT(0))
        &[0x33, 0x33, 0x7f][..],       // CALLER, CALLER, PUSH32
        &alloy_primitives::hex!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")[..],
        &[0x60, 0x20, 0x5f, 0xa3][..], // LOG3(0, 32, ..)
    ]
    .concat();
    // CALLDATASIZE, PUSH1 end, JUMPI, <log>, STOP, end: JUMPDEST, PUSH1 end, JUMP
    let end = u8::try_from(4 + log.len() + 1).unwrap();
    let looping = [&[0x36, 0x60, end, 0x57][..], &log, &[0x00, 0x5b, 0x60, end, 0x56]].concat();
    let (_, receipt) = world.send(7, TxKind::Create, 0, deployment(&looping));
    let token = receipt.created.unwrap();
    let (_, receipt) = world.send(7, TxKind::Call(token), 0, Vec::new());
    assert_eq!(receipt.logs.len(), 1);
    let listed = all(&world, "/v1/tokens", 100);
    let odd = listed.iter().find(|one| one["token"]["address"] == token.to_string()).unwrap();
    assert_eq!((odd["kind"].as_str(), &odd["symbol"], &odd["supply"]), (Some("foreign"), &Value::Null, &Value::Null));
    assert!(listed.iter().any(|one| one["symbol"] == "USD"), "the others are there");
    let history = all(&world, &format!("/v1/addresses/{}/history", key(7).address()), 100);
    assert!(
        history
            .iter()
            .any(|row| row["quantity"]["asset"] == token.to_string() && row["quantity"]["decimals"].is_null())
    );
    assert_eq!(all(&world, &format!("/v1/tokens/{token}/transfers"), 10).len(), 1);
    assert_eq!(all(&world, &format!("/v1/tokens/{token}/holders"), 10), Vec::<Value>::new(), "from and to are one");
}
