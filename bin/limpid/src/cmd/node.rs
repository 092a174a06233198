//! `limpid node`: a chain and its JSON-RPC.

use crate::{
    args::Global,
    error::{CliError, Result, told},
};
use clap::Args;
use limpid_chain::{ChainError, Genesis, Node, NodeOptions, genesis::DEV_ACCOUNTS};
use limpid_rpc::{CLIENT_VERSION, Config, Server};
use limpid_state::StoreError;
use limpid_wallet::DEV_MNEMONIC;
use std::{
    fs,
    io::{IsTerminal as _, Write as _},
    net::{IpAddr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};
use tracing_subscriber::EnvFilter;

/// Chain id of a development chain unless told otherwise.
const DEV_CHAIN: u64 = 31_337;
/// How long a stopping node waits for requests that still run.
const PATIENCE: Duration = Duration::from_secs(5);

/// Run a node.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// A development chain: ten rich accounts with public keys, a block as soon as a transaction waits, methods to bend
    /// time and go back
    #[arg(long)]
    dev: bool,
    /// Folder of the chain; made if it is not there
    #[arg(long, env = "LIMPID_DATADIR", value_name = "DIR", default_value = "limpid-data")]
    datadir: PathBuf,
    /// Port of JSON-RPC and WebSocket
    #[arg(long, env = "LIMPID_HTTP_PORT", value_name = "N", default_value_t = 8545)]
    http_port: u16,
    /// Port of the web app and the explorer (kept for them: there is no app yet)
    #[arg(long, env = "LIMPID_APP_PORT", value_name = "N", default_value_t = 8080)]
    app_port: u16,
    /// Address to listen on; anything but this machine's own lets others in
    #[arg(long, env = "LIMPID_HOST", value_name = "ADDR", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Chain id [default with --dev: 31337]
    #[arg(long, value_name = "N")]
    chain_id: Option<u64>,
    /// Genesis of the chain, as JSON
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
    /// What to log to standard error: error, warn, info, debug, trace, or a filter such as limpid_chain=debug
    #[arg(long, env = "LIMPID_LOG", value_name = "LEVEL", default_value = "warn")]
    log: String,
}

/// Runs until it is told to stop.
pub fn run(args: NodeArgs, global: &Global) -> Result<()> {
    start_log(&args.log)?;
    let genesis = genesis(&args)?;
    if args.http_port != 0 && args.http_port == args.app_port {
        return told("--http-port and --app-port must differ");
    }
    check_free(args.host, args.http_port)?;
    let options = if genesis.dev { NodeOptions::dev() } else { NodeOptions::steady() };
    let node = Node::open(&args.datadir, genesis, options).map_err(|error| opening(&args, &error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(&args, &node, global.json));
    // Blocks stop first, then the threads that still wait for one.
    node.stop();
    runtime.shutdown_timeout(PATIENCE);
    served
}

/// What a person most often got wrong when a directory does not open.
fn opening(args: &NodeArgs, error: &ChainError) -> CliError {
    match error {
        ChainError::Store(StoreError::OtherRules { .. }) => CliError::Told(format!(
            "the chain in {} began with another genesis, chain id or version of this program. Pass --dev, --chain-id and \
             --genesis as then, or name another --datadir. In detail: {error}",
            args.datadir.display()
        )),
        _ => CliError::Told(error.to_string()),
    }
}

async fn serve(args: &NodeArgs, node: &Node, json: bool) -> Result<()> {
    let mut stop = Stop::new()?;
    let config = Config { host: args.host, port: args.http_port, ..Config::default() };
    let server = Server::start(node.clone(), &config).await.map_err(|error| CliError::Told(error.to_string()))?;
    let shown = if json { banner_json(args, node, server.address()) } else { banner(args, node, server.address()) };
    // A closed standard output is no reason to stop.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{shown}").and_then(|()| out.flush());
    drop(out);
    tracing::info!(address = %server.address(), "JSON-RPC is served");
    stop.wait().await;
    tracing::info!("stopping");
    let _ = tokio::time::timeout(PATIENCE, server.stop()).await;
    Ok(())
}

/// SIGINT and SIGTERM.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    fn new() -> Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    #[cfg(unix)]
    async fn wait(&mut self) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn wait(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

fn start_log(filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| CliError::Told(format!("--log {filter}: {error}; give error, warn, info, debug or trace")))?;
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
    Ok(())
}

/// The port is looked at before the data directory is opened, so that the wrong port leaves no directory behind.
fn check_free(host: IpAddr, port: u16) -> Result<()> {
    let at = SocketAddr::new(host, port);
    match TcpListener::bind(at) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            told(format!("{at} is in use by another program; stop it, or choose another port with --http-port"))
        }
        Err(error) => told(format!("cannot listen on {at}: {error}")),
    }
}

fn genesis(args: &NodeArgs) -> Result<Genesis> {
    let Some(file) = &args.genesis else {
        if args.dev {
            return checked(Genesis::dev(args.chain_id.unwrap_or(DEV_CHAIN)));
        }
        return told(
            "a chain that lasts needs a genesis: pass --genesis FILE. To try things out, run `limpid node --dev`",
        );
    };
    let mut genesis = read_genesis(file)?;
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

/// Through its file form, which refuses what no chain could run with.
fn checked(genesis: Genesis) -> Result<Genesis> {
    let text = serde_json::to_string(&genesis).map_err(|error| CliError::Told(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| CliError::Told(error.to_string()))
}

fn read_genesis(file: &Path) -> Result<Genesis> {
    let named = |error: &dyn std::fmt::Display| CliError::Told(format!("genesis {}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| named(&error))?;
    serde_json::from_str(&text).map_err(|error| named(&error))
}

/// Where a client on this machine reaches the node.
fn url(address: SocketAddr, scheme: &str) -> String {
    let port = address.port();
    match address.ip() {
        ip if ip.is_unspecified() => format!("{scheme}://127.0.0.1:{port}"),
        _ => format!("{scheme}://{address}"),
    }
}

fn contracts(node: &Node) -> Vec<(&'static str, String)> {
    node.rules().registry.fixed().map(|(address, entry)| (entry.name, address.to_string())).collect()
}

/// The keys of [`DEV_ACCOUNTS`]. Everybody has them: they follow from a mnemonic that every development tool prints.
const DEV_KEYS: [&str; 10] = [
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

fn banner_json(args: &NodeArgs, node: &Node, address: SocketAddr) -> String {
    let accounts = if node.is_dev() { DEV_ACCOUNTS.as_slice() } else { &[] };
    let contracts: serde_json::Map<_, _> =
        contracts(node).into_iter().map(|(name, address)| (name.to_owned(), address.into())).collect();
    let head = node.head();
    serde_json::json!({
        "clientVersion": CLIENT_VERSION, "chainId": node.chain_id(), "dev": node.is_dev(),
        "rpc": url(address, "http"), "ws": url(address, "ws"), "datadir": args.datadir,
        "head": { "number": head.block.number(), "hash": head.block.hash },
        "accounts": accounts, "contracts": contracts,
    })
    .to_string()
}

fn banner(args: &NodeArgs, node: &Node, address: SocketAddr) -> String {
    let (rpc, head) = (url(address, "http"), node.head());
    let kind = if node.is_dev() { "development chain" } else { "chain" };
    let mut lines = vec![
        String::new(),
        format!("  Limpid {} · {kind} {}", CLIENT_VERSION.trim_start_matches("limpid/"), node.chain_id()),
        String::new(),
        format!("  JSON-RPC   {rpc}   (WebSocket: {})", url(address, "ws")),
        format!("  Chain id   {}", node.chain_id()),
        "  Coin       LIM, 18 decimals".to_owned(),
        format!("  Data       {} (block {})", args.datadir.display(), head.block.number()),
    ];
    if !address.ip().is_loopback() {
        lines.push("  Open       others can reach this node: it listens on more than this machine".to_owned());
    }
    if node.is_dev() {
        lines.extend(
            ["", "  Accounts of 10,000 LIM each. Everybody has these keys: never use them anywhere else.", ""]
                .map(str::to_owned),
        );
        for (index, (address, key)) in DEV_ACCOUNTS.iter().zip(DEV_KEYS).enumerate() {
            lines.push(format!("   {index}  {address}  {key}"));
        }
        lines.extend([String::new(), format!("  Their mnemonic: {DEV_MNEMONIC}")]);
    }
    lines.extend([String::new(), "  Contracts".to_owned(), String::new()]);
    for (name, address) in contracts(node) {
        lines.push(format!("   {name:<14} {address}"));
    }
    lines.extend([String::new(), "  Try next".to_owned(), String::new()]);
    let steps = next_steps(args, node.is_dev(), &rpc);
    let width = steps.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    lines.extend(steps.iter().map(|(command, what)| format!("   {command:<width$}   {what}")));
    lines.extend([String::new(), "  Ctrl-C stops the node; its chain stays in the data folder.".to_owned()]);
    lines.join("\n")
}

fn next_steps(args: &NodeArgs, dev: bool, rpc: &str) -> Vec<(String, &'static str)> {
    // The command line's own default needs no flag.
    let usual = args.http_port == 8545 && args.host.is_loopback();
    let flag = if usual { String::new() } else { format!(" --rpc {rpc}") };
    let mut steps = vec![(format!("limpid status{flag}"), "where the chain stands")];
    if dev {
        steps.push((format!("limpid balance dev:0{flag}"), "what the first account holds"));
        steps.push((format!("limpid market{flag}"), "real prices, traders and makers"));
    }
    steps.push((format!("cast block-number --rpc-url {rpc}"), "any Ethereum tool works"));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use limpid_wallet::{Key, Secret, Signer};

    #[test]
    fn the_keys_shown_are_those_of_the_funded_accounts() {
        for (account, key) in DEV_ACCOUNTS.into_iter().zip(DEV_KEYS) {
            let key = Key::from_hex(&Secret::new(key.to_owned())).unwrap();
            assert_eq!(Signer::new(&key).unwrap().address(), account);
        }
    }

    #[test]
    fn urls_are_what_clients_take() {
        let url = |address: &str| url(address.parse().unwrap(), "http");
        assert_eq!(url("127.0.0.1:8545"), "http://127.0.0.1:8545");
        assert_eq!(url("0.0.0.0:1"), "http://127.0.0.1:1");
        assert_eq!(url("[::1]:2"), "http://[::1]:2");
        assert_eq!(url("[::]:2"), "http://127.0.0.1:2");
    }
}
