//! Calls of router and exchange to pairs and to the wrapped coin: plain Rust, each leaving its frame in
//! the call tree. `cx` is the calling contract's.

use crate::{asset::Asset, path::Leg, state::Pair};
use alloy_primitives::{Address, U256};
use limpid_abi::IUniswapV2Pair;
use limpid_native::{Ctx, Result};
pub(crate) use limpid_weth::wrap;

/// Swaps in one pool what has been paid in before.
pub(crate) fn swap(cx: Ctx<'_>, leg: &Leg, output: U256, to: Address) -> Result<()> {
    let outputs @ [amount0Out, amount1Out] = leg.order([U256::ZERO, output]);
    let call = || IUniswapV2Pair::swapCall { amount0Out, amount1Out, to, data: Default::default() };
    cx.call(leg.pair, call, |at| {
        Pair::of(at, leg.pair).fill(cx.as_caller(), leg.setup(), outputs, to)?;
        Ok(IUniswapV2Pair::swapReturn {})
    })
    .map(drop)
}

/// Turns what has been paid in before into shares for `to`.
pub(crate) fn mint(cx: Ctx<'_>, pair: Address, to: Address) -> Result<U256> {
    cx.call(pair, || IUniswapV2Pair::mintCall { to }, |at| Pair::of(at, pair).mint(cx.as_caller(), to))
}

/// Redeems what shares have been sent to the pool before.
pub(crate) fn burn(cx: Ctx<'_>, pair: Address, to: Address) -> Result<[U256; 2]> {
    let amounts = cx.call(
        pair,
        || IUniswapV2Pair::burnCall { to },
        |at| {
            let [amount0, amount1] = Pair::of(at, pair).burn(cx.as_caller(), to)?;
            Ok(IUniswapV2Pair::burnReturn { amount0, amount1 })
        },
    )?;
    Ok([amounts.amount0, amounts.amount1])
}

/// The wrapped coin.
pub(crate) fn weth(cx: Ctx<'_>) -> Asset {
    Asset { token: cx.env(|env| env.addresses.weth), share: false }
}

/// Unwraps coin that the contract holds and pays it to `to`, after everything else of the call.
pub(crate) fn unwrap_to(cx: Ctx<'_>, to: Address, amount: U256) -> Result<()> {
    limpid_weth::unwrap(cx, amount)?;
    cx.queue_payout(to, amount)
}
