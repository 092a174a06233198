//! Memory in front of the store: values at the committed head, storage tries, code.

use crate::{Head, Options, trie::Trie};
use alloy_primitives::{Address, B256, Bytes, U256, map::HashMap};
use alloy_trie::TrieAccount;
use parking_lot::{Mutex, RwLock};
use std::{
    collections::VecDeque,
    hash::Hash,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Codes kept in memory.
const CODES: usize = 1_000;
/// Account tries of past heights kept for the next proof.
const PAST: usize = 4;
/// Storage tries kept in memory; the least recently changed half is dropped when there are more.
const TRIES: usize = 20_000;

/// A bounded map: when the young half is full it becomes the old half, and what was old is forgotten.
struct Halves<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    capacity: usize,
}

impl<K: Eq + Hash, V: Clone> Halves<K, V> {
    fn new(capacity: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), capacity: capacity / 2 }
    }

    fn get(&self, key: &K) -> Option<V> {
        self.young.get(key).or_else(|| self.old.get(key)).cloned()
    }

    fn insert(&mut self, key: K, value: V) {
        if self.capacity == 0 {
            return;
        }
        if self.young.len() >= self.capacity && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

/// Values at one generation of the head. A view of another generation bypasses the cache, so that it can neither
/// read newer values nor leave older ones behind.
struct HeadValues {
    generation: u64,
    accounts: Halves<Address, Option<TrieAccount>>,
    slots: Halves<(Address, U256), U256>,
}

/// Everything cached for one state database.
pub(crate) struct Caches {
    head: RwLock<HeadValues>,
    codes: Mutex<Halves<B256, Bytes>>,
    tries: Mutex<Halves<B256, (B256, Trie)>>,
    /// Account tries of past heights, each with the height its nodes come from; the newest last.
    past: Mutex<VecDeque<(Head, Head, Trie)>>,
    /// Trie nodes read from the store.
    loads: AtomicUsize,
}

/// New values of the head, for [`Caches::advance`].
pub(crate) struct HeadChange<'a> {
    pub(crate) accounts: Vec<(Address, Option<TrieAccount>)>,
    pub(crate) slots: Vec<((Address, U256), U256)>,
    pub(crate) tries: Vec<(B256, &'a Trie)>,
    /// Slots beyond the named ones became zero.
    pub(crate) cleared: bool,
}

impl Caches {
    pub(crate) fn new(options: &Options) -> Self {
        let accounts = Halves::new(options.accounts_in_memory);
        let slots = Halves::new(options.slots_in_memory);
        Self {
            head: RwLock::new(HeadValues { generation: 0, accounts, slots }),
            past: Mutex::default(),
            codes: Mutex::new(Halves::new(CODES)),
            tries: Mutex::new(Halves::new(TRIES)),
            loads: AtomicUsize::new(0),
        }
    }

    /// The account if it is cached.
    pub(crate) fn known_account(&self, generation: u64, address: &Address) -> Option<Option<TrieAccount>> {
        let head = self.head.read();
        if head.generation == generation { head.accounts.get(address) } else { None }
    }

    pub(crate) fn account<E>(
        &self,
        generation: u64,
        address: Address,
        read: impl FnOnce() -> Result<Option<TrieAccount>, E>,
    ) -> Result<Option<TrieAccount>, E> {
        if let Some(account) = self.known_account(generation, &address) {
            return Ok(account);
        }
        let account = read()?;
        let mut head = self.head.write();
        if head.generation == generation {
            head.accounts.insert(address, account);
        }
        Ok(account)
    }

    pub(crate) fn slot<E>(
        &self,
        generation: u64,
        key: (Address, U256),
        read: impl FnOnce() -> Result<U256, E>,
    ) -> Result<U256, E> {
        let cached = {
            let head = self.head.read();
            if head.generation == generation { head.slots.get(&key) } else { None }
        };
        if let Some(value) = cached {
            return Ok(value);
        }
        let value = read()?;
        let mut head = self.head.write();
        if head.generation == generation {
            head.slots.insert(key, value);
        }
        Ok(value)
    }

    pub(crate) fn code<E>(
        &self,
        hash: B256,
        read: impl FnOnce() -> Result<Option<Bytes>, E>,
    ) -> Result<Option<Bytes>, E> {
        if let Some(code) = self.codes.lock().get(&hash) {
            return Ok(Some(code));
        }
        let code = read()?;
        if let Some(code) = &code {
            self.codes.lock().insert(hash, code.clone());
        }
        Ok(code)
    }

    /// The storage trie of `owner` with this root. Its content is determined by the root, so that it fits any view.
    pub(crate) fn trie(&self, owner: B256, root: B256) -> Trie {
        match self.tries.lock().get(&owner) {
            Some((cached, trie)) if cached == root => trie,
            _ => Trie::stub(root),
        }
    }

    /// The account trie of a past height, if it was made lately from the nodes of `base`.
    pub(crate) fn past(&self, of: Head, base: Head) -> Option<Trie> {
        let past = self.past.lock();
        past.iter().find(|(head, from, _)| (*head, *from) == (of, base)).map(|(_, _, trie)| trie.clone())
    }

    pub(crate) fn keep_past(&self, of: Head, base: Head, trie: Trie) {
        let mut past = self.past.lock();
        if past.len() >= PAST {
            past.pop_front();
        }
        past.push_back((of, base, trie));
    }

    pub(crate) fn count_load(&self) {
        self.loads.fetch_add(1, Ordering::Relaxed);
    }

    /// Trie nodes read since the last call.
    pub(crate) fn take_loads(&self) -> usize {
        self.loads.swap(0, Ordering::Relaxed)
    }

    /// Nodes of storage tries in memory.
    pub(crate) fn trie_nodes(&self) -> usize {
        let tries = self.tries.lock();
        tries.young.values().chain(tries.old.values()).fold(0, |sum, (_, trie)| sum.saturating_add(trie.nodes()))
    }

    pub(crate) fn forget_tries(&self) {
        self.tries.lock().clear();
        self.past.lock().clear();
    }

    /// Moves to the next generation.
    pub(crate) fn advance(&self, generation: u64, change: Option<HeadChange<'_>>) {
        let mut head = self.head.write();
        head.generation = generation;
        let Some(change) = change else {
            head.accounts.clear();
            head.slots.clear();
            return;
        };
        if change.cleared {
            head.slots.clear();
        }
        for (address, account) in change.accounts {
            head.accounts.insert(address, account);
        }
        for (key, value) in change.slots {
            head.slots.insert(key, value);
        }
        let mut tries = self.tries.lock();
        for (owner, trie) in change.tries {
            tries.insert(owner, (trie.root_hash(), trie.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_map_forgets_and_is_never_stale() {
        let mut map = Halves::new(10);
        for round in 0..3u32 {
            for key in 0..100u32 {
                map.insert(key, (key, round));
                assert_eq!(map.get(&key), Some((key, round)));
                assert!(map.young.len() + map.old.len() <= 10);
            }
        }
        assert_eq!((map.get(&0), map.get(&95)), (None, Some((95, 2))));
    }

    #[test]
    fn another_generation_neither_reads_nor_fills() {
        let caches = Caches::new(&Options::default());
        let key = (Address::ZERO, U256::ZERO);
        let read = |generation, stored: u64| caches.slot(generation, key, || Ok::<_, ()>(U256::from(stored)));
        assert_eq!(read(0, 1), Ok(U256::from(1)));
        assert_eq!(read(0, 2), Ok(U256::from(1)), "cached");
        assert_eq!(read(5, 3), Ok(U256::from(3)), "of another generation: read from its own store");
        caches.advance(5, None);
        assert_eq!(read(0, 4), Ok(U256::from(4)), "an old view reads its own store");
        assert_eq!(read(5, 6), Ok(U256::from(6)), "and has left nothing behind");
        assert_eq!(read(5, 7), Ok(U256::from(6)));
    }
}
