//! The durable store on fjall, a log-structured merge tree with one journal over all tables.

use super::{Batch, KeyRange, Order, Reader, Row, Store, StoreError, StoreKind, Table, dir::DataDir};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable, Snapshot};
use std::{ops::Bound, sync::Arc};

/// Bytes of journals above which every table that keeps the oldest one is written out. Journals are read again on
/// opening, some 60 MB a second, so that this is the engine's least.
const JOURNAL_BYTES: u64 = 64 << 20;
/// Bytes of a table's rows in memory above which they are written out. Only then does the engine look how large its
/// journals are: with its own 64 MB, eighteen tables could gather a gigabyte first.
const MEMTABLE_BYTES: u64 = 8 << 20;

/// The durable store. Dropping the last handle closes it and releases the directory.
pub(super) struct FjallStore {
    database: Database,
    tables: Arc<Tables>,
    // Declared last: the lock outlives the engine's closing.
    _dir: DataDir,
}

struct Tables(Vec<Keyspace>);

impl Tables {
    fn open(database: &Database) -> Result<Self, StoreError> {
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        let open = |table: &Table| database.keyspace(table.name(), options).map_err(engine);
        Ok(Self(Table::ALL.iter().map(open).collect::<Result<_, _>>()?))
    }

    fn get(&self, table: Table) -> Result<&Keyspace, StoreError> {
        self.0.get(table as usize).ok_or_else(|| StoreError::Engine(format!("no table {}", table.name())))
    }
}

impl FjallStore {
    /// Opens or creates the engine's files in `dir`, with `cache` bytes of memory for blocks of rows.
    pub(super) fn open(dir: DataDir, cache: u64) -> Result<Self, StoreError> {
        let builder = Database::builder(dir.tables()).cache_size(cache).max_journaling_size(JOURNAL_BYTES);
        let database = match builder.open() {
            Ok(database) => database,
            // Only a handle of this process that outlived its store can hold the engine's own lock.
            Err(fjall::Error::Locked) => return Err(dir.in_use()),
            Err(error) => return Err(engine(error)),
        };
        let tables = Arc::new(Tables::open(&database)?);
        Ok(Self { database, tables, _dir: dir })
    }

    /// Writes everything out and merges each table into one run. `on` is told how many of how many are done.
    pub(super) fn compact(&self, on: &mut dyn FnMut(u64, u64)) -> Result<(), StoreError> {
        let all = self.tables.0.len() as u64;
        for (done, keyspace) in (0..).zip(&self.tables.0) {
            on(done, all);
            keyspace.rotate_memtable_and_wait().and_then(|()| keyspace.major_compact()).map_err(engine)?;
        }
        on(all, all);
        Ok(())
    }

    fn view(&self) -> FjallSnapshot {
        FjallSnapshot { snapshot: self.database.snapshot(), tables: self.tables.clone() }
    }
}

impl Reader for FjallStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.view().get(table, key)
    }

    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.view().page(table, range, order, limit)
    }
}

impl Store for FjallStore {
    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.check()?;
        let mut writes = self.database.batch().durability(Some(PersistMode::SyncData));
        for (table, key, value) in batch.changes() {
            let keyspace = self.tables.get(table)?;
            match value {
                Some(value) => writes.insert(keyspace, key, value),
                None => writes.remove(keyspace, key),
            }
        }
        writes.commit().map_err(engine)
    }

    fn snapshot(&self) -> Result<Arc<dyn Reader>, StoreError> {
        Ok(Arc::new(self.view()))
    }

    fn kind(&self) -> Option<StoreKind> {
        Some(StoreKind::Fjall)
    }
}

struct FjallSnapshot {
    snapshot: Snapshot,
    tables: Arc<Tables>,
}

impl Reader for FjallSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        // The engine asserts that keys are not empty.
        if key.is_empty() {
            return Ok(None);
        }
        let value = self.snapshot.get(self.tables.get(table)?, key).map_err(engine)?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize) -> Result<Vec<Row>, StoreError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let start = if range.start.is_empty() { Bound::Unbounded } else { Bound::Included(range.start.as_slice()) };
        let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.snapshot.range::<&[u8], _>(self.tables.get(table)?, (start, end));
        let row = |guard: fjall::Guard| {
            let (key, value) = guard.into_inner().map_err(engine)?;
            Ok((key.to_vec(), value.to_vec()))
        };
        match order {
            Order::Ascending => rows.take(limit).map(row).collect(),
            Order::Descending => rows.rev().take(limit).map(row).collect(),
        }
    }
}

fn engine(error: fjall::Error) -> StoreError {
    match error {
        fjall::Error::Poisoned => StoreError::Engine(
            "an earlier write failed, so nothing more is written; look whether the disk is full or damaged, then start \
             again"
                .to_owned(),
        ),
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => StoreError::of_engine(error),
        other => StoreError::Engine(other.to_string()),
    }
}
