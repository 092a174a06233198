//! Blocks: types and codec, genesis, mempool, executor, block loop, indices, and the [`Node`] that answers for all.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod block;
mod error;
mod feed;
pub mod fees;
pub mod genesis;
pub mod history;
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
    error::{BlockFault, ChainError},
    feed::{Feed, Subscription},
    genesis::{Genesis, GenesisAccount},
    ledger::{Executed, Executor, Ledger},
    node::{HeadEvent, Mining, Node, NodeOptions},
    operator::{Operator, header_digest, header_signer},
    pool::{Pool, PoolError, PoolLimits},
    receipt::Receipt,
    rows::Position,
    tx::{Recovered, SystemTx, Transaction},
    workers::{STACK, WorkError},
};
