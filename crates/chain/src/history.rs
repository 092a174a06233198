//! What happened to an address: every transaction, every coin moved inside one, every token transfer. Written in the
//! block's own batch, so that it is there when the receipt is.
//!
//! Rows are keyed by address and position in the chain; newest first is a scan from the end.

use crate::{
    block::BlockWithReceipts,
    error::{ChainError, damaged},
    fees::fee,
    receipt::Receipt,
    rows::{self, Position, positions},
    tx::{Recovered, SYSTEM_SENDER},
};
use alloy_primitives::{Address, B256, Log, U256, b256};
use alloy_rlp::{Decodable, RlpDecodable, RlpEncodable};
use limpid_evm::ValueMove;
use limpid_state::{Batch, KeyRange, Order, Reader, Table};

/// Most entries of one page.
pub const MAX_PAGE: usize = 1_000;

/// Tag of these rows in [`Table::AddressIndex`].
const TAG: u8 = 0;

/// keccak("Transfer(address,address,uint256)"), the event of ERC-20 and ERC-721.
const TRANSFER: B256 = b256!("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A transaction that it sent or received.
    Transaction,
    /// Coin that moved inside a transaction.
    Move,
    /// A token transfer; the quantity is in the token's smallest unit.
    Token,
    /// A transfer of a unique token; the quantity is its id.
    Unique,
}

/// Which way it went, seen from the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To it.
    In,
    /// From it.
    Out,
    /// From it to itself.
    Own,
}

/// Where an entry stands; pages continue from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// The transaction.
    pub at: Position,
    /// The entry in the transaction.
    pub sequence: u32,
}

/// One thing that happened to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub cursor: Cursor,
    /// The transaction's hash.
    pub tx_hash: B256,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// What it is.
    pub kind: EntryKind,
    /// Which way it went.
    pub direction: Direction,
    /// The other side: recipient, created contract, sender. `None` for a creation that failed.
    pub counterparty: Option<Address>,
    /// The token; `None` for the chain's coin.
    pub asset: Option<Address>,
    /// How much, in the asset's smallest unit.
    pub quantity: U256,
    /// What the transaction's sender paid for gas, in wei; zero for entries inside a transaction.
    pub fee: U256,
    /// Whether the transaction succeeded.
    pub success: bool,
}

/// A page of entries, newest first or oldest first as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// What to ask for the next page with; `None` at the end.
    pub next: Option<Cursor>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct Row {
    timestamp: u64,
    kind: u8,
    direction: u8,
    counterparty: Address,
    asset: Address,
    quantity: U256,
    fee: U256,
    success: bool,
}

/// An effect of a transaction before it is written for each side.
struct Effect {
    kind: EntryKind,
    from: Address,
    to: Option<Address>,
    asset: Address,
    quantity: U256,
    fee: U256,
}

/// Puts a block's entries.
pub(crate) fn put(batch: &mut Batch, block: &BlockWithReceipts, moves: &[Vec<ValueMove>]) {
    each_row(block, moves, |key, row| batch.put(Table::AddressIndex, key, alloy_rlp::encode(row)));
}

/// Removes what [`put`] put.
pub(crate) fn delete(batch: &mut Batch, block: &BlockWithReceipts, moves: &[Vec<ValueMove>]) {
    each_row(block, moves, |key, _| batch.delete(Table::AddressIndex, key));
}

fn each_row(block: &BlockWithReceipts, moves: &[Vec<ValueMove>], mut give: impl FnMut(Vec<u8>, Row)) {
    let timestamp = block.block.header.timestamp;
    let txs = block.block.transactions.iter().zip(&block.receipts).zip(moves);
    for (at, ((tx, receipt), moves)) in positions(block.block.number()).zip(txs) {
        for (sequence, effect) in (0u32..).zip(effects(tx, receipt, moves)) {
            let cursor = Cursor { at, sequence };
            for (address, direction, counterparty) in sides(&effect) {
                let row = Row {
                    timestamp,
                    kind: effect.kind as u8,
                    direction: direction as u8,
                    counterparty: counterparty.unwrap_or_default(),
                    asset: effect.asset,
                    quantity: effect.quantity,
                    fee: effect.fee,
                    success: receipt.success,
                };
                give(key(address, cursor), row);
            }
        }
    }
}

/// The transaction itself, then moves of coin, then transfers of tokens.
fn effects(tx: &Recovered, receipt: &Receipt, moves: &[ValueMove]) -> Vec<Effect> {
    let mut effects = Vec::new();
    if tx.sender() != SYSTEM_SENDER {
        effects.push(Effect {
            kind: EntryKind::Transaction,
            from: tx.sender(),
            to: tx.kind().to().copied().or(receipt.created),
            asset: Address::ZERO,
            quantity: tx.value(),
            fee: fee(receipt.gas_used, receipt.effective_gas_price),
        });
    }
    effects.extend(moves.iter().map(|one| Effect {
        kind: EntryKind::Move,
        from: one.from,
        to: Some(one.to),
        asset: Address::ZERO,
        quantity: one.amount,
        fee: U256::ZERO,
    }));
    effects.extend(receipt.logs.iter().filter_map(transfer));
    effects
}

/// A log that is a transfer in the form of ERC-20 (amount in the data) or ERC-721 (id as third topic).
fn transfer(log: &Log) -> Option<Effect> {
    let (event, indexed) = log.topics().split_first()?;
    if *event != TRANSFER {
        return None;
    }
    let (kind, from, to, quantity) = match (indexed, log.data.data.len()) {
        ([from, to], 32) => (EntryKind::Token, from, to, U256::from_be_slice(&log.data.data)),
        ([from, to, id], 0) => (EntryKind::Unique, from, to, (*id).into()),
        _ => return None,
    };
    let (from, to) = (Address::from_word(*from), Address::from_word(*to));
    Some(Effect { kind, from, to: Some(to), asset: log.address, quantity, fee: U256::ZERO })
}

/// Each side of an effect: whose entry, which way, who is on the other side. Nobody owns the zero address, which
/// stands for minting and burning.
fn sides(effect: &Effect) -> impl Iterator<Item = (Address, Direction, Option<Address>)> {
    let (from, to) = (effect.from, effect.to);
    let own = to == Some(from);
    let out = (from, if own { Direction::Own } else { Direction::Out }, to);
    let into = to.filter(|_| !own).map(|to| (to, Direction::In, Some(from)));
    let inside = !matches!(effect.kind, EntryKind::Transaction);
    std::iter::once(out).chain(into).filter(move |(address, ..)| !(inside && address.is_zero()))
}

fn prefix(address: Address) -> Vec<u8> {
    [&[TAG], address.as_slice()].concat()
}

fn key(address: Address, cursor: Cursor) -> Vec<u8> {
    [&[TAG], address.as_slice(), &cursor.at.key(), &cursor.sequence.to_be_bytes()].concat()
}

fn cursor_of(key: &[u8]) -> Option<Cursor> {
    let (height, rest) = key.get(21..)?.split_first_chunk::<8>()?;
    let (index, sequence) = rest.split_first_chunk::<4>()?;
    let at = Position { height: u64::from_be_bytes(*height), index: u32::from_be_bytes(*index) };
    Some(Cursor { at, sequence: u32::from_be_bytes(sequence.try_into().ok()?) })
}

/// Where entries that came after block `head` begin. A block's rows are written a moment before it becomes the head,
/// and until then nobody may see them.
fn end_of(head: u64) -> Cursor {
    Cursor { at: Position { height: head.saturating_add(1), index: 0 }, sequence: 0 }
}

/// Entries of `address` in blocks up to `head` and before `before`, newest first; `limit` and [`MAX_PAGE`] at most.
pub(crate) fn page(
    reader: &dyn Reader,
    head: u64,
    address: Address,
    before: Option<Cursor>,
    limit: usize,
) -> Result<Page, ChainError> {
    let end = before.map_or(end_of(head), |before| before.min(end_of(head)));
    let range = KeyRange { end: Some(key(address, end)), ..KeyRange::prefix(&prefix(address)) };
    read_page(reader, &range, Order::Descending, limit)
}

/// Entries of `address` from `first` on in blocks up to `head`, oldest first; `limit` and [`MAX_PAGE`] at most.
pub(crate) fn page_from(
    reader: &dyn Reader,
    head: u64,
    address: Address,
    first: Cursor,
    limit: usize,
) -> Result<Page, ChainError> {
    let end = end_of(head).max(first);
    let range = KeyRange { start: key(address, first), end: Some(key(address, end)) };
    read_page(reader, &range, Order::Ascending, limit)
}

fn read_page(reader: &dyn Reader, range: &KeyRange, order: Order, limit: usize) -> Result<Page, ChainError> {
    let limit = limit.clamp(1, MAX_PAGE);
    let rows = reader.page(Table::AddressIndex, range, order, limit.saturating_add(1))?;
    let entries: Vec<_> =
        rows.iter().take(limit).map(|(key, row)| entry(reader, key, row)).collect::<Result<_, _>>()?;
    let next = match order {
        Order::Descending => entries.last().map(|entry| entry.cursor),
        Order::Ascending => rows.get(limit).and_then(|(key, _)| cursor_of(key)),
    };
    Ok(Page { entries, next: next.filter(|_| rows.len() > limit) })
}

fn entry(reader: &dyn Reader, key: &[u8], mut row: &[u8]) -> Result<Entry, ChainError> {
    let cursor = cursor_of(key).ok_or_else(|| damaged("address entry"))?;
    let row = Row::decode(&mut row).map_err(|_| damaged("address entry"))?;
    let kind = match row.kind {
        0 => EntryKind::Transaction,
        1 => EntryKind::Move,
        2 => EntryKind::Token,
        3 => EntryKind::Unique,
        _ => return Err(damaged("address entry")),
    };
    let direction = match row.direction {
        0 => Direction::In,
        1 => Direction::Out,
        2 => Direction::Own,
        _ => return Err(damaged("address entry")),
    };
    let tx = rows::transaction(reader, cursor.at)?.ok_or_else(|| damaged("address entry"))?;
    let token = matches!(kind, EntryKind::Token | EntryKind::Unique);
    let failed_creation = kind == EntryKind::Transaction && tx.kind().is_create() && !row.success;
    Ok(Entry {
        cursor,
        tx_hash: tx.hash(),
        timestamp: row.timestamp,
        kind,
        direction,
        counterparty: (!failed_creation).then_some(row.counterparty),
        asset: token.then_some(row.asset),
        quantity: row.quantity,
        fee: row.fee,
        success: row.success,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use limpid_state::Store as _;

    #[test]
    fn a_block_that_is_not_the_head_yet_is_not_seen() {
        let store = limpid_state::MemStore::new();
        let whose = Address::repeat_byte(1);
        let cursor = Cursor { at: Position { height: 5, index: 0 }, sequence: 0 };
        let mut batch = Batch::new();
        batch.put(Table::AddressIndex, key(whose, cursor), Vec::new());
        store.commit(&batch).unwrap();
        let reader = store.snapshot().unwrap();
        let last = Cursor { at: Position { height: u64::MAX, index: 0 }, sequence: 0 };
        for before in [None, Some(last)] {
            assert_eq!(page(reader.as_ref(), 4, whose, before, 10).unwrap().entries, []);
            assert!(page(reader.as_ref(), 5, whose, before, 10).is_err(), "the row, which is damaged, is met");
        }
        let first = Cursor { at: Position { height: 0, index: 0 }, sequence: 0 };
        for from in [first, last] {
            assert_eq!(page_from(reader.as_ref(), 4, whose, from, 10).unwrap().entries, []);
        }
        assert!(page_from(reader.as_ref(), 5, whose, first, 10).is_err());
    }
}
