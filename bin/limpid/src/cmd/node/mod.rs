//! `limpid node`: a chain, its JSON-RPC, and the app's port.

mod app;
mod banner;
pub mod config;
mod follow;
pub mod genesis;
mod metrics;
pub mod operator;

use crate::{
    args::Global,
    error::{CliError, Result, told},
    output,
    storage::Storage,
};
use clap::{Args, ValueEnum};
use limpid_chain::{ChainError, Mining, Node, NodeOptions};
use limpid_rpc::{Config, Server};
use limpid_state::StoreError;
use std::{
    io::{IsTerminal as _, Write as _},
    net::{IpAddr, SocketAddr, TcpListener},
    path::PathBuf,
    process,
    sync::Arc,
    time::Duration,
};
use tracing_subscriber::EnvFilter;

/// How long a stopping node waits for requests that still run.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks whether the data folder still takes blocks.
const LOOK: Duration = Duration::from_millis(500);

/// Run a node.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// Configuration file (TOML) with these flags by their names [default: limpid.toml in the data folder, if it is
    /// there]
    ///
    /// A flag goes before the environment, that before the file, and that before the default.
    #[arg(long, env = "LIMPID_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print every setting and where it is from, as a configuration file, and start nothing
    #[arg(long)]
    print_config: bool,
    /// What those settings are; filled in after the arguments were read.
    #[arg(skip)]
    pub settings: Vec<config::Setting>,
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
    /// Port of the web app, the explorer's API at /v1, and JSON-RPC at /rpc
    #[arg(long, env = "LIMPID_APP_PORT", value_name = "N", default_value_t = 8080)]
    app_port: u16,
    /// Keep no explorer index: balances, blocks and histories stay, lists of tokens, holders, swaps and allowances do not
    #[arg(long, env = "LIMPID_NO_INDEX")]
    no_index: bool,
    /// Address to listen on; anything but this machine's own lets others in
    #[arg(long, env = "LIMPID_HOST", value_name = "ADDR", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Chain id of a new development chain [default: 31337]; checked otherwise
    #[arg(long, value_name = "N")]
    chain_id: Option<u64>,
    /// Genesis of a new chain, as JSON; kept in the folder, so that later starts need --datadir alone
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
    #[command(flatten)]
    storage: Storage,
    /// What to log to standard error: error, warn, info, debug, trace, or a filter such as limpid_chain=debug
    #[arg(long, env = "LIMPID_LOG", value_name = "LEVEL", default_value = "warn")]
    log: String,
    /// How a line of the log looks: for people, or one JSON object
    #[arg(long, env = "LIMPID_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value = "text")]
    log_format: LogFormat,
    /// Port of the Prometheus metrics (at /metrics); there are none without it
    #[arg(long, env = "LIMPID_METRICS_PORT", value_name = "N")]
    metrics_port: Option<u16>,
    /// Address to listen on for metrics
    #[arg(long, env = "LIMPID_METRICS_HOST", value_name = "ADDR", default_value = "127.0.0.1")]
    metrics_host: IpAddr,
    /// File of the key that signs this chain's blocks, as hex or as a keystore file [default: operator.key in the data
    /// folder]
    #[arg(long, env = "LIMPID_OPERATOR_KEY", value_name = "FILE")]
    operator_key: Option<PathBuf>,
    /// File that holds the passphrase of that key, if it is a keystore file
    #[arg(long, env = "LIMPID_OPERATOR_PASSPHRASE_FILE", value_name = "FILE")]
    operator_passphrase_file: Option<PathBuf>,
    /// Make no blocks: take them from this node, execute each again, and refuse one that is not what its header says or
    /// that the chain's operator did not sign. A new folder takes the genesis from there too, unless --genesis is given
    #[arg(long, env = "LIMPID_FOLLOW", value_name = "URL", conflicts_with = "dev")]
    follow: Option<String>,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Runs until it is told to stop.
pub fn run(args: NodeArgs, global: &Global) -> Result<()> {
    if args.print_config {
        return output::emit(global.json, &config::json(&args.settings), || config::show(&args.settings));
    }
    start_log(&args.log, args.log_format)?;
    let genesis = genesis::choose(&args)?;
    if args.http_port != 0 && args.http_port == args.app_port {
        return told("--http-port and --app-port must differ");
    }
    check_free(args.host, args.http_port, "--http-port")?;
    check_free(args.host, args.app_port, "--app-port")?;
    let mut options = args.storage.over(if genesis.dev { NodeOptions::dev() } else { NodeOptions::steady() });
    options.explorer = !args.no_index;
    if args.follow.is_some() {
        options.mining = Mining::Manual;
    } else {
        options.operator = operator::load(&args, &genesis)?;
    }
    let node = Node::open(&args.datadir, genesis, options).map_err(|error| opening(&args, &error))?;
    genesis::keep(&args.datadir, node.genesis())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(&args, &node, global.json));
    // The block that is being made is committed; then the threads that still wait for one end.
    node.stop();
    runtime.shutdown_timeout(PATIENCE);
    if served.is_ok() {
        tracing::info!(block = node.block_number(), "stopped");
    }
    served
}

/// What a person most often got wrong when a directory does not open.
fn opening(args: &NodeArgs, error: &ChainError) -> CliError {
    let (dir, file) = (args.datadir.display(), genesis::file_in(&args.datadir));
    match error {
        ChainError::Store(StoreError::OtherRules { .. }) if file.exists() => CliError::Told(format!(
            "the chain in {dir} was made by a version of this program with other rules, or {} was changed since: it \
             opens only with the version and the file it began with. Name another folder with --datadir for a new chain",
            file.display()
        )),
        ChainError::Store(StoreError::OtherRules { .. }) => CliError::Told(format!(
            "the chain in {dir} began with another genesis, chain id or version of this program. Pass --dev, --chain-id \
             and --genesis as then, or name another folder with --datadir"
        )),
        _ => CliError::Told(error.to_string()),
    }
}

async fn serve(args: &NodeArgs, node: &Node, json: bool) -> Result<()> {
    let mut stop = Stop::new()?;
    let follower = match &args.follow {
        Some(url) => Some(follow::Follower::new(node, args, url).await?),
        None => None,
    };
    let config = Config { host: args.host, port: args.http_port, ..Config::default() };
    let metrics = args.metrics_port.map(|_| Arc::new(metrics::Metrics::new(node, &args.datadir)));
    let observer = metrics.clone().map(|metrics| metrics as Arc<dyn limpid_rpc::Observer>);
    let server = Server::start_observed(node.clone(), &config, observer);
    let server = server.await.map_err(|error| CliError::Told(error.to_string()))?;
    let app = app::serve(args, node, &server).await?;
    if let (Some(metrics), Some(port)) = (metrics, args.metrics_port) {
        let at = metrics::serve(metrics, SocketAddr::new(args.metrics_host, port)).await?;
        tracing::info!(address = %at, "metrics are served");
    }
    let at = (server.address(), app.address());
    let shown = if json { banner::json(args, node, at) } else { banner::text(args, node, at) };
    // A closed standard output is no reason to stop.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{shown}").and_then(|()| out.flush());
    drop(out);
    tracing::info!(address = %server.address(), app = %app.address(), "JSON-RPC and the app are served");
    let following = async {
        match follower {
            Some(follower) => follower.run().await,
            None => std::future::pending().await,
        }
    };
    let failed = tokio::select! {
        () = stop.wait() => None,
        () = following => None,
        reason = store_failure(node) => Some(reason),
    };
    tracing::info!("stopping");
    tokio::spawn(async move {
        stop.wait().await;
        output::tell("Stopping at once; the next start repairs what was cut off.\n");
        process::exit(130);
    });
    let stopped = async { tokio::join!(app.stop(), server.stop()) };
    let _ = tokio::time::timeout(PATIENCE, stopped).await;
    failed.map_or(Ok(()), |reason| told(format!("stopped: {reason}")))
}

/// Waits until the data folder takes no more blocks. Whoever supervises the node then sees it end, and starts it again.
async fn store_failure(node: &Node) -> String {
    loop {
        tokio::time::sleep(LOOK).await;
        if node.store_failed() {
            return node.halted().unwrap_or_default();
        }
    }
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

fn start_log(filter: &str, format: LogFormat) -> Result<()> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| CliError::Told(format!("--log {filter}: {error}; give error, warn, info, debug or trace")))?;
    // https://no-color.org: set and not empty.
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal() && !plain).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}

/// The port is looked at before the data directory is opened, so that the wrong port leaves no directory behind.
fn check_free(host: IpAddr, port: u16, flag: &str) -> Result<()> {
    let at = SocketAddr::new(host, port);
    match TcpListener::bind(at) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            told(format!("{at} is in use by another program; stop it, or choose another port with {flag}"))
        }
        Err(error) => told(format!("cannot listen on {at}: {error}")),
    }
}
