//! What the list's contract keeps: nothing but the tokens of the list that is running.

use limpid_native::contract;

/// Runs action lists. Keeps nothing.
#[contract(name = "actions", kind = 11)]
pub struct Actions {}
