use crate::cmd;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Decentralised finance as one program: a chain, an exchange, wallets and a market.
#[derive(Debug, Parser)]
#[command(name = "limpid", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// The node to talk to
    #[arg(long, global = true, env = "LIMPID_RPC", value_name = "URL", default_value = "http://127.0.0.1:8545")]
    pub rpc: String,
    /// Print JSON on standard output and nothing else
    ///
    /// An amount of coin or tokens is an object everywhere: {"amount": whole units as decimal text, "units": smallest
    /// units as integer text, "symbol", "decimals", "asset": the token's address, null for the coin}. Heights, gas,
    /// times (Unix seconds) and counts are numbers. Only `market` gives its chart figures in dollars as numbers.
    #[arg(long, global = true)]
    pub json: bool,
    /// Folder of the keystore files [default: ~/.limpid/wallets]
    #[arg(long, global = true, env = "LIMPID_WALLETS", value_name = "DIR")]
    pub wallets: Option<PathBuf>,
}

/// What every command that signs takes.
#[derive(Debug, Args)]
pub struct Signing {
    /// Who signs: a wallet's name or address, or dev:N on a development chain
    #[arg(long, env = "LIMPID_FROM", value_name = "WALLET")]
    pub from: Option<String>,
    /// File that holds the wallet's passphrase (`-` for standard input); asked for otherwise
    #[arg(long, env = "LIMPID_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Do not ask before signing
    #[arg(short, long)]
    pub yes: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new chain that is not for development: genesis, settings, key
    Init(cmd::init::InitArgs),
    /// Run a node
    Node(cmd::node::NodeArgs),
    /// Check, compact, back up and restore a chain's data folder
    #[command(subcommand)]
    Db(cmd::db::DbCommand),
    /// Rebuild the explorer's index
    #[command(subcommand)]
    Index(cmd::index::IndexCommand),
    /// Copy a foreign chain from a file of blocks
    Import(cmd::import::ImportArgs),
    /// Make, import and list wallets
    #[command(subcommand)]
    Wallet(cmd::wallet::WalletCommand),
    /// Create and list tokens
    #[command(subcommand)]
    Token(cmd::token::TokenCommand),
    /// Send coin or tokens
    Send(cmd::send::SendArgs),
    /// Trade on the exchange
    Swap(cmd::swap::SwapArgs),
    /// Turn a token of a user's contract into a native one, which pools can hold
    Wrap(cmd::gateway::GatewayArgs),
    /// Turn it back
    Unwrap(cmd::gateway::GatewayArgs),
    /// What a trade would give
    Quote(cmd::quote::QuoteArgs),
    /// Provide liquidity and look at pools
    #[command(subcommand)]
    Pool(cmd::pool::PoolCommand),
    /// What an account holds
    Balance(cmd::balance::BalanceArgs),
    /// What happened to an account: time, amount, direction, counterparty, fee
    History(cmd::history::HistoryArgs),
    /// One transaction, with its events in words
    Tx(cmd::chain::TxArgs),
    /// One block
    Block(cmd::chain::BlockArgs),
    /// Where the node and its chain stand
    Status,
    /// Interfaces of the native contracts
    #[command(subcommand)]
    Abi(cmd::abi::AbiCommand),
    /// Play real prices on a development chain
    Market(cmd::market::MarketArgs),
    /// Completions for a shell
    Completions(cmd::completions::CompletionsArgs),
}
