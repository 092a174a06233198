//! From a diff to the tries after it.

use crate::{
    Account, Reader, StateDiff, StateError, keys,
    trie::Trie,
    views::{Base, Rows, StateRead, to_account},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount};
use std::{collections::BTreeMap, sync::Arc};

/// What happens to one account, by hash.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccountChange {
    pub(crate) old: Option<TrieAccount>,
    pub(crate) new: Option<Account>,
    /// Slots that `slots` does not name become zero.
    pub(crate) wiped: bool,
    pub(crate) slots: BTreeMap<B256, U256>,
}

/// Changes by hash, with the tries after them.
pub(crate) struct Change {
    pub(crate) trie: Trie,
    /// Accounts whose row changes; `None` deletes it.
    pub(crate) accounts: BTreeMap<B256, Option<TrieAccount>>,
    /// Accounts whose storage changes.
    pub(crate) storage: BTreeMap<B256, StorageChange>,
}

pub(crate) struct StorageChange {
    pub(crate) old_root: B256,
    pub(crate) wiped: bool,
    pub(crate) slots: BTreeMap<B256, U256>,
    pub(crate) trie: Trie,
}

impl Change {
    /// Applies `changes` over `base`.
    pub(crate) fn new(base: &Base, changes: BTreeMap<B256, AccountChange>) -> Result<Self, StateError> {
        let reader = base.committed()?.0.reader.clone();
        let mut this = Self { trie: base.trie(), accounts: BTreeMap::new(), storage: BTreeMap::new() };
        for (owner, change) in changes {
            this.change_account(base, &reader, owner, change)?;
        }
        let source = Rows::new(&reader, None);
        for (owner, account) in &this.accounts {
            let leaf = account.as_ref().map(keys::encode_account);
            this.trie.set(&Nibbles::unpack(owner), leaf.as_deref(), &source)?;
        }
        // Hashed here, once, so that clones share the result.
        this.trie.root_hash();
        Ok(this)
    }

    fn change_account(
        &mut self,
        base: &Base,
        reader: &Arc<dyn Reader>,
        owner: B256,
        change: AccountChange,
    ) -> Result<(), StateError> {
        let old_root = change.old.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
        let wiped = change.wiped || change.new.is_none();
        let start = if wiped { EMPTY_ROOT_HASH } else { old_root };
        let mut storage_root = start;
        if !change.slots.is_empty() || start != old_root {
            let mut trie = base.storage_trie(owner, start)?;
            let source = Rows::new(reader, Some(owner));
            for (slot, value) in &change.slots {
                let leaf = (!value.is_zero()).then(|| alloy_rlp::encode(value));
                trie.set(&Nibbles::unpack(slot), leaf.as_deref(), &source)?;
            }
            storage_root = trie.root_hash();
            self.storage.insert(owner, StorageChange { old_root, wiped, slots: change.slots, trie });
        }
        let new = change.new.map(|account| TrieAccount {
            nonce: account.nonce,
            balance: account.balance,
            storage_root,
            code_hash: account.code_hash,
        });
        if new != change.old {
            self.accounts.insert(owner, new);
        }
        Ok(())
    }
}

/// Checks a diff against its base and gives it by hash.
pub(crate) fn resolve(base: &Base, diff: &StateDiff) -> Result<BTreeMap<B256, AccountChange>, StateError> {
    for (hash, code) in &diff.codes {
        if keccak256(code) != *hash {
            return Err(StateError::WrongCodeHash(*hash));
        }
    }
    let reader = base.committed()?.0.reader.clone();
    let (trie, source) = (base.trie(), Rows::new(&reader, None));
    let mut changes = BTreeMap::new();
    let storage_only = diff.storage.keys().chain(&diff.wiped).filter(|address| !diff.accounts.contains_key(*address));
    for address in diff.accounts.keys().chain(storage_only) {
        let hashed = keccak256(address);
        if changes.contains_key(&hashed) {
            continue;
        }
        changes.insert(hashed, resolve_account(base, diff, (&trie, &source), *address, hashed)?);
    }
    Ok(changes)
}

fn resolve_account(
    base: &Base,
    diff: &StateDiff,
    (trie, source): (&Trie, &Rows<'_>),
    address: Address,
    hashed: B256,
) -> Result<AccountChange, StateError> {
    let old = match base.known_account(address, hashed)? {
        Some(known) => known,
        // The path to the leaf will be needed anyway, and is often in memory.
        None => {
            let leaf = trie.get(&Nibbles::unpack(hashed), source)?;
            leaf.map(|leaf| keys::decode_account(&leaf)).transpose()?
        }
    };
    let new = match diff.accounts.get(&address) {
        Some(new) => *new,
        None => old.as_ref().map(to_account),
    };
    let mut slots = BTreeMap::new();
    for (slot, value) in diff.storage.get(&address).into_iter().flatten() {
        if new.is_none() && !value.is_zero() {
            return Err(StateError::StorageWithoutAccount(address));
        }
        slots.insert(keys::hashed_slot(*slot), *value);
    }
    if let Some(new) = new
        && old.is_none_or(|old| old.code_hash != new.code_hash)
        && !diff.codes.contains_key(&new.code_hash)
        && base.code(new.code_hash)?.is_none()
    {
        return Err(StateError::UnknownCode { address, code_hash: new.code_hash });
    }
    Ok(AccountChange { old, new, wiped: diff.wiped.contains(&address), slots })
}
