//! What the queue keeps.

use alloy_primitives::Address;
use limpid_native::{List, Slot, Storable, contract};

/// One thing to do at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Storable)]
pub struct Item {
    /// When, in seconds since 1970.
    pub due: u64,
    /// The order of scheduling.
    pub sequence: u64,
    /// What, in the target's own numbering.
    pub id: u64,
    /// Whose.
    pub target: Address,
}

impl Item {
    /// Sorts by time, then by scheduling.
    pub(crate) const fn rank(&self) -> (u64, u64) {
        (self.due, self.sequence)
    }
}

/// The queue's storage. Lists take a key; there is one heap and one park, under key 0.
#[contract(name = "queue", kind = 1)]
pub struct Queue {
    pub(crate) heap: List<u64, Item>,
    pub(crate) parked: List<u64, Item>,
    pub(crate) sequence: Slot<u64>,
}
