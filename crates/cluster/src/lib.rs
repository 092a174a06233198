//! Validators that agree on blocks: Limpid's chain under commonware's consensus (simplex and marshal).
//!
//! Empty without the feature `cluster`: a single node needs no consensus, and compiles none.
//!
//! # What it is
//!
//! The block loop of a single node decides alone which block comes next; here validators agree on it. Both drive the
//! same `limpid_chain::Executor` and nothing else of the chain:
//!
//! - A leader proposes a block that it built over the one before it, whether that one is final or not.
//! - The others execute it and vote for it only if they come to the same header, field by field.
//! - What consensus has made final is committed, in order, and only then acknowledged to consensus.
//!
//! ```text
//!                propose: build                           final: execute if unknown, commit, acknowledge
//! transactions ------------------> block -> votes -> finality ---------------------> store, head, pool
//!                                    |
//!                                    v  verify: execute, compare the header
//!                                 other validators
//! ```
//!
//! Everything here runs on a context of commonware's runtime (clock, tasks, storage, randomness), so that a whole
//! cluster runs in its deterministic simulator: virtual time, a simulated network, crashes, and the same run again from
//! the same seed. Up to a third of the validators, less one, may do what they like.
//!
//! # Rules
//!
//! - Validators agree on the header's hash. A block whose body is not the one its header names, or that is encoded in
//!   another way than ours, is not decoded, so that the hash stands for the whole block.
//! - No vote against a block without proof: what cannot be told now (an ancestor is missing, the store fails, the block
//!   is from the future) is not answered, and the vote goes to the next view.
//! - A leader's clock is its own business only up to `MAX_CLOCK_DRIFT`; the vote for a later block waits.
//! - Blocks that are executed and not final are a cache of the executor. It may forget any of them; they are executed
//!   again from consensus's copy.
//! - Transactions of blocks that are not final stay in the pool, and proposals over such blocks leave them out.
//! - The chain tells a block that is committed from one that contradicts what is committed. The first may come again, after
//!   a crash between the commit and the acknowledgement; the second gets no vote.
//! - A validator that cannot commit a final block stops: it acknowledges nothing more and delivers nothing more.
//! - Every call of the executor has a thread with `limpid_chain::STACK`; the calling task waits for it. That
//!   keeps the simulator deterministic.
//!
//! # Invariants
//!
//! 1. Agreement: no two validators commit different blocks at one height, whatever crashes, partitions and minorities
//!    do, and every committed state root is what a stranger's execution gives (`World::check` in `tests/it/world.rs`,
//!    at the end of every run).
//! 2. Validity: a block that executes to another header is not voted for, and never committed
//!    (`tests/it/byzantine.rs`).
//! 3. Commit only after finality: without a quorum nothing is committed, though blocks are executed
//!    (`tests/it/faults.rs`).
//! 4. Restart: a validator comes back at the head of its store, no committed block is committed again, and one whose
//!    store fails votes no more (`tests/it/faults.rs`).
//! 5. Speculation: block N+1 is built and executed before N is final, and is offered none of N's transactions again
//!    (`tests/it/agreement.rs`).
//! 6. Determinism: the same seed gives the same run, message by message (`tests/it/agreement.rs`).
//! 7. A digest stands for one sequence of bytes (`src/block.rs`).
//!
//! # What it showed about the seam
//!
//! `Executor` is right as it is: `build`, `execute`, `commit` and `head`, synchronous, a parent by its hash, whole blocks,
//! and no type of consensus. Trying it changed what stands behind the calls: blocks that wait became a cache, a block got
//! a longest encoding, and `execute` got answers of its own for what is committed and for what contradicts it.
//!
//! # What is not here
//!
//! A network between machines, keys on disk, changes of the validator set, idle pacing by work, gossip of transactions.
//! The consensus library calls the interface that it gives applications unstable: this is the only crate that knows
//! it, and its version is pinned.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

#[cfg(feature = "cluster")]
mod application;
#[cfg(feature = "cluster")]
mod block;
#[cfg(feature = "cluster")]
mod execution;
#[cfg(feature = "cluster")]
mod finality;
#[cfg(feature = "cluster")]
mod transactions;
#[cfg(feature = "cluster")]
mod validator;

#[cfg(feature = "cluster")]
pub use self::{
    application::MAX_CLOCK_DRIFT,
    block::{AgreedBlock, Digest},
    transactions::{PoolTransactions, Transactions},
    validator::{Channel, Channels, Timing, Validator, start},
};
