//! Accounts: what stands there, and what happened to it.

use super::types::{Amount, Block, One, Page, Party, cursor};
use crate::api::{
    ask::{self, Ask},
    error::{ApiError, Result},
    view::{View, What},
};
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use limpid_chain::history::{Cursor, Direction, Entry, EntryKind};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rows that one filtered page reads.
const MOST_READ: usize = 1_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    party: Party,
    balance: Amount,
    nonce: u64,
    code: Code,
    tokens: Option<u64>,
    last_active: Option<Block>,
}

#[derive(Serialize)]
struct Code {
    size: usize,
    hash: Option<B256>,
    delegate: Option<Party>,
}

#[derive(Serialize)]
pub(super) struct Row {
    block: Block,
    transaction: B256,
    kind: &'static str,
    direction: &'static str,
    counterparty: Option<Party>,
    quantity: Amount,
    fee: Amount,
    success: bool,
    method: Option<String>,
    folded: Option<&'static str>,
}

pub(super) fn one(view: &View, ask: &mut Ask) -> Result<One<Account>> {
    let address = ask.address()?;
    ask.end()?;
    let account = view.account(address)?.unwrap_or_default();
    let delegate = match view.what(address)? {
        What::Delegated(to) => Some(Party::new(view, to)?),
        _ => None,
    };
    let newest = view.node().history(address, Some(end(view)), 1)?.entries.into_iter().next();
    let last_active = newest.map(|entry| block_of(view, &entry)).transpose()?;
    let has_code = !matches!(account.code_hash, KECCAK256_EMPTY | B256::ZERO);
    let code = Code {
        size: if has_code { view.code(address)?.len() } else { 0 },
        hash: has_code.then_some(account.code_hash),
        delegate,
    };
    let item = Account {
        party: Party::new(view, address)?,
        balance: Amount::coin(account.balance),
        nonce: account.nonce,
        code,
        tokens: view.maybe_index().map(|index| index.holdings(address)).transpose()?,
        last_active,
    };
    Ok(One::new(view, item))
}

/// Behind the last entry that this view may see.
pub(super) fn end(view: &View) -> Cursor {
    Cursor { at: limpid_chain::Position { height: view.height().saturating_add(1), index: 0 }, sequence: 0 }
}

fn block_of(view: &View, entry: &Entry) -> Result<Block> {
    let found = view.node().header(entry.cursor.at.height.into())?;
    let (hash, _) = found.ok_or_else(|| ApiError::unavailable("the chain has just gone back: ask again"))?;
    Ok(Block { number: entry.cursor.at.height, hash, timestamp: entry.timestamp })
}

/// Which entries are wanted.
struct Filter {
    kinds: Option<BTreeSet<&'static str>>,
    after: u64,
    before: u64,
}

impl Filter {
    fn read(ask: &mut Ask) -> Result<Self> {
        let kinds = ask.get("kind").map(|given| given.split(',').map(known_kind).collect::<Result<_>>()).transpose()?;
        let after = ask.number("after")?.unwrap_or_default();
        let before = ask.number("before")?.unwrap_or(u64::MAX);
        Ok(Self { kinds, after, before })
    }

    fn wants(&self, entry: &Entry) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind(entry.kind)))
            && entry.timestamp <= self.before
            && entry.timestamp >= self.after
    }

    fn is_open(&self) -> bool {
        self.kinds.is_none() && self.after == 0 && self.before == u64::MAX
    }
}

fn known_kind(given: &str) -> Result<&'static str> {
    let known = ["transaction", "move", "token", "unique"].into_iter().find(|kind| *kind == given);
    known.ok_or_else(|| {
        ApiError::bad(format!("kind is {}: expected transaction, move, token or unique", ask::quoted(given)))
    })
}

pub(super) const fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Transaction => "transaction",
        EntryKind::Move => "move",
        EntryKind::Token => "token",
        EntryKind::Unique => "unique",
    }
}

pub(super) const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
        Direction::Own => "self",
    }
}

pub(super) fn history(view: &View, ask: &mut Ask) -> Result<Page<Row>> {
    let address = ask.address()?;
    let filter = Filter::read(ask)?;
    let (limit, before) = ask.page(ask::read_cursor)?;
    ask.end()?;
    let mut from = before.map_or(end(view), |before| before.min(end(view)));
    let (mut wanted, mut read, mut next) = (Vec::new(), 0, None);
    while wanted.len() < limit && read < MOST_READ {
        let step = if filter.is_open() { limit - wanted.len() } else { MOST_READ.min(4 * limit) };
        let page = view.node().history(address, Some(from), step)?;
        read += page.entries.len();
        let mut more = page.next;
        for entry in page.entries {
            if wanted.len() == limit || entry.timestamp < filter.after {
                // Entries get older: nothing wanted follows. Or the page is full and this one is the next's.
                more = (wanted.len() == limit).then_some(from);
                break;
            }
            from = entry.cursor;
            if filter.wants(&entry) {
                wanted.push(entry);
            }
        }
        next = more;
        let Some(more) = more else { break };
        from = more;
    }
    view.learn(wanted.iter().filter_map(|entry| entry.asset))?;
    let mut items = wanted.iter().map(|entry| row(view, address, entry)).collect::<Result<Vec<_>>>()?;
    if items.iter().any(|row| row.folded.is_some()) {
        let paid = paid(view, address)?;
        for (row, entry) in items.iter_mut().zip(&wanted).filter(|(row, _)| row.folded.is_some()) {
            let other = entry.counterparty.unwrap_or_default();
            if paid.get(&ends(other)).is_some_and(|paid| *paid != other) {
                row.folded = Some("lookalike");
            }
        }
    }
    Ok(Page::new(view, items, cursor(next)))
}

fn row(view: &View, address: Address, entry: &Entry) -> Result<Row> {
    let paid = entry.direction != Direction::In;
    Ok(Row {
        block: block_of(view, entry)?,
        transaction: entry.tx_hash,
        kind: kind(entry.kind),
        direction: direction(entry.direction),
        counterparty: Party::maybe(view, entry.counterparty)?,
        quantity: quantity(view, entry)?,
        fee: Amount::coin(if paid { entry.fee } else { U256::ZERO }),
        success: entry.success,
        method: method(view, entry)?,
        folded: folded(view, address, entry)?,
    })
}

pub(super) fn quantity(view: &View, entry: &Entry) -> Result<Amount> {
    match (entry.kind, entry.asset) {
        (EntryKind::Unique, Some(token)) => Amount::unique(view, token, entry.quantity),
        (_, asset) => Amount::of(view, asset, entry.quantity),
    }
}

/// What people compare of an address: its first four and last four digits.
fn ends(address: Address) -> [u8; 4] {
    let [a, b, .., y, z] = address.into_array();
    [a, b, y, z]
}

/// Whom the account has paid lately by transactions of its own, by what people compare of addresses.
fn paid(view: &View, address: Address) -> Result<BTreeMap<[u8; 4], Address>> {
    let page = view.node().history(address, Some(end(view)), MOST_READ)?;
    let own = page.entries.iter().filter(|entry| entry.direction == Direction::Out && !entry.quantity.is_zero());
    Ok(own.filter_map(|entry| entry.counterparty).map(|other| (ends(other), other)).collect())
}

/// What the transaction called; nothing for what happened inside one.
pub(super) fn method(view: &View, entry: &Entry) -> Result<Option<String>> {
    if entry.kind != EntryKind::Transaction {
        return Ok(None);
    }
    let found = view.node().transaction_at(entry.cursor.at)?;
    found.map_or(Ok(None), |found| super::transactions::method(view, &found.tx))
}

/// Why a careful page hides an entry: what costs its sender nothing is how look-alike addresses get into histories.
/// Who signed the transaction decides, because a lying token may log what it likes.
fn folded(view: &View, address: Address, entry: &Entry) -> Result<Option<&'static str>> {
    let token = matches!(entry.kind, EntryKind::Token | EntryKind::Unique);
    let empty = entry.quantity.is_zero() && entry.kind != EntryKind::Unique;
    let costs_nothing = empty && entry.direction == Direction::In;
    if !token && !costs_nothing {
        return Ok(None);
    }
    let signer = view.node().transaction_at(entry.cursor.at)?.map(|found| found.tx.sender());
    if signer == Some(address) {
        return Ok(None);
    }
    if empty {
        return Ok(Some("zero"));
    }
    let foreign = entry.asset.map_or(Ok(false), |asset| Ok::<_, ApiError>(view.what(asset)? == What::Contract))?;
    Ok(foreign.then_some("unsigned"))
}
