//! Coin into wrapped coin and back, for other native contracts: plain Rust calls that leave their frame in
//! the call tree, and the actions made of them. `cx` is the calling contract's.

use crate::Weth;
use alloy_primitives::U256;
use limpid_abi::{IListActions, IWETH9};
use limpid_native::{Ctx, Result, Session, actions::COIN};

limpid_native::actions! {
    IListActions::wrapCoinCall   => |cx, session, a| wrap_held(cx, session, a.amount);
    IListActions::unwrapCoinCall => |cx, session, a| unwrap_held(cx, session, a.amount);
}

/// Wraps coin that the contract holds.
pub fn wrap(cx: Ctx<'_>, amount: U256) -> Result<()> {
    let weth = cx.env(|env| env.addresses.weth);
    cx.move_coin(weth, amount)?;
    cx.call(
        weth,
        || IWETH9::depositCall {},
        |at| {
            Weth::of(at).deposit(cx.as_caller(), amount)?;
            Ok(IWETH9::depositReturn {})
        },
    )
    .map(drop)
}

/// Unwraps coin that the contract holds; it then holds the coin.
pub fn unwrap(cx: Ctx<'_>, amount: U256) -> Result<()> {
    cx.call(
        cx.env(|env| env.addresses.weth),
        || IWETH9::withdrawCall { wad: amount },
        |at| {
            Weth::of(at).withdraw_native(cx.as_caller(), amount)?;
            Ok(IWETH9::withdrawReturn {})
        },
    )
    .map(drop)
}

fn wrap_held(cx: Ctx<'_>, session: &mut Session, amount: U256) -> Result<U256> {
    let amount = session.spend(COIN, amount)?;
    wrap(cx, amount)?;
    session.receive(cx.env(|env| env.addresses.weth), amount)?;
    Ok(amount)
}

fn unwrap_held(cx: Ctx<'_>, session: &mut Session, amount: U256) -> Result<U256> {
    let amount = session.spend(cx.env(|env| env.addresses.weth), amount)?;
    unwrap(cx, amount)?;
    session.receive(COIN, amount)?;
    Ok(amount)
}
