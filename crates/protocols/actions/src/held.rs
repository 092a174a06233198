//! Actions on what the list holds.

use alloy_primitives::{Address, U256};
use limpid_abi::{IActions, IListActions, IToken};
use limpid_exchange::Asset;
use limpid_native::{
    Ctx, Result, Session,
    actions::{ALL, COIN},
    ensure,
};

limpid_native::actions! {
    IListActions::untilCall  => |cx, _, a| until(cx, a.deadline);
    IListActions::takeCall   => |cx, session, a| take(cx, session, a.token, a.amount);
    IListActions::sendCall   => |cx, session, a| send(cx, session, &a);
    IListActions::settleCall => |cx, session, a| settle(cx, session, a.token, a.least);
}

fn until(cx: Ctx<'_>, deadline: U256) -> Result<IListActions::untilReturn> {
    ensure!(deadline >= U256::from(cx.now()), IActions::Expired { deadline });
    Ok(IListActions::untilReturn {})
}

/// Debits the caller, whom the dispatcher has authenticated (D4).
fn take(cx: Ctx<'_>, session: &mut Session, token: Address, amount: U256) -> Result<IListActions::takeReturn> {
    ensure!(token != COIN, IActions::CoinIsSentAlong {});
    let (asset, owner) = (Asset::resolve(cx, token)?, session.caller().address());
    let amount = if amount == ALL { asset.balance_of(cx, owner)? } else { amount };
    asset.pull(cx, owner, cx.this(), amount)?;
    session.receive(token, amount)?;
    Ok(IListActions::takeReturn {})
}

fn send(cx: Ctx<'_>, session: &mut Session, order: &IListActions::sendCall) -> Result<U256> {
    let IListActions::sendCall { token, to, amount, least } = *order;
    let lost = to.is_zero() || to == cx.this() || to == token;
    ensure!(!lost, IToken::ERC20InvalidReceiver { receiver: to });
    let amount = session.spend(token, amount)?;
    ensure!(amount >= least, IActions::TooLittle { amount, least });
    hand_over(cx, token, to, amount)?;
    Ok(amount)
}

fn settle(cx: Ctx<'_>, session: &mut Session, token: Address, least: U256) -> Result<U256> {
    let amount = session.spend(token, ALL)?;
    ensure!(amount >= least, IActions::TooLittle { amount, least });
    hand_over(cx, token, session.caller().address(), amount)?;
    Ok(amount)
}

fn hand_over(cx: Ctx<'_>, token: Address, to: Address, amount: U256) -> Result<()> {
    if amount.is_zero() {
        return Ok(());
    }
    if token == COIN {
        return cx.queue_payout(to, amount);
    }
    Asset::resolve(cx, token)?.send(cx, to, amount).map(drop)
}
