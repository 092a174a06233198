//! Transactions that wait for a block.
//!
//! Rules: a sender may have 64 executable transactions (nonces without a gap) and 64 queued ones behind them; a
//! transaction takes the place of another of the same nonce only if it pays 10 % more in both fees; 20,000 wait in
//! all, and when they do, queued ones make room first, then the one with the lowest tip for one that pays more. A queued
//! transaction, which may never be paid for, drives nobody out who could be executed.

mod best;
mod check;
mod error;
mod queue;

pub use self::{
    best::{Best, Refusal, TxSource},
    check::{MAX_INIT_CODE, MAX_TX_SIZE, TxRules},
    error::PoolError,
    queue::Waiting,
};

use self::queue::{SenderQueue, cost};
use crate::tx::{Recovered, SYSTEM_SENDER, Transaction, UnsignedTx};
use alloy_primitives::{
    Address, B256,
    map::{AddressMap, AddressSet, B256Map},
};
use limpid_state::{Account, StateRead};
use parking_lot::Mutex;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Range,
    sync::Arc,
};

/// How many transactions wait at most, and whose come first.
#[derive(Debug, Clone)]
pub struct PoolLimits {
    /// Executable ones of one sender.
    pub executable_per_sender: usize,
    /// Others of one sender.
    pub queued_per_sender: usize,
    /// Of all senders.
    pub total: usize,
    /// Recipients whose transactions come before all others: the settlement lane.
    pub settlement: AddressSet,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self { executable_per_sender: 64, queued_per_sender: 64, total: 20_000, settlement: AddressSet::default() }
    }
}

/// What became of a transaction that was admitted.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The transaction.
    pub tx: Arc<Recovered>,
    /// Whether a block could take it now.
    pub executable: bool,
    /// The transaction whose place it took.
    pub replaced: Option<B256>,
}

/// The waiting transactions of a sender, or of all.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// Nonces without a gap.
    pub executable: BTreeMap<Address, Vec<Arc<Recovered>>>,
    /// Nonces behind a gap.
    pub queued: BTreeMap<Address, Vec<Arc<Recovered>>>,
}

/// The pool. All methods may be called from any thread.
pub struct Pool {
    rules: TxRules,
    limits: PoolLimits,
    inner: Mutex<Inner>,
}

struct Inner {
    /// The head's state: admission and blocks see the same one.
    state: Arc<dyn StateRead>,
    by_hash: B256Map<(Address, u64)>,
    senders: AddressMap<SenderQueue>,
    /// In the order of eviction.
    evictable: BTreeSet<Place>,
    arrivals: u64,
}

/// Where a transaction stands in the order of eviction: whether it is executable, then its tip; among equals the latest
/// goes first.
type Place = (bool, u128, Reverse<u64>, Address, u64);

fn place(waiting: &Waiting, executable: bool, floor: u64) -> Place {
    let (sender, nonce) = (waiting.tx.sender(), waiting.nonce());
    (executable, waiting.lasting_tip(floor), Reverse(waiting.arrival), sender, nonce)
}

impl Pool {
    /// An empty pool over the head's state.
    pub fn new(rules: TxRules, limits: PoolLimits, state: Arc<dyn StateRead>) -> Self {
        let inner = Inner {
            state,
            by_hash: B256Map::default(),
            senders: AddressMap::default(),
            evictable: BTreeSet::new(),
            arrivals: 0,
        };
        Self { rules, limits, inner: Mutex::new(inner) }
    }

    /// Decodes a transaction, recovers its sender and admits it.
    pub fn add_raw(&self, raw: &[u8]) -> Result<Admitted, PoolError> {
        self.add(check::decode(raw)?)
    }

    /// Recovers the sender of a transaction and admits it.
    pub fn add(&self, tx: Transaction) -> Result<Admitted, PoolError> {
        check::check(&tx, &self.rules)?;
        if self.inner.lock().by_hash.contains_key(&tx.hash()) {
            return Err(PoolError::AlreadyKnown);
        }
        // Nine tenths of admission's time, and so outside the lock.
        let tx = Recovered::recover(tx).map_err(|_| PoolError::InvalidSender)?;
        self.admit(Arc::new(tx))
    }

    /// Admits a transaction of `sender` that nobody signed, as only development chains take them
    /// ([`Recovered::impersonated`]).
    pub fn add_impersonated(&self, tx: UnsignedTx, sender: Address) -> Result<Admitted, PoolError> {
        if !self.rules.dev || sender == SYSTEM_SENDER {
            return Err(PoolError::InvalidSender);
        }
        let tx = Recovered::impersonated(tx, sender);
        check::check(&tx, &self.rules)?;
        let size = tx.encoded().len();
        if size > MAX_TX_SIZE {
            return Err(PoolError::Oversized { size, limit: MAX_TX_SIZE });
        }
        self.admit(Arc::new(tx))
    }

    fn admit(&self, tx: Arc<Recovered>) -> Result<Admitted, PoolError> {
        let mut inner = self.inner.lock();
        let state = inner.state.clone();
        if inner.by_hash.contains_key(&tx.hash()) {
            return Err(PoolError::AlreadyKnown);
        }
        let account = match tx.is_impersonated() {
            true => read(state.as_ref(), tx.sender())?,
            false => sender_account(state.as_ref(), tx.sender())?,
        };
        let fresh = SenderQueue { next: account.nonce, balance: account.balance, txs: BTreeMap::new() };
        let queue = inner.senders.get(&tx.sender()).unwrap_or(&fresh);
        let cost = cost(&tx);
        self.check_nonce(queue, &tx)?;
        queue.check_replacement(&tx)?;
        queue.check_funds(&tx, cost)?;
        let replaces = queue.txs.get(&tx.nonce()).map(|held| held.tx.hash());
        if replaces.is_none() {
            self.check_sender_limit(queue, &tx)?;
        }
        let joins = tx.nonce() <= queue.pending_nonce();
        let settlement = tx.kind().to().is_some_and(|to| self.limits.settlement.contains(to));
        let waiting = Waiting { tx: tx.clone(), arrival: inner.arrivals, cost, settlement };
        if replaces.is_none() && inner.by_hash.len() >= self.limits.total {
            self.make_room(&mut inner, &waiting, joins)?;
        }
        inner.arrivals = inner.arrivals.saturating_add(1);
        let floor = self.rules.base_fee_floor;
        if let Some(replaced) = replaces {
            inner.remove(replaced, floor);
        }
        let executable = inner.insert(waiting, fresh, floor);
        Ok(Admitted { tx, executable, replaced: replaces })
    }

    fn check_nonce(&self, queue: &SenderQueue, tx: &Recovered) -> Result<(), PoolError> {
        let (next, nonce) = (queue.next, tx.nonce());
        if nonce < next {
            return Err(PoolError::NonceTooLow { next, nonce });
        }
        // Further ahead than every waiting transaction could fill, it would never be reached.
        let ahead = self.limits.executable_per_sender.saturating_add(self.limits.queued_per_sender);
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX).saturating_mul(16);
        if nonce.saturating_sub(next) > ahead {
            return Err(PoolError::NonceTooHigh { next, nonce, ahead });
        }
        Ok(())
    }

    /// Executable ones fill their own places first and then those of queued ones.
    fn check_sender_limit(&self, queue: &SenderQueue, tx: &Recovered) -> Result<(), PoolError> {
        let executable = queue.executable(self.limits.executable_per_sender).count();
        let queued = queue.txs.len().saturating_sub(executable);
        let joins_executable = tx.nonce() <= queue.pending_nonce() && executable < self.limits.executable_per_sender;
        if !joins_executable && queued >= self.limits.queued_per_sender {
            let limit = self.limits.executable_per_sender.saturating_add(self.limits.queued_per_sender);
            let limit =
                if executable < self.limits.executable_per_sender { self.limits.queued_per_sender } else { limit };
            return Err(PoolError::SenderLimit { address: tx.sender(), limit });
        }
        Ok(())
    }

    /// Drops what stands first in the order of eviction, if `waiting` stands behind it. An executable one goes from the
    /// end of its sender's chain, so that no other loses its place in front of a gap.
    fn make_room(&self, inner: &mut Inner, waiting: &Waiting, joins: bool) -> Result<(), PoolError> {
        let floor = self.rules.base_fee_floor;
        let Some((executable, lowest, _, sender, nonce)) = inner.evictable.first().copied() else { return Ok(()) };
        let own = sender == waiting.tx.sender();
        if own || (joins, waiting.lasting_tip(floor)) <= (executable, lowest) {
            return Err(PoolError::Full { lowest });
        }
        let Some(queue) = inner.senders.get(&sender) else { return Ok(()) };
        let nonce = if executable { queue.pending_nonce().saturating_sub(1) } else { nonce };
        let hash = queue.txs.get(&nonce).map(|tx| tx.tx.hash());
        if let Some(hash) = hash {
            inner.remove(hash, floor);
        }
        Ok(())
    }

    /// The head is now a block with state `state` that changed `accounts`. Drops what can no longer be executed.
    pub fn advance(&self, state: Arc<dyn StateRead>, accounts: &BTreeMap<Address, Option<Account>>) {
        let mut inner = self.inner.lock();
        inner.state = state;
        let floor = self.rules.base_fee_floor;
        if accounts.len() <= inner.senders.len() {
            for (address, account) in accounts {
                inner.advance_sender(*address, account.unwrap_or_default(), floor);
            }
        } else {
            let changed: Vec<_> =
                inner.senders.keys().filter_map(|sender| Some((*sender, *accounts.get(sender)?))).collect();
            for (address, account) in changed {
                inner.advance_sender(address, account.unwrap_or_default(), floor);
            }
        }
    }

    /// The head is now any other block, such as an earlier one: every sender is looked up again.
    pub fn reset(&self, state: Arc<dyn StateRead>) -> Result<(), PoolError> {
        let mut inner = self.inner.lock();
        inner.state = state.clone();
        let senders: Vec<_> = inner.senders.keys().copied().collect();
        for sender in senders {
            let account = read(state.as_ref(), sender)?;
            inner.advance_sender(sender, account, self.rules.base_fee_floor);
        }
        Ok(())
    }

    /// Forgets a transaction, and says whether it was there.
    pub fn remove(&self, hash: B256) -> bool {
        self.inner.lock().remove(hash, self.rules.base_fee_floor).is_some()
    }

    /// Forgets all.
    pub fn clear(&self) {
        let mut inner = self.inner.lock();
        inner.by_hash.clear();
        inner.senders.clear();
        inner.evictable.clear();
    }

    /// The executable transactions in the order a block under `base_fee` should take them.
    pub fn best(&self, base_fee: u64) -> Best {
        let inner = self.inner.lock();
        let limit = self.limits.executable_per_sender;
        let senders = inner.senders.iter();
        Best::new(
            base_fee,
            senders.map(|(sender, queue)| (*sender, queue.executable(limit).cloned().collect::<VecDeque<_>>())),
        )
    }

    /// Whether a block under `base_fee` would find a transaction.
    pub fn has_work(&self, base_fee: u64) -> bool {
        let inner = self.inner.lock();
        let mut heads = inner.senders.values().filter_map(|queue| queue.executable(1).next());
        heads.any(|tx| tx.tx.effective_tip(base_fee).is_some())
    }

    /// A waiting transaction.
    pub fn get(&self, hash: B256) -> Option<Arc<Recovered>> {
        let inner = self.inner.lock();
        let (sender, nonce) = inner.by_hash.get(&hash)?;
        Some(inner.senders.get(sender)?.txs.get(nonce)?.tx.clone())
    }

    /// The next nonce of a sender, with its executable transactions counted; `None` if it has none waiting.
    pub fn pending_nonce(&self, sender: Address) -> Option<u64> {
        self.inner.lock().senders.get(&sender).map(SenderQueue::pending_nonce)
    }

    /// How many are executable, and how many wait behind a gap or a limit.
    pub fn status(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        let executable =
            inner.senders.values().map(|queue| queue.executable(self.limits.executable_per_sender).count());
        let executable = executable.fold(0, usize::saturating_add);
        (executable, inner.by_hash.len().saturating_sub(executable))
    }

    /// Everything that waits, of one sender or of all, by sender and nonce.
    pub fn content(&self, of: Option<Address>) -> Content {
        let inner = self.inner.lock();
        let mut content = Content::default();
        for (sender, queue) in inner.senders.iter().filter(|(sender, _)| of.is_none_or(|of| of == **sender)) {
            let executable: Vec<_> =
                queue.executable(self.limits.executable_per_sender).map(|waiting| waiting.tx.clone()).collect();
            let queued: Vec<_> = queue.txs.values().skip(executable.len()).map(|waiting| waiting.tx.clone()).collect();
            if !executable.is_empty() {
                content.executable.insert(*sender, executable);
            }
            if !queued.is_empty() {
                content.queued.insert(*sender, queued);
            }
        }
        content
    }
}

impl Inner {
    /// Returns whether it is executable. `fresh` is its sender's queue in case there is none.
    fn insert(&mut self, waiting: Waiting, fresh: SenderQueue, floor: u64) -> bool {
        let (sender, nonce) = (waiting.tx.sender(), waiting.nonce());
        self.by_hash.insert(waiting.tx.hash(), (sender, nonce));
        let queue = self.senders.entry(sender).or_insert(fresh);
        let before = queue.ready();
        self.evictable.insert(place(&waiting, before.contains(&nonce), floor));
        queue.txs.insert(nonce, waiting);
        self.moved(sender, &before, floor);
        self.senders.get(&sender).is_some_and(|queue| queue.ready().contains(&nonce))
    }

    fn remove(&mut self, hash: B256, floor: u64) -> Option<Waiting> {
        let (sender, nonce) = self.by_hash.remove(&hash)?;
        let queue = self.senders.get_mut(&sender)?;
        let before = queue.ready();
        let waiting = queue.txs.remove(&nonce)?;
        self.evictable.remove(&place(&waiting, before.contains(&nonce), floor));
        self.moved(sender, &before, floor);
        Some(waiting)
    }

    fn advance_sender(&mut self, sender: Address, account: Account, floor: u64) {
        let Some(queue) = self.senders.get_mut(&sender) else { return };
        let before = queue.ready();
        for waiting in queue.advance(account.nonce, account.balance) {
            self.by_hash.remove(&waiting.tx.hash());
            self.evictable.remove(&place(&waiting, before.contains(&waiting.nonce()), floor));
        }
        self.moved(sender, &before, floor);
    }

    /// A sender's executable nonces were `before`: those that have become so, or are no longer, change their place. An
    /// empty queue is forgotten.
    fn moved(&mut self, sender: Address, before: &Range<u64>, floor: u64) {
        let Some(queue) = self.senders.get(&sender) else { return };
        if queue.txs.is_empty() {
            self.senders.remove(&sender);
            return;
        }
        let now = queue.ready();
        for (nonce, waiting) in &queue.txs {
            let (was, is) = (before.contains(nonce), now.contains(nonce));
            if was != is {
                self.evictable.remove(&place(waiting, was, floor));
                self.evictable.insert(place(waiting, is, floor));
            }
        }
    }
}

fn read(state: &dyn StateRead, address: Address) -> Result<Account, PoolError> {
    let account = state.account(address).map_err(|error| PoolError::State(error.to_string()))?;
    Ok(account.unwrap_or_default())
}

/// The account of somebody who may send: no contract, except through a delegation (EIP-3607, EIP-7702).
fn sender_account(state: &dyn StateRead, sender: Address) -> Result<Account, PoolError> {
    let account = read(state, sender)?;
    if account.code_hash != Account::NO_CODE {
        let code = state.code(account.code_hash).map_err(|error| PoolError::State(error.to_string()))?;
        if code.is_none_or(|code| !code.starts_with(&alloy_eips::eip7702::constants::EIP7702_DELEGATION_DESIGNATOR)) {
            return Err(PoolError::SenderIsContract(sender));
        }
    }
    Ok(account)
}
