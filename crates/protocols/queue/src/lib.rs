//! The work queue: what must happen at a time, whoever is watching.
//!
//! Native contracts schedule items (`due`, their own address, an id of theirs). The block's hooks take
//! due items off in order of time and run them; anybody may do the same by [`Queue::poke`], and retry an
//! item that failed. There are no keepers and nothing to pay them.
//!
//! # Rules
//!
//! - Q-1 *Order.* Items run by due time, then in the order they were scheduled. The queue is a binary
//!   heap, so scheduling and taking cost O(log n) slots however long it grows.
//! - Q-2 *Never lost.* An item leaves the queue only by having run, or by being parked with an event.
//! - Q-3 *Only contracts schedule*, and only for themselves.
//! - Q-4 *Isolation.* An item that reverts undoes itself alone.
//!
//! Tested in `crates/evm/tests/it/hooks.rs`; the heap's order in the same file against a model.
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

mod heap;
mod ops;
mod state;

use limpid_abi::IQueue;
use limpid_native::Entry;

pub use ops::Step;
pub use state::{Item, Queue};

limpid_native::dispatch! { Queue {
    view    IQueue::lengthCall      => |queue, _, _| queue.length();
    view    IQueue::nextDueCall     => |queue, _, _| queue.next_due();
    view    IQueue::parkedCountCall => |queue, _, _| queue.parked_count();
    view    IQueue::parkedItemCall  => |queue, call, _| queue.parked_item(call.index);
    mutate  IQueue::pokeCall        => |queue, call, _| queue.poke(call.most);
    mutate  IQueue::retryCall       => |queue, call, _| queue.retry(call.index);
}}

/// The registry's rows of this crate.
pub fn entries() -> Vec<Entry> {
    vec![Entry::new::<Queue<'_>>(dispatch, Some(|at| at.queue))]
}
