//! From a pending state to rows, and from committed rows to the new head.

use crate::{
    Base, Batch, Committed, Head, KeyRange, Order, Pending, Reader, StateDb, StateError, Table,
    apply::Change,
    cache::HeadChange,
    db::stored_head,
    keys::{self, Changed},
    nodes::{self, Stored},
    store::Rows as TableRows,
    trie::Trie,
    views::{CommittedInner, Layer},
};
use alloy_primitives::{B256, U256, keccak256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A state whose rows are in a batch. Commit the batch, then hand this to [`StateDb::publish`]. Dropping it instead
/// changes nothing.
#[must_use = "commit the batch, then publish"]
pub struct Prepared {
    pub(crate) head: Head,
    /// What the node rows will describe.
    pub(crate) stored: Stored,
    /// Of the head this builds on.
    pub(crate) generation: u64,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    /// The height was committed before, with the same root.
    Already,
    Commit(Pending),
    Rewind(Trie),
    /// Node rows of the head only.
    Flush,
}

impl Prepared {
    /// Height and root that will be the head's.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Whether that height was committed earlier, with the same root; the batch got no rows from here.
    pub const fn is_already_committed(&self) -> bool {
        matches!(self.kind, Kind::Already)
    }
}

impl StateDb {
    /// Adds the rows that make `pending` the head at `height` to `batch`.
    ///
    /// `pending` must build on the committed head, and `height` follow it (any height does for the first commit). A
    /// height that is committed with the same root is answered without rows, so that redelivered blocks are harmless.
    pub fn prepare(&self, pending: &Pending, height: u64, batch: &mut Batch) -> Result<Prepared, StateError> {
        let committed = self.committed();
        let root = pending.root();
        let head = Head { height, root };
        if let Some(current) = committed.head() {
            if height <= current.height {
                return already(&committed, head);
            }
            if height != current.height.saturating_add(1) {
                return Err(StateError::WrongHeight { height, head: current.height });
            }
        }
        if pending.0.base.read().generation() != Some(committed.0.generation) {
            return Err(StateError::NotOnHead { root });
        }
        if committed.head().is_none() {
            batch.put(Table::Meta, keys::FIRST, height.to_be_bytes());
        }
        for (hash, code) in &pending.0.diff.codes {
            batch.put(Table::Codes, hash.as_slice(), code.as_ref());
        }
        let changed = put_values(&pending.0.change, committed.0.reader.as_ref(), batch, Some(height))?;
        batch.put(Table::Changes, height.to_be_bytes(), changed.encode());
        batch.put(Table::Meta, keys::root_at(height), root.as_slice());
        batch.put(Table::Meta, keys::HEAD, keys::encode_head(&head));
        let inner = &committed.0;
        let mut stored = inner.stored.advance(&committed, &pending.0.change);
        if stored.changed >= self.options.flush_after {
            stored = stored.flush(
                &committed,
                head,
                &pending.0.change.trie,
                &self.options,
                self.options.proofs > 1,
                batch,
            )?;
        }
        Ok(Prepared { head, stored, generation: inner.generation, kind: Kind::Commit(pending.clone()) })
    }

    /// Makes the prepared state the head readers see. Its batch must have been committed to the store.
    pub fn publish(&self, prepared: Prepared) -> Result<Committed, StateError> {
        let _one_at_a_time = self.publishing.lock();
        let current = self.committed();
        let Prepared { head, stored, generation: parent, kind } = prepared;
        let trie = match &kind {
            Kind::Already => return Ok(current),
            _ if stored.head == Some(head) => stored.trie.clone(),
            Kind::Commit(pending) => pending.0.change.trie.clone(),
            Kind::Rewind(trie) => trie.clone(),
            Kind::Flush => current.0.trie.clone(),
        };
        let reader = self.store.snapshot()?;
        let is_stored =
            stored_head(reader.as_ref())? == Some(head) && nodes::stored(reader.as_ref())?.head == stored.head;
        if parent != current.0.generation || !is_stored {
            return Err(StateError::NotCommitted { height: head.height });
        }
        let caches = current.0.caches.clone();
        // A flush changes no value: what builds on the head goes on building on it.
        let generation = if matches!(kind, Kind::Flush) { parent } else { parent.saturating_add(1) };
        if stored.cut_back {
            caches.forget_tries();
        }
        match &kind {
            Kind::Commit(pending) => caches.advance(generation, Some(head_change(&pending.0))),
            Kind::Rewind(_) => caches.advance(generation, None),
            Kind::Flush | Kind::Already => {}
        }
        let next = Committed(Arc::new(CommittedInner { generation, head: Some(head), reader, trie, stored, caches }));
        if let Kind::Commit(pending) = kind {
            pending.0.became.get_or_init(|| generation);
            *pending.0.base.write() = Base::from(&next);
        }
        // Readers wait for the exchange alone; what only the old head held is freed after it.
        let _old = std::mem::replace(&mut *self.head.write(), next.clone());
        Ok(next)
    }

    /// Prepares, lets `add_rows` add the caller's rows to the batch, commits it and publishes.
    pub fn commit(
        &self,
        pending: &Pending,
        height: u64,
        add_rows: impl FnOnce(&mut Batch),
    ) -> Result<Committed, StateError> {
        let mut batch = Batch::new();
        let prepared = self.prepare(pending, height, &mut batch)?;
        if !prepared.is_already_committed() {
            add_rows(&mut batch);
            self.store.commit(&batch)?;
        }
        self.publish(prepared)
    }
}

/// A height at or below the head: harmless if it is the same state.
fn already(committed: &Committed, head: Head) -> Result<Prepared, StateError> {
    let row = committed.0.reader.get(Table::Meta, &keys::root_at(head.height))?;
    match row.map(|row| keys::decode_root(&row)).transpose()? {
        Some(root) if root == head.root => Ok(already_committed(committed, head)),
        Some(root) => Err(StateError::OtherRootCommitted { height: head.height, committed: root, root: head.root }),
        None => {
            let current = committed.head().map_or(0, |head| head.height);
            Err(StateError::WrongHeight { height: head.height, head: current })
        }
    }
}

pub(crate) fn already_committed(committed: &Committed, head: Head) -> Prepared {
    let inner = &committed.0;
    Prepared { head, stored: inner.stored.clone(), generation: inner.generation, kind: Kind::Already }
}

/// Puts the flat rows, and history rows if a height is given. Returns what changed.
pub(crate) fn put_values(
    change: &Change,
    reader: &dyn Reader,
    batch: &mut Batch,
    height: Option<u64>,
) -> Result<Changed, StateError> {
    let mut changed = Changed::default();
    for (owner, account) in &change.accounts {
        let row = account.as_ref().map(keys::encode_account).unwrap_or_default();
        put_or_delete(batch, Table::Accounts, owner.as_slice(), &row);
        if let Some(height) = height {
            batch.put(Table::AccountHistory, keys::at_height(owner.as_slice(), height), row);
        }
        changed.accounts.push(*owner);
    }
    for (owner, storage) in &change.storage {
        let mut slots = BTreeMap::new();
        if storage.wiped {
            for slot in stored_slots(reader, *owner) {
                slots.insert(slot?, U256::ZERO);
            }
        }
        slots.extend(storage.slots.iter().map(|(slot, value)| (*slot, *value)));
        for (slot, value) in slots {
            let key = keys::slot(*owner, slot);
            let row = keys::encode_value(value);
            put_or_delete(batch, Table::Slots, &key, &row);
            if let Some(height) = height {
                batch.put(Table::SlotHistory, keys::at_height(&key, height), row);
            }
            changed.slots.push((*owner, slot));
        }
    }
    Ok(changed)
}

pub(crate) fn put_or_delete(batch: &mut Batch, table: Table, key: &[u8], row: &[u8]) {
    if row.is_empty() {
        batch.delete(table, key);
    } else {
        batch.put(table, key, row);
    }
}

/// Hashes of the slots of `owner` that are set.
pub(crate) fn stored_slots(reader: &dyn Reader, owner: B256) -> impl Iterator<Item = Result<B256, StateError>> {
    let rows = TableRows::new(reader, Table::Slots, KeyRange::prefix(owner.as_slice()), Order::Ascending);
    rows.map(|row| {
        let (key, _) = row?;
        let slot = key.get(32..).and_then(|slot| B256::try_from(slot).ok());
        slot.ok_or_else(|| keys::damaged("slot key"))
    })
}

/// What the cache must know of a layer that becomes the head.
fn head_change(layer: &Layer) -> HeadChange<'_> {
    let account = |address| layer.change.accounts.get(&keccak256(address)).map(|account| (address, *account));
    let mut addresses: BTreeSet<_> = layer.diff.accounts.keys().copied().collect();
    addresses.extend(layer.diff.storage.keys().copied());
    addresses.extend(layer.diff.wiped.iter().copied());
    let cleared = addresses.iter().any(|address| layer.diff.clears_storage(address));
    let slots = layer.diff.storage.iter();
    HeadChange {
        accounts: addresses.into_iter().filter_map(account).collect(),
        slots: slots
            .flat_map(|(address, slots)| slots.iter().map(|(slot, value)| ((*address, *slot), *value)))
            .collect(),
        tries: layer.change.storage.iter().map(|(owner, storage)| (*owner, &storage.trie)).collect(),
        cleared,
    }
}
