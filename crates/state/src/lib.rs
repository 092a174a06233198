//! State of the chain: accounts, storage slots, code, the Merkle-Patricia trie over them, and every past height.
//!
//! # Rules
//!
//! - Flat tables keyed by hashes are the truth; the trie is derived from them and can be recomputed
//!   ([`StateDb::verify`]).
//! - A block's changes ([`StateDiff`]) are applied over a parent without touching it ([`StateDb::apply`]); the
//!   result is a [`Pending`] state with its root, which can be read and built upon before it is final.
//! - [`StateDb::prepare`] adds a pending state's rows to the caller's [`Batch`]. The caller adds its own, commits the
//!   batch to the [`Store`] and calls [`StateDb::publish`]. Until then nothing in memory has changed, so that a
//!   failed commit needs no undoing.
//! - A value at any height is the newest history row at or below it ([`StateDb::at`]), unless it was pruned
//!   ([`StateDb::prepare_prune`]).
//! - A proof of one of the last blocks ([`StateDb::proof`]) starts from the nearest height whose trie can be read, and
//!   must arrive at the root recorded for its own.
//! - Memory is bounded by [`Options`]; readers do not fill it. Any bounds give the same rows.
//!
//! Amounts are in the chain's smallest unit; nothing is rounded here. No clocks, no randomness, no threads: the same
//! diffs give the same rows on every node.
//!
//! # Invariants
//!
//! 1. The root of a pending or committed state equals an independent recomputation over its accounts and slots
//!    (`tests/it/fuzz.rs`, `tests/it/genesis.rs`).
//! 2. The rows of the node table are exactly the nodes of the tries of the height they describe: none missing, none
//!    left over (`src/trie/tests.rs`; [`StateDb::verify`], called by `tests/it/fuzz.rs`).
//! 3. Reading at a height gives what was committed at that height, deletes included (`tests/it/fuzz.rs`).
//! 4. A pending state whose parent is not the committed head cannot be committed (`tests/it/commit.rs`).
//! 5. A reader never sees values of two heights, whatever is committed meanwhile (`tests/it/commit.rs`).
//! 6. An acknowledged commit survives a crash; a batch that was not acknowledged is there whole or not at all
//!    (`tests/it/store.rs`).
//! 7. A damaged or missing node row is an error, never another root (`src/trie/tests.rs`, `tests/it/verify.rs`).
//! 8. A second process on a data directory, and a directory of other rules or of another engine, are refused
//!    (`tests/it/store.rs`).
//! 9. A proof holds against the root of its height, after restarts, rewinds and while old nodes go
//!    (`tests/it/proofs.rs`, `tests/it/fuzz.rs`).
//! 10. Pruning removes nothing that a kept height reads, a crash between two steps included, and a pruned height is
//!     refused by name (`tests/it/prune.rs`).
//! 11. A backup gives back every row of one moment; one that was cut or changed gives an error
//!     (`tests/it/backup.rs`).
//!
//! Every test of [`StateDb`] and of stores runs in memory, on fjall and on redb.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod apply;
pub mod backup;
mod cache;
mod commit;
mod db;
mod diff;
mod error;
mod history;
mod keys;
mod nodes;
mod options;
mod past;
mod prune;
mod rewind;
mod store;
mod trie;
mod verify;
mod verify_history;
mod views;

pub use self::{
    commit::Prepared,
    db::{Head, StateDb},
    diff::{Account, StateDiff},
    error::StateError,
    history::AtHeight,
    options::{Options, PROOF_WINDOW},
    store::{
        Batch, Format, KeyRange, MAX_KEY_LEN, MemStore, Order, Reader, Row, Rows, Store, StoreError, StoreKind,
        StoreOptions, Table, compact, open_existing, open_store,
    },
    verify::Report,
    verify_history::HistoryReport,
    views::{AccountProof, Base, Committed, Pending, StateRead, StorageProof},
};
