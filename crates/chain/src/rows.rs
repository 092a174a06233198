//! The chain's rows in the store, and reading blocks back from them. Heights and positions are big-endian, so that
//! rows sort by them.

use crate::{
    block::{BlockWithReceipts, Extra, SealedBlock},
    edit,
    error::{ChainError, damaged},
    receipt::{Blooms, Receipt, decode_row_logs},
    tx::{Recovered, Transaction},
};
use alloy_consensus::Header;
use alloy_eips::{Decodable2718, eip2718::Encodable2718};
use alloy_primitives::{Address, B256, Log, Signature, U256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use limpid_evm::{CallKind, ValueMove};
use limpid_state::{Batch, KeyRange, Order, Reader, Rows, StateDiff, Table};
use std::sync::Arc;

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The block's height.
    pub height: u64,
    /// The place in the block, from 0.
    pub index: u32,
}

impl Position {
    pub(crate) fn key(self) -> [u8; 12] {
        let mut key = [0; 12];
        let (height, index) = key.split_at_mut(8);
        height.copy_from_slice(&self.height.to_be_bytes());
        index.copy_from_slice(&self.index.to_be_bytes());
        key
    }

    fn decode(row: &[u8]) -> Result<Self, ChainError> {
        let (height, index) = row.split_first_chunk().ok_or_else(|| damaged("position"))?;
        let index = index.try_into().map_err(|_| damaged("position"))?;
        Ok(Self { height: u64::from_be_bytes(*height), index: u32::from_be_bytes(index) })
    }
}

/// The position of each item of a block.
pub(crate) fn positions(height: u64) -> impl Iterator<Item = Position> {
    (0u32..).map(move |index| Position { height, index })
}

/// Puts everything that can be read back of a block, but its indices.
pub(crate) fn put_block(batch: &mut Batch, block: &BlockWithReceipts, moves: &[Vec<ValueMove>]) {
    let SealedBlock { hash, header, transactions, extra } = &block.block;
    let height = header.number;
    let mut row = hash.to_vec();
    header.encode(&mut row);
    batch.put(Table::Headers, height.to_be_bytes(), row);
    batch.put(Table::BlockIndex, hash.as_slice(), height.to_be_bytes());
    if *extra != Extra::default() {
        batch.put(Table::Misc, extra_key(height), encode_extra(extra));
    }
    for (position, tx) in positions(height).zip(transactions) {
        let mut row = tx.sender().to_vec();
        tx.tx().encode_2718(&mut row);
        batch.put(Table::Bodies, position.key(), row);
        batch.put(Table::TxIndex, tx.hash().as_slice(), position.key());
    }
    for (position, receipt) in positions(height).zip(&block.receipts) {
        batch.put(Table::Receipts, position.key(), receipt.encode_row());
    }
    for (position, moves) in positions(height).zip(moves) {
        if !moves.is_empty() {
            batch.put(Table::Moves, position.key(), encode_moves(moves));
        }
    }
}

/// Removes what [`put_block`] put; development chains go back in time.
pub(crate) fn delete_block(batch: &mut Batch, block: &SealedBlock) {
    let height = block.header.number;
    batch.delete(Table::Headers, height.to_be_bytes());
    batch.delete(Table::BlockIndex, block.hash.as_slice());
    batch.delete(Table::Signatures, block.hash.as_slice());
    batch.delete(Table::Misc, edits_key(height));
    batch.delete(Table::Misc, extra_key(height));
    for (position, tx) in positions(height).zip(&block.transactions) {
        batch.delete(Table::Bodies, position.key());
        batch.delete(Table::Receipts, position.key());
        batch.delete(Table::Moves, position.key());
        batch.delete(Table::TxIndex, tx.hash().as_slice());
    }
}

/// Says that the chain is a copy, in [`Table::Misc`].
const IMPORT: &[u8] = b"import";

/// How far a copy of a foreign chain has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Import {
    /// Not all blocks are there, or the state is not.
    Unfinished,
    /// Its blocks were executed.
    Executed,
    /// Its blocks were taken as they were: there are neither receipts nor states but the head's.
    Copied,
}

pub(crate) fn put_import(batch: &mut Batch, import: Import) {
    batch.put(Table::Misc, IMPORT, [import as u8]);
}

pub(crate) fn import(reader: &dyn Reader) -> Result<Option<Import>, ChainError> {
    match reader.get(Table::Misc, IMPORT)?.as_deref() {
        None => Ok(None),
        Some([0]) => Ok(Some(Import::Unfinished)),
        Some([1]) => Ok(Some(Import::Executed)),
        Some([2]) => Ok(Some(Import::Copied)),
        Some(_) => Err(damaged("note of an import")),
    }
}

/// What a foreign block has besides transactions, in [`Table::Misc`].
fn extra_key(height: u64) -> Vec<u8> {
    [b"extra/".as_slice(), &height.to_be_bytes()].concat()
}

/// Ommers, then withdrawals if there is such a list.
fn encode_extra(extra: &Extra) -> Vec<u8> {
    let mut row = alloy_rlp::encode(&extra.ommers);
    if let Some(withdrawals) = &extra.withdrawals {
        withdrawals.encode(&mut row);
    }
    row
}

fn extra(reader: &dyn Reader, height: u64) -> Result<Extra, ChainError> {
    let Some(row) = reader.get(Table::Misc, &extra_key(height))? else { return Ok(Extra::default()) };
    let mut rest = row.as_slice();
    let bad = |_| damaged("list of ommers and withdrawals");
    let ommers = Vec::<Header>::decode(&mut rest).map_err(bad)?;
    let withdrawals = if rest.is_empty() { None } else { Some(Vec::decode(&mut rest).map_err(bad)?) };
    Ok(Extra { ommers, withdrawals })
}

/// Edits that a development chain's block took up, in [`Table::Misc`].
fn edits_key(height: u64) -> Vec<u8> {
    [b"edits/".as_slice(), &height.to_be_bytes()].concat()
}

pub(crate) fn put_edits(batch: &mut Batch, height: u64, edits: &StateDiff) {
    if !edits.is_empty() {
        batch.put(Table::Misc, edits_key(height), edit::encode(edits));
    }
}

pub(crate) fn edits(reader: &dyn Reader, height: u64) -> Result<StateDiff, ChainError> {
    let row = reader.get(Table::Misc, &edits_key(height))?;
    row.map_or_else(|| Ok(StateDiff::default()), |row| edit::decode(&row).map_err(|_| damaged("list of edits")))
}

pub(crate) fn put_signature(batch: &mut Batch, hash: B256, signature: &Signature) {
    batch.put(Table::Signatures, hash.as_slice(), signature.as_bytes());
}

pub(crate) fn signature(reader: &dyn Reader, hash: B256) -> Result<Option<Signature>, ChainError> {
    let row = reader.get(Table::Signatures, hash.as_slice())?;
    row.map(|row| Signature::from_raw(&row).map_err(|_| damaged("signature"))).transpose()
}

/// The header at a height, with its hash.
pub(crate) fn header(reader: &dyn Reader, height: u64) -> Result<Option<(B256, Header)>, ChainError> {
    reader.get(Table::Headers, &height.to_be_bytes())?.map(|row| decode_header(&row)).transpose()
}

pub(crate) fn decode_header(row: &[u8]) -> Result<(B256, Header), ChainError> {
    let (hash, mut rest) = row.split_first_chunk::<32>().ok_or_else(|| damaged("header"))?;
    let header = Header::decode(&mut rest).map_err(|_| damaged("header"))?;
    Ok((B256::from(*hash), header))
}

/// The hash of the block at a height.
pub(crate) fn block_hash(reader: &dyn Reader, height: u64) -> Result<Option<B256>, ChainError> {
    let row = reader.get(Table::Headers, &height.to_be_bytes())?;
    row.map(|row| row.get(..32).map(B256::from_slice).ok_or_else(|| damaged("header"))).transpose()
}

pub(crate) fn height_of(reader: &dyn Reader, hash: B256) -> Result<Option<u64>, ChainError> {
    let row = reader.get(Table::BlockIndex, hash.as_slice())?;
    row.map(|row| row.try_into().map(u64::from_be_bytes).map_err(|_| damaged("height"))).transpose()
}

pub(crate) fn position_of(reader: &dyn Reader, tx: B256) -> Result<Option<Position>, ChainError> {
    reader.get(Table::TxIndex, tx.as_slice())?.map(|row| Position::decode(&row)).transpose()
}

pub(crate) fn transaction(reader: &dyn Reader, at: Position) -> Result<Option<Recovered>, ChainError> {
    reader.get(Table::Bodies, &at.key())?.map(|row| decode_tx(&row)).transpose()
}

pub(crate) fn receipt(reader: &dyn Reader, at: Position) -> Result<Option<Receipt>, ChainError> {
    let row = reader.get(Table::Receipts, &at.key())?;
    row.map(|row| Receipt::decode_row(&row, &mut Blooms::default()).map_err(|_| damaged("receipt"))).transpose()
}

/// The index in its block of a transaction's first log, and its logs.
pub(crate) fn logs(reader: &dyn Reader, at: Position) -> Result<Option<(u64, Vec<Log>)>, ChainError> {
    let row = reader.get(Table::Receipts, &at.key())?;
    row.map(|row| decode_row_logs(&row).map_err(|_| damaged("receipt"))).transpose()
}

pub(crate) fn moves(reader: &dyn Reader, at: Position) -> Result<Vec<ValueMove>, ChainError> {
    reader.get(Table::Moves, &at.key())?.map_or_else(|| Ok(Vec::new()), |row| decode_moves(&row))
}

/// A whole block with its receipts.
pub(crate) fn block(reader: &dyn Reader, height: u64) -> Result<Option<BlockWithReceipts>, ChainError> {
    let Some((hash, header)) = header(reader, height)? else { return Ok(None) };
    let all = |table| Rows::new(reader, table, KeyRange::prefix(&height.to_be_bytes()), Order::Ascending);
    let transactions = all(Table::Bodies).map(|row| decode_tx(&row?.1).map(Arc::new)).collect::<Result<_, _>>()?;
    let mut blooms = Blooms::default();
    let receipts = all(Table::Receipts)
        .map(|row| Receipt::decode_row(&row?.1, &mut blooms).map_err(|_| damaged("receipt")))
        .collect::<Result<_, ChainError>>()?;
    let extra = extra(reader, height)?;
    Ok(Some(BlockWithReceipts { block: SealedBlock { hash, header, transactions, extra }, receipts }))
}

fn decode_tx(row: &[u8]) -> Result<Recovered, ChainError> {
    let (sender, encoded) = row.split_first_chunk::<20>().ok_or_else(|| damaged("transaction"))?;
    let tx = Transaction::decode_2718_exact(encoded).map_err(|_| damaged("transaction"))?;
    Ok(Recovered::trusted(tx, Address::from(*sender)))
}

#[derive(RlpEncodable, RlpDecodable)]
struct MoveRow {
    from: Address,
    to: Address,
    amount: U256,
    kind: u8,
    depth: u64,
}

const KINDS: [CallKind; 7] = [
    CallKind::Call,
    CallKind::StaticCall,
    CallKind::DelegateCall,
    CallKind::CallCode,
    CallKind::Create,
    CallKind::Create2,
    CallKind::SelfDestruct,
];

fn encode_moves(moves: &[ValueMove]) -> Vec<u8> {
    let row = |one: &ValueMove| MoveRow {
        from: one.from,
        to: one.to,
        amount: one.amount,
        kind: KINDS.iter().position(|kind| *kind == one.kind).and_then(|at| at.try_into().ok()).unwrap_or_default(),
        depth: one.depth.try_into().unwrap_or(u64::MAX),
    };
    alloy_rlp::encode(moves.iter().map(row).collect::<Vec<_>>())
}

fn decode_moves(mut row: &[u8]) -> Result<Vec<ValueMove>, ChainError> {
    let rows = Vec::<MoveRow>::decode(&mut row).map_err(|_| damaged("list of moves"))?;
    let value_move = |row: MoveRow| {
        Some(ValueMove {
            from: row.from,
            to: row.to,
            amount: row.amount,
            kind: *KINDS.get(usize::from(row.kind))?,
            depth: usize::try_from(row.depth).ok()?,
        })
    };
    rows.into_iter().map(value_move).collect::<Option<_>>().ok_or_else(|| damaged("list of moves"))
}
