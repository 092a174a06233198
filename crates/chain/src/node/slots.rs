//! An account's slots in the order of their hashes, as the state keeps them.

use super::{CallError, Inner, Node, traces::Between};
use crate::error::ChainError;
use alloy_primitives::{Address, B256, U256, keccak256};
use limpid_state::{KeyRange, Order, Reader, Table};
use std::collections::BTreeMap;

/// A slot that is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotEntry {
    /// keccak of the slot.
    pub hash: B256,
    /// The slot, where it is known: the state keeps hashes alone, and only the block that was asked for tells more.
    pub slot: Option<U256>,
    /// Its value.
    pub value: U256,
}

/// A part of an account's slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotPage {
    /// In the order of their hashes.
    pub slots: Vec<SlotEntry>,
    /// The hash of the next one; `None` at the end.
    pub next: Option<B256>,
}

impl Node {
    /// At most `limit` slots of an account from the hash `from` on, as they were before transaction `index` of a block.
    pub fn slots(
        &self,
        height: u64,
        index: usize,
        address: Address,
        from: B256,
        limit: usize,
    ) -> Result<SlotPage, CallError> {
        self.work(move |inner| inner.slots(height, index, address, from, limit))
    }
}

impl Inner {
    fn slots(
        &self,
        height: u64,
        index: usize,
        address: Address,
        from: B256,
        limit: usize,
    ) -> Result<SlotPage, CallError> {
        let Between { parent, changed, .. } = self.before_transaction(height, index)?;
        let gone = changed.wiped.contains(&address) || changed.accounts.get(&address) == Some(&None);
        let written = changed.storage.get(&address).into_iter().flatten();
        let written: BTreeMap<B256, (U256, U256)> =
            written.map(|(slot, value)| (keccak256(slot.to_be_bytes::<32>()), (*slot, *value))).collect();
        // The history of a height that is not kept any more says so.
        drop(self.state_at(parent)?);
        let reader = self.ledger.store.snapshot().map_err(ChainError::from)?;
        let mut stored = Stored { reader: reader.as_ref(), owner: keccak256(address), height: parent, at: Some(from) };
        let mut below = if gone { None } else { stored.next()? };
        let mut above = written.range(from..).peekable();
        let mut page = SlotPage { slots: Vec::new(), next: None };
        loop {
            let over = above.peek().map(|(hash, _)| **hash);
            let Some(hash) = over.into_iter().chain(below.map(|(hash, _)| hash)).min() else { return Ok(page) };
            if page.slots.len() >= limit {
                page.next = Some(hash);
                return Ok(page);
            }
            let mut found = (None, U256::ZERO);
            if let Some((_, value)) = below.filter(|(below, _)| *below == hash) {
                found.1 = value;
                below = stored.next()?;
            }
            if let Some((_, (slot, value))) = above.next_if(|(above, _)| **above == hash) {
                found = (Some(*slot), *value);
            }
            if !found.1.is_zero() {
                page.slots.push(SlotEntry { hash, slot: found.0, value: found.1 });
            }
        }
    }
}

/// The slots of an account at a height, one by one.
struct Stored<'a> {
    reader: &'a dyn Reader,
    owner: B256,
    height: u64,
    /// Where to go on; `None` at the end.
    at: Option<B256>,
}

impl Stored<'_> {
    /// The next slot that was ever written, with its value then. Two look-ups, however often it was written.
    fn next(&mut self) -> Result<Option<(B256, U256)>, ChainError> {
        let Some(from) = self.at else { return Ok(None) };
        let whole = KeyRange::prefix(self.owner.as_slice());
        let range = KeyRange { start: [self.owner, from].concat(), ..whole };
        let Some((key, _)) = self.reader.page(Table::SlotHistory, &range, Order::Ascending, 1)?.pop() else {
            self.at = None;
            return Ok(None);
        };
        let hash = key.get(32..64).map(B256::from_slice).ok_or_else(|| crate::error::damaged("slot"))?;
        self.at = U256::from_be_bytes(hash.0).checked_add(U256::ONE).map(B256::from);
        let prefix = [self.owner, hash].concat();
        let key = [prefix.as_slice(), &self.height.to_be_bytes()].concat();
        let row = self.reader.last_at_or_below(Table::SlotHistory, &prefix, &key)?;
        let value = row.map(|(_, row)| U256::try_from_be_slice(&row).ok_or_else(|| crate::error::damaged("value")));
        Ok(Some((hash, value.transpose()?.unwrap_or_default())))
    }
}
