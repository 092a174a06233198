//! A market that follows real prices, played against a running node over JSON-RPC.
//!
//! Makers hold the liquidity, traders trade at random, arbitrageurs bring the pool to the real price
//! whenever that earns something. All of them are keys of this crate's own ([`actors`]), funded by the
//! last development account, so that no visitor's wallet is touched. Everything happens by signed
//! transactions; every figure of the summary is read back from the chain.
//!
//! # Rules
//!
//! - K-1 *Real prices or none.* A file is read exactly or refused with the layouts we know ([`feed`]);
//!   nothing is substituted, and rows left out are reported.
//! - K-2 *Integers.* Prices and amounts are exact; floats appear only in what is printed.
//! - K-3 *Arbitrage earns.* The traded amount is the profit's maximum over the integers, rounded down
//!   ([`arbitrage`]); the pool's remaining deviation is its fee.
//! - K-4 *Nothing assumed.* Volume and fees come from the pool's events, positions from the exchange.
//! - K-5 *Repeatable.* One seed and one price file give the same trades on equal chains.
//! - K-6 *Development chains only.* The keys are public.
//! - K-7 *One dollar token a chain.* A later play takes up the token and the pool of an earlier one.
//!
//! K-1 is tested in `tests/it/feeds.rs` (on real files, from `LIMPID_DATA`), K-2 and K-3 in
//! [`arbitrage`]; K-4, K-5 and K-7 against a running node in `bin/limpid/tests/it/market.rs`, K-6 in
//! `bin/limpid/tests/it/offline.rs`.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod actors;
pub mod arbitrage;
pub mod calendar;
mod clock;
mod error;
pub mod feed;
pub mod plan;
mod play;
pub mod report;
pub mod rng;
mod venue;

pub use error::MarketError;
pub use feed::{Feed, FeedError};
pub use play::{Options, play};
pub use report::{ActorRow, Hour, Observer, Opening, Summary};
