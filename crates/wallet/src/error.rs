use std::path::PathBuf;

/// What a wallet operation returns.
pub type Result<T> = std::result::Result<T, WalletError>;

/// Why a wallet operation failed, in words a user can act on. Never holds a secret (W-1).
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// The name cannot be a file name everywhere.
    #[error("`{0}` cannot be a wallet's name: use 1 to 64 letters, digits, `-` or `_`, not starting with `-` or `0x`")]
    BadName(String),
    /// The name is in use.
    #[error("a wallet named `{0}` exists already; choose another name (nothing was changed)")]
    NameTaken(String),
    /// The key is in the directory already, under another name.
    #[error("this key is already here as wallet `{0}` (nothing was changed)")]
    KeyTaken(String),
    /// No wallet answers to this.
    #[error("no wallet `{wanted}` in {directory}; `limpid wallet list` shows what is there")]
    NotFound {
        /// The name or address asked for.
        wanted: String,
        /// Where we looked.
        directory: PathBuf,
    },
    /// The passphrase does not open the file.
    #[error("wrong passphrase for wallet `{0}`")]
    WrongPassphrase(String),
    /// The passphrase is too short to protect anything.
    #[error("the passphrase needs at least 8 characters")]
    WeakPassphrase,
    /// The file is not a keystore we can read.
    #[error("{file} is not a usable keystore file: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The phrase is not a BIP-39 phrase.
    #[error("this is not a valid recovery phrase: {0}")]
    BadPhrase(&'static str),
    /// The text is not a private key.
    #[error("this is not a private key: expected 64 hexadecimal digits (with or without 0x)")]
    BadKey,
    /// BIP-44 indices end at 2^31 - 1.
    #[error("account index {0} is too large")]
    BadIndex(u32),
    /// A transaction without a chain id could be replayed on any chain.
    #[error("refusing to sign a transaction that names no chain id: it could be replayed on any chain")]
    NoChainId,
    /// Blob transactions need sidecars, which this wallet does not make.
    #[error("refusing to sign a blob transaction: this wallet does not make them")]
    Blobs,
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes: {0}")]
    Randomness(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl WalletError {
    pub(crate) fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }
}
