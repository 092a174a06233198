//! Merkle proofs of the head and of the last blocks, checked by alloy's verifier against each height's root.

use crate::support::{Place, account, address, check_proof, commit_diff, flush_after, rewind};
use alloy_primitives::{B256, U256};
use limpid_state::{Batch, Options, StateDb, StateDiff, StateError, StateRead};
use std::collections::BTreeMap;

on_every_store!(
    proofs_of_the_head,
    proofs_of_the_last_blocks,
    proofs_after_going_back,
    proofs_while_old_nodes_go,
    proofs_leave_memory_alone,
);

fn proofs_of_the_head(place: &Place) {
    let mut diff = StateDiff::default();
    for number in 0..300 {
        diff.accounts.insert(address(number), Some(account(number, number * 3)));
    }
    diff.storage.insert(address(5), (0..100).map(|slot| (U256::from(slot), U256::from(slot + 1))).collect());
    let check = |db: StateDb| {
        let view = db.committed();
        for number in [0, 5, 299, 300, 1000] {
            let proof = view.proof(address(number), &[6, 7, 1000].map(U256::from)).expect("proves");
            assert_eq!(proof.account.is_some(), number < 300);
            check_proof(view.root(), &proof);
        }
    };
    let db = place.state(flush_after(usize::MAX));
    commit_diff(&db, diff, 1);
    let cleared = [(U256::from(7), U256::ZERO)].into();
    commit_diff(&db, StateDiff { storage: [(address(5), cleared)].into(), ..StateDiff::default() }, 2);
    // Nodes in memory only, then read again.
    check(db);
    check(place.state(flush_after(0)));
}

/// A few changes, some of which take storage away. Another `branch` makes another chain.
fn block(height: u64, branch: u64) -> StateDiff {
    let mut diff = StateDiff::default();
    diff.accounts.insert(address(height % 40), Some(account(branch, height)));
    diff.accounts.insert(address(50 + (height + branch) % 20), Some(account(branch, 1)));
    diff.accounts.insert(address(99), Some(account(height, 1)));
    diff.storage.insert(address(99), (0..height % 5).map(|slot| (U256::from(slot), U256::from(height))).collect());
    if height.is_multiple_of(97) {
        diff.wiped.insert(address(99));
    }
    if height.is_multiple_of(7) {
        diff.accounts.insert(address(height % 11), None);
    }
    diff
}

/// Makes the blocks up to `last`.
fn extend(db: &StateDb, roots: &mut BTreeMap<u64, B256>, last: u64) {
    extend_branch(db, roots, last, 0);
}

fn extend_branch(db: &StateDb, roots: &mut BTreeMap<u64, B256>, last: u64, branch: u64) {
    let from = db.head().map_or(1, |head| head.height + 1);
    for height in from..=last {
        commit_diff(db, block(height, branch), height);
        roots.insert(height, db.committed().root());
    }
}

/// Proves at some heights from `first` to the head, and is refused outside.
fn check(db: &StateDb, roots: &BTreeMap<u64, B256>, first: u64) {
    let last = db.head().expect("a head").height;
    for height in (first..=last).step_by(((last - first) / 25).max(1) as usize).chain([last]) {
        for number in [1, 7, 99, 1000] {
            let proof = db.proof(address(number), &[0, 1, 3, 8].map(U256::from), height).expect("proves");
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
}

fn proofs_of_the_last_blocks(place: &Place) {
    let mut roots = BTreeMap::new();
    let last = limpid_state::PROOF_WINDOW + 20;
    let db = place.state(flush_after(200));
    extend(&db, &mut roots, last);
    check(&db, &roots, last + 1 - limpid_state::PROOF_WINDOW);
    drop(db);
    check(&place.state(flush_after(200)), &roots, last + 1 - limpid_state::PROOF_WINDOW);
}

/// With a checkpoint every few blocks.
const OFTEN: Options = Options { flush_after: 10, proofs: 60, ..SMALL };
const SMALL: Options =
    Options { flush_after: 0, nodes_in_memory: 500, accounts_in_memory: 10, slots_in_memory: 10, proofs: 60 };

fn prune_all(db: &StateDb, keep: Option<u64>) -> u64 {
    for steps in 0.. {
        let mut batch = Batch::new();
        if !db.prepare_prune(keep, 5, &mut batch).expect("prunes") {
            return steps;
        }
        db.store().commit(&batch).expect("stores");
    }
    unreachable!("it ends")
}

fn proofs_after_going_back(place: &Place) {
    let mut roots = BTreeMap::new();
    let db = place.state(OFTEN);
    extend(&db, &mut roots, 150);
    // To between two checkpoints, again, past what is pruned, and each time on.
    for back in [147, 131, 130, 100, 96, 20] {
        rewind(&db, back);
        check(&db, &roots, back.saturating_sub(59).max(1));
        db.verify().expect("verifies");
        extend_branch(&db, &mut roots, back + 3, back);
        check(&db, &roots, (back + 3).saturating_sub(59).max(1));
        prune_all(&db, None);
    }
    drop(db);
    let db = place.state(OFTEN);
    check(&db, &roots, 1);
    rewind(&db, 2);
    extend_branch(&db, &mut roots, 90, 2);
    check(&db, &roots, 31);
    db.verify().expect("verifies");
}

fn proofs_while_old_nodes_go(place: &Place) {
    let mut roots = BTreeMap::new();
    let db = place.state(SMALL);
    extend(&db, &mut roots, 70);
    let held = db.committed();
    let rows = || {
        let store = db.store();
        let all = limpid_state::KeyRange::all();
        store.page(limpid_state::Table::TrieHistory, &all, limpid_state::Order::Ascending, 10_000).expect("reads").len()
    };
    let before = rows();
    for steps in 0.. {
        let mut batch = Batch::new();
        if !db.prepare_prune(None, 5, &mut batch).expect("prunes") {
            assert!(steps > 3, "in several steps");
            break;
        }
        db.store().commit(&batch).expect("stores");
        check(&db, &roots, 11);
    }
    assert!(rows() < before, "{} of {before} rows are left", rows());
    drop(held);
    extend(&db, &mut roots, 400);
    prune_all(&db, None);
    let kept = rows();
    extend(&db, &mut roots, 800);
    prune_all(&db, None);
    assert!(rows() < kept * 3 / 2, "what is kept does not grow: {kept} rows, then {}", rows());
    check(&db, &roots, 741);
    drop(db);
    check(&place.state(SMALL), &roots, 741);
}

fn proofs_leave_memory_alone(place: &Place) {
    let db = place.state(SMALL);
    let accounts = (0..20_000).map(|number| (address(number), Some(account(number, 1)))).collect();
    commit_diff(&db, StateDiff { accounts, ..StateDiff::default() }, 1);
    let nodes = db.nodes_in_memory();
    assert!(nodes < 4_500, "{nodes} nodes after being cut back");
    for number in 0..2_000 {
        check_proof(db.committed().root(), &db.proof(address(number), &[], 1).expect("proves"));
    }
    assert_eq!(db.nodes_in_memory(), nodes);
    assert!(matches!(db.proof(address(1), &[], 2), Err(StateError::NoProof { first: 1, head: 1, .. })));
}
