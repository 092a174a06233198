//! Constant-product arithmetic: pure functions, no storage, no context.
//!
//! Source: Uniswap v2 whitepaper, sections 2.2 to 2.4 and 3.2; `UniswapV2Library`, `UniswapV2Pair` as
//! published. Rounding is against the trader and against whoever mints or redeems, everywhere.
//! Refusals carry the published texts, because front ends match on them.

use alloy_primitives::{U256, aliases::U112, uint};
use limpid_math::{MathError, Round, compare_products, isqrt, isqrt_of_product, mul_div};
use limpid_native::{Result, ensure, revert_text};
use std::cmp::Ordering;

/// Shares that the first deposit locks for ever, so that a share never becomes dear enough to round
/// small deposits away.
pub const MINIMUM_LIQUIDITY: U256 = uint!(1000_U256);

/// The fee is 3 of 1000 units of every input.
const FEE: U256 = uint!(3_U256);
const KEPT: U256 = uint!(997_U256);
const UNIT: U256 = uint!(1000_U256);
const HUNDRED: U256 = uint!(100_U256);

/// Solidity's checked multiplication of the published code: more than 256 bits is a refusal there too.
pub(crate) fn times(a: U256, b: U256) -> Result<U256> {
    a.checked_mul(b).ok_or_else(|| revert_text("ds-math-mul-overflow"))
}

pub(crate) fn plus(a: U256, b: U256) -> Result<U256> {
    a.checked_add(b).ok_or_else(|| revert_text("ds-math-add-overflow"))
}

pub(crate) fn minus(a: U256, b: U256) -> Result<U256> {
    a.checked_sub(b).ok_or_else(|| revert_text("ds-math-sub-underflow"))
}

fn over(a: U256, b: U256) -> Result<U256> {
    a.checked_div(b).ok_or_else(|| MathError::DivisionByZero.into())
}

/// What `amount_a` is worth in the other token at the pool's price, rounded down.
///
/// # Errors
/// The published texts for nothing to quote and for an empty pool.
pub fn quote(amount_a: U256, reserve_a: U256, reserve_b: U256) -> Result<U256> {
    ensure!(!amount_a.is_zero(), "UniswapV2Library: INSUFFICIENT_AMOUNT");
    ensure!(!reserve_a.is_zero() && !reserve_b.is_zero(), "UniswapV2Library: INSUFFICIENT_LIQUIDITY");
    over(times(amount_a, reserve_b)?, reserve_a)
}

/// What `amount_in` buys: `⌊in·997·R_out / (R_in·1000 + in·997)⌋`. The pool keeps the dust.
///
/// # Errors
/// The published texts for no input and for an empty pool.
pub fn amount_out(amount_in: U256, reserve_in: U256, reserve_out: U256) -> Result<U256> {
    ensure!(!amount_in.is_zero(), "UniswapV2Library: INSUFFICIENT_INPUT_AMOUNT");
    ensure!(!reserve_in.is_zero() && !reserve_out.is_zero(), "UniswapV2Library: INSUFFICIENT_LIQUIDITY");
    let fed = times(amount_in, KEPT)?;
    over(times(fed, reserve_out)?, plus(times(reserve_in, UNIT)?, fed)?)
}

/// What `amount_out` costs: `⌊R_in·out·1000 / ((R_out − out)·997)⌋ + 1`. The trader pays the dust.
///
/// # Errors
/// The published texts for no output, for an empty pool, and for more than the pool holds.
pub fn amount_in(amount_out: U256, reserve_in: U256, reserve_out: U256) -> Result<U256> {
    ensure!(!amount_out.is_zero(), "UniswapV2Library: INSUFFICIENT_OUTPUT_AMOUNT");
    ensure!(!reserve_in.is_zero() && !reserve_out.is_zero(), "UniswapV2Library: INSUFFICIENT_LIQUIDITY");
    let asked = times(times(reserve_in, amount_out)?, UNIT)?;
    plus(over(asked, times(minus(reserve_out, amount_out)?, KEPT)?)?, U256::ONE)
}

/// What repays a loan of `amount` in the same token: `⌊out·1000 / 997⌋ + 1`. The borrower pays the dust.
///
/// # Errors
/// Overflow as published.
pub fn repayment(amount: U256) -> Result<U256> {
    plus(over(times(amount, UNIT)?, KEPT)?, U256::ONE)
}

/// Shares for the first deposit: `⌊√(a0·a1)⌋ − 1000`.
///
/// # Errors
/// The published texts for a product beyond 256 bits and for less than the locked shares.
pub fn first_shares(amount0: U256, amount1: U256) -> Result<U256> {
    minus(isqrt(times(amount0, amount1)?), MINIMUM_LIQUIDITY)
}

/// Shares for a later deposit: the lesser of the two pro-rata parts, rounded down.
///
/// # Errors
/// Overflow as published; division by zero when a reserve is empty.
pub fn later_shares(amounts: [U256; 2], reserves: [U256; 2], supply: U256) -> Result<U256> {
    let [amount0, amount1] = amounts;
    let [reserve0, reserve1] = reserves;
    let of0 = over(times(amount0, supply)?, reserve0)?;
    let of1 = over(times(amount1, supply)?, reserve1)?;
    Ok(of0.min(of1))
}

/// What shares are redeemed for: `⌊shares·balance / supply⌋`.
///
/// # Errors
/// Overflow as published; division by zero when there are no shares.
pub fn redeemed(shares: U256, balance: U256, supply: U256) -> Result<U256> {
    over(times(shares, balance)?, supply)
}

/// Shares minted to the protocol for the growth of √k since the last deposit or withdrawal: the part
/// `n / d` of it, `S·(√k − √k_last)·n / (√k·(d − n) + √k_last·n)`, rounded down. Only in V2 mode, where
/// the published share is 1/6.
///
/// # Errors
/// Overflow as published; a share above the whole.
pub fn protocol_shares(supply: U256, reserves: [U256; 2], k_last: U256, (n, d): (u16, u16)) -> Result<U256> {
    let [reserve0, reserve1] = reserves;
    let (root, last) = (isqrt_of_product(reserve0, reserve1), isqrt(k_last));
    if root <= last {
        return Ok(U256::ZERO);
    }
    let (n, rest) = (U256::from(n), minus(U256::from(d), U256::from(n))?);
    let grown = times(times(supply, minus(root, last)?)?, n)?;
    over(grown, plus(times(root, rest)?, times(last, n)?)?)
}

/// Whether a swap leaves enough: `(b0·1000 − in0·3)·(b1·1000 − in1·3) ≥ R0·R1·1000²`.
///
/// # Errors
/// Overflow as published.
pub fn keeps_k(balances: [U256; 2], inputs: [U256; 2], reserves: [U256; 2]) -> Result<bool> {
    let [balance0, balance1] = balances;
    let [input0, input1] = inputs;
    let [reserve0, reserve1] = reserves;
    let adjusted0 = minus(times(balance0, UNIT)?, times(input0, FEE)?)?;
    let adjusted1 = minus(times(balance1, UNIT)?, times(input1, FEE)?)?;
    let million = times(UNIT, UNIT)?;
    // Both sides fit 512 bits whatever the balances are.
    let old = times(times(reserve0, reserve1)?, million)?;
    Ok(compare_products(adjusted0, adjusted1, old, U256::ONE) != Ordering::Less)
}

/// How the fee of one input is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeParts {
    /// Stays in the pool: the market makers'.
    pub makers: U256,
    /// Leaves the pool in the same call: the community's.
    pub community: U256,
}

/// Divides the 0.3 % fee of `input`. The fee is rounded down and so is the community's part of it, so
/// that what leaves the pool never exceeds what the price already charged; makers keep the rest, and
/// the two add up to the fee to the wei.
///
/// # Errors
/// Never for inputs below 2^254.
pub fn fee_parts(input: U256, community_percent: u8) -> Result<FeeParts> {
    let fee = mul_div(input, FEE, UNIT, Round::Down)?;
    let community = mul_div(fee, U256::from(community_percent).min(HUNDRED), HUNDRED, Round::Down)?;
    Ok(FeeParts { makers: minus(fee, community)?, community })
}

/// How much of `amount` to swap so that the rest fits what it buys (one-token deposit).
///
/// With `κ` the part of an input that stays in the reserves (1 less the community's part of the fee), the
/// rest fits when `(a − s)·R = 0.997·s·(R + κ·s)`, whose root is
/// `s = (√(R·(3988009·R + 3988000·κ·a)) − 1997·R) / (1994·κ)`, rounded down.
///
/// # Errors
/// Overflow beyond what reserves of 112 bits can cause.
pub fn zap_swap(amount: U256, reserve_in: U256, community_percent: u8) -> Result<U256> {
    // κ in 100,000ths: the fee is 3/1000 of an input and the community's part of it in percent.
    let all = uint!(100000_U256);
    let kept = minus(all, times(FEE, U256::from(community_percent).min(HUNDRED))?)?;
    let reach = mul_div(times(uint!(3988000_U256), amount)?, kept, all, Round::Down)?;
    let root = isqrt_of_product(reserve_in, plus(times(uint!(3988009_U256), reserve_in)?, reach)?);
    let above = minus(root, times(reserve_in, uint!(1997_U256))?)?;
    Ok(mul_div(above, all, times(uint!(1994_U256), kept)?, Round::Down)?)
}

/// A balance as a reserve.
///
/// # Errors
/// `UniswapV2: OVERFLOW` beyond 112 bits.
pub fn reserve(balance: U256) -> Result<U112> {
    ensure!(balance.bit_len() <= U112::BITS, "UniswapV2: OVERFLOW");
    Ok(balance.wrapping_to())
}
