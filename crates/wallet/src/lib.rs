//! Keys: keystore files, mnemonics and signing.
//!
//! A [`Wallets`] directory holds one Web3 Secret Storage (keystore v3) file a key. A key comes from a
//! fresh or imported BIP-39 [`Phrase`] at BIP-44 path `m/44'/60'/0'/0/i`, or from raw hex. Unlocking
//! gives a [`Signer`], the only thing that signs. No network, no prompt and no clock lives here; the
//! command line asks, this crate keeps.
//!
//! # Rules
//!
//! - W-1 *A secret has no text form.* [`Secret`], [`Key`], [`Phrase`] and [`Signer`] print as a label
//!   (a signer as its address); no error carries a word, a key or a passphrase. Copies we make are
//!   wiped on drop.
//! - W-2 *A key file is never lost.* Files are written whole under another name, synced, then linked
//!   to their own name, which fails if it is taken. Nothing here overwrites or deletes a key file.
//! - W-3 *A key file is private.* Mode 0600, directory 0700.
//! - W-4 *A key file is data, not trust.* Sizes, cost parameters and ciphers are bounded before any
//!   work; a malformed file is an error, never a panic; the address written in a file must be the
//!   key's own.
//! - W-5 *Signatures are canonical*: deterministic (RFC 6979), `s` in the lower half of the order
//!   (EIP-2).
//! - W-6 *A transaction is bound to its chain.* One without a chain id is refused.
//!
//! Tested in `tests/it`: W-1 in `secrecy`, W-2 and W-3 in `directory`, W-4 in `keystore`, W-5 and W-6
//! in `signing`.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod directory;
mod error;
mod keystore;
mod phrase;
mod scrypt;
mod secret;
mod signer;

pub use directory::{Listing, Unreadable, WalletInfo, Wallets};
pub use error::{Result, WalletError};
pub use keystore::{Cost, Keystore};
pub use phrase::{DEV_MNEMONIC, Phrase, WordCount, dev_signer};
pub use secret::{Key, Secret};
pub use signer::{SignedTransaction, Signer};
