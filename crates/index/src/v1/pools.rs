//! Pools of the exchange.

use super::types::{Amount, Block, One, Page, Party};
use crate::api::{
    ask::Ask,
    error::{ApiError, Result},
    view::View,
};
use alloy_primitives::{Address, B256, U256, U512};
use limpid_abi::{IExchange, IExchangePair, IUniswapV2Factory, IUniswapV2Pair, addresses::Addresses};
use limpid_chain::explorer::{LogPlace, SwapSums};
use serde::Serialize;

/// Uniswap V2's fee, in millionths of what comes in.
pub(super) const FEE: u32 = 3_000;
/// Windows that figures are summed over, in seconds.
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;
const WEEK: u64 = 604_800;
/// Significant digits of a price.
const DIGITS: usize = 18;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PoolSummary {
    pool: Party,
    token0: Party,
    token1: Party,
    reserve0: Amount,
    reserve1: Amount,
    price: Option<String>,
    mode: &'static str,
    day: Option<Window>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail {
    #[serde(flatten)]
    summary: PoolSummary,
    price_inverse: Option<String>,
    shares: Amount,
    fee_millionths: u32,
    makers_percent: u8,
    community_percent: u8,
    fees_paid: FeesPaid,
    providers: Option<u64>,
    hour: Option<Window>,
    week: Option<Window>,
    swaps: Option<u64>,
}

/// Sums over a length of time that ends with the head.
#[derive(Serialize)]
pub(super) struct Window {
    seconds: u64,
    swaps: u64,
    volume0: Amount,
    volume1: Amount,
    fees0: Amount,
    fees1: Amount,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Position {
    pool: Party,
    shares: Amount,
    total_shares: Amount,
    amount0: Amount,
    amount1: Amount,
    deposited0: Amount,
    deposited1: Amount,
    fees0: Amount,
    fees1: Amount,
    value: Amount,
    held_value: Amount,
    impermanent_loss: Amount,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Swap {
    block: Block,
    transaction: B256,
    log_index: u64,
    sender: Party,
    to: Party,
    r#in: Amount,
    out: Amount,
    price: Option<String>,
}

#[derive(Serialize)]
struct FeesPaid {
    makers0: Amount,
    makers1: Amount,
    community0: Amount,
    community1: Amount,
}

pub(super) fn natives(view: &View) -> Result<Addresses> {
    view.natives().cloned().ok_or_else(|| ApiError::not_found("this chain has no native contracts"))
}

/// Newest first. The list only grows, so a pool's number in it is a cursor for ever.
pub(super) fn list(view: &View, ask: &mut Ask) -> Result<Page<PoolSummary>> {
    let (limit, before) = ask.page(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)))?;
    ask.end()?;
    let Some(at) = view.natives() else { return Ok(Page::whole(view, Vec::new())) };
    let count = view.must(at.v2_factory, &IUniswapV2Factory::allPairsLengthCall {})?;
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let end = before.unwrap_or(count).min(count);
    let first = end.saturating_sub(limit as u64);
    let call = |number: u64| (at.v2_factory, IUniswapV2Factory::allPairsCall(U256::from(number)));
    let pools = view.ask_each((first..end).rev().map(call))?;
    let pools: Vec<Address> = pools.into_iter().flatten().collect();
    let items = summaries(view, &pools)?;
    Ok(Page::new(view, items, (first > 0).then(|| first.to_be_bytes())))
}

/// What lists show of some pools, everything asked at once.
pub(super) fn summaries(view: &View, pools: &[Address]) -> Result<Vec<PoolSummary>> {
    view.learn(pools.iter().copied())?;
    let pairs = pools.iter().map(|pool| view.pool(*pool)).collect::<Result<Vec<_>>>()?;
    view.learn(pairs.iter().flatten().copied())?;
    let reserves = view.ask_each(pools.iter().map(|pool| (*pool, IUniswapV2Pair::getReservesCall {})))?;
    let modes = view.ask_each(pools.iter().map(|pool| (*pool, IExchangePair::modeCall {})))?;
    let all = pools.iter().zip(pairs).zip(reserves.into_iter().zip(modes));
    all.map(|((pool, [zero, one]), (reserves, mode))| {
        let silent = || ApiError::internal(&format!("the pool {pool} does not answer"));
        let (reserves, mode) = (reserves.ok_or_else(silent)?, mode.ok_or_else(silent)?);
        let reserve0 = Amount::of(view, Some(zero), U256::from(reserves.reserve0))?;
        let reserve1 = Amount::of(view, Some(one), U256::from(reserves.reserve1))?;
        Ok(PoolSummary {
            pool: Party::new(view, *pool)?,
            token0: Party::token(view, zero)?,
            token1: Party::token(view, one)?,
            price: price(
                (U256::from(reserves.reserve0), reserve0.decimals),
                (U256::from(reserves.reserve1), reserve1.decimals),
            ),
            reserve0,
            reserve1,
            mode: if mode == 0 { "v2" } else { "split" },
            day: window(view, *pool, [zero, one], DAY)?,
        })
    })
    .collect()
}

/// How much of `one` there is for each whole unit of `zero`: decimal text with at most [`DIGITS`] significant digits,
/// rounded down.
pub(super) fn price(zero: (U256, Option<u8>), one: (U256, Option<u8>)) -> Option<String> {
    let ((zero, decimals0), (one, decimals1)) = ((zero.0, zero.1?), (one.0, one.1?));
    if zero.is_zero() || one.is_zero() {
        return None;
    }
    // one / 10^d1 over zero / 10^d0, with so many places that the digits are there whatever the two are. 2^112 has 34
    // digits and a token at most 36 decimals: 10^(36 + 36 + 36) times 2^112 fits into 512 bits.
    const PLACES: usize = 72;
    let ten = U512::from(10);
    let scale = usize::from(decimals0).min(36).saturating_add(PLACES).checked_sub(usize::from(decimals1).min(36))?;
    let scaled = U512::from(one).checked_mul(ten.checked_pow(U512::from(scale))?)?;
    let digits = (scaled / U512::from(zero)).to_string();
    let keep = digits.len().min(DIGITS);
    let cut = format!("{}{}", &digits[..keep], "0".repeat(digits.len() - keep));
    let text = super::types::whole_units(&cut, PLACES as u8);
    (text != "0").then_some(text)
}

pub(super) fn one(view: &View, ask: &mut Ask) -> Result<One<Detail>> {
    let pool = ask.address()?;
    ask.end()?;
    let [zero, one] = view.pool(pool)?;
    let summary = summaries(view, &[pool])?.pop().ok_or_else(|| ApiError::internal(&"a pool without a summary"))?;
    let shares = view.must(pool, &IUniswapV2Pair::totalSupplyCall {})?;
    let paid = view.must(pool, &IExchangePair::feesPaidCall {})?;
    let policy = view.must(natives(view)?.exchange, &IExchange::feePolicyCall {})?;
    let reserves = view.must(pool, &IUniswapV2Pair::getReservesCall {})?;
    let of0 = |units| Amount::of(view, Some(zero), units);
    let of1 = |units| Amount::of(view, Some(one), units);
    let (first, second) = (summary.reserve0.decimals, summary.reserve1.decimals);
    let split = summary.mode == "split";
    let index = view.maybe_index();
    let detail = Detail {
        providers: index.map(|index| index.token(pool)).transpose()?.map(|row| row.map_or(0, |row| row.holders)),
        hour: window(view, pool, [zero, one], HOUR)?,
        week: window(view, pool, [zero, one], WEEK)?,
        swaps: index.map(|index| index.swap_sums(pool, view.height())).transpose()?.map(|sums| sums.count),
        price_inverse: price((U256::from(reserves.reserve1), second), (U256::from(reserves.reserve0), first)),
        summary,
        shares: Amount::of(view, Some(pool), shares)?,
        fee_millionths: FEE,
        makers_percent: if split { policy.makersPercent } else { 100 },
        community_percent: if split { policy.communityPercent } else { 0 },
        fees_paid: FeesPaid {
            makers0: of0(paid.makers0)?,
            makers1: of1(paid.makers1)?,
            community0: of0(paid.community0)?,
            community1: of1(paid.community1)?,
        },
    };
    Ok(One::new(view, detail))
}

/// What a pool did in the seconds that end with the head: the difference of two sums, found by halving.
fn window(view: &View, pool: Address, [zero, one]: [Address; 2], seconds: u64) -> Result<Option<Window>> {
    let Some(index) = view.maybe_index() else { return Ok(None) };
    let start = view.head().block.header.timestamp.saturating_sub(seconds);
    let before = match index.block_at_time(start)? {
        Some(height) => index.swap_sums(pool, height)?,
        None => SwapSums::default(),
    };
    let sums = index.swap_sums(pool, view.height())?.since(&before);
    let fee = |units: U256| units.saturating_mul(U256::from(FEE)) / U256::from(1_000_000);
    let of0 = |units| Amount::of(view, Some(zero), units);
    let of1 = |units| Amount::of(view, Some(one), units);
    Ok(Some(Window {
        seconds,
        swaps: sums.count,
        volume0: of0(sums.in0.wrapping_add(sums.out0))?,
        volume1: of1(sums.in1.wrapping_add(sums.out1))?,
        fees0: of0(fee(sums.in0))?,
        fees1: of1(fee(sums.in1))?,
    }))
}

/// A pool's swaps, newest first.
pub(super) fn swaps(view: &View, ask: &mut Ask) -> Result<Page<Swap>> {
    let pool = ask.address()?;
    let (limit, before) = ask.page(LogPlace::from_key)?;
    ask.end()?;
    let [zero, one] = view.pool(pool)?;
    let index = view.index()?;
    let page = index.swaps(pool, before, limit)?;
    let swap = |found: limpid_chain::explorer::FoundSwap| {
        let (hash, timestamp) = index.timestamp(found.place.at)?;
        let sums = found.sums;
        // Most swaps have one side in; one with both, which calls of the pool itself can make, shows the larger part.
        let forward = sums.in1.is_zero();
        let (from, to) =
            if forward { ((zero, sums.in0), (one, sums.out1)) } else { ((one, sums.in1), (zero, sums.out0)) };
        let r#in = Amount::of(view, Some(from.0), from.1)?;
        let out = Amount::of(view, Some(to.0), to.1)?;
        let (paid, got) = ((from.1, r#in.decimals), (to.1, out.decimals));
        Ok(Swap {
            block: Block { number: found.place.at.height, hash, timestamp },
            transaction: found.tx_hash,
            log_index: found.log_index,
            sender: Party::new(view, found.sender)?,
            to: Party::new(view, found.to)?,
            price: if forward { price(paid, got) } else { price(got, paid) },
            r#in,
            out,
        })
    };
    let items = page.items.into_iter().map(swap).collect::<Result<_>>()?;
    Ok(Page::new(view, items, page.next.map(LogPlace::key)))
}

/// What an account has in pools: those among its tokens that are shares.
pub(super) fn positions(view: &View, ask: &mut Ask) -> Result<Page<Position>> {
    let owner = ask.address()?;
    let (limit, mut after) = ask.page(|bytes| Address::try_from(bytes).ok())?;
    ask.end()?;
    let Some(at) = view.natives() else { return Ok(Page::whole(view, Vec::new())) };
    let (mut items, mut read) = (Vec::new(), 0);
    loop {
        let page = view.index()?.held(owner, after, MOST_HELD)?;
        read += page.items.len();
        for token in page.items {
            if items.len() == limit {
                return Ok(Page::new(view, items, after.map(|after| after.into_array())));
            }
            after = Some(token);
            if view.what(token)? == crate::api::view::What::Pool {
                let call = IExchange::positionInfoCall { owner, pair: token };
                items.push(position(view, token, &view.must(at.exchange, &call)?)?);
            }
        }
        if page.next.is_none() {
            return Ok(Page::whole(view, items));
        }
        if read >= MOST_READ {
            return Ok(Page::new(view, items, after.map(|after| after.into_array())));
        }
    }
}

/// Tokens that are looked at in one go, and for one page.
const MOST_HELD: usize = 200;
const MOST_READ: usize = 2_000;

fn position(view: &View, pool: Address, info: &IExchange::Position) -> Result<Position> {
    let shares = |units| Amount::of(view, Some(pool), units);
    let of0 = |units| Amount::of(view, Some(info.token0), units);
    let of1 = |units| Amount::of(view, Some(info.token1), units);
    Ok(Position {
        pool: Party::new(view, pool)?,
        shares: shares(info.liquidity)?,
        total_shares: shares(info.totalSupply)?,
        amount0: of0(info.amount0)?,
        amount1: of1(info.amount1)?,
        deposited0: of0(info.deposited0)?,
        deposited1: of1(info.deposited1)?,
        fees0: of0(info.fees0)?,
        fees1: of1(info.fees1)?,
        value: of1(info.value)?,
        held_value: of1(info.heldValue)?,
        impermanent_loss: of1(info.impermanentLoss)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact_and_rounded_down() {
        let of =
            |zero: u128, d0: u8, one: u128, d1: u8| price((U256::from(zero), Some(d0)), (U256::from(one), Some(d1)));
        assert_eq!(of(10u128.pow(18), 18, 2_000_000_000, 6).as_deref(), Some("2000"));
        assert_eq!(of(3, 0, 1, 0).as_deref(), Some("0.333333333333333333"));
        assert_eq!(of(1, 0, 3, 0).as_deref(), Some("3"));
        assert_eq!(
            of(u128::MAX >> 16, 0, 1, 36).unwrap().trim_start_matches(['0', '.']).len(),
            3,
            "what is left of it"
        );
        assert_eq!(of(1, 36, u128::MAX >> 16, 0).unwrap().len(), 70);
        assert_eq!(of(0, 18, 1, 18), None);
        assert_eq!(price((U256::ONE, None), (U256::ONE, Some(1))), None);
    }
}
