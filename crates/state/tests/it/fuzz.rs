//! Random changes against a model: roots, reads, past heights, proofs, forks, restarts, rewinds, pruning.
//!
//! `STATE_FUZZ` sets the number of changed accounts and slots per store (8,000 unless given).

use crate::support::{Model, Place, Rng, account, address, check_proof, code, in_memory, rewind};
use alloy_primitives::{Address, U256};
use limpid_state::{Base, Batch, Options, Pending, StateDb, StateDiff, StateError};
use std::{collections::BTreeMap, time::Instant};

on_every_store!(random_changes);

const ADDRESSES: u64 = 40;
const SLOTS: u64 = 60;
/// Node rows lag by a few blocks, and memory is cut back every few flushes: far too little for what there is.
const OPTIONS: Options =
    Options { flush_after: 300, nodes_in_memory: 2_000, accounts_in_memory: 20, slots_in_memory: 200, proofs: 40 };
/// Heights that are kept once pruning begins.
const KEEP: u64 = 60;

fn changes_wanted() -> u64 {
    std::env::var("STATE_FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(8_000)
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
    db: StateDb,
    rng: Rng,
    head: Model,
    past: BTreeMap<u64, Model>,
    height: u64,
    /// The greatest height so far; rewinds come back from it.
    highest: u64,
    /// First height that was not pruned.
    first: u64,
    changes: u64,
}

impl Run {
    fn new(place: &Place, seed: u64) -> Self {
        let db = place.state(OPTIONS);
        let (head, past) = (Model::default(), BTreeMap::new());
        Self { db, rng: Rng(seed), head, past, height: 0, highest: 0, first: 1, changes: 0 }
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
            self.highest = self.highest.max(self.height);
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
            self.check_proofs(height, &slots);
            match self.db.at(height) {
                Ok(state) => {
                    assert!(height >= self.first);
                    assert_eq!(state.root(), self.past[&height].root());
                    self.past[&height].check(&state, &addresses, &slots);
                }
                Err(error) => assert!(height < self.first, "height {height}: {error}"),
            }
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
                    assert!(height < first && (height + OPTIONS.proofs <= self.height || height < self.first))
                }
                Err(error) => panic!("proof at {height} of {}: {error}", self.height),
            }
        }
    }

    fn flush(&mut self) {
        let mut batch = Batch::new();
        if let Some(prepared) = self.db.prepare_flush(&mut batch).expect("flushes") {
            self.db.store().commit(&batch).expect("stores");
            self.db.publish(prepared).expect("publishes");
        }
    }

    fn rewind(&mut self) {
        let height = self.height.saturating_sub(self.rng.below(20)).max(self.first);
        rewind(&self.db, height);
        self.height = height;
        self.head = self.past[&height].clone();
        self.past.split_off(&(height + 1));
    }

    /// One step of pruning, short enough to leave work for the next.
    fn prune(&mut self, keep: Option<u64>) {
        let mut batch = Batch::new();
        let limit = self.rng.below(400) as usize;
        self.db.prepare_prune(keep, limit, &mut batch).expect("prunes");
        self.db.store().commit(&batch).expect("stores");
        if keep.is_some() {
            // The head's view is of before; the next commit's sees it.
            self.round();
            self.first = match self.db.at(0) {
                Err(StateError::UnknownHeight { first: Some(first), .. }) => first,
                _ => panic!("height 0 was never committed"),
            };
            assert!(self.first <= 1 || self.first + KEEP <= self.highest + 1, "less is kept than asked for");
        }
    }

    fn reopen(&mut self, place: &Place) {
        // Every handle must go before a directory can be opened again.
        self.db = in_memory();
        self.db = place.state(OPTIONS);
        assert_eq!(self.db.head().map(|head| (head.height, head.root)), Some((self.height, self.head.root())));
    }
}

/// Rounds between two looks at everything: a full recompute reads every row.
const LOOK: u64 = 20;

fn random_changes(place: &Place) {
    let wanted = changes_wanted();
    let started = Instant::now();
    let mut run = Run::new(place, 1);
    let mut rounds = 0u64;
    while run.changes < wanted {
        run.round();
        rounds += 1;
        // Archive first, then pruned.
        let keep = (run.changes > wanted / 2).then_some(KEEP);
        if rounds.is_multiple_of(3) {
            run.prune(keep);
        }
        if rounds.is_multiple_of(LOOK) {
            run.check();
        }
        if rounds.is_multiple_of(7) {
            run.rewind();
        }
        if rounds.is_multiple_of(45) {
            run.reopen(place);
        }
    }
    run.check();
    eprintln!("{} changes, {rounds} rounds, height {}: {:.0?}", run.changes, run.height, started.elapsed());
}
