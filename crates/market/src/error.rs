use limpid_client::ClientError;

/// Why a market stopped.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// The node or a contract refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A key could not be made or could not sign.
    #[error(transparent)]
    Wallet(#[from] limpid_wallet::WalletError),
    /// The keys of this market are public.
    #[error(
        "chain {0} is no development chain: the market's keys are public, so it plays only where coin is worth nothing"
    )]
    NotADevChain(u64),
    /// The funder is empty.
    #[error("the market's funder {account} (the last development account) has only {has}; it needs at least {needs}")]
    NoFunds {
        /// The last development account.
        account: alloy_primitives::Address,
        /// Its balance.
        has: String,
        /// What a market needs.
        needs: String,
    },
    /// An actor's transaction failed.
    #[error("{actor}, {what}: {source}")]
    Step {
        /// Who.
        actor: String,
        /// Doing what.
        what: &'static str,
        /// Why.
        source: ClientError,
    },
    /// The chain did not do what its contracts promise.
    #[error("the chain's answer makes no sense: {0}")]
    Inconsistent(&'static str),
    /// Prices outside what the arithmetic holds.
    #[error("these prices are too far apart for one pool")]
    Range,
    /// The report could not be written.
    #[error("cannot write the report: {0}")]
    Output(#[from] std::io::Error),
}
