//! What a running node does beside making blocks: pruning, backups; and checking a folder that no node has open.

use crate::support::*;
use alloy_primitives::{Address, U256};
use limpid_chain::{Genesis, Node, NodeOptions, ledger::verify::verify};
use limpid_state::{
    Batch, KeyRange, MemStore, Order, Reader, StateRead, Store, StoreKind, Table,
    backup::{self, Reading},
    open_existing,
};
use std::{
    num::NonZeroU64,
    sync::Arc,
    time::{Duration, Instant},
};

const TO: Address = Address::repeat_byte(0x11);

fn options(store: StoreKind, history: Option<u64>) -> NodeOptions {
    // Little memory: node rows are written with nearly every block.
    NodeOptions {
        store: Some(store),
        state_cache: 1 << 20,
        history: history.and_then(NonZeroU64::new),
        ..NodeOptions::dev()
    }
}

fn eventually(what: &str, mut happens: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happens() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what} does not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_node_keeps_as_much_history_as_told() {
    for store in StoreKind::ALL {
        let folder = tempfile::tempdir().unwrap();
        let node = Node::open(folder.path(), Genesis::dev(CHAIN), options(store, Some(10))).unwrap();
        for nonce in 0..40 {
            send(&node, &raw(transfer(nonce, TO, 5), &key(0)));
        }
        // A view of the head is of when its block was made: one more block shows what was pruned meanwhile.
        let mut nonce = 40;
        eventually("pruning", || {
            send(&node, &raw(transfer(nonce, TO, 5), &key(0)));
            nonce += 1;
            node.state(5.into()).is_err()
        });
        let error = node.state(5.into()).err().unwrap().to_string();
        assert!(error.starts_with("no state at height 5: heights ") && error.ends_with(" are kept"), "{error}");
        let head = node.block_number();
        for height in head - 9..=head {
            assert_eq!(
                node.state(height.into()).unwrap().unwrap().account(TO).unwrap().unwrap().balance,
                U256::from(5 * height)
            );
            node.proof(TO, &[], height.into()).unwrap().unwrap();
        }
        assert!(node.block_at(5).unwrap().is_some(), "blocks stay");
        node.verify().unwrap();
        assert_replays(&node);
    }
}

#[test]
fn a_backup_of_a_running_node_is_whole() {
    for store in StoreKind::ALL {
        let folder = tempfile::tempdir().unwrap();
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("backup");
        let node = Node::open(folder.path(), Genesis::dev(CHAIN), options(store, None)).unwrap();
        for nonce in 0..20 {
            send(&node, &raw(transfer(nonce, TO, 5), &key(0)));
        }
        let made = backup::ask(folder.path(), &file, &mut |_| {}).unwrap();
        assert_eq!(made.head.height, 20);
        send(&node, &raw(transfer(20, TO, 5), &key(0)));
        let copy = Arc::new(MemStore::new());
        Reading::open(&file).unwrap().restore(copy.as_ref(), &mut |_| {}).unwrap();
        let found = verify(&(copy.clone() as Arc<dyn Store>), &mut |_, _, _| {}).unwrap();
        assert_eq!((found.blocks, found.transactions), (21, 20));
        let restored = Node::start(copy, node.genesis().clone(), node.rules().clone(), NodeOptions::dev()).unwrap();
        assert_eq!(restored.head().block.hash, node.block_at(20).unwrap().unwrap().block.hash);
        send(&restored, &raw(transfer(20, TO, 7), &key(0)));
    }
}

#[test]
fn damage_is_found_and_named() {
    let store = MemStore::new();
    let rules = limpid_chain::ledger::rules_of(&Genesis::dev(CHAIN));
    let node =
        Node::start(Arc::new(store.clone()), Genesis::dev(CHAIN), rules, options(StoreKind::Fjall, None)).unwrap();
    send(&node, &raw(deploy(0, &counter()), &key(1)));
    for nonce in 0..12 {
        send(&node, &raw(transfer(nonce, TO, 5), &key(0)));
        send(&node, &raw(call(nonce + 1, key(1).address().create(0)), &key(1)));
    }
    node.stop();
    drop(node);
    let opened: Arc<dyn Store> = Arc::new(store.clone());
    let check = || verify(&opened, &mut |_, _, _| {});
    let whole = check().unwrap();
    assert_eq!((whole.blocks, whole.transactions, whole.history.roots), (26, 25, 25));
    assert!(whole.history.checkpoints > 0);
    let mut damages = 0;
    for table in [
        Table::Accounts,
        Table::AccountHistory,
        Table::SlotHistory,
        Table::Changes,
        Table::TrieHistory,
        Table::Headers,
        Table::Bodies,
        Table::Receipts,
        Table::BlockIndex,
        Table::TxIndex,
    ] {
        // The newest rows; those of block 0 are thousands of the same kind.
        for (key, value) in store.page(table, &KeyRange::all(), Order::Descending, 12).unwrap() {
            let mut flipped = value.clone();
            if let Some(last) = flipped.last_mut() {
                *last ^= 1;
            }
            for damage in [Some(flipped), None] {
                if damage.as_ref() == Some(&value) || table == Table::TrieHistory && key[0] == 2 {
                    // Nothing to flip; and a list serves pruning only.
                    continue;
                }
                let set = |value: Option<Vec<u8>>| {
                    let mut batch = Batch::new();
                    match value {
                        Some(value) => batch.put(table, key.clone(), value),
                        None => batch.delete(table, key.clone()),
                    }
                    opened.commit(&batch).unwrap();
                };
                set(damage);
                let error = check().err().unwrap_or_else(|| panic!("damage of {} {key:?}", table.name())).to_string();
                assert!(error.contains("damaged") || error.contains("block"), "{error}");
                set(Some(value.clone()));
                damages += 1;
            }
        }
    }
    assert!(damages > 150, "only {damages} damages were tried");
    check().unwrap();
}

#[test]
fn a_folder_in_use_cannot_be_opened_by_tools() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::open(folder.path(), Genesis::dev(CHAIN), options(StoreKind::Redb, None)).unwrap();
    assert!(open_existing(folder.path()).err().unwrap().to_string().contains("in use by another process"));
    drop(node);
    open_existing(folder.path()).unwrap();
}
