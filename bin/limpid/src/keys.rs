use crate::{
    args::{Global, Signing},
    error::{CliError, Result, told},
    session::Session,
};
use alloy_primitives::Address;
use limpid_wallet::{Secret, Signer, Wallets, dev_signer};
use std::{
    io::{self, IsTerminal as _, Read as _},
    path::Path,
};

/// Development accounts are the ten that every development chain funds.
const DEV_ACCOUNTS: u32 = 10;
/// A phrase, a key or a passphrase is far shorter.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// The keystore folder.
pub struct Wallet;

impl Wallet {
    /// As given, or the default.
    pub fn folder(global: &Global) -> Result<Wallets> {
        let path = global.wallets.clone().or_else(Wallets::default_path);
        path.map(Wallets::at)
            .ok_or_else(|| CliError::Told("no home directory: say where wallets are with --wallets DIR".into()))
    }
}

/// Who signs. Its key stays closed until there is something to sign.
pub struct Account {
    /// Its address.
    pub address: Address,
    /// For people: name and address.
    pub label: String,
    source: Source,
}

enum Source {
    Dev(u32),
    Wallet(String),
}

impl Account {
    /// The account that `--from` means, or the only wallet there is.
    pub fn find(session: &Session, signing: &Signing) -> Result<Self> {
        match &signing.from {
            Some(from) => Self::named(session, from, signing),
            None => {
                let wallets = session.wallets.list()?.wallets;
                match wallets.as_slice() {
                    [only] => Self::named(session, &only.name, signing),
                    [] => told(
                        "say who signs with --from WALLET (or --from dev:0 on a development chain); \
                                `limpid wallet new NAME` makes a wallet",
                    ),
                    _ => told("there are several wallets: say who signs with --from WALLET (`limpid wallet list`)"),
                }
            }
        }
    }

    fn named(session: &Session, from: &str, signing: &Signing) -> Result<Self> {
        if let Some(index) = dev_index(from)? {
            if !session.dev {
                return told("dev accounts work on development chains only: everybody has their keys");
            }
            let address = dev_signer(index)?.address();
            return Ok(Self { address, label: format!("dev:{index} {address}"), source: Source::Dev(index) });
        }
        let wallet = session.wallets.find(from)?;
        let Some(address) = wallet.address else {
            return told(format!(
                "wallet `{}` does not say its address: import it again with `limpid wallet import`",
                wallet.name
            ));
        };
        // Before anything is shown and agreed to.
        if let Some(path) = signing.passphrase_file.as_deref().filter(|path| *path != Path::new("-")) {
            std::fs::metadata(path).map_err(|error| no_secret(path, PASSPHRASE, &error))?;
        }
        Ok(Self { address, label: format!("{} {address}", wallet.name), source: Source::Wallet(wallet.name) })
    }

    /// Opens the key, asking for its passphrase if need be.
    pub fn unlock(&self, session: &Session, signing: &Signing) -> Result<Signer> {
        let signer = match &self.source {
            Source::Dev(index) => dev_signer(*index)?,
            Source::Wallet(name) => {
                let passphrase = passphrase(signing.passphrase_file.as_deref(), &format!("Passphrase of {name}: "))?;
                session.wallets.unlock(name, &passphrase)?
            }
        };
        if signer.address() != self.address {
            return told("the wallet's file was changed meanwhile; nothing was signed");
        }
        Ok(signer)
    }
}

/// The account that a person means: an address, `dev:N`, or the name of a wallet.
pub fn address(session: &Session, wanted: &str) -> Result<Address> {
    address_in(&session.wallets, wanted)
}

/// The same without a node.
pub fn address_in(wallets: &Wallets, wanted: &str) -> Result<Address> {
    if let Ok(address) = wanted.parse::<Address>() {
        if !has_good_checksum(wanted) {
            return told(format!("`{wanted}` is mistyped: its capital letters do not fit its digits (EIP-55)"));
        }
        return Ok(address);
    }
    if let Some(index) = dev_index(wanted)? {
        return Ok(dev_signer(index)?.address());
    }
    if wanted.starts_with("0x") {
        return told(format!("`{wanted}` is not an address: expected 0x and 40 hexadecimal digits"));
    }
    match wallets.find(wanted)?.address {
        Some(address) => Ok(address),
        None => told(format!("wallet `{wanted}` does not say its address")),
    }
}

/// Whether the capitals of an address are its checksum (EIP-55); one written in a single case carries none.
pub fn has_good_checksum(address: &str) -> bool {
    let digits = address.trim_start_matches("0x");
    let single_case = digits == digits.to_lowercase() || digits == digits.to_uppercase();
    single_case || Address::parse_checksummed(format!("0x{digits}"), None).is_ok()
}

fn dev_index(text: &str) -> Result<Option<u32>> {
    let Some(index) = text.strip_prefix("dev:") else { return Ok(None) };
    match index.parse() {
        Ok(index) if index < DEV_ACCOUNTS => Ok(Some(index)),
        _ => told(format!("`{text}` is no dev account: dev:0 to dev:{}", DEV_ACCOUNTS - 1)),
    }
}

/// A passphrase from a file, from standard input (`-`), or asked for without echo.
pub fn passphrase(file: Option<&Path>, prompt: &str) -> Result<Secret> {
    passphrase_of(file, prompt, "--passphrase-file")
}

/// The same where the file is given by another flag.
pub fn passphrase_of(file: Option<&Path>, prompt: &str, flag: &str) -> Result<Secret> {
    match file {
        Some(path) => Ok(read_secret(path, PASSPHRASE)?.trimmed_line()),
        None if io::stdin().is_terminal() => Ok(Secret::new(rpassword::prompt_password(prompt)?)),
        None => told(format!("there is no terminal to ask for the passphrase: give {flag} FILE")),
    }
}

/// What a passphrase file is for, in a message.
const PASSPHRASE: &str = "the passphrase (--passphrase-file, LIMPID_PASSPHRASE_FILE)";

fn no_secret(path: &Path, what: &str, error: &io::Error) -> CliError {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        io::ErrorKind::InvalidData => "it is no text".to_owned(),
        _ => error.to_string(),
    };
    CliError::Told(format!("{}: {reason}; it is to hold {what}", path.display()))
}

/// A whole secret from a file or standard input (`-`); `what` says for messages what it is.
pub fn read_secret(path: &Path, what: &str) -> Result<Secret> {
    let mut text = String::new();
    let read = |source: &mut dyn io::Read, text: &mut String| source.take(MAX_SECRET_BYTES).read_to_string(text);
    if path == Path::new("-") {
        read(&mut io::stdin().lock(), &mut text)?;
    } else {
        let opened = std::fs::File::open(path).and_then(|mut file| read(&mut file, &mut text));
        opened.map_err(|error| no_secret(path, what, &error))?;
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod checksum {
    use super::has_good_checksum;

    #[test]
    fn a_mistyped_address_is_noticed() {
        assert!(has_good_checksum("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
        assert!(has_good_checksum("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"), "one case carries no checksum");
        assert!(!has_good_checksum("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267"));
        assert!(!has_good_checksum("0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
    }
}
