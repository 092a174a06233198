//! WETH9 over the native coin: a ledger of its own, every unit backed by a wei that the contract holds.
//!
//! # Rules
//!
//! - Coin sent without calldata is deposited. Calldata that names no method is refused instead of
//!   deposited: a token that says yes to a `permit` it does not have has cost users millions (P-32).
//! - Coin leaves through the payout queue: after everything else of the call, with 50,000 gas and native
//!   writes locked (P-01). Other native contracts are paid at once, because no code runs there.
//!
//! # Invariants
//!
//! - WE-1 the contract's coin >= the ledger's supply ([`audit`], after every step of
//!   tests/it/properties.rs)
//! - WE-2 deposit and withdrawal log `Deposit` and `Withdrawal`, and no `Transfer` (tests/it/weth.rs)
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

mod actions;
mod ops;
mod state;

pub use actions::{unwrap, wrap};
pub use state::Weth;

use limpid_abi::IWETH9;
use limpid_native::{Breach, Contract, Ctx, Entry, Result};

limpid_native::dispatch! { Weth {
    receive => |weth, call| weth.deposit(call.caller, call.value);
    view    IWETH9::nameCall         => |weth, _, _| weth.name();
    view    IWETH9::symbolCall       => |weth, _, _| weth.symbol();
    view    IWETH9::decimalsCall     => |weth, _, _| weth.decimals();
    view    IWETH9::totalSupplyCall  => |weth, _, _| weth.ledger.total_supply();
    view    IWETH9::balanceOfCall    => |weth, a, _| weth.ledger.balance_of(a.owner);
    view    IWETH9::allowanceCall    => |weth, a, _| weth.ledger.allowance(a.owner, a.spender);
    mutate  IWETH9::transferCall     => |weth, a, c| weth.transfer(c.caller, a.dst, a.wad);
    mutate  IWETH9::transferFromCall => |weth, a, c| weth.transfer_from(c.caller, a.src, a.dst, a.wad);
    mutate  IWETH9::approveCall      => |weth, a, c| weth.approve(c.caller, a.guy, a.wad);
    payable IWETH9::depositCall      => |weth, _, c| weth.deposit(c.caller, c.value);
    mutate  IWETH9::withdrawCall     => |weth, a, c| weth.withdraw(c.caller, a.wad);
}}

/// WE-1.
pub fn audit(cx: Ctx<'_>) -> Result<std::result::Result<(), Breach>> {
    let (coin, supply) = (cx.balance(cx.this())?, Weth::at(cx, cx.this()).ledger.total_supply()?);
    Ok(if coin >= supply {
        Ok(())
    } else {
        Err(Breach { rule: "WE-1", evidence: format!("holds {coin} wei, owes {supply}") })
    })
}

/// The registry's rows of this crate.
pub fn entries() -> Vec<Entry> {
    vec![Entry { audit, actions: actions::ACTIONS, ..Entry::new::<Weth<'_>>(dispatch, Some(|at| at.weth)) }]
}
