//! Backups: one file with every row of one moment, which any storage engine can be restored from.
//!
//! The file is a line that says what it is, then chunks of rows, then an empty chunk. After each chunk stands
//! keccak256 of the digest before it (the first line's) and the chunk, so that a file that was cut, changed or put together from two is
//! found out before its rows are used. Lengths are 4 bytes big-endian:
//!
//! ```text
//! "limpid backup 1, layout 2, rules 0x.., height H, root 0x..\n"
//! chunk   = length, payload, 32 bytes of digest
//! payload = length of the table's name (1 byte), the name, then rows: length, key, length, value
//! ```

mod request;

pub use self::request::{Requested, ask, serve};

use crate::{
    Batch, Head, KeyRange, Order, Reader, Rows, StateError, Store, StoreError, Table,
    db::stored_head,
    store::{LAYOUT, io_error},
};
use alloy_primitives::{B256, Keccak256, keccak256};
use std::{
    fs::{self, File, OpenOptions},
    io::{BufReader, BufWriter, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

/// Bytes of a chunk, about.
const CHUNK: usize = 1 << 20;
/// No chunk has more: one row may be larger than the others.
const LONGEST: usize = 1 << 30;

/// Why a backup was not made or not read. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store or the state failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// A file operation failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is there already.
    #[error("{0} exists already; name a file that does not")]
    Exists(PathBuf),
    /// There is no chain to copy.
    #[error("nothing is committed yet, so there is nothing to back up")]
    Empty,
    /// The file is something else.
    #[error("{path} is no backup that this program can read: {reason}")]
    NotBackup {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file was cut or changed.
    #[error("{path} is damaged: {reason}; use another copy")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Somebody ended it before its end.
    #[error("stopped before the end; nothing was kept")]
    Stopped,
    /// The process that has the directory open did not do it.
    #[error("{0}")]
    Node(String),
}

/// What is in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backup {
    /// What identifies the rules its blocks follow.
    pub rules: B256,
    /// Height and state root of its newest block.
    pub head: Head,
    /// Rows.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Tables done.
    pub tables: u64,
    /// Rows done.
    pub rows: u64,
    /// Bytes done.
    pub bytes: u64,
}

/// Writes every row that `reader`, a snapshot, sees to the new file `path`. Nothing is there under that name until all
/// of it is on stable storage. `on` says whether to go on.
pub fn write(
    reader: &dyn Reader,
    rules: B256,
    path: &Path,
    on: &mut dyn FnMut(Copied) -> bool,
) -> Result<Backup, BackupError> {
    if path.exists() {
        return Err(BackupError::Exists(path.to_path_buf()));
    }
    let head = stored_head(reader)?.ok_or(BackupError::Empty)?;
    let draft = draft_of(path);
    let written = write_draft(reader, rules, head, &draft, on).and_then(|backup| {
        if path.exists() {
            return Err(BackupError::Exists(path.to_path_buf()));
        }
        fs::rename(&draft, path).map_err(io_error(path))?;
        Ok(backup)
    });
    let backup = written.inspect_err(|_| drop(fs::remove_file(&draft)))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error(folder))?;
    Ok(backup)
}

/// Beside the file, so that no other file system is in between.
fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

fn write_draft(
    reader: &dyn Reader,
    rules: B256,
    head: Head,
    draft: &Path,
    on: &mut dyn FnMut(Copied) -> bool,
) -> Result<Backup, BackupError> {
    let file = OpenOptions::new().write(true).create_new(true).open(draft).map_err(io_error(draft))?;
    let title = title(rules, head);
    let digest = keccak256(title.as_bytes());
    let mut out = Writer { file: BufWriter::new(file), path: draft, digest, copied: Copied::default() };
    out.raw(title.as_bytes())?;
    for table in Table::ALL {
        let start = chunk_of(table);
        let mut chunk = start.clone();
        for row in Rows::new(reader, table, KeyRange::all(), Order::Ascending) {
            let (key, value) = row?;
            put_bytes(&mut chunk, &key);
            put_bytes(&mut chunk, &value);
            out.copied.rows = out.copied.rows.saturating_add(1);
            if chunk.len() >= CHUNK {
                out.chunk(&chunk)?;
                chunk.clone_from(&start);
                if !on(out.copied) {
                    return Err(BackupError::Stopped);
                }
            }
        }
        if chunk.len() > start.len() {
            out.chunk(&chunk)?;
        }
        out.copied.tables = out.copied.tables.saturating_add(1);
        if !on(out.copied) {
            return Err(BackupError::Stopped);
        }
    }
    out.chunk(&[])?;
    let Copied { rows, bytes, .. } = out.copied;
    let file = out.file.into_inner().map_err(|error| io_error(draft)(error.into_error()))?;
    file.sync_all().map_err(io_error(draft))?;
    Ok(Backup { rules, head, rows, bytes })
}

fn title(rules: B256, head: Head) -> String {
    format!("limpid backup 1, layout {LAYOUT}, rules {rules}, height {}, root {}\n", head.height, head.root)
}

fn chunk_of(table: Table) -> Vec<u8> {
    let name = table.name().as_bytes();
    let mut chunk = vec![u8::try_from(name.len()).unwrap_or(u8::MAX)];
    chunk.extend_from_slice(name);
    chunk
}

fn put_bytes(chunk: &mut Vec<u8>, bytes: &[u8]) {
    chunk.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    chunk.extend_from_slice(bytes);
}

fn next_digest(before: B256, chunk: &[u8]) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(before);
    hasher.update(chunk);
    hasher.finalize()
}

struct Writer<'a> {
    file: BufWriter<File>,
    path: &'a Path,
    digest: B256,
    copied: Copied,
}

impl Writer<'_> {
    fn raw(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.copied.bytes = self.copied.bytes.saturating_add(bytes.len() as u64);
        self.file.write_all(bytes).map_err(io_error(self.path))
    }

    fn chunk(&mut self, payload: &[u8]) -> Result<(), StoreError> {
        self.digest = next_digest(self.digest, payload);
        self.raw(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes())?;
        self.raw(payload)?;
        let digest = self.digest;
        self.raw(digest.as_slice())
    }
}

/// A backup that is being read. Its rows are to be trusted only when [`Reading::restore`] has returned.
pub struct Reading {
    path: PathBuf,
    file: BufReader<File>,
    /// Of the title line.
    backup: Backup,
    digest: B256,
}

impl Reading {
    /// Opens the file and reads what it says it is.
    pub fn open(path: &Path) -> Result<Self, BackupError> {
        let file = File::open(path).map_err(io_error(path))?;
        let is_file = file.metadata().map_err(io_error(path))?.is_file();
        let not = |reason: &str| BackupError::NotBackup { path: path.to_path_buf(), reason: reason.to_owned() };
        if !is_file {
            return Err(not("it is not a file"));
        }
        let mut file = BufReader::new(file);
        let mut line = Vec::new();
        for byte in file.by_ref().bytes().take(300) {
            match byte.map_err(io_error(path))? {
                b'\n' => break,
                byte => line.push(byte),
            }
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let Some(rest) = line.strip_prefix("limpid backup ") else { return Err(not("it does not begin as one")) };
        let Some((rules, head)) = parse_title(rest) else {
            return Err(not(&format!("it was written by another version (limpid backup {rest})")));
        };
        let title = title(rules, head);
        let backup = Backup { rules, head, rows: 0, bytes: title.len() as u64 };
        Ok(Self { path: path.to_path_buf(), file, backup, digest: keccak256(title.as_bytes()) })
    }

    /// What it says it holds; rows and bytes are those read so far.
    pub const fn backup(&self) -> Backup {
        self.backup
    }

    /// Puts all rows into `store`, which must be empty.
    pub fn restore(mut self, store: &dyn Store, on: &mut dyn FnMut(Copied)) -> Result<Backup, BackupError> {
        while let Some(chunk) = self.chunk()? {
            let batch = self.rows(&chunk)?;
            self.backup.rows = self.backup.rows.saturating_add(batch.len() as u64);
            store.commit(&batch)?;
            on(Copied { tables: 0, rows: self.backup.rows, bytes: self.backup.bytes });
        }
        let mut rest = [0];
        if self.file.read(&mut rest).map_err(io_error(&self.path))? != 0 {
            return Err(self.damaged("something follows its end"));
        }
        let reader = store.snapshot()?;
        if stored_head(reader.as_ref())? != Some(self.backup.head) {
            return Err(self.damaged("its rows are not those of the height it names"));
        }
        Ok(self.backup)
    }

    /// The next chunk, checked; `None` at the end.
    fn chunk(&mut self) -> Result<Option<Vec<u8>>, BackupError> {
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > LONGEST {
            return Err(self.damaged("a part of it has an impossible length"));
        }
        let mut payload = Vec::new();
        let read = self.file.by_ref().take(length as u64).read_to_end(&mut payload).map_err(io_error(&self.path))?;
        self.backup.bytes = self.backup.bytes.saturating_add(read as u64);
        if read < length {
            return Err(self.damaged("it ends too early"));
        }
        let mut digest = [0; 32];
        self.fill(&mut digest)?;
        self.digest = next_digest(self.digest, &payload);
        if self.digest != digest {
            return Err(self.damaged("a part of it does not have the digest it should"));
        }
        Ok((!payload.is_empty()).then_some(payload))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        self.backup.bytes = self.backup.bytes.saturating_add(bytes.len() as u64);
        match self.file.read_exact(bytes) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(self.damaged("it ends too early")),
            Err(error) => Err(io_error(&self.path)(error).into()),
        }
    }

    fn rows(&self, chunk: &[u8]) -> Result<Batch, BackupError> {
        let rows = || {
            let (length, rest) = chunk.split_first()?;
            let (name, mut rest) = rest.split_at_checked(usize::from(*length))?;
            let table = Table::ALL.into_iter().find(|table| table.name().as_bytes() == name)?;
            let mut batch = Batch::new();
            while !rest.is_empty() {
                let key = take_bytes(&mut rest)?;
                batch.put(table, key, take_bytes(&mut rest)?);
            }
            Some(batch)
        };
        rows().ok_or_else(|| self.damaged("a part of it is no list of rows"))
    }

    fn damaged(&self, reason: &'static str) -> BackupError {
        BackupError::Damaged { path: self.path.clone(), reason }
    }
}

fn parse_title(rest: &str) -> Option<(B256, Head)> {
    let rest = rest.strip_prefix(&format!("1, layout {LAYOUT}, rules "))?;
    let (rules, rest) = rest.split_once(", height ")?;
    let (height, root) = rest.split_once(", root ")?;
    Some((rules.parse().ok()?, Head { height: height.parse().ok()?, root: root.parse().ok()? }))
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (bytes, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = after;
    Some(bytes)
}
