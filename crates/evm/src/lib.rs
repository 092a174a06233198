//! Execution: revm with native contracts in its frames, block by block.
//!
//! # How a call reaches native code
//!
//! [`vm::Vm`] intercepts `frame_init`. A call whose target's *own* account code is a marker, at an
//! address that is registered or recorded by its factory, runs Rust ([`frame`]); anything else is
//! revm's. The Rust side sees the world through [`limpid_native::Host`], implemented over the journal
//! in [`host`], so reverts, logs, warm and cold accesses and gas are the EVM's own.
//!
//! # Rules
//!
//! - V-1 *Own code only.* An account that delegates to a native contract (EIP-7702), or one whose code
//!   is overridden in a simulation, never runs native code.
//! - V-2 *Direct calls only.* DELEGATECALL and CALLCODE into a native contract revert.
//! - V-3 *Payouts last.* Coin that native code promises is paid after it has finished, inside the same
//!   checkpoint, with [`frame::PAYOUT_GAS`] and every native write locked.
//! - V-4 *A panic costs its transaction alone.* The transaction gets status 0 and is charged its whole
//!   gas limit; the EVM instance is dropped; the block goes on.
//! - V-5 *Same block, same result.* No clock, float, randomness or map order reaches a result: diffs are
//!   sorted, and a second executor with other hash seeds is part of the tests.
//! - V-6 *Fees are the community's.* Base fee and tip are credited to the block's beneficiary, which is
//!   the fee ledger. On a foreign chain the base fee is burnt and the tip is the beneficiary's (EIP-1559).
//! - V-7 *Machine rules.* What the work queue does in a block is one system transaction per phase,
//!   within a gas reserve, each item in a checkpoint of its own ([`hooks`]).
//! - V-8 *Errands.* The gateway's calls to foreign code run between two native steps, in frames of their own,
//!   with at most [`limpid_native::errand::FOREIGN_GAS`] each, never with coin, and with every native write
//!   locked ([`errand`]). Asking is static. No other contract has a way to foreign code.
//! - V-9 *Tracing only looks.* A traced execution has the result, gas and logs of an untraced one ([`tracer`]).
//!
//! Tested in `tests/it`: `framework.rs` (V-1, V-2), `payouts.rs` (V-3), `panics.rs` (V-4), `executor.rs`
//! (V-5, V-6), `hooks.rs` (V-7), `errands.rs` (V-8), `tracer.rs` (V-9); gas against bytecode in `gas.rs`, call trees
//! in `tree.rs`.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod errand;
mod ethereum;
pub mod executor;
pub mod frame;
pub mod genesis;
pub mod hooks;
mod host;
mod precompiles;
pub mod recorder;
pub mod registry;
pub mod signature;
pub mod simulate;
pub mod source;
pub mod testkit;
pub mod tracer;
pub mod types;
mod vm;
pub mod words;

pub use executor::BlockExecutor;
pub use registry::{Registry, Rules};
pub use revm::{
    context::{
        TxEnv,
        result::{HaltReason, InvalidTransaction},
    },
    primitives::{TxKind, hardfork::SpecId},
    state::{AccountInfo, Bytecode},
};
pub use signature::recover_signer;
pub use source::{MemorySource, Source, SourceError};
pub use tracer::Tracing;
pub use types::{BlockContext, CallFrame, CallKind, Details, ExecError, Outcome, StateDiff, Stopped, ValueMove};
