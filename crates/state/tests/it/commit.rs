//! Committing, publishing, forks, heights, views.

use crate::support::{Model, Place, account, address, code, flush_after};
use alloy_primitives::{B256, U256, bytes, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use limpid_state::{
    Base, Batch, KeyRange, Options, Order, Pending, Reader, Row, StateDb, StateDiff, StateError, StateRead, Store,
    StoreError, Table,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

on_every_store!(
    an_empty_database,
    a_lost_fork_cannot_be_committed_and_stays_right,
    a_child_is_not_committed_before_its_parent,
    heights_follow_each_other_and_are_idempotent,
    publishing_needs_the_committed_batch,
    a_failed_commit_changes_nothing,
    a_crash_before_the_commit_leaves_the_old_head,
    a_view_keeps_its_values,
    committed_layers_do_not_pile_up,
    readers_never_see_two_heights,
    bad_diffs_are_refused,
    code_is_read_from_every_kind_of_state,
    history_may_begin_at_any_height,
    a_wipe_clears_old_slots_and_keeps_new_ones,
    a_flush_does_not_disturb_what_builds_on_the_head,
);

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
fn started(place: &Place) -> StateDb {
    let db = place.state(Options::default());
    commit(&db, set_balance(1, 10), 1);
    db
}

fn commit(db: &StateDb, diff: StateDiff, height: u64) -> Pending {
    let pending = db.apply(&db.committed(), diff).expect("applies");
    db.commit(&pending, height, |_| {}).expect("commits");
    pending
}

fn an_empty_database(place: &Place) {
    let db = place.state(Options::default());
    assert_eq!(db.head(), None);
    assert_eq!(db.committed().root(), EMPTY_ROOT_HASH);
    assert_eq!(balance(&db.committed(), 1), None);
    assert!(matches!(db.at(0), Err(StateError::UnknownHeight { first: None, .. })));
    assert_eq!(db.apply(&db.committed(), StateDiff::default()).expect("applies").root(), EMPTY_ROOT_HASH);
    assert_eq!(db.verify().expect("verifies").accounts, 0);
}

fn a_lost_fork_cannot_be_committed_and_stays_right(place: &Place) {
    let db = started(place);
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

fn a_child_is_not_committed_before_its_parent(place: &Place) {
    let db = started(place);
    let parent = db.apply(&db.committed(), set_balance(2, 1)).expect("applies");
    let child = db.apply(&parent, set_balance(3, 1)).expect("applies");
    assert!(matches!(db.prepare(&child, 2, &mut Batch::new()), Err(StateError::NotOnHead { .. })));
    db.commit(&parent, 2, |_| {}).expect("commits");
    db.commit(&child, 3, |_| {}).expect("commits");
    assert_eq!(db.head().map(|head| (head.height, head.root)), Some((3, child.root())));
}

fn heights_follow_each_other_and_are_idempotent(place: &Place) {
    let db = started(place);
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

fn publishing_needs_the_committed_batch(place: &Place) {
    let db = started(place);
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
    store: Arc<dyn Store>,
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

fn a_failed_commit_changes_nothing(place: &Place) {
    let store = Arc::new(Breakable { store: place.open(), broken: AtomicBool::new(false) });
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

fn a_crash_before_the_commit_leaves_the_old_head(place: &Place) {
    let db = place.state(Options::default());
    commit(&db, set_balance(1, 10), 1);
    let head = db.head();
    let pending = db.apply(&db.committed(), set_balance(1, 20)).expect("applies");
    let mut batch = Batch::new();
    let prepared = db.prepare(&pending, 2, &mut batch).expect("prepares");
    drop((prepared, pending, db));
    let db = place.state(Options::default());
    assert_eq!(db.head(), head);
    assert_eq!(balance(&db.committed(), 1), Some(U256::from(10)));
    db.verify().expect("verifies");
}

fn a_view_keeps_its_values(place: &Place) {
    let db = started(place);
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

fn committed_layers_do_not_pile_up(place: &Place) {
    let alive = Arc::new(());
    let with_code = |height: u64| {
        let code = bytes::Bytes::from_owner(Witness { code: height.to_be_bytes().to_vec(), _alive: alive.clone() });
        let mut diff = set_balance(1, height);
        diff.codes.insert(keccak256(&code), code.into());
        diff
    };
    let db = place.state(Options::default());
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

fn readers_never_see_two_heights(place: &Place) {
    let db = Arc::new(place.state(flush_after(50)));
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

fn bad_diffs_are_refused(place: &Place) {
    let db = started(place);
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

fn code_is_read_from_every_kind_of_state(place: &Place) {
    let db = started(place);
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

fn history_may_begin_at_any_height(place: &Place) {
    let db = place.state(Options::default());
    commit(&db, set_balance(1, 10), 100);
    commit(&db, set_balance(1, 11), 101);
    assert_eq!(balance(&db.at(100).expect("kept"), 1), Some(U256::from(10)));
    for height in [0, 99, 102] {
        let Err(error) = db.at(height) else { panic!("height {height} is not kept") };
        assert_eq!(error.to_string(), format!("no state at height {height}: heights 100 to 101 are kept"));
    }
}

fn a_wipe_clears_old_slots_and_keeps_new_ones(place: &Place) {
    let db = started(place);
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

fn a_flush_does_not_disturb_what_builds_on_the_head(place: &Place) {
    let db = place.state(flush_after(usize::MAX));
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
    drop((pending, db));
    let db = place.state(Options::default());
    assert_eq!(db.committed().root(), root);
}
