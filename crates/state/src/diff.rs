//! What a block changes.

use alloy_primitives::{Address, B256, Bytes, U256, b256};
use std::collections::{BTreeMap, BTreeSet};

/// An account without its storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Number of transactions sent, or of contracts created.
    pub nonce: u64,
    /// In the chain's smallest unit.
    pub balance: U256,
    /// keccak of the code; [`Account::NO_CODE`] if there is none.
    pub code_hash: B256,
}

impl Account {
    /// keccak of nothing.
    pub const NO_CODE: B256 = b256!("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
}

impl Default for Account {
    fn default() -> Self {
        Self { nonce: 0, balance: U256::ZERO, code_hash: Self::NO_CODE }
    }
}

/// The changes of one block, or of several.
///
/// Read in this order: `wiped` empties storage, then `accounts` and `storage` set what they name. An account absent
/// from `accounts` keeps its values. Sorted throughout, so that equal diffs have one form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateDiff {
    /// New values; `None` deletes the account and all its storage.
    pub accounts: BTreeMap<Address, Option<Account>>,
    /// New slot values; zero deletes the slot. The account must exist after the diff.
    pub storage: BTreeMap<Address, BTreeMap<U256, U256>>,
    /// Code by hash. Code that is already stored may be left out.
    pub codes: BTreeMap<B256, Bytes>,
    /// Accounts whose earlier storage is gone (self-destruct), whether they exist afterwards or not.
    pub wiped: BTreeSet<Address>,
}

impl StateDiff {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.storage.is_empty() && self.codes.is_empty() && self.wiped.is_empty()
    }

    /// Whether slots that this diff does not name are zero after it.
    pub(crate) fn clears_storage(&self, address: &Address) -> bool {
        self.wiped.contains(address) || matches!(self.accounts.get(address), Some(None))
    }
}
