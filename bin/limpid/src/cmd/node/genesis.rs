//! Which chain a node runs: the one its folder holds, or a new one.
use super::NodeArgs;
use crate::error::{CliError, Result, told};
use limpid_chain::Genesis;
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Chain id of a development chain unless told otherwise.
const DEV_CHAIN: u64 = 31_337;

/// Where a data directory keeps the genesis of its chain. The store's own record of the rules guards it: a changed
/// file opens nothing.
pub fn file_in(datadir: &Path) -> PathBuf {
    datadir.join("genesis.json")
}

/// The genesis of the chain in the data directory, if it fits what was asked for; otherwise the one asked for.
pub fn choose(args: &NodeArgs) -> Result<Genesis> {
    let file = file_in(&args.datadir);
    if !file.try_exists().unwrap_or(false) {
        return asked(args);
    }
    let stored = read(&file)?;
    let (dir, id) = (args.datadir.display(), stored.chain_id);
    let instead = "or name another folder with --datadir";
    if stored.dev && !args.dev {
        return told(format!("{dir} holds a development chain: start it with --dev, {instead}"));
    }
    if args.dev && !stored.dev {
        return told(format!("{dir} holds chain {id}, which is no development chain: leave --dev out, {instead}"));
    }
    if let Some(wanted) = args.chain_id.filter(|wanted| *wanted != id) {
        return told(format!("{dir} holds chain {id}, not chain {wanted}: leave --chain-id out, {instead}"));
    }
    if let Some(given) = &args.genesis
        && asked(args)? != stored
    {
        let given = given.display();
        return told(format!(
            "the chain in {dir} began with another genesis than {given}: leave --genesis out, {instead}"
        ));
    }
    Ok(stored)
}

/// Keeps the genesis with its chain, so that the next start needs the folder alone.
pub fn keep(datadir: &Path, genesis: &Genesis) -> Result<()> {
    let file = file_in(datadir);
    if file.try_exists().unwrap_or(false) {
        return Ok(());
    }
    write_new(&file, genesis).map_err(|error| CliError::Told(format!("{}: {error}", file.display())))
}

/// Written aside and renamed: a crash leaves the whole file or none.
fn write_new(file: &Path, genesis: &Genesis) -> io::Result<()> {
    let text = serde_json::to_string_pretty(genesis)?;
    let draft = file.with_extension("json.new");
    let mut out = File::create(&draft)?;
    writeln!(out, "{text}").and_then(|()| out.sync_all())?;
    fs::rename(&draft, file)
}

fn asked(args: &NodeArgs) -> Result<Genesis> {
    let Some(file) = &args.genesis else {
        if let Some(url) = &args.follow {
            return followed(args, url);
        }
        if args.dev {
            return checked(Genesis::dev(args.chain_id.unwrap_or(DEV_CHAIN)));
        }
        return told(
            "there is no chain in this folder: `limpid init` makes one that lasts, --genesis FILE begins a given one, and \
             `limpid node --dev` is for trying things out",
        );
    };
    let mut genesis = read(file)?;
    if let Some(wanted) = args.chain_id.filter(|wanted| *wanted != genesis.chain_id) {
        let found = genesis.chain_id;
        return told(format!("{} is the genesis of chain {found}, not of {wanted} (--chain-id)", file.display()));
    }
    if args.dev {
        let dev = Genesis::dev(genesis.chain_id);
        genesis.dev = true;
        genesis.operator = dev.operator;
        for (address, account) in dev.alloc {
            genesis.alloc.entry(address).or_insert(account);
        }
    }
    Ok(genesis)
}

/// The genesis of the node that is followed.
fn followed(args: &NodeArgs, url: &str) -> Result<Genesis> {
    let genesis = super::follow::genesis_of(url)?;
    if genesis.dev {
        return told(format!("{url} runs a development chain, which may go back and be edited: it cannot be followed"));
    }
    match args.chain_id {
        Some(wanted) if wanted != genesis.chain_id => {
            told(format!("{url} is on chain {}, not on chain {wanted} (--chain-id)", genesis.chain_id))
        }
        _ => Ok(genesis),
    }
}

/// Through its file form, which refuses what no chain could run with.
fn checked(genesis: Genesis) -> Result<Genesis> {
    let text = serde_json::to_string(&genesis).map_err(|error| CliError::Told(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| CliError::Told(error.to_string()))
}

/// A genesis file.
pub fn read(file: &Path) -> Result<Genesis> {
    let named = |error: &dyn std::fmt::Display| CliError::Told(format!("genesis {}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| named(&error))?;
    serde_json::from_str(&text).map_err(|error| named(&error))
}
