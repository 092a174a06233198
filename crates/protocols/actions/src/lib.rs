//! Action lists: several steps of one caller in one call, which happen together or not at all. Among them
//! loans of a pool that are repaid before the list ends.
//!
//! The list takes tokens from its caller, moves them through protocols, and must have handed everything on
//! when it ends. It replaces what other chains do by callbacks: a flash loan's borrower is not called back in
//! the middle of the lender's effect; he says beforehand what is to happen, and no code but this
//! project's runs until the list has ended.
//!
//! # Rules
//!
//! - *Whose tokens*: the dispatcher has authenticated the caller; only he is debited, and he needs to approve
//!   nothing.
//! - *Kinds come from protocols*: each declares its own beside its contracts and names them in its registry
//!   line ([`mod@limpid_native::actions`]); this crate knows only those on held tokens.
//! - *Limits*: 32 actions; every action that trades takes a minimum or a maximum; `until` is the deadline.
//! - *Coin* sent along is held as token zero. What leaves as coin is paid after everything else of the call.
//!
//! # Invariants
//!
//! - AL-1 a list that succeeds has handed on exactly what it took: this contract holds as much of every
//!   token and of coin after it as before it (tests/it/lists.rs, tests/it/laws.rs)
//! - AL-2 an action uses no more than the session holds, whatever this contract was given
//!   (tests/it/lists.rs)
//! - AL-3 nobody but the caller is debited (tests/it/laws.rs)
//! - AL-4 what a pool lent is back, and 0.3 % of what came in more, before the list ends; until then the
//!   pool neither trades nor mints nor redeems (tests/it/loans.rs; EX-1, EX-2 after every list in
//!   tests/it/laws.rs)
//! - AL-5 a list is worth exactly what its steps are worth one by one (tests/it/laws.rs; P-02)
//! - AL-6 a list that fails leaves no trace (tests/it/laws.rs)
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

mod held;
mod ops;
mod state;

pub use ops::MOST_ACTIONS;
pub use state::Actions;

use limpid_abi::IActions;
use limpid_native::Entry;

limpid_native::dispatch! { Actions {
    payable IActions::executeCall => |actions, a, c| actions.execute(c.caller, c.value, &a.actions);
}}

/// The registry's rows of this crate.
pub fn entries() -> Vec<Entry> {
    vec![Entry { actions: held::ACTIONS, ..Entry::new::<Actions<'_>>(dispatch, Some(|at| at.actions)) }]
}
