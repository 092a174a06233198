//! `limpid import`: a copy of a foreign chain.

use super::node::genesis;
use crate::{
    args::Global,
    error::{CliError, Result},
};
use clap::Args;
use limpid_chain::{
    import::{BlockReader, HeadState, Imported, import},
    ledger::{rules_hash, rules_of},
};
use limpid_state::{StoreOptions, open_store};
use std::{
    fs::{self, File},
    io::{BufReader, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How often a terminal sees how far it is.
const TICK: Duration = Duration::from_millis(500);

/// Copy a foreign chain.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Folder of the copy; made if it is not there
    #[arg(long, env = "LIMPID_DATADIR", value_name = "DIR")]
    datadir: PathBuf,
    /// Genesis of the chain, as geth has it
    #[arg(long, value_name = "FILE")]
    genesis: PathBuf,
    /// State after the last block, as geth dumps it: blocks are then taken without executing them
    #[arg(long, value_name = "FILE")]
    head_state: Option<PathBuf>,
    /// Blocks from 1 on: RLP, one after the other
    #[arg(value_name = "CHAIN.rlp")]
    chain: PathBuf,
}

/// Imports, and says what was imported.
pub fn run(args: ImportArgs, global: &Global) -> Result<()> {
    let named = |file: &Path, error: &dyn std::fmt::Display| CliError::Told(format!("{}: {error}", file.display()));
    let genesis = genesis::read(&args.genesis)?;
    let head_state = match &args.head_state {
        Some(file) => {
            let json = fs::read_to_string(file).map_err(|error| named(file, &error))?;
            Some(HeadState::from_json(&json).map_err(|error| named(file, &error))?)
        }
        None => None,
    };
    let blocks = File::open(&args.chain).map_err(|error| named(&args.chain, &error))?;
    let chain_id = genesis.chain_id;
    let rules = rules_hash(&genesis, &rules_of(&genesis)).map_err(|error| CliError::Told(error.to_string()))?;
    let store = open_store(&args.datadir, rules, StoreOptions::default());
    let store = store.map_err(|error| CliError::Told(error.to_string()))?;
    // So that `limpid node` needs the folder alone.
    genesis::keep(&args.datadir, &genesis)?;
    let mut progress = Progress::new(global.json);
    let imported = import(store, genesis, head_state, BlockReader::new(BufReader::new(blocks)), &mut |height| {
        progress.at(height);
    });
    progress.end();
    let imported = imported.map_err(|error| CliError::Told(error.to_string()))?;
    show(&args, chain_id, &imported, global.json);
    Ok(())
}

fn show(args: &ImportArgs, chain_id: u64, imported: &Imported, json: bool) {
    let Imported { height, hash, transactions, executed } = imported;
    if json {
        let shown = serde_json::json!({
            "chainId": chain_id, "head": { "number": height, "hash": hash },
            "transactions": transactions, "executed": executed,
        });
        println!("{shown}");
        return;
    }
    let how = if *executed { "executed and checked" } else { "taken as they are; the head's state is the one given" };
    println!("Chain {chain_id}: {height} blocks with {transactions} transactions, {how}.");
    println!("Head {hash}. Next: limpid node --datadir {}", args.datadir.display());
}

/// A line that a terminal sees change.
struct Progress {
    shown: bool,
    last: Instant,
    any: bool,
}

impl Progress {
    fn new(json: bool) -> Self {
        Self { shown: !json && std::io::stderr().is_terminal(), last: Instant::now(), any: false }
    }

    fn at(&mut self, height: u64) {
        if self.shown && self.last.elapsed() >= TICK {
            self.last = Instant::now();
            self.any = true;
            let _ = write!(std::io::stderr(), "\rblock {height}");
        }
    }

    fn end(&self) {
        if self.any {
            let _ = writeln!(std::io::stderr());
        }
    }
}
