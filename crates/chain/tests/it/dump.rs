//! A development chain as bytes: what comes out is the same chain, or nothing changes.

use crate::support::*;
use alloy_primitives::{Address, U256};
use limpid_chain::{AccountEdit, ChainError, Genesis, Mining, Node, NodeOptions, tx::UnsignedTx};

const WHO: Address = Address::repeat_byte(0x44);
const TO: Address = Address::repeat_byte(0x11);
const MOST: usize = 1 << 20;

fn rich(node: &Node, wei: u64) {
    node.edit(WHO, AccountEdit { balance: Some(U256::from(wei)), ..AccountEdit::default() }).unwrap();
}

/// Blocks of every kind: signed, impersonated, after edits, with a chosen base fee, and edits that wait at the end.
fn lively() -> Node {
    let node = manual_node();
    node.send_raw_transaction(&raw(deploy(0, &counter()), &key(0))).unwrap();
    node.mine(2, Some(10)).unwrap();
    rich(&node, 1_000_000_000_000_000_000);
    node.send_impersonated(UnsignedTx::Eip1559(transfer(0, TO, 7)), WHO).unwrap();
    node.set_next_base_fee(1_234_567_890).unwrap();
    node.mine(1, None).unwrap();
    rich(&node, 99);
    node
}

#[test]
fn a_chosen_base_fee_holds_for_one_block() {
    let node = lively();
    let base_fee = |height: u64| node.block_at(height).unwrap().unwrap().block.header.base_fee_per_gas.unwrap();
    assert_eq!(base_fee(3), 1_234_567_890);
    assert_ne!(base_fee(2), 1_234_567_890);
    node.mine(1, None).unwrap();
    assert!(base_fee(4) < 1_234_567_890 && base_fee(4) > 1_220_000_000, "by the rules from there: {}", base_fee(4));
    node.set_next_base_fee(0).unwrap();
    node.mine(2, None).unwrap();
    assert_eq!((base_fee(5), base_fee(6)), (0, node.genesis().fees.floor));
    assert_replays(&node);
    let lasting = Node::in_memory(Genesis::new(CHAIN, 0), NodeOptions::steady()).unwrap();
    assert!(matches!(lasting.set_next_base_fee(1), Err(ChainError::NotDev)));
}

#[test]
fn timestamps_so_far_apart() {
    let node = manual_node();
    let time = |node: &Node| node.head().block.header.timestamp;
    node.mine(1, None).unwrap();
    let start = time(&node);
    node.set_block_interval(Some(1_000)).unwrap();
    node.mine(2, None).unwrap();
    assert_eq!(time(&node), start + 2_000);
    node.set_next_timestamp(start + 2_500).unwrap();
    node.mine(2, None).unwrap();
    assert_eq!(time(&node), start + 3_500, "one that was named comes first");
    node.set_block_interval(None).unwrap();
    node.mine(1, None).unwrap();
    assert!(time(&node) < start + 4_500);
    assert!(matches!(node.set_block_interval(Some(u64::MAX)), Err(ChainError::TimeTooFar { .. })));
    assert_replays(&node);
}

#[test]
fn what_is_loaded_is_the_same_chain() {
    let node = lively();
    let dump = node.dump(MOST).unwrap();
    let same = |other: &Node| {
        assert_eq!(other.head().block.hash, node.head().block.hash);
        assert_eq!(balance(other, WHO), U256::from(99), "what waits at the end too");
        assert_replays(other);
    };
    let fresh = manual_node();
    fresh.load(&dump).unwrap();
    same(&fresh);
    fresh.load(&dump).unwrap();
    same(&fresh);
    // Another chain gives way, from the first block on that differs.
    let other = manual_node();
    other.send_raw_transaction(&raw(transfer(0, TO, 9), &key(0))).unwrap();
    other.mine(7, None).unwrap();
    rich(&other, 5);
    other.load(&dump).unwrap();
    same(&other);
    assert_eq!(other.dump(MOST).unwrap(), dump);
    // And it goes on.
    other.send_raw_transaction(&raw(transfer(1, TO, 9), &key(0))).unwrap();
    other.mine(1, None).unwrap();
    assert_eq!(balance(&other, TO), U256::from(16));
}

#[test]
fn what_cannot_be_loaded_is_told() {
    let node = lively();
    let (dump, head) = (node.dump(MOST).unwrap(), node.head().block.hash);
    let told = |result: Result<(), ChainError>, words: &str| {
        let told = result.unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
    };
    told(node.load(b"nonsense"), "no dump of this program");
    told(node.load(&dump[..dump.len() - 1]), "no dump of this program");
    told(node.dump(100).map(drop), "limpid db backup");
    let other = NodeOptions { mining: Mining::Manual, ..NodeOptions::dev() };
    told(Node::in_memory(Genesis::dev(7), other).unwrap().load(&dump), "another chain, with id 31337");
    assert_eq!(node.head().block.hash, head);
    // A block that execution does not agree with.
    let short = 1_234_567_890u32.to_be_bytes();
    let place = dump.windows(4).position(|bytes| bytes == short).unwrap();
    let mut forged = dump.clone();
    forged[place] ^= 1;
    let fresh = manual_node();
    told(fresh.load(&forged), "base_fee_per_gas");
    assert_eq!(fresh.block_number(), 0);
    rich(&fresh, 7);
    fresh.mine(3, None).unwrap();
    rich(&fresh, 8);
    let own = fresh.head().block.hash;
    told(fresh.load(&forged), "base_fee_per_gas");
    assert_eq!((fresh.head().block.hash, balance(&fresh, WHO)), (own, U256::from(8)), "as it was");
    assert_replays(&fresh);
    let lasting = Node::in_memory(Genesis::new(CHAIN, 0), NodeOptions::steady()).unwrap();
    assert!(matches!(lasting.dump(MOST), Err(ChainError::NotDev)));
    assert!(matches!(lasting.load(&dump), Err(ChainError::NotDev)));
}

/// Code in a dump that no block could run, or that is not there, would stop the chain at the next call of it.
#[test]
fn code_that_cannot_run_is_not_loaded() {
    let code = [0x60, 0x77, 0x60, 0x78, 0x60, 0x79];
    let node = manual_node();
    node.edit(WHO, AccountEdit { code: Some(code.into()), ..AccountEdit::default() }).unwrap();
    let dump = node.dump(MOST).unwrap();
    let place = dump.windows(6).position(|bytes| bytes == code).unwrap();
    for (other, words) in [([0xef, 1, 0, 0, 0, 0], "cannot be read"), ([0x60; 6], "is missing")] {
        let mut forged = dump.clone();
        forged[place..place + 6].copy_from_slice(&other);
        let fresh = manual_node();
        let told = fresh.load(&forged).unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
        fresh.mine(1, None).unwrap();
    }
}
