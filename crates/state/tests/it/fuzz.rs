//! Random changes against a model: roots, reads, past heights, forks, restarts, rewinds.
//!
//! `STATE_FUZZ` sets the number of changed accounts and slots per store (20,000 unless given).

use crate::support::{Model, RULES, Rng, account, address, check_proof, code, mem};
use alloy_primitives::{Address, U256};
use limpid_state::{Base, Batch, FjallStore, Options, PROOF_WINDOW, Pending, StateDb, StateDiff, StateError, Store};
use std::{collections::BTreeMap, sync::Arc};

const ADDRESSES: u64 = 40;
const SLOTS: u64 = 60;
/// Node rows lag by a few blocks, and memory is cut back every few flushes.
const OPTIONS: Options = Options { flush_after: 300, nodes_in_memory: 2_000 };

fn changes_wanted() -> u64 {
    std::env::var("STATE_FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

fn universe() -> (Vec<Address>, Vec<U256>) {
    ((0..ADDRESSES).map(address).collect(), (0..SLOTS).map(U256::from).collect())
}

/// A random diff that fits `model`; returns how many accounts and slots it changes.
fn random_diff(rng: &mut Rng, model: &Model) -> (StateDiff, u64) {
    let mut diff = StateDiff::default();
    let mut changes = 0;
    for _ in 0..rng.below(12) {
        let who = address(rng.below(ADDRESSES));
        changes += 1;
        match rng.below(10) {
            0 => {
                diff.accounts.insert(who, None);
                diff.storage.remove(&who);
                diff.wiped.remove(&who);
                continue;
            }
            1 => {
                diff.wiped.insert(who);
            }
            _ => {}
        }
        let known = model.accounts.contains_key(&who) && !matches!(diff.accounts.get(&who), Some(None));
        if !known || rng.chance(40) {
            let mut new = account(rng.below(1 << 20), rng.next());
            if rng.chance(20) {
                let (hash, bytes) = code(rng.below(5));
                new.code_hash = hash;
                diff.codes.insert(hash, bytes);
            }
            diff.accounts.insert(who, Some(new));
        }
        for _ in 0..rng.below(25) {
            let value = if rng.chance(45) { U256::ZERO } else { U256::from(rng.next()) << rng.below(192) };
            diff.storage.entry(who).or_default().insert(U256::from(rng.below(SLOTS)), value);
            changes += 1;
        }
    }
    (diff, changes)
}

struct Run {
    store: Arc<dyn Store>,
    db: StateDb,
    rng: Rng,
    head: Model,
    past: BTreeMap<u64, Model>,
    height: u64,
    changes: u64,
}

impl Run {
    fn new(store: Arc<dyn Store>, seed: u64) -> Self {
        let db = StateDb::open_with(store.clone(), OPTIONS).expect("opens");
        Self { store, db, rng: Rng(seed), head: Model::default(), past: BTreeMap::new(), height: 0, changes: 0 }
    }

    /// Builds one to three pending states on each other, some forks beside them, and commits part of them.
    fn round(&mut self) {
        let mut base = Base::from(&self.db.committed());
        let mut model = self.head.clone();
        let mut chain: Vec<(Pending, Model)> = Vec::new();
        let mut lost: Vec<(Pending, Model)> = Vec::new();
        for _ in 0..=self.rng.below(3) {
            if self.rng.chance(30) {
                lost.push(self.extend(&base, &model));
            }
            let (pending, next) = self.extend(&base, &model);
            base = Base::from(&pending);
            model = next.clone();
            chain.push((pending, next));
        }
        let kept = 1 + self.rng.below(chain.len() as u64);
        for (pending, next) in chain.iter().take(kept as usize) {
            self.height += 1;
            self.db.commit(pending, self.height, |_| {}).expect("commits");
            if self.rng.chance(5) {
                self.flush();
            }
            self.head = next.clone();
            self.past.insert(self.height, next.clone());
            // Of older heights some will do, or a long run would fill the memory.
            if let Some(old) = self.height.checked_sub(200).filter(|old| !old.is_multiple_of(50)) {
                self.past.remove(&old);
            }
            lost.iter().for_each(|(fork, model)| self.check_fork(fork, model));
        }
        // A state upon a committed one goes on being readable and a base.
        for (pending, model) in &chain {
            self.check_fork(pending, model);
        }
    }

    fn extend(&mut self, base: &Base, model: &Model) -> (Pending, Model) {
        let (diff, changes) = random_diff(&mut self.rng, model);
        self.changes += changes;
        let mut next = model.clone();
        next.apply(&diff);
        let pending = self.db.apply(base.clone(), diff).expect("applies");
        assert_eq!(pending.root(), next.root(), "root at {} changes", self.changes);
        (pending, next)
    }

    fn check_fork(&self, pending: &Pending, model: &Model) {
        assert_eq!(pending.root(), model.root());
        let (addresses, slots) = universe();
        let some = (self.height as usize) % addresses.len();
        model.check(pending, &addresses[some..=some], &slots);
    }

    fn check(&mut self) {
        let (addresses, slots) = universe();
        self.head.check(&self.db.committed(), &addresses, &slots);
        let report = self.db.verify().expect("verifies");
        assert_eq!(report.accounts, self.head.accounts.len() as u64);
        assert_eq!(report.slots, self.head.storage.values().map(|slots| slots.len() as u64).sum::<u64>());
        for _ in 0..3 {
            let from = 1 + self.rng.below(self.height);
            let (height, _) = self.past.range(from..).next().expect("the newest are kept");
            let height = *height;
            let state = self.db.at(height).expect("height is kept");
            assert_eq!(state.root(), self.past[&height].root());
            self.past[&height].check(&state, &addresses, &slots);
            self.check_proofs(height, &slots);
        }
        assert!(self.db.at(self.height + 1).is_err());
    }

    /// Proofs at a height against the model's root of it.
    fn check_proofs(&mut self, height: u64, slots: &[U256]) {
        let model = &self.past[&height];
        let root = model.root();
        for _ in 0..3 {
            let who = address(self.rng.below(ADDRESSES + 2));
            let from = self.rng.below(SLOTS - 5) as usize;
            match self.db.proof(who, &slots[from..from + 5], height) {
                Ok(proof) => {
                    check_proof(root, &proof);
                    assert_eq!(proof.account, model.accounts.get(&who).copied());
                    proof.storage.iter().for_each(|slot| assert_eq!(slot.value, model.value(who, slot.slot)));
                }
                Err(StateError::NoProof { first, .. }) => {
                    assert!(height < first && height + PROOF_WINDOW <= self.height)
                }
                Err(error) => panic!("proof at {height} of {}: {error}", self.height),
            }
        }
    }

    fn flush(&mut self) {
        let mut batch = Batch::new();
        if let Some(prepared) = self.db.prepare_flush(&mut batch).expect("flushes") {
            self.store.commit(&batch).expect("stores");
            self.db.publish(prepared).expect("publishes");
        }
    }

    fn rewind(&mut self) {
        let height = self.height.saturating_sub(self.rng.below(6)).max(1);
        let mut batch = Batch::new();
        let prepared = self.db.prepare_rewind(height, &mut batch).expect("rewinds");
        self.store.commit(&batch).expect("stores");
        self.db.publish(prepared).expect("publishes");
        self.height = height;
        self.head = self.past[&height].clone();
        self.past.split_off(&(height + 1));
    }

    fn reopen(&mut self, store: Arc<dyn Store>) {
        self.db = StateDb::open_with(store.clone(), OPTIONS).expect("opens again");
        self.store = store;
        assert_eq!(self.db.head().map(|head| (head.height, head.root)), Some((self.height, self.head.root())));
    }
}

#[test]
fn in_memory() {
    let (shared, store) = mem();
    let mut run = Run::new(store, 1);
    let wanted = changes_wanted();
    let mut rounds = 0u64;
    while run.changes < wanted {
        run.round();
        rounds += 1;
        if rounds.is_multiple_of(10) {
            run.check();
        }
        if rounds.is_multiple_of(7) {
            run.rewind();
            run.check();
        }
        if rounds.is_multiple_of(17) {
            run.reopen(Arc::new(shared.clone()));
        }
    }
    run.check();
}

#[test]
fn on_disk() {
    let dir = tempfile::tempdir().expect("a directory");
    let open = || -> Arc<dyn Store> { Arc::new(FjallStore::open(dir.path(), RULES).expect("opens")) };
    let mut run = Run::new(open(), 2);
    let wanted = changes_wanted();
    let mut rounds = 0u64;
    while run.changes < wanted {
        run.round();
        rounds += 1;
        if rounds.is_multiple_of(20) {
            run.check();
        }
        if rounds.is_multiple_of(15) {
            run.rewind();
        }
        if rounds.is_multiple_of(60) {
            // Every handle must go before the directory can be opened again.
            let (empty, _) = mem();
            run.store = Arc::new(empty.clone());
            run.db = StateDb::open(Arc::new(empty)).expect("opens");
            run.reopen(open());
        }
    }
    run.check();
}
