//! What others may take from an account, as the tokens answer now.

use super::types::{Amount, Block, Page, Party};
use crate::api::{
    ask::Ask,
    error::Result,
    view::{View, What},
};
use alloy_primitives::{Address, B256, U256};
use limpid_abi::IERC20;
use limpid_chain::explorer::Allowance as Approved;
use limpid_token::ledger_of;
use serde::Serialize;

/// Approvals that one page looks at.
const MOST_READ: usize = 400;
/// Gas of looking at all of a page.
const LOOK_GAS: u64 = 30_000_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Allowance {
    token: Party,
    spender: Party,
    value: Amount,
    unlimited: bool,
    expires_at: Option<u64>,
    expired: bool,
    balance: Amount,
    at_risk: Amount,
    changed: Changed,
}

#[derive(Serialize)]
struct Changed {
    block: Block,
    transaction: Option<B256>,
}

pub(super) fn list(view: &View, ask: &mut Ask) -> Result<Page<Allowance>> {
    let owner = ask.address()?;
    let (limit, mut after) = ask.page(pair)?;
    ask.end()?;
    let (mut items, mut read) = (Vec::new(), 0);
    loop {
        // No more than the page has room for, so that none is looked at in vain.
        let page = view.index()?.allowances(owner, after, limit - items.len())?;
        read += page.items.len();
        let given: Vec<_> = page.items.into_iter().filter(|one| one.some).collect();
        items.extend(live(view, owner, &given)?);
        after = page.next;
        if after.is_none() || items.len() == limit || read >= MOST_READ {
            let next = after.map(|(token, spender)| [token.into_array(), spender.into_array()].concat());
            return Ok(Page::new(view, items, next));
        }
    }
}

fn pair(bytes: &[u8]) -> Option<(Address, Address)> {
    let (token, spender) = bytes.split_at_checked(20)?;
    Some((Address::try_from(token).ok()?, Address::try_from(spender).ok()?))
}

/// Those that let somebody take something, and those that ended by themselves.
fn live(view: &View, owner: Address, given: &[Approved]) -> Result<Vec<Allowance>> {
    view.learn(given.iter().map(|one| one.token))?;
    let values =
        view.ask_each(given.iter().map(|one| (one.token, IERC20::allowanceCall { owner, spender: one.spender })))?;
    let balances = view.ask_each(given.iter().map(|one| (one.token, IERC20::balanceOfCall { owner })))?;
    let now = view.head().block.header.timestamp;
    let mut found = Vec::new();
    let ends = ends(view, owner, given)?;
    for ((one, expires_at), (value, balance)) in given.iter().zip(ends).zip(values.into_iter().zip(balances)) {
        let (value, balance) = (value.unwrap_or_default(), balance.unwrap_or_default());
        let expired = expires_at.is_some_and(|end| end <= now);
        if value.is_zero() && !expired {
            continue;
        }
        let at_risk = if expired { U256::ZERO } else { value.min(balance) };
        let (hash, timestamp) = view.index()?.timestamp(one.at.at)?;
        let transaction = view.node().transaction_at(one.at.at)?.map(|found| found.tx.hash());
        let amount = |units| Amount::of(view, Some(one.token), units);
        found.push(Allowance {
            token: Party::token(view, one.token)?,
            spender: Party::new(view, one.spender)?,
            value: amount(value)?,
            unlimited: value.bit(255),
            expires_at,
            expired,
            balance: amount(balance)?,
            at_risk: amount(at_risk)?,
            changed: Changed { block: Block { number: one.at.at.height, hash, timestamp }, transaction },
        });
    }
    Ok(found)
}

/// When allowances of native tokens end by themselves, read with the tokens' own code: not every native token has a method
/// that says so.
fn ends(view: &View, owner: Address, given: &[Approved]) -> Result<Vec<Option<u64>>> {
    let mut native = Vec::new();
    for one in given {
        native.push(matches!(view.what(one.token)?, What::Native(_) | What::Token | What::Pool));
    }
    if !native.contains(&true) {
        return Ok(vec![None; given.len()]);
    }
    let pairs: Vec<_> =
        given.iter().zip(native).map(|(one, native)| native.then_some((one.token, one.spender))).collect();
    let at = view.head().block.hash.into();
    Ok(view.node().inspect(at, LOOK_GAS, move |cx| {
        let end = |pair: &Option<(Address, Address)>| {
            let Some((token, spender)) = pair else { return Ok(None) };
            let (_, end) = ledger_of(cx, *token).allowance_info(owner, *spender)?;
            Ok(Some(end).filter(|end| *end != 0))
        };
        pairs.iter().map(end).collect()
    })?)
}
