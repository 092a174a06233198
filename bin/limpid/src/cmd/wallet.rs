//! `limpid wallet`: keys on this machine. Talks to no node.
use crate::{
    args::Global,
    error::{CliError, Result, told},
    keys::{Wallet, passphrase, read_secret},
    output,
};
use clap::{Args, Subcommand, ValueEnum};
use limpid_wallet::{Key, Keystore, Phrase, Secret, WalletInfo, Wallets, WordCount};
use serde_json::json;
use std::{
    fs::OpenOptions,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

/// What to do with wallets.
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// Make a new wallet from a fresh recovery phrase
    New(NewArgs),
    /// Import a recovery phrase, a private key or a keystore file
    Import(ImportArgs),
    /// List the wallets on this machine
    List,
}

/// A new wallet.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Its name
    name: String,
    /// Words of the recovery phrase
    #[arg(long, value_enum, default_value = "12")]
    words: Words,
    /// File that holds the passphrase (`-` for standard input); asked for otherwise
    #[arg(long, env = "LIMPID_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Also write the recovery phrase to this new file, which only you can read
    #[arg(long, value_name = "FILE")]
    phrase_file: Option<PathBuf>,
}

/// An imported wallet. What is imported is asked for, or read from a file: never given as an argument.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Its name
    name: String,
    /// File with the phrase, key or keystore (`-` for standard input); asked for otherwise
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Account of a recovery phrase: the last number of m/44'/60'/0'/0/N
    #[arg(long, default_value_t = 0, value_name = "N")]
    index: u32,
    /// File that holds the passphrase (`-` for standard input); asked for otherwise
    #[arg(long, env = "LIMPID_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// What `--secret-file` is for, in a message.
const IMPORTED: &str = "the phrase, key or keystore to import (--secret-file)";

/// Length of a recovery phrase.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Words {
    /// 128 bits
    #[value(name = "12")]
    Twelve,
    /// 256 bits
    #[value(name = "24")]
    TwentyFour,
}

/// Runs the command.
pub fn run(command: WalletCommand, global: &Global) -> Result<()> {
    let wallets = Wallet::folder(global)?;
    match command {
        WalletCommand::New(args) => new(&args, &wallets, global.json),
        WalletCommand::Import(args) => import(&args, &wallets, global.json),
        WalletCommand::List => list(&wallets, global.json),
    }
}

fn new(args: &NewArgs, wallets: &Wallets, json: bool) -> Result<()> {
    // Everything that can be refused is refused before a phrase exists.
    wallets.check_name(&args.name)?;
    let passphrase = new_passphrase(args.passphrase_file.as_deref())?;
    let words = match args.words {
        Words::Twelve => WordCount::Twelve,
        Words::TwentyFour => WordCount::TwentyFour,
    };
    let phrase = Phrase::generate(words)?;
    let key = phrase.key(0, None)?;
    let written = args.phrase_file.as_deref().map(|path| write_phrase(path, &phrase)).transpose();
    written?;
    let wallet = wallets.add(&args.name, &key, &passphrase)?;
    let shown = show_on_terminal(&phrase)?;
    report(&wallet, json, || match (shown, &args.phrase_file) {
        (true, _) => "Write the words above on paper, in order. They are not kept anywhere: with them anybody has \
                      this wallet, without them a lost file is lost money."
            .to_owned(),
        (false, Some(path)) => {
            format!("The recovery phrase is in {}. Keep it safe and delete the file.", path.display())
        }
        (false, None) => "There was no terminal to show the recovery phrase on, so this file is the only copy of the \
                          key: back it up. (--phrase-file FILE writes the phrase.)"
            .to_owned(),
    })
}

fn import(args: &ImportArgs, wallets: &Wallets, json: bool) -> Result<()> {
    wallets.check_name(&args.name)?;
    let both_stdin = |file: &Option<PathBuf>| file.as_deref() == Some(Path::new("-"));
    if both_stdin(&args.secret_file) && both_stdin(&args.passphrase_file) {
        return told("standard input cannot be both the secret and the passphrase: put one of them in a file");
    }
    let secret = match &args.secret_file {
        Some(path) => read_secret(path, IMPORTED)?,
        None if io::stdin().is_terminal() => {
            Secret::new(rpassword::prompt_password("Recovery phrase or private key (not shown): ")?)
        }
        None => read_secret(Path::new("-"), IMPORTED)?,
    };
    let key = read_key(&secret, args.index)?;
    let passphrase = new_passphrase(args.passphrase_file.as_deref())?;
    let wallet = wallets.add(&args.name, &key, &passphrase)?;
    report(&wallet, json, || "Imported. What you typed is not kept; delete any file you left it in.".to_owned())
}

/// A phrase has blanks, a keystore a brace; anything else should be a key.
fn read_key(secret: &Secret, index: u32) -> Result<Key> {
    let text = secret.expose().trim();
    if text.starts_with('{') {
        let keystore = Keystore::parse("the keystore", text.as_bytes())?;
        if !io::stdin().is_terminal() {
            return told(
                "a keystore file has a passphrase of its own, which must be asked for: run this in a terminal",
            );
        }
        let old = Secret::new(rpassword::prompt_password("Its present passphrase: ")?);
        return Ok(keystore.open("the keystore", &old)?);
    }
    if text.split_whitespace().count() > 1 {
        return Ok(Phrase::parse(secret)?.key(index, None)?);
    }
    Ok(Key::from_hex(secret)?)
}

fn list(wallets: &Wallets, json: bool) -> Result<()> {
    let listing = wallets.list()?;
    let rows: Vec<_> = listing
        .wallets
        .iter()
        .map(|wallet| json!({ "name": wallet.name, "address": wallet.address, "file": wallet.path }))
        .collect();
    let broken: Vec<_> =
        listing.unreadable.iter().map(|file| json!({ "file": file.path, "reason": file.reason })).collect();
    output::emit(json, &json!({ "wallets": rows, "unreadable": broken }), || {
        if listing.wallets.is_empty() && listing.unreadable.is_empty() {
            return format!("No wallets in {}; `limpid wallet new NAME` makes one.", wallets.path().display());
        }
        let rows: Vec<_> = listing
            .wallets
            .iter()
            .map(|wallet| {
                vec![
                    wallet.name.clone(),
                    wallet.address.map_or_else(|| "not written in the file".to_owned(), |at| at.to_string()),
                ]
            })
            .collect();
        let mut text = output::table(&["name", "address"], &rows);
        for file in &listing.unreadable {
            text += &format!("not usable: {}\n", file.reason);
        }
        text
    })
}

fn report(wallet: &WalletInfo, json: bool, advice: impl FnOnce() -> String) -> Result<()> {
    let value = json!({ "name": wallet.name, "address": wallet.address, "file": wallet.path });
    output::emit(json, &value, || {
        let address = wallet.address.map_or_else(String::new, |at| at.to_string());
        let fields =
            [("wallet", wallet.name.clone()), ("address", address), ("file", wallet.path.display().to_string())];
        output::fields(&fields) + "\n" + &advice()
    })
}

/// Asked for twice: a mistyped passphrase would lock the owner out.
fn new_passphrase(file: Option<&Path>) -> Result<Secret> {
    let first = passphrase(file, "Passphrase for the file (at least 8 characters): ")?;
    Wallets::check_passphrase(&first)?;
    if file.is_none() {
        let second = passphrase(None, "The same again: ")?;
        if first.expose() != second.expose() {
            return told("the two passphrases differ; nothing was made");
        }
    }
    Ok(first)
}

/// L-1: to the terminal itself, never to standard output, which may be a file or a log. False without one.
fn show_on_terminal(phrase: &Phrase) -> Result<bool> {
    if !io::stderr().is_terminal() {
        return Ok(false);
    }
    let mut terminal = io::stderr().lock();
    writeln!(terminal, "\nRecovery phrase:\n\n  {}\n", phrase.expose())?;
    Ok(true)
}

fn write_phrase(path: &Path, phrase: &Phrase) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let told = |error: io::Error| CliError::Told(format!("{}: {error}", path.display()));
    let mut file = options.open(path).map_err(told)?;
    writeln!(file, "{}", phrase.expose()).and_then(|()| file.sync_all()).map_err(told)
}
