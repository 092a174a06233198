//! `verify` finds every kind of damage, and damage never gives another root.

use crate::support::{Place, account, address, code, flush_after};
use alloy_primitives::U256;
use limpid_state::{Batch, KeyRange, Order, StateDb, StateDiff, StateRead, Store, Table};
use std::sync::Arc;

on_every_store!(every_damaged_row_is_found, damaged_node_rows_never_give_another_root);

fn filled(place: &Place) -> Arc<dyn Store> {
    let db = place.state(flush_after(0));
    let mut diff = StateDiff::default();
    let (hash, bytes) = code(1);
    diff.codes.insert(hash, bytes);
    for number in 0..60 {
        let mut new = account(number, 1);
        if number % 5 == 0 {
            new.code_hash = hash;
            diff.storage.insert(address(number), (0..20).map(|slot| (U256::from(slot), U256::from(7))).collect());
        }
        diff.accounts.insert(address(number), Some(new));
    }
    let pending = db.apply(&db.committed(), diff).expect("applies");
    db.commit(&pending, 1, |_| {}).expect("commits");
    db.verify().expect("verifies");
    db.store().clone()
}

/// Changes one row for the time of `check`.
fn with_row(store: &Arc<dyn Store>, table: Table, key: &[u8], value: Option<Vec<u8>>, check: impl FnOnce()) {
    let set = |value: Option<Vec<u8>>| {
        let mut batch = Batch::new();
        match value {
            Some(value) => batch.put(table, key, value),
            None => batch.delete(table, key),
        }
        store.commit(&batch).expect("commits");
    };
    let before = store.get(table, key).expect("reads");
    set(value);
    check();
    set(before);
}

fn every_damaged_row_is_found(place: &Place) {
    let store = filled(place);
    let open = || StateDb::open(store.clone()).expect("opens");
    let mut damages = 0;
    for table in [Table::Accounts, Table::Slots, Table::Codes, Table::Trie] {
        for (key, value) in store.page(table, &KeyRange::all(), Order::Ascending, 1_000).expect("reads") {
            let mut flipped = value.clone();
            *flipped.last_mut().expect("no row is empty") ^= 1;
            for damaged in [Some(flipped), None] {
                with_row(&store, table, &key, damaged, || {
                    assert!(open().verify().is_err(), "damage in {table:?} was not found");
                });
                damages += 1;
            }
        }
    }
    assert!(damages > 600, "only {damages} damages tried");
    let stray = [vec![0], vec![15; 9]].concat();
    with_row(&store, Table::Trie, &stray, Some(vec![1; 40]), || assert!(open().verify().is_err(), "a stray node row"));
    for owner in [3, 255] {
        with_row(&store, Table::Slots, &[owner; 64], Some(vec![1]), || {
            assert!(open().verify().is_err(), "a stray slot");
        });
    }
    open().verify().expect("whole again");
}

fn damaged_node_rows_never_give_another_root(place: &Place) {
    let store = filled(place);
    // Touches every account and every slot.
    let mut diff = StateDiff::default();
    for number in 0..60 {
        diff.accounts.insert(address(number), Some(account(9, number)));
        if number % 5 == 0 {
            diff.storage
                .insert(address(number), (0..20).map(|slot| (U256::from(slot), U256::from(slot % 2))).collect());
        }
    }
    let db = StateDb::open(store.clone()).expect("opens");
    let root = db.apply(&db.committed(), diff.clone()).expect("applies").root();
    let mut errors = 0;
    for (key, mut value) in store.page(Table::Trie, &KeyRange::all(), Order::Ascending, 1_000).expect("reads") {
        *value.last_mut().expect("no row is empty") ^= 1;
        with_row(&store, Table::Trie, &key, Some(value), || {
            let db = StateDb::open(store.clone()).expect("opens");
            match db.apply(&db.committed(), diff.clone()) {
                Ok(pending) => assert_eq!(pending.root(), root),
                Err(error) => {
                    assert!(error.to_string().starts_with("damaged state"), "{error}");
                    errors += 1;
                }
            }
            assert_eq!(db.committed().storage(address(5), U256::from(3)).expect("flat rows are whole"), U256::from(7));
        });
    }
    assert!(errors > 200, "only {errors} damages were met");
}
