//! What the exchange adds to action lists. `cx` is the list's contract, which holds the session's tokens.

use crate::{
    asset::Asset,
    calls,
    liquidity::fitting,
    math,
    path::{Leg, blame_foreign},
    state::Pair,
};
use alloy_primitives::{Address, U256};
use limpid_abi::{IActions, IExchangeActions};
use limpid_native::{Ctx, Result, Session, actions::ALL, ensure, revert};

limpid_native::actions! {
    IExchangeActions::sellCall            => |cx, session, a| sell(cx, session, &a);
    IExchangeActions::buyCall             => |cx, session, a| buy(cx, session, &a);
    IExchangeActions::addLiquidityCall    => |cx, session, a| add(cx, session, &a);
    IExchangeActions::removeLiquidityCall => |cx, session, a| remove(cx, session, &a);
    IExchangeActions::borrowCall          => |cx, session, a| borrow(cx, session, &a);
    IExchangeActions::repayCall           => |cx, session, a| repay(cx, session, &a);
}

/// The pool of two tokens, seen from the first.
fn find(cx: Ctx<'_>, tokens @ [a, b]: [Address; 2]) -> Result<Leg> {
    let none = || revert(IActions::NoPool { tokenA: a, tokenB: b });
    if a == b || a.is_zero() || b.is_zero() {
        return Err(none());
    }
    blame_foreign(cx, &tokens, Leg::look(cx, a, b).and_then(|leg| leg.ok_or_else(none)))
}

/// Books an amount out of the session and sends it to the pool.
fn pay_in(cx: Ctx<'_>, session: &mut Session, asset: Asset, pair: Address, amount: U256) -> Result<U256> {
    let amount = session.spend(asset.token, amount)?;
    if !amount.is_zero() {
        asset.send(cx, pair, amount)?;
    }
    Ok(amount)
}

fn sell(cx: Ctx<'_>, session: &mut Session, order: &IExchangeActions::sellCall) -> Result<U256> {
    let leg = find(cx, [order.tokenIn, order.tokenOut])?;
    let amount = pay_in(cx, session, leg.asset_in(), leg.pair, order.amountIn)?;
    let [reserve_in, reserve_out] = leg.reserves(cx)?;
    let bought = math::amount_out(amount, reserve_in, reserve_out)?;
    ensure!(bought >= order.least, IActions::TooLittle { amount: bought, least: order.least });
    calls::swap(cx, &leg, bought, cx.this())?;
    session.receive(order.tokenOut, bought)?;
    Ok(bought)
}

fn buy(cx: Ctx<'_>, session: &mut Session, order: &IExchangeActions::buyCall) -> Result<U256> {
    let leg = find(cx, [order.tokenIn, order.tokenOut])?;
    let [reserve_in, reserve_out] = leg.reserves(cx)?;
    let needed = math::amount_in(order.amountOut, reserve_in, reserve_out)?;
    ensure!(needed <= order.most, IActions::TooMuch { amount: needed, most: order.most });
    pay_in(cx, session, leg.asset_in(), leg.pair, needed)?;
    calls::swap(cx, &leg, order.amountOut, cx.this())?;
    session.receive(order.tokenOut, order.amountOut)?;
    Ok(needed)
}

fn add(cx: Ctx<'_>, session: &mut Session, order: &IExchangeActions::addLiquidityCall) -> Result<(U256, U256, U256)> {
    let leg = find(cx, [order.tokenA, order.tokenB])?;
    let at_most = |token, amount| if amount == ALL { session.held(token) } else { amount };
    let desired = [at_most(order.tokenA, order.amountA), at_most(order.tokenB, order.amountB)];
    let [used_a, used_b] = fitting(leg.reserves(cx)?, desired, [U256::ZERO; 2])?;
    pay_in(cx, session, leg.asset_in(), leg.pair, used_a)?;
    pay_in(cx, session, leg.asset_out(), leg.pair, used_b)?;
    let to = if order.to.is_zero() { cx.this() } else { order.to };
    let shares = calls::mint(cx, leg.pair, to)?;
    ensure!(shares >= order.least, IActions::TooLittle { amount: shares, least: order.least });
    if to == cx.this() {
        session.receive(leg.pair, shares)?;
    }
    Ok((used_a, used_b, shares))
}

fn remove(cx: Ctx<'_>, session: &mut Session, order: &IExchangeActions::removeLiquidityCall) -> Result<(U256, U256)> {
    let leg = find(cx, [order.tokenA, order.tokenB])?;
    pay_in(cx, session, Asset { token: leg.pair, share: true }, leg.pair, order.shares)?;
    let [amount_a, amount_b] = leg.order(calls::burn(cx, leg.pair, cx.this())?);
    for (token, amount, least) in [(order.tokenA, amount_a, order.leastA), (order.tokenB, amount_b, order.leastB)] {
        ensure!(amount >= least, IActions::TooLittle { amount, least });
        session.receive(token, amount)?;
    }
    Ok((amount_a, amount_b))
}

fn borrow(
    cx: Ctx<'_>,
    session: &mut Session,
    order: &IExchangeActions::borrowCall,
) -> Result<IExchangeActions::borrowReturn> {
    let leg = find(cx, [order.tokenA, order.tokenB])?;
    let outputs = leg.order([order.amountA, order.amountB]);
    let answer = cx.call(
        leg.pair,
        || order.clone(),
        |at| {
            Pair::of(at, leg.pair).lend(leg.setup(), outputs, cx.this())?;
            Ok(IExchangeActions::borrowReturn {})
        },
    )?;
    session.check_at_end(leg.pair, is_repaid);
    session.receive(order.tokenA, order.amountA)?;
    session.receive(order.tokenB, order.amountB)?;
    Ok(answer)
}

/// AL-4.
fn is_repaid(cx: Ctx<'_>, pool: Address) -> Result<()> {
    ensure!(Pair::of(cx, pool).lent()?.is_none(), IActions::NotRepaid { pool });
    Ok(())
}

/// What is due for each token in itself.
fn due(amount: U256) -> Result<U256> {
    if amount.is_zero() { Ok(amount) } else { math::repayment(amount) }
}

fn repay(
    cx: Ctx<'_>,
    session: &mut Session,
    order: &IExchangeActions::repayCall,
) -> Result<IExchangeActions::repayReturn> {
    let leg = find(cx, [order.tokenA, order.tokenB])?;
    let lent = Pair::of(cx, leg.pair).lent()?;
    let lent = lent.ok_or_else(|| revert(IActions::NothingLent { pool: leg.pair }))?;
    let [lent_a, lent_b] = leg.order(lent);
    let in_kind = order.amountA.is_zero() && order.amountB.is_zero();
    let [amount_a, amount_b] = if in_kind { [due(lent_a)?, due(lent_b)?] } else { [order.amountA, order.amountB] };
    let paidA = pay_in(cx, session, leg.asset_in(), leg.pair, amount_a)?;
    let paidB = pay_in(cx, session, leg.asset_out(), leg.pair, amount_b)?;
    cx.call(
        leg.pair,
        || order.clone(),
        |at| {
            Pair::of(at, leg.pair).repay(cx.as_caller(), leg.setup(), cx.this())?;
            Ok(IExchangeActions::repayReturn { paidA, paidB })
        },
    )
}
