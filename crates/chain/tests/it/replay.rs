//! Calls, estimates and traces, and that what they say is what happens.

use crate::support::*;
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, TxKind, U256};
use limpid_chain::{
    Recovered,
    node::{BlockOverride, CallError, CallOptions},
    tx,
};
use limpid_evm::{CallKind, Stopped, Tracing, TxEnv};
use proptest::prelude::*;

fn env(tx: TxEip1559) -> TxEnv {
    tx::env(&Recovered::recover(sign(tx, &key(0)).into()).unwrap()).unwrap()
}

#[test]
fn calls_change_nothing_and_see_the_block_they_name() {
    let node = node();
    let target = key(0).address().create(0);
    send(&node, &raw(deploy(0, &counter()), &key(0)));
    send(&node, &raw(call(1, target), &key(0)));
    let outcome = node.call(env(call(2, target)), CallOptions::default()).unwrap();
    assert!(outcome.success && outcome.logs.len() == 1);
    let before = CallOptions { at: 0u64.into(), ..CallOptions::default() };
    let outcome = node.call(env(call(0, target)), before).unwrap();
    assert_eq!((outcome.success, outcome.logs.len()), (true, 0), "no contract there yet");
    let (_, diff) = node.call_with_diff(env(call(2, target)), CallOptions::default()).unwrap();
    assert_eq!(diff.storage[&target][&U256::ZERO], U256::from(2));
    let future = CallOptions { at: 9u64.into(), ..CallOptions::default() };
    assert!(matches!(node.call(env(call(2, target)), future), Err(CallError::UnknownBlock)));
    assert_eq!(node.block_number(), 2);
}

#[test]
fn an_estimate_is_enough() {
    let node = node();
    let target = key(0).address().create(0);
    let creation = deploy(0, &counter());
    let gas_limit = node.estimate_gas(env(creation.clone()), CallOptions::default()).unwrap();
    assert!(send(&node, &raw(TxEip1559 { gas_limit, ..creation }, &key(0))).receipt.success);
    let gas_limit = node.estimate_gas(env(call(1, target)), CallOptions::default()).unwrap();
    let found = send(&node, &raw(TxEip1559 { gas_limit, ..call(1, target) }, &key(0)));
    assert!(found.receipt.success);
    assert!(gas_limit <= found.receipt.gas_used + found.receipt.gas_used / 50, "within 2 %");
    let plain = node.estimate_gas(env(call(2, key(5).address())), CallOptions::default()).unwrap();
    assert_eq!(plain, 21_000);
}

/// Keeps the time of its last call: a write in the first call of a second, none in later ones.
const CLOCK: [u8; 12] = [0x42, 0x5f, 0x54, 0x14, 0x60, 0x0a, 0x57, 0x42, 0x5f, 0x55, 0x5b, 0x00];

#[test]
fn an_estimate_is_enough_in_the_next_second_too() {
    let node = manual_node();
    let target = key(0).address().create(0);
    node.set_next_timestamp(2_000_000_000).unwrap();
    for tx in [deploy(0, &CLOCK), call(1, target)] {
        node.send_raw_transaction(&raw(tx, &key(0))).unwrap();
    }
    node.mine(1, None).unwrap();
    let gas_limit = node.estimate_gas(env(call(2, target)), CallOptions::default()).unwrap();
    node.send_raw_transaction(&raw(TxEip1559 { gas_limit, ..call(2, target) }, &key(0))).unwrap();
    node.set_next_timestamp(2_000_000_001).unwrap();
    let block = node.mine(1, None).unwrap();
    assert!(block.receipts[0].success);
    // An asker who names the time gets the gas of that time.
    let same = CallOptions {
        block: BlockOverride { timestamp: Some(2_000_000_001), ..BlockOverride::default() },
        ..CallOptions::default()
    };
    assert!(node.estimate_gas(env(call(3, target)), same).unwrap() < gas_limit);
}

#[test]
fn endless_calls_end() {
    let node = node();
    send(&node, &raw(deploy(0, &[0x5b, 0x5f, 0x56]), &key(0)));
    let spin = TxEnv { gas_limit: u64::MAX, ..env(call(1, key(0).address().create(0))) };
    let outcome = node.call(spin, CallOptions::default()).unwrap();
    assert!(matches!(outcome.stopped, Some(Stopped::Halt(_))));
    assert!(outcome.gas_used <= 50_000_000);
}

#[test]
fn a_trace_is_what_happened() {
    let node = node();
    let target = key(0).address().create(0);
    send(&node, &raw(deploy(0, &forwarder()), &key(0)));
    let receiver = Address::repeat_byte(0x77);
    let input = receiver.into_word();
    let tx = TxEip1559 { value: U256::from(9), input: input.into(), ..call(1, target) };
    let found = send(&node, &raw(tx, &key(0)));
    let outcome = node.trace_transaction(found.tx.hash(), Tracing::CALLS).unwrap();
    assert_eq!(outcome.gas_used, found.receipt.gas_used);
    let root = outcome.trace.unwrap();
    assert_eq!((root.from, root.to, root.value), (key(0).address(), Some(target), U256::from(9)));
    let [inner] = root.calls.as_slice() else { panic!("one inner call") };
    assert_eq!((inner.kind, inner.to, inner.value), (Some(CallKind::Call), Some(receiver), U256::from(9)));
    let block = node.trace_block(2u64.into(), Tracing::CALLS).unwrap();
    assert_eq!(block.len(), 1);
    assert_eq!(node.trace_block(0u64.into(), Tracing::CALLS).unwrap().len(), 0);
    let unknown = node.trace_transaction(Default::default(), Tracing::CALLS).unwrap_err();
    assert!(matches!(unknown, CallError::UnknownTransaction));
}

/// Many transactions of a block: each trace is of its own transaction.
#[test]
fn traces_inside_a_full_block() {
    let node = manual_node();
    let target = key(0).address().create(0);
    node.send_raw_transaction(&raw(deploy(0, &counter()), &key(0))).unwrap();
    for nonce in 1..10 {
        node.send_raw_transaction(&raw(call(nonce, target), &key(0))).unwrap();
    }
    let block = node.mine(1, None).unwrap();
    assert_eq!(block.block.transactions.len(), 10);
    let all = node.trace_block(1u64.into(), Tracing::CALLS).unwrap();
    for ((tx, receipt), (of, outcome)) in block.block.transactions.iter().zip(&block.receipts).zip(&all) {
        assert_eq!(of.hash(), tx.hash());
        assert_eq!((outcome.gas_used, &outcome.logs), (receipt.gas_used, &receipt.logs));
        let alone = node.trace_transaction(tx.hash(), Tracing::CALLS).unwrap();
        assert_eq!(alone.trace, outcome.trace);
        assert!(alone.trace.is_some());
    }
    assert_eq!(
        block.receipts.iter().map(|receipt| receipt.first_log_index).collect::<Vec<_>>(),
        [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    );
}

#[derive(Debug, Clone)]
enum Act {
    Pay { from: u32, to: u8, wei: u64 },
    Deploy { from: u32 },
    Count { from: u32, which: u8 },
    Forward { from: u32, to: u8, wei: u64 },
    Fail { from: u32 },
}

fn act() -> impl Strategy<Value = Act> {
    let from = 0u32..5;
    prop_oneof![
        (from.clone(), any::<u8>(), any::<u64>()).prop_map(|(from, to, wei)| Act::Pay { from, to, wei }),
        from.clone().prop_map(|from| Act::Deploy { from }),
        (from.clone(), 0u8..4).prop_map(|(from, which)| Act::Count { from, which }),
        (from.clone(), any::<u8>(), any::<u64>()).prop_map(|(from, to, wei)| Act::Forward { from, to, wei }),
        from.prop_map(|from| Act::Fail { from }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Any chain is executed again to the same roots by a second instance, whose maps have other seeds.
    #[test]
    fn any_chain_replays(blocks in prop::collection::vec(prop::collection::vec(act(), 0..12), 1..8)) {
        let node = manual_node();
        let mut nonces = [0u64; 5];
        let mut counters = vec![Address::ZERO];
        let forwarder_at = key(9).address().create(0);
        node.send_raw_transaction(&raw(deploy(0, &forwarder()), &key(9))).unwrap();
        for acts in blocks {
            for act in acts {
                let from = match act {
                    Act::Pay { from, .. } | Act::Deploy { from } | Act::Count { from, .. } | Act::Forward { from, .. } | Act::Fail { from } => from,
                };
                let nonce = nonces[from as usize];
                let tx = match act {
                    Act::Pay { to, wei, .. } => transfer(nonce, Address::repeat_byte(to), wei),
                    Act::Deploy { .. } => deploy(nonce, &counter()),
                    Act::Count { which, .. } => call(nonce, counters[which as usize % counters.len()]),
                    Act::Forward { to, wei, .. } => {
                        let input = Address::repeat_byte(to).into_word().into();
                        TxEip1559 { value: U256::from(wei), input, ..call(nonce, forwarder_at) }
                    }
                    Act::Fail { .. } => TxEip1559 { to: TxKind::Create, input: vec![0xfe].into(), ..call(nonce, Address::ZERO) },
                };
                if let Act::Deploy { .. } = act {
                    counters.push(key(from).address().create(nonce));
                }
                node.send_raw_transaction(&raw(tx, &key(from))).unwrap();
                nonces[from as usize] += 1;
            }
            node.mine(1, None).unwrap();
        }
        prop_assert_eq!(node.pool().status(), (0, 0));
        assert_replays(&node);
    }
}
