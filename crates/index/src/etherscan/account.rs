//! `account`: balances and what happened to an account.

use super::answers::{Failed, MOST_ROWS, Params, Result, read_address};
use crate::{
    api::view::{View, What},
    words::decode,
};
use alloy_primitives::{Address, U256, hex};
use limpid_abi::IERC20;
use limpid_chain::{
    Position,
    explorer::{FoundTransfer, LogPlace},
    history::{Cursor, Entry, EntryKind},
    node::FoundReceipt,
};
use limpid_evm::{CallKind, ValueMove};
use serde_json::{Value, json};

/// Addresses of one request.
const MOST_ADDRESSES: usize = 20;
/// Entries of a history that one request reads.
const MOST_READ: usize = 100_000;
/// Entries read at a time.
const STEP: usize = 1_000;
/// Blocks of a range without an address.
const MOST_BLOCKS: u64 = 10_000;

fn coin(view: &View, address: Address) -> Result<String> {
    Ok(view.account(address)?.unwrap_or_default().balance.to_string())
}

/// Only the newest state can be asked here; `/rpc` has all of them.
fn check_tag(params: &Params) -> Result<()> {
    match params.get("tag") {
        None | Some("latest" | "pending" | "safe" | "finalized") => Ok(()),
        Some(_) => Err(Failed::told("Error! tag is latest; eth_getBalance at /rpc knows every block")),
    }
}

pub(super) fn balance(view: &View, params: &Params) -> Result<Value> {
    check_tag(params)?;
    Ok(json!(coin(view, params.address("address")?)?))
}

pub(super) fn balances(view: &View, params: &Params) -> Result<Value> {
    check_tag(params)?;
    let addresses: Vec<_> = params.must("address")?.split(',').collect();
    if addresses.len() > MOST_ADDRESSES {
        return Err(Failed::told(format!("Error! Maximum {MOST_ADDRESSES} addresses")));
    }
    let row = |given: &&str| {
        let address = read_address(given)?;
        Ok(json!({ "account": given.trim(), "balance": coin(view, address)? }))
    };
    addresses.iter().map(row).collect::<Result<Vec<_>>>().map(Value::from)
}

pub(super) fn token_balance(view: &View, params: &Params) -> Result<Value> {
    check_tag(params)?;
    let (token, owner) = (params.address("contractaddress")?, params.address("address")?);
    Ok(json!(view.ask(token, &IERC20::balanceOfCall { owner })?.unwrap_or_default().to_string()))
}

/// The entries of an account that are wanted, in a window of them.
fn entries(view: &View, params: &Params, wanted: impl Fn(&Entry) -> bool) -> Result<Vec<Entry>> {
    let address = params.address("address")?;
    let (first, last) = params.blocks("startblock", "endblock", view.height())?;
    let ((mut skip, most), newest) = (params.window(MOST_ROWS)?, params.newest_first()?);
    let start = Cursor { at: Position { height: first, index: 0 }, sequence: 0 };
    let end = Cursor { at: Position { height: last.saturating_add(1), index: 0 }, sequence: 0 };
    let (mut found, mut read) = (Vec::new(), 0usize);
    let mut next = Some(if newest { end } else { start });
    while let Some(from) = next.filter(|_| found.len() < most) {
        if read >= MOST_READ {
            return Err(Failed::told("Error! Too many entries to look through: narrow startblock and endblock"));
        }
        let page = if newest {
            view.node().history(address, Some(from), STEP)?
        } else {
            view.node().history_from(address, from, STEP)?
        };
        read += page.entries.len();
        next = page.next;
        for entry in page.entries {
            if entry.cursor < start || entry.cursor >= end {
                next = None;
                break;
            }
            if !wanted(&entry) {
                continue;
            }
            if skip > 0 {
                skip -= 1;
            } else if found.len() < most {
                found.push(entry);
            }
        }
    }
    Ok(found)
}

/// What every row of a transaction has.
pub(super) struct Base {
    found: FoundReceipt,
    confirmations: u64,
}

impl Base {
    pub(super) fn at(view: &View, at: Position) -> Result<Self> {
        let missing = || Failed::told("Error! The chain has just gone back: ask again");
        let tx = view.node().transaction_at(at)?.ok_or_else(missing)?.tx.hash();
        let found = view.node().receipt(tx)?.ok_or_else(missing)?;
        Ok(Self { found, confirmations: view.height().saturating_sub(at.height).saturating_add(1) })
    }

    fn method(&self, view: &View) -> Result<(String, String)> {
        let (input, to) = (self.found.tx.input(), self.found.tx.kind().to().copied());
        let Some((selector, to)) = input.get(..4).zip(to) else { return Ok(("0x".to_owned(), String::new())) };
        let native = matches!(view.what(to)?, What::Native(_) | What::Token | What::Pool);
        let name = if native { decode::declared(&input) } else { None };
        Ok((hex::encode_prefixed(selector), name.unwrap_or_default()))
    }
}

fn text(address: Option<Address>) -> String {
    address.map(|address| format!("{address:#x}")).unwrap_or_default()
}

fn rows(rows: Vec<Value>) -> Result<Value> {
    if rows.is_empty() { Err(Failed::none("transactions")) } else { Ok(rows.into()) }
}

pub(super) fn transactions(view: &View, params: &Params) -> Result<Value> {
    let found = entries(view, params, |entry| entry.kind == EntryKind::Transaction)?;
    rows(found.iter().map(|entry| transaction(view, entry.cursor.at)).collect::<Result<_>>()?)
}

fn transaction(view: &View, at: Position) -> Result<Value> {
    let base = Base::at(view, at)?;
    let (method, function) = base.method(view)?;
    let FoundReceipt { receipt, tx, place } = &base.found;
    let failed = if receipt.success { "0" } else { "1" };
    Ok(json!({
        "blockNumber": at.height.to_string(),
        "timeStamp": place.timestamp.to_string(),
        "hash": tx.hash(),
        "nonce": tx.nonce().to_string(),
        "blockHash": place.block_hash,
        "transactionIndex": at.index.to_string(),
        "from": text(Some(tx.sender())),
        "to": text(tx.kind().to().copied()),
        "value": tx.value().to_string(),
        "gas": tx.gas_limit().to_string(),
        "gasPrice": receipt.effective_gas_price.to_string(),
        "isError": failed,
        "txreceipt_status": if receipt.success { "1" } else { "0" },
        "input": tx.input(),
        "contractAddress": text(receipt.created),
        "cumulativeGasUsed": receipt.cumulative_gas_used.to_string(),
        "gasUsed": receipt.gas_used.to_string(),
        "confirmations": base.confirmations.to_string(),
        "methodId": method,
        "functionName": function,
    }))
}

/// By address, by transaction, or by range of blocks.
pub(super) fn internal(view: &View, params: &Params) -> Result<Value> {
    if params.get("address").is_some() {
        let found = entries(view, params, |entry| entry.kind == EntryKind::Move)?;
        let mut all = Vec::new();
        for entry in found {
            let base = Base::at(view, entry.cursor.at)?;
            // A user's transaction is itself the first entry.
            let own = u32::from(base.found.tx.as_system().is_none());
            let number = usize::try_from(entry.cursor.sequence.saturating_sub(own)).unwrap_or(usize::MAX);
            if let Some(one) = view.node().moves(entry.cursor.at)?.get(number) {
                all.push(moved(&base, number, one));
            }
        }
        return rows(all);
    }
    if params.get("txhash").is_some() {
        let at = view.node().position(params.hash("txhash")?)?.filter(|at| at.height <= view.height());
        let at = at.ok_or_else(|| Failed::none("transactions"))?;
        let (base, moves) = (Base::at(view, at)?, view.node().moves(at)?);
        return rows(moves.iter().enumerate().map(|(number, one)| moved(&base, number, one)).collect());
    }
    if params.get("startblock").is_none() || params.get("endblock").is_none() {
        return Err(Failed::told("Error! Give address, txhash, or startblock and endblock"));
    }
    let (first, last) = params.blocks("startblock", "endblock", view.height())?;
    if last.saturating_sub(first) >= MOST_BLOCKS {
        return Err(Failed::told(format!("Error! Maximum {MOST_BLOCKS} blocks")));
    }
    let ((skip, most), newest) = (params.window(MOST_ROWS)?, params.newest_first()?);
    let mut all = Vec::new();
    let mut heights: Vec<_> = (first..=last).collect();
    if newest {
        heights.reverse();
    }
    for height in heights {
        let Some(block) = view.node().block_at(height)? else { break };
        let mut of_block = Vec::new();
        for index in 0..u32::try_from(block.block.transactions.len()).unwrap_or(u32::MAX) {
            let at = Position { height, index };
            let moves = view.node().moves(at)?;
            if !moves.is_empty() {
                let base = Base::at(view, at)?;
                of_block.extend(moves.iter().enumerate().map(|(number, one)| moved(&base, number, one)));
            }
        }
        if newest {
            of_block.reverse();
        }
        all.extend(of_block);
        if all.len() >= skip.saturating_add(most) {
            break;
        }
    }
    rows(all.into_iter().skip(skip).take(most).collect())
}

fn moved(base: &Base, number: usize, one: &ValueMove) -> Value {
    let FoundReceipt { receipt, tx, place } = &base.found;
    let create = matches!(one.kind, CallKind::Create | CallKind::Create2);
    let kind = match one.kind {
        CallKind::Create | CallKind::Create2 => "create",
        CallKind::SelfDestruct => "selfdestruct",
        _ => "call",
    };
    json!({
        "blockNumber": place.at.height.to_string(),
        "timeStamp": place.timestamp.to_string(),
        "hash": tx.hash(),
        "from": text(Some(one.from)),
        "to": if create { String::new() } else { text(Some(one.to)) },
        "value": one.amount.to_string(),
        "contractAddress": if create { text(Some(one.to)) } else { String::new() },
        "input": "",
        "type": kind,
        // Moves are kept, not frames: what one frame was given and used is in a trace.
        "gas": "0",
        "gasUsed": "0",
        "traceId": number.to_string(),
        "isError": if receipt.success { "0" } else { "1" },
        "errCode": "",
    })
}

/// Of an account, of a token, or of both.
pub(super) fn tokens(view: &View, params: &Params) -> Result<Value> {
    let token = params.get("contractaddress").map(|_| params.address("contractaddress")).transpose()?;
    if params.get("address").is_some() {
        let wanted =
            |entry: &Entry| entry.kind == EntryKind::Token && token.is_none_or(|token| entry.asset == Some(token));
        let found = entries(view, params, wanted)?;
        view.learn(found.iter().filter_map(|entry| entry.asset))?;
        let owner = params.address("address")?;
        let row = |entry: &Entry| {
            use limpid_chain::history::Direction;
            let other = entry.counterparty.unwrap_or_default();
            let (from, to) = match entry.direction {
                Direction::In => (other, owner),
                Direction::Out => (owner, other),
                Direction::Own => (owner, owner),
            };
            transfer(view, entry.cursor.at, entry.asset.unwrap_or_default(), (from, to), entry.quantity)
        };
        return rows(found.iter().map(row).collect::<Result<_>>()?);
    }
    let Some(token) = token else { return Err(Failed::told("Error! Give address or contractaddress, or both")) };
    rows(of_token(view, params, token)?)
}

fn of_token(view: &View, params: &Params, token: Address) -> Result<Vec<Value>> {
    let (first, last) = params.blocks("startblock", "endblock", view.height())?;
    let ((skip, most), newest) = (params.window(MOST_ROWS)?, params.newest_first()?);
    view.learn([token])?;
    let (mut found, mut before): (Vec<FoundTransfer>, _) = (Vec::new(), LogPlace::after(last));
    // Oldest first needs all of the range before its window is known.
    let enough = if newest { skip.saturating_add(most) } else { MOST_READ };
    loop {
        let page = view.index()?.transfers(token, Some(before), STEP)?;
        let all = page.items.len();
        found.extend(page.items.into_iter().filter(|one| one.place.at.height >= first && one.id.is_none()));
        let more = page.next.filter(|next| next.at.height >= first);
        match more {
            Some(next) if found.len() < enough && all > 0 => before = next,
            Some(_) if !newest => {
                return Err(Failed::told("Error! Too many transfers to look through: narrow startblock and endblock"));
            }
            _ => break,
        }
    }
    if !newest {
        found.reverse();
    }
    let row = |one: FoundTransfer| transfer(view, one.place.at, token, (one.from, one.to), one.units);
    found.into_iter().skip(skip).take(most).map(row).collect()
}

fn transfer(view: &View, at: Position, token: Address, (from, to): (Address, Address), units: U256) -> Result<Value> {
    let base = Base::at(view, at)?;
    let (method, function) = base.method(view)?;
    let FoundReceipt { receipt, tx, place } = &base.found;
    let info = view.token(token)?;
    Ok(json!({
        "blockNumber": at.height.to_string(),
        "timeStamp": place.timestamp.to_string(),
        "hash": tx.hash(),
        "nonce": tx.nonce().to_string(),
        "blockHash": place.block_hash,
        "from": text(Some(from)),
        "contractAddress": text(Some(token)),
        "to": text(Some(to)),
        "value": units.to_string(),
        "tokenName": info.name.clone().unwrap_or_default(),
        "tokenSymbol": info.symbol.clone().unwrap_or_default(),
        "tokenDecimal": info.decimals.unwrap_or_default().to_string(),
        "transactionIndex": at.index.to_string(),
        "gas": tx.gas_limit().to_string(),
        "gasPrice": receipt.effective_gas_price.to_string(),
        "gasUsed": receipt.gas_used.to_string(),
        "cumulativeGasUsed": receipt.cumulative_gas_used.to_string(),
        "input": "deprecated",
        "methodId": method,
        "functionName": function,
        "confirmations": base.confirmations.to_string(),
    }))
}
