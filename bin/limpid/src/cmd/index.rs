//! `limpid index`: the explorer's rows of a chain that ran without them.

use super::db::{Progress, stop_first};
use crate::{
    args::Global,
    error::{CliError, Result},
    output::emit,
};
use clap::{Args, Subcommand};
use limpid_chain::explorer::rebuild;
use limpid_state::open_existing;
use serde_json::json;
use std::{path::PathBuf, time::Instant};

/// What to do with the index.
#[derive(Debug, Subcommand)]
pub enum IndexCommand {
    /// Write what the explorer needs from the blocks, from where an earlier run ended; the node must be stopped
    Rebuild(RebuildArgs),
}

/// Of which folder.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    /// Folder of the chain
    #[arg(long, env = "LIMPID_DATADIR", value_name = "DIR", default_value = "limpid-data")]
    datadir: PathBuf,
    /// Throw away what is there and begin with block 0
    #[arg(long)]
    afresh: bool,
}

/// Does it.
pub fn run(command: IndexCommand, global: &Global) -> Result<()> {
    let IndexCommand::Rebuild(args) = command;
    let (_, store) = open_existing(&args.datadir).map_err(|error| stop_first(&error))?;
    let (mut progress, started) = (Progress::new(global.json), Instant::now());
    let done = rebuild(&store, args.afresh, &mut |done, head| progress.say(|| format!("block {done} of {head}")));
    progress.end();
    let done = done.map_err(|error| CliError::Told(format!("{}: {error}", args.datadir.display())))?;
    let seconds = started.elapsed().as_secs_f64();
    let value = json!({
        "datadir": args.datadir, "from": done.from, "head": done.head, "transactions": done.transactions,
        "seconds": (seconds * 1000.0).round() / 1000.0,
    });
    emit(global.json, &value, || match done.from > done.head {
        true => format!("The index was complete already, up to block {}.", done.head),
        false => format!(
            "The index is complete: blocks {} to {}, {} transactions in {seconds:.1} s.",
            done.from, done.head, done.transactions
        ),
    })
}
