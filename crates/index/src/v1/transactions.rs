//! Transactions: as lists show them, and whole.

use super::types::{Amount, Block, One, Page, Party};
use crate::{
    api::{
        ask::{self, Ask},
        error::{ApiError, Result},
        view::{View, What},
    },
    words::{
        decode::{self, Decoded},
        sentence::{Moved, Movement, Story, changes, movements},
    },
};
use alloy_primitives::{Address, B256, Bytes, I256, U256, hex};
use limpid_chain::{BlockWithReceipts, Position, Receipt, Recovered};
use limpid_evm::{Stopped, Tracing, words};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    hash: B256,
    status: &'static str,
    block: Option<Block>,
    index: Option<u32>,
    from: Party,
    to: Option<Party>,
    creates: bool,
    system: bool,
    method: Option<String>,
    value: Amount,
    fee: Amount,
    nonce: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail {
    #[serde(flatten)]
    one: Summary,
    summary: String,
    failure: Option<Failure>,
    confirmations: u64,
    #[serde(rename = "type")]
    ty: u8,
    gas: Gas,
    fees: Option<Fees>,
    call: Option<Decoded>,
    input: Bytes,
    transfers: Vec<Transfer>,
    changes: Vec<Change>,
    events: Vec<Event>,
    authorizations: Vec<Authorization>,
}

#[derive(Serialize)]
struct Failure {
    reason: String,
    decoded: Option<Decoded>,
    output: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gas {
    limit: u64,
    used: Option<u64>,
    price: Option<String>,
    max_fee: String,
    max_tip: String,
}

#[derive(Serialize)]
struct Fees {
    total: Amount,
    base: Amount,
    tip: Amount,
    burnt: Amount,
    to: Option<Party>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transfer {
    kind: &'static str,
    from: Party,
    to: Party,
    quantity: Amount,
    depth: usize,
    log_index: Option<u64>,
}

#[derive(Serialize)]
struct Change {
    party: Party,
    change: Amount,
}

#[derive(Serialize)]
struct Event {
    index: u64,
    address: Party,
    decoded: Option<Decoded>,
    topics: Vec<B256>,
    data: Bytes,
}

#[derive(Serialize)]
struct Authorization {
    authority: Option<Party>,
    delegate: Party,
    nonce: u64,
}

/// The transaction at a place of a block.
pub(super) fn summary(view: &View, found: &BlockWithReceipts, at: Position) -> Result<Summary> {
    let index = usize::try_from(at.index).unwrap_or(usize::MAX);
    let tx = found.block.transactions.get(index).ok_or_else(|| ApiError::not_found("no such transaction"))?;
    let block = Block::new(found.block.hash, &found.block.header);
    summarise(view, tx, found.receipts.get(index), Some((block, at.index)))
}

fn summarise(view: &View, tx: &Recovered, receipt: Option<&Receipt>, place: Option<(Block, u32)>) -> Result<Summary> {
    let to = tx.kind().to().copied().or(receipt.and_then(|receipt| receipt.created));
    let fee = receipt.map_or(U256::ZERO, |receipt| price(receipt.gas_used, receipt.effective_gas_price));
    Ok(Summary {
        hash: tx.hash(),
        status: match (receipt, place) {
            (Some(receipt), _) if receipt.success => "success",
            (Some(_), _) => "failed",
            // Blocks that were imported without executing them have no receipts.
            (None, Some(_)) => "success",
            (None, None) => "pending",
        },
        block: place.map(|(block, _)| block),
        index: place.map(|(_, index)| index),
        from: Party::new(view, tx.sender())?,
        to: Party::maybe(view, to)?,
        creates: tx.kind().is_create(),
        system: tx.as_system().is_some(),
        method: method(view, tx)?,
        value: Amount::coin(tx.value()),
        fee: Amount::coin(fee),
        nonce: tx.nonce(),
    })
}

fn price(gas: u64, each: u128) -> U256 {
    U256::from(gas).saturating_mul(U256::from(each))
}

fn is_native(view: &View, address: Address) -> Result<bool> {
    Ok(matches!(view.what(address)?, What::Native(_) | What::Token | What::Pool))
}

/// What a transaction calls: a native contract's method by name, another's by its selector.
pub(super) fn method(view: &View, tx: &Recovered) -> Result<Option<String>> {
    let Some(to) = tx.kind().to().copied().filter(|_| tx.as_system().is_none()) else { return Ok(None) };
    let input = tx.input();
    let Some(selector) = input.get(..4) else { return Ok(None) };
    let name = if is_native(view, to)? { decode::method(&input) } else { None };
    Ok(Some(name.map_or_else(|| hex::encode_prefixed(selector), str::to_owned)))
}

/// Transactions of all blocks, newest first; the cursor is the place of the last one given.
pub(super) fn list(view: &View, ask: &mut Ask) -> Result<Page<Summary>> {
    let (limit, before) = ask.page(ask::read_position)?;
    ask.end()?;
    let mut items = Vec::new();
    let mut last = None;
    // Below this place of this block, if it is not the end of one.
    let mut below = before.map(|at| (at.height, at.index)).filter(|(height, _)| *height <= view.height());
    let mut height = Some(below.map_or(view.height(), |(height, _)| height));
    let mut read = 0;
    while let Some(at) = height {
        let found = view
            .node()
            .block_at(at)?
            .ok_or_else(|| ApiError::unavailable("the chain has just gone back: ask again"))?;
        let count = u32::try_from(found.block.transactions.len()).unwrap_or(u32::MAX);
        let end = below.take().map_or(count, |(_, index)| index.min(count));
        for index in (0..end).rev() {
            if items.len() == limit {
                return Ok(Page::new(view, items, last.map(ask::position_bytes)));
            }
            let place = Position { height: at, index };
            items.push(summary(view, &found, place)?);
            last = Some(place);
        }
        read += 1;
        height = at.checked_sub(1);
        // A long run of empty blocks is left for the next page.
        if read >= MOST_BLOCKS && height.is_some() {
            return Ok(Page::new(view, items, Some(ask::position_bytes(Position { height: at, index: 0 }))));
        }
    }
    Ok(Page::whole(view, items))
}

/// Blocks that one page of transactions reads.
const MOST_BLOCKS: usize = 500;

pub(super) fn one(view: &View, ask: &mut Ask) -> Result<One<Detail>> {
    let hash = ask::hash(&ask.part("hash"))?;
    ask.end()?;
    let found = view.node().transaction(hash)?;
    // One that came with a block after this view's head waits, as far as this answer goes.
    let found = found.ok_or_else(|| ApiError::not_found("neither this chain nor its pool has such a transaction"))?;
    let place = found.place.filter(|place| place.at.height <= view.height());
    let receipt = match place {
        Some(_) => view.node().receipt(hash)?.map(|found| found.receipt),
        None => None,
    };
    let moves = match place {
        Some(place) => view.node().moves(place.at)?,
        None => Vec::new(),
    };
    let moved = receipt.as_ref().map(|receipt| movements(&found.tx, receipt, &moves)).unwrap_or_default();
    view.learn(moved.iter().filter_map(|one| one.asset))?;
    let one = summarise(view, &found.tx, receipt.as_ref(), place.map(|place| (place.into(), place.at.index)))?;
    let to = found.tx.kind().to().copied();
    let native = to.map_or(Ok(false), |to| is_native(view, to))?;
    let call = if native { decode::call(&found.tx.input()) } else { None };
    let failed = receipt.as_ref().is_some_and(|receipt| !receipt.success);
    let failure = if failed { Some(failure(view, &found.tx)?) } else { None };
    let changes = changes(&moved);
    let story = Story {
        view,
        tx: &found.tx,
        to: one.to.as_ref(),
        call: call.as_ref(),
        changes: &changes,
        created: receipt.as_ref().and_then(|receipt| receipt.created),
        failure: failure.as_ref().map(|failure| failure.reason.as_str()),
    };
    let detail = Detail {
        summary: story.tell()?,
        failure,
        confirmations: place.map_or(0, |place| view.height().saturating_sub(place.at.height).saturating_add(1)),
        ty: found.tx.tx_type(),
        gas: Gas {
            limit: found.tx.gas_limit(),
            used: receipt.as_ref().map(|receipt| receipt.gas_used),
            price: receipt.as_ref().map(|receipt| receipt.effective_gas_price.to_string()),
            max_fee: found.tx.max_fee_per_gas().to_string(),
            max_tip: found.tx.max_tip_per_gas().to_string(),
        },
        fees: match (&receipt, place) {
            (Some(receipt), Some(place)) => Some(fees(view, receipt, place.base_fee)?),
            _ => None,
        },
        call,
        input: found.tx.input(),
        transfers: moved.iter().map(|one| transfer(view, one)).collect::<Result<_>>()?,
        changes: shown(view, &changes)?,
        events: events(view, receipt.as_ref())?,
        authorizations: authorizations(view, &found.tx)?,
        one,
    };
    Ok(One::new(view, detail))
}

/// Why it failed: receipts do not say, so it is executed again.
fn failure(view: &View, tx: &Recovered) -> Result<Failure> {
    let traced = view.node().trace_transaction(tx.hash(), Tracing::NONE);
    let Ok(outcome) = traced else {
        let reason = "the reason cannot be found: this node does not keep the state before that block".to_owned();
        return Ok(Failure { reason, decoded: None, output: Bytes::new() });
    };
    let reason = match &outcome.stopped {
        Some(Stopped::Halt(halt)) => words::halted(halt, tx.gas_limit()),
        Some(Stopped::Panic) => "a native contract failed in a way that it should not; please report it".to_owned(),
        _ => words::reason(&outcome.output).unwrap_or_else(|| "the contract gave no reason".to_owned()),
    };
    let decoded = decode::error(&outcome.output);
    let output = if matches!(outcome.stopped, Some(Stopped::Revert)) { outcome.output } else { Bytes::new() };
    Ok(Failure { reason, decoded, output })
}

/// Where the fee went: on our own chains all of it to the fee ledger; on a copied one the base fee left existence.
fn fees(view: &View, receipt: &Receipt, base_fee: u64) -> Result<Fees> {
    let total = price(receipt.gas_used, receipt.effective_gas_price);
    let base = price(receipt.gas_used, base_fee.into()).min(total);
    let natives = view.natives();
    let burnt = if natives.is_some() { U256::ZERO } else { base };
    Ok(Fees {
        total: Amount::coin(total),
        base: Amount::coin(base),
        tip: Amount::coin(total.saturating_sub(base)),
        burnt: Amount::coin(burnt),
        to: Party::maybe(view, natives.map(|at| at.fees))?,
    })
}

fn transfer(view: &View, one: &Movement) -> Result<Transfer> {
    let quantity = match (one.kind, one.asset) {
        (Moved::Unique, Some(token)) => Amount::unique(view, token, one.quantity)?,
        (_, asset) => Amount::of(view, asset, one.quantity)?,
    };
    let kind = match one.kind {
        Moved::Coin => "coin",
        Moved::Token => "token",
        Moved::Unique => "unique",
    };
    let (from, to) = (Party::new(view, one.from)?, Party::new(view, one.to)?);
    Ok(Transfer { kind, from, to, quantity, depth: one.depth, log_index: one.log_index })
}

fn shown(view: &View, changes: &BTreeMap<(Address, Option<Address>), I256>) -> Result<Vec<Change>> {
    let change = |((party, asset), change): (&(Address, Option<Address>), &I256)| {
        Ok(Change { party: Party::new(view, *party)?, change: Amount::change(view, *asset, *change)? })
    };
    changes.iter().map(change).collect()
}

fn events(view: &View, receipt: Option<&Receipt>) -> Result<Vec<Event>> {
    let Some(receipt) = receipt else { return Ok(Vec::new()) };
    let event = |(index, log): (u64, &alloy_primitives::Log)| {
        Ok(Event {
            index,
            address: Party::new(view, log.address)?,
            decoded: decode::event(&log.data),
            topics: log.topics().to_vec(),
            data: log.data.data.clone(),
        })
    };
    (receipt.first_log_index..).zip(&receipt.logs).map(event).collect()
}

fn authorizations(view: &View, tx: &Recovered) -> Result<Vec<Authorization>> {
    let one = |given: &alloy_eips::eip7702::SignedAuthorization| {
        let signed = given.signature().ok().and_then(|signature| {
            let (r, s) = (signature.r().into(), signature.s().into());
            limpid_evm::recover_signer(given.signature_hash(), signature.v(), r, s)
        });
        let (authority, delegate) = (Party::maybe(view, signed)?, Party::new(view, given.address)?);
        Ok(Authorization { authority, delegate, nonce: given.nonce })
    };
    tx.authorizations().iter().map(one).collect()
}
