//! The store in memory: for tests, simulations and throw-away chains.

use super::{Batch, KeyRange, Order, Reader, Row, Store, StoreError, Table};
use parking_lot::RwLock;
use std::{collections::BTreeMap, ops::Bound, sync::Arc};

/// Versions of one row, oldest first: (sequence number of the batch, value or removal).
type Versions = Vec<(u64, Option<Vec<u8>>)>;

#[derive(Default)]
struct Inner {
    tables: BTreeMap<Table, BTreeMap<Vec<u8>, Versions>>,
    /// Sequence number of the last batch.
    sequence: u64,
    /// Live snapshots: sequence number -> how many.
    snapshots: BTreeMap<u64, usize>,
}

/// A store in memory. Clones share the rows, so that dropping everything but a clone and opening it again
/// behaves like a crash and a restart.
#[derive(Clone, Default)]
pub struct MemStore {
    inner: Arc<RwLock<Inner>>,
}

impl MemStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Inner {
    fn get(&self, table: Table, key: &[u8], sequence: u64) -> Option<Vec<u8>> {
        visible(self.tables.get(&table)?.get(key)?, sequence).cloned()
    }

    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize, sequence: u64) -> Vec<Row> {
        let Some(rows) = self.tables.get(&table).filter(|_| !range.is_empty()) else {
            return Vec::new();
        };
        let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = rows.range::<[u8], _>((Bound::Included(range.start.as_slice()), end));
        let row = |(key, versions): (&Vec<u8>, &Versions)| {
            visible(versions, sequence).map(|value| (key.clone(), value.clone()))
        };
        match order {
            Order::Ascending => rows.filter_map(row).take(limit).collect(),
            Order::Descending => rows.rev().filter_map(row).take(limit).collect(),
        }
    }

    fn write(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) {
        let oldest = self.snapshots.keys().next().copied().unwrap_or(self.sequence);
        let rows = self.tables.entry(table).or_default();
        let versions = rows.entry(key.to_vec()).or_default();
        versions.push((self.sequence, value.map(<[u8]>::to_vec)));
        // Versions below the newest one that the oldest snapshot sees can never be read again.
        let seen = versions.partition_point(|(sequence, _)| *sequence <= oldest);
        versions.drain(..seen.saturating_sub(1));
        if matches!(versions.as_slice(), [(sequence, None)] if *sequence <= oldest) {
            rows.remove(key);
        }
    }
}

fn visible(versions: &Versions, sequence: u64) -> Option<&Vec<u8>> {
    let (_, value) = versions.iter().rev().find(|(written, _)| *written <= sequence)?;
    value.as_ref()
}

impl Reader for MemStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.inner.read().get(table, key, u64::MAX))
    }

    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize) -> Result<Vec<Row>, StoreError> {
        Ok(self.inner.read().page(table, range, order, limit, u64::MAX))
    }
}

impl Store for MemStore {
    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.check()?;
        let mut inner = self.inner.write();
        inner.sequence = inner.sequence.saturating_add(1);
        for (table, key, value) in batch.changes() {
            inner.write(table, key, value);
        }
        Ok(())
    }

    fn snapshot(&self) -> Result<Arc<dyn Reader>, StoreError> {
        let mut inner = self.inner.write();
        let sequence = inner.sequence;
        let count = inner.snapshots.entry(sequence).or_default();
        *count = count.saturating_add(1);
        Ok(Arc::new(MemSnapshot { inner: self.inner.clone(), sequence }))
    }
}

struct MemSnapshot {
    inner: Arc<RwLock<Inner>>,
    sequence: u64,
}

impl Reader for MemSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.inner.read().get(table, key, self.sequence))
    }

    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize) -> Result<Vec<Row>, StoreError> {
        Ok(self.inner.read().page(table, range, order, limit, self.sequence))
    }
}

impl Drop for MemSnapshot {
    fn drop(&mut self) {
        let mut inner = self.inner.write();
        if let Some(count) = inner.snapshots.get_mut(&self.sequence) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                inner.snapshots.remove(&self.sequence);
            }
        }
    }
}
