//! Blocks: types and codec, genesis, mempool, executor, block loop, indices, and the [`Node`] that answers for all.
//!
//! # The way of a transaction
//!
//! [`Node::send_raw_transaction`] decodes it, recovers its sender (once, [`Recovered`]) and admits it to the [`Pool`].
//! The block loop asks the pool for the best transactions and the [`Ledger`] builds a block of them: execution, state
//! root, receipts. [`Executor::commit`] writes one batch: state, header, body, receipts, signature and every index.
//! Then listeners hear of the new head ([`Node::on_head`]). A cluster replaces the block loop by agreed blocks and
//! uses the same [`Executor`].
//!
//! # Rules
//!
//! - A block is built and checked by one function; a checker compares every header field with what execution gives.
//! - A block's base fee, gas limit, beneficiary and "random" number follow from its parent and the genesis; only its
//!   timestamp and its transactions are chosen. Timestamps are whole seconds and not before the parent's.
//! - What a hook does is a system transaction, at most one a phase, present only if it did something.
//! - Users' transactions leave the gas reserves of both hooks free.
//! - Amounts are in wei and exact; a fee is gas * price.
//! - All transactions execute on threads of our own with large stacks, calls and traces too; none of them is tokio's.
//! - What only development chains do ([`Node::edit`], [`Node::rewind`], time) is refused on all others.
//!
//! # Invariants
//!
//! 1. Every transaction, receipt and block has one encoding, and hashes and roots are Ethereum's
//!    (`tests/it/codec.rs`, `tests/it/mainnet.rs`).
//! 2. The same blocks give the same roots and receipts in a second instance with other hash seeds
//!    (`assert_replays` at the end of every test that makes a chain; `tests/it/replay.rs`, `tests/it/crash.rs`).
//! 3. No header field and no body other than the one execution gives is accepted (`tests/it/blocks.rs`).
//! 4. A committed block survives kill -9 with its receipts, signature and indices, and its state root equals a full
//!    recomputation (`tests/it/crash.rs`).
//! 5. Blocks are committed in order, again without effect, and a fork that lost is forgotten (`tests/it/blocks.rs`).
//! 6. No transaction that could be mined is left waiting, however many threads send (`tests/it/mining.rs`).
//! 7. The pool admits only what its sender can pay for and the next blocks could take, replaces only for 10 % more,
//!    and keeps within its limits (`tests/it/pool.rs`).
//! 8. Every move of coin and token is in the history of each party, in the batch of its block
//!    (`tests/it/history.rs`, `tests/it/system.rs`).
//!    So is what an explorer asks of all blocks ([`explorer`], `tests/it/explorer.rs`).
//! 9. Pruning and backups go on beside blocks, and a whole directory can be checked: any row that is changed or missing
//!    is found (`tests/it/upkeep.rs`).
//! 10. A data directory opens only under the rules it was written under (`tests/it/blocks.rs`).
//! 11. A copy of a foreign chain has the hashes of the original, burns and pays coin as Ethereum does, makes no blocks,
//!     and is refused whole if one block is not what its header says (`tests/it/import.rs`).
//! 12. A transaction of a sender who did not sign it stands in blocks of development chains alone, where everybody finds
//!     the same sender (`tests/it/impersonated.rs`).
//! 13. A dumped development chain is loaded as the same chain, by executing it (`tests/it/dump.rs`).
//! 14. A virtual block is the block that would follow, and nothing of it stays (`limpid-rpc`'s `tests/it/simulate.rs`).

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod block;
mod edit;
mod error;
pub mod explorer;
mod feed;
pub mod fees;
pub mod genesis;
pub mod history;
pub mod import;
pub mod ledger;
pub mod logs;
pub mod node;
mod operator;
pub mod pool;
mod receipt;
mod rows;
mod source;
pub mod tx;
mod workers;

pub use self::{
    block::{Block, BlockWithReceipts, SealedBlock},
    edit::{AccountEdit, Edited},
    error::{BlockFault, ChainError},
    feed::{Feed, Subscription},
    genesis::{Genesis, GenesisAccount},
    ledger::{Executed, Executor, Ledger},
    node::{HeadEvent, Mining, Node, NodeOptions, Snapshot},
    operator::{Operator, header_digest, header_signer},
    pool::{Pool, PoolError, PoolLimits},
    receipt::Receipt,
    rows::Position,
    tx::{Recovered, SystemTx, Transaction},
    workers::{STACK, WorkError},
};
