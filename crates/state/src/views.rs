//! Readable states: the committed head and the pending states over it.

use crate::{
    Account, Head, Reader, StateDiff, StateError, Table,
    apply::Change,
    cache::Caches,
    keys,
    nodes::Stored,
    trie::{NodeSource, Trie},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount};
use parking_lot::RwLock;
use std::sync::{Arc, OnceLock};

/// Read access to one state.
pub trait StateRead: Send + Sync {
    /// The account, or `None` if there is none.
    fn account(&self, address: Address) -> Result<Option<Account>, StateError>;

    /// The value of a slot; zero if it was never set.
    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError>;

    /// The code with this hash. The hash of nothing gives no bytes; an unknown hash gives `None`.
    fn code(&self, code_hash: B256) -> Result<Option<Bytes>, StateError>;
}

/// A committed head: a consistent view that later commits do not change. Clones are cheap.
///
/// The store keeps old rows while a view lives; do not hold one for longer than a request or a block.
#[derive(Clone)]
pub struct Committed(pub(crate) Arc<CommittedInner>);

#[derive(Clone)]
pub(crate) struct CommittedInner {
    /// Distinguishes heads of one database; grows with each.
    pub(crate) generation: u64,
    pub(crate) head: Option<Head>,
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) trie: Trie,
    /// What the node rows that `reader` sees describe.
    pub(crate) stored: Stored,
    pub(crate) caches: Arc<Caches>,
}

/// A state that is not committed: changes over a parent. Clones are cheap.
#[derive(Clone)]
pub struct Pending(pub(crate) Arc<Layer>);

pub(crate) struct Layer {
    pub(crate) diff: StateDiff,
    pub(crate) change: Change,
    /// What lies below. Once this layer is committed it lies over the head it became, so that chains stay short.
    pub(crate) base: RwLock<Base>,
    /// Generation of the head this layer became.
    pub(crate) became: OnceLock<u64>,
}

/// What a pending state builds on.
#[derive(Clone)]
pub enum Base {
    /// The committed head.
    Committed(Committed),
    /// Another pending state.
    Pending(Pending),
}

impl From<&Committed> for Base {
    fn from(committed: &Committed) -> Self {
        Self::Committed(committed.clone())
    }
}

impl From<&Pending> for Base {
    fn from(pending: &Pending) -> Self {
        Self::Pending(pending.clone())
    }
}

impl Committed {
    /// Height and root; `None` before the first commit.
    pub fn head(&self) -> Option<Head> {
        self.0.head
    }

    /// The state root.
    pub fn root(&self) -> B256 {
        self.0.head.map_or(EMPTY_ROOT_HASH, |head| head.root)
    }

    pub(crate) fn hashed_account(&self, hashed: B256) -> Result<Option<TrieAccount>, StateError> {
        let row = self.0.reader.get(Table::Accounts, hashed.as_slice())?;
        row.map(|row| keys::decode_account(&row)).transpose()
    }

    pub(crate) fn trie_account(&self, address: Address) -> Result<Option<TrieAccount>, StateError> {
        let read = || self.hashed_account(keccak256(address));
        self.0.caches.account(self.0.generation, address, read)
    }

    /// The storage trie of `owner`, whose root in this state is `root`.
    pub(crate) fn storage_trie(&self, owner: B256, root: B256) -> Trie {
        match self.0.stored.dirty.get(&owner) {
            Some(dirty) => dirty.new.clone(),
            None => self.0.caches.trie(owner, root),
        }
    }

    /// Proof of an account and of slots of it against [`Committed::root`], as `eth_getProof` gives it.
    pub fn proof(&self, address: Address, slots: &[U256]) -> Result<AccountProof, StateError> {
        let hashed = keccak256(address);
        let account = self.trie_account(address)?;
        let source = Rows::peek(self, None);
        let nodes = self.0.trie.proof(&Nibbles::unpack(hashed), &source)?;
        let storage_root = account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
        let trie = self.storage_trie(hashed, storage_root);
        let source = Rows::peek(self, Some(hashed));
        let slot_proof = |slot: &U256| {
            let nodes = trie.proof(&Nibbles::unpack(keys::hashed_slot(*slot)), &source)?;
            Ok(StorageProof { slot: *slot, value: self.storage(address, *slot)?, nodes: to_bytes(nodes) })
        };
        Ok(AccountProof {
            address,
            account: account.map(|account| to_account(&account)),
            storage_root,
            nodes: to_bytes(nodes),
            storage: slots.iter().map(slot_proof).collect::<Result<_, StateError>>()?,
        })
    }
}

impl StateRead for Committed {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        Ok(self.trie_account(address)?.as_ref().map(to_account))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.0.caches.slot(self.0.generation, (address, slot), || {
            let key = keys::slot(keccak256(address), keys::hashed_slot(slot));
            let row = self.0.reader.get(Table::Slots, &key)?;
            row.map_or(Ok(U256::ZERO), |row| keys::decode_value(&row))
        })
    }

    fn code(&self, code_hash: B256) -> Result<Option<Bytes>, StateError> {
        if code_hash == Account::NO_CODE {
            return Ok(Some(Bytes::new()));
        }
        self.0.caches.code(code_hash, || Ok(self.0.reader.get(Table::Codes, code_hash.as_slice())?.map(Bytes::from)))
    }
}

impl Pending {
    /// The state root.
    pub fn root(&self) -> B256 {
        self.0.change.trie.root_hash()
    }

    /// The changes over the parent.
    pub fn diff(&self) -> &StateDiff {
        &self.0.diff
    }
}

impl StateRead for Pending {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        Base::from(self).account(address)
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        Base::from(self).storage(address, slot)
    }

    fn code(&self, code_hash: B256) -> Result<Option<Bytes>, StateError> {
        Base::from(self).code(code_hash)
    }
}

impl Base {
    /// The state root.
    pub fn root(&self) -> B256 {
        match self {
            Self::Committed(committed) => committed.root(),
            Self::Pending(pending) => pending.root(),
        }
    }

    /// The layers and the committed state below them as they are now: for work that must not see a commit between
    /// two steps.
    pub(crate) fn chain(&self) -> Chain {
        let mut layers = Vec::new();
        let mut base = self.clone();
        loop {
            base = match base {
                Self::Committed(committed) => return Chain { layers, committed },
                Self::Pending(pending) => {
                    let below = pending.0.base.read().clone();
                    layers.push(pending);
                    below
                }
            }
        }
    }

    /// Asks the layers from the newest down, then the committed state below them.
    fn find<T>(
        &self,
        in_layer: impl Fn(&Layer) -> Option<T>,
        in_committed: impl FnOnce(&Committed) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let mut base = self.clone();
        loop {
            base = match base {
                Self::Committed(committed) => return in_committed(&committed),
                Self::Pending(pending) => {
                    if let Some(found) = in_layer(&pending.0) {
                        return Ok(found);
                    }
                    let below = pending.0.base.read();
                    below.clone()
                }
            }
        }
    }

    /// Generation of the committed head that this state is, or became.
    pub(crate) fn generation(&self) -> Option<u64> {
        match self {
            Self::Committed(committed) => Some(committed.0.generation),
            Self::Pending(pending) => pending.0.became.get().copied(),
        }
    }
}

/// A base with everything below it held fixed.
pub(crate) struct Chain {
    /// Newest first.
    layers: Vec<Pending>,
    pub(crate) committed: Committed,
}

impl Chain {
    pub(crate) fn over(committed: &Committed) -> Self {
        Self { layers: Vec::new(), committed: committed.clone() }
    }

    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.layers.iter().map(|pending| &pending.0.change)
    }

    pub(crate) fn trie(&self) -> Trie {
        self.changes().next().map_or(&self.committed.0.trie, |change| &change.trie).clone()
    }

    /// The account if a layer or the cache has it: `Some(None)` if it is known not to exist.
    pub(crate) fn known_account(&self, address: &Address, hashed: &B256) -> Option<Option<TrieAccount>> {
        let inner = &self.committed.0;
        let in_layer = self.changes().find_map(|change| change.accounts.get(hashed).copied());
        in_layer.or_else(|| inner.caches.known_account(inner.generation, address))
    }

    /// The storage trie of `owner`, whose root in this state is `root`.
    pub(crate) fn storage_trie(&self, owner: B256, root: B256) -> Trie {
        if root == EMPTY_ROOT_HASH {
            return Trie::default();
        }
        let in_layer = self.changes().find_map(|change| change.storage.get(&owner));
        in_layer.map_or_else(|| self.committed.storage_trie(owner, root), |storage| storage.trie.clone())
    }
}

impl StateRead for Base {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        self.find(|layer| layer.diff.accounts.get(&address).copied(), |committed| committed.account(address))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        let in_layer = |layer: &Layer| {
            let written = layer.diff.storage.get(&address).and_then(|slots| slots.get(&slot)).copied();
            written.or_else(|| layer.diff.clears_storage(&address).then_some(U256::ZERO))
        };
        self.find(in_layer, |committed| committed.storage(address, slot))
    }

    fn code(&self, code_hash: B256) -> Result<Option<Bytes>, StateError> {
        self.find(
            |layer| layer.diff.codes.get(&code_hash).map(|code| Some(code.clone())),
            |committed| committed.code(code_hash),
        )
    }
}

/// An account with its Merkle proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountProof {
    /// Whose.
    pub address: Address,
    /// The account; `None` if the proof shows that there is none.
    pub account: Option<Account>,
    /// Root of the account's storage trie.
    pub storage_root: B256,
    /// RLP of the nodes from the state root on.
    pub nodes: Vec<Bytes>,
    /// One for each slot asked for.
    pub storage: Vec<StorageProof>,
}

/// A slot with its Merkle proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageProof {
    /// The slot.
    pub slot: U256,
    /// Its value; zero if the proof shows that it is not set.
    pub value: U256,
    /// RLP of the nodes from the account's storage root on.
    pub nodes: Vec<Bytes>,
}

/// The node rows of one trie.
pub(crate) struct Rows<'a> {
    committed: &'a CommittedInner,
    owner: Option<B256>,
    /// Whether nodes read from here stay in memory.
    kept: bool,
}

impl<'a> Rows<'a> {
    /// Of `owner`'s storage trie, or of the account trie.
    pub(crate) fn new(committed: &'a Committed, owner: Option<B256>) -> Self {
        Self { committed: &committed.0, owner, kept: true }
    }

    /// As [`Rows::new`], for readers that keep nothing in memory.
    pub(crate) fn peek(committed: &'a Committed, owner: Option<B256>) -> Self {
        Self { committed: &committed.0, owner, kept: false }
    }
}

impl NodeSource for Rows<'_> {
    fn node(&self, path: &Nibbles) -> Result<Option<Vec<u8>>, StateError> {
        if self.kept {
            self.committed.caches.count_load();
        }
        Ok(self.committed.reader.get(Table::Trie, &keys::trie_node(self.owner, path))?)
    }
}

pub(crate) const fn to_account(account: &TrieAccount) -> Account {
    Account { nonce: account.nonce, balance: account.balance, code_hash: account.code_hash }
}

pub(crate) fn to_bytes(nodes: Vec<Vec<u8>>) -> Vec<Bytes> {
    nodes.into_iter().map(Bytes::from).collect()
}
