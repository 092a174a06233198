//! The rows of blocks, put or taken back.

use super::{
    ALLOWANCES, HELD, HOLDERS, HOLDINGS, LogPlace, Meaning, SWAPS, SwapSums, TOKEN, TOKENS, TRANSACTIONS, TRANSFERS,
    key, meaning,
};
use crate::{
    block::BlockWithReceipts,
    error::{ChainError, damaged},
    rows::positions,
};
use alloy_primitives::{Address, U256};
use alloy_rlp::{Decodable, RlpDecodable, RlpEncodable};
use limpid_state::{Batch, Reader, Table};
use std::collections::BTreeMap;

/// A row to put, or to delete.
pub(crate) type Change = (Vec<u8>, Option<Vec<u8>>);

/// Row of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(super) struct TokenCounts {
    /// [`LogPlace::key`] of its first transfer, as a number.
    pub(super) first: u128,
    pub(super) transfers: u64,
    pub(super) holders: u64,
}

/// Transfers of a token in some blocks.
#[derive(Debug, Default)]
struct TokenDelta {
    first: Option<LogPlace>,
    transfers: u64,
    /// Of each holder, modulo 2^256.
    balances: BTreeMap<Address, U256>,
}

/// Collects the rows of blocks over what a reader has.
pub(crate) struct Indexer<'a> {
    reader: &'a dyn Reader,
    weth: Option<Address>,
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    tokens: BTreeMap<Address, TokenDelta>,
    swaps: BTreeMap<Address, SwapSums>,
    transactions: Option<u64>,
    back: bool,
}

impl<'a> Indexer<'a> {
    /// Blocks are put, in order, from the one after those that `reader` has.
    pub(crate) fn forward(reader: &'a dyn Reader, weth: Option<Address>) -> Self {
        let (changes, tokens, swaps) = Default::default();
        Self { reader, weth, changes, tokens, swaps, transactions: None, back: false }
    }

    /// The newest blocks are taken back, in any order.
    pub(crate) fn back(reader: &'a dyn Reader, weth: Option<Address>) -> Self {
        Self { back: true, ..Self::forward(reader, weth) }
    }

    /// Adds a block.
    pub(crate) fn block(&mut self, block: &BlockWithReceipts) -> Result<(), ChainError> {
        let height = block.block.number();
        for (at, receipt) in positions(height).zip(&block.receipts) {
            for (log, place) in receipt.logs.iter().zip((0u32..).map(|log| LogPlace { at, log })) {
                match meaning(log, self.weth) {
                    Some(Meaning::Transfer { from, to, units, .. }) => {
                        self.transfer(log.address, place, from, to, units)
                    }
                    Some(Meaning::Approval { owner, spender, value }) => {
                        let parts = [owner.as_slice(), log.address.as_slice(), spender.as_slice(), &place.key()];
                        self.set(key(ALLOWANCES, &parts), vec![u8::from(!value.is_zero())]);
                    }
                    Some(Meaning::Swap { in0, in1, out0, out1 }) => {
                        let swap = SwapSums { count: 1, in0, in1, out0, out1 };
                        self.swap(log.address, place, swap)?;
                    }
                    None => {}
                }
            }
        }
        let count = u64::try_from(block.block.transactions.len()).unwrap_or(u64::MAX);
        let before = match self.transactions {
            _ if self.back => 0,
            Some(before) => before,
            None => transactions_at(self.reader, height.checked_sub(1))?,
        };
        let after = before.saturating_add(count);
        self.transactions = Some(after);
        self.set(key(TRANSACTIONS, &[&height.to_be_bytes()]), after.to_be_bytes().to_vec());
        Ok(())
    }

    /// A row of one block alone.
    fn set(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.insert(key, (!self.back).then_some(value));
    }

    fn transfer(&mut self, token: Address, place: LogPlace, from: Address, to: Address, units: U256) {
        self.set(key(TRANSFERS, &[token.as_slice(), &place.key()]), Vec::new());
        let delta = self.tokens.entry(token).or_default();
        delta.first = Some(delta.first.map_or(place, |first| first.min(place)));
        delta.transfers = delta.transfers.saturating_add(1);
        let (plus, minus) = if self.back { (from, to) } else { (to, from) };
        // Nobody owns the zero address, which stands for minting and burning.
        for (holder, units) in [(plus, units), (minus, units.wrapping_neg())] {
            if !holder.is_zero() {
                let balance = delta.balances.entry(holder).or_default();
                *balance = balance.wrapping_add(units);
            }
        }
    }

    fn swap(&mut self, pool: Address, place: LogPlace, swap: SwapSums) -> Result<(), ChainError> {
        let row = key(SWAPS, &[pool.as_slice(), &place.key()]);
        if self.back {
            self.changes.insert(row, None);
            return Ok(());
        }
        let before = match self.swaps.get(&pool) {
            Some(sums) => *sums,
            None => sums_at(self.reader, pool, place)?.unwrap_or_default(),
        };
        let sums = SwapSums {
            count: before.count.saturating_add(1),
            in0: before.in0.wrapping_add(swap.in0),
            in1: before.in1.wrapping_add(swap.in1),
            out0: before.out0.wrapping_add(swap.out0),
            out1: before.out1.wrapping_add(swap.out1),
        };
        self.swaps.insert(pool, sums);
        self.changes.insert(row, Some(alloy_rlp::encode(sums)));
        Ok(())
    }

    /// The rows: those of blocks alone, and what is counted over all blocks.
    pub(crate) fn finish(mut self) -> Result<Vec<Change>, ChainError> {
        let mut holdings: BTreeMap<Address, i64> = BTreeMap::new();
        for (token, delta) in std::mem::take(&mut self.tokens) {
            let mut holders = 0i64;
            for (holder, change) in delta.balances.iter().filter(|(_, change)| !change.is_zero()) {
                let turn = self.balance(token, *holder, *change)?;
                holders = holders.saturating_add(turn);
                let entry = holdings.entry(*holder).or_default();
                *entry = entry.saturating_add(turn);
            }
            self.token(token, &delta, holders)?;
        }
        for (holder, change) in holdings.into_iter().filter(|(_, change)| *change != 0) {
            let row = key(HOLDINGS, &[holder.as_slice()]);
            let count = number(self.reader.get(Table::AddressIndex, &row)?)?.saturating_add_signed(change);
            self.changes.insert(row, (count > 0).then(|| count.to_be_bytes().to_vec()));
        }
        Ok(self.changes.into_iter().collect())
    }

    /// Changes a balance; 1 if the holder is new, -1 if it is gone.
    fn balance(&mut self, token: Address, holder: Address, change: U256) -> Result<i64, ChainError> {
        let row = key(HOLDERS, &[token.as_slice(), holder.as_slice()]);
        let old = self.reader.get(Table::AddressIndex, &row)?;
        let old = old.map_or(U256::ZERO, |row| U256::try_from_be_slice(&row).unwrap_or_default());
        let new = old.wrapping_add(change);
        self.changes.insert(row, (!new.is_zero()).then(|| new.to_be_bytes_trimmed_vec()));
        let held = key(HELD, &[holder.as_slice(), token.as_slice()]);
        Ok(match (old.is_zero(), new.is_zero()) {
            (true, false) => {
                self.changes.insert(held, Some(Vec::new()));
                1
            }
            (false, true) => {
                self.changes.insert(held, None);
                -1
            }
            _ => 0,
        })
    }

    fn token(&mut self, token: Address, delta: &TokenDelta, holders: i64) -> Result<(), ChainError> {
        let row = key(TOKEN, &[token.as_slice()]);
        let found = token_counts(self.reader, token)?;
        let first = delta.first.map_or(0, |first| u128::from_be_bytes(first.key()));
        let mut counts = found.unwrap_or(TokenCounts { first, transfers: 0, holders: 0 });
        counts.holders = counts.holders.saturating_add_signed(holders);
        counts.transfers = if self.back {
            counts.transfers.saturating_sub(delta.transfers)
        } else {
            counts.transfers.saturating_add(delta.transfers)
        };
        let listed = key(TOKENS, &[&counts.first.to_be_bytes()]);
        if counts.transfers == 0 {
            self.changes.insert(row, None);
            self.changes.insert(listed, None);
            return Ok(());
        }
        if found.is_none() {
            self.changes.insert(listed, Some(token.to_vec()));
        }
        self.changes.insert(row, Some(alloy_rlp::encode(counts)));
        Ok(())
    }
}

/// Puts rows into a batch.
pub(crate) fn put(batch: &mut Batch, changes: Vec<Change>) {
    for (key, value) in changes {
        match value {
            Some(value) => batch.put(Table::AddressIndex, key, value),
            None => batch.delete(Table::AddressIndex, key),
        }
    }
}

fn number(row: Option<Vec<u8>>) -> Result<u64, ChainError> {
    let Some(row) = row else { return Ok(0) };
    row.as_slice().try_into().map(u64::from_be_bytes).map_err(|_| damaged("count of the explorer"))
}

/// How many tokens somebody holds.
pub(super) fn holdings(reader: &dyn Reader, holder: Address) -> Result<u64, ChainError> {
    number(reader.get(Table::AddressIndex, &key(HOLDINGS, &[holder.as_slice()]))?)
}

/// Transactions of the blocks up to `height`; none before block 0.
pub(super) fn transactions_at(reader: &dyn Reader, height: Option<u64>) -> Result<u64, ChainError> {
    let Some(height) = height else { return Ok(0) };
    number(reader.get(Table::AddressIndex, &key(TRANSACTIONS, &[&height.to_be_bytes()]))?)
}

pub(super) fn token_counts(reader: &dyn Reader, token: Address) -> Result<Option<TokenCounts>, ChainError> {
    let row = reader.get(Table::AddressIndex, &key(TOKEN, &[token.as_slice()]))?;
    row.map(|row| TokenCounts::decode(&mut row.as_slice()).map_err(|_| damaged("token of the explorer"))).transpose()
}

/// The sums over a pool's swaps up to a place; `None` if there is none.
pub(super) fn sums_at(reader: &dyn Reader, pool: Address, at: LogPlace) -> Result<Option<SwapSums>, ChainError> {
    let prefix = key(SWAPS, &[pool.as_slice()]);
    let row = reader.last_at_or_below(Table::AddressIndex, &prefix, &key(SWAPS, &[pool.as_slice(), &at.key()]))?;
    row.map(|(_, row)| SwapSums::decode(&mut row.as_slice()).map_err(|_| damaged("swap of the explorer"))).transpose()
}
