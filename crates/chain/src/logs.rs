//! Finding logs: by an index of the blocks in which an address logged, or by the blooms in the headers.

use crate::{
    block::BlockWithReceipts,
    error::{ChainError, damaged},
    rows::{self, Position, positions},
};
use alloy_primitives::{Address, B256, Bloom, BloomInput, Log};
use limpid_state::{Batch, KeyRange, Order, Reader, Rows, Table};
use std::collections::BTreeSet;

/// Tag of these rows in [`Table::AddressIndex`].
const TAG: u8 = 1;

/// Which logs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Of any of these contracts; of all if empty.
    pub addresses: Vec<Address>,
    /// For each topic position, any of these; anything if empty.
    pub topics: Vec<Vec<B256>>,
}

/// How much one search may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLimits {
    /// Logs in the answer.
    pub logs: usize,
    /// Blocks of a range.
    pub range: u64,
    /// Blocks whose receipts are read.
    pub blocks: usize,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self { logs: 10_000, range: 1_000_000, blocks: 20_000 }
    }
}

/// A log with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLog {
    /// The log.
    pub log: Log,
    /// Its transaction.
    pub at: Position,
    /// Its transaction's hash.
    pub tx_hash: B256,
    /// Its block's hash.
    pub block_hash: B256,
    /// Its block's timestamp in seconds since 1970.
    pub timestamp: u64,
    /// Its place among the block's logs.
    pub log_index: u64,
}

/// Why a search was refused.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The range ends before it begins.
    #[error("invalid block range params: from block {from} is after to block {to}")]
    Reversed {
        /// First block asked for.
        from: u64,
        /// Last block asked for.
        to: u64,
    },
    /// The range ends after the head.
    #[error("block range extends beyond current head block: to block {to}, head {head}")]
    Future {
        /// Last block asked for.
        to: u64,
        /// The head's height.
        head: u64,
    },
    /// The range is too wide.
    #[error("exceed maximum block range: {limit} (asked for {asked})")]
    Range {
        /// Blocks asked for.
        asked: u64,
        /// The limit.
        limit: u64,
    },
    /// There are too many.
    #[error("query returned more than {limit} results; narrow the block range: {from} to {reached} fits")]
    TooMany {
        /// The limit.
        limit: usize,
        /// First block asked for.
        from: u64,
        /// The last block that fits.
        reached: u64,
    },
    /// Too many blocks must be read.
    #[error(
        "the search reads more than {limit} blocks; name an address, or narrow the block range: {from} to {reached} fits"
    )]
    TooLong {
        /// The limit.
        limit: usize,
        /// First block asked for.
        from: u64,
        /// The last block that fits.
        reached: u64,
    },
    /// The node failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl LogFilter {
    /// Whether it wants this log.
    pub fn matches(&self, log: &Log) -> bool {
        let address = self.addresses.is_empty() || self.addresses.contains(&log.address);
        address && self.topics.len() <= log.topics().len() && {
            let mut topics = self.topics.iter().zip(log.topics());
            topics.all(|(wanted, topic)| wanted.is_empty() || wanted.contains(topic))
        }
    }

    /// Whether a block with this bloom may hold one.
    pub fn may_match(&self, bloom: &Bloom) -> bool {
        let any = |mut inputs: Box<dyn Iterator<Item = &[u8]> + '_>| {
            inputs.any(|input| bloom.contains_input(BloomInput::Raw(input)))
        };
        if bloom.is_zero() {
            return false;
        }
        let addresses = self.addresses.is_empty() || any(Box::new(self.addresses.iter().map(|one| one.as_slice())));
        let mut topics = self.topics.iter().filter(|wanted| !wanted.is_empty());
        addresses && topics.all(|wanted| any(Box::new(wanted.iter().map(|one| one.as_slice()))))
    }

    /// The logs of one block that it wants.
    pub fn select(&self, block: &BlockWithReceipts) -> Vec<FoundLog> {
        let mut found = Vec::new();
        let mut log_index = 0u64;
        let txs = block.block.transactions.iter().zip(&block.receipts);
        for (at, (tx, receipt)) in positions(block.block.number()).zip(txs) {
            for log in &receipt.logs {
                if self.matches(log) {
                    found.push(FoundLog {
                        log: log.clone(),
                        at,
                        tx_hash: tx.hash(),
                        block_hash: block.block.hash,
                        timestamp: block.block.header.timestamp,
                        log_index,
                    });
                }
                log_index = log_index.saturating_add(1);
            }
        }
        found
    }
}

fn key(address: Address, height: u64) -> Vec<u8> {
    [&[TAG], address.as_slice(), &height.to_be_bytes()].concat()
}

fn loggers(block: &BlockWithReceipts) -> BTreeSet<Address> {
    block.receipts.iter().flat_map(|receipt| receipt.logs.iter().map(|log| log.address)).collect()
}

/// Puts which addresses logged in a block.
pub(crate) fn put(batch: &mut Batch, block: &BlockWithReceipts) {
    for address in loggers(block) {
        batch.put(Table::AddressIndex, key(address, block.block.number()), Vec::new());
    }
}

/// Removes what [`put`] put.
pub(crate) fn delete(batch: &mut Batch, block: &BlockWithReceipts) {
    for address in loggers(block) {
        batch.delete(Table::AddressIndex, key(address, block.block.number()));
    }
}

/// The logs that `filter` wants in the blocks `from` to `to`, both included, of a chain whose head is `head`.
pub(crate) fn search(
    reader: &dyn Reader,
    filter: &LogFilter,
    (from, to): (u64, u64),
    head: u64,
    limits: &LogLimits,
) -> Result<Vec<FoundLog>, LogError> {
    if from > to {
        return Err(LogError::Reversed { from, to });
    }
    if to > head {
        return Err(LogError::Future { to, head });
    }
    let asked = to.saturating_sub(from).saturating_add(1);
    if asked > limits.range {
        return Err(LogError::Range { asked, limit: limits.range });
    }
    if filter.addresses.is_empty() {
        collect(reader, filter, bloom_heights(reader, filter, from, to), from, limits)
    } else {
        let heights = indexed_heights(reader, &filter.addresses, from, to)?;
        collect(reader, filter, heights.into_iter().map(Ok), from, limits)
    }
}

/// The blocks whose bloom says that they may hold one, by reading every header.
fn bloom_heights(
    reader: &dyn Reader,
    filter: &LogFilter,
    from: u64,
    to: u64,
) -> impl Iterator<Item = Result<u64, ChainError>> {
    let end = to.checked_add(1).map(|end| end.to_be_bytes().to_vec());
    let range = KeyRange { start: from.to_be_bytes().to_vec(), end };
    Rows::new(reader, Table::Headers, range, Order::Ascending).filter_map(|row| {
        let header = row.map_err(ChainError::from).and_then(|(_, row)| rows::decode_header(&row));
        match header {
            Ok((_, header)) => filter.may_match(&header.logs_bloom).then_some(Ok(header.number)),
            Err(error) => Some(Err(error)),
        }
    })
}

/// The blocks in which any of `addresses` logged.
fn indexed_heights(
    reader: &dyn Reader,
    addresses: &[Address],
    from: u64,
    to: u64,
) -> Result<BTreeSet<u64>, ChainError> {
    let mut heights = BTreeSet::new();
    for address in addresses {
        let mut end = key(*address, to);
        end.push(0);
        let range = KeyRange { start: key(*address, from), end: Some(end) };
        for row in Rows::new(reader, Table::AddressIndex, range, Order::Ascending) {
            let (key, _) = row?;
            let height = key.last_chunk::<8>().ok_or_else(|| damaged("log entry"))?;
            heights.insert(u64::from_be_bytes(*height));
        }
    }
    Ok(heights)
}

fn collect(
    reader: &dyn Reader,
    filter: &LogFilter,
    heights: impl Iterator<Item = Result<u64, ChainError>>,
    from: u64,
    limits: &LogLimits,
) -> Result<Vec<FoundLog>, LogError> {
    let (mut found, mut blocks) = (Vec::new(), 0usize);
    for height in heights {
        let height = height?;
        let reached = height.saturating_sub(1);
        blocks = blocks.saturating_add(1);
        if blocks > limits.blocks {
            return Err(LogError::TooLong { limit: limits.blocks, from, reached });
        }
        let block = rows::block(reader, height)?.ok_or_else(|| damaged("block"))?;
        found.extend(filter.select(&block));
        if found.len() > limits.logs {
            return Err(LogError::TooMany { limit: limits.logs, from, reached });
        }
    }
    Ok(found)
}
