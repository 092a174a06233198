//! The waiting transactions of one sender, by nonce.

use super::PoolError;
use crate::{fees::fee, tx::Recovered};
use alloy_primitives::U256;
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// A waiting transaction.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The transaction.
    pub tx: Arc<Recovered>,
    /// When it came, counted in admissions.
    pub arrival: u64,
    /// Most it can cost its sender, in wei.
    pub cost: U256,
    /// It goes to a recipient whose transactions come first.
    pub settlement: bool,
}

impl Waiting {
    pub(super) fn nonce(&self) -> u64 {
        self.tx.nonce()
    }

    /// What it pays above the lowest base fee there can be, in wei per gas; decides what is evicted.
    pub(super) fn lasting_tip(&self, floor: u64) -> u128 {
        self.tx.effective_tip(floor).unwrap_or_default()
    }
}

/// Most that a transaction can cost: gas limit * fee cap + value.
pub(super) fn cost(tx: &Recovered) -> U256 {
    fee(tx.gas_limit(), tx.max_fee_per_gas()).saturating_add(tx.value())
}

/// Waiting transactions of a sender whose next nonce in the state is `next`.
#[derive(Debug)]
pub(super) struct SenderQueue {
    pub(super) next: u64,
    pub(super) balance: U256,
    pub(super) txs: BTreeMap<u64, Waiting>,
}

impl SenderQueue {
    /// Those that could be executed one after the other now, `limit` at most.
    pub(super) fn executable(&self, limit: usize) -> impl Iterator<Item = &Waiting> {
        let nonces = self.next..;
        self.txs
            .range(self.next..)
            .zip(nonces)
            .take_while(|((nonce, _), next)| *nonce == next)
            .map(|((_, tx), _)| tx)
            .take(limit)
    }

    /// The nonce after the last one without a gap.
    pub(super) fn pending_nonce(&self) -> u64 {
        let count = u64::try_from(self.executable(usize::MAX).count()).unwrap_or(u64::MAX);
        self.next.saturating_add(count)
    }

    /// The nonces without a gap, whatever the limit on how many a block takes.
    pub(super) fn ready(&self) -> Range<u64> {
        self.next..self.pending_nonce()
    }

    /// What all waiting ones but the one with nonce `except` may cost, in wei.
    fn other_costs(&self, except: u64) -> U256 {
        let others = self.txs.iter().filter(|(nonce, _)| **nonce != except);
        others.fold(U256::ZERO, |sum, (_, tx)| sum.saturating_add(tx.cost))
    }

    /// Whether the sender can pay for `tx` beside all the others.
    pub(super) fn check_funds(&self, tx: &Recovered, cost: U256) -> Result<(), PoolError> {
        let balance = self.balance;
        if cost > balance {
            return Err(PoolError::InsufficientFunds { address: tx.sender(), balance, cost });
        }
        let queued = self.other_costs(tx.nonce());
        if queued.saturating_add(cost) > balance {
            return Err(PoolError::Overdraft { balance, queued, cost });
        }
        Ok(())
    }

    /// Whether `tx` may take its nonce's place: empty, or held by one that pays 10 % less in both fees.
    pub(super) fn check_replacement(&self, tx: &Recovered) -> Result<(), PoolError> {
        let Some(held) = self.txs.get(&tx.nonce()) else { return Ok(()) };
        let cap = ten_percent_more(held.tx.max_fee_per_gas());
        let tip = ten_percent_more(held.tx.max_tip_per_gas());
        if tx.max_fee_per_gas() < cap || tx.max_tip_per_gas() < tip {
            return Err(PoolError::ReplacementUnderpriced { cap, tip });
        }
        Ok(())
    }

    /// Takes the state after a block and gives what can no longer be executed: used nonces and unpayable ones.
    pub(super) fn advance(&mut self, next: u64, balance: U256) -> Vec<Waiting> {
        (self.next, self.balance) = (next, balance);
        let keep = self.txs.split_off(&next);
        let mut gone: Vec<_> = std::mem::replace(&mut self.txs, keep).into_values().collect();
        let unpayable: Vec<_> = self.txs.iter().filter(|(_, tx)| tx.cost > balance).map(|(nonce, _)| *nonce).collect();
        gone.extend(unpayable.into_iter().filter_map(|nonce| self.txs.remove(&nonce)));
        gone
    }
}

/// Rounded up, and at least 1 more.
const fn ten_percent_more(price: u128) -> u128 {
    price.saturating_add(if price == 0 { 1 } else { price.div_ceil(10) })
}
