//! System transactions: what a hook does is a transaction of its own, present only when it did something.

use crate::support::*;
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::{SolCall, SolEvent, sol};
use limpid_abi::IQueue;
use limpid_chain::{
    Genesis, Mining, Node, NodeOptions, SystemTx,
    history::{Direction, EntryKind},
    ledger::rules_of,
    tx::{Phase, SYSTEM_SENDER, SYSTEM_TX_TYPE},
};
use limpid_evm::{Registry, Rules};
use limpid_native::{Contract, Ctx, Entry, Result, Slot, contract};
use limpid_queue::Queue;
use limpid_state::{MemStore, StateRead};
use std::{sync::Arc, thread, time::Duration};

const TIMER: Address = address!("0x00000000000000000000000000000000000c0003");
const PAYEE: Address = Address::repeat_byte(0x66);

sol! {
    interface ITimer {
        event Rang(uint64 id);
        function schedule(uint64 due, uint64 id) external payable;
    }
}

/// A contract that exists only here: it pays 3 wei and logs when its time has come.
#[contract(name = "timer", kind = 210)]
pub(crate) struct Timer {
    rung: Slot<U256>,
}

limpid_native::dispatch! { Timer {
    payable ITimer::scheduleCall => |timer, call, _| timer.schedule(call.due, call.id);
}}

impl Timer<'_> {
    fn schedule(&mut self, due: u64, id: u64) -> Result<()> {
        let queue = self.cx.env(|env| env.addresses.queue);
        let me = self.cx.as_caller();
        Queue::at(self.cx.at(queue), queue).schedule(me, due, id)
    }
}

fn run_due(cx: Ctx<'_>, id: u64) -> Result<()> {
    let mut timer = Timer::at(cx, cx.this());
    let rung = timer.rung.get()? + U256::ONE;
    timer.rung.set(rung)?;
    cx.queue_payout(PAYEE, U256::from(3))?;
    cx.emit(ITimer::Rang { id })
}

fn rules() -> Rules {
    let timer = Entry { run_due: Some(run_due), ..Entry::new::<Timer<'_>>(dispatch, Some(|_| TIMER)) };
    let mut rules = rules_of(&Genesis::dev(CHAIN));
    let entries = [limpid_evm::registry::protocols(), vec![timer]].concat();
    rules.registry = Arc::new(Registry::new(entries, rules.registry.addresses().clone()));
    rules
}

fn timer_node(mining: Mining) -> Node {
    let options = NodeOptions { mining, ..NodeOptions::dev() };
    Node::start(Arc::new(MemStore::new()), Genesis::dev(CHAIN), rules(), options).unwrap()
}

fn schedule(nonce: u64, due: u64, id: u64) -> Vec<u8> {
    let input: Bytes = ITimer::scheduleCall { due, id }.abi_encode().into();
    raw(TxEip1559 { input, value: U256::from(10), gas_limit: 400_000, ..call(nonce, TIMER) }, &key(0))
}

#[test]
fn due_work_is_a_transaction_of_its_own() {
    let node = timer_node(Mining::Manual);
    node.set_next_timestamp(2_000_000_000).unwrap();
    node.send_raw_transaction(&schedule(0, 2_000_000_100, 7)).unwrap();
    let quiet = node.mine(1, None).unwrap();
    assert_eq!(quiet.block.transactions.len(), 1, "nothing is due: no system transaction");
    assert!(quiet.receipts[0].success);
    node.set_next_timestamp(2_000_000_100).unwrap();
    node.send_raw_transaction(&raw(transfer(1, PAYEE, 1), &key(0))).unwrap();
    let block = node.mine(1, None).unwrap();
    let [system, user] = block.block.transactions.as_slice() else { panic!("one of each") };
    assert_eq!(system.as_system(), Some(&SystemTx { height: 2, phase: Phase::Begin }));
    assert_eq!((system.sender(), user.sender()), (SYSTEM_SENDER, key(0).address()));
    let receipt = &block.receipts[0];
    assert_eq!((receipt.tx_type, receipt.success, receipt.effective_gas_price), (SYSTEM_TX_TYPE, true, 0));
    assert!(receipt.gas_used > 0);
    assert_eq!(block.block.header.gas_used, receipt.gas_used + 21_000, "its gas counts");
    assert!(receipt.logs.iter().any(|log| ITimer::Rang::decode_log(log).is_ok_and(|rang| rang.id == 7)));
    assert!(receipt.logs.iter().any(|log| IQueue::Ran::decode_log(log).is_ok()));
    let logs = node.logs(&limpid_chain::logs::LogFilter { addresses: vec![TIMER], topics: vec![] }, 0, 2).unwrap();
    assert_eq!((logs.len(), logs[0].tx_hash), (1, system.hash()));
    let next = node.mine(1, None).unwrap();
    assert!(next.block.transactions.is_empty(), "done is done");
    assert_replays(&node);
}

#[test]
fn system_transactions_are_found_traced_and_in_the_history() {
    let node = timer_node(Mining::Manual);
    node.set_next_timestamp(2_000_000_000).unwrap();
    node.send_raw_transaction(&schedule(0, 0, 1)).unwrap();
    let block = node.mine(1, None).unwrap();
    // Scheduled for the past: due in the end phase of the same block.
    let [_, system] = block.block.transactions.as_slice() else { panic!("user and system") };
    assert_eq!(system.as_system(), Some(&SystemTx { height: 1, phase: Phase::End }));
    let found = node.receipt(system.hash()).unwrap().unwrap();
    assert_eq!((found.place.at.index, &found.receipt), (1, &block.receipts[1]));
    assert_eq!(node.transaction(system.hash()).unwrap().unwrap().tx, *system);
    let outcome = node.trace_transaction(system.hash(), limpid_evm::Tracing::CALLS).unwrap();
    assert_eq!(outcome.gas_used, found.receipt.gas_used);
    let root = outcome.trace.expect("a trace");
    assert!(!root.calls.is_empty(), "the item's frame is in it");
    assert_eq!(node.trace_block(1u64.into(), limpid_evm::Tracing::CALLS).unwrap().len(), 2);
    let paid = node.history(PAYEE, None, 10).unwrap().entries;
    assert_eq!(paid.len(), 1);
    assert_eq!((paid[0].kind, paid[0].direction, paid[0].counterparty), (EntryKind::Move, Direction::In, Some(TIMER)));
    assert_eq!((paid[0].tx_hash, paid[0].quantity), (system.hash(), U256::from(3)));
    assert_eq!(node.history(SYSTEM_SENDER, None, 10).unwrap().entries, []);
    assert_eq!(node.moves(found.place.at).unwrap().len(), 1);
    assert_replays(&node);
}

#[test]
fn automine_wakes_for_due_work() {
    let node = timer_node(Mining::Auto);
    let due = node.now() + 2;
    assert!(send(&node, &schedule(0, due, 1)).receipt.success);
    let mut waited = 0;
    while node.block_number() < 2 {
        thread::sleep(Duration::from_millis(50));
        waited += 1;
        assert!(waited < 400, "no block for due work after 20 s");
    }
    let head = node.head();
    assert!(head.block.header.timestamp >= due);
    assert_eq!(head.block.transactions[0].tx_type(), SYSTEM_TX_TYPE);
    let state = node.state(Default::default()).unwrap().unwrap();
    assert_eq!(state.account(PAYEE).unwrap().unwrap().balance, U256::from(3));
    thread::sleep(Duration::from_millis(300));
    assert_eq!(node.block_number(), 2, "one block for it, and no idle ones after");
    assert_replays(&node);
}
