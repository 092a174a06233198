//! Random lists: the numbered invariants after each, and each against the same steps one by one.

use crate::world::*;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use limpid_abi::{IActions, IExchangeActions as X, IListActions as L, IUniswapV2Pair, IUniswapV2Router02};
use limpid_native::actions::{ALL, COIN};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Take(usize, u64),
    Sell(usize, bool, Option<u64>),
    Buy(usize, bool, u64),
    Add(usize, u64, u64, bool),
    Remove(usize, u64),
    Borrow(usize, u64, u64),
    Repay(usize, u64, u64),
    WrapCoin(u64),
    UnwrapCoin(u64),
    Send(usize, usize, u64),
}

/// Tokens 0 to 2, then wrapped coin.
fn token(world: &World, index: usize) -> Address {
    TOKENS.get(index).copied().unwrap_or(world.at.weth)
}

/// The tokens of a pool: the three of [`POOLS`], then token 0 and wrapped coin.
fn sides(world: &World, pool: usize) -> (Address, Address) {
    let (a, b) = POOLS.get(pool).copied().unwrap_or((0, 3));
    (token(world, a), token(world, b))
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![1 => 0u64..3, 4 => 1u64..3_000, 1 => 1u64..100_000]
}

fn step() -> impl Strategy<Value = Step> {
    let pool = || 0usize..4;
    let all_or = prop_oneof![1 => Just(None), 2 => amount().prop_map(Some)];
    prop_oneof![
        2 => (0usize..3, amount()).prop_map(|(t, n)| Step::Take(t, n)),
        4 => (pool(), any::<bool>(), all_or).prop_map(|(p, way, n)| Step::Sell(p, way, n)),
        3 => (pool(), any::<bool>(), amount()).prop_map(|(p, way, n)| Step::Buy(p, way, n)),
        2 => (pool(), amount(), amount(), any::<bool>()).prop_map(|(p, a, b, keep)| Step::Add(p, a, b, keep)),
        2 => (pool(), amount()).prop_map(|(p, n)| Step::Remove(p, n)),
        2 => (pool(), amount(), amount()).prop_map(|(p, a, b)| Step::Borrow(p, a, b)),
        1 => (pool(), amount(), amount()).prop_map(|(p, a, b)| Step::Repay(p, a * (a % 2), b * (b % 2))),
        1 => amount().prop_map(Step::WrapCoin),
        1 => amount().prop_map(Step::UnwrapCoin),
        1 => (0usize..4, 0usize..3, amount()).prop_map(|(t, w, n)| Step::Send(t, w, n)),
    ]
}

fn encode(world: &World, by: Address, step: &Step) -> Vec<IActions::Action> {
    let of = |pool| sides(world, pool);
    let way = |pool, forth| {
        let (a, b) = of(pool);
        if forth { (a, b) } else { (b, a) }
    };
    vec![match *step {
        Step::Take(t, n) => action(L::takeCall { token: token(world, t), amount: units(n) }),
        Step::Sell(p, forth, n) => {
            let ((tokenIn, tokenOut), amountIn) = (way(p, forth), n.map_or(ALL, units));
            action(X::sellCall { tokenIn, tokenOut, amountIn, least: ZERO })
        }
        Step::Buy(p, forth, n) => {
            let (tokenIn, tokenOut) = way(p, forth);
            action(X::buyCall { tokenIn, tokenOut, amountOut: units(n), most: U256::MAX })
        }
        Step::Add(p, a, b, keep) => {
            let (tokenA, tokenB) = of(p);
            let to = if keep { Address::ZERO } else { by };
            action(X::addLiquidityCall { tokenA, tokenB, amountA: units(a), amountB: units(b), least: ZERO, to })
        }
        Step::Remove(p, n) => {
            let (tokenA, tokenB) = of(p);
            let shares = action(L::takeCall { token: world.pool(tokenA, tokenB), amount: units(n) });
            let remove = X::removeLiquidityCall { tokenA, tokenB, shares: ALL, leastA: ZERO, leastB: ZERO };
            return vec![shares, action(remove)];
        }
        Step::Borrow(p, a, b) => {
            let (tokenA, tokenB) = of(p);
            action(X::borrowCall { tokenA, tokenB, amountA: units(a), amountB: units(b) })
        }
        Step::Repay(p, a, b) => {
            let (tokenA, tokenB) = of(p);
            action(X::repayCall { tokenA, tokenB, amountA: units(a), amountB: units(b) })
        }
        Step::WrapCoin(n) => action(L::wrapCoinCall { amount: units(n) }),
        Step::UnwrapCoin(n) => action(L::unwrapCoinCall { amount: units(n) }),
        Step::Send(t, w, n) => {
            action(L::sendCall { token: token(world, t), to: PEOPLE[w], amount: units(n), least: ZERO })
        }
    }]
}

/// Enough of everything first, wrapped coin too.
fn beginning() -> Vec<IActions::Action> {
    let take = |token| action(L::takeCall { token, amount: units(200_000) });
    TOKENS.map(take).into_iter().chain([action(L::wrapCoinCall { amount: units(100_000) })]).collect()
}

/// Repays what may be lent, then hands everything back.
fn ending(world: &World, steps: &[Step]) -> Vec<IActions::Action> {
    let mut lent = [false; 4];
    for step in steps {
        match step {
            Step::Borrow(p, ..) => lent[*p] = true,
            Step::Repay(p, ..) => lent[*p] = false,
            _ => {}
        }
    }
    let open = (0..4).filter(|pool| lent[*pool]);
    let repaid = open.flat_map(|pool| encode(world, PEOPLE[1], &Step::Repay(pool, 0, 0)));
    let everything = TOKENS.into_iter().chain(world.pools()).chain([world.at.weth, COIN]);
    repaid.chain(everything.map(|token| action(L::settleCall { token, least: ZERO }))).collect()
}

fn holdings(world: &World, who: Address) -> Vec<U256> {
    let tokens = TOKENS.into_iter().chain(world.pools()).chain([world.at.weth]);
    tokens.map(|token| world.held(token, who)).collect()
}

fn products(world: &World) -> Vec<U256> {
    let product = |pool| {
        let now = world.read(pool, IUniswapV2Pair::getReservesCall {});
        let supply = world.read(pool, IUniswapV2Pair::totalSupplyCall {});
        // Per share squared, so that deposits and withdrawals can be compared; scaled against rounding.
        U256::from(now.reserve0) * U256::from(now.reserve1) * units(1_000_000) / (supply * supply)
    };
    world.pools().into_iter().map(product).collect()
}

fn cases() -> u32 {
    std::env::var("LIMPID_ACTIONS_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_after_every_list(lists in prop::collection::vec(prop::collection::vec(step(), 1..8), 1..8)) {
        let mut world = World::new();
        let me = PEOPLE[1];
        for steps in &lists {
            let mut list = beginning();
            list.extend(steps.iter().flat_map(|step| encode(&world, me, step)));
            list.extend(ending(&world, steps));
            let (others, before) = (PEOPLE.map(|who| holdings(&world, who)), products(&world));
            let (outcome, diff) = world.run(me, 150_000, list);
            // AL-1, AL-3, AL-4, EX-1, EX-2.
            prop_assert!(world.left_behind().iter().all(U256::is_zero));
            world.audit();
            for (before, after) in before.iter().zip(products(&world)) {
                prop_assert!(after >= *before, "a pool lost: {} < {}", after, before);
            }
            for (index, who) in PEOPLE.into_iter().enumerate().filter(|(_, who)| *who != me) {
                for (before, after) in others[index].iter().zip(holdings(&world, who)) {
                    prop_assert!(after >= *before, "somebody else was debited");
                }
            }
            if !outcome.success {
                untouched(me, &outcome, &diff); // AL-6
            }
        }
    }

    /// AL-5: sales one after another in a list are what the router makes of them one call at a time.
    #[test]
    fn a_list_is_worth_its_steps(sales in prop::collection::vec((0usize..3, 1usize..3, 1u64..200_000), 1..10)) {
        let (mut listed, mut routed) = (World::new(), World::new());
        let me = PEOPLE[1];
        let mut list = Vec::new();
        for (from, by, amount) in sales {
            let (a, b) = (TOKENS[from], TOKENS[(from + by) % 3]);
            list.push(action(L::takeCall { token: a, amount: units(amount) }));
            list.push(action(X::sellCall { tokenIn: a, tokenOut: b, amountIn: units(amount), least: ZERO }));
            list.push(action(L::settleCall { token: b, least: ZERO }));
            let call = IUniswapV2Router02::swapExactTokensForTokensCall {
                amountIn: units(amount), amountOutMin: ZERO, path: vec![a, b], to: me, deadline: DEADLINE,
            };
            let outcome = routed.chain.send(me, routed.at.router, ZERO, call.abi_encode());
            if !outcome.success {
                list.truncate(list.len() - 3);
            }
        }
        listed.ok(me, 0, list);
        prop_assert_eq!(listed.native_state(), routed.native_state());
    }
}

/// The random lists mean something: many succeed, and many of those hold a loan.
#[test]
fn the_random_lists_reach_every_kind() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (lists, world) = (prop::collection::vec(step(), 1..6), World::new());
    let (mut successes, mut kinds) = (0, std::collections::BTreeMap::<String, u32>::new());
    for _ in 0..150 {
        let mut world = world.fork();
        let steps = lists.new_tree(&mut runner).unwrap().current();
        let mut list = beginning();
        list.extend(steps.iter().flat_map(|step| encode(&world, PEOPLE[1], step)));
        list.extend(ending(&world, &steps));
        if world.run(PEOPLE[1], 150_000, list).0.success {
            successes += 1;
            for step in &steps {
                let name = format!("{step:?}");
                *kinds.entry(name.split('(').next().unwrap_or_default().into()).or_default() += 1;
            }
        }
    }
    assert!(successes > 45, "{successes} of 150 succeeded: {kinds:?}");
    // Loans are repaid by what ends every list.
    assert!(kinds.len() >= 9, "{kinds:?}");
}
