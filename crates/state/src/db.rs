//! The state database: opening it, its head, applying diffs.

use crate::{
    AtHeight, Base, Committed, Options, Pending, Reader, StateDiff, StateError, Store, Table,
    apply::{Change, resolve},
    cache::Caches,
    keys, nodes,
    views::{CommittedInner, Layer},
};
use alloy_primitives::B256;
use parking_lot::{Mutex, RwLock};
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
    pub(crate) publishing: Mutex<()>,
    pub(crate) options: Options,
}

impl StateDb {
    /// Opens the state in `store`, which may be empty. Only what changed since the node rows were last written is
    /// read.
    pub fn open(store: Arc<dyn Store>) -> Result<Self, StateError> {
        Self::open_with(store, Options::default())
    }

    /// As [`StateDb::open`], with other bounds.
    pub fn open_with(store: Arc<dyn Store>, options: Options) -> Result<Self, StateError> {
        let reader = store.snapshot()?;
        let head = stored_head(reader.as_ref())?;
        let stored = nodes::stored(reader.as_ref())?;
        let caches = Arc::new(Caches::new(&options));
        let trie = stored.trie.clone();
        let mut inner = CommittedInner { generation: 0, head: stored.head, reader, trie, stored, caches };
        if let Some(head) = head.filter(|head| inner.stored.head != Some(*head)) {
            let committed = Committed(Arc::new(inner.clone()));
            let change = nodes::replay(&committed, head)?;
            inner.stored = inner.stored.advance(&committed, &change);
            inner.trie = change.trie;
            inner.head = Some(head);
        }
        let head = RwLock::new(Committed(Arc::new(inner)));
        Ok(Self { store, head, publishing: Mutex::new(()), options })
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
        let chain = base.chain();
        let change = Change::new(&chain, resolve(&base, &chain, &diff)?)?;
        let layer = Layer { diff, change, base: RwLock::new(base), became: OnceLock::new() };
        Ok(Pending(Arc::new(layer)))
    }
}

pub(crate) fn stored_head(reader: &dyn Reader) -> Result<Option<Head>, StateError> {
    reader.get(Table::Meta, keys::HEAD)?.map(|row| keys::decode_head(&row)).transpose()
}
