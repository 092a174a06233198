//! The data directory: the lock that keeps a second process out, and the record of what it was written with.

use super::{StoreError, StoreKind};
use alloy_primitives::{B256, hex};
use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

/// Version of the layout of rows and files; raised whenever either changes.
pub(crate) const LAYOUT: u32 = 2;
const LOCK: &str = "lock";
const FORMAT: &str = "format";
const TABLES: &str = "tables";

/// What a data directory was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// The storage engine.
    pub kind: StoreKind,
    /// What identifies the rules its blocks follow.
    pub rules: B256,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limpid data, layout {LAYOUT}, store {}, rules {}", self.kind, hex::encode_prefixed(self.rules))
    }
}

impl Format {
    /// `None` if it is of another layout, or no such record at all.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.trim_end().strip_prefix(&format!("limpid data, layout {LAYOUT}, store "))?;
        let (kind, rules) = rest.split_once(", rules ")?;
        Some(Self { kind: kind.parse().ok()?, rules: rules.parse().ok()? })
    }
}

/// An open data directory. The operating system releases the lock when the process ends, however it ends.
pub(super) struct DataDir {
    path: PathBuf,
    format: Format,
    _lock: File,
}

impl DataDir {
    /// Creates or opens `path` for rules `rules`, by the engine `kind` or the one it was made with. Nothing inside is
    /// changed when it is refused.
    pub(super) fn open(path: &Path, rules: B256, kind: Option<StoreKind>) -> Result<Self, StoreError> {
        fs::create_dir_all(path).map_err(io_error(path))?;
        let lock = lock(path)?;
        let format = match read(path)? {
            Some(Ok(found)) if found.rules == rules => found,
            Some(other) => {
                let expected = Format { kind: kind.unwrap_or_default(), rules };
                let found = other.map_or_else(|text| text, |format| format.to_string());
                let path = path.display().to_string();
                return Err(StoreError::OtherRules { path, found, expected: expected.to_string() });
            }
            None => {
                let format = Format { kind: kind.unwrap_or_default(), rules };
                create_format(path, &format)?;
                format
            }
        };
        match kind {
            Some(asked) if asked != format.kind => {
                Err(StoreError::OtherStore { path: path.display().to_string(), found: format.kind, asked })
            }
            _ => Ok(Self { path: path.to_path_buf(), format, _lock: lock }),
        }
    }

    /// Opens `path` under the rules it was written with.
    pub(super) fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let not_ours =
            |reason: &str| StoreError::NotOurs { path: path.display().to_string(), reason: reason.to_owned() };
        // Before the lock, which would put a file into a folder that is not ours.
        let format = match read(path)? {
            Some(Ok(format)) => format,
            Some(Err(found)) => return Err(not_ours(&format!("it was written by another version ({found})"))),
            None => return Err(not_ours("there is no chain in it")),
        };
        Ok(Self { path: path.to_path_buf(), format, _lock: lock(path)? })
    }

    /// Where the storage engine keeps its files.
    pub(super) fn tables(&self) -> PathBuf {
        self.path.join(TABLES)
    }

    pub(super) const fn format(&self) -> Format {
        self.format
    }

    pub(super) fn in_use(&self) -> StoreError {
        StoreError::InUse { path: self.path.display().to_string() }
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let file = path.join(LOCK);
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&file).map_err(io_error(&file))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.display().to_string() }),
        Err(TryLockError::Error(source)) => Err(io_error(&file)(source)),
    }
}

/// The record in `path`: `None` if there is none, its text if this program cannot read it.
fn read(path: &Path) -> Result<Option<Result<Format, String>>, StoreError> {
    let file = path.join(FORMAT);
    match fs::read(&file) {
        Ok(found) => {
            let text = String::from_utf8_lossy(&found);
            Ok(Some(Format::parse(&text).ok_or_else(|| text.trim().chars().take(200).collect())))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error(&file)(error)),
    }
}

fn create_format(path: &Path, format: &Format) -> Result<(), StoreError> {
    if path.join(TABLES).exists() {
        return Err(StoreError::NotOurs {
            path: path.display().to_string(),
            reason: format!("it has a folder {TABLES} but no file {FORMAT}"),
        });
    }
    // Written aside and renamed: a crash leaves the whole record or none.
    let file = path.join(FORMAT);
    let draft = file.with_extension("new");
    let mut out = File::create(&draft).map_err(io_error(&draft))?;
    writeln!(out, "{format}").and_then(|()| out.sync_all()).map_err(io_error(&draft))?;
    fs::rename(&draft, &file).map_err(io_error(&file))?;
    File::open(path).and_then(|dir| dir.sync_all()).map_err(io_error(path))
}

pub(crate) fn io_error(path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let path = path.display().to_string();
    move |source| StoreError::Io { path: path.clone(), source }
}
