//! A store that fails between its write and the first look at it: what memory says of the head is stale from then on.

use crate::support::*;
use alloy_primitives::Address;
use limpid_chain::{ChainError, Executor, Genesis, Ledger, Mining, Node, NodeOptions, ledger::rules_of};
use limpid_state::{Batch, KeyRange, MemStore, Order, Reader, Row, Store, StoreError, Table};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

const TO: Address = Address::repeat_byte(0x11);

/// Once told to, it writes once more and then cannot be read at one moment, until it is told to see again.
#[derive(Default)]
struct Blinding {
    rows: MemStore,
    told: AtomicBool,
    blind: AtomicBool,
}

impl Blinding {
    fn set(&self, told: bool) {
        self.told.store(told, Ordering::Relaxed);
        self.blind.store(false, Ordering::Relaxed);
    }
}

impl Reader for Blinding {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.rows.get(table, key)
    }

    fn page(&self, table: Table, range: &KeyRange, order: Order, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.rows.page(table, range, order, limit)
    }
}

impl Store for Blinding {
    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.rows.commit(batch)?;
        self.blind.store(self.told.load(Ordering::Relaxed), Ordering::Relaxed);
        Ok(())
    }

    fn snapshot(&self) -> Result<Arc<dyn Reader>, StoreError> {
        match self.blind.load(Ordering::Relaxed) {
            true => Err(StoreError::Engine("tested".to_owned())),
            false => self.rows.snapshot(),
        }
    }
}

fn open(store: &Arc<Blinding>) -> Node {
    let options = NodeOptions { mining: Mining::Manual, ..NodeOptions::dev() };
    Node::start(store.clone(), Genesis::dev(CHAIN), rules_of(&Genesis::dev(CHAIN)), options).unwrap()
}

#[test]
fn nothing_is_built_over_a_head_that_was_taken_back() {
    let store = Arc::new(Blinding::default());
    let node = open(&store);
    for nonce in 0..3 {
        node.send_raw_transaction(&raw(transfer(nonce, TO, 1), &key(0))).unwrap();
        node.mine(1, None).unwrap();
    }
    store.set(true);
    let refused = node.rewind(1).unwrap_err();
    store.set(false);
    assert!(refused.to_string().contains("tested"), "{refused}");
    // The rows are those of block 1, and memory says block 3: a block over it would tear the chain apart.
    assert_eq!(node.head().block.number(), 3);
    let ledger = node.ledger();
    let over = ledger.build(node.head().block.hash, 0, &mut VecDeque::new()).unwrap();
    assert!(matches!(ledger.commit(over.hash()), Err(ChainError::Torn)));
    assert!(matches!(node.mine(1, None), Err(ChainError::Stopping)));
    let reason = node.halted().expect("the block loop stopped");
    assert!(reason.contains("restart the node"), "{reason}");
    drop(node);
    let node = open(&store);
    assert_eq!(node.head().block.number(), 1);
    node.send_raw_transaction(&raw(transfer(1, TO, 9), &key(0))).unwrap();
    node.mine(1, None).unwrap();
    assert_eq!(node.head().block.transactions.len(), 1);
    assert_eq!(node.verify().unwrap().head.unwrap().root, node.head().block.header.state_root);
    assert_replays(&node);
}

#[test]
fn nothing_is_committed_over_a_block_that_was_not_seen_again() {
    let store = Arc::new(Blinding::default());
    let open = || Ledger::open(store.clone(), Genesis::dev(CHAIN), rules_of(&Genesis::dev(CHAIN)), None).unwrap();
    let ledger = open();
    let block = ledger.build(ledger.head().block.hash, 5, &mut VecDeque::new()).unwrap();
    let other = ledger.build(ledger.head().block.hash, 6, &mut VecDeque::new()).unwrap();
    store.set(true);
    assert!(matches!(ledger.commit(block.hash()), Err(ChainError::State(_))));
    store.set(false);
    for hash in [block.hash(), other.hash()] {
        assert!(matches!(ledger.commit(hash), Err(ChainError::Torn)));
    }
    drop(ledger);
    assert_eq!(open().head().block.hash, block.hash(), "the write was whole");
}
