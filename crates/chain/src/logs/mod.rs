//! Finding logs: by an index of the transactions that logged an address or a topic, or, where neither is asked for,
//! block by block.

mod index;

use crate::{
    block::BlockWithReceipts,
    error::{ChainError, damaged},
    rows::{self, Position, positions},
};
use alloy_primitives::{Address, B256, Bloom, BloomInput, Log};
pub(crate) use index::{delete, put};
use limpid_state::{KeyRange, Order, Reader, Rows, Table};

/// Blocks whose index rows are in memory at a time.
const CHUNK: u64 = 2_048;

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
    /// Transactions whose receipts are read.
    pub transactions: usize,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self { logs: 10_000, range: 1_000_000, transactions: 200_000 }
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
    /// Too many transactions must be read.
    #[error(
        "the search reads more than {limit} transactions; name an address or a topic, or narrow the block range: \
         {from} to {reached} fits"
    )]
    TooLong {
        /// The limit.
        limit: usize,
        /// First block asked for.
        from: u64,
        /// The last block that fits.
        reached: u64,
    },
    /// The block was imported without executing it, and its header does not exclude such logs.
    #[error("the logs of block {0} are not known: it was imported without being executed")]
    NotExecuted(u64),
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

/// The chain that is searched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Searched {
    pub(crate) head: u64,
    /// Whether there are rows of who logged what; a copy has headers alone.
    pub(crate) indexed: bool,
}

/// The logs that `filter` wants in the blocks `from` to `to`, both included.
pub(crate) fn search(
    reader: &dyn Reader,
    filter: &LogFilter,
    (from, to): (u64, u64),
    chain: Searched,
    limits: &LogLimits,
) -> Result<Vec<FoundLog>, LogError> {
    let head = chain.head;
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
    let mut search = Search { reader, filter, from, limits, found: Vec::new(), read: 0 };
    let mut start = from;
    while start <= to {
        let end = start.saturating_add(CHUNK - 1).min(to);
        let candidates = if chain.indexed { index::candidates(reader, filter, (start, end))? } else { None };
        match candidates {
            Some(places) => places.into_iter().try_for_each(|(height, places)| search.transactions(height, &places))?,
            None => search.blocks(start, end)?,
        }
        start = end.saturating_add(1);
    }
    Ok(search.found)
}

/// A search under way.
struct Search<'a> {
    reader: &'a dyn Reader,
    filter: &'a LogFilter,
    from: u64,
    limits: &'a LogLimits,
    found: Vec<FoundLog>,
    read: usize,
}

impl Search<'_> {
    /// Looks into some transactions of a block.
    fn transactions(&mut self, height: u64, places: &[u32]) -> Result<(), LogError> {
        self.will_read(height, places.len())?;
        let (block_hash, header) = rows::header(self.reader, height)?.ok_or_else(|| damaged("block"))?;
        for place in places {
            let at = Position { height, index: *place };
            let (first, logs) = rows::logs(self.reader, at)?.ok_or_else(|| damaged("receipt"))?;
            let wanted = (first..).zip(logs).filter(|(_, log)| self.filter.matches(log)).collect::<Vec<_>>();
            if wanted.is_empty() {
                continue;
            }
            let tx_hash = rows::transaction(self.reader, at)?.ok_or_else(|| damaged("transaction"))?.hash();
            let timestamp = header.timestamp;
            let wanted = wanted.into_iter().map(|(log_index, log)| FoundLog {
                log,
                at,
                tx_hash,
                block_hash,
                timestamp,
                log_index,
            });
            self.found.extend(wanted);
        }
        self.has_found(height)
    }

    /// Looks into every block whose bloom is not empty.
    fn blocks(&mut self, from: u64, to: u64) -> Result<(), LogError> {
        let end = to.checked_add(1).map(|end| end.to_be_bytes().to_vec());
        let range = KeyRange { start: from.to_be_bytes().to_vec(), end };
        for row in Rows::new(self.reader, Table::Headers, range, Order::Ascending) {
            let (_, header) = rows::decode_header(&row.map_err(ChainError::from)?.1)?;
            if self.filter.may_match(&header.logs_bloom) {
                let block = rows::block(self.reader, header.number)?.ok_or_else(|| damaged("block"))?;
                if !block.is_executed() {
                    return Err(LogError::NotExecuted(header.number));
                }
                self.will_read(header.number, block.receipts.len())?;
                self.found.extend(self.filter.select(&block));
                self.has_found(header.number)?;
            }
        }
        Ok(())
    }

    fn will_read(&mut self, height: u64, count: usize) -> Result<(), LogError> {
        self.read = self.read.saturating_add(count);
        if self.read > self.limits.transactions {
            let (limit, reached) = (self.limits.transactions, height.saturating_sub(1));
            return Err(LogError::TooLong { limit, from: self.from, reached });
        }
        Ok(())
    }

    fn has_found(&self, height: u64) -> Result<(), LogError> {
        if self.found.len() > self.limits.logs {
            let (limit, reached) = (self.limits.logs, height.saturating_sub(1));
            return Err(LogError::TooMany { limit, from: self.from, reached });
        }
        Ok(())
    }
}
