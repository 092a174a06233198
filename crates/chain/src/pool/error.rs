//! Why the pool refuses a transaction, in the words other clients use where they have them: wallets match on these.

use alloy_primitives::{Address, U256};

/// Why a transaction was not admitted. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// Not an encoded transaction.
    #[error("invalid transaction encoding: {0}")]
    Malformed(String),
    /// A type that the pool does not take.
    #[error("transaction type not supported: type {ty:#04x}{}", type_hint(*ty))]
    TypeNotSupported {
        /// The EIP-2718 type.
        ty: u8,
    },
    /// Larger than any transaction may be.
    #[error("oversized data: transaction size {size}, limit {limit}")]
    Oversized {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// It is in the pool.
    #[error("already known")]
    AlreadyKnown,
    /// The signature is malformed, malleable, or made by no key.
    #[error("invalid sender")]
    InvalidSender,
    /// The sender is a contract (EIP-3607).
    #[error("sender not an eoa: address {0}")]
    SenderIsContract(Address),
    /// Signed for another chain.
    #[error("invalid chain id for signer: have {have} want {want}")]
    WrongChain {
        /// The transaction's chain id.
        have: u64,
        /// This chain's.
        want: u64,
    },
    /// A legacy transaction that any chain would take.
    #[error("only replay-protected (EIP-155) transactions allowed over RPC")]
    Unprotected,
    /// The nonce was used.
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow {
        /// The sender's next nonce.
        next: u64,
        /// The transaction's.
        nonce: u64,
    },
    /// Further ahead than the pool keeps.
    #[error("nonce too high: next nonce {next}, tx nonce {nonce}, at most {ahead} ahead are kept")]
    NonceTooHigh {
        /// The sender's next nonce.
        next: u64,
        /// The transaction's.
        nonce: u64,
        /// How far ahead a nonce may be.
        ahead: u64,
    },
    /// No account may get past this nonce (EIP-2681).
    #[error("nonce has max value")]
    NonceMax,
    /// The tip is above the fee cap.
    #[error("max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: {tip}, maxFeePerGas: {cap}")]
    TipAboveCap {
        /// Wei per gas.
        tip: u128,
        /// Wei per gas.
        cap: u128,
    },
    /// It can never be mined: the base fee does not fall that far.
    #[error("transaction underpriced: max fee per gas {cap} is below the chain's lowest base fee {floor}")]
    Underpriced {
        /// Wei per gas.
        cap: u128,
        /// Wei per gas.
        floor: u64,
    },
    /// A transaction with this nonce is there and pays nearly as much or more.
    #[error("replacement transaction underpriced: needs maxFeePerGas {cap} and maxPriorityFeePerGas {tip} or more")]
    ReplacementUnderpriced {
        /// The fee cap it would take, in wei per gas.
        cap: u128,
        /// The tip it would take, in wei per gas.
        tip: u128,
    },
    /// The sender cannot pay for it.
    #[error("insufficient funds for gas * price + value: address {address} have {balance} want {cost}")]
    InsufficientFunds {
        /// The sender.
        address: Address,
        /// Its balance in wei.
        balance: U256,
        /// What the transaction may cost in wei.
        cost: U256,
    },
    /// The sender cannot pay for it and its other waiting transactions.
    #[error("insufficient funds for gas * price + value: balance {balance}, queued cost {queued}, tx cost {cost}")]
    Overdraft {
        /// The sender's balance in wei.
        balance: U256,
        /// What its waiting transactions may cost in wei.
        queued: U256,
        /// What this one may cost in wei.
        cost: U256,
    },
    /// The gas limit does not cover what every such transaction costs.
    #[error("intrinsic gas too low: have {have}, want {want}")]
    IntrinsicGas {
        /// The transaction's gas limit.
        have: u64,
        /// What it needs.
        want: u64,
    },
    /// The gas limit does not cover the floor for calldata (EIP-7623).
    #[error("insufficient gas for floor data gas cost: have {have}, want {want}")]
    FloorGas {
        /// The transaction's gas limit.
        have: u64,
        /// What it needs.
        want: u64,
    },
    /// Above what one transaction may ask for (EIP-7825).
    #[error("transaction gas limit too high (cap: {cap}, tx: {have})")]
    GasCap {
        /// The cap.
        cap: u64,
        /// The transaction's gas limit.
        have: u64,
    },
    /// Above what a block leaves to transactions.
    #[error("exceeds block gas limit: have {have}, limit {limit}")]
    BlockGasLimit {
        /// The transaction's gas limit.
        have: u64,
        /// The block's room for transactions.
        limit: u64,
    },
    /// Init code above the limit (EIP-3860).
    #[error("max initcode size exceeded: code size {size}, limit {limit}")]
    InitCodeSize {
        /// Bytes.
        size: usize,
        /// Bytes.
        limit: usize,
    },
    /// A type 4 transaction without authorizations (EIP-7702).
    #[error("set code transaction must contain at least one authorization")]
    NoAuthorizations,
    /// The sender has as many waiting as one sender may.
    #[error("account limit exceeded: {limit} transactions of {address} are waiting")]
    SenderLimit {
        /// The sender.
        address: Address,
        /// The limit that was reached.
        limit: usize,
    },
    /// The pool is full and this one pays no more than the cheapest in it.
    #[error("txpool is full: a tip above {lowest} wei per gas is needed")]
    Full {
        /// The cheapest transaction's tip in wei per gas.
        lowest: u128,
    },
    /// The state could not be read.
    #[error("internal error: {0}")]
    State(String),
}

const fn type_hint(ty: u8) -> &'static str {
    match ty {
        3 => " (this chain has no blobs)",
        crate::tx::SYSTEM_TX_TYPE => " (system transactions are made by blocks)",
        _ => "",
    }
}
