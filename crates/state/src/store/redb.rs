//! The durable store on redb, one file of copy-on-write B-trees.

use super::{Batch, KeyRange, Order, Reader, Row, Store, StoreError, StoreKind, Table, dir::DataDir, dir::io_error};
use redb::{Database, DatabaseError, ReadOnlyTable, ReadTransaction, ReadableDatabase, TableDefinition};
use std::{
    fs,
    ops::Bound,
    sync::{Arc, OnceLock},
};

/// The file in the tables' folder.
const FILE: &str = "limpid.redb";

type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;
type Opened = ReadOnlyTable<&'static [u8], &'static [u8]>;

const fn definition(table: Table) -> Definition {
    TableDefinition::new(table.name())
}

/// The durable store. Dropping the last handle closes it and releases the directory.
pub(super) struct RedbStore {
    database: Database,
    // Declared last: the lock outlives the engine's closing.
    _dir: DataDir,
}

impl RedbStore {
    /// Opens or creates the engine's file in `dir`, with `cache` bytes of memory for its pages. `checked` reads the
    /// whole file first: the engine may panic on one that somebody else has cut or changed.
    pub(super) fn open(dir: DataDir, cache: u64, checked: bool) -> Result<Self, StoreError> {
        let folder = dir.tables();
        fs::create_dir_all(&folder).map_err(io_error(&folder))?;
        let mut builder = Database::builder();
        builder.set_cache_size(usize::try_from(cache).unwrap_or(usize::MAX)).set_check_integrity_on_open(checked);
        let database = match builder.create(folder.join(FILE)) {
            Ok(database) => database,
            // Only a handle of this process that outlived its store can hold the engine's own lock.
            Err(DatabaseError::DatabaseAlreadyOpen) => return Err(dir.in_use()),
            Err(error) => return Err(engine(error)),
        };
        let store = Self { database, _dir: dir };
        store.create_tables()?;
        Ok(store)
    }

    fn create_tables(&self) -> Result<(), StoreError> {
        let view = self.view()?;
        let missing: Vec<_> = Table::ALL.into_iter().filter(|table| view.table(*table).is_err()).collect();
        drop(view);
        if missing.is_empty() {
            return Ok(());
        }
        let writes = self.database.begin_write().map_err(engine)?;
        for table in missing {
            writes.open_table(definition(table)).map_err(engine)?;
        }
        writes.commit().map_err(engine)
    }

    /// Makes the file as small as it gets.
    pub(super) fn compact(&mut self) -> Result<(), StoreError> {
        while self.database.compact().map_err(engine)? {}
        Ok(())
    }

    fn view(&self) -> Result<RedbSnapshot, StoreError> {
        let reads = self.database.begin_read().map_err(engine)?;
        Ok(RedbSnapshot { reads, tables: Table::ALL.iter().map(|_| OnceLock::new()).collect() })
    }
}

impl Reader for RedbStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.view()?.get(table, key)
    }

    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.view()?.page(table, range, order, limit)
    }
}

impl Store for RedbStore {
    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        batch.check()?;
        let mut writes = self.database.begin_write().map_err(engine)?;
        // Without, the first opening after a crash reads the whole file: seconds for a million accounts.
        writes.set_quick_repair(true);
        let mut changes = batch.changes().peekable();
        // The changes come table by table.
        while let Some((table, ..)) = changes.peek().copied() {
            let mut open = writes.open_table(definition(table)).map_err(engine)?;
            while let Some((_, key, value)) = changes.next_if(|(of, ..)| *of == table) {
                match value {
                    Some(value) => open.insert(key, value).map(drop),
                    None => open.remove(key).map(drop),
                }
                .map_err(engine)?;
            }
        }
        writes.commit().map_err(engine)
    }

    fn snapshot(&self) -> Result<Arc<dyn Reader>, StoreError> {
        Ok(Arc::new(self.view()?))
    }

    fn kind(&self) -> Option<StoreKind> {
        Some(StoreKind::Redb)
    }
}

struct RedbSnapshot {
    reads: ReadTransaction,
    /// Tables that were read from, in the order of [`Table::ALL`].
    tables: Vec<OnceLock<Opened>>,
}

impl RedbSnapshot {
    fn table(&self, table: Table) -> Result<&Opened, StoreError> {
        let no_table = || StoreError::Engine(format!("no table {}", table.name()));
        let slot = self.tables.get(table as usize).ok_or_else(no_table)?;
        if let Some(open) = slot.get() {
            return Ok(open);
        }
        let open = self.reads.open_table(definition(table)).map_err(engine)?;
        Ok(slot.get_or_init(|| open))
    }
}

impl Reader for RedbSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.table(table)?.get(key).map_err(engine)?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize) -> Result<Vec<Row>, StoreError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let bounds = (Bound::Included(range.start.as_slice()), end);
        let rows = self.table(table)?.range::<&[u8]>(bounds).map_err(engine)?;
        let row = |row: Result<_, redb::StorageError>| {
            let (key, value): (redb::AccessGuard<'_, &[u8]>, redb::AccessGuard<'_, &[u8]>) = row.map_err(engine)?;
            Ok((key.value().to_vec(), value.value().to_vec()))
        };
        match order {
            Order::Ascending => rows.take(limit).map(row).collect(),
            Order::Descending => rows.rev().take(limit).map(row).collect(),
        }
    }
}

fn engine(error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        redb::Error::Io(error) => StoreError::of_engine(error),
        redb::Error::PreviousIo => StoreError::Engine(
            "an earlier write failed, so nothing more is written; look whether the disk is full or damaged, then start \
             again"
                .to_owned(),
        ),
        other => StoreError::Engine(other.to_string()),
    }
}
