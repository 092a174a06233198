//! The exchange: anyone deposits two tokens of equal value into a pool and shares every trade's fee.
//!
//! Uniswap V2's factory, pair and Router02, selector for selector, quote for quote, event for event and
//! text for text, with pools at V2's CREATE2 addresses. Beside them one-token deposits, position views,
//! and a second way to divide the fee.
//!
//! # Rules
//!
//! - *Native tokens only.* A foreign token is refused with `WrapFirst`; moving a native one runs no code
//!   but this project's, so nothing can happen between a pool's first read and its last write (P-01).
//! - *No callbacks.* `swap` with data is refused with `FlashSwapRefused`; a pool lends within an action list,
//!   and does nothing else until it is repaid.
//! - *No approvals.* Router and exchange debit the caller whom the dispatcher has authenticated.
//! - *Coin leaves last*, through the payout queue.
//! - *Two modes*, fixed when a pool is created: `V2`, where the protocol's share of fees is off or minted
//!   lazily, and `Split`, where the community's part of each input's fee leaves the reserves at once.
//! - *Rounding* is against the caller: outputs, shares and redemptions down, inputs up. The fee's parts:
//!   see [`math::fee_parts`].
//! - *A pool is donation-sensitive* by V2's specification; nothing that lends or prices reads its spot
//!   price, reserves or share price, only differences of its accumulators over time.
//!
//! # Invariants
//!
//! - EX-1 reserve0 · reserve1 never falls across a swap (tests/it/laws.rs)
//! - EX-2 a pair's ledger balance of each token >= its reserve ([`audit::pair`], after every step of
//!   tests/it/laws.rs)
//! - EX-3 makers' part + community's part == fee, to the wei (tests/it/split.rs)
//! - EX-4 the fee ledger holds at least what pairs say they sent it ([`audit::fees`], tests/it/laws.rs)
//! - EX-5 no cycle of swaps, deposits and withdrawals pays its caller, and no trade is better in parts
//!   (tests/it/laws.rs, tests/it/split.rs; P-15, P-20)
//! - EX-6 router and exchange hold no token after any call (tests/it/laws.rs)
//!
//! Source: Uniswap v2 whitepaper; behaviour compared with the published bytecode (tests/it/differential.rs,
//! tests/it/vectors).
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]
// Solidity's names, where they are matched or filled in.
#![allow(non_snake_case)]

mod actions;
mod asset;
pub mod audit;
mod calls;
mod factory;
mod fees;
mod liquidity;
pub mod math;
mod pair;
mod path;
mod position;
pub mod routes;
mod shares;
mod state;
mod swaps;
mod tables;
mod zap;

pub use asset::Asset;
pub use liquidity::{Deposit, Signature, Withdrawal};
pub use path::{INIT_CODE_HASH, compute_pair_address, sorted};
pub use shares::{SHARE_NAME, SHARE_SYMBOL};
pub use state::{Basis, Exchange, Factory, FeeLedger, FeeTotals, Mode, Pair, Policy, Reserves, Router, Setup};
pub use swaps::Order;
pub use zap::OneSided;

use alloy_primitives::Address;
use limpid_native::{Contract, Entry};

/// Selectors of every contract here, for coverage tests: factory, pair, router, exchange, fee ledger.
pub const SELECTORS: [&[[u8; 4]]; 5] = [
    tables::factory::SELECTORS,
    tables::pair::SELECTORS,
    tables::router::SELECTORS,
    tables::exchange::SELECTORS,
    tables::fees::SELECTORS,
];

/// The registry's rows of this crate. Genesis sets Split mode and nobody who could switch anything.
pub fn entries() -> Vec<Entry> {
    vec![
        Entry {
            genesis: |cx| Factory::at(cx, cx.this()).configure(Policy::SPLIT, Address::ZERO),
            ..Entry::new::<Factory<'_>>(tables::factory::dispatch, Some(|at| at.v2_factory))
        },
        Entry { audit: audit::pair, ..Entry::new::<Pair<'_>>(tables::pair::dispatch, None) },
        Entry::new::<Router<'_>>(tables::router::dispatch, Some(|at| at.router)),
        Entry {
            actions: actions::ACTIONS,
            ..Entry::new::<Exchange<'_>>(tables::exchange::dispatch, Some(|at| at.exchange))
        },
        Entry::new::<FeeLedger<'_>>(tables::fees::dispatch, Some(|at| at.fees)),
    ]
}
