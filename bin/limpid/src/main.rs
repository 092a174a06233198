//! The command line: what a person types, wired to the crates that do it.
//!
//! Every command reads arguments ([`args`]), opens what it needs ([`session`], [`keys`]), shows what it
//! is about to do ([`confirm`]) and prints what happened, for people or as JSON ([`output`]). Rules:
//!
//! - L-1 No secret in arguments, output or errors: passphrases, phrases and keys come from a prompt, a
//!   file or standard input.
//! - L-2 Nothing is signed before amounts, limits and the highest fee were shown and agreed to.
//! - L-3 With `--json`, standard output holds one JSON value (or one a line), nothing else; an amount in it
//!   is an object of one form ([`limpid_client::registry::Asset::json`]), never hex and never a float.
//!
//! Tested in `tests/it`: L-1 in `secrecy`, L-2 and L-3 in `flows` and `market` against a running node,
//! what needs none in `offline`.
// A program exports nothing: `pub` here means "for the other modules".
#![allow(unreachable_pub)]

mod args;
mod cmd;
mod confirm;
mod error;
mod keys;
mod output;
mod session;
mod storage;

use args::{Cli, Command};
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};
use std::process::ExitCode;

/// Blocks and requests allocate a lot of small things on several threads, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let argv: Vec<_> = std::env::args_os().collect();
    // An address in the environment would count as an argument, and no help be shown.
    if argv.len() < 2 {
        let _ = Cli::command().print_help();
        return ExitCode::from(2);
    }
    let first = Cli::command().get_matches_from(&argv);
    let json = first.get_flag("json");
    match parse(argv, first).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed pipe (`limpid market | head`) is the reader's choice.
            if error.is_closed_pipe() {
                return ExitCode::SUCCESS;
            }
            output::tell(&if json {
                format!("{}\n", serde_json::json!({ "error": error.to_string() }))
            } else {
                format!("Error: {error}\n")
            });
            ExitCode::FAILURE
        }
    }
}

/// The arguments, with what a node's configuration file adds to them.
fn parse(argv: Vec<std::ffi::OsString>, first: ArgMatches) -> Result<Cli, error::CliError> {
    let (matches, settings) = cmd::node::config::complete(argv, first)?;
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Command::Node(node) = &mut cli.command {
        node.settings = settings;
    }
    Ok(cli)
}

fn run(cli: Cli) -> Result<(), error::CliError> {
    let global = cli.global;
    // These need no node to talk to; `node` runs its own threads.
    match cli.command {
        Command::Init(args) => cmd::init::run(&args, &global),
        Command::Node(args) => cmd::node::run(args, &global),
        Command::Import(args) => cmd::import::run(args, &global),
        Command::Wallet(args) => cmd::wallet::run(args, &global),
        Command::Abi(args) => cmd::abi::run(args, &global),
        Command::Completions(args) => cmd::completions::run(args),
        Command::Db(command) => cmd::db::run(command, &global),
        Command::Index(command) => cmd::index::run(command, &global),
        command => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(online(command, &global))
        }
    }
}

async fn online(command: Command, global: &args::Global) -> Result<(), error::CliError> {
    match command {
        Command::Token(args) => cmd::token::run(args, global).await,
        Command::Send(args) => cmd::send::run(args, global).await,
        Command::Swap(args) => cmd::swap::run(args, global).await,
        Command::Wrap(args) => cmd::gateway::wrap(args, global).await,
        Command::Unwrap(args) => cmd::gateway::unwrap(args, global).await,
        Command::Quote(args) => cmd::quote::run(args, global).await,
        Command::Pool(args) => cmd::pool::run(args, global).await,
        Command::Balance(args) => cmd::balance::run(args, global).await,
        Command::History(args) => cmd::history::run(args, global).await,
        Command::Tx(args) => cmd::chain::transaction(args, global).await,
        Command::Block(args) => cmd::chain::block(args, global).await,
        Command::Status => cmd::status::run(global).await,
        Command::Market(args) => cmd::market::run(args, global).await,
        Command::Init(_)
        | Command::Node(_)
        | Command::Db(_)
        | Command::Index(_)
        | Command::Import(_)
        | Command::Wallet(_)
        | Command::Abi(_)
        | Command::Completions(_) => Ok(()),
    }
}
