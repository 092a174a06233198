//! Values at every height.

use crate::{Account, Committed, Reader, StateError, StateRead, Table, keys, nodes::first_height, views::to_account};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::TrieAccount;

/// The state as it was after the block at one height. Clones are cheap.
#[derive(Clone)]
pub struct AtHeight {
    committed: Committed,
    height: u64,
    root: B256,
}

impl AtHeight {
    pub(crate) fn open(committed: Committed, height: u64) -> Result<Self, StateError> {
        let reader = committed.0.reader.as_ref();
        let first = first_height(reader)?;
        let row = reader.get(Table::Meta, &keys::root_at(height))?;
        let root = row.map(|row| keys::decode_root(&row)).transpose()?;
        // Below the first height rows may wait to be pruned.
        let Some(root) = root.filter(|_| first.is_some_and(|first| first <= height)) else {
            return Err(StateError::UnknownHeight { height, first, head: committed.head().map(|head| head.height) });
        };
        Ok(Self { committed, height, root })
    }

    /// The height.
    pub const fn height(&self) -> u64 {
        self.height
    }

    /// The state root after that height.
    pub const fn root(&self) -> B256 {
        self.root
    }
}

impl StateRead for AtHeight {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        let account = account_at(self.committed.0.reader.as_ref(), keccak256(address), self.height)?;
        Ok(account.as_ref().map(to_account))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        slot_at(self.committed.0.reader.as_ref(), keccak256(address), keys::hashed_slot(slot), self.height)
    }

    fn code(&self, code_hash: B256) -> Result<Option<Bytes>, StateError> {
        self.committed.code(code_hash)
    }
}

/// The account after `height`: the newest history row at or below it.
pub(crate) fn account_at(reader: &dyn Reader, owner: B256, height: u64) -> Result<Option<TrieAccount>, StateError> {
    let key = keys::at_height(owner.as_slice(), height);
    match reader.last_at_or_below(Table::AccountHistory, owner.as_slice(), &key)? {
        Some((_, row)) if !row.is_empty() => keys::decode_account(&row).map(Some),
        _ => Ok(None),
    }
}

/// The slot's value after `height`.
pub(crate) fn slot_at(reader: &dyn Reader, owner: B256, slot: B256, height: u64) -> Result<U256, StateError> {
    let prefix = keys::slot(owner, slot);
    let key = keys::at_height(&prefix, height);
    match reader.last_at_or_below(Table::SlotHistory, &prefix, &key)? {
        Some((_, row)) => keys::decode_value(&row),
        None => Ok(U256::ZERO),
    }
}
