//! The key that signs a chain's blocks.
use super::NodeArgs;
use crate::{
    error::{CliError, Result, told},
    keys::{passphrase_of, read_secret},
};
use limpid_chain::{Genesis, Operator};
use limpid_wallet::{Key, Keystore};
use std::path::{Path, PathBuf};

/// Where a data directory keeps the key unless another file is named.
pub fn file_in(datadir: &Path) -> PathBuf {
    datadir.join("operator.key")
}

/// The key that the chain needs; `None` on development chains, which have a key of their own, and on chains whose
/// genesis names no operator.
pub fn load(args: &NodeArgs, genesis: &Genesis) -> Result<Option<Operator>> {
    if genesis.dev {
        return match &args.operator_key {
            Some(_) => told("a development chain signs with a key of its own: leave --operator-key out"),
            None => Ok(None),
        };
    }
    let usual = file_in(&args.datadir);
    let Some(file) = args.operator_key.clone().or_else(|| usual.is_file().then_some(usual)) else {
        return match genesis.operator {
            Some(operator) => told(format!(
                "this chain's blocks are signed by its operator {operator}: give the file of that key with \
                 --operator-key"
            )),
            None => Ok(None),
        };
    };
    let key = read(&file, args.operator_passphrase_file.as_deref())?;
    let name = file.display();
    let operator = Operator::new(key.expose()).ok_or_else(|| CliError::Told(format!("{name} holds no valid key")))?;
    match genesis.operator {
        Some(named) if named != operator.address() => told(format!(
            "{name} is the key of {}, but the operator of this chain is {named}: give its key with --operator-key",
            operator.address()
        )),
        _ => Ok(Some(operator)),
    }
}

/// A private key as hex, or a keystore file with its passphrase in another file. Others may read neither.
fn read(file: &Path, passphrase: Option<&Path>) -> Result<Key> {
    check_private(file)?;
    let secret = read_secret(file, "the operator's key (--operator-key)")?;
    let name = file.display().to_string();
    if !secret.expose().trim_start().starts_with('{') {
        return Key::from_hex(&secret).map_err(|_| {
            CliError::Told(format!("{name} is no key: expected 64 hexadecimal digits or a keystore file"))
        });
    }
    let keystore = Keystore::parse(&name, secret.expose().as_bytes())?;
    let passphrase = passphrase_of(passphrase, &format!("Passphrase of {name}: "), "--operator-passphrase-file")?;
    Ok(keystore.open(&name, &passphrase)?)
}

#[cfg(unix)]
fn check_private(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(found) = std::fs::metadata(file) else { return Ok(()) };
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let name = file.display();
    told(format!(
        "{name} can be read by others (mode {mode:o}): whoever has it can sign blocks. Run `chmod 600 {name}`"
    ))
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<()> {
    Ok(())
}
