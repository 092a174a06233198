//! Key-value storage: the tables, the batch and the two traits every backend implements.
//!
//! Rules a backend keeps: a [`Batch`] is applied whole or not at all and is on stable storage when
//! [`Store::commit`] returns; a reader returned by [`Store::snapshot`] never sees a later batch; rows are
//! ordered by the bytes of their keys.

mod dir;
mod fjall;
mod mem;
mod open;
mod redb;

pub(crate) use self::dir::{LAYOUT, io_error};
use self::fjall::FjallStore;
pub use self::{
    dir::Format,
    mem::MemStore,
    open::{StoreKind, StoreOptions, compact, open_existing, open_store},
};

use std::{collections::BTreeMap, sync::Arc};

/// Longest key a backend must accept, in bytes (fjall's limit).
pub const MAX_KEY_LEN: usize = u16::MAX as usize;

/// Rows fetched at a time by [`Rows`].
const PAGE: usize = 256;

/// A storage failure. None of them leaves part of a batch behind.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the data directory open.
    #[error("the data directory {path} is in use by another process; stop that one or choose another --datadir")]
    InUse {
        /// The directory.
        path: String,
    },
    /// The directory was written under other consensus rules or another layout.
    #[error(
        "the data directory {path} was written under other rules ({found}, this program has {expected}); \
         use the program that wrote it, or start with an empty directory"
    )]
    OtherRules {
        /// The directory.
        path: String,
        /// What the directory holds.
        found: String,
        /// What the caller asked for.
        expected: String,
    },
    /// The directory was made with another storage engine.
    #[error(
        "the data directory {path} was made with --store {found} and cannot be opened with {asked}; \
         leave --store out, or name another --datadir"
    )]
    OtherStore {
        /// The directory.
        path: String,
        /// Its engine.
        found: StoreKind,
        /// What the caller asked for.
        asked: StoreKind,
    },
    /// The directory holds something that is not ours.
    #[error("{path} is not a usable data directory: {reason}")]
    NotOurs {
        /// The directory.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A row key no backend can hold.
    #[error("row key of {len} bytes in table {table}; keys have 1 to {MAX_KEY_LEN} bytes")]
    KeyLength {
        /// The table.
        table: &'static str,
        /// The key's length.
        len: usize,
    },
    /// A file operation failed.
    #[error("file error at {path}: {source}")]
    Io {
        /// The file or directory.
        path: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// There is no room for what must be written. Nothing more is: restart the process when there is.
    #[error(
        "no room to write to the data directory ({0}); make room on the disk or lift the limit, then start again: \
         nothing that was acknowledged is lost"
    )]
    Full(std::io::Error),
    /// The backend failed. After a failed write it accepts no more of them: restart the process.
    #[error("storage engine: {0}")]
    Engine(String),
}

impl StoreError {
    /// What an input or output error of an engine means.
    fn of_engine(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full(error),
            _ => Self::Engine(error.to_string()),
        }
    }
}

/// Every table of a node. State owns the first group, the chain the second; the names are part of the
/// directory's layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// keccak(address) -> RLP account (nonce, balance, storage root, code hash).
    Accounts,
    /// keccak(address) || keccak(slot) -> value, big-endian without leading zeros, never empty.
    Slots,
    /// code hash -> bytecode; rows are never removed.
    Codes,
    /// Trie nodes by path, see [`crate::trie`].
    Trie,
    /// Trie nodes of earlier heights, see [`crate::nodes`].
    TrieHistory,
    /// keccak(address) || height -> RLP account at that height, empty when deleted.
    AccountHistory,
    /// keccak(address) || keccak(slot) || height -> value at that height, empty when deleted.
    SlotHistory,
    /// height || account or slot key: what a height changed.
    Changes,
    /// State's own records: head, root by height.
    Meta,
    /// height -> block header.
    Headers,
    /// height -> block body.
    Bodies,
    /// height and position -> receipt.
    Receipts,
    /// block hash -> height.
    BlockIndex,
    /// transaction hash -> height and position.
    TxIndex,
    /// address and position in the chain -> what touched it.
    AddressIndex,
    /// height and position -> value moves and call tree of a transaction.
    Moves,
    /// header hash -> the node's signature of it.
    Signatures,
    /// Records of the chain that fit nowhere else (genesis, dev marks).
    Misc,
}

impl Table {
    /// All tables in their fixed order.
    pub const ALL: [Self; 18] = [
        Self::Accounts,
        Self::Slots,
        Self::Codes,
        Self::Trie,
        Self::TrieHistory,
        Self::AccountHistory,
        Self::SlotHistory,
        Self::Changes,
        Self::Meta,
        Self::Headers,
        Self::Bodies,
        Self::Receipts,
        Self::BlockIndex,
        Self::TxIndex,
        Self::AddressIndex,
        Self::Moves,
        Self::Signatures,
        Self::Misc,
    ];

    /// The name in the data directory.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Slots => "slots",
            Self::Codes => "codes",
            Self::Trie => "trie",
            Self::TrieHistory => "trie_history",
            Self::AccountHistory => "account_history",
            Self::SlotHistory => "slot_history",
            Self::Changes => "changes",
            Self::Meta => "meta",
            Self::Headers => "headers",
            Self::Bodies => "bodies",
            Self::Receipts => "receipts",
            Self::BlockIndex => "block_index",
            Self::TxIndex => "tx_index",
            Self::AddressIndex => "address_index",
            Self::Moves => "moves",
            Self::Signatures => "signatures",
            Self::Misc => "misc",
        }
    }
}

/// Which end of a range comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// Keys from `start` (included) to `end` (excluded; `None` means to the end of the table).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// First key, included.
    pub start: Vec<u8>,
    /// End, excluded.
    pub end: Option<Vec<u8>>,
}

impl KeyRange {
    /// The whole table.
    pub const fn all() -> Self {
        Self { start: Vec::new(), end: None }
    }

    /// Keys from `start` (included) to `end` (excluded).
    pub fn new(start: impl Into<Vec<u8>>, end: impl Into<Vec<u8>>) -> Self {
        Self { start: start.into(), end: Some(end.into()) }
    }

    /// Every key that begins with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Self {
        Self { start: prefix.to_vec(), end: successor_of_prefix(prefix) }
    }

    /// Keys that begin with `prefix` and are at most `key`.
    pub fn prefix_up_to(prefix: &[u8], key: &[u8]) -> Self {
        let mut end = key.to_vec();
        end.push(0);
        Self { start: prefix.to_vec(), end: Some(end) }
    }

    /// Whether no key can be inside. Backends answer such a range with no rows.
    pub fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end <= self.start)
    }
}

/// The smallest byte string greater than everything that begins with `prefix`; `None` if there is none.
fn successor_of_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

/// A row: key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Read access to the tables: a whole store, or a snapshot of one.
pub trait Reader: Send + Sync {
    /// The value of `key`, or `None`. An empty key has no row.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// At most `limit` rows of `range` in `order`.
    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize) -> Result<Vec<Row>, StoreError>;

    /// The row with the largest key that begins with `prefix` and is at most `key`.
    fn last_at_or_below(&self, table: Table, prefix: &[u8], key: &[u8]) -> Result<Option<Row>, StoreError> {
        let range = KeyRange::prefix_up_to(prefix, key);
        Ok(self.page(table, &range, Order::Descending, 1)?.pop())
    }
}

/// A durable, atomic key-value store.
pub trait Store: Reader {
    /// Applies the batch atomically; it is on stable storage when this returns `Ok`.
    ///
    /// On `Err` no reader sees any of it. (After a power failure a batch whose flush failed may still be found
    /// complete, never in part.)
    fn commit(&self, batch: &Batch) -> Result<(), StoreError>;

    /// A view of the tables as they are now, unaffected by later batches. Old row versions are kept while it
    /// lives: do not hold one for ever.
    fn snapshot(&self) -> Result<Arc<dyn Reader>, StoreError>;

    /// The engine below; `None` if nothing is durable.
    fn kind(&self) -> Option<StoreKind> {
        None
    }
}

/// Iterates over the rows of a range, a page at a time.
pub struct Rows<'a> {
    reader: &'a dyn Reader,
    table: Table,
    range: KeyRange,
    order: Order,
    page: std::vec::IntoIter<Row>,
    done: bool,
}

impl<'a> Rows<'a> {
    /// Rows of `range` in `order`. Consistent only if `reader` is a snapshot.
    pub fn new(reader: &'a dyn Reader, table: Table, range: KeyRange, order: Order) -> Self {
        Self { reader, table, range, order, page: Vec::new().into_iter(), done: false }
    }

    fn fetch(&mut self) -> Result<(), StoreError> {
        let rows = self.reader.page(self.table, &self.range, self.order, PAGE)?;
        self.done = rows.len() < PAGE;
        if let Some((last, _)) = rows.last() {
            match self.order {
                Order::Ascending => {
                    self.range.start.clone_from(last);
                    self.range.start.push(0);
                }
                Order::Descending => self.range.end = Some(last.clone()),
            }
        }
        self.page = rows.into_iter();
        Ok(())
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.page.next() {
                return Some(Ok(row));
            }
            if self.done {
                return None;
            }
            if let Err(error) = self.fetch() {
                self.done = true;
                return Some(Err(error));
            }
        }
    }
}

/// Changes that are committed together. Several layers add to one batch; the last change of a key wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    changes: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a row.
    pub fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.changes.insert((table, key.into()), Some(value.into()));
    }

    /// Removes a row; a row that is not there stays so.
    pub fn delete(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.changes.insert((table, key.into()), None);
    }

    /// Number of changed keys.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes ordered by table and key; `None` removes the row.
    pub fn changes(&self) -> impl Iterator<Item = (Table, &[u8], Option<&[u8]>)> {
        self.changes.iter().map(|((table, key), value)| (*table, key.as_slice(), value.as_deref()))
    }

    /// Refuses keys that no backend can hold, so that every backend refuses the same batches.
    fn check(&self) -> Result<(), StoreError> {
        for (table, key, _) in self.changes() {
            if key.is_empty() || key.len() > MAX_KEY_LEN {
                return Err(StoreError::KeyLength { table: table.name(), len: key.len() });
            }
        }
        Ok(())
    }
}
