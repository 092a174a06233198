//! `limpid init`: a new chain that is not for development, ready to be started.
use super::node::{config, genesis, operator};
use crate::{
    args::Global,
    error::{CliError, Result, told},
    keys::{Wallet, address_in},
    output,
};
use alloy_primitives::{Address, U256};
use clap::Args;
use limpid_chain::{Genesis, genesis::GenesisAccount};
use limpid_client::Unit;
use limpid_wallet::{Key, Signer, Wallets};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// Chain ids that wallets take for networks they know, the development chain's among them.
const TAKEN: [u64; 12] = [1, 10, 56, 100, 137, 324, 1_337, 8_453, 31_337, 42_161, 43_114, 11_155_111];
/// All coin there may be at the start, in whole coins: an exchange's pool counts up to 2^112 smallest units.
const MOST_COIN: u64 = 1_000_000_000_000_000;
/// An id chosen for the owner has ten digits, which no known network has.
const CHOSEN_IDS: std::ops::Range<u64> = 1_000_000_000..10_000_000_000;

/// A new chain.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Folder of the new chain; made if it is not there
    #[arg(long, env = "LIMPID_DATADIR", value_name = "DIR", default_value = "limpid-data")]
    datadir: PathBuf,
    /// Chain id [default: ten digits chosen at random]
    #[arg(long, value_name = "N")]
    chain_id: Option<u64>,
    /// Who holds coin at the start and how much, such as alice=1000000: an address or one of your wallets, and whole
    /// coins. There is no other coin, ever. Can be repeated; asked for otherwise
    #[arg(long, value_name = "ACCOUNT=AMOUNT")]
    fund: Vec<String>,
    /// File of a key that shall sign the blocks, as hex; a new one is made otherwise
    #[arg(long, value_name = "FILE")]
    operator_key: Option<PathBuf>,
    /// Port of JSON-RPC and WebSocket, written into the configuration
    #[arg(long, value_name = "N", default_value_t = 8545)]
    http_port: u16,
}

/// Runs the command.
pub fn run(args: &InitArgs, global: &Global) -> Result<()> {
    let dir = &args.datadir;
    let (genesis_file, key_file, config_file) = (genesis::file_in(dir), operator::file_in(dir), dir.join(config::FILE));
    // Whatever can be refused is refused before anything is written.
    for taken in [&genesis_file, &key_file, &config_file, &dir.join("format")] {
        if taken.exists() {
            return told(format!(
                "{} holds a chain already ({} is there); name another --datadir",
                dir.display(),
                taken.display()
            ));
        }
    }
    let coin = Unit::new("LIM", 18);
    let chain_id = chain_id(args.chain_id)?;
    let wallets = Wallet::folder(global)?;
    let alloc = if args.fund.is_empty() { ask(&wallets, &coin)? } else { read_all(&args.fund, &wallets, &coin)? };
    let key = match &args.operator_key {
        Some(file) => Key::from_hex(&crate::keys::read_secret(file, "the operator's key (--operator-key)")?)?,
        None => Key::generate()?,
    };
    let operator = Signer::new(&key)?.address();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let mut genesis = Genesis::new(chain_id, now);
    genesis.operator = Some(operator);
    genesis.alloc = alloc
        .iter()
        .map(|(account, amount)| (*account, GenesisAccount { balance: *amount, ..GenesisAccount::default() }))
        .collect();
    fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
    write_key(&key_file, &key).map_err(|error| failed(&key_file, &error))?;
    fs::write(&config_file, configuration(args)).map_err(|error| failed(&config_file, &error))?;
    genesis::keep(dir, &genesis)?;
    let funded: Vec<_> = alloc
        .iter()
        .map(|(account, amount)| json!({ "account": account, "balance": crate::session::coin_json(&coin, *amount) }))
        .collect();
    let value = json!({
        "datadir": dir, "chainId": chain_id, "operator": operator, "genesis": genesis_file, "config": config_file,
        "operatorKey": key_file, "funded": funded,
    });
    output::emit(global.json, &value, || {
        let mut rows = vec![("chain id", chain_id.to_string()), ("operator", operator.to_string())];
        rows.extend(alloc.iter().map(|(account, amount)| ("holds coin", format!("{account} {}", coin.show(*amount)))));
        rows.push(("genesis", genesis_file.display().to_string()));
        rows.push(("settings", config_file.display().to_string()));
        rows.push(("operator key", format!("{} (only you can read it: keep a copy)", key_file.display())));
        output::fields(&rows)
            + &format!(
                "\nNobody can add coin or change the rules later: look at the genesis before you start. Start it with\n\n  \
                 limpid node --datadir {}\n",
                dir.display()
            )
    })
}

fn failed(file: &Path, error: &io::Error) -> CliError {
    CliError::Told(format!("{}: {error}", file.display()))
}

fn chain_id(given: Option<u64>) -> Result<u64> {
    let Some(id) = given else { return Ok(rand::random_range(CHOSEN_IDS)) };
    if TAKEN.contains(&id) {
        return told(format!("{id} is the chain id of another network: wallets would take one for the other"));
    }
    if id == 0 || id > u64::MAX / 2 - 36 {
        return told(format!("{id} cannot be a chain id: 1 to 2^63 - 37 (EIP-2294)"));
    }
    Ok(id)
}

/// Balances by account, as they were given.
fn read_all(given: &[String], wallets: &Wallets, coin: &Unit) -> Result<BTreeMap<Address, U256>> {
    let mut all = BTreeMap::new();
    for text in given {
        let Some((account, amount)) = text.split_once('=') else {
            return told(format!("`{text}`: write it as ACCOUNT=AMOUNT, such as alice=1000000"));
        };
        read_one(account, amount, wallets, coin, &mut all)?;
    }
    Ok(all)
}

fn read_one(
    account: &str,
    amount: &str,
    wallets: &Wallets,
    coin: &Unit,
    all: &mut BTreeMap<Address, U256>,
) -> Result<()> {
    if account.starts_with("dev:") {
        return told(format!("{account} cannot hold coin here: everybody has the keys of development accounts"));
    }
    let (address, amount) = (address_in(wallets, account.trim())?, coin.parse(amount)?);
    if address.is_zero() || amount.is_zero() {
        return told("coin for nobody, and no coin for somebody, are mistakes");
    }
    if all.insert(address, amount).is_some() {
        return told(format!("{address} is named twice"));
    }
    let sum = all.values().fold(U256::ZERO, |sum, amount| sum.saturating_add(*amount));
    if sum > U256::from(MOST_COIN) * U256::from(10).pow(U256::from(18)) {
        return told(format!("that is more than {MOST_COIN} coins together, and more than a pool can count"));
    }
    Ok(())
}

/// Asks until an empty line.
fn ask(wallets: &Wallets, coin: &Unit) -> Result<BTreeMap<Address, U256>> {
    let mut all = BTreeMap::new();
    if !io::stdin().is_terminal() {
        return told("say who holds coin at the start with --fund ACCOUNT=AMOUNT, such as --fund alice=1000000");
    }
    loop {
        let (who, end) = if all.is_empty() { ("Who", "") } else { ("Who else", "; nothing more with Enter") };
        let account = line(&format!("{who} holds coin at the start (an address or one of your wallets{end})? "))?;
        if account.is_empty() && !all.is_empty() {
            return Ok(all);
        }
        let amount = line("How many LIM? ")?;
        if let Err(error) = read_one(&account, &amount, wallets, coin, &mut all) {
            output::tell(&format!("{error}\n"));
        }
    }
}

fn line(question: &str) -> Result<String> {
    output::tell(question);
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer)? == 0 {
        return told("nothing was made");
    }
    Ok(answer.trim().to_owned())
}

/// A new file that only its owner can read.
fn write_key(file: &Path, key: &Key) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(file)?;
    writeln!(out, "{}", key.to_hex().expose()).and_then(|()| out.sync_all())
}

fn configuration(args: &InitArgs) -> String {
    format!(
        "# Settings of `limpid node` for this folder: every flag by its name. A flag or an environment variable goes\n\
         # before what stands here. `limpid node --datadir DIR --print-config` shows what holds and why.\n\
         \n\
         http-port = {}\n\
         host = \"127.0.0.1\"  # anything but this machine's own lets others in\n\
         log = \"info\"\n\
         log-format = \"text\"\n\
         # metrics-port = 9464\n",
        args.http_port
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_other_networks_are_refused() {
        assert!(chain_id(Some(1)).is_err() && chain_id(Some(31_337)).is_err() && chain_id(Some(0)).is_err());
        assert_eq!(chain_id(Some(777)).unwrap(), 777);
        assert!(CHOSEN_IDS.contains(&chain_id(None).unwrap()));
    }
}
