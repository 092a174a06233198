//! The framework for native contracts: financial code in Rust whose state lives in ordinary EVM
//! storage slots.
//!
//! A native contract is a struct. Its fields are its storage layout ([`contract`]), its methods are
//! plain Rust, and one [`dispatch!`] table says which selector reaches which method and with which
//! right (`view`, `mutate`, `payable`, `system`). Nothing about the EVM, gas or ABI bytes shows in it.
//! The world is reached through one door, the [`Host`] trait, which `limpid-evm` implements over
//! revm's journal; there is no second implementation, so tests see real gas and real reverts.
//!
//! # Rules
//!
//! - N-1 *One door.* Contracts reach storage, logs, coin and other contracts only through [`Ctx`].
//! - N-2 *Guards at the lowest layer.* A write in a static or `view` context is refused by the host,
//!   whatever the dispatch table says; so is a write while payouts run.
//! - N-3 *No foreign code.* There is no way to call bytecode. Coin leaves through
//!   [`Ctx::queue_payout`], which the dispatcher settles last; the gateway hands the dispatcher an
//!   [`Errand`], which runs between two native steps, with every native write locked.
//! - N-4 *Fixed-width slots.* A slot key is a tag, a word index and at most 30 bytes of key, unhashed;
//!   wider keys are hashed under their tag. Keys of two fields can never meet. See [`storage`].
//! - N-5 *Three ways to stop.* [`Stop`] is a revert with ABI bytes, out of gas, or a database failure.
//!   Contract code cannot make the last one.
//! - N-6 *Strict decoding.* Calldata is charged before it is decoded, decoded canonically and with a
//!   memory limit.
//!
//! N-1, N-3 and N-5 hold by construction (visibility); N-2 and N-6 are tested against the real journal in
//! `crates/evm/tests/it/framework.rs`, `payouts.rs`, `errands.rs` and `calldata.rs` there, and N-4's packing in
//! [`storage`].
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

extern crate self as limpid_native;

pub mod actions;
mod ctx;
pub mod dispatch;
pub mod errand;
mod error;
pub mod gas;
mod host;
mod registry;
pub mod storage;

pub use actions::{ActionKind, Session};
pub use ctx::{Call, Caller, Ctx};
pub use errand::{Answer, Errand, ForeignCall};
pub use error::{Fatal, Result, Stop, revert, revert_text};
pub use host::{AccountCode, Env, Frame, Host, Mode};
pub use limpid_native_macros::{Storable, component, contract};
pub use registry::{Breach, Contract, DueHandler, Entry, Kind, LayoutField, Marker};
pub use storage::{List, Map, Slot, Storable, Text};
