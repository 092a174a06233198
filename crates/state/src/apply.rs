//! From a diff to the tries after it.

use crate::{
    Account, StateDiff, StateError, keys,
    trie::Trie,
    views::{Base, Chain, Rows, StateRead, to_account},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount};
use std::collections::{BTreeMap, btree_map::Entry};

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
    pub(crate) fn new(base: &Chain, changes: BTreeMap<B256, AccountChange>) -> Result<Self, StateError> {
        let mut this = Self { trie: base.trie(), accounts: BTreeMap::new(), storage: BTreeMap::new() };
        for (owner, change) in changes {
            this.change_account(base, owner, change)?;
        }
        let source = Rows::new(&base.committed, None);
        for (owner, account) in &this.accounts {
            let leaf = account.as_ref().map(keys::encode_account);
            this.trie.set(&Nibbles::unpack(owner), leaf.as_deref(), &source)?;
        }
        // Hashed here, once, so that clones share the result.
        this.trie.root_hash();
        Ok(this)
    }

    fn change_account(&mut self, base: &Chain, owner: B256, change: AccountChange) -> Result<(), StateError> {
        let old_root = change.old.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
        let wiped = change.wiped || change.new.is_none();
        let start = if wiped { EMPTY_ROOT_HASH } else { old_root };
        let mut storage_root = start;
        if !change.slots.is_empty() || start != old_root {
            let mut trie = base.storage_trie(owner, start);
            let source = Rows::new(&base.committed, Some(owner));
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
pub(crate) fn resolve(
    base: &Base,
    chain: &Chain,
    diff: &StateDiff,
) -> Result<BTreeMap<B256, AccountChange>, StateError> {
    for (hash, code) in &diff.codes {
        if keccak256(code) != *hash {
            return Err(StateError::WrongCodeHash(*hash));
        }
    }
    let trie = chain.trie();
    let source = Rows::new(&chain.committed, None);
    let old_account = |address: &Address, hashed: &B256| match chain.known_account(address, hashed) {
        Some(known) => Ok(known),
        // The path to the leaf will be needed anyway, and is often in memory.
        None => {
            let leaf = trie.get(&Nibbles::unpack(hashed), &source)?;
            leaf.map(|leaf| keys::decode_account(&leaf)).transpose()
        }
    };
    let mut changes = BTreeMap::new();
    for address in diff.accounts.keys().chain(diff.storage.keys()).chain(&diff.wiped) {
        let hashed = keccak256(address);
        if let Entry::Vacant(entry) = changes.entry(hashed) {
            entry.insert(resolve_account(base, diff, address, old_account(address, &hashed)?)?);
        }
    }
    Ok(changes)
}

fn resolve_account(
    base: &Base,
    diff: &StateDiff,
    address: &Address,
    old: Option<TrieAccount>,
) -> Result<AccountChange, StateError> {
    let new = match diff.accounts.get(address) {
        Some(new) => *new,
        None => old.as_ref().map(to_account),
    };
    let mut slots = BTreeMap::new();
    for (slot, value) in diff.storage.get(address).into_iter().flatten() {
        if new.is_none() && !value.is_zero() {
            return Err(StateError::StorageWithoutAccount(*address));
        }
        slots.insert(keys::hashed_slot(*slot), *value);
    }
    if let Some(new) = new
        && old.is_none_or(|old| old.code_hash != new.code_hash)
        && !diff.codes.contains_key(&new.code_hash)
        && base.code(new.code_hash)?.is_none()
    {
        return Err(StateError::UnknownCode { address: *address, code_hash: new.code_hash });
    }
    Ok(AccountChange { old, new, wiped: diff.wiped.contains(address), slots })
}
