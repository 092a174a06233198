//! The data directory: the lock that keeps a second process out and the record of the rules it was written under.

use super::StoreError;
use alloy_primitives::{B256, hex};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::Write,
    path::{Path, PathBuf},
};

/// Version of the layout of rows and files; raised whenever either changes.
const LAYOUT: u32 = 1;
const LOCK: &str = "lock";
const FORMAT: &str = "format";
const TABLES: &str = "tables";

/// An open data directory. The operating system releases the lock when the process ends, however it ends.
pub(super) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates or opens `path` for rules `rules`. Nothing inside is changed when it is refused.
    pub(super) fn open(path: &Path, rules: B256) -> Result<Self, StoreError> {
        fs::create_dir_all(path).map_err(io_error(path))?;
        let lock_path = path.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(io_error(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { path: path.display().to_string() }),
            Err(TryLockError::Error(source)) => return Err(io_error(&lock_path)(source)),
        }
        let dir = Self { path: path.to_path_buf(), _lock: lock };
        dir.check_format(rules)?;
        Ok(dir)
    }

    /// Where the storage engine keeps its files.
    pub(super) fn tables(&self) -> PathBuf {
        self.path.join(TABLES)
    }

    pub(super) fn in_use(&self) -> StoreError {
        StoreError::InUse { path: self.path.display().to_string() }
    }

    fn check_format(&self, rules: B256) -> Result<(), StoreError> {
        let file = self.path.join(FORMAT);
        let expected = format!("limpid data, layout {LAYOUT}, rules {}\n", hex::encode_prefixed(rules));
        match fs::read(&file) {
            Ok(found) if found == expected.as_bytes() => Ok(()),
            Ok(found) => Err(StoreError::OtherRules {
                path: self.path.display().to_string(),
                found: String::from_utf8_lossy(&found).trim().chars().take(200).collect(),
                expected: expected.trim().to_owned(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.create_format(&file, &expected),
            Err(error) => Err(io_error(&file)(error)),
        }
    }

    fn create_format(&self, file: &Path, text: &str) -> Result<(), StoreError> {
        if self.tables().exists() {
            return Err(StoreError::NotOurs {
                path: self.path.display().to_string(),
                reason: format!("it has a folder {TABLES} but no file {FORMAT}"),
            });
        }
        // Written aside and renamed: a crash leaves the whole record or none.
        let draft = file.with_extension("new");
        let mut out = File::create(&draft).map_err(io_error(&draft))?;
        out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).map_err(io_error(&draft))?;
        fs::rename(&draft, file).map_err(io_error(file))?;
        File::open(&self.path).and_then(|dir| dir.sync_all()).map_err(io_error(&self.path))
    }
}

fn io_error(path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let path = path.display().to_string();
    move |source| StoreError::Io { path: path.clone(), source }
}
