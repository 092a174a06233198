//! Tokens: what they are, who holds them, how they moved.

use super::types::{Amount, Block, One, Page, Party, Shown};
use crate::api::{
    ask::Ask,
    error::{ApiError, Result},
    view::{View, What},
};
use alloy_primitives::{Address, B256, U256, U512};
use alloy_sol_types::SolEvent as _;
use limpid_abi::{IERC20, IGateway, IToken, ITokenFactory};
use limpid_chain::explorer::{FoundTransfer, LogPlace, TokenRow};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Token {
    token: Party,
    name: Option<String>,
    symbol: Option<String>,
    decimals: Option<u8>,
    supply: Option<Amount>,
    kind: &'static str,
    creator: Option<Party>,
    minter: Option<Party>,
    foreign: Option<Shown>,
    holders: u64,
    transfers: u64,
}

#[derive(Serialize)]
pub(super) struct Holding {
    token: Party,
    name: Option<String>,
    balance: Amount,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Holder {
    holder: Party,
    balance: Amount,
    share_millionths: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transfer {
    block: Block,
    transaction: B256,
    log_index: u64,
    from: Party,
    to: Party,
    quantity: Amount,
}

/// By when they were first seen, newest first.
pub(super) fn list(view: &View, ask: &mut Ask) -> Result<Page<Token>> {
    let (limit, before) = ask.page(LogPlace::from_key)?;
    ask.end()?;
    let page = view.index()?.tokens(before, limit)?;
    let items = tokens(view, &page.items)?;
    Ok(Page::new(view, items, page.next.map(LogPlace::key)))
}

pub(super) fn one(view: &View, ask: &mut Ask) -> Result<One<Token>> {
    let token = ask.address()?;
    ask.end()?;
    check(view, token)?;
    let item = tokens(view, &[token])?.pop().ok_or_else(|| ApiError::internal(&"a token without a description"))?;
    Ok(One::new(view, item))
}

/// A token is what is native and one, or what has logged a transfer.
fn check(view: &View, token: Address) -> Result<()> {
    let native = matches!(view.what(token)?, What::Token | What::Pool | What::Native("weth"));
    if native || view.index()?.token(token)?.is_some() {
        return Ok(());
    }
    Err(ApiError::not_found(format!("no token is known at {token}: none of its transfers was ever logged")))
}

fn tokens(view: &View, tokens: &[Address]) -> Result<Vec<Token>> {
    view.learn(tokens.iter().copied())?;
    let supplies = view.ask_each(tokens.iter().map(|token| (*token, IERC20::totalSupplyCall {})))?;
    let minters = view.ask_each(tokens.iter().map(|token| (*token, IToken::minterCall {})))?;
    let foreign = match view.natives() {
        Some(at) => {
            view.ask_each(tokens.iter().map(|token| (at.gateway, IGateway::foreignOfCall { wrapped: *token })))?
        }
        None => vec![None; tokens.len()],
    };
    let rows = tokens.iter().zip(supplies).zip(minters.into_iter().zip(foreign));
    rows.map(|((token, supply), (minter, foreign))| {
        let (info, what) = (view.token(*token)?, view.what(*token)?);
        let row = view.index()?.token(*token)?;
        let foreign = foreign.filter(|foreign| !foreign.is_zero());
        Ok(Token {
            token: Party::token(view, *token)?,
            name: info.name.clone(),
            symbol: info.symbol.clone(),
            decimals: info.decimals,
            supply: supply.map(|units| Amount::of(view, Some(*token), units)).transpose()?,
            kind: match what {
                What::Native(_) => "coin",
                What::Pool => "share",
                What::Token if foreign.is_some() => "wrapped",
                What::Token => "native",
                _ => "foreign",
            },
            creator: Party::maybe(view, creator(view, *token, row)?)?,
            minter: Party::maybe(view, minter.filter(|minter| what == What::Token && !minter.is_zero()))?,
            foreign: foreign.map(Shown),
            holders: row.map_or(0, |row| row.holders),
            transfers: row.map_or(0, |row| row.transfers),
        })
    })
    .collect()
}

/// Who created a native token, if its first transfer was in the same transaction.
fn creator(view: &View, token: Address, row: Option<TokenRow>) -> Result<Option<Address>> {
    let Some(row) = row else { return Ok(None) };
    let Some(found) = view.node().transaction_at(row.first.at)? else { return Ok(None) };
    let Some(receipt) = view.node().receipt(found.tx.hash())? else { return Ok(None) };
    let factory = view.natives().map(|at| at.token_factory);
    let mut made = receipt.receipt.logs.iter().filter(|log| Some(log.address) == factory);
    Ok(made.find_map(|log| {
        let event = ITokenFactory::TokenCreated::decode_log(log).ok()?;
        (event.token == token).then_some(event.creator)
    }))
}

/// Tokens that an account holds.
pub(super) fn held(view: &View, ask: &mut Ask) -> Result<Page<Holding>> {
    let owner = ask.address()?;
    let (limit, after) = ask.page(|bytes| Address::try_from(bytes).ok())?;
    ask.end()?;
    let page = view.index()?.held(owner, after, limit)?;
    view.learn(page.items.iter().copied())?;
    let balances = view.ask_each(page.items.iter().map(|token| (*token, IERC20::balanceOfCall { owner })))?;
    let holding = |(token, balance): (&Address, Option<U256>)| {
        Ok(Holding {
            token: Party::token(view, *token)?,
            name: view.token(*token)?.name.clone(),
            balance: Amount::of(view, Some(*token), balance.unwrap_or_default())?,
        })
    };
    let items = page.items.iter().zip(balances).map(holding).collect::<Result<_>>()?;
    Ok(Page::new(view, items, page.next.map(|next| next.into_array())))
}

pub(super) fn holders(view: &View, ask: &mut Ask) -> Result<Page<Holder>> {
    let token = ask.address()?;
    let (limit, after) = ask.page(|bytes| Address::try_from(bytes).ok())?;
    ask.end()?;
    check(view, token)?;
    let page = view.index()?.holders(token, after, limit)?;
    let owners = page.items.iter().map(|row| (token, IERC20::balanceOfCall { owner: row.holder }));
    let balances = view.ask_each(owners)?;
    let supply = view.ask(token, &IERC20::totalSupplyCall {})?.filter(|supply| !supply.is_zero());
    let holder = |(row, balance): (&limpid_chain::explorer::Holder, Option<U256>)| {
        // A token that does not answer is taken by what it logged.
        let balance = balance.unwrap_or(row.balance);
        let share = supply
            .and_then(|supply| u64::try_from(U512::from(balance) * U512::from(1_000_000u64) / U512::from(supply)).ok());
        let (holder, balance) = (Party::new(view, row.holder)?, Amount::of(view, Some(token), balance)?);
        Ok(Holder { holder, balance, share_millionths: share })
    };
    let items = page.items.iter().zip(balances).map(holder).collect::<Result<_>>()?;
    Ok(Page::new(view, items, page.next.map(|next| next.into_array())))
}

pub(super) fn transfers(view: &View, ask: &mut Ask) -> Result<Page<Transfer>> {
    let token = ask.address()?;
    let (limit, before) = ask.page(LogPlace::from_key)?;
    ask.end()?;
    check(view, token)?;
    let page = view.index()?.transfers(token, before, limit)?;
    let items = page.items.into_iter().map(|found| transfer(view, token, found)).collect::<Result<_>>()?;
    Ok(Page::new(view, items, page.next.map(LogPlace::key)))
}

fn transfer(view: &View, token: Address, found: FoundTransfer) -> Result<Transfer> {
    let (hash, timestamp) = view.index()?.timestamp(found.place.at)?;
    Ok(Transfer {
        block: Block { number: found.place.at.height, hash, timestamp },
        transaction: found.tx_hash,
        log_index: found.log_index,
        from: Party::new(view, found.from)?,
        to: Party::new(view, found.to)?,
        quantity: match found.id {
            Some(id) => Amount::unique(view, token, id)?,
            None => Amount::of(view, Some(token), found.units)?,
        },
    })
}
