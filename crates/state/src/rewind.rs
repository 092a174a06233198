//! Going back: for development chains; a chain with finality never needs it.
//!
//! Values go back by the history. The node rows go back to the newest checkpoint at or below the height, from which
//! the tries of the height are made again in memory, as on opening. Without such a checkpoint the tries are changed
//! backwards and written out.

use crate::{
    AtHeight, Batch, Committed, Head, KeyRange, Order, Reader, StateDb, StateError, Table,
    apply::Change,
    commit::{Kind, Prepared, already_committed, put_or_delete},
    history::{account_at, slot_at},
    keys,
    nodes::{ChangedKeys, Stored, at_checkpoint, checkpoint_below, confirmed, decode_checkpoint, first_height},
    store::Rows as TableRows,
    trie::{self, Sources, Trie},
    views::{Chain, CommittedInner, Rows},
};
use alloy_primitives::B256;
use alloy_trie::EMPTY_ROOT_HASH;
use std::{collections::BTreeSet, sync::Arc};

impl StateDb {
    /// Adds the rows that take the head back to `height` to `batch`: every later height is forgotten. Code stays
    /// stored.
    pub fn prepare_rewind(&self, height: u64, batch: &mut Batch) -> Result<Prepared, StateError> {
        // As the rows are now: the head's own view may be of before something was pruned.
        let current = self.committed();
        let inner = CommittedInner { reader: self.store.snapshot()?, ..current.0.as_ref().clone() };
        let committed = Committed(Arc::new(inner));
        let target = AtHeight::open(committed.clone(), height)?;
        let reader = committed.0.reader.as_ref();
        let head = Head { height, root: target.root() };
        let current = committed.head().map_or(height, |head| head.height);
        if current == height {
            return Ok(already_committed(&committed, head));
        }
        let later = ChangedKeys::read(reader, height.saturating_add(1)..=current)?;
        restore_values(reader, &later, height, batch)?;
        forget_heights(reader, height, current, batch)?;
        batch.put(Table::Meta, keys::HEAD, keys::encode_head(&head));
        let first = first_height(reader)?.unwrap_or_default();
        let checkpoint = checkpoint_below(reader, height)?.filter(|checkpoint| checkpoint.height >= first);
        let (mut stored, trie) = match checkpoint {
            Some(checkpoint) => back_to(&committed, checkpoint, head, batch)?,
            None => self.reversed(&committed, &later, head, batch)?,
        };
        // Tries in memory may lead to nodes that the rows no longer have.
        stored.cut_back = true;
        Ok(Prepared { head, stored, generation: committed.0.generation, kind: Kind::Rewind(trie) })
    }

    /// The tries changed backwards, and written: the rows must not describe a height above the head.
    fn reversed(
        &self,
        committed: &Committed,
        later: &ChangedKeys,
        head: Head,
        batch: &mut Batch,
    ) -> Result<(Stored, Trie), StateError> {
        let reader = committed.0.reader.as_ref();
        let changes = later.to(
            |owner| committed.hashed_account(owner),
            |owner| account_at(reader, owner, head.height),
            |owner, slot| slot_at(reader, owner, slot, head.height),
        )?;
        let change = confirmed(Change::new(&Chain::over(committed), changes)?, head)?;
        let stored = committed.0.stored.advance(committed, &change);
        forget_checkpoints(reader, None, batch)?;
        // The next checkpoint may lie below where pruning has come to.
        batch.delete(Table::Meta, keys::NODES_PRUNED);
        let stored = stored.flush(committed, head, &change.trie, &self.options, false, batch)?;
        Ok((stored, change.trie))
    }
}

/// Rows back to `checkpoint`, and in memory what leads from there to `head`.
fn back_to(
    committed: &Committed,
    checkpoint: Head,
    head: Head,
    batch: &mut Batch,
) -> Result<(Stored, Trie), StateError> {
    let reader = committed.0.reader.as_ref();
    let base = at_checkpoint(committed, checkpoint);
    if let Some(stored) = committed.0.stored.head.filter(|stored| *stored != checkpoint) {
        restore_nodes(committed, &base, checkpoint, stored, batch)?;
        forget_checkpoints(reader, Some(checkpoint.height), batch)?;
        batch.put(Table::Meta, keys::NODES, keys::encode_head(&checkpoint));
    }
    let since = ChangedKeys::read(reader, checkpoint.height.saturating_add(1)..=head.height)?;
    let changes = since.to(
        |owner| account_at(reader, owner, checkpoint.height),
        |owner| account_at(reader, owner, head.height),
        |owner, slot| slot_at(reader, owner, slot, head.height),
    )?;
    let change = confirmed(Change::new(&Chain::over(&base), changes)?, head)?;
    Ok((base.0.stored.advance(&base, &change), change.trie))
}

/// Puts the flat rows of `height`.
fn restore_values(reader: &dyn Reader, later: &ChangedKeys, height: u64, batch: &mut Batch) -> Result<(), StateError> {
    for owner in &later.accounts {
        let row = account_at(reader, *owner, height)?.as_ref().map(keys::encode_account).unwrap_or_default();
        put_or_delete(batch, Table::Accounts, owner.as_slice(), &row);
    }
    for (owner, slot) in &later.slots {
        let row = keys::encode_value(slot_at(reader, *owner, *slot, height)?);
        put_or_delete(batch, Table::Slots, &keys::slot(*owner, *slot), &row);
    }
    Ok(())
}

/// Removes the records of every height above `height`.
fn forget_heights(reader: &dyn Reader, height: u64, current: u64, batch: &mut Batch) -> Result<(), StateError> {
    for later in height.saturating_add(1)..=current {
        let changed = crate::nodes::changed_at(reader, later)?;
        for account in &changed.accounts {
            batch.delete(Table::AccountHistory, keys::at_height(account.as_slice(), later));
        }
        for (owner, slot) in &changed.slots {
            batch.delete(Table::SlotHistory, keys::at_height(&keys::slot(*owner, *slot), later));
        }
        batch.delete(Table::Changes, later.to_be_bytes());
        batch.delete(Table::Meta, keys::root_at(later));
    }
    Ok(())
}

/// Puts the node rows of `checkpoint`, whose tries `base` reads, over those of `stored`.
fn restore_nodes(
    committed: &Committed,
    base: &Committed,
    checkpoint: Head,
    stored: Head,
    batch: &mut Batch,
) -> Result<(), StateError> {
    let reader = committed.0.reader.as_ref();
    let mut restore = |owner: Option<B256>, old: &Trie, new: &Trie| {
        let sources = Sources { old: &Rows::peek(committed, owner), new: &Rows::peek(base, owner) };
        trie::diff(old, new, sources, &mut |path, _, after| {
            let key = keys::trie_node(owner, path);
            match after {
                Some(row) => batch.put(Table::Trie, key, row),
                None => batch.delete(Table::Trie, key),
            }
        })
    };
    let changed = ChangedKeys::read(reader, checkpoint.height.saturating_add(1)..=stored.height)?;
    let owners: BTreeSet<B256> = changed.slots.iter().map(|(owner, _)| *owner).collect();
    for owner in owners {
        let trie = |height| {
            let account = account_at(reader, owner, height)?;
            Ok::<_, StateError>(Trie::stub(account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root)))
        };
        restore(Some(owner), &trie(stored.height)?, &trie(checkpoint.height)?)?;
    }
    restore(None, &committed.0.stored.trie, &base.0.trie)
}

/// Removes the checkpoints above `kept`, or all of them, and the earlier nodes that only they needed.
fn forget_checkpoints(reader: &dyn Reader, kept: Option<u64>, batch: &mut Batch) -> Result<(), StateError> {
    let from = kept.map_or(0, |kept| kept.saturating_add(1));
    let range = KeyRange { start: keys::checkpoint(from), ..KeyRange::prefix(keys::CHECKPOINT) };
    for row in TableRows::new(reader, Table::Meta, range, Order::Ascending) {
        batch.delete(Table::Meta, keys::checkpoint(decode_checkpoint(row?)?.height));
    }
    for row in TableRows::new(reader, Table::TrieHistory, keys::earlier_lists(from, None), Order::Ascending) {
        let (key, row) = row?;
        let height = keys::list_height(&key)?;
        for node in keys::decode_list(&row)? {
            batch.delete(Table::TrieHistory, keys::earlier_node(node, height));
        }
        batch.delete(Table::TrieHistory, key);
    }
    Ok(())
}
