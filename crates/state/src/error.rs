//! Errors.

use crate::StoreError;
use alloy_primitives::{Address, B256};
use alloy_trie::Nibbles;

/// Why a state operation failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A trie node is not in the store.
    #[error("damaged state: no trie node at path {path:?}")]
    MissingNode {
        /// The node's path.
        path: Nibbles,
    },
    /// A stored trie node does not have the hash its parent names.
    #[error("damaged state: the trie node at path {path:?} is not the one its parent names")]
    WrongNode {
        /// The node's path.
        path: Nibbles,
    },
    /// A row that cannot be decoded, or that contradicts another.
    #[error("damaged state: {0}")]
    Damaged(String),
    /// A diff gives storage to an account that does not exist after it.
    #[error("bad state diff: storage for {0}, which has no account")]
    StorageWithoutAccount(Address),
    /// A diff's code is neither stored nor in the diff.
    #[error("bad state diff: the code {code_hash} of {address} is unknown")]
    UnknownCode {
        /// The account.
        address: Address,
        /// Its code hash.
        code_hash: B256,
    },
    /// A diff files code under a hash that is not its own.
    #[error("bad state diff: code filed under {0} has another hash")]
    WrongCodeHash(B256),
    /// The pending state does not build on the committed head: it lost to another fork, or its parent was not
    /// committed first.
    #[error("the pending state {root} does not build on the committed head")]
    NotOnHead {
        /// The pending state's root.
        root: B256,
    },
    /// Heights must follow each other.
    #[error("cannot commit height {height}: the committed head is {head}")]
    WrongHeight {
        /// The height asked for.
        height: u64,
        /// The committed head's height.
        head: u64,
    },
    /// Another state was committed at that height.
    #[error("height {height} is already committed with root {committed}, not {root}")]
    OtherRootCommitted {
        /// The height.
        height: u64,
        /// The committed root.
        committed: B256,
        /// The root asked for.
        root: B256,
    },
    /// The store does not hold what is to be published.
    #[error("the prepared batch of height {height} was not committed, or something else was since")]
    NotCommitted {
        /// The height.
        height: u64,
    },
    /// No state is kept for that height.
    #[error("no state at height {height}: {}", range(*.first, *.head))]
    UnknownHeight {
        /// The height asked for.
        height: u64,
        /// First height there is state for.
        first: Option<u64>,
        /// The committed head's height.
        head: Option<u64>,
    },
    /// Proofs are given of the last blocks only.
    #[error("no proof at height {height}: proofs are kept for heights {first} to {head}")]
    NoProof {
        /// The height asked for.
        height: u64,
        /// First height there are proofs of.
        first: u64,
        /// The committed head's height.
        head: u64,
    },
    /// A bug in this crate.
    #[error("internal error in the state trie: {0}")]
    Internal(&'static str),
}

fn range(first: Option<u64>, head: Option<u64>) -> String {
    match (first, head) {
        (Some(first), Some(head)) => format!("heights {first} to {head} are kept"),
        _ => "nothing is committed yet".to_owned(),
    }
}
