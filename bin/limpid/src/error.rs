use limpid_client::{ClientError, amount::AmountError, registry::NameError};
use limpid_market::{FeedError, MarketError};
use limpid_wallet::WalletError;

/// Why a command failed; printed as it is.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The node or a contract refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A wallet matter.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// Not an amount.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// Not a token.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Not a price file.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The market stopped.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// A file or the terminal failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Anything else, in words.
    #[error("{0}")]
    Told(String),
}

impl CliError {
    /// Whoever read our output stopped reading.
    pub fn is_closed_pipe(&self) -> bool {
        let (Self::Io(error) | Self::Market(MarketError::Output(error))) = self else { return false };
        error.kind() == std::io::ErrorKind::BrokenPipe
    }
}

/// What commands return.
pub type Result<T> = std::result::Result<T, CliError>;

/// An error in words.
pub fn told<T>(message: impl Into<String>) -> Result<T> {
    Err(CliError::Told(message.into()))
}
