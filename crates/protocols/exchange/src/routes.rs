//! The best way from one token to another over up to four pools: a pure search for `limpid_quote`.
//!
//! The search is exhaustive over simple paths (no pool twice), as the published SDK's is; it stops
//! descending at [`MAX_HOPS`] and gives up beyond [`MAX_STEPS`] pool visits, so that no list of pools can
//! make it run away.

use crate::math;
use alloy_primitives::{Address, U256};

/// Most pools in a route.
pub const MAX_HOPS: usize = 4;

/// Most pool visits in one search.
pub const MAX_STEPS: usize = 200_000;

/// A pool at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// Its two tokens.
    pub tokens: [Address; 2],
    /// What it holds of each, smallest units.
    pub reserves: [U256; 2],
}

/// What a route is asked to hold fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exact {
    /// Sell exactly this much.
    In(U256),
    /// Buy exactly this much.
    Out(U256),
}

/// A route with the amount at each of its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Tokens from first to last.
    pub path: Vec<Address>,
    /// Amounts at each token, as the Router computes them.
    pub amounts: Vec<U256>,
    /// How far the execution price lies below the pools' present price, the fee not counted, in
    /// millionths, rounded up.
    pub impact_millionths: u64,
}

impl Route {
    fn input(&self) -> U256 {
        self.amounts.first().copied().unwrap_or_default()
    }

    fn output(&self) -> U256 {
        self.amounts.last().copied().unwrap_or_default()
    }
}

struct Search<'a> {
    pools: &'a [PoolState],
    goal: Address,
    forward: bool,
    hops: usize,
    steps: usize,
    used: Vec<usize>,
    path: Vec<Address>,
    amounts: Vec<U256>,
    found: Vec<Route>,
}

/// The best `most` routes from `from` to `to`, best first: most output for an exact input, least input
/// for an exact output; among equals the shorter.
pub fn best_routes(
    pools: &[PoolState],
    (from, to): (Address, Address),
    exact: Exact,
    max_hops: usize,
    most: usize,
) -> Vec<Route> {
    if from == to {
        return Vec::new();
    }
    let (start, goal, amount, forward) = match exact {
        Exact::In(amount) => (from, to, amount, true),
        Exact::Out(amount) => (to, from, amount, false),
    };
    let mut search = Search {
        pools,
        goal,
        forward,
        hops: max_hops.min(MAX_HOPS),
        steps: 0,
        used: Vec::new(),
        path: vec![start],
        amounts: vec![amount],
        found: Vec::new(),
    };
    search.descend(start, amount);
    let mut found = search.found;
    found.sort_by(|a, b| {
        let better = if forward { b.output().cmp(&a.output()) } else { a.input().cmp(&b.input()) };
        better.then(a.path.len().cmp(&b.path.len())).then(a.path.cmp(&b.path))
    });
    found.truncate(most);
    found
}

impl Search<'_> {
    fn descend(&mut self, at: Address, amount: U256) {
        for (index, pool) in self.pools.iter().enumerate() {
            if self.steps >= MAX_STEPS {
                return;
            }
            self.steps = self.steps.saturating_add(1);
            if self.used.contains(&index) {
                continue;
            }
            let Some((next, amount)) = self.cross(pool, at, amount) else { continue };
            self.used.push(index);
            self.path.push(next);
            self.amounts.push(amount);
            if next == self.goal {
                self.keep();
            } else if self.used.len() < self.hops {
                self.descend(next, amount);
            }
            self.used.pop();
            self.path.pop();
            self.amounts.pop();
        }
    }

    /// The token and the amount on the pool's other side, when the pool can do it.
    fn cross(&self, pool: &PoolState, at: Address, amount: U256) -> Option<(Address, U256)> {
        let ([first, second], [reserve0, reserve1]) = (pool.tokens, pool.reserves);
        let (next, here, there) = if at == first {
            (second, reserve0, reserve1)
        } else if at == second {
            (first, reserve1, reserve0)
        } else {
            return None;
        };
        let crossed = if self.forward {
            math::amount_out(amount, here, there).ok().filter(|out| !out.is_zero())?
        } else if amount < here {
            math::amount_in(amount, there, here).ok()?
        } else {
            return None;
        };
        Some((next, crossed))
    }

    fn keep(&mut self) {
        let (mut path, mut amounts) = (self.path.clone(), self.amounts.clone());
        let mut pools: Vec<PoolState> = self.used.iter().filter_map(|index| self.pools.get(*index)).copied().collect();
        if !self.forward {
            path.reverse();
            amounts.reverse();
            pools.reverse();
        }
        let impact_millionths = impact(&pools, &path, &amounts);
        self.found.push(Route { path, amounts, impact_millionths });
    }
}

/// `1 − out / (in · mid price · 0.997^hops)` in millionths, rounded up; 0 when the route beats it.
fn impact(pools: &[PoolState], path: &[Address], amounts: &[U256]) -> u64 {
    use limpid_math::{Round, mul_div};
    let million = U256::from(1_000_000);
    let (Some(input), Some(output)) = (amounts.first(), amounts.last()) else { return 0 };
    // A large scale keeps the chain of divisions exact enough for dust amounts.
    let scale = U256::ONE.wrapping_shl(64);
    let Some(mut ideal) = input.checked_mul(scale) else { return 0 };
    for (pool, at) in pools.iter().zip(path) {
        let [reserve0, reserve1] = pool.reserves;
        let (here, there) = if pool.tokens.first() == Some(at) { (reserve0, reserve1) } else { (reserve1, reserve0) };
        let Ok(kept) = mul_div(ideal, U256::from(997), U256::from(1000), Round::Down) else { return 0 };
        let Ok(next) = mul_div(kept, there, here, Round::Down) else { return 0 };
        ideal = next;
    }
    let Some(actual) = output.checked_mul(scale) else { return 0 };
    let Some(lost) = ideal.checked_sub(actual) else { return 0 };
    mul_div(lost, million, ideal, Round::Up).map(|part| part.saturating_to()).unwrap_or(0)
}
