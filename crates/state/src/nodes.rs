//! The rows of the node table, which may lag behind the head.
//!
//! Most of what a block changes in the tries is changed again by the next, so node rows are not written with every
//! block: the changed nodes stay in memory until enough has changed, or until the chain has time
//! ([`StateDb::prepare_flush`]). A record says which height the rows describe. After a crash the changes since are
//! known from the flat rows and applied again, which the head's root confirms.
//!
//! Once rows are written their nodes can be let go of: that bounds memory ([`Options::nodes_in_memory`]).

use crate::{
    Batch, Committed, Head, Reader, StateDb, StateError, Table,
    apply::{AccountChange, Change},
    commit::{Kind, Prepared},
    keys::{self, Changed},
    trie::{self, Trie},
    views::{Chain, Rows, to_account},
};
use alloy_primitives::{B256, U256};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

/// How much of the tries is kept in memory, and for how long only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Changed accounts and slots after which node rows are written with a block. 0 writes them with every block.
    pub flush_after: usize,
    /// Nodes that may gather in memory, about 300 bytes each, before all but the upper levels are let go.
    pub nodes_in_memory: usize,
}

impl Default for Options {
    /// Node rows of 10,000 changes (about 100 ms of work); 3 million nodes.
    fn default() -> Self {
        Self { flush_after: 10_000, nodes_in_memory: 3_000_000 }
    }
}

/// Levels of the account trie that are never let go: at most 1 + 16 + 256 + 4,096 nodes.
const LEVELS_KEPT: usize = 4;

/// What the node rows describe, and what has changed since.
#[derive(Clone, Default)]
pub(crate) struct Stored {
    /// The height whose tries the rows are; `None` if there are none.
    pub(crate) head: Option<Head>,
    /// The account trie of that height.
    pub(crate) trie: Trie,
    /// Storage tries that have changed since.
    pub(crate) dirty: BTreeMap<B256, DirtyTrie>,
    /// Accounts and slots changed since, counted once a height.
    pub(crate) changed: usize,
    /// Nodes created or read since the tries in memory were last cut back.
    gained: usize,
    /// Whether this flush cut them back.
    pub(crate) cut_back: bool,
}

/// A storage trie of which rows must be written.
#[derive(Clone)]
pub(crate) struct DirtyTrie {
    /// As in the rows.
    pub(crate) old: Trie,
    /// As at the head.
    pub(crate) new: Trie,
}

impl Stored {
    /// After `change` over `committed`.
    pub(crate) fn advance(&self, committed: &Committed, change: &Change) -> Self {
        let mut next = self.clone();
        next.changed = next.changed.saturating_add(change.accounts.len());
        for (owner, storage) in &change.storage {
            next.changed = next.changed.saturating_add(storage.slots.len());
            match next.dirty.entry(*owner) {
                Entry::Occupied(mut dirty) => dirty.get_mut().new = storage.trie.clone(),
                Entry::Vacant(clean) => {
                    let old = committed.storage_trie(*owner, storage.old_root);
                    clean.insert(DirtyTrie { old, new: storage.trie.clone() });
                }
            }
        }
        next
    }

    /// Puts the rows that make the table describe `head` with account trie `trie`, and says so.
    pub(crate) fn flush(
        self,
        committed: &Committed,
        head: Head,
        trie: &Trie,
        options: &Options,
        batch: &mut Batch,
    ) -> Result<Self, StateError> {
        let mut created = 0usize;
        let mut put = |owner: Option<B256>, old: &Trie, new: &Trie| {
            trie::diff(old, new, &Rows::new(committed, owner), &mut |path, row, existed| match row {
                Some(row) => {
                    created = created.saturating_add(usize::from(!existed));
                    batch.put(Table::Trie, keys::trie_node(owner, path), row);
                }
                None => batch.delete(Table::Trie, keys::trie_node(owner, path)),
            })
        };
        for (owner, dirty) in &self.dirty {
            put(Some(*owner), &dirty.old, &dirty.new)?;
        }
        put(None, &self.trie, trie)?;
        batch.put(Table::Meta, keys::NODES, keys::encode_head(&head));
        let gained = self.gained.saturating_add(created).saturating_add(committed.0.caches.take_loads());
        let cut_back = gained > options.nodes_in_memory;
        Ok(Self {
            head: Some(head),
            trie: if cut_back { trie.cut_back(LEVELS_KEPT) } else { trie.clone() },
            gained: if cut_back { 0 } else { gained },
            cut_back,
            ..Self::default()
        })
    }
}

impl StateDb {
    /// Adds the node rows that were not written yet to `batch`; commit and [`StateDb::publish`] it as any other. For
    /// moments with nothing else to do. `None` if there is nothing to write.
    pub fn prepare_flush(&self, batch: &mut Batch) -> Result<Option<Prepared>, StateError> {
        let committed = self.committed();
        let inner = &committed.0;
        let Some(head) = inner.head.filter(|head| inner.stored.head != Some(*head)) else {
            return Ok(None);
        };
        let stored = inner.stored.clone().flush(&committed, head, &inner.trie, &self.options, batch)?;
        Ok(Some(Prepared { head, stored, generation: inner.generation, kind: Kind::Flush }))
    }
}

/// What an opened store's node rows describe.
pub(crate) fn stored(reader: &dyn Reader) -> Result<Stored, StateError> {
    let head = reader.get(Table::Meta, keys::NODES)?.map(|row| keys::decode_head(&row)).transpose()?;
    let root = head.map_or(EMPTY_ROOT_HASH, |head| head.root);
    Ok(Stored { head, trie: Trie::stub(root), ..Stored::default() })
}

/// Applies what was committed since the node rows were written. `committed` is the state of the node rows; the result
/// is the change that leads from there to `head`.
pub(crate) fn replay(committed: &Committed, head: Head) -> Result<Change, StateError> {
    let reader = &committed.0.reader;
    let from = match committed.0.stored.head {
        Some(stored) => stored.height.saturating_add(1),
        None => first_height(reader.as_ref())?.unwrap_or(head.height),
    };
    let (mut accounts, mut slots) = (BTreeSet::new(), BTreeSet::new());
    for height in from..=head.height {
        let changed = changed_at(reader.as_ref(), height)?;
        accounts.extend(changed.accounts);
        accounts.extend(changed.slots.iter().map(|(owner, _)| *owner));
        slots.extend(changed.slots);
    }
    let mut changes = BTreeMap::new();
    for owner in accounts {
        let leaf = committed.0.trie.get(&Nibbles::unpack(owner), &Rows::new(committed, None))?;
        let old = leaf.map(|leaf| keys::decode_account(&leaf)).transpose()?;
        let new = committed.hashed_account(owner)?.as_ref().map(to_account);
        changes.insert(owner, AccountChange { old, new, ..AccountChange::default() });
    }
    for (owner, slot) in slots {
        let row = reader.get(Table::Slots, &keys::slot(owner, slot))?;
        let value = row.map_or(Ok(U256::ZERO), |row| keys::decode_value(&row))?;
        if let Some(change) = changes.get_mut(&owner) {
            change.slots.insert(slot, value);
        }
    }
    let change = Change::new(&Chain::over(committed), changes)?;
    if change.trie.root_hash() != head.root {
        return Err(StateError::Damaged(format!("the changes since the stored trie do not lead to {head:?}")));
    }
    Ok(change)
}

pub(crate) fn first_height(reader: &dyn Reader) -> Result<Option<u64>, StateError> {
    reader.get(Table::Meta, keys::FIRST)?.map(|row| keys::decode_height(&row)).transpose()
}

/// What `height` changed.
pub(crate) fn changed_at(reader: &dyn Reader, height: u64) -> Result<Changed, StateError> {
    let row = reader.get(Table::Changes, &height.to_be_bytes())?;
    Changed::decode(&row.ok_or_else(|| StateError::Damaged(format!("no record of what height {height} changed")))?)
}
