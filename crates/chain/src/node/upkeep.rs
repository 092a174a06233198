//! What a node does beside making blocks: letting go of what is too old, and backups that somebody asks for.
//!
//! A thread of its own, with steps so short that a block that is ready waits for none longer than some milliseconds.

use super::Inner;
use crate::error::ChainError;
use alloy_primitives::B256;
use limpid_state::backup;
use parking_lot::MutexGuard;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Between two looks for something to do.
const LOOK: Duration = Duration::from_millis(500);
/// Between two steps of pruning: the block loop comes first.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) fn spawn(inner: Arc<Inner>, folder: Option<(PathBuf, B256)>) -> Result<JoinHandle<()>, ChainError> {
    let thread = thread::Builder::new().name("limpid-upkeep".to_owned());
    thread
        .spawn(move || inner.keep_up(folder.as_ref().map(|(path, rules)| (path.as_path(), *rules))))
        .map_err(|error| ChainError::Execution(format!("no thread for upkeep: {error}")))
}

impl Inner {
    fn keep_up(&self, folder: Option<(&Path, B256)>) {
        while !self.driver.stopping() {
            let begun = Instant::now();
            if let Some((path, rules)) = folder {
                self.serve_backup(path, rules);
            }
            if let Err(error) = self.prune() {
                // The block loop meets the same store, and halts if it must.
                return tracing::error!(%error, "nothing more is pruned");
            }
            let mut height = self.progress.0.lock();
            while begun.elapsed() < LOOK && !self.driver.stopping() {
                self.progress.1.wait_for(&mut height, LOOK.saturating_sub(begun.elapsed()));
            }
        }
    }

    fn prune(&self) -> Result<(), ChainError> {
        let keep = self.options.history.map(std::num::NonZeroU64::get);
        while !self.driver.stopping() && self.ledger.prune(keep)? {
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn serve_backup(&self, folder: &Path, rules: B256) {
        let snapshot = || Ok(self.ledger.store.snapshot()?);
        match backup::serve(folder, rules, snapshot, &|| !self.driver.stopping()) {
            None => {}
            Some(backup::Requested { path, result: Ok(backup) }) => {
                tracing::info!(path = %path.display(), height = backup.head.height, "a backup was made");
            }
            Some(backup::Requested { path, result: Err(error) }) => {
                tracing::warn!(path = %path.display(), %error, "a backup was not made");
            }
        }
    }

    /// Ends the waiting of [`Inner::keep_up`].
    pub(super) fn hurry(&self) {
        // Who waits holds this between looking at the flag and waiting.
        drop::<MutexGuard<'_, u64>>(self.progress.0.lock());
        self.progress.1.notify_all();
    }
}
