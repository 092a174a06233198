//! Errors of blocks and of the chain.

use alloy_primitives::B256;
use limpid_evm::ExecError;
use limpid_state::{StateError, StoreError};

/// Why something could not be done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The state failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database failed while executing; no block can be built or checked.
    #[error("execution stopped: {0}")]
    Execution(String),
    /// The block breaks the rules.
    #[error("invalid block {hash}: {reason}")]
    Invalid {
        /// The block's hash.
        hash: B256,
        /// The rule it breaks.
        reason: BlockFault,
    },
    /// A block's parent is neither committed nor pending here.
    #[error("the block's parent {0} is unknown")]
    UnknownParent(B256),
    /// A block that is part of the chain is not executed again.
    #[error("block {height} ({hash}) is committed already")]
    AlreadyCommitted {
        /// Its height.
        height: u64,
        /// Its hash.
        hash: B256,
    },
    /// A block's parent is committed, and the chain went on from it.
    #[error("block {height} ({parent}) can no longer be built upon: the head is block {head}")]
    ParentNotHead {
        /// The parent's height.
        height: u64,
        /// The parent's hash.
        parent: B256,
        /// The head's height.
        head: u64,
    },
    /// A block was never built or executed here, or lost to another.
    #[error("the block {0} is unknown")]
    UnknownBlock(B256),
    /// Blocks are committed in order.
    #[error("cannot commit block {height} ({hash}): the head is block {head}")]
    OutOfOrder {
        /// The block's height.
        height: u64,
        /// The block's hash.
        hash: B256,
        /// The head's height.
        head: u64,
    },
    /// A single chain of more blocks than are kept waits to be committed.
    #[error("{0} blocks wait to be committed; commit some first")]
    TooManyPending(usize),
    /// The genesis cannot be used.
    #[error("genesis: {0}")]
    Genesis(String),
    /// A row that cannot be decoded or is missing.
    #[error("damaged data directory: {0}")]
    Damaged(String),
    /// A write failed half-way between the store and this process: what memory says of the head may be stale.
    #[error("the store failed while the head moved: restart the node, which reads the head again")]
    Torn,
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
    /// Bytes that no account's code can be.
    #[error("not usable as code: {0}")]
    Code(String),
    /// A development chain's time cannot go back.
    #[error("timestamp {asked} is before {earliest}, the earliest the head allows")]
    Time {
        /// Seconds since 1970.
        asked: u64,
        /// Seconds since 1970.
        earliest: u64,
    },
    /// A development chain's time ends somewhere.
    #[error("timestamp {asked} is beyond {latest}, the latest that a development chain can be moved to")]
    TimeTooFar {
        /// Seconds since 1970.
        asked: u64,
        /// Seconds since 1970.
        latest: u64,
    },
    /// More blocks than one request may make.
    #[error("{asked} blocks are more than one request makes ({most})")]
    TooManyBlocks {
        /// Blocks.
        asked: u64,
        /// Blocks.
        most: u64,
    },
    /// The chain is a copy: see [`crate::import`].
    #[error("this is an imported chain: it makes no blocks")]
    Imported,
    /// A file that cannot be imported.
    #[error("cannot import: {0}")]
    Import(String),
    /// A dump that cannot be made or loaded.
    #[error("{0}")]
    Dump(String),
    /// Asked for what only a development chain does.
    #[error("only development chains do this")]
    NotDev,
}

impl ChainError {
    /// Whether the store failed, which may be full, rather than what was asked of it.
    pub(crate) const fn is_of_store(&self) -> bool {
        matches!(self, Self::Store(_) | Self::State(StateError::Store(_)))
    }
}

/// The rule that a block breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    /// A transaction nobody signed.
    #[error("transaction {0} has no valid signature")]
    Signature(usize),
    /// A transaction that may not stand there.
    #[error("transaction {hash}: {reason}")]
    Transaction {
        /// Its hash.
        hash: B256,
        /// What is wrong.
        reason: String,
    },
    /// A block that is not later than its parent where it must be.
    #[error("timestamp {found} is before {earliest}, the earliest its parent allows")]
    Timestamp {
        /// The block's.
        found: u64,
        /// The earliest.
        earliest: u64,
    },
    /// A block of a fork that this program does not execute.
    #[error("it is of {name}, and this program executes Osaka's rules alone: import its chain with --head-state")]
    Fork {
        /// The fork's name.
        name: &'static str,
    },
    /// A deposit event that validators could not read.
    #[error("a deposit event of another shape than EIP-6110 has")]
    Deposit,
    /// A block that is too long.
    #[error("its encoding has {found} bytes, of {limit} that a block may have")]
    Size {
        /// Bytes.
        found: usize,
        /// Bytes.
        limit: usize,
    },
    /// A header field is not what execution gives.
    #[error("{field} is {found}, but execution gives {expected}")]
    Field {
        /// The header field.
        field: &'static str,
        /// The block's value.
        found: String,
        /// The right value.
        expected: String,
    },
}

impl ChainError {
    /// Whether this says that a block is bad, not that this node failed.
    pub const fn is_invalid_block(&self) -> bool {
        matches!(self, Self::Invalid { .. })
    }
}

impl From<ExecError> for ChainError {
    fn from(error: ExecError) -> Self {
        Self::Execution(error.to_string())
    }
}

pub(crate) fn damaged(what: &str) -> ChainError {
    ChainError::Damaged(format!("a row that is no {what}"))
}
