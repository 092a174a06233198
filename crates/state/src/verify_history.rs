//! Checking every past height: rows against the newest values, roots by going back, nodes kept for proofs.

use crate::{
    Committed, KeyRange, Order, Reader, Report, StateDb, StateError, Table,
    history::{account_at, slot_at},
    keys,
    nodes::{ChangedKeys, at_checkpoint, changed_at, decode_checkpoint, first_height},
    store::Rows as TableRows,
    trie::{self, Sources, Trie},
    views::Rows,
};
use alloy_primitives::B256;
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use std::collections::{BTreeMap, BTreeSet};

/// What [`StateDb::verify_history`] counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HistoryReport {
    /// The first height with values.
    pub first: u64,
    /// History rows of accounts and slots.
    pub rows: u64,
    /// Heights whose root was recomputed from their values.
    pub roots: u64,
    /// Heights whose trie nodes are kept for proofs.
    pub checkpoints: u64,
}

impl StateDb {
    /// Checks that history and newest values agree, that the values of each height give the root recorded for it, and
    /// that the nodes kept for proofs are whole. `report` is that of [`StateDb::verify`], whose checks come first.
    ///
    /// Going back takes memory for what changed: heights are recomputed until `changes` accounts and slots were
    /// changed back. `on` is told how many of how many heights are done.
    pub fn verify_history(
        &self,
        report: &Report,
        changes: u64,
        on: &mut dyn FnMut(u64, u64),
    ) -> Result<HistoryReport, StateError> {
        let committed = self.committed();
        let reader = committed.0.reader.as_ref();
        let (Some(head), Some(first)) = (committed.head(), first_height(reader)?) else {
            return Ok(HistoryReport::default());
        };
        let mut found = HistoryReport { first, ..HistoryReport::default() };
        let recorded = recorded_changes(reader, first, head.height)?;
        for (table, flat, set, recorded) in [
            (Table::AccountHistory, Table::Accounts, report.accounts, recorded.0),
            (Table::SlotHistory, Table::Slots, report.slots, recorded.1),
        ] {
            let (rows, later, newest) = newest_rows(reader, table, flat, first, head.height)?;
            if newest != set {
                return Err(differs(&format!("{} of the newest values", table.name()), set, newest));
            }
            if later != recorded {
                return Err(differs(&format!("{} rows since height {first}", table.name()), recorded, later));
            }
            found.rows = found.rows.saturating_add(rows);
        }
        found.roots = Backwards::new(&committed).run(first, changes, on)?;
        found.checkpoints = verify_checkpoints(&committed)?;
        Ok(found)
    }
}

/// Accounts and slots that the records of the heights after `first` name.
fn recorded_changes(reader: &dyn Reader, first: u64, head: u64) -> Result<(u64, u64), StateError> {
    let (mut accounts, mut slots) = (0u64, 0u64);
    for height in first.saturating_add(1)..=head {
        let changed = changed_at(reader, height)?;
        accounts = accounts.saturating_add(changed.accounts.len() as u64);
        slots = slots.saturating_add(changed.slots.len() as u64);
    }
    Ok((accounts, slots))
}

/// Compares each key's newest history row with its flat row. Counts rows, those above `first`, and keys that are set.
fn newest_rows(
    reader: &dyn Reader,
    table: Table,
    flat: Table,
    first: u64,
    head: u64,
) -> Result<(u64, u64, u64), StateError> {
    let (mut rows, mut later, mut set) = (0u64, 0u64, 0u64);
    let mut newest: Option<(Vec<u8>, Vec<u8>)> = None;
    let mut close = |newest: Option<(Vec<u8>, Vec<u8>)>| {
        let Some((key, value)) = newest else { return Ok(()) };
        if reader.get(flat, &key)?.unwrap_or_default() != value {
            let key = alloy_primitives::hex::encode(&key);
            return Err(StateError::Damaged(format!("the newest {} row of {key} is not its value", table.name())));
        }
        set = set.saturating_add(u64::from(!value.is_empty()));
        Ok(())
    };
    for row in TableRows::new(reader, table, KeyRange::all(), Order::Ascending) {
        let (mut key, value) = row?;
        let height = keys::decode_height(&key.split_off(key.len().saturating_sub(8)))?;
        if height > head {
            return Err(StateError::Damaged(format!("a {} row above the head, at {height}", table.name())));
        }
        rows = rows.saturating_add(1);
        later = later.saturating_add(u64::from(height > first));
        if newest.as_ref().is_some_and(|(last, _)| *last != key) {
            close(newest.take())?;
        }
        newest = Some((key, value));
    }
    close(newest)?;
    Ok((rows, later, set))
}

/// The tries, going back height by height.
struct Backwards<'a> {
    committed: &'a Committed,
    accounts: Trie,
    storage: BTreeMap<B256, Trie>,
}

impl<'a> Backwards<'a> {
    fn new(committed: &'a Committed) -> Self {
        Self { committed, accounts: committed.0.trie.clone(), storage: BTreeMap::new() }
    }

    fn run(mut self, first: u64, most: u64, on: &mut dyn FnMut(u64, u64)) -> Result<u64, StateError> {
        let Some(head) = self.committed.head() else { return Ok(0) };
        let (mut roots, mut changes) = (0u64, 0u64);
        for height in (first.saturating_add(1)..=head.height).rev() {
            let changed = ChangedKeys::read(self.committed.0.reader.as_ref(), height..=height)?;
            changes =
                changes.saturating_add((changed.accounts.len() as u64).saturating_add(changed.slots.len() as u64));
            if changes > most {
                break;
            }
            self.undo(&changed, height)?;
            roots = roots.saturating_add(1);
            on(roots, head.height.saturating_sub(first));
        }
        Ok(roots)
    }

    /// From the state after `height` to that before it.
    fn undo(&mut self, changed: &ChangedKeys, height: u64) -> Result<(), StateError> {
        let reader = self.committed.0.reader.as_ref();
        let before = height.saturating_sub(1);
        for (owner, slot) in &changed.slots {
            let trie = match self.storage.get_mut(owner) {
                Some(trie) => trie,
                None => {
                    let root = account_at(reader, *owner, height)?.map_or(EMPTY_ROOT_HASH, |one| one.storage_root);
                    self.storage.entry(*owner).or_insert(self.committed.storage_trie(*owner, root))
                }
            };
            let value = slot_at(reader, *owner, *slot, before)?;
            let leaf = (!value.is_zero()).then(|| alloy_rlp::encode(value));
            trie.set(&Nibbles::unpack(slot), leaf.as_deref(), &Rows::peek(self.committed, Some(*owner)))?;
        }
        for owner in &changed.accounts {
            let account = account_at(reader, *owner, before)?;
            if let Some(trie) = self.storage.get(owner) {
                let expected = account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
                if trie.root_hash() != expected {
                    return Err(not_the_root(&format!("the storage of {owner}"), before));
                }
            }
            let leaf = account.as_ref().map(keys::encode_account);
            self.accounts.set(&Nibbles::unpack(owner), leaf.as_deref(), &Rows::peek(self.committed, None))?;
        }
        let row = reader.get(Table::Meta, &keys::root_at(before))?;
        match row.map(|row| keys::decode_root(&row)).transpose()? {
            Some(root) if root == self.accounts.root_hash() => Ok(()),
            _ => Err(not_the_root("all accounts", before)),
        }
    }
}

/// Reads every node in which two checkpoints that follow each other differ; a node that is not what its parent names
/// is an error.
fn verify_checkpoints(committed: &Committed) -> Result<u64, StateError> {
    let reader = committed.0.reader.as_ref();
    let mut count = 0u64;
    let mut last: Option<Committed> = None;
    for row in TableRows::new(reader, Table::Meta, KeyRange::prefix(keys::CHECKPOINT), Order::Ascending) {
        let view = at_checkpoint(committed, decode_checkpoint(row?)?);
        count = count.saturating_add(1);
        if let Some(last) = last.replace(view.clone()) {
            compare(reader, &last, &view)?;
        }
    }
    Ok(count)
}

fn compare(reader: &dyn Reader, old: &Committed, new: &Committed) -> Result<(), StateError> {
    let read = |owner: Option<B256>, from: &Trie, to: &Trie| {
        let sources = Sources { old: &Rows::peek(old, owner), new: &Rows::peek(new, owner) };
        trie::diff(from, to, sources, &mut |_, _, _| {})
    };
    read(None, &Trie::stub(old.root()), &Trie::stub(new.root()))?;
    let (Some(from), Some(to)) = (old.head(), new.head()) else { return Ok(()) };
    let first = first_height(reader)?.unwrap_or_default();
    if from.height < first {
        // Which storage changed is no longer recorded, and no proof starts there.
        return Ok(());
    }
    let changed = ChangedKeys::read(reader, from.height.saturating_add(1)..=to.height)?;
    for owner in changed.slots.iter().map(|(owner, _)| *owner).collect::<BTreeSet<_>>() {
        let trie = |height| {
            let account = account_at(reader, owner, height)?;
            Ok::<_, StateError>(Trie::stub(account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root)))
        };
        read(Some(owner), &trie(from.height)?, &trie(to.height)?)?;
    }
    Ok(())
}

fn not_the_root(what: &str, height: u64) -> StateError {
    StateError::Damaged(format!("the values of {what} at height {height} do not give the root recorded for it"))
}

fn differs(what: &str, expected: u64, found: u64) -> StateError {
    StateError::Damaged(format!("{what}: there should be {expected}, but there are {found}"))
}
