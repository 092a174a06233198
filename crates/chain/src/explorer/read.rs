//! Reading the rows, page by page.

use super::{
    ALLOWANCES, HELD, HOLDERS, LogPlace, Meaning, SWAPS, SwapSums, TOKENS, TRANSFERS, key, meaning,
    write::{holdings, sums_at, token_counts, transactions_at},
};
use crate::{
    error::{ChainError, damaged},
    rows::{self, Position},
};
use alloy_primitives::{Address, B256, Log, U256};
use limpid_state::{KeyRange, Order, Reader, Table};
use std::sync::Arc;

/// Most items of one page.
const MAX_PAGE: usize = 1_000;

/// The rows as of one block.
#[derive(Clone)]
pub struct Explorer {
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) head: u64,
    pub(crate) weth: Option<Address>,
}

/// Some items, and what to ask for the next ones with; `None` at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// Where it goes on.
    pub next: Option<C>,
}

/// A transfer of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTransfer {
    /// Where its log stands.
    pub place: LogPlace,
    /// The log's number in the block.
    pub log_index: u64,
    /// The transaction's hash.
    pub tx_hash: B256,
    /// Zero for minting.
    pub from: Address,
    /// Zero for burning.
    pub to: Address,
    /// Smallest units; 1 of a token of which every one is unique.
    pub units: U256,
    /// Which one, then.
    pub id: Option<U256>,
}

/// A swap of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSwap {
    /// Where its log stands.
    pub place: LogPlace,
    /// The log's number in the block.
    pub log_index: u64,
    /// The transaction's hash.
    pub tx_hash: B256,
    /// Who asked the pool.
    pub sender: Address,
    /// Who received.
    pub to: Address,
    /// This swap alone; its count is 1.
    pub sums: SwapSums,
}

/// Somebody who holds a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub holder: Address,
    /// By the token's transfers.
    pub balance: U256,
}

/// What is kept of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRow {
    /// Its first transfer.
    pub first: LogPlace,
    /// How many.
    pub transfers: u64,
    /// Accounts with a balance.
    pub holders: u64,
}

/// Somebody may take a token, or might once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Of what.
    pub token: Address,
    /// Who.
    pub spender: Address,
    /// The newest approval.
    pub at: LogPlace,
    /// Whether it was of more than zero.
    pub some: bool,
}

fn address_at(key: &[u8], at: usize) -> Result<Address, ChainError> {
    let bytes = key.get(at..at.saturating_add(20)).ok_or_else(|| damaged("row of the explorer"))?;
    Ok(Address::from_slice(bytes))
}

fn place_at(key: &[u8], at: usize) -> Result<LogPlace, ChainError> {
    key.get(at..).and_then(LogPlace::from_key).ok_or_else(|| damaged("row of the explorer"))
}

impl Explorer {
    /// The block that the rows are as of.
    pub const fn height(&self) -> u64 {
        self.head
    }

    /// Keys below `tag` and `of` before a place, newest first; never those of a later block.
    fn before(
        &self,
        tag: u8,
        of: &[u8],
        before: Option<LogPlace>,
        limit: usize,
    ) -> Result<Listed<(LogPlace, Vec<u8>), LogPlace>, ChainError> {
        let end = before.unwrap_or(LogPlace::after(self.head)).min(LogPlace::after(self.head));
        let range = KeyRange::new(key(tag, &[of]), key(tag, &[of, &end.key()]));
        let limit = limit.clamp(1, MAX_PAGE);
        let mut rows = self.reader.page(Table::AddressIndex, &range, Order::Descending, limit.saturating_add(1))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let at = of.len().saturating_add(1);
        let items = rows.into_iter().map(|(key, row)| Ok((place_at(&key, at)?, row)));
        let items = items.collect::<Result<Vec<_>, ChainError>>()?;
        let next = items.last().map(|(place, _)| *place).filter(|_| more);
        Ok(Listed { items, next })
    }

    /// Keys below `tag` and `of` after `after`, in their order.
    fn after(
        &self,
        tag: u8,
        of: Address,
        after: Option<Address>,
        limit: usize,
    ) -> Result<Listed<(Address, Vec<u8>), Address>, ChainError> {
        let mut range = KeyRange::prefix(&key(tag, &[of.as_slice()]));
        if let Some(after) = after {
            // The key after this one.
            range.start = key(tag, &[of.as_slice(), after.as_slice(), &[0]]);
        }
        let limit = limit.clamp(1, MAX_PAGE);
        let mut rows = self.reader.page(Table::AddressIndex, &range, Order::Ascending, limit.saturating_add(1))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let items = rows.into_iter().map(|(key, row)| Ok((address_at(&key, 21)?, row)));
        let items = items.collect::<Result<Vec<_>, ChainError>>()?;
        let next = items.last().map(|(address, _)| *address).filter(|_| more);
        Ok(Listed { items, next })
    }

    /// The log at a place, its number in the block, and its transaction's hash.
    fn log(&self, place: LogPlace) -> Result<(Log, u64, B256), ChainError> {
        let (first, logs) = rows::logs(self.reader.as_ref(), place.at)?.ok_or_else(|| damaged("receipt"))?;
        let number = usize::try_from(place.log).unwrap_or(usize::MAX);
        let log = logs.into_iter().nth(number).ok_or_else(|| damaged("row of the explorer"))?;
        let tx = rows::transaction(self.reader.as_ref(), place.at)?.ok_or_else(|| damaged("transaction"))?;
        Ok((log, first.saturating_add(place.log.into()), tx.hash()))
    }

    /// Transfers of a token before a place, newest first.
    pub fn transfers(
        &self,
        token: Address,
        before: Option<LogPlace>,
        limit: usize,
    ) -> Result<Listed<FoundTransfer, LogPlace>, ChainError> {
        let page = self.before(TRANSFERS, token.as_slice(), before, limit)?;
        let read = |(place, _): (LogPlace, Vec<u8>)| {
            let (log, log_index, tx_hash) = self.log(place)?;
            match meaning(&log, self.weth) {
                Some(Meaning::Transfer { from, to, units, id }) => {
                    Ok(FoundTransfer { place, log_index, tx_hash, from, to, units, id })
                }
                _ => Err(damaged("transfer of the explorer")),
            }
        };
        Ok(Listed { items: page.items.into_iter().map(read).collect::<Result<_, _>>()?, next: page.next })
    }

    /// Swaps of a pool before a place, newest first.
    pub fn swaps(
        &self,
        pool: Address,
        before: Option<LogPlace>,
        limit: usize,
    ) -> Result<Listed<FoundSwap, LogPlace>, ChainError> {
        let page = self.before(SWAPS, pool.as_slice(), before, limit)?;
        let read = |(place, _): (LogPlace, Vec<u8>)| {
            let (log, log_index, tx_hash) = self.log(place)?;
            let party = |at: usize| log.topics().get(at).map(|topic| Address::from_word(*topic)).unwrap_or_default();
            match meaning(&log, self.weth) {
                Some(Meaning::Swap { in0, in1, out0, out1 }) => {
                    let sums = SwapSums { count: 1, in0, in1, out0, out1 };
                    Ok(FoundSwap { place, log_index, tx_hash, sender: party(1), to: party(2), sums })
                }
                _ => Err(damaged("swap of the explorer")),
            }
        };
        Ok(Listed { items: page.items.into_iter().map(read).collect::<Result<_, _>>()?, next: page.next })
    }

    /// Sums over all swaps of a pool in the blocks up to `height`.
    pub fn swap_sums(&self, pool: Address, height: u64) -> Result<SwapSums, ChainError> {
        Ok(sums_at(self.reader.as_ref(), pool, LogPlace::after(height.min(self.head)))?.unwrap_or_default())
    }

    /// The last block whose time is at or before `timestamp`, found by halving; `None` if block 0 is later.
    pub fn block_at_time(&self, timestamp: u64) -> Result<Option<u64>, ChainError> {
        let time = |height| -> Result<u64, ChainError> {
            let (_, header) = rows::header(self.reader.as_ref(), height)?.ok_or_else(|| damaged("header"))?;
            Ok(header.timestamp)
        };
        if time(0)? > timestamp {
            return Ok(None);
        }
        let (mut low, mut high) = (0u64, self.head);
        while low < high {
            let middle = high.saturating_sub(high.saturating_sub(low) / 2);
            if time(middle)? <= timestamp { low = middle } else { high = middle.saturating_sub(1) }
        }
        Ok(Some(low))
    }

    /// Who holds a token, in the order of addresses.
    pub fn holders(
        &self,
        token: Address,
        after: Option<Address>,
        limit: usize,
    ) -> Result<Listed<Holder, Address>, ChainError> {
        let page = self.after(HOLDERS, token, after, limit)?;
        let read = |(holder, row): (Address, Vec<u8>)| {
            let balance = U256::try_from_be_slice(&row).ok_or_else(|| damaged("holder of the explorer"))?;
            Ok(Holder { holder, balance })
        };
        Ok(Listed { items: page.items.into_iter().map(read).collect::<Result<_, ChainError>>()?, next: page.next })
    }

    /// Tokens that somebody holds, in the order of addresses.
    pub fn held(
        &self,
        holder: Address,
        after: Option<Address>,
        limit: usize,
    ) -> Result<Listed<Address, Address>, ChainError> {
        let page = self.after(HELD, holder, after, limit)?;
        Ok(Listed { items: page.items.into_iter().map(|(token, _)| token).collect(), next: page.next })
    }

    /// How many tokens somebody holds.
    pub fn holdings(&self, holder: Address) -> Result<u64, ChainError> {
        holdings(self.reader.as_ref(), holder)
    }

    /// What is kept of a token; `None` if it has logged no transfer.
    pub fn token(&self, token: Address) -> Result<Option<TokenRow>, ChainError> {
        let Some(counts) = token_counts(self.reader.as_ref(), token)? else { return Ok(None) };
        let first = LogPlace::from_key(&counts.first.to_be_bytes()).ok_or_else(|| damaged("token of the explorer"))?;
        Ok(Some(TokenRow { first, transfers: counts.transfers, holders: counts.holders }))
    }

    /// Tokens by their first transfer, newest first.
    pub fn tokens(&self, before: Option<LogPlace>, limit: usize) -> Result<Listed<Address, LogPlace>, ChainError> {
        let page = self.before(TOKENS, &[], before, limit)?;
        let items = page.items.iter().map(|(_, row)| address_at(row, 0)).collect::<Result<_, _>>()?;
        Ok(Listed { items, next: page.next })
    }

    /// The newest approval of every pair of token and spender that an owner ever approved, after one such pair. Each
    /// costs two look-ups, however often it was changed.
    pub fn allowances(
        &self,
        owner: Address,
        after: Option<(Address, Address)>,
        limit: usize,
    ) -> Result<Listed<Allowance, (Address, Address)>, ChainError> {
        let all = KeyRange::prefix(&key(ALLOWANCES, &[owner.as_slice()]));
        let behind = |token: Address, spender: Address| {
            KeyRange::prefix(&key(ALLOWANCES, &[owner.as_slice(), token.as_slice(), spender.as_slice()])).end
        };
        let mut start = match after {
            None => Some(all.start.clone()),
            Some((token, spender)) => behind(token, spender),
        };
        let mut items: Vec<Allowance> = Vec::new();
        while let Some(from) = start {
            let range = KeyRange { start: from, end: all.end.clone() };
            let first = self.reader.page(Table::AddressIndex, &range, Order::Ascending, 1)?;
            let Some((found, _)) = first.first() else { return Ok(Listed { items, next: None }) };
            if items.len() >= limit.clamp(1, MAX_PAGE) {
                let next = items.last().map(|last| (last.token, last.spender));
                return Ok(Listed { items, next });
            }
            let (token, spender) = (address_at(found, 21)?, address_at(found, 41)?);
            let prefix = key(ALLOWANCES, &[owner.as_slice(), token.as_slice(), spender.as_slice()]);
            let newest = key(
                ALLOWANCES,
                &[owner.as_slice(), token.as_slice(), spender.as_slice(), &LogPlace::after(self.head).key()],
            );
            if let Some((found, row)) = self.reader.last_at_or_below(Table::AddressIndex, &prefix, &newest)? {
                items.push(Allowance { token, spender, at: place_at(&found, 61)?, some: row.first() == Some(&1) });
            }
            start = behind(token, spender);
        }
        Ok(Listed { items, next: None })
    }

    /// Transactions of all blocks up to `height`.
    pub fn transactions(&self, height: u64) -> Result<u64, ChainError> {
        transactions_at(self.reader.as_ref(), Some(height.min(self.head)))
    }

    /// The header of a block.
    pub fn timestamp(&self, at: Position) -> Result<(B256, u64), ChainError> {
        let (hash, header) = rows::header(self.reader.as_ref(), at.height)?.ok_or_else(|| damaged("header"))?;
        Ok((hash, header.timestamp))
    }
}
