//! Recomputing everything from the flat rows, without the trie code of this crate.

use crate::{
    Account, Head, KeyRange, Order, StateDb, StateError, Table, db::stored_head, keys, store::Rows as TableRows,
};
use alloy_primitives::{B256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles};

/// What [`StateDb::verify`] counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The head that was verified; `None` if nothing is committed.
    pub head: Option<Head>,
    /// Accounts.
    pub accounts: u64,
    /// Slots that are set.
    pub slots: u64,
    /// Trie nodes with a row.
    pub nodes: u64,
}

impl StateDb {
    /// Recomputes all roots from the flat rows and checks them, the code and the trie's rows against each other.
    ///
    /// Reads everything once: seconds per million accounts.
    pub fn verify(&self) -> Result<Report, StateError> {
        let reader = self.store.snapshot()?;
        let reader = reader.as_ref();
        let head = stored_head(reader)?;
        let mut report = Report { head, accounts: 0, slots: 0, nodes: 0 };
        let mut slots = TableRows::new(reader, Table::Slots, KeyRange::all(), Order::Ascending).peekable();
        let mut builder = HashBuilder::default();
        for row in TableRows::new(reader, Table::Accounts, KeyRange::all(), Order::Ascending) {
            let (key, row) = row?;
            let owner = B256::try_from(key.as_slice()).map_err(|_| keys::damaged("account key"))?;
            let account = keys::decode_account(&row)?;
            let mut storage = HashBuilder::default();
            while let Some(slot) =
                slots.next_if(|row| row.as_ref().is_ok_and(|(key, _)| key.starts_with(&key_of(owner))))
            {
                let (key, row) = slot?;
                let slot = key.get(32..).filter(|slot| slot.len() == 32).ok_or_else(|| keys::damaged("slot key"))?;
                storage.add_leaf(Nibbles::unpack(slot), &alloy_rlp::encode(keys::decode_value(&row)?));
                report.slots = report.slots.saturating_add(1);
            }
            let storage_root = storage.root();
            if storage_root != account.storage_root {
                return Err(differs(&format!("the storage of account {owner}"), account.storage_root, storage_root));
            }
            if account.code_hash != Account::NO_CODE {
                let code = reader.get(Table::Codes, account.code_hash.as_slice())?;
                if code.is_none_or(|code| keccak256(code) != account.code_hash) {
                    return Err(StateError::Damaged(format!("the code of account {owner} is missing or another")));
                }
            }
            builder.add_leaf(Nibbles::unpack(owner), &row);
            report.accounts = report.accounts.saturating_add(1);
        }
        if let Some(row) = slots.next() {
            let (key, _) = row?;
            let owner = B256::from_slice(key.get(..32).ok_or_else(|| keys::damaged("slot key"))?);
            return Err(StateError::Damaged(format!("slots of {owner}, which has no account")));
        }
        let (root, expected) = (builder.root(), head.map_or(EMPTY_ROOT_HASH, |head| head.root));
        if root != expected {
            return Err(differs("all accounts", expected, root));
        }
        Ok(report)
    }
}

fn key_of(owner: B256) -> [u8; 32] {
    owner.0
}

fn differs(what: &str, stored: B256, computed: B256) -> StateError {
    StateError::Damaged(format!("the root of {what} is stored as {stored} but the rows give {computed}"))
}
