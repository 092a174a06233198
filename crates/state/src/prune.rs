//! Letting go of what is too old, in steps that are short however much there is.
//!
//! First the rows say that something is gone, then it goes: whoever reads meanwhile, or after a crash between two
//! steps, is told the truth, and the next step goes on where the last one ended.

use crate::{
    Batch, Head, KeyRange, Order, Reader, StateDb, StateError, Table,
    db::stored_head,
    keys,
    nodes::{self, changed_at, checkpoint_below, decode_checkpoint, first_height},
};

impl StateDb {
    /// Adds one step of pruning to `batch`: values below the newest `keep` heights (without, all are kept), and nodes
    /// that no proof needs any more. About `limit` rows are looked at. `false` if there is nothing left to do.
    ///
    /// Commit the batch; nothing is to be published. Steps may run beside commits, but not beside a rewind.
    pub fn prepare_prune(&self, keep: Option<u64>, limit: usize, batch: &mut Batch) -> Result<bool, StateError> {
        let reader = self.store().snapshot()?;
        let reader = reader.as_ref();
        let (Some(head), Some(nodes)) = (stored_head(reader)?, nodes::stored(reader)?.head) else {
            return Ok(false);
        };
        let mut left = limit.max(1);
        prune_nodes(reader, head, self.options.proofs, &mut left, batch)?;
        if let Some(keep) = keep {
            // What happened since the node rows were written is needed to open the directory.
            let first = head.height.saturating_sub(keep.saturating_sub(1)).min(nodes.height);
            prune_values(reader, first, &mut left, batch)?;
        }
        Ok(!batch.is_empty())
    }
}

/// Removes checkpoints that no proof starts from, then the nodes that only they needed.
///
/// Begins where the last step ended: an engine may keep what was removed for a while, and from the beginning it would
/// be more with each step.
fn prune_nodes(
    reader: &dyn Reader,
    head: Head,
    proofs: u64,
    left: &mut usize,
    batch: &mut Batch,
) -> Result<(), StateError> {
    let window = head.height.saturating_sub(proofs.saturating_sub(1));
    let Some(oldest) = checkpoint_below(reader, window)? else { return Ok(()) };
    let begun = reader.get(Table::Meta, keys::NODES_PRUNED)?.map_or(Ok(0), |row| keys::decode_height(&row))?;
    let mut done = oldest.height;
    let range = KeyRange::new(keys::checkpoint(begun), keys::checkpoint(oldest.height));
    let most = *left;
    let rows = reader.page(Table::Meta, &range, Order::Ascending, most)?;
    let all = rows.len() < most;
    for row in rows {
        let height = decode_checkpoint(row)?.height;
        batch.delete(Table::Meta, keys::checkpoint(height));
        *left = left.saturating_sub(1);
        if !all {
            done = height;
        }
    }
    let lists = keys::earlier_lists(begun, Some(oldest.height.saturating_add(1)));
    let most = left.div_ceil(nodes::LIST_PART);
    let rows = reader.page(Table::TrieHistory, &lists, Order::Ascending, most)?;
    let all = rows.len() < most;
    if !all {
        done = rows.last().map_or(Ok(begun), |(key, _)| keys::list_height(key))?.min(done);
    }
    for (key, row) in rows {
        let height = keys::list_height(&key)?;
        for node in keys::decode_list(&row)? {
            batch.delete(Table::TrieHistory, keys::earlier_node(node, height));
            *left = left.saturating_sub(1);
        }
        batch.delete(Table::TrieHistory, key);
    }
    if done > begun {
        batch.put(Table::Meta, keys::NODES_PRUNED, done.to_be_bytes());
    }
    Ok(())
}

/// Makes `target` the first height with values, and removes history rows that no height from there on reads.
fn prune_values(reader: &dyn Reader, target: u64, left: &mut usize, batch: &mut Batch) -> Result<(), StateError> {
    let Some(first) = first_height(reader)? else { return Ok(()) };
    let begun = reader.get(Table::Meta, keys::PRUNED)?;
    if target <= first && begun.is_none() {
        return Ok(());
    }
    if target > first {
        batch.put(Table::Meta, keys::FIRST, target.to_be_bytes());
    }
    let target = target.max(first);
    // Nothing is older than the rows of the first height of all. The place is put down even if this step has no rows
    // left to spend: the first height has just moved, and whatever the next step skipped would stay for ever.
    let start = begun.as_ref().map_or(Ok((first, u64::MAX)), |row| keys::decode_pruned(row))?;
    let (mut height, mut place) = start;
    while height <= target && *left > 0 {
        let changed = changed_at(reader, height)?;
        let accounts = changed.accounts.iter().map(|owner| (Table::AccountHistory, owner.to_vec()));
        let slots = changed.slots.iter().map(|(owner, slot)| (Table::SlotHistory, keys::slot(*owner, *slot).to_vec()));
        let all = changed.accounts.len().saturating_add(changed.slots.len()) as u64;
        for (table, key) in accounts.chain(slots).skip(usize::try_from(place).unwrap_or(usize::MAX)).take(*left) {
            prune_key(reader, table, &key, height, batch)?;
            place = place.saturating_add(1);
            *left = left.saturating_sub(1);
        }
        if place < all {
            break;
        }
        *left = left.saturating_sub(1);
        batch.delete(Table::Changes, height.to_be_bytes());
        if let Some(before) = height.checked_sub(1) {
            batch.delete(Table::Meta, keys::root_at(before));
        }
        (height, place) = (height.saturating_add(1), 0);
    }
    if begun.is_none() || (height, place) != start {
        batch.put(Table::Meta, keys::PRUNED, keys::encode_pruned(height, place));
    }
    Ok(())
}

/// Removes what stood below the row of `key` at `height`, and that row too if it says that there is nothing.
fn prune_key(reader: &dyn Reader, table: Table, key: &[u8], height: u64, batch: &mut Batch) -> Result<(), StateError> {
    let upto = KeyRange::prefix_up_to(key, &keys::at_height(key, height));
    for (row, value) in reader.page(table, &upto, Order::Descending, 2)? {
        if value.is_empty() || row != keys::at_height(key, height) {
            batch.delete(table, row);
        }
    }
    Ok(())
}
