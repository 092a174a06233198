//! Committing, publishing, forks, heights, views, proofs.

use crate::support::{Model, account, address, check_proof, code, flush_after, mem};
use alloy_primitives::{B256, U256, bytes, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use limpid_state::{
    Base, Batch, KeyRange, MemStore, Order, Pending, Reader, Row, StateDb, StateDiff, StateError, StateRead, Store,
    StoreError, Table,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

fn set_balance(number: u64, balance: u64) -> StateDiff {
    StateDiff { accounts: [(address(number), Some(account(0, balance)))].into(), ..StateDiff::default() }
}

fn set_slot(number: u64, slot: u64, value: u64) -> StateDiff {
    let slots = [(U256::from(slot), U256::from(value))].into();
    StateDiff { storage: [(address(number), slots)].into(), ..StateDiff::default() }
}

fn balance(state: &dyn StateRead, number: u64) -> Option<U256> {
    state.account(address(number)).expect("reads").map(|account| account.balance)
}

/// A database with one account of balance 10 at height 1.
fn started() -> StateDb {
    let db = StateDb::open(mem().1).expect("opens");
    commit(&db, set_balance(1, 10), 1);
    db
}

fn commit(db: &StateDb, diff: StateDiff, height: u64) -> Pending {
    let pending = db.apply(&db.committed(), diff).expect("applies");
    db.commit(&pending, height, |_| {}).expect("commits");
    pending
}

#[test]
fn an_empty_database() {
    let db = StateDb::open(mem().1).expect("opens");
    assert_eq!(db.head(), None);
    assert_eq!(db.committed().root(), EMPTY_ROOT_HASH);
    assert_eq!(balance(&db.committed(), 1), None);
    assert!(matches!(db.at(0), Err(StateError::UnknownHeight { first: None, .. })));
    assert_eq!(db.apply(&db.committed(), StateDiff::default()).expect("applies").root(), EMPTY_ROOT_HASH);
    assert_eq!(db.verify().expect("verifies").accounts, 0);
}

#[test]
fn a_lost_fork_cannot_be_committed_and_stays_right() {
    let db = started();
    let won = db.apply(&db.committed(), set_balance(1, 20)).expect("applies");
    let lost = db.apply(&db.committed(), set_balance(1, 30)).expect("applies");
    let upon_lost = db.apply(&lost, set_balance(2, 1)).expect("applies");
    db.commit(&won, 2, |_| {}).expect("commits");
    for fork in [&lost, &upon_lost] {
        assert_eq!(balance(fork, 1), Some(U256::from(30)));
        let mut batch = Batch::new();
        let result = db.prepare(fork, 3, &mut batch);
        assert!(matches!(result, Err(StateError::NotOnHead { .. })));
        assert!(batch.is_empty(), "a refused state leaves no rows");
    }
    // Building on a lost fork still gives the root of its own history.
    let mut model = Model::default();
    [set_balance(1, 30), set_balance(2, 1), set_balance(3, 7)].iter().for_each(|diff| model.apply(diff));
    assert_eq!(db.apply(&upon_lost, set_balance(3, 7)).expect("applies").root(), model.root());
    assert_eq!(balance(&db.committed(), 1), Some(U256::from(20)));
}

#[test]
fn a_child_is_not_committed_before_its_parent() {
    let db = started();
    let parent = db.apply(&db.committed(), set_balance(2, 1)).expect("applies");
    let child = db.apply(&parent, set_balance(3, 1)).expect("applies");
    assert!(matches!(db.prepare(&child, 2, &mut Batch::new()), Err(StateError::NotOnHead { .. })));
    db.commit(&parent, 2, |_| {}).expect("commits");
    db.commit(&child, 3, |_| {}).expect("commits");
    assert_eq!(db.head().map(|head| (head.height, head.root)), Some((3, child.root())));
}

#[test]
fn heights_follow_each_other_and_are_idempotent() {
    let db = started();
    let two = commit(&db, set_balance(1, 20), 2);
    let mut batch = Batch::new();
    let prepared = db.prepare(&two, 2, &mut batch).expect("known");
    assert!(prepared.is_already_committed() && batch.is_empty());
    db.publish(prepared).expect("nothing to do");
    let other = db.apply(&db.committed(), set_balance(1, 21)).expect("applies");
    assert!(matches!(db.prepare(&other, 2, &mut batch), Err(StateError::OtherRootCommitted { height: 2, .. })));
    assert!(matches!(db.prepare(&other, 4, &mut batch), Err(StateError::WrongHeight { height: 4, head: 2 })));
    assert!(matches!(db.prepare(&other, 0, &mut batch), Err(StateError::WrongHeight { height: 0, head: 2 })));
}

#[test]
fn publishing_needs_the_committed_batch() {
    let db = started();
    let pending = db.apply(&db.committed(), set_balance(1, 20)).expect("applies");
    let mut batch = Batch::new();
    let prepared = db.prepare(&pending, 2, &mut batch).expect("prepares");
    assert!(matches!(db.publish(prepared), Err(StateError::NotCommitted { height: 2 })));
    assert_eq!(balance(&db.committed(), 1), Some(U256::from(10)));
    let first = db.prepare(&pending, 2, &mut batch).expect("prepares");
    let second = db.prepare(&pending, 2, &mut batch).expect("prepares");
    db.store().commit(&batch).expect("stores");
    db.publish(first).expect("publishes");
    assert!(matches!(db.publish(second), Err(StateError::NotCommitted { .. })), "published twice");
}

/// Refuses to commit while `broken`.
struct Breakable {
    store: MemStore,
    broken: AtomicBool,
}

impl Reader for Breakable {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(table, key)
    }

    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.store.page(table, range, order, limit)
    }
}

impl Store for Breakable {
    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(StoreError::Engine("the disk is full".to_owned()));
        }
        self.store.commit(batch)
    }

    fn snapshot(&self) -> Result<Arc<dyn Reader>, StoreError> {
        self.store.snapshot()
    }
}

#[test]
fn a_failed_commit_changes_nothing() {
    let store = Arc::new(Breakable { store: MemStore::new(), broken: AtomicBool::new(false) });
    let db = StateDb::open(store.clone()).expect("opens");
    commit(&db, set_balance(1, 10), 1);
    let head = db.head();
    let pending = db.apply(&db.committed(), set_balance(1, 20)).expect("applies");
    store.broken.store(true, Ordering::Relaxed);
    assert!(matches!(db.commit(&pending, 2, |_| {}), Err(StateError::Store(_))));
    assert_eq!(db.head(), head);
    assert_eq!(balance(&db.committed(), 1), Some(U256::from(10)));
    store.broken.store(false, Ordering::Relaxed);
    db.commit(&pending, 2, |_| {}).expect("commits once the store works again");
    assert_eq!(balance(&db.committed(), 1), Some(U256::from(20)));
    db.verify().expect("verifies");
}

#[test]
fn a_crash_before_the_commit_leaves_the_old_head() {
    let (shared, store) = mem();
    let db = StateDb::open(store).expect("opens");
    commit(&db, set_balance(1, 10), 1);
    let head = db.head();
    let pending = db.apply(&db.committed(), set_balance(1, 20)).expect("applies");
    let mut batch = Batch::new();
    let prepared = db.prepare(&pending, 2, &mut batch).expect("prepares");
    drop((prepared, pending, db));
    let db = StateDb::open(Arc::new(shared)).expect("opens again");
    assert_eq!(db.head(), head);
    assert_eq!(balance(&db.committed(), 1), Some(U256::from(10)));
    db.verify().expect("verifies");
}

#[test]
fn a_view_keeps_its_values() {
    let db = started();
    commit(&db, set_slot(1, 5, 50), 2);
    let old = db.committed();
    let pending_on_old = db.apply(&old, set_slot(1, 6, 60)).expect("applies");
    commit(&db, set_slot(1, 5, 51), 3);
    commit(&db, set_balance(1, 99), 4);
    let slot = |state: &dyn StateRead, slot: u64| state.storage(address(1), U256::from(slot)).expect("reads");
    // The old view is read after the commits and before the new one, so that a shared cache would mix them.
    assert_eq!((slot(&old, 5), balance(&old, 1)), (U256::from(50), Some(U256::from(10))));
    assert_eq!((slot(&pending_on_old, 5), slot(&pending_on_old, 6)), (U256::from(50), U256::from(60)));
    let new = db.committed();
    assert_eq!((slot(&new, 5), balance(&new, 1)), (U256::from(51), Some(U256::from(99))));
}

/// Code that tells whether the layer which brought it is alive.
struct Witness {
    code: Vec<u8>,
    _alive: Arc<()>,
}

impl AsRef<[u8]> for Witness {
    fn as_ref(&self) -> &[u8] {
        &self.code
    }
}

#[test]
fn committed_layers_do_not_pile_up() {
    let alive = Arc::new(());
    let with_code = |height: u64| {
        let code = bytes::Bytes::from_owner(Witness { code: height.to_be_bytes().to_vec(), _alive: alive.clone() });
        let mut diff = set_balance(1, height);
        diff.codes.insert(keccak256(&code), code.into());
        diff
    };
    let db = StateDb::open(mem().1).expect("opens");
    let mut waiting = db.apply(&db.committed(), with_code(0)).expect("applies");
    for height in 1..50 {
        // The next state is built before this one is committed, as validators do.
        let next = db.apply(&waiting, with_code(height)).expect("applies");
        db.commit(&waiting, height, |_| {}).expect("commits");
        waiting = next;
        let layers = Arc::strong_count(&alive) - 1;
        assert!(layers <= 2, "{layers} layers are held at height {height}");
    }
}

#[test]
fn readers_never_see_two_heights() {
    let db = Arc::new(StateDb::open_with(mem().1, flush_after(50)).expect("opens"));
    let both = |height: u64| {
        let mut diff = set_balance(1, height);
        let slots = (0..20).map(|slot| (U256::from(slot), U256::from(height))).collect();
        diff.storage.insert(address(1), slots);
        diff
    };
    commit(&db, both(1), 1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let view = db.committed();
                    let height = U256::from(view.head().expect("a head").height);
                    assert_eq!(balance(&view, 1), Some(height));
                    for slot in 0..20 {
                        assert_eq!(view.storage(address(1), U256::from(slot)).expect("reads"), height);
                    }
                }
            });
        }
        let mut base = Base::from(&db.committed());
        for height in 2..400 {
            // Applying while readers run, over a chain that is committed meanwhile.
            let pending = db.apply(base, both(height)).expect("applies");
            base = Base::from(&pending);
            db.commit(&pending, height, |_| {}).expect("commits");
        }
        done.store(true, Ordering::Relaxed);
    });
    db.verify().expect("verifies");
}

#[test]
fn bad_diffs_are_refused() {
    let db = started();
    let apply = |diff| db.apply(&db.committed(), diff).map(|pending| pending.root());
    assert!(matches!(apply(set_slot(9, 1, 1)), Err(StateError::StorageWithoutAccount(who)) if who == address(9)));
    let mut deleted = set_slot(1, 1, 1);
    deleted.accounts.insert(address(1), None);
    assert!(matches!(apply(deleted), Err(StateError::StorageWithoutAccount(_))));
    assert_eq!(apply(set_slot(9, 1, 0)).expect("clearing what is not there is harmless"), db.committed().root());
    let (hash, bytes) = code(1);
    let mut with_code = set_balance(2, 1);
    with_code.accounts.values_mut().flatten().for_each(|account| account.code_hash = hash);
    assert!(matches!(apply(with_code.clone()), Err(StateError::UnknownCode { .. })));
    with_code.codes.insert(hash, bytes.clone());
    apply(with_code.clone()).expect("the code is there");
    with_code.codes.insert(B256::repeat_byte(1), bytes);
    assert!(matches!(apply(with_code), Err(StateError::WrongCodeHash(_))));
}

#[test]
fn code_is_read_from_every_kind_of_state() {
    let db = started();
    let (hash, bytes) = code(1);
    let mut diff = set_balance(2, 1);
    diff.accounts.values_mut().flatten().for_each(|account| account.code_hash = hash);
    diff.codes.insert(hash, bytes.clone());
    assert_eq!(db.committed().code(hash).expect("reads"), None);
    assert_eq!(db.committed().code(KECCAK_EMPTY).expect("reads").map(|code| code.len()), Some(0));
    let pending = db.apply(&db.committed(), diff).expect("applies");
    assert_eq!(pending.code(hash).expect("reads"), Some(bytes.clone()));
    db.commit(&pending, 2, |_| {}).expect("commits");
    assert_eq!(db.committed().code(hash).expect("reads"), Some(bytes.clone()));
    assert_eq!(db.at(1).expect("kept").code(hash).expect("reads"), Some(bytes), "code is known by hash alone");
}

#[test]
fn history_may_begin_at_any_height() {
    let db = StateDb::open(mem().1).expect("opens");
    commit(&db, set_balance(1, 10), 100);
    commit(&db, set_balance(1, 11), 101);
    assert_eq!(balance(&db.at(100).expect("kept"), 1), Some(U256::from(10)));
    for height in [0, 99, 102] {
        let Err(error) = db.at(height) else { panic!("height {height} is not kept") };
        assert_eq!(error.to_string(), format!("no state at height {height}: heights 100 to 101 are kept"));
    }
}

#[test]
fn a_wipe_clears_old_slots_and_keeps_new_ones() {
    let db = started();
    let mut diff = set_slot(1, 1, 10);
    diff.storage.entry(address(1)).or_default().insert(U256::from(2), U256::from(20));
    commit(&db, diff, 2);
    let mut again = set_slot(1, 2, 21);
    again.wiped.insert(address(1));
    let pending = db.apply(&db.committed(), again).expect("applies");
    let slots = |state: &dyn StateRead| {
        [1, 2].map(|slot| state.storage(address(1), U256::from(slot)).expect("reads").to::<u64>())
    };
    assert_eq!(slots(&db.committed()), [10, 20], "read before the wipe, so that they are cached");
    assert_eq!(slots(&pending), [0, 21]);
    db.commit(&pending, 3, |_| {}).expect("commits");
    assert_eq!(slots(&db.committed()), [0, 21]);
    assert_eq!(slots(&db.at(2).expect("kept")), [10, 20]);
    assert_eq!(slots(&db.at(3).expect("kept")), [0, 21]);
    assert_eq!(db.verify().expect("verifies").slots, 1);
}

#[test]
fn a_flush_does_not_disturb_what_builds_on_the_head() {
    let (shared, store) = mem();
    let db = StateDb::open_with(store, flush_after(usize::MAX)).expect("opens");
    for height in 1..30 {
        commit(&db, set_balance(height % 7, height), height);
    }
    assert_eq!(db.verify().expect("verifies").nodes, 0, "no node row was written yet");
    let pending = db.apply(&db.committed(), set_balance(1, 77)).expect("applies");
    let mut batch = Batch::new();
    let prepared = db.prepare_flush(&mut batch).expect("prepares").expect("there is something to write");
    db.store().commit(&batch).expect("stores");
    db.publish(prepared).expect("publishes");
    assert!(db.verify().expect("verifies").nodes > 7);
    assert!(db.prepare_flush(&mut Batch::new()).expect("prepares").is_none());
    db.commit(&pending, 30, |_| {}).expect("commits");
    let root = db.committed().root();
    drop(db);
    let db = StateDb::open(Arc::new(shared)).expect("opens again");
    assert_eq!(db.committed().root(), root);
}

#[test]
fn proofs_hold() {
    for changes in [0, usize::MAX] {
        let (shared, store) = mem();
        let db = StateDb::open_with(store, flush_after(changes)).expect("opens");
        let mut diff = StateDiff::default();
        for number in 0..300 {
            diff.accounts.insert(address(number), Some(account(number, number * 3)));
        }
        diff.storage.insert(address(5), (0..100).map(|slot| (U256::from(slot), U256::from(slot + 1))).collect());
        commit(&db, diff, 1);
        commit(&db, set_slot(5, 7, 0), 2);
        for db in [db, StateDb::open(Arc::new(shared)).expect("opens again")] {
            let view = db.committed();
            for number in [0, 5, 299, 300, 1000] {
                let proof = view.proof(address(number), &[6, 7, 1000].map(U256::from)).expect("proves");
                assert_eq!(proof.account.is_some(), number < 300);
                check_proof(view.root(), &proof);
            }
        }
    }
}

#[test]
fn proofs_of_the_last_blocks() {
    let window = limpid_state::PROOF_WINDOW;
    let (shared, store) = mem();
    let db = StateDb::open_with(store, flush_after(200)).expect("opens");
    let last = window + 50;
    let mut roots = BTreeMap::new();
    for height in 1..=last {
        let mut diff = set_balance(height % 40, height);
        diff.accounts.insert(address(99), Some(account(height, 1)));
        diff.storage.insert(address(99), (0..height % 5).map(|slot| (U256::from(slot), U256::from(height))).collect());
        if height % 97 == 0 {
            diff.wiped.insert(address(99));
        }
        if height % 7 == 0 {
            diff.accounts.insert(address(height % 11), None);
        }
        commit(&db, diff, height);
        roots.insert(height, db.committed().root());
    }
    let check = |db: &StateDb, first: u64, last: u64| {
        for height in (first..=last).step_by(41).chain([last - 1, last]) {
            for number in [1, 7, 99, 1000] {
                let slots = [0, 1, 3, 8].map(U256::from);
                let proof = db.proof(address(number), &slots, height).expect("proves");
                check_proof(roots[&height], &proof);
                let state = db.at(height).expect("kept");
                assert_eq!(proof.account, state.account(address(number)).expect("reads"));
                for slot in &proof.storage {
                    assert_eq!(slot.value, state.storage(address(number), slot.slot).expect("reads"));
                }
            }
        }
        for height in [first - 1, last + 1] {
            let error = db.proof(address(1), &[], height).expect_err("outside the window").to_string();
            assert_eq!(error, format!("no proof at height {height}: proofs are kept for heights {first} to {last}"));
        }
    };
    check(&db, last - window + 1, last);
    drop(db);
    let db = StateDb::open_with(Arc::new(shared), flush_after(200)).expect("opens again");
    check(&db, last - window + 1, last);
    let back = last - 60;
    let mut batch = Batch::new();
    let prepared = db.prepare_rewind(back, &mut batch).expect("rewinds");
    db.store().commit(&batch).expect("stores");
    db.publish(prepared).expect("publishes");
    check(&db, (back + 1).saturating_sub(window).max(1), back);
}
