//! The interfaces and addresses of every native contract: the one place where names are written.
//!
//! - [`sol!`](alloy_sol_types::sol) interfaces, typed for Rust callers.
//! - [`addresses`]: where the fixed contracts stand.
//! - [`errors`]: refusals of the framework and of several contracts alike.
//! - [`contracts`]: the table that drives `limpid abi export`, decoding and documentation.
//! - [`text`]: which characters a name may hide.
//! - [`decode`]: names and arguments of events and reverts of any contract in the table.
//!
//! # Rules
//!
//! - A-1 *One table.* An interface that is not in [`contracts`] is not exported and not decoded.
//! - A-2 *No two meanings.* A selector has one signature over all interfaces; so have an event's topic
//!   and an error's selector.
//! - A-3 *The export is what runs.* JSON ABIs and Solidity sources come from the same `sol!` text that
//!   the dispatch tables compile against.
//!
//! Tested in `tests/it/`.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod actions;
pub mod addresses;
pub mod decode;
mod exchange;
mod export;
mod gateway;
mod system;
pub mod text;
mod token;
mod uniswap;

pub use actions::{IActions, IExchangeActions, IListActions};
pub use exchange::{IExchange, IExchangePair, IFeeLedger};
pub use export::{Contract, Interface, actions, contracts, export};
pub use gateway::IGateway;
pub use system::{INative, IQueue};
pub use token::{IERC20, IERC2612, IToken, ITokenFactory, IWETH9};
pub use uniswap::{IUniswapV2Factory, IUniswapV2Pair, IUniswapV2Router02};

/// Errors by name, for `revert(errors::WrapFirst { token })`.
pub mod errors {
    pub use crate::{
        system::INative::{
            AlreadyExists, BadCalldata, CallDepth, DelegateCallNotAllowed, ForeignCodeNotAllowed, Locked, NonPayable,
            OnlySystem, StaticCallNotAllowed, UnknownKind, UnknownSelector, WrapFirst,
        },
        system::IQueue::{NoSuchItem, NothingToRun},
    };
}
