//! Each kind of action and each refusal of the table (AL-1, AL-2).

use crate::world::*;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolError};
use limpid_abi::{
    IActions, IERC20,
    IExchangeActions::{addLiquidityCall, buyCall, removeLiquidityCall, sellCall},
    IListActions::{sendCall, settleCall, takeCall, untilCall, unwrapCoinCall, wrapCoinCall},
    IToken, IUniswapV2Router02, actions, errors,
};
use limpid_actions::MOST_ACTIONS;
use limpid_native::actions::{ALL, COIN};

const ALICE: Address = PEOPLE[1];
const BOB: Address = PEOPLE[2];

fn take(token: Address, amount: u64) -> IActions::Action {
    action(takeCall { token, amount: units(amount) })
}

fn settle(token: Address) -> IActions::Action {
    action(settleCall { token, least: ZERO })
}

fn sell_all(token_in: Address, token_out: Address) -> IActions::Action {
    action(sellCall { tokenIn: token_in, tokenOut: token_out, amountIn: ALL, least: ZERO })
}

#[test]
fn a_swap_in_a_list_is_the_routers_to_the_wei() {
    let (mut listed, mut routed) = (World::new(), World::new());
    let list = vec![
        action(untilCall { deadline: DEADLINE }),
        take(TOKENS[0], 12_345),
        sell_all(TOKENS[0], TOKENS[1]),
        sell_all(TOKENS[1], TOKENS[2]),
        settle(TOKENS[2]),
    ];
    let results = listed.ok(ALICE, 0, list);
    let call = IUniswapV2Router02::swapExactTokensForTokensCall {
        amountIn: units(12_345),
        amountOutMin: ZERO,
        path: TOKENS.to_vec(),
        to: ALICE,
        deadline: DEADLINE,
    };
    let outcome = routed.must(ALICE, routed.at.router, call);
    let amounts = IUniswapV2Router02::swapExactTokensForTokensCall::abi_decode_returns(&outcome.output).unwrap();
    assert_eq!(settleCall::abi_decode_returns(&results[4]).unwrap(), amounts[2]);
    assert_eq!(sellCall::abi_decode_returns(&results[2]).unwrap(), amounts[1]);
    for token in TOKENS {
        assert_eq!(listed.held(token, ALICE), routed.held(token, ALICE));
    }
    assert_eq!(listed.native_state(), routed.native_state(), "no other slot differs");
    assert!(listed.left_behind().iter().all(U256::is_zero));
}

#[test]
fn an_exact_purchase_is_the_routers_to_the_wei() {
    let (mut listed, mut routed) = (World::new(), World::new());
    let (token_in, token_out) = (TOKENS[0], TOKENS[1]);
    let buy = buyCall { tokenIn: token_in, tokenOut: token_out, amountOut: units(777), most: units(900) };
    let results =
        listed.ok(ALICE, 0, vec![take(token_in, 900), action(buy.clone()), settle(token_out), settle(token_in)]);
    let call = IUniswapV2Router02::swapTokensForExactTokensCall {
        amountOut: units(777),
        amountInMax: units(900),
        path: vec![token_in, token_out],
        to: ALICE,
        deadline: DEADLINE,
    };
    routed.must(ALICE, routed.at.router, call);
    for token in TOKENS {
        assert_eq!(listed.held(token, ALICE), routed.held(token, ALICE));
    }
    let needed = buyCall::abi_decode_returns(&results[1]).unwrap();
    let most = needed - U256::from(1);
    let dear = vec![take(token_in, 900), action(buyCall { most, ..buy })];
    World::new().refused(ALICE, 0, dear, IActions::TooMuch { amount: needed, most });
}

#[test]
fn coin_goes_in_as_coin_and_out_as_coin() {
    let mut world = World::new();
    let (weth, before) = (world.at.weth, world.chain.balance(BOB));
    let list = vec![
        action(wrapCoinCall { amount: units(4_000) }),
        sell_all(weth, TOKENS[0]),
        sell_all(TOKENS[0], weth),
        action(unwrapCoinCall { amount: ALL }),
        action(sendCall { token: COIN, to: BOB, amount: units(3_000), least: units(3_000) }),
        settle(COIN),
    ];
    let (outcome, _) = world.run(ALICE, 5_000, list);
    assert!(outcome.success, "{outcome:?}");
    assert_eq!(world.chain.balance(BOB) - before, units(3_000));
    let paid: Vec<_> = outcome.moves.iter().map(|one| (one.from == world.at.actions, one.to)).collect();
    assert_eq!(paid.last(), Some(&(true, ALICE)), "what is left goes back: {paid:?}");
    assert!(world.left_behind().iter().all(U256::is_zero));
    world.audit();
}

#[test]
fn liquidity_goes_in_and_out() {
    let mut world = World::new();
    let (a, b) = (TOKENS[0], TOKENS[1]);
    let pool = world.pool(a, b);
    let add =
        |to| addLiquidityCall { tokenA: a, tokenB: b, amountA: ALL, amountB: units(5_000), least: units(4_000), to };
    let results = world.ok(
        ALICE,
        0,
        vec![take(a, 4_000), take(b, 6_000), action(add(Address::ZERO)), settle(b), settle(a), settle(pool)],
    );
    let added = addLiquidityCall::abi_decode_returns(&results[2]).unwrap();
    assert_eq!((added.usedA, added.usedB, added.shares), (units(4_000), units(4_000), units(4_000)));
    assert_eq!(world.held(pool, ALICE), units(1_004_000));
    // To somebody else at once.
    world.ok(ALICE, 0, vec![take(a, 5_000), take(b, 5_000), action(add(BOB))]);
    assert_eq!(world.held(pool, BOB), units(5_000));
    let remove = removeLiquidityCall { tokenA: b, tokenB: a, shares: ALL, leastA: units(4_000), leastB: units(4_000) };
    let results = world.ok(ALICE, 0, vec![take(pool, 4_000), action(remove), settle(a), settle(b)]);
    let removed = removeLiquidityCall::abi_decode_returns(&results[1]).unwrap();
    assert_eq!((removed.amountA, removed.amountB), (units(4_000), units(4_000)));
    assert_eq!(world.held(pool, ALICE), units(1_000_000));
    let all = vec![action(takeCall { token: pool, amount: ALL }), settle(pool)];
    let results = world.ok(ALICE, 0, all);
    assert_eq!(settleCall::abi_decode_returns(&results[1]).unwrap(), units(1_000_000));
    assert!(world.left_behind().iter().all(U256::is_zero));
    world.audit();
}

#[test]
fn minima_are_kept() {
    let mut world = World::new();
    let (a, b, pool) = (TOKENS[0], TOKENS[1], world.pool(TOKENS[0], TOKENS[1]));
    let sell = |least| action(sellCall { tokenIn: a, tokenOut: b, amountIn: units(1_000), least: units(least) });
    world.refused(
        ALICE,
        0,
        vec![take(a, 1_000), sell(997)],
        IActions::TooLittle { amount: units(996), least: units(997) },
    );
    world.ok(ALICE, 0, vec![take(a, 1_000), sell(996), settle(b)]);
    let settle_least = action(settleCall { token: a, least: units(11) });
    world.refused(
        ALICE,
        0,
        vec![take(a, 10), settle_least],
        IActions::TooLittle { amount: units(10), least: units(11) },
    );
    let send = action(sendCall { token: a, to: BOB, amount: ALL, least: units(11) });
    world.refused(ALICE, 0, vec![take(a, 10), send], IActions::TooLittle { amount: units(10), least: units(11) });
    let add = addLiquidityCall { tokenA: a, tokenB: b, amountA: ALL, amountB: ALL, least: units(500_000), to: ALICE };
    let (outcome, _) = world.run(ALICE, 0, vec![take(a, 1_000), take(b, 1_000), action(add)]);
    assert_eq!(outcome.output[..4], IActions::TooLittle::SELECTOR);
    let shares = world.held(pool, PEOPLE[0]);
    let remove = removeLiquidityCall { tokenA: a, tokenB: b, shares: units(100), leastA: units(100), leastB: shares };
    let (outcome, _) = world.run(PEOPLE[0], 0, vec![take(pool, 100), action(remove)]);
    assert_eq!(outcome.output[..4], IActions::TooLittle::SELECTOR);
}

#[test]
fn a_list_ends_with_nothing() {
    let mut world = World::new();
    let token = TOKENS[0];
    world.refused(ALICE, 0, vec![take(token, 5)], IActions::NotSettled { token, amount: units(5) });
    world.refused(ALICE, 7, vec![], IActions::NotSettled { token: COIN, amount: units(7) });
    let part = action(sendCall { token, to: BOB, amount: units(4), least: ZERO });
    world.refused(ALICE, 0, vec![take(token, 5), part], IActions::NotSettled { token, amount: units(1) });
    assert!(world.ok(ALICE, 0, vec![]).is_empty());
}

/// AL-2: what somebody gave this contract is nobody's to use.
#[test]
fn an_action_uses_what_the_session_holds_and_no_more() {
    let mut world = World::new();
    let (token, actions, pool) = (TOKENS[0], world.at.actions, world.pool(TOKENS[0], TOKENS[1]));
    for gift in [token, pool, TOKENS[1]] {
        world.must(PEOPLE[0], gift, IERC20::transferCall { to: actions, value: units(1_000) });
    }
    let before = world.left_behind();
    let (held, needed) = (ZERO, units(10));
    let send = action(sendCall { token, to: BOB, amount: needed, least: ZERO });
    world.refused(ALICE, 0, vec![send], IActions::NotHeld { token, held, needed });
    let sell = action(sellCall { tokenIn: token, tokenOut: TOKENS[1], amountIn: needed, least: ZERO });
    world.refused(ALICE, 0, vec![sell], IActions::NotHeld { token, held, needed });
    let remove = removeLiquidityCall { tokenA: token, tokenB: TOKENS[1], shares: needed, leastA: ZERO, leastB: ZERO };
    world.refused(ALICE, 0, vec![action(remove)], IActions::NotHeld { token: pool, held, needed });
    let unwrap = action(unwrapCoinCall { amount: needed });
    world.refused(ALICE, 0, vec![unwrap], IActions::NotHeld { token: world.at.weth, held, needed });
    let wrap = action(wrapCoinCall { amount: needed });
    world.refused(ALICE, 3, vec![wrap], IActions::NotHeld { token: COIN, held: units(3), needed });
    // All that is held is all that was taken, not all that is there.
    world.ok(ALICE, 0, vec![take(token, 6), settle(token)]);
    assert_eq!(world.left_behind(), before);
}

#[test]
fn the_table_of_errors() {
    let mut world = World::new();
    let token = TOKENS[0];
    let most = MOST_ACTIONS;
    let until = || action(untilCall { deadline: DEADLINE });
    world.ok(ALICE, 0, (0..most).map(|_| until()).collect());
    let many = IActions::TooManyActions { given: U256::from(most + 1), most: U256::from(most) };
    world.refused(ALICE, 0, (0..=most).map(|_| until()).collect(), many);
    let deadline = U256::from(world.chain.block.timestamp - 1);
    world.refused(ALICE, 0, vec![action(untilCall { deadline })], IActions::Expired { deadline });
    let now = U256::from(world.chain.block.timestamp);
    world.ok(ALICE, 0, vec![action(untilCall { deadline: now })]);
    let kind = [1, 2, 3, 4].into();
    world.refused(ALICE, 0, vec![IActions::Action { kind, data: Bytes::new() }], IActions::UnknownAction { kind });
    for data in [Bytes::new(), vec![0; 63].into(), vec![0xff; 64].into()] {
        let kind = takeCall::SELECTOR.into();
        world.refused(ALICE, 0, vec![IActions::Action { kind, data }], errors::BadCalldata {});
    }
    world.refused(ALICE, 5, vec![take(COIN, 5)], IActions::CoinIsSentAlong {});
    let foreign = Address::repeat_byte(0x99);
    world.refused(ALICE, 0, vec![take(foreign, 5)], errors::WrapFirst { token: foreign });
    world.refused(ALICE, 0, vec![sell_all(token, foreign)], errors::WrapFirst { token: foreign });
    let (a, b) = (TOKENS[1], world.at.weth);
    for (a, b) in [(a, b), (a, a), (a, COIN), (COIN, a)] {
        world.refused(ALICE, 0, vec![sell_all(a, b)], IActions::NoPool { tokenA: a, tokenB: b });
    }
    for receiver in [Address::ZERO, world.at.actions, token] {
        let send = action(sendCall { token, to: receiver, amount: ALL, least: ZERO });
        world.refused(ALICE, 0, vec![take(token, 5), send], IToken::ERC20InvalidReceiver { receiver });
    }
    let broke = Address::repeat_byte(0x44);
    let error = IToken::ERC20InsufficientBalance { sender: broke, balance: ZERO, needed: units(5) };
    world.refused(broke, 0, vec![take(token, 5)], error);
}

/// The published interfaces and what the registry knows are the same.
#[test]
fn every_published_kind_is_known_and_no_other() {
    let world = World::new();
    let registry = &world.chain.rules.registry;
    let mut published: Vec<_> = actions()
        .iter()
        .flat_map(|interface| interface.abi().functions().map(|f| f.selector().0).collect::<Vec<_>>())
        .collect();
    let mut known: Vec<_> =
        registry.entries().iter().flat_map(|entry| entry.actions).map(|kind| kind.selector).collect();
    for list in [&mut published, &mut known] {
        list.sort_unstable();
    }
    assert_eq!(published, known);
    known.dedup();
    assert_eq!(published, known, "no two kinds have one selector");
}
