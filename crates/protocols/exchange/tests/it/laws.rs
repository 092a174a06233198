//! The crate's numbered invariants after every step of any sequence, in both modes; and the ways in which
//! pools elsewhere have been robbed, tried here.

use crate::{
    reference::{IRef, read},
    world::{NATIVE_SUPPLY, chain_at, create_token, use_v2_mode},
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use limpid_abi::{IExchange, addresses::Addresses};
use limpid_evm::{Outcome, testkit::TestChain};
use limpid_exchange::{audit, math};
use limpid_token::{audit as ledger_audit, ledger_of};
use proptest::prelude::*;

const TOKENS: [Address; 3] = [Address::repeat_byte(0x70), Address::repeat_byte(0x71), Address::repeat_byte(0x72)];
const PEOPLE: [Address; 3] = [Address::repeat_byte(0x11), Address::repeat_byte(0x22), Address::repeat_byte(0x33)];
const PAIRS: [(usize, usize); 3] = [(0, 1), (1, 2), (0, 2)];
const DEADLINE: U256 = U256::from_limbs([4_000_000_000, 0, 0, 0]);

fn units(number: u128) -> U256 {
    U256::from(number)
}

#[derive(Clone, Debug)]
enum Step {
    Add(usize, usize, u128, u128),
    Remove(usize, usize, u64),
    Sell(usize, Vec<usize>, u128),
    Buy(usize, Vec<usize>, u128),
    DepositOne(usize, usize, bool, u128),
    WithdrawOne(usize, usize, bool, u64),
    Donate(usize, usize, bool, u128),
    Skim(usize, usize),
    Sync(usize),
    Wait(u64),
}

fn amount() -> impl Strategy<Value = u128> {
    prop_oneof![1 => 0u128..5, 2 => 0u128..5_000, 3 => 0u128..1_000_000_000_000, 3 => 0u128..1_000_000_000_000_000_000_000]
}

fn path() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        4 => (0usize..3, 1usize..3).prop_map(|(from, by)| vec![from, (from + by) % 3]),
        2 => (0usize..3, 1usize..3).prop_map(|(from, by)| vec![from, (from + by) % 3, (from + 2 * by) % 3]),
        1 => (0usize..3, 1usize..3).prop_map(|(from, by)| vec![from, (from + by) % 3, from]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0usize..3;
    prop_oneof![
        3 => (who(), who(), amount(), amount()).prop_map(|(w, p, a, b)| Step::Add(w, p, a, b)),
        2 => (who(), who(), 0u64..1_001).prop_map(|(w, p, part)| Step::Remove(w, p, part)),
        6 => (who(), path(), amount()).prop_map(|(w, path, a)| Step::Sell(w, path, a)),
        3 => (who(), path(), amount()).prop_map(|(w, path, a)| Step::Buy(w, path, a)),
        2 => (who(), who(), any::<bool>(), amount()).prop_map(|(w, p, side, a)| Step::DepositOne(w, p, side, a)),
        2 => (who(), who(), any::<bool>(), 0u64..1_001).prop_map(|(w, p, side, a)| Step::WithdrawOne(w, p, side, a)),
        1 => (who(), who(), any::<bool>(), amount()).prop_map(|(w, p, side, a)| Step::Donate(w, p, side, a)),
        1 => (who(), who()).prop_map(|(w, p)| Step::Skim(w, p)),
        1 => who().prop_map(Step::Sync),
        1 => (1u64..10_000_000).prop_map(Step::Wait),
    ]
}

struct Market {
    chain: TestChain,
    at: Addresses,
    pairs: Vec<Address>,
}

impl Market {
    fn new(v2: bool) -> Self {
        let mut chain = chain_at(31337, |_| {}, &PEOPLE);
        let at = chain.rules.registry.addresses().clone();
        if v2 {
            use_v2_mode(&mut chain, PEOPLE[0]);
            let call = IRef::setFeeToCall { to: PEOPLE[2] };
            assert!(chain.send(PEOPLE[0], at.v2_factory, U256::ZERO, call.abi_encode()).success);
        }
        for (index, token) in TOKENS.into_iter().enumerate() {
            create_token(&mut chain, token, &format!("T{index}"), PEOPLE[0], NATIVE_SUPPLY);
            for person in &PEOPLE[1..] {
                let call = IRef::transferCall { to: *person, value: NATIVE_SUPPLY / units(4) };
                assert!(chain.send(PEOPLE[0], token, U256::ZERO, call.abi_encode()).success);
            }
        }
        let mut market = Self { chain, at, pairs: Vec::new() };
        for (a, b) in PAIRS {
            let call = IRef::createPairCall { a: TOKENS[a], b: TOKENS[b] };
            let made = market.chain.send(PEOPLE[0], market.at.v2_factory, U256::ZERO, call.abi_encode());
            market.pairs.push(IRef::createPairCall::abi_decode_returns(&made.output).expect("a pair"));
        }
        market
    }

    fn send(&mut self, by: usize, to: Address, call: impl SolCall) -> Outcome {
        self.chain.send(PEOPLE[by], to, U256::ZERO, call.abi_encode())
    }

    fn shares(&self, by: usize, pair: usize, permille: u64) -> U256 {
        let held = read(&self.chain, self.pairs[pair], IRef::balanceOfCall { owner: PEOPLE[by] });
        held * U256::from(permille) / units(1_000)
    }

    fn add(&mut self, by: usize, pair: usize, wants: [u128; 2]) -> Outcome {
        let ((a, b), [wantA, wantB]) = (PAIRS[pair], wants.map(units));
        let (minA, minB, to, deadline) = (U256::ZERO, U256::ZERO, PEOPLE[by], DEADLINE);
        let call = IRef::addLiquidityCall { a: TOKENS[a], b: TOKENS[b], wantA, wantB, minA, minB, to, deadline };
        self.send(by, self.at.router, call)
    }

    fn remove(&mut self, by: usize, pair: usize, liquidity: U256) -> Outcome {
        let ((a, b), minA, minB, to) = (PAIRS[pair], U256::ZERO, U256::ZERO, PEOPLE[by]);
        let call =
            IRef::removeLiquidityCall { a: TOKENS[a], b: TOKENS[b], liquidity, minA, minB, to, deadline: DEADLINE };
        self.send(by, self.at.router, call)
    }

    fn run(&mut self, step: &Step) -> Option<Outcome> {
        let tokens = |path: &[usize]| path.iter().map(|token| TOKENS[*token]).collect::<Vec<_>>();
        let sides = |pair: usize, swapped: bool| {
            let (a, b) = PAIRS[pair];
            if swapped { (TOKENS[b], TOKENS[a]) } else { (TOKENS[a], TOKENS[b]) }
        };
        Some(match step {
            Step::Add(by, pair, a, b) => self.add(*by, *pair, [*a, *b]),
            Step::Remove(by, pair, part) => self.remove(*by, *pair, self.shares(*by, *pair, *part)),
            Step::Sell(by, path, amount) => {
                let (amountIn, least, to) = (units(*amount), U256::ZERO, PEOPLE[*by]);
                let call =
                    IRef::swapExactTokensForTokensCall { amountIn, least, path: tokens(path), to, deadline: DEADLINE };
                self.send(*by, self.at.router, call)
            }
            Step::Buy(by, path, amount) => {
                let (amountOut, most, to) = (units(*amount), U256::MAX, PEOPLE[*by]);
                let call =
                    IRef::swapTokensForExactTokensCall { amountOut, most, path: tokens(path), to, deadline: DEADLINE };
                self.send(*by, self.at.router, call)
            }
            Step::DepositOne(by, pair, swapped, amount) => {
                let (tokenIn, tokenOther) = sides(*pair, *swapped);
                let (amountIn, minLiquidity, to) = (units(*amount), U256::ZERO, PEOPLE[*by]);
                let call = IExchange::depositOneTokenCall {
                    tokenIn,
                    tokenOther,
                    amountIn,
                    minLiquidity,
                    to,
                    deadline: DEADLINE,
                };
                self.send(*by, self.at.exchange, call)
            }
            Step::WithdrawOne(by, pair, swapped, part) => {
                let (tokenOut, tokenOther) = sides(*pair, *swapped);
                let (liquidity, minAmountOut, to) = (self.shares(*by, *pair, *part), U256::ZERO, PEOPLE[*by]);
                let call = IExchange::withdrawOneTokenCall {
                    tokenOut,
                    tokenOther,
                    liquidity,
                    minAmountOut,
                    to,
                    deadline: DEADLINE,
                };
                self.send(*by, self.at.exchange, call)
            }
            Step::Donate(by, pair, swapped, amount) => {
                let (token, _) = sides(*pair, *swapped);
                self.send(*by, token, IRef::transferCall { to: self.pairs[*pair], value: units(*amount) })
            }
            Step::Skim(by, pair) => self.send(*by, self.pairs[*pair], IRef::skimCall { to: PEOPLE[*by] }),
            Step::Sync(pair) => self.send(0, self.pairs[*pair], IRef::syncCall {}),
            Step::Wait(seconds) => {
                self.chain.block.timestamp += seconds;
                return None;
            }
        })
    }

    fn products(&self) -> Vec<U256> {
        self.pairs
            .iter()
            .map(|pair| {
                let now = read(&self.chain, *pair, IRef::getReservesCall {});
                U256::from(now.r0) * U256::from(now.r1)
            })
            .collect()
    }

    /// Every law, by the crate's own audits and by counting.
    fn check(&mut self) -> Result<(), TestCaseError> {
        let (pairs, at) = (self.pairs.clone(), self.at.clone());
        let holders: Vec<Address> =
            PEOPLE.into_iter().chain(pairs.iter().copied()).chain([at.fees, at.router, at.exchange]).collect();
        let laws = self.chain.native(|cx| {
            let mut found = Vec::new();
            for pair in &pairs {
                found.push(audit::pair(cx.at(*pair))?);
                let everybody: Vec<Address> = holders.iter().copied().chain([Address::ZERO]).collect();
                found.push(ledger_audit::full(&ledger_of(cx, *pair), &everybody)?);
            }
            for token in TOKENS {
                found.push(audit::fees(cx, token)?);
                found.push(ledger_audit::full(&ledger_of(cx, token), &holders)?);
            }
            Ok(found)
        });
        for law in laws.expect("reads") {
            prop_assert_eq!(law, Ok(()));
        }
        for token in TOKENS.into_iter().chain(pairs) {
            for owner in [at.router, at.exchange] {
                let kept = read(&self.chain, token, IRef::balanceOfCall { owner });
                prop_assert_eq!(kept, U256::ZERO, "router and exchange keep nothing");
            }
        }
        Ok(())
    }
}

fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(std::env::var("LIMPID_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(24))
}

proptest! {
    #![proptest_config(cases())]

    /// EX-1, EX-2, EX-4, P-21.
    #[test]
    fn the_laws_hold_after_every_step(v2 in any::<bool>(), steps in prop::collection::vec(step(), 1..60)) {
        let mut market = Market::new(v2);
        for pair in 0..PAIRS.len() {
            prop_assert!(market.add(pair, pair, [5_000_000_000_000_000_000, 7_000_000_000_000]).success);
        }
        for step in steps {
            let before = market.products();
            market.run(&step);
            if matches!(step, Step::Sell(..) | Step::Buy(..)) {
                for (before, after) in before.into_iter().zip(market.products()) {
                    prop_assert!(after >= before, "EX-1: {before} fell to {after} in {step:?}");
                }
            }
            market.check()?;
        }
    }

    /// EX-5, P-15: a deposit taken back at once returns no more of either token.
    #[test]
    fn a_deposit_taken_back_returns_no_more(first in (1_500u128..1 << 80, 1_500u128..1 << 80), second in (amount(), amount())) {
        let mut market = Market::new(false);
        prop_assume!(market.add(1, 0, [first.0, first.1]).success);
        let held = |market: &Market| TOKENS.map(|token| read(&market.chain, token, IRef::balanceOfCall { owner: PEOPLE[2] }));
        let before = held(&market);
        prop_assume!(market.add(2, 0, [second.0, second.1]).success);
        let shares = market.shares(2, 0, 1_000);
        market.remove(2, 0, shares);
        for (before, after) in before.into_iter().zip(held(&market)) {
            prop_assert!(after <= before);
        }
    }

    /// P-20: one trade is at least as good as the same in two parts, whatever part of the fee leaves.
    #[test]
    fn splitting_a_trade_never_pays(
        reserves in (1_000u128..1 << 100, 1_000u128..1 << 100), a in 1u128..1 << 90, b in 1u128..1 << 90, percent in 0u8..=100,
    ) {
        let (reserve_in, reserve_out) = (units(reserves.0), units(reserves.1));
        let (a, b) = (units(a), units(b));
        let whole = math::amount_out(a + b, reserve_in, reserve_out).expect("fits");
        let first = math::amount_out(a, reserve_in, reserve_out).expect("fits");
        let left = math::fee_parts(a, percent).expect("fits").community;
        let second = math::amount_out(b, reserve_in + a - left, reserve_out - first).expect("fits");
        prop_assert!(first + second <= whole);
    }

    /// EX-1 in numbers: what leaves for the community never exceeds what the price has charged.
    #[test]
    fn the_community_takes_no_more_than_the_fee(input in any::<u128>(), percent in 0u8..=100) {
        let parts = math::fee_parts(units(input), percent).expect("fits");
        prop_assert!(parts.community * units(1_000) <= units(input) * units(3));
        prop_assert_eq!(parts.community + parts.makers, units(input) * units(3) / units(1_000));
    }

    /// Buying back what a sale gave costs at least what was sold: no round trip pays.
    #[test]
    fn inverse_quotes_round_against_the_trader(reserves in (1_000u128..1 << 100, 1_000u128..1 << 100), input in 1u128..1 << 100) {
        let (reserve_in, reserve_out) = (units(reserves.0), units(reserves.1));
        let output = math::amount_out(units(input), reserve_in, reserve_out).expect("fits");
        prop_assume!(!output.is_zero());
        let needed = math::amount_in(output, reserve_in, reserve_out).expect("fits");
        prop_assert!(needed <= units(input), "an exact purchase of the same output never asks for more");
        let again = math::amount_out(needed, reserve_in, reserve_out).expect("fits");
        prop_assert!(again >= output, "and what it asks for does buy it");
    }

    /// P-07: the first depositor who inflates the share price with donations loses by it, whatever the
    /// victim deposits; and a deposit too small for one share is refused, not swallowed.
    #[test]
    fn inflating_an_empty_pool_costs_the_attacker(gift in 1u128..1 << 80, victim in 1u128..1 << 80) {
        let mut market = Market::new(false);
        let wealth = |market: &Market| TOKENS.map(|token| read(&market.chain, token, IRef::balanceOfCall { owner: PEOPLE[1] }));
        let before = wealth(&market);
        prop_assert!(market.add(1, 0, [1_001, 1_001]).success);
        for swapped in [false, true] {
            market.run(&Step::Donate(1, 0, swapped, gift));
        }
        market.run(&Step::Sync(0));
        let shares_before = market.shares(2, 0, 1_000);
        let deposit = market.add(2, 0, [victim, victim]);
        if deposit.success {
            prop_assert!(market.shares(2, 0, 1_000) > shares_before, "a deposit that succeeds gets shares");
        }
        let shares = market.shares(1, 0, 1_000);
        market.remove(1, 0, shares);
        let after = wealth(&market);
        for (before, after) in before.into_iter().zip(after) {
            prop_assert!(after <= before, "the attacker gains");
        }
    }
}

/// P-06: tokens sent to router, exchange or fee ledger change no quote and nobody's shares; nor do those sent to a
/// pool, until somebody makes them the pool's own.
#[test]
fn gifts_to_the_system_change_no_price() {
    let mut market = Market::new(false);
    assert!(market.add(0, 0, [1_000_000, 2_000_000]).success);
    let quote = |market: &Market| {
        let now = read(&market.chain, market.pairs[0], IRef::getReservesCall {});
        let call = IRef::getAmountsOutCall { amountIn: units(1_000), path: TOKENS[..2].to_vec() };
        let out = read(&market.chain, market.at.router, call);
        (now.r0, now.r1, out, read(&market.chain, market.pairs[0], IRef::totalSupplyCall {}))
    };
    let before = quote(&market);
    let pool = market.pairs[0];
    for place in [market.at.router, market.at.exchange, market.at.fees, market.at.v2_factory, pool] {
        market.send(0, TOKENS[0], IRef::transferCall { to: place, value: units(500_000) });
    }
    assert_eq!(quote(&market), before);
}

/// The accumulators move once a second, by the price before the trade: whoever trades cannot move the
/// average of the time before.
#[test]
fn a_trade_moves_no_average_of_the_past() {
    let mut market = Market::new(false);
    assert!(market.add(0, 0, [1_000_000, 2_000_000]).success);
    let pair = market.pairs[0];
    let sum = |market: &Market| read(&market.chain, pair, IRef::price0CumulativeLastCall {});
    let start = sum(&market);
    market.chain.block.timestamp += 10;
    let price = U256::from(2) << 112;
    assert!(market.run(&Step::Sell(1, vec![0, 1], 900_000)).unwrap().success);
    let (token0, _) = limpid_exchange::sorted(TOKENS[0], TOKENS[1]);
    assert_eq!(token0, TOKENS[0]);
    assert_eq!(sum(&market) - start, price * units(10), "ten seconds at the old price");
    assert!(market.run(&Step::Sell(1, vec![1, 0], 900_000)).unwrap().success);
    assert_eq!(sum(&market) - start, price * units(10), "nothing more in the same second");
}
