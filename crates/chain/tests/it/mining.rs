//! The block loop: it never stalls, makes no idle blocks in development, keeps its pace otherwise, and bends time.

use crate::support::*;
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, U256};
use limpid_chain::{AccountEdit, ChainError, Genesis, HeadEvent, Mining, Node, NodeOptions};
use limpid_state::StateRead;
use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

const TO: Address = Address::repeat_byte(0x11);

/// anvil stops mining under this load.
#[test]
fn two_thousand_transactions_from_sixteen_threads_all_arrive() {
    const THREADS: u8 = 16;
    const EACH: u64 = 125;
    let mut genesis = Genesis::dev(CHAIN);
    for seed in 1..=THREADS {
        let account = limpid_chain::GenesisAccount { balance: U256::from(10u128.pow(20)), ..Default::default() };
        genesis.alloc.insert(stranger(seed).address(), account);
    }
    let node = Node::in_memory(genesis, NodeOptions::dev()).unwrap();
    let senders: Vec<_> = (1..=THREADS)
        .map(|seed| {
            let (node, key) = (node.clone(), stranger(seed));
            thread::spawn(move || {
                let send = |nonce| node.send_raw_transaction(&raw(transfer(nonce, TO, 1), &key)).unwrap();
                (0..EACH).map(send).collect::<Vec<B256>>()
            })
        })
        .collect();
    let hashes: Vec<_> = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();
    for hash in &hashes {
        let found = node.wait_for_receipt(*hash, Duration::from_secs(60)).unwrap().expect("a receipt");
        assert!(found.receipt.success);
    }
    assert_eq!(hashes.len(), 2_000);
    assert_eq!(balance(&node, TO), U256::from(2_000));
    assert_eq!(node.pool().status(), (0, 0));
    let blocks: Vec<_> = (1..=node.block_number()).map(|height| node.block_at(height).unwrap().unwrap()).collect();
    assert!(blocks.iter().all(|block| !block.block.transactions.is_empty()), "no idle blocks");
    assert_eq!(blocks.iter().map(|block| block.block.transactions.len()).sum::<usize>(), 2_000);
    assert_replays(&node);
}

/// Rows are stored a moment before the head moves; somebody who looks at the wrong moment must not see them.
#[test]
fn who_sees_a_receipt_sees_its_effects() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::open(dir.path(), Genesis::dev(CHAIN), NodeOptions::dev()).unwrap();
    for nonce in 0..200 {
        let hash = node.send_raw_transaction(&raw(transfer(nonce, TO, 1), &key(0))).unwrap();
        let found = loop {
            if let Some(found) = node.receipt(hash).unwrap() {
                break found;
            }
        };
        assert_eq!(balance(&node, TO), U256::from(nonce + 1), "the head is {}", node.block_number());
        assert!(node.height(found.place.block_hash.into()).unwrap().is_some());
    }
}

#[test]
fn automine_makes_no_block_without_a_transaction() {
    let node = node();
    send(&node, &raw(transfer(0, TO, 1), &key(0)));
    node.send_raw_transaction(&raw(transfer(5, TO, 1), &key(0))).expect("a gap");
    let unpayable = TxEip1559 { max_fee_per_gas: 20_000_000, max_priority_fee_per_gas: 0, ..call(0, TO) };
    node.send_raw_transaction(&raw(unpayable, &key(1))).expect("waits for a lower base fee");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(node.block_number(), 1);
    assert_eq!(node.pool().status(), (1, 1));
}

/// What a development chain is asked for has an end, and says so.
#[test]
fn no_request_makes_blocks_for_ever_or_moves_time_past_its_end() {
    let node = manual_node();
    let far = u64::MAX;
    assert!(matches!(node.mine(100_001, None).unwrap_err(), ChainError::TooManyBlocks { .. }));
    assert!(matches!(node.mine(2, Some(far)).unwrap_err(), ChainError::TimeTooFar { .. }));
    assert!(matches!(node.set_next_timestamp(far).unwrap_err(), ChainError::TimeTooFar { .. }));
    assert!(matches!(node.increase_time(Duration::from_secs(far)).unwrap_err(), ChainError::TimeTooFar { .. }));
    assert_eq!(node.block_number(), 0);
    node.set_next_timestamp(1 << 40).unwrap();
    assert_eq!(node.mine(1, None).unwrap().block.header.timestamp, 1 << 40);
}

/// A block takes 64 of a sender at most; nobody sends anything after that, and still the rest is mined.
#[test]
fn what_one_block_leaves_the_next_takes() {
    let node = manual_node();
    let send = |nonce| node.send_raw_transaction(&raw(transfer(nonce, TO, 1), &key(0))).unwrap();
    let sent: Vec<_> = (0..100).map(send).collect();
    node.set_mining(Mining::Auto).unwrap();
    let found = node.wait_for_receipt(sent[99], Duration::from_secs(20)).unwrap().expect("the hundredth is mined");
    assert_eq!(found.place.at.height, 2);
    assert_eq!(node.pool().status(), (0, 0));
    assert_replays(&node);
}

#[test]
fn a_steady_chain_makes_idle_blocks_and_keeps_its_pace() {
    let mining = Mining::Steady { busy: Duration::from_millis(100), idle: Duration::from_millis(400) };
    let genesis = Genesis { dev: false, ..Genesis::dev(CHAIN) };
    let node = Node::in_memory(genesis, NodeOptions { mining, ..NodeOptions::dev() }).unwrap();
    let (tell, heard) = mpsc::channel();
    let _subscription = node.on_head(move |event| tell.send((Instant::now(), event.head().clone())).unwrap());
    let wait = || heard.recv_timeout(Duration::from_secs(20)).unwrap();
    let (_, idle) = wait();
    assert!(idle.block.transactions.is_empty());
    let start = Instant::now();
    for nonce in 0..20 {
        node.send_raw_transaction(&raw(transfer(nonce, TO, 1), &key(0))).unwrap();
        thread::sleep(Duration::from_millis(25));
    }
    let elapsed = start.elapsed();
    let mut seen = 0;
    let mut blocks = 0u32;
    while seen < 20 {
        let (_, block) = wait();
        seen += block.block.transactions.len();
        blocks += 1;
    }
    assert!(Duration::from_millis(100) * blocks.saturating_sub(2) <= elapsed + Duration::from_millis(100));
    assert!(matches!(node.mine(1, None), Err(ChainError::NotDev)), "nobody mines on demand here");
    assert!(matches!(node.rewind(0), Err(ChainError::NotDev)));
    assert_replays(&node);
}

#[test]
fn blocks_on_demand_and_bent_time() {
    let node = manual_node();
    node.send_raw_transaction(&raw(transfer(0, TO, 1), &key(0))).unwrap();
    thread::sleep(Duration::from_millis(100));
    assert_eq!(node.block_number(), 0);
    assert_eq!(node.mine(1, None).unwrap().block.transactions.len(), 1);
    let before = node.head().block.header.timestamp;
    node.mine(3, Some(60)).unwrap();
    assert_eq!(node.block_number(), 4);
    let after = node.head().block.header.timestamp;
    assert!((before + 120..before + 130).contains(&after), "{before} {after}");
    node.set_next_timestamp(after + 1_000).unwrap();
    assert_eq!(node.mine(1, None).unwrap().block.header.timestamp, after + 1_000);
    let later = node.mine(1, None).unwrap().block.header.timestamp;
    assert!((after + 1_000..after + 1_010).contains(&later), "time goes on from there");
    let refused = node.set_next_timestamp(later - 1).unwrap_err();
    assert!(matches!(refused, ChainError::Time { .. }), "{refused}");
    node.increase_time(Duration::from_secs(500)).unwrap();
    let jumped = node.mine(1, None).unwrap().block.header.timestamp;
    assert!((later + 500..later + 510).contains(&jumped), "{later} {jumped}");
    assert_replays(&node);
}

#[test]
fn intervals() {
    let node = node();
    node.set_mining(Mining::Interval(Duration::from_millis(50))).unwrap();
    let (tell, heard) = mpsc::channel();
    let _subscription = node.on_head(move |event| tell.send(event.head().block.number()).unwrap());
    for _ in 0..3 {
        heard.recv_timeout(Duration::from_secs(20)).unwrap();
    }
    node.set_mining(Mining::Auto).unwrap();
    let found = send(&node, &raw(transfer(0, TO, 1), &key(0)));
    assert_eq!(found.place.at.height, node.block_number());
}

#[test]
fn going_back_forgets_and_goes_on() {
    let node = node();
    let counter_at = key(0).address().create(0);
    send(&node, &raw(deploy(0, &counter()), &key(0)));
    let kept = node.head();
    let gone = send(&node, &raw(call(1, counter_at), &key(0)));
    let gone_too = send(&node, &raw(transfer(2, TO, 7), &key(0)));
    let (tell, heard) = mpsc::channel();
    let _subscription = node.on_head(move |event| tell.send(event.clone()).unwrap());
    assert_eq!(node.rewind(1).unwrap(), kept);
    // The last block's own event may still have been on its way when we began to listen.
    let back = heard.iter().find(|event| matches!(event, HeadEvent::Rewound(..))).unwrap();
    assert!(Arc::ptr_eq(back.head(), &node.head()));
    for found in [gone, gone_too] {
        assert_eq!(node.receipt(found.tx.hash()).unwrap(), None);
        assert_eq!(node.transaction(found.tx.hash()).unwrap(), None);
        assert_eq!(node.block(found.place.block_hash.into()).unwrap(), None);
        assert_eq!(node.signature(found.place.block_hash).unwrap(), None);
    }
    assert_eq!(balance(&node, TO), U256::ZERO);
    assert_eq!(node.history(TO, None, 10).unwrap().entries, []);
    assert_eq!(node.logs(&Default::default(), 0, 1).unwrap(), []);
    assert_eq!(node.pending_nonce(key(0).address()).unwrap(), 1);
    let again = send(&node, &raw(call(1, counter_at), &key(0)));
    assert_eq!(again.place.at.height, 2);
    assert!(node.rewind(99).is_err());
    assert_replays(&node);
}

#[test]
fn a_stopped_node_still_answers() {
    let node = node();
    let found = send(&node, &raw(transfer(0, TO, 1), &key(0)));
    node.stop();
    assert!(node.halted().is_some());
    assert!(matches!(node.mine(1, None), Err(ChainError::Stopping)));
    assert_eq!(node.receipt(found.tx.hash()).unwrap().unwrap(), found);
}

#[test]
fn edits_are_seen_at_once_and_taken_up_by_the_next_block() {
    let node = node();
    let (poor, contract) = (stranger(1), Address::repeat_byte(0x44));
    let edit = |address, edit| node.edit(address, edit).unwrap();
    edit(poor.address(), AccountEdit { balance: Some(U256::from(10u128.pow(18))), ..AccountEdit::default() });
    let storage = [(U256::ZERO, U256::from(41)), (U256::from(5), U256::from(6))].into();
    edit(contract, AccountEdit { code: Some(counter().into()), storage, ..AccountEdit::default() });
    assert_eq!(node.block_number(), 0, "no block of their own");
    assert_eq!(balance(&node, poor.address()), U256::from(10u128.pow(18)));
    let state = node.state(Default::default()).unwrap().unwrap();
    assert_eq!(state.storage(contract, U256::ZERO).unwrap(), U256::from(41));
    assert_eq!(state.code_of(contract).unwrap()[..], counter());
    let found = send(&node, &raw(call(0, contract), &poor));
    assert!(found.receipt.success && found.receipt.logs.len() == 1);
    assert!(node.trace_transaction(found.tx.hash(), limpid_evm::Tracing::CALLS).unwrap().trace.is_some());
    edit(poor.address(), AccountEdit { nonce: Some(9), ..AccountEdit::default() });
    assert_eq!(node.pending_nonce(poor.address()).unwrap(), 9);
    send(&node, &raw(call(9, contract), &poor));
    let state = node.state(Default::default()).unwrap().unwrap();
    assert_eq!(state.storage(contract, U256::ZERO).unwrap(), U256::from(43));
    assert_eq!(state.storage(contract, U256::from(5)).unwrap(), U256::from(6));
    let first = node.state(1u64.into()).unwrap().unwrap();
    assert_eq!(first.storage(contract, U256::ZERO).unwrap(), U256::from(42), "in the history too");
    assert_replays(&node);
    node.rewind(1).unwrap();
    assert_eq!(node.pending_nonce(poor.address()).unwrap(), 1);
    assert_replays(&node);
    let nonsense = AccountEdit { code: Some(vec![0xef, 1, 0].into()), ..AccountEdit::default() };
    assert!(matches!(node.edit(contract, nonsense), Err(ChainError::Code(_))));
    let steady = Node::in_memory(Genesis { dev: false, ..Genesis::dev(CHAIN) }, NodeOptions::dev()).unwrap();
    assert!(matches!(steady.edit(contract, AccountEdit::default()), Err(ChainError::NotDev)));
}
