//! What the tests share: a small generator of pseudo-random numbers, stores, an independent root.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::{
    EMPTY_ROOT_HASH, Nibbles, TrieAccount,
    proof::verify_proof,
    root::{state_root_unsorted, storage_root_unhashed},
};
use limpid_state::{
    Account, AccountProof, Batch, MemStore, Options, StateDb, StateDiff, StateRead, Store, StoreError, StoreKind,
    StoreOptions, open_store,
};
use std::{collections::BTreeMap, path::Path, sync::Arc};
use tempfile::TempDir;

/// splitmix64: the same numbers on every machine.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

pub(crate) fn address(number: u64) -> Address {
    Address::from_word(keccak256(number.to_be_bytes()))
}

pub(crate) fn account(nonce: u64, balance: u64) -> Account {
    Account { nonce, balance: U256::from(balance), ..Account::default() }
}

pub(crate) fn code(number: u64) -> (B256, Bytes) {
    let code = Bytes::from(format!("code number {number}").into_bytes());
    (keccak256(&code), code)
}

/// Rules of the test directories.
pub(crate) const RULES: B256 = B256::repeat_byte(7);

/// A place for one chain, which can be opened, left and opened again.
pub(crate) enum Place {
    Memory(MemStore),
    Disk(TempDir, StoreKind),
}

impl Place {
    pub(crate) fn memory() -> Self {
        Self::Memory(MemStore::new())
    }

    pub(crate) fn on(kind: StoreKind) -> Self {
        Self::Disk(tempfile::tempdir().expect("a directory"), kind)
    }

    /// On disk every earlier handle must be gone.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => Arc::new(store.clone()),
            Self::Disk(dir, kind) => open_at(dir.path(), *kind).expect("the directory opens"),
        }
    }

    pub(crate) fn state(&self, options: Options) -> StateDb {
        StateDb::open_with(self.open(), options).expect("the state opens")
    }
}

pub(crate) fn open_at(path: &Path, kind: StoreKind) -> Result<Arc<dyn Store>, StoreError> {
    open_store(path, RULES, StoreOptions { kind: Some(kind), cache: 16 << 20 })
}

/// Makes each function that takes a [`Place`] a test on every store.
macro_rules! on_every_store {
    ($($test:ident),* $(,)?) => {
        mod memory {
            $(#[test] fn $test() { super::$test(&$crate::support::Place::memory()) })*
        }
        on_every_engine!($($test),*);
    };
}

/// The same on those that keep their data.
macro_rules! on_every_engine {
    ($($test:ident),* $(,)?) => {
        mod fjall {
            $(#[test] fn $test() { super::$test(&$crate::support::Place::on(limpid_state::StoreKind::Fjall)) })*
        }
        mod redb {
            $(#[test] fn $test() { super::$test(&$crate::support::Place::on(limpid_state::StoreKind::Redb)) })*
        }
    };
}

/// A state in memory, for what does not depend on the store.
pub(crate) fn in_memory() -> StateDb {
    Place::memory().state(Options::default())
}

/// Node rows are written after that many changes.
pub(crate) fn flush_after(changes: usize) -> Options {
    Options { flush_after: changes, ..Options::default() }
}

/// A state as a test keeps it: plain maps and nothing shared with the code under test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) accounts: BTreeMap<Address, Account>,
    pub(crate) storage: BTreeMap<Address, BTreeMap<U256, U256>>,
}

impl Model {
    pub(crate) fn apply(&mut self, diff: &StateDiff) {
        for address in &diff.wiped {
            self.storage.remove(address);
        }
        for (address, account) in &diff.accounts {
            match account {
                Some(account) => {
                    self.accounts.insert(*address, *account);
                }
                None => {
                    self.accounts.remove(address);
                    self.storage.remove(address);
                }
            }
        }
        for (address, slots) in &diff.storage {
            let storage = self.storage.entry(*address).or_default();
            for (slot, value) in slots {
                if value.is_zero() {
                    storage.remove(slot);
                } else {
                    storage.insert(*slot, *value);
                }
            }
        }
        self.storage.retain(|_, slots| !slots.is_empty());
    }

    pub(crate) fn value(&self, address: Address, slot: U256) -> U256 {
        self.storage.get(&address).and_then(|slots| slots.get(&slot)).copied().unwrap_or_default()
    }

    /// The state root by alloy's builder, from nothing.
    pub(crate) fn root(&self) -> B256 {
        let leaves = self.accounts.iter().map(|(address, account)| {
            let storage_root = self.storage.get(address).map_or(EMPTY_ROOT_HASH, |slots| {
                storage_root_unhashed(slots.iter().map(|(slot, value)| (B256::from(*slot), *value)))
            });
            let leaf = TrieAccount {
                nonce: account.nonce,
                balance: account.balance,
                storage_root,
                code_hash: account.code_hash,
            };
            (keccak256(address), leaf)
        });
        state_root_unsorted(leaves)
    }

    /// Compares everything that either could hold: `addresses` times `slots`.
    pub(crate) fn check(&self, state: &dyn StateRead, addresses: &[Address], slots: &[U256]) {
        for address in addresses {
            assert_eq!(
                state.account(*address).expect("account reads"),
                self.accounts.get(address).copied(),
                "account {address}"
            );
            for slot in slots {
                assert_eq!(
                    state.storage(*address, *slot).expect("slot reads"),
                    self.value(*address, *slot),
                    "slot {slot} of {address}"
                );
            }
        }
    }
}

/// Checks a proof with alloy's verifier alone.
pub(crate) fn check_proof(root: B256, proof: &AccountProof) {
    let leaf = proof.account.map(|account| {
        alloy_rlp::encode(TrieAccount::new(account.nonce, account.balance, proof.storage_root, account.code_hash))
    });
    let key = Nibbles::unpack(keccak256(proof.address));
    verify_proof(root, key, leaf, &proof.nodes).expect("the account proof holds");
    for slot in &proof.storage {
        let leaf = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
        let key = Nibbles::unpack(keccak256(slot.slot.to_be_bytes::<32>()));
        verify_proof(proof.storage_root, key, leaf, &slot.nodes).expect("the slot proof holds");
    }
}

pub(crate) fn commit_diff(db: &StateDb, diff: StateDiff, height: u64) {
    let pending = db.apply(&db.committed(), diff).expect("applies");
    db.commit(&pending, height, |_| {}).expect("commits");
}

pub(crate) fn rewind(db: &StateDb, height: u64) {
    let mut batch = Batch::new();
    let prepared = db.prepare_rewind(height, &mut batch).expect("rewinds");
    db.store().commit(&batch).expect("stores");
    db.publish(prepared).expect("publishes");
}
