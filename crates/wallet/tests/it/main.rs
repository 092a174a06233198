//! Keys on disk, in memory and in signatures.
mod directory;
mod keystore;
mod phrase;
mod secrecy;
mod signing;

use limpid_wallet::{Key, Secret};

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

pub(crate) fn key(hex: &str) -> Key {
    Key::from_hex(&secret(hex)).expect("a key")
}
