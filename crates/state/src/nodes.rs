//! The rows of the node table, which may lag behind the head.
//!
//! Most of what a block changes in the tries is changed again by the next, so node rows are not written with every
//! block: the changed nodes stay in memory until enough has changed, or until the chain has time
//! ([`StateDb::prepare_flush`]). A record says which height the rows describe. After a crash the changes since are
//! known from the flat rows and applied again, which the head's root confirms.
//!
//! Once rows are written their nodes can be let go of: that bounds memory ([`Options::nodes_in_memory`]).
//!
//! Each flush leaves a checkpoint: a node that it replaces or removes is kept under the flush's height
//! ([`Table::TrieHistory`]), so that the tries of earlier checkpoints can still be read ([`at_checkpoint`]). Proofs of
//! past heights and rewinds start from there; [`StateDb::prepare_prune`] removes what no proof needs any more.

use crate::{
    Batch, Committed, Head, KeyRange, Options, Order, Reader, Row, StateDb, StateError, StoreError, Table,
    apply::{AccountChange, Change},
    cache::Caches,
    commit::{Kind, Prepared},
    keys::{self, Changed},
    trie::{self, Sources, Trie},
    views::{Chain, CommittedInner, Rows, to_account},
};
use alloy_primitives::{B256, U256};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    ops::RangeInclusive,
    sync::Arc,
};

/// Levels of the account trie that are never let go: at most 1 + 16 + 256 + 4,096 nodes.
const LEVELS_KEPT: usize = 4;

/// Nodes in one row of a checkpoint's list, so that a step of pruning is short.
pub(crate) const LIST_PART: usize = 256;

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

    /// Puts the rows that make the table describe `head` with account trie `trie`, and says so. `checkpoint` keeps what
    /// they replace.
    pub(crate) fn flush(
        self,
        committed: &Committed,
        head: Head,
        trie: &Trie,
        options: &Options,
        checkpoint: bool,
        batch: &mut Batch,
    ) -> Result<Self, StateError> {
        let mut created = 0usize;
        let mut kept = Vec::new();
        let mut put = |owner: Option<B256>, old: &Trie, new: &Trie| {
            let source = Rows::new(committed, owner);
            trie::diff(old, new, Sources { old: &source, new: &source }, &mut |path, before, after| {
                let key = keys::trie_node(owner, path);
                created = created.saturating_add(usize::from(before.is_none()));
                if let Some(before) = before.filter(|_| checkpoint) {
                    batch.put(Table::TrieHistory, keys::earlier_node(&key, head.height), before);
                    kept.push(key.clone());
                }
                match after {
                    Some(row) => batch.put(Table::Trie, key, row),
                    None => batch.delete(Table::Trie, key),
                }
            })
        };
        for (owner, dirty) in &self.dirty {
            put(Some(*owner), &dirty.old, &dirty.new)?;
        }
        put(None, &self.trie, trie)?;
        for (part, nodes) in (0..).zip(kept.chunks(LIST_PART)) {
            batch.put(Table::TrieHistory, keys::earlier_list(head.height, part), keys::encode_list(nodes));
        }
        batch.put(Table::Meta, keys::checkpoint(head.height), head.root.as_slice());
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
    /// Trie nodes in memory. Counts them one by one.
    pub fn nodes_in_memory(&self) -> usize {
        let committed = self.committed();
        committed.0.trie.nodes().saturating_add(committed.0.caches.trie_nodes())
    }

    /// Adds the node rows that were not written yet to `batch`; commit and [`StateDb::publish`] it as any other. For
    /// moments with nothing else to do. `None` if there is nothing to write.
    pub fn prepare_flush(&self, batch: &mut Batch) -> Result<Option<Prepared>, StateError> {
        let committed = self.committed();
        let inner = &committed.0;
        let Some(head) = inner.head.filter(|head| inner.stored.head != Some(*head)) else {
            return Ok(None);
        };
        let stored =
            inner.stored.clone().flush(&committed, head, &inner.trie, &self.options, self.options.proofs > 1, batch)?;
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
    let changed = ChangedKeys::read(reader.as_ref(), from..=head.height)?;
    let changes = changed.to(
        |owner| {
            let leaf = committed.0.trie.get(&Nibbles::unpack(owner), &Rows::new(committed, None))?;
            leaf.map(|leaf| keys::decode_account(&leaf)).transpose()
        },
        |owner| committed.hashed_account(owner),
        |owner, slot| {
            let row = reader.get(Table::Slots, &keys::slot(owner, slot))?;
            row.map_or(Ok(U256::ZERO), |row| keys::decode_value(&row))
        },
    )?;
    confirmed(Change::new(&Chain::over(committed), changes)?, head)
}

/// A change that leads to `head`, or an error.
pub(crate) fn confirmed(change: Change, head: Head) -> Result<Change, StateError> {
    if change.trie.root_hash() == head.root {
        return Ok(change);
    }
    Err(StateError::Damaged(format!("the recorded changes do not lead to the root of height {}", head.height)))
}

/// Everything that some heights changed.
#[derive(Default)]
pub(crate) struct ChangedKeys {
    pub(crate) accounts: BTreeSet<B256>,
    /// Slots by owner; each owner is among the accounts too.
    pub(crate) slots: BTreeSet<(B256, B256)>,
}

impl ChangedKeys {
    pub(crate) fn read(reader: &dyn Reader, heights: RangeInclusive<u64>) -> Result<Self, StateError> {
        let mut all = Self::default();
        for height in heights {
            let changed = changed_at(reader, height)?;
            all.accounts.extend(changed.accounts);
            all.accounts.extend(changed.slots.iter().map(|(owner, _)| *owner));
            all.slots.extend(changed.slots);
        }
        Ok(all)
    }

    /// The changes from accounts as `old` gives them to accounts and slots as `new` and `value` do.
    pub(crate) fn to(
        &self,
        old: impl Fn(B256) -> Result<Option<TrieAccount>, StateError>,
        new: impl Fn(B256) -> Result<Option<TrieAccount>, StateError>,
        value: impl Fn(B256, B256) -> Result<U256, StateError>,
    ) -> Result<BTreeMap<B256, AccountChange>, StateError> {
        let mut changes = BTreeMap::new();
        for owner in &self.accounts {
            let new = new(*owner)?.as_ref().map(to_account);
            changes.insert(*owner, AccountChange { old: old(*owner)?, new, ..AccountChange::default() });
        }
        for (owner, slot) in &self.slots {
            if let Some(change) = changes.get_mut(owner) {
                change.slots.insert(*slot, value(*owner, *slot)?);
            }
        }
        Ok(changes)
    }
}

/// The newest checkpoint at or below `height`.
pub(crate) fn checkpoint_below(reader: &dyn Reader, height: u64) -> Result<Option<Head>, StateError> {
    let row = reader.last_at_or_below(Table::Meta, keys::CHECKPOINT, &keys::checkpoint(height))?;
    row.map(decode_checkpoint).transpose()
}

/// The oldest checkpoint at or above `height`.
pub(crate) fn checkpoint_above(reader: &dyn Reader, height: u64) -> Result<Option<Head>, StateError> {
    let range = KeyRange { start: keys::checkpoint(height), ..KeyRange::prefix(keys::CHECKPOINT) };
    reader.page(Table::Meta, &range, Order::Ascending, 1)?.pop().map(decode_checkpoint).transpose()
}

pub(crate) fn decode_checkpoint((key, row): Row) -> Result<Head, StateError> {
    let height = key.get(keys::CHECKPOINT.len()..).unwrap_or_default();
    Ok(Head { height: keys::decode_height(height)?, root: keys::decode_root(&row)? })
}

/// `committed` with the tries of a checkpoint. Its values are not those of that height: only tries may be read.
pub(crate) fn at_checkpoint(committed: &Committed, checkpoint: Head) -> Committed {
    let inner = &committed.0;
    let is_stored = inner.stored.head == Some(checkpoint);
    let trie = if is_stored { inner.stored.trie.clone() } else { Trie::stub(checkpoint.root) };
    let reader: Arc<dyn Reader> = match is_stored {
        true => inner.reader.clone(),
        false => Arc::new(EarlierNodes { reader: inner.reader.clone(), height: checkpoint.height }),
    };
    Committed(Arc::new(CommittedInner {
        generation: 0,
        head: Some(checkpoint),
        reader,
        stored: Stored { head: Some(checkpoint), trie: trie.clone(), ..Stored::default() },
        trie,
        caches: Arc::new(Caches::new(&Options::default())),
    }))
}

/// A reader whose node rows are those of an earlier checkpoint.
struct EarlierNodes {
    reader: Arc<dyn Reader>,
    height: u64,
}

impl Reader for EarlierNodes {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if table == Table::Trie {
            let range = keys::earlier_nodes_after(key, self.height);
            if let Some((_, row)) = self.reader.page(Table::TrieHistory, &range, Order::Ascending, 1)?.pop() {
                return Ok(Some(row));
            }
        }
        self.reader.get(table, key)
    }

    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.reader.page(table, range, order, limit)
    }
}

pub(crate) fn first_height(reader: &dyn Reader) -> Result<Option<u64>, StateError> {
    reader.get(Table::Meta, keys::FIRST)?.map(|row| keys::decode_height(&row)).transpose()
}

/// What `height` changed.
pub(crate) fn changed_at(reader: &dyn Reader, height: u64) -> Result<Changed, StateError> {
    let row = reader.get(Table::Changes, &height.to_be_bytes())?;
    Changed::decode(&row.ok_or_else(|| StateError::Damaged(format!("no record of what height {height} changed")))?)
}
