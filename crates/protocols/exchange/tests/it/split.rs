//! Split mode: every fee divided to the wei, and nobody gains by trading with himself.
//!
//! `SPLIT_OPS` sets how many operations run (default 100,000).

use crate::{
    reference::{IRef, read},
    world::{NATIVE_SUPPLY, chain_at, create_token},
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolEvent};
use limpid_abi::{IERC20, IExchange, IExchangePair, IFeeLedger, IUniswapV2Pair, addresses::Addresses};
use limpid_evm::{Outcome, testkit::TestChain};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::collections::BTreeMap;

const TOKENS: [Address; 3] = [Address::repeat_byte(0x70), Address::repeat_byte(0x71), Address::repeat_byte(0x72)];
const PEOPLE: [Address; 4] =
    [Address::repeat_byte(0x11), Address::repeat_byte(0x22), Address::repeat_byte(0x33), Address::repeat_byte(0x44)];
const DEADLINE: U256 = U256::from_limbs([4_000_000_000, 0, 0, 0]);

struct Market {
    chain: TestChain,
    at: Addresses,
    pairs: Vec<(usize, usize, Address)>,
    rng: StdRng,
}

impl Market {
    fn new(seed: u64, tokens: usize) -> Self {
        let mut chain = chain_at(31337, |_| {}, &PEOPLE);
        let at = chain.rules.registry.addresses().clone();
        for (index, token) in TOKENS.into_iter().enumerate().take(tokens) {
            create_token(&mut chain, token, &format!("T{index}"), PEOPLE[0], NATIVE_SUPPLY);
            for person in &PEOPLE[1..] {
                let call = IRef::transferCall { to: *person, value: NATIVE_SUPPLY / U256::from(8) };
                assert!(chain.send(PEOPLE[0], token, U256::ZERO, call.abi_encode()).success);
            }
        }
        let mut market = Self { chain, at, pairs: Vec::new(), rng: StdRng::seed_from_u64(seed) };
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            if b < tokens {
                let amounts = [market.size() + U256::from(2_000), market.size() + U256::from(2_000)];
                assert!(market.add(PEOPLE[0], (a, b), amounts).success);
                let call = IRef::getPairCall { a: TOKENS[a], b: TOKENS[b] };
                let pair = read(&market.chain, market.at.v2_factory, call);
                market.pairs.push((a, b, pair));
            }
        }
        market
    }

    /// Amounts of every size up to 10^24.
    fn size(&mut self) -> U256 {
        match self.rng.random_range(0..10) {
            0 => U256::from(self.rng.random_range(0u64..2_000)),
            1..3 => U256::from(self.rng.random_range(1u64..1_000_000_000)),
            _ => U256::from(self.rng.random_range(1u128..1_000_000_000_000_000_000_000_000)),
        }
    }

    fn router(&mut self, by: Address, call: impl SolCall) -> Outcome {
        self.chain.send(by, self.at.router, U256::ZERO, call.abi_encode())
    }

    fn add(&mut self, by: Address, (a, b): (usize, usize), [wantA, wantB]: [U256; 2]) -> Outcome {
        let (a, b) = (TOKENS[a], TOKENS[b]);
        let (minA, minB, to, deadline) = (U256::ZERO, U256::ZERO, by, DEADLINE);
        self.router(by, IRef::addLiquidityCall { a, b, wantA, wantB, minA, minB, to, deadline })
    }

    fn remove(&mut self, by: Address, (a, b, pair): (usize, usize, Address), permille: u64) -> Outcome {
        let held = read(&self.chain, pair, IRef::balanceOfCall { owner: by });
        let liquidity = held * U256::from(permille) / U256::from(1_000);
        let (a, b, to, deadline) = (TOKENS[a], TOKENS[b], by, DEADLINE);
        let (minA, minB) = (U256::ZERO, U256::ZERO);
        self.router(by, IRef::removeLiquidityCall { a, b, liquidity, minA, minB, to, deadline })
    }

    fn swap(&mut self, by: Address, path: Vec<usize>, amount: U256, exact_in: bool) -> Outcome {
        let path = path.into_iter().map(|token| TOKENS[token]).collect();
        let (to, deadline) = (by, DEADLINE);
        if exact_in {
            let (amountIn, least) = (amount, U256::ZERO);
            self.router(by, IRef::swapExactTokensForTokensCall { amountIn, least, path, to, deadline })
        } else {
            let (amountOut, most) = (amount, U256::MAX);
            self.router(by, IRef::swapTokensForExactTokensCall { amountOut, most, path, to, deadline })
        }
    }

    fn deposit_one(&mut self, by: Address, (a, b): (usize, usize), amount: U256) -> Outcome {
        let call = IExchange::depositOneTokenCall {
            tokenIn: TOKENS[a],
            tokenOther: TOKENS[b],
            amountIn: amount,
            minLiquidity: U256::ZERO,
            to: by,
            deadline: DEADLINE,
        };
        self.chain.send(by, self.at.exchange, U256::ZERO, call.abi_encode())
    }

    /// Any operation by `by`.
    fn step(&mut self, by: Address) -> Outcome {
        let place = self.rng.random_range(0..self.pairs.len());
        let (mut a, mut b, pair) = self.pairs[place];
        if self.rng.random() {
            (a, b) = (b, a);
        }
        let amount = self.size();
        match self.rng.random_range(0..20) {
            0..2 => {
                let other = self.size();
                self.add(by, (a, b), [amount, other])
            }
            2 => {
                let part = self.rng.random_range(0..300);
                self.remove(by, (a, b, pair), part)
            }
            3..5 => self.deposit_one(by, (a, b), amount >> 4),
            5..8 => self.swap(by, vec![a, b], amount >> 10, false),
            8..10 if self.pairs.len() > 1 => {
                let third = 3 - a - b;
                self.swap(by, vec![a, b, third], amount >> 4, true)
            }
            _ => self.swap(by, vec![a, b], amount >> 4, true),
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Parts {
    makers: U256,
    community: U256,
}

/// Something about a token in a pair.
type At<T> = (Address, Address, T);

/// What the logs of one outcome say: inputs of swaps by (pair, token), and how their fees were divided.
fn from_logs(market: &Market, outcome: &Outcome) -> (Vec<At<U256>>, Vec<At<Parts>>) {
    let (mut inputs, mut splits) = (Vec::new(), Vec::new());
    for log in &outcome.logs {
        if let Ok(swap) = IUniswapV2Pair::Swap::decode_log(log) {
            let (a, b, _) = market.pairs.iter().find(|pair| pair.2 == log.address).copied().expect("one of ours");
            let tokens = [TOKENS[a].min(TOKENS[b]), TOKENS[a].max(TOKENS[b])];
            for (token, amount) in tokens.into_iter().zip([swap.amount0In, swap.amount1In]) {
                if !amount.is_zero() {
                    inputs.push((log.address, token, amount));
                }
            }
        }
        if let Ok(split) = IExchangePair::FeeSplit::decode_log(log) {
            let parts = Parts { makers: split.makers, community: split.community };
            splits.push((log.address, split.token, parts));
        }
    }
    (inputs, splits)
}

#[test]
fn every_fee_is_divided_to_the_wei() {
    let operations = std::env::var("SPLIT_OPS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000usize);
    let mut market = Market::new(11, 3);
    let mut total: BTreeMap<(Address, Address), Parts> = BTreeMap::new();
    let mut swaps = 0usize;
    for turn in 0..operations {
        market.chain.block.timestamp += market.rng.random_range(0u64..600);
        let by = PEOPLE[market.rng.random_range(0..PEOPLE.len())];
        let outcome = market.step(by);
        let (inputs, splits) = from_logs(&market, &outcome);
        assert_eq!(inputs.len(), splits.len(), "turn {turn}: one division for each input: {outcome:?}");
        for ((pair, token, amount), (where_, of, parts)) in inputs.into_iter().zip(splits) {
            assert_eq!((pair, token), (where_, of), "turn {turn}");
            let fee = amount * U256::from(3) / U256::from(1_000);
            assert_eq!(parts.makers + parts.community, fee, "turn {turn}: the parts are the fee");
            assert_eq!(parts.community, fee * U256::from(60) / U256::from(100), "turn {turn}: 60 % by default");
            let sum = total.entry((pair, token)).or_default();
            sum.makers += parts.makers;
            sum.community += parts.community;
            swaps += 1;
        }
    }
    println!("split: {operations} operations, {swaps} fees divided");
    assert!(swaps * 2 > operations, "most operations trade");
    check_totals(&market, &total);
}

fn check_totals(market: &Market, total: &BTreeMap<(Address, Address), Parts>) {
    for token in TOKENS {
        let community: U256 = total.iter().filter(|row| row.0.1 == token).map(|row| row.1.community).sum();
        let held = read(&market.chain, market.at.fees, IFeeLedger::heldCall { token });
        assert_eq!(held, community, "the ledger holds what the pools paid");
        let mut everybody: U256 =
            market.pairs.iter().map(|pair| read(&market.chain, token, IRef::balanceOfCall { owner: pair.2 })).sum();
        for owner in PEOPLE.into_iter().chain([market.at.fees, market.at.router, market.at.exchange]) {
            everybody += read(&market.chain, token, IRef::balanceOfCall { owner });
        }
        assert_eq!(
            everybody,
            read(&market.chain, token, IERC20::totalSupplyCall {}),
            "P-21: nothing made, nothing lost"
        );
    }
    for (a, b, pair) in &market.pairs {
        let paid = read(&market.chain, *pair, IExchangePair::feesPaidCall {});
        let (token0, token1) = (TOKENS[*a].min(TOKENS[*b]), TOKENS[*a].max(TOKENS[*b]));
        let of = |token: Address| total.get(&(*pair, token)).map(|p| (p.makers, p.community)).unwrap_or_default();
        assert_eq!((paid.makers0, paid.community0), of(token0));
        assert_eq!((paid.makers1, paid.community1), of(token1));
    }
}

/// What the owner's accounts hold of the pool's two tokens, shares redeemed.
fn wealth(market: &Market, owner: &[Address]) -> [U256; 2] {
    let (_, _, pair) = market.pairs[0];
    let tokens = [TOKENS[0].min(TOKENS[1]), TOKENS[0].max(TOKENS[1])];
    let supply = read(&market.chain, pair, IRef::totalSupplyCall {});
    let shares: U256 = owner.iter().map(|one| read(&market.chain, pair, IRef::balanceOfCall { owner: *one })).sum();
    tokens.map(|token| {
        let own: U256 = owner.iter().map(|one| read(&market.chain, token, IRef::balanceOfCall { owner: *one })).sum();
        own + read(&market.chain, token, IRef::balanceOfCall { owner: pair }) * shares / supply
    })
}

/// At the price that the pool began with, no sequence of swaps, deposits and withdrawals by accounts of
/// one owner leaves them with more, however they trade with themselves and whoever else provides.
#[test]
fn no_wash_trade_gains() {
    let rounds = std::env::var("SPLIT_OPS").ok().and_then(|n| n.parse::<u64>().ok()).unwrap_or(100_000) / 100;
    for seed in 0..rounds {
        let mut market = Market::new(1_000 + seed, 2);
        let owner = &PEOPLE[1..];
        let (_, _, pair) = market.pairs[0];
        let before = read(&market.chain, pair, IRef::getReservesCall {});
        let (r0, r1) = (U256::from(before.r0), U256::from(before.r1));
        let start = wealth(&market, owner);
        for _ in 0..market.rng.random_range(1..40) {
            let by = owner[market.rng.random_range(0..owner.len())];
            market.step(by);
        }
        let end = wealth(&market, owner);
        // Value at the first price, in token1 times r0: amount0·r1 + amount1·r0.
        let value = |[amount0, amount1]: [U256; 2]| {
            amount0.widening_mul::<256, 4, 512, 8>(r1) + amount1.widening_mul::<256, 4, 512, 8>(r0)
        };
        assert!(value(end) <= value(start), "seed {seed}: {start:?} became {end:?}");
    }
}
