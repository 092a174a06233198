//! Pruning: old values go in steps, the rest stays as it was, and a crash between two steps changes nothing.

use crate::support::{Model, Place, account, address, check_proof, commit_diff, flush_after, rewind};
use alloy_primitives::{Address, U256};
use limpid_state::{Batch, KeyRange, Options, Order, Rows, StateDb, StateDiff, StateError, Table};
use std::collections::BTreeMap;

on_every_store!(
    old_values_go_and_the_rest_stays,
    a_step_is_short_and_the_next_goes_on_after_a_crash,
    a_first_step_spent_on_nodes_skips_no_values,
    nodes_go_on_being_pruned_after_going_back_far,
    pruned_heights_are_refused_by_name,
    nothing_is_pruned_that_opening_needs,
);

const LAST: u64 = 120;
const KEEP: u64 = 30;

fn block(height: u64) -> StateDiff {
    let mut diff = StateDiff::default();
    for number in 0..4 {
        let who = (height * 3 + number) % 15;
        diff.accounts.insert(address(who), Some(account(height, number)));
        let slots = (0..3).map(|slot| (U256::from((height + slot) % 7), U256::from((height * slot) % 5))).collect();
        diff.storage.insert(address(who), slots);
    }
    if height.is_multiple_of(4) {
        diff.storage.remove(&address(height % 15));
        diff.accounts.insert(address(height % 15), None);
    }
    diff
}

fn universe() -> (Vec<Address>, Vec<U256>) {
    ((0..16).map(address).collect(), (0..8).map(U256::from).collect())
}

fn extend(db: &StateDb, models: &mut BTreeMap<u64, Model>, last: u64) {
    let from = db.head().map_or(1, |head| head.height + 1);
    for height in from..=last {
        let mut model = models.get(&(height - 1)).cloned().unwrap_or_default();
        model.apply(&block(height));
        commit_diff(db, block(height), height);
        models.insert(height, model);
    }
}

fn check(db: &StateDb, models: &BTreeMap<u64, Model>, first: u64) {
    let (addresses, slots) = universe();
    for (height, model) in models {
        match db.at(*height) {
            Ok(state) => {
                assert!(*height >= first, "height {height} should be pruned");
                assert_eq!(state.root(), model.root());
                model.check(&state, &addresses, &slots);
            }
            Err(error) => assert!(*height < first, "height {height}: {error}"),
        }
    }
}

fn step(db: &StateDb, limit: usize) -> bool {
    let mut batch = Batch::new();
    let more = db.prepare_prune(Some(KEEP), limit, &mut batch).expect("prunes");
    // A key takes two rows at most, a height three more; a list of nodes is taken whole.
    assert!(batch.len() <= 2 * limit + 256 + 10, "{} rows in a step of {limit}", batch.len());
    db.store().commit(&batch).expect("stores");
    more
}

fn rows(db: &StateDb, table: Table) -> usize {
    Rows::new(db.store().as_ref(), table, KeyRange::all(), Order::Ascending).count()
}

fn old_values_go_and_the_rest_stays(place: &Place) {
    let mut models = BTreeMap::new();
    let db = place.state(flush_after(20));
    extend(&db, &mut models, LAST);
    check(&db, &models, 1);
    let mut before = [Table::AccountHistory, Table::SlotHistory, Table::Changes].map(|table| rows(&db, table));
    while step(&db, 7) {}
    // A view of the head sees what was there when it was made; the next one does not.
    extend(&db, &mut models, LAST + 1);
    while step(&db, 1_000) {}
    extend(&db, &mut models, LAST + 2);
    check(&db, &models, LAST + 2 - KEEP);
    for (table, before) in [Table::AccountHistory, Table::SlotHistory, Table::Changes].iter().zip(&mut before) {
        let after = rows(&db, *table);
        assert!(after * 2 < *before, "{after} of {before} rows of {} are left", table.name());
        *before = after;
    }
    db.verify().expect("verifies");
    // In the long run nothing gathers.
    extend(&db, &mut models, 2 * LAST);
    while step(&db, 100) {}
    for (table, before) in [Table::AccountHistory, Table::SlotHistory, Table::Changes].iter().zip(before) {
        assert!(rows(&db, *table) < before + before / 4, "{} grows", table.name());
    }
    drop(db);
    let db = place.state(flush_after(20));
    check(&db, &models, 2 * LAST + 1 - KEEP);
}

fn a_step_is_short_and_the_next_goes_on_after_a_crash(place: &Place) {
    let mut models = BTreeMap::new();
    let db = place.state(flush_after(20));
    extend(&db, &mut models, LAST);
    drop(db);
    for crash in 0.. {
        // A crash after each few steps, in the middle of a height.
        let db = place.state(flush_after(20));
        check(&db, &models, if crash == 0 { 1 } else { LAST + 1 - KEEP });
        db.verify().expect("verifies");
        let more = step(&db, 5) && step(&db, 3) && step(&db, 40);
        if !more {
            assert!(crash > 10);
            break;
        }
    }
    let db = place.state(flush_after(20));
    // Going back within what is kept, and on.
    rewind(&db, LAST + 1 - KEEP);
    models.split_off(&(LAST + 2 - KEEP));
    check(&db, &models, LAST + 1 - KEEP);
    extend(&db, &mut models, LAST + 20);
    while step(&db, 9) {}
    extend(&db, &mut models, LAST + 21);
    check(&db, &models, LAST + 21 - KEEP);
}

fn a_first_step_spent_on_nodes_skips_no_values(place: &Place) {
    let mut models = BTreeMap::new();
    // Proofs of few heights, so that there are many nodes to remove.
    let db = place.state(Options { flush_after: 20, proofs: 5, ..Options::default() });
    extend(&db, &mut models, LAST);
    // Not one value goes with the first step.
    assert!(step(&db, 1));
    while step(&db, 7) {}
    assert_eq!(rows(&db, Table::Changes), KEEP as usize - 1, "every pruned height's record is gone");
    extend(&db, &mut models, LAST + 40);
    while step(&db, 7) {}
    extend(&db, &mut models, LAST + 41);
    check(&db, &models, LAST + 41 - KEEP);
}

fn nodes_go_on_being_pruned_after_going_back_far(place: &Place) {
    let mut models = BTreeMap::new();
    let db = place.state(Options { flush_after: 10, proofs: 5, ..Options::default() });
    let all = |db: &StateDb| while node_step(db, 9) {};
    extend(&db, &mut models, LAST);
    all(&db);
    let (usual, lists) = (rows(&db, Table::TrieHistory), rows(&db, Table::Meta));
    // There is no checkpoint so far back any more.
    rewind(&db, LAST / 2);
    models.split_off(&(LAST / 2 + 1));
    assert_eq!(rows(&db, Table::TrieHistory), 0);
    for last in LAST / 2 + 1..=LAST {
        extend(&db, &mut models, last);
        all(&db);
        assert!(rows(&db, Table::TrieHistory) <= 3 * usual, "nodes gather at height {last}");
        let proof = db.proof(address(1), &[U256::from(1)], last.saturating_sub(4).max(LAST / 2)).expect("proves");
        check_proof(models[&last.saturating_sub(4).max(LAST / 2)].root(), &proof);
    }
    assert!(rows(&db, Table::Meta) <= lists + 1, "checkpoints gather");
    check(&db, &models, 1);
}

/// A step that keeps all values.
fn node_step(db: &StateDb, limit: usize) -> bool {
    let mut batch = Batch::new();
    let more = db.prepare_prune(None, limit, &mut batch).expect("prunes");
    db.store().commit(&batch).expect("stores");
    more
}

fn pruned_heights_are_refused_by_name(place: &Place) {
    let mut models = BTreeMap::new();
    let db = place.state(flush_after(0));
    extend(&db, &mut models, LAST);
    step(&db, 1);
    // Whatever the head's own view still has.
    let back = db.prepare_rewind(LAST - KEEP, &mut Batch::new());
    assert!(matches!(back, Err(StateError::UnknownHeight { .. })));
    extend(&db, &mut models, LAST + 1);
    let first = LAST + 1 - KEEP;
    for height in [0, 1, first - 1] {
        let error = db.at(height).err().expect("pruned").to_string();
        assert_eq!(error, format!("no state at height {height}: heights {first} to {} are kept", LAST + 1));
        let error = db.prepare_rewind(height, &mut Batch::new()).err().expect("pruned");
        assert!(matches!(error, StateError::UnknownHeight { .. }), "{error}");
        let error = db.proof(address(1), &[], height).expect_err("pruned").to_string();
        assert!(error.ends_with(&format!("proofs are kept for heights {first} to {}", LAST + 1)), "{error}");
    }
    db.at(first).expect("the first that is kept");
}

fn nothing_is_pruned_that_opening_needs(place: &Place) {
    let mut models = BTreeMap::new();
    let db = place.state(Options { flush_after: usize::MAX, ..Options::default() });
    extend(&db, &mut models, LAST);
    assert!(!step(&db, 1_000), "no node row was written yet");
    let mut batch = Batch::new();
    let prepared = db.prepare_flush(&mut batch).expect("flushes").expect("there is something");
    db.store().commit(&batch).expect("stores");
    db.publish(prepared).expect("publishes");
    extend(&db, &mut models, LAST + 60);
    while step(&db, 50) {}
    drop(db);
    // The node rows are those of height LAST: every change since is still known.
    let db = place.state(Options::default());
    check(&db, &models, LAST);
}
