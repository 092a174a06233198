//! A typed JSON-RPC client over HTTP, for this chain and any other Ethereum node.
//!
//! [`Client`] reads ([`Client::call`] takes `sol!` calls), prices ([`fees`]), sends and waits.
//! [`api`] holds the request and answer types of the node's own `limpid_*` methods: the node serves
//! exactly these shapes. [`registry`] knows the chain's tokens and pools. [`amount`] turns amounts into text and back without floats. Errors
//! ([`ClientError`]) say what happened in words, and what to do where that is known ([`hints`]).
//!
//! # Rules
//!
//! - C-1 *Amounts are exact.* Text to units and back loses nothing; an amount finer than the token's
//!   decimals is refused, not rounded. What is shortened for reading says so (`~`).
//! - C-2 *A fee has a cap.* Every transaction is type 2; nothing is sent above the `maxFeePerGas` that
//!   [`Prepared::max_cost`] counted.
//! - C-3 *The chain is checked.* A transaction is signed for the chain id that the node reported, and
//!   one sent to a node of another chain is refused there.
//! - C-4 *Answers are data.* A malformed answer is an error that names the method, never a panic.
//!
//! Tested beside the code: C-1 in [`amount`], C-2 in [`fees`], C-4 and the wording in [`error`] and
//! `types`; the network paths run in the tests of the programs that use them.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod amount;
pub mod api;
mod client;
pub mod error;
pub mod fees;
pub mod hints;
pub mod registry;
mod send;
mod types;

pub use amount::Unit;
pub use client::{BlockTag, Client};
pub use error::{ClientError, Result, Revert};
pub use send::{Call, Prepared};
pub use types::{Block, Log, LogQuery, Receipt, TransactionInfo};
