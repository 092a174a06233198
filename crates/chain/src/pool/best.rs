//! The order in which a block takes transactions from the pool.

use super::Waiting;
use crate::tx::Recovered;
use alloy_primitives::{Address, map::AddressMap};
use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

/// Why a block did not take a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No room left; another block may have it.
    NoRoom,
    /// Not valid on this state.
    Invalid(String),
}

/// Where a block's transactions come from.
pub trait TxSource {
    /// The next transaction to try.
    fn next(&mut self) -> Option<Arc<Recovered>>;

    /// The transaction given last was not taken. Later ones of its sender cannot follow.
    fn refuse(&mut self, why: Refusal);
}

/// A fixed list of transactions, for blocks whose content somebody else decided.
impl TxSource for VecDeque<Arc<Recovered>> {
    fn next(&mut self) -> Option<Arc<Recovered>> {
        self.pop_front()
    }

    fn refuse(&mut self, _why: Refusal) {}
}

/// The pool's executable transactions: settlement first, then the highest tip, then the earliest arrival; those of
/// one sender by nonce.
#[derive(Debug)]
pub struct Best {
    base_fee: u64,
    heads: BinaryHeap<Candidate>,
    rest: AddressMap<VecDeque<Waiting>>,
    last: Option<Arc<Recovered>>,
    refused: Vec<(Arc<Recovered>, Refusal)>,
}

impl Best {
    pub(super) fn new(base_fee: u64, senders: impl Iterator<Item = (Address, VecDeque<Waiting>)>) -> Self {
        let mut best =
            Self { base_fee, heads: BinaryHeap::new(), rest: AddressMap::default(), last: None, refused: Vec::new() };
        for (sender, txs) in senders {
            best.rest.insert(sender, txs);
            best.advance(sender);
        }
        best
    }

    /// Makes the sender's next transaction a candidate, if it pays the base fee.
    fn advance(&mut self, sender: Address) {
        let Some(tx) = self.rest.get_mut(&sender).and_then(VecDeque::pop_front) else { return };
        if let Some(tip) = tx.tx.effective_tip(self.base_fee) {
            self.heads.push(Candidate { tip, tx });
        }
    }

    /// Whether there is nothing to try.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// What was not taken, with the reason.
    pub fn into_refused(self) -> Vec<(Arc<Recovered>, Refusal)> {
        self.refused
    }
}

impl TxSource for Best {
    fn next(&mut self) -> Option<Arc<Recovered>> {
        if let Some(taken) = self.last.take() {
            self.advance(taken.sender());
        }
        let tx = self.heads.pop()?.tx.tx;
        self.last = Some(tx.clone());
        Some(tx)
    }

    fn refuse(&mut self, why: Refusal) {
        if let Some(tx) = self.last.take() {
            self.refused.push((tx, why));
        }
    }
}

#[derive(Debug)]
struct Candidate {
    tip: u128,
    tx: Waiting,
}

impl Candidate {
    fn rank(&self) -> (bool, u128, Reverse<u64>) {
        (self.tx.settlement, self.tip, Reverse(self.tx.arrival))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Candidate {}
