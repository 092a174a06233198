//! The gateway: turns ERC-20s that user contracts keep ("foreign" tokens) one to one into native tokens,
//! and back.
//!
//! It is the only place where foreign code runs on behalf of a native contract, and it is written so that
//! no such code ever runs inside one of its effects: `wrap` and `unwrap` are two native steps with calls to
//! the token between them, which the dispatcher makes with every native write locked
//! ([`limpid_native::errand`]). Whoever is called back can read, and what he reads is the whole state before
//! or the whole state after.
//!
//! # Rules
//!
//! - *Wrap*: pull with `transferFrom`, measure what arrived by `balanceOf` before and after, then mint.
//!   *Unwrap*: burn, then push with `transfer`, and measure again. The first wrap registers the token; its
//!   wrapped one stands at CREATE2 of the gateway and the token, has its decimals, and is called
//!   "Wrapped X" and "wX".
//! - *Nothing is believed.* A transfer succeeded if the call did and it answered nothing or true, as
//!   OpenZeppelin's SafeERC20 has it; what it moved is what the measures say.
//! - *An answer is cut*, at 64 bytes of content; a call has 500,000 gas.
//! - *Gains stay unclaimed*: what a rebasing token adds, and what is sent here directly, mints nothing.
//! - *Losses freeze minting.* While the gateway holds less than it owes, nothing is minted, or the newest
//!   wrapper would pay for the oldest. Unwrapping stays open, first come, first served, one to one.
//! - *A token harms its own holders alone*: records are kept by token, and no token can reach another's.
//!
//! # Invariants
//!
//! - GW-1 what a wrap mints arrived in that call, and is at most what was asked for (tests/it/hostile.rs)
//! - GW-2 nothing is minted unless the gateway held at least the supply before, so that after every wrap it
//!   holds at least the supply (tests/it/rebasing.rs, [`audit::token`])
//! - GW-3 an unwrap takes no more from the gateway than it burned, and no more than is there
//!   (tests/it/hostile.rs, tests/it/rebasing.rs)
//! - GW-4 at no moment that foreign code can see does a wrapped unit exist beside the unit it stands for in
//!   its owner's hands: minted after the pull, burned before the push (tests/it/reentrancy.rs)
//! - GW-5 a call that is refused leaves no trace, here and in the token (tests/it/hostile.rs)
//! - GW-6 whatever a token calls back while it is asked or moved, no native state changes by it
//!   (tests/it/reentrancy.rs; P-01, P-02)
//!
//! The audit compares the wrapped token's ledger with what the gateway last measured: it cannot ask the
//! token, because an audit runs no foreign code. `backing` asks it.
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

mod answers;
pub mod audit;
mod ops;
mod registration;
mod state;
mod views;

pub use ops::{Unwrap, Wrap};
pub use registration::wrapped_address;
pub use state::{Gateway, Record};

use limpid_abi::IGateway;
use limpid_native::Entry;

limpid_native::dispatch! { Gateway {
    outward IGateway::wrapCall          => |gateway, a, c| gateway.wrap(c.caller, Wrap {
        token: a.token, amount: a.amount, to: a.to, least: a.least,
    });
    outward IGateway::unwrapCall        => |gateway, a, c| gateway.unwrap(c.caller, Unwrap {
        token: a.token, amount: a.amount, to: a.to, least: a.least,
    });
    outward IGateway::measureCall       => |gateway, a, _| gateway.measure(a.token);
    inquire IGateway::backingCall       => |gateway, a, _| gateway.backing(a.token);
    view    IGateway::wrappedOfCall     => |gateway, a, _| gateway.wrapped_of(a.token);
    view    IGateway::foreignOfCall     => |gateway, a, _| gateway.foreign_of(a.wrapped);
    view    IGateway::wrappedCountCall  => |gateway, _, _| gateway.count();
    view    IGateway::wrappedTokensCall => |gateway, a, _| gateway.wrapped_tokens(a.offset, a.limit);
}}

/// The registry's rows of this crate.
pub fn entries() -> Vec<Entry> {
    vec![Entry { foreign: true, ..Entry::new::<Gateway<'_>>(dispatch, Some(|at| at.gateway)) }]
}
