//! `limpid db`: the data folder of a chain, checked, made small, copied.

use crate::{
    args::Global,
    cmd::node::genesis,
    error::{CliError, Result, told},
    output::{emit, fields},
    storage::size,
};
use clap::{Args, Subcommand};
use limpid_chain::ledger::{
    stored_genesis,
    verify::{Verified, verify},
};
use limpid_state::{
    StoreError, StoreKind, StoreOptions,
    backup::{self, Backup, BackupError, Copied, Reading},
    compact, open_existing, open_store,
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// What to do with the folder.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Recompute roots and hashes from everything that is stored, and compare
    Verify(Folder),
    /// Rewrite the files, so that what was removed takes no room any more
    Compact(Folder),
    /// Copy the chain into one file, also while a node runs on it
    Backup(BackupArgs),
    /// Make a data folder from such a file, and check it
    Restore(RestoreArgs),
}

/// Which folder.
#[derive(Debug, Args)]
pub struct Folder {
    /// Folder of the chain
    #[arg(long, env = "LIMPID_DATADIR", value_name = "DIR", default_value = "limpid-data")]
    datadir: PathBuf,
}

/// From where to where.
#[derive(Debug, Args)]
pub struct BackupArgs {
    #[command(flatten)]
    folder: Folder,
    /// The new file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// From where to where.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    folder: Folder,
    /// Storage engine of the new folder: fjall or redb, whatever the backup was made from
    #[arg(long, value_name = "ENGINE", default_value_t = StoreKind::default())]
    store: StoreKind,
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Does it.
pub fn run(command: DbCommand, global: &Global) -> Result<()> {
    match command {
        DbCommand::Verify(Folder { datadir }) => verify_folder(&datadir, global),
        DbCommand::Compact(Folder { datadir }) => compact_folder(&datadir, global),
        DbCommand::Backup(args) => make_backup(&args, global),
        DbCommand::Restore(args) => restore(&args, global),
    }
}

fn verify_folder(folder: &Path, global: &Global) -> Result<()> {
    let (format, store) = open_existing(folder).map_err(|error| stop_first(&error))?;
    let mut progress = Progress::new(global.json);
    let found = verify(&store, &mut |stage, done, of| progress.say(|| step(stage.name(), done, of)));
    progress.end();
    let found = found.map_err(|error| CliError::Told(format!("{}: {error}", folder.display())))?;
    let mut value = counted(&found);
    value["store"] = format.kind.name().into();
    emit(global.json, &value, || format!("{}\nEverything agrees.", counted_lines(folder, format.kind, &found)))
}

fn compact_folder(folder: &Path, global: &Global) -> Result<()> {
    let before = disk(folder);
    let mut progress = Progress::new(global.json);
    let done = compact(folder, &mut |done, of| progress.say(|| step("tables", done, of)));
    progress.end();
    let format = done.map_err(|error| stop_first(&error))?;
    let after = disk(folder);
    let value = json!({ "datadir": folder, "store": format.kind.name(), "bytesBefore": before, "bytes": after });
    emit(global.json, &value, || format!("{}: {}, {} before.", folder.display(), size(after), size(before)))
}

fn make_backup(args: &BackupArgs, global: &Global) -> Result<()> {
    let (folder, file) = (&args.folder.datadir, std::path::absolute(&args.file)?);
    let mut progress = Progress::new(global.json);
    let mut say = |copied: Copied| progress.say(|| format!("{} rows, {}", copied.rows, size(copied.bytes)));
    let (made, running) = match open_existing(folder) {
        Ok((format, store)) => {
            let snapshot = store.snapshot().map_err(|error| CliError::Told(error.to_string()))?;
            let mut go_on = |copied| {
                say(copied);
                true
            };
            (backup::write(snapshot.as_ref(), format.rules, &file, &mut go_on), false)
        }
        // The node that has it open makes the copy.
        Err(StoreError::InUse { .. }) => (backup::ask(&std::path::absolute(folder)?, &file, &mut say), true),
        Err(error) => return told(error.to_string()),
    };
    progress.end();
    let made = made.map_err(|error| CliError::Told(error.to_string()))?;
    let mut value = described(&made);
    value["file"] = json!(file);
    value["whileRunning"] = running.into();
    emit(global.json, &value, || {
        let by = if running { ", made by the running node" } else { "" };
        format!("{}: block {}, {} rows, {}{by}.", file.display(), made.head.height, made.rows, size(made.bytes))
    })
}

fn restore(args: &RestoreArgs, global: &Global) -> Result<()> {
    let folder = &args.folder.datadir;
    check_empty(folder)?;
    let reading = Reading::open(&args.file).map_err(|error| CliError::Told(error.to_string()))?;
    // Beside the folder, and moved there only when all of it was checked.
    let draft = beside(folder)?;
    let mut progress = Progress::new(global.json);
    let restored = fill(reading, &draft, args.store, &mut progress).and_then(|done| {
        check_empty(folder)?;
        if folder.exists() {
            fs::remove_dir(folder)?;
        }
        fs::rename(&draft, folder)?;
        Ok(done)
    });
    progress.end();
    let (made, found) = restored.inspect_err(|_| drop(fs::remove_dir_all(&draft)))?;
    let mut value = described(&made);
    value["datadir"] = json!(folder);
    value["store"] = args.store.name().into();
    value["verified"] = counted(&found);
    emit(global.json, &value, || {
        format!(
            "{}\nRestored from {}, and everything agrees.",
            counted_lines(folder, args.store, &found),
            args.file.display()
        )
    })
}

/// Puts the backup's rows into a new folder, and checks them.
fn fill(reading: Reading, draft: &Path, kind: StoreKind, progress: &mut Progress) -> Result<(Backup, Verified)> {
    let words = |error: &dyn std::fmt::Display| CliError::Told(error.to_string());
    let rules = reading.backup().rules;
    let options = StoreOptions { kind: Some(kind), ..StoreOptions::default() };
    let store = open_store(draft, rules, options).map_err(|error| words(&error))?;
    let mut say = |copied: Copied| progress.say(|| format!("{} rows, {}", copied.rows, size(copied.bytes)));
    let made = reading.restore(store.as_ref(), &mut say).map_err(|error: BackupError| words(&error))?;
    let found = verify(&store, &mut |stage, done, of| progress.say(|| step(stage.name(), done, of)));
    let found = found.map_err(|error| words(&error))?;
    genesis::keep(draft, &stored_genesis(store.as_ref()).map_err(|error| words(&error))?)?;
    Ok((made, found))
}

fn check_empty(folder: &Path) -> Result<()> {
    match fs::read_dir(folder).map(Iterator::count) {
        Ok(0) => Ok(()),
        Ok(_) => told(format!("{} is not empty; name a new folder with --datadir", folder.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => told(format!("{}: {error}", folder.display())),
    }
}

/// A new folder next to `folder`, on the same file system.
fn beside(folder: &Path) -> Result<PathBuf> {
    let folder = std::path::absolute(folder)?;
    let Some(name) = folder.file_name() else { return told(format!("{} cannot be a data folder", folder.display())) };
    let mut draft = name.to_os_string();
    draft.push(format!(".{}.restoring", std::process::id()));
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    let draft = folder.with_file_name(draft);
    fs::create_dir(&draft).map_err(|error| CliError::Told(format!("{}: {error}", draft.display())))?;
    Ok(draft)
}

/// What a folder that does not open says.
pub fn stop_first(error: &StoreError) -> CliError {
    match error {
        StoreError::InUse { path } => CliError::Told(format!("{path} is in use by a running node; stop it first")),
        other => CliError::Told(other.to_string()),
    }
}

fn step(what: &str, done: u64, of: u64) -> String {
    if of == 0 { format!("{what} ...") } else { format!("{what} {done} of {of}") }
}

fn described(backup: &Backup) -> Value {
    json!({
        "height": backup.head.height, "stateRoot": backup.head.root, "rules": backup.rules,
        "rows": backup.rows, "bytes": backup.bytes,
    })
}

fn counted(found: &Verified) -> Value {
    let Verified { state, history, blocks, transactions } = found;
    json!({
        "height": state.head.map(|head| head.height), "stateRoot": state.head.map(|head| head.root),
        "accounts": state.accounts, "slots": state.slots, "trieNodes": state.nodes,
        "firstHeight": history.first, "historyRows": history.rows, "recomputedRoots": history.roots,
        "checkpoints": history.checkpoints, "blocks": blocks, "transactions": transactions,
    })
}

fn counted_lines(folder: &Path, kind: StoreKind, found: &Verified) -> String {
    let Verified { state, history, blocks, transactions } = found;
    let head =
        state.head.map_or_else(|| "nothing".to_owned(), |head| format!("block {}, root {}", head.height, head.root));
    fields(&[
        ("Folder", format!("{} ({kind}, {})", folder.display(), size(disk(folder)))),
        ("Head", head),
        ("State", format!("{} accounts, {} slots, {} trie nodes", state.accounts, state.slots, state.nodes)),
        (
            "History",
            format!(
                "{} rows from block {} on; {} roots recomputed; {} heights to prove from",
                history.rows, history.first, history.roots, history.checkpoints
            ),
        ),
        ("Blocks", format!("{blocks} with {transactions} transactions")),
    ])
    .trim_end()
    .to_owned()
}

/// Bytes of all files below.
fn disk(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let bytes = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => disk(&entry.path()),
        _ => entry.metadata().map_or(0, |file| file.len()),
    };
    entries.filter_map(std::io::Result::ok).map(bytes).sum()
}

/// One line on a terminal, written over and over; nothing elsewhere.
pub struct Progress {
    shown: bool,
    last: Option<Instant>,
    width: usize,
}

impl Progress {
    /// Nothing is shown beside JSON.
    pub fn new(json: bool) -> Self {
        Self { shown: !json && std::io::stderr().is_terminal(), last: None, width: 0 }
    }

    /// Shows a line, but not too often.
    pub fn say(&mut self, text: impl FnOnce() -> String) {
        if self.shown && self.last.is_none_or(|last| last.elapsed() > Duration::from_millis(200)) {
            let text = text();
            let width = text.chars().count();
            eprint!("\r{text}{}", " ".repeat(self.width.saturating_sub(width)));
            let _ = std::io::stderr().flush();
            (self.last, self.width) = (Some(Instant::now()), width);
        }
    }

    /// Takes the line away.
    pub fn end(&self) {
        if self.width > 0 {
            eprint!("\r{}\r", " ".repeat(self.width));
        }
    }
}
