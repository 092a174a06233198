//! Asking the process that has a data directory open for a backup.
//!
//! The directory is locked, so nobody else can read it. Whoever may write into the directory puts a request there; the
//! running node finds it, copies a snapshot, and writes how far it is into a second file. Nothing listens, and nothing
//! but reading happens to the chain. Both files are replaced whole, never written in place.

use super::{Backup, BackupError, Copied, write};
use crate::{Head, Reader, store::io_error};
use alloy_primitives::B256;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

const REQUEST: &str = "backup-request";
const ANSWER: &str = "backup-answer";
/// How long a node may show no sign of life.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at the answer, and between two reports.
const LOOK: Duration = Duration::from_millis(200);

/// Handles a request in `folder`, if there is one: for the process that has the directory open, about once a second.
/// Gives what was done. `go_on` is asked now and then whether to.
pub fn serve(
    folder: &Path,
    rules: B256,
    snapshot: impl FnOnce() -> Result<Arc<dyn Reader>, BackupError>,
    go_on: &dyn Fn() -> bool,
) -> Option<Requested> {
    let request = folder.join(REQUEST);
    let text = fs::read_to_string(&request).ok()?;
    // Taken before it is worked on: if this process is killed, the next one does not begin again unasked.
    fs::remove_file(&request).ok()?;
    let path = PathBuf::from(text.strip_suffix('\n')?);
    let answer = |text: String| replace(&folder.join(ANSWER), &text);
    let _ = answer("running 0 0 0\n".to_owned());
    let mut said = Instant::now();
    let mut report = |copied: Copied| {
        if said.elapsed() >= LOOK {
            let _ = answer(format!("running {} {} {}\n", copied.tables, copied.rows, copied.bytes));
            said = Instant::now();
        }
        go_on()
    };
    let result = snapshot().and_then(|reader| write(reader.as_ref(), rules, &path, &mut report));
    let _ = answer(match &result {
        Ok(Backup { rules, head, rows, bytes }) => {
            format!("done {rows} {bytes} {} {} {rules}\n", head.height, head.root)
        }
        Err(error) => format!("failed {error}\n"),
    });
    Some(Requested { path, result })
}

/// A request that was handled.
#[derive(Debug)]
pub struct Requested {
    /// The file asked for.
    pub path: PathBuf,
    /// What came of it.
    pub result: Result<Backup, BackupError>,
}

/// Asks the process that has `folder` open to back up to the new file `path`, an absolute one, and waits for it.
pub fn ask(folder: &Path, path: &Path, on: &mut dyn FnMut(Copied)) -> Result<Backup, BackupError> {
    if path.exists() {
        return Err(BackupError::Exists(path.to_path_buf()));
    }
    let Some(name) = path.to_str().filter(|name| path.is_absolute() && !name.contains('\n')) else {
        return Err(BackupError::Node(format!("{} cannot be used as the name of a backup", path.display())));
    };
    let (request, answer) = (folder.join(REQUEST), folder.join(ANSWER));
    if request.exists() || running(&answer) {
        return Err(BackupError::Node("another backup of this directory is being made; wait for its end".to_owned()));
    }
    let _ = fs::remove_file(&answer);
    replace(&request, &format!("{name}\n")).map_err(|error| BackupError::from(io_error(&request)(error)))?;
    let outcome = wait(&answer, on);
    // Nobody took it, or it is done.
    let _ = fs::remove_file(&request);
    if !matches!(outcome, Err(BackupError::Node(_))) || !running(&answer) {
        let _ = fs::remove_file(&answer);
    }
    outcome
}

/// Whether a backup is being made just now.
fn running(answer: &Path) -> bool {
    let fresh = |path: &Path| fs::metadata(path).ok()?.modified().ok()?.elapsed().ok();
    fs::read_to_string(answer).is_ok_and(|text| text.starts_with("running"))
        && fresh(answer).is_some_and(|age| age < PATIENCE)
}

fn wait(answer: &Path, on: &mut dyn FnMut(Copied)) -> Result<Backup, BackupError> {
    let (mut last, mut alive) = (String::new(), Instant::now());
    loop {
        thread::sleep(LOOK);
        let text = fs::read_to_string(answer).unwrap_or_default();
        if text != last {
            (last, alive) = (text, Instant::now());
        } else if alive.elapsed() > PATIENCE {
            return Err(BackupError::Node(
                "the process that has the directory open does not answer; if it is a Limpid node, look at its log, or \
                 stop it and try again"
                    .to_owned(),
            ));
        }
        let mut words = last.trim_end().split(' ');
        match words.next() {
            Some("running") => {
                let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
                on(Copied { tables: number(), rows: number(), bytes: number() });
            }
            Some("done") => {
                return parse_done(words)
                    .ok_or_else(|| BackupError::Node("the node gave an answer that cannot be read".to_owned()));
            }
            Some("failed") => {
                return Err(BackupError::Node(last.trim_end().trim_start_matches("failed ").to_owned()));
            }
            _ => {}
        }
    }
}

fn parse_done<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Backup> {
    let (rows, bytes) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let head = Head { height: words.next()?.parse().ok()?, root: words.next()?.parse().ok()? };
    Some(Backup { rules: words.next()?.parse().ok()?, head, rows, bytes })
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    fs::write(&draft, text).and_then(|()| fs::rename(&draft, path))
}
