//! Choosing an engine: by name for a new directory, by the directory's own record ever after.

use super::{FjallStore, Format, Store, StoreError, dir::DataDir, redb::RedbStore};
use alloy_primitives::B256;
use std::{fmt, path::Path, str::FromStr, sync::Arc};

/// Memory for rows read from disk unless told otherwise, in bytes.
const CACHE_BYTES: u64 = 256 << 20;

/// A storage engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoreKind {
    /// A log-structured merge tree: quick commits.
    #[default]
    Fjall,
    /// One file of B-trees: quick reads.
    Redb,
}

impl StoreKind {
    /// Every engine.
    pub const ALL: [Self; 2] = [Self::Fjall, Self::Redb];

    /// The name on the command line and in the directory.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fjall => "fjall",
            Self::Redb => "redb",
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for StoreKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.ok_or_else(|| format!("no store is called {text}; there are fjall and redb"))
    }
}

/// How a data directory is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// The engine: of a new directory, fjall unless said; an existing one is refused if it has another.
    pub kind: Option<StoreKind>,
    /// Memory for rows read from disk, in bytes.
    pub cache: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { kind: None, cache: CACHE_BYTES }
    }
}

/// Creates or opens the data directory `path`.
///
/// `rules` identifies everything that makes stored blocks mean what they mean; a directory written under another value
/// is refused, as is one that another process has open.
pub fn open_store(path: impl AsRef<Path>, rules: B256, options: StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    engine(DataDir::open(path.as_ref(), rules, options.kind)?, options.cache, false)
}

/// Opens a data directory that is there, whatever rules it was written under; says what they are.
pub fn open_existing(path: impl AsRef<Path>) -> Result<(Format, Arc<dyn Store>), StoreError> {
    let dir = DataDir::open_existing(path.as_ref())?;
    Ok((dir.format(), engine(dir, CACHE_BYTES, true)?))
}

/// Rewrites the files of a data directory that is there, so that what was removed takes no room any more. `on` is
/// told how many of how many steps are done.
pub fn compact(path: impl AsRef<Path>, on: &mut dyn FnMut(u64, u64)) -> Result<Format, StoreError> {
    let dir = DataDir::open_existing(path.as_ref())?;
    let format = dir.format();
    match format.kind {
        StoreKind::Fjall => FjallStore::open(dir, CACHE_BYTES)?.compact(on)?,
        StoreKind::Redb => {
            on(0, 1);
            RedbStore::open(dir, CACHE_BYTES, true)?.compact()?;
            on(1, 1);
        }
    }
    Ok(format)
}

fn engine(dir: DataDir, cache: u64, checked: bool) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match dir.format().kind {
        StoreKind::Fjall => Arc::new(FjallStore::open(dir, cache)?),
        StoreKind::Redb => Arc::new(RedbStore::open(dir, cache, checked)?),
    })
}
