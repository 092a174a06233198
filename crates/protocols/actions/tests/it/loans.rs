//! Loans of pools within a list (AL-4): Uniswap V2's flash swap without the callback.

use crate::world::*;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{Revert, SolCall};
use limpid_abi::{
    IActions,
    IExchangeActions::{addLiquidityCall, borrowCall, removeLiquidityCall, repayCall, sellCall},
    IListActions::{settleCall, takeCall},
};
use limpid_native::actions::ALL;

const ALICE: Address = PEOPLE[1];
const A: Address = TOKENS[0];
const B: Address = TOKENS[1];
const C: Address = TOKENS[2];

fn take(token: Address, amount: u64) -> IActions::Action {
    action(takeCall { token, amount: units(amount) })
}

fn settle(token: Address) -> IActions::Action {
    action(settleCall { token, least: ZERO })
}

fn borrow(amount_a: u64, amount_b: u64) -> IActions::Action {
    action(borrowCall { tokenA: A, tokenB: B, amountA: units(amount_a), amountB: units(amount_b) })
}

fn repay(amount_a: u64, amount_b: u64) -> IActions::Action {
    action(repayCall { tokenA: A, tokenB: B, amountA: units(amount_a), amountB: units(amount_b) })
}

fn sell(token_in: Address, token_out: Address) -> IActions::Action {
    action(sellCall { tokenIn: token_in, tokenOut: token_out, amountIn: ALL, least: ZERO })
}

fn product(world: &World, pool: Address) -> U256 {
    let now = world.read(pool, limpid_abi::IUniswapV2Pair::getReservesCall {});
    U256::from(now.reserve0) * U256::from(now.reserve1)
}

#[test]
fn a_loan_costs_its_fee() {
    let mut world = World::new();
    let pool = world.pool(A, B);
    let before = product(&world, pool);
    // ⌊100,000 · 1000 / 997⌋ + 1
    let results = world.ok(ALICE, 0, vec![borrow(100_000, 0), take(A, 301), repay(0, 0)]);
    let paid = repayCall::abi_decode_returns(&results[2]).unwrap();
    assert_eq!((paid.paidA, paid.paidB), (units(100_301), ZERO));
    assert!(product(&world, pool) >= before, "EX-1");
    world.audit();
    assert!(world.left_behind().iter().all(U256::is_zero));
    // One unit less is refused in Uniswap's words.
    world.refused(ALICE, 0, vec![borrow(100_000, 0), take(A, 300), repay(100_300, 0)], Revert::from("UniswapV2: K"));
}

#[test]
fn both_tokens_may_be_lent_and_either_repaid() {
    let mut world = World::new();
    let pool = world.pool(A, B);
    let before = product(&world, pool);
    world.ok(ALICE, 0, vec![borrow(50_000, 70_000), take(A, 151), take(B, 211), repay(0, 0)]);
    assert!(product(&world, pool) >= before);
    // Repaid in the other token, a loan is a swap whose payment comes later: at the swap's price.
    let (mut lent, mut sold) = (World::new(), World::new());
    lent.ok(ALICE, 0, vec![borrow(0, 996), settle(B), take(A, 1_000), repay(1_000, 0)]);
    sold.ok(ALICE, 0, vec![take(A, 1_000), sell(A, B), settle(B)]);
    for token in [A, B] {
        assert_eq!(lent.held(token, ALICE), sold.held(token, ALICE));
    }
    assert_eq!(lent.native_state(), sold.native_state());
}

#[test]
fn a_list_that_leaves_a_loan_open_does_not_end() {
    let mut world = World::new();
    let pool = world.pool(A, B);
    world.refused(ALICE, 0, vec![borrow(1_000, 0), settle(A)], IActions::NotRepaid { pool });
    let closed_and_opened = vec![take(A, 100), borrow(1_000, 0), repay(0, 0), borrow(1_000, 0), settle(A)];
    world.refused(ALICE, 0, closed_and_opened, IActions::NotRepaid { pool });
    world.refused(ALICE, 0, vec![repay(0, 0)], IActions::NothingLent { pool });
    world.refused(
        ALICE,
        0,
        vec![take(A, 5), borrow(1_000, 0), repay(0, 0), repay(0, 0)],
        IActions::NothingLent { pool },
    );
    // The next transaction finds the pool as it was, and open.
    world.ok(ALICE, 0, vec![take(A, 100), sell(A, B), settle(B)]);
}

/// Until it is repaid a pool does nothing: neither trade, nor mint, nor redeem, nor lend again.
#[test]
fn a_lent_pool_does_nothing_else() {
    let mut world = World::new();
    let pool = world.pool(A, B);
    let add =
        addLiquidityCall { tokenA: A, tokenB: B, amountA: units(100), amountB: units(100), least: ZERO, to: ALICE };
    let remove = removeLiquidityCall { tokenA: A, tokenB: B, shares: units(100), leastA: ZERO, leastB: ZERO };
    world.must(PEOPLE[0], pool, limpid_abi::IERC20::transferCall { to: ALICE, value: units(100) });
    for tried in [sell(A, B), sell(B, A), borrow(5, 5), action(add), action(remove)] {
        let list = vec![take(pool, 100), take(A, 5_000), take(B, 5_000), borrow(1_000, 0), tried];
        world.refused(ALICE, 0, list, IActions::PoolIsLent { pool });
    }
}

#[test]
fn several_pools_lend_in_one_list() {
    let mut world = World::new();
    let other = action(borrowCall { tokenA: B, tokenB: C, amountA: units(500), amountB: ZERO });
    let back = action(repayCall { tokenA: B, tokenB: C, amountA: ZERO, amountB: ZERO });
    world.ok(ALICE, 0, vec![borrow(900, 0), other, take(A, 3), take(B, 2), back, repay(0, 0)]);
    world.audit();
}

/// What flash liquidity is for: a price difference between pools is taken without owning anything.
#[test]
fn an_arbitrage_needs_nothing_of_its_own() {
    let mut world = World::new();
    // Somebody makes C cheap in A: the way A -> B -> C -> A now pays less than the way A -> C -> B -> A.
    world.ok(PEOPLE[0], 0, vec![take(C, 2_000_000), sell(C, A), settle(A)]);
    let before = world.held(A, ALICE);
    let way = vec![borrow(400_000, 0), sell(A, C), sell(C, B), sell(B, A)];
    // The pool (A, B) is lent, so the last leg cannot be there: repay in B instead.
    let pool = world.pool(A, B);
    world.refused(ALICE, 0, way, IActions::PoolIsLent { pool });
    let results = world.ok(ALICE, 0, vec![borrow(400_000, 0), sell(A, C), sell(C, B), repay(0, 420_000), settle(B)]);
    let gained = settleCall::abi_decode_returns(&results[4]).unwrap();
    assert!(gained > units(50_000), "{gained}");
    assert_eq!(world.held(A, ALICE), before);
    world.audit();
    for token in [A, B, C] {
        assert_eq!(world.held(token, world.at.actions), ZERO);
    }
}

#[test]
fn a_pool_lends_what_it_has_and_no_more() {
    let mut world = World::new();
    let short = || Revert::from("UniswapV2: INSUFFICIENT_LIQUIDITY");
    world.refused(ALICE, 0, vec![borrow(POOL_SIZE, 0)], short());
    world.refused(ALICE, 0, vec![borrow(POOL_SIZE + 1, 0)], short());
    world.refused(ALICE, 0, vec![borrow(0, 0)], Revert::from("UniswapV2: INSUFFICIENT_OUTPUT_AMOUNT"));
    let fee = 30_091u64; // of the whole but one, rounded up
    world.ok(ALICE, 0, vec![borrow(POOL_SIZE - 1, 0), take(A, fee), repay(0, 0), settle(A)]);
}
