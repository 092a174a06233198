//! The state database: opening it, its head, applying diffs.

use crate::{
    AtHeight, Base, Committed, Pending, Reader, StateDiff, StateError, Store, Table,
    apply::{Change, resolve},
    cache::Caches,
    keys,
    trie::Trie,
    views::{CommittedInner, Layer},
};
use alloy_primitives::B256;
use alloy_trie::EMPTY_ROOT_HASH;
use parking_lot::RwLock;
use std::sync::{Arc, OnceLock};

/// Height and state root of a committed state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Block height.
    pub height: u64,
    /// State root after that block.
    pub root: B256,
}

/// The state of a chain over a store. One thread commits; any number read.
pub struct StateDb {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) head: RwLock<Committed>,
}

impl StateDb {
    /// Opens the state in `store`, which may be empty. Nothing but the head's record is read.
    pub fn open(store: Arc<dyn Store>) -> Result<Self, StateError> {
        let reader = store.snapshot()?;
        let head = stored_head(reader.as_ref())?;
        let committed = Committed(Arc::new(CommittedInner {
            generation: 0,
            head,
            trie: Trie::stub(head.map_or(EMPTY_ROOT_HASH, |head| head.root)),
            reader,
            caches: Arc::new(Caches::new()),
        }));
        Ok(Self { store, head: RwLock::new(committed) })
    }

    /// The store below.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Height and root of the committed head; `None` before the first commit.
    pub fn head(&self) -> Option<Head> {
        self.head.read().head()
    }

    /// The committed head, to read from and to build on.
    pub fn committed(&self) -> Committed {
        self.head.read().clone()
    }

    /// The state after the block at `height`.
    pub fn at(&self, height: u64) -> Result<AtHeight, StateError> {
        AtHeight::open(self.committed(), height)
    }

    /// The state after `diff` over `base`. Nothing else changes.
    ///
    /// Any base will do, also one that lost to another fork: its own view of the store is consistent. Only
    /// committing such a state is refused.
    pub fn apply(&self, base: impl Into<Base>, diff: StateDiff) -> Result<Pending, StateError> {
        let base = base.into();
        let change = Change::new(&base, resolve(&base, &diff)?)?;
        let layer = Layer { diff, change, base: RwLock::new(base), became: OnceLock::new() };
        Ok(Pending(Arc::new(layer)))
    }
}

pub(crate) fn stored_head(reader: &dyn Reader) -> Result<Option<Head>, StateError> {
    reader.get(Table::Meta, keys::HEAD)?.map(|row| keys::decode_head(&row)).transpose()
}
