//! Merkle proofs of the last blocks.
//!
//! The tries of an earlier height are made from those of a height whose nodes can be read: every account and slot that
//! changed between the two is set to its value at the wanted height, which its history has. The root recorded for the
//! height confirms the result, so that a proof is right or an error.

use crate::{
    AccountProof, Committed, Head, StateDb, StateError, StorageProof, Table,
    history::{account_at, slot_at},
    keys,
    nodes::{changed_at, first_height},
    trie::Trie,
    views::{Rows, to_account, to_bytes},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use std::collections::BTreeSet;

/// Heights of which proofs are given: the head's and those before it.
pub const PROOF_WINDOW: u64 = 1_024;

impl StateDb {
    /// Proof of an account and of slots of it against the root at `height`, one of the last [`PROOF_WINDOW`].
    pub fn proof(&self, address: Address, slots: &[U256], height: u64) -> Result<AccountProof, StateError> {
        let committed = self.committed();
        match committed.head() {
            Some(head) if head.height == height => committed.proof(address, slots),
            _ => Past::open(&committed, height)?.proof(address, slots),
        }
    }
}

/// One earlier height, and a height near it whose tries can be read.
struct Past<'a> {
    committed: &'a Committed,
    head: Head,
    base: Head,
    base_trie: &'a Trie,
}

impl<'a> Past<'a> {
    fn open(committed: &'a Committed, height: u64) -> Result<Self, StateError> {
        let reader = committed.0.reader.as_ref();
        let Some(newest) = committed.head() else {
            return Err(StateError::UnknownHeight { height, first: None, head: None });
        };
        let first = first_height(reader)?.unwrap_or_default();
        let first = first.max(newest.height.saturating_sub(PROOF_WINDOW.saturating_sub(1)));
        if height < first || height > newest.height {
            return Err(StateError::NoProof { height, first, head: newest.height });
        }
        let row = reader.get(Table::Meta, &keys::root_at(height))?;
        let root = row.map(|row| keys::decode_root(&row)).transpose()?.ok_or_else(|| keys::damaged("root"))?;
        Ok(Self { committed, head: Head { height, root }, base: newest, base_trie: &committed.0.trie })
    }

    /// What changed between the base and this height: accounts, and slots of `owner`.
    fn changed(&self, owner: B256) -> Result<(BTreeSet<B256>, BTreeSet<B256>), StateError> {
        let (mut accounts, mut slots) = (BTreeSet::new(), BTreeSet::new());
        let (one, other) = (self.base.height, self.head.height);
        for height in one.min(other).saturating_add(1)..=one.max(other) {
            let changed = changed_at(self.committed.0.reader.as_ref(), height)?;
            accounts.extend(changed.accounts);
            slots.extend(changed.slots.into_iter().filter(|(of, _)| *of == owner).map(|(_, slot)| slot));
        }
        Ok((accounts, slots))
    }

    fn proof(&self, address: Address, slots: &[U256]) -> Result<AccountProof, StateError> {
        let reader = self.committed.0.reader.as_ref();
        let owner = keccak256(address);
        let (accounts, changed_slots) = self.changed(owner)?;
        let trie = self.account_trie(accounts)?;
        let nodes = trie.proof(&Nibbles::unpack(owner), &Rows::new(self.committed, None))?;
        let account = account_at(reader, owner, self.head.height)?;
        let storage_root = account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
        let storage = self.storage_trie(owner, storage_root, changed_slots)?;
        let source = Rows::new(self.committed, Some(owner));
        let slot_proof = |slot: &U256| {
            let hashed = keys::hashed_slot(*slot);
            let nodes = storage.proof(&Nibbles::unpack(hashed), &source)?;
            let value = slot_at(reader, owner, hashed, self.head.height)?;
            Ok(StorageProof { slot: *slot, value, nodes: to_bytes(nodes) })
        };
        Ok(AccountProof {
            address,
            account: account.as_ref().map(to_account),
            storage_root,
            nodes: to_bytes(nodes),
            storage: slots.iter().map(slot_proof).collect::<Result<_, StateError>>()?,
        })
    }

    fn account_trie(&self, changed: BTreeSet<B256>) -> Result<Trie, StateError> {
        let source = Rows::new(self.committed, None);
        let mut trie = self.base_trie.clone();
        for owner in changed {
            let account = account_at(self.committed.0.reader.as_ref(), owner, self.head.height)?;
            let leaf = account.as_ref().map(keys::encode_account);
            trie.set(&Nibbles::unpack(owner), leaf.as_deref(), &source)?;
        }
        self.confirmed(trie, self.head.root)
    }

    fn storage_trie(&self, owner: B256, root: B256, changed: BTreeSet<B256>) -> Result<Trie, StateError> {
        if root == EMPTY_ROOT_HASH {
            return Ok(Trie::default());
        }
        let leaf = self.base_trie.get(&Nibbles::unpack(owner), &Rows::new(self.committed, None))?;
        let account = leaf.map(|leaf| keys::decode_account(&leaf)).transpose()?;
        let source = Rows::new(self.committed, Some(owner));
        let mut trie = match account {
            Some(account) if account.storage_root != EMPTY_ROOT_HASH => {
                self.committed.storage_trie(owner, account.storage_root)
            }
            _ => Trie::default(),
        };
        for slot in changed {
            let value = slot_at(self.committed.0.reader.as_ref(), owner, slot, self.head.height)?;
            let leaf = (!value.is_zero()).then(|| alloy_rlp::encode(value));
            trie.set(&Nibbles::unpack(slot), leaf.as_deref(), &source)?;
        }
        self.confirmed(trie, root)
    }

    fn confirmed(&self, trie: Trie, root: B256) -> Result<Trie, StateError> {
        if trie.root_hash() == root {
            return Ok(trie);
        }
        Err(StateError::Damaged(format!("the history does not lead to the root of height {}", self.head.height)))
    }
}
