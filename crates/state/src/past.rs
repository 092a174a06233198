//! Merkle proofs of the last blocks.
//!
//! The tries of an earlier height are made from those of a height whose nodes can be read: every account and slot that
//! changed between the two is set to its value at the wanted height, which its history has. The root recorded for the
//! height confirms the result, so that a proof is right or an error.

use crate::{
    AccountProof, Committed, Head, StateDb, StateError, StorageProof, Table,
    history::{account_at, slot_at},
    keys,
    nodes::{ChangedKeys, at_checkpoint, checkpoint_above, first_height},
    trie::Trie,
    views::{Rows, to_account, to_bytes},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};

impl StateDb {
    /// Proof of an account and of slots of it against the root at `height`, one of the last [`crate::Options::proofs`].
    ///
    /// Older heights are refused with [`StateError::NoProof`].
    pub fn proof(&self, address: Address, slots: &[U256], height: u64) -> Result<AccountProof, StateError> {
        let committed = self.committed();
        match committed.head() {
            Some(head) if head.height == height => committed.proof(address, slots),
            _ => Past::open(&committed, height, self.options.proofs)?.proof(address, slots),
        }
    }
}

/// One earlier height, and the nearest one from there on whose tries can be read.
struct Past<'a> {
    committed: &'a Committed,
    of: Head,
    /// The head or a checkpoint.
    base: Committed,
    base_head: Head,
}

impl<'a> Past<'a> {
    fn open(committed: &'a Committed, height: u64, window: u64) -> Result<Self, StateError> {
        let reader = committed.0.reader.as_ref();
        let Some(head) = committed.head() else {
            return Err(StateError::UnknownHeight { height, first: None, head: None });
        };
        let first = first_height(reader)?.unwrap_or_default();
        let first = first.max(head.height.saturating_sub(window.saturating_sub(1)));
        if height < first || height > head.height {
            return Err(StateError::NoProof { height, first, head: head.height });
        }
        let row = reader.get(Table::Meta, &keys::root_at(height))?;
        let root = row.map(|row| keys::decode_root(&row)).transpose()?.ok_or_else(|| keys::damaged("root"))?;
        let (base, base_head) = match checkpoint_above(reader, height)? {
            Some(checkpoint) => (at_checkpoint(committed, checkpoint), checkpoint),
            None => (committed.clone(), head),
        };
        Ok(Self { committed, of: Head { height, root }, base, base_head })
    }

    fn proof(&self, address: Address, slots: &[U256]) -> Result<AccountProof, StateError> {
        let reader = self.committed.0.reader.as_ref();
        let owner = keccak256(address);
        let changed = ChangedKeys::read(reader, self.of.height.saturating_add(1)..=self.base_head.height)?;
        let trie = self.account_trie(&changed)?;
        let nodes = trie.proof(&Nibbles::unpack(owner), &Rows::peek(&self.base, None))?;
        let account = account_at(reader, owner, self.of.height)?;
        let storage_root = account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
        let storage =
            if slots.is_empty() { Trie::default() } else { self.storage_trie(owner, storage_root, &changed)? };
        let source = Rows::peek(&self.base, Some(owner));
        let slot_proof = |slot: &U256| {
            let hashed = keys::hashed_slot(*slot);
            let nodes = storage.proof(&Nibbles::unpack(hashed), &source)?;
            let value = slot_at(reader, owner, hashed, self.of.height)?;
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

    fn account_trie(&self, changed: &ChangedKeys) -> Result<Trie, StateError> {
        let caches = &self.committed.0.caches;
        if let Some(known) = caches.past(self.of, self.base_head) {
            return Ok(known);
        }
        let source = Rows::peek(&self.base, None);
        let mut trie = self.base.0.trie.clone();
        for owner in &changed.accounts {
            let account = account_at(self.committed.0.reader.as_ref(), *owner, self.of.height)?;
            let leaf = account.as_ref().map(keys::encode_account);
            trie.set(&Nibbles::unpack(owner), leaf.as_deref(), &source)?;
        }
        let trie = self.confirmed(trie, self.of.root)?;
        caches.keep_past(self.of, self.base_head, trie.clone());
        Ok(trie)
    }

    fn storage_trie(&self, owner: B256, root: B256, changed: &ChangedKeys) -> Result<Trie, StateError> {
        let reader = self.committed.0.reader.as_ref();
        let account = account_at(reader, owner, self.base_head.height)?;
        let source = Rows::peek(&self.base, Some(owner));
        let mut trie = match account {
            Some(account) if account.storage_root != EMPTY_ROOT_HASH => {
                self.base.storage_trie(owner, account.storage_root)
            }
            _ => Trie::default(),
        };
        for (_, slot) in changed.slots.range((owner, B256::ZERO)..=(owner, B256::repeat_byte(0xff))) {
            let value = slot_at(reader, owner, *slot, self.of.height)?;
            let leaf = (!value.is_zero()).then(|| alloy_rlp::encode(value));
            trie.set(&Nibbles::unpack(slot), leaf.as_deref(), &source)?;
        }
        self.confirmed(trie, root)
    }

    fn confirmed(&self, trie: Trie, root: B256) -> Result<Trie, StateError> {
        if trie.root_hash() == root {
            return Ok(trie);
        }
        Err(StateError::Damaged(format!("the history does not lead to the root of height {}", self.of.height)))
    }
}
