//! V-7 and: the work queue and the hooks that run it.

use crate::{
    bytecode::{insistent, refuser},
    probe::{IProbe, OTHER, PROBE, item},
    scene::*,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{Revert, SolCall, SolError};
use limpid_abi::{IQueue, errors};
use limpid_evm::{CallKind, Outcome, ValueMove, testkit::TestChain};
use proptest::prelude::*;

const THIEF: Address = Address::repeat_byte(0x7f);

fn queue(chain: &TestChain) -> Address {
    chain.rules.registry.addresses().queue
}

fn schedule(chain: &mut TestChain, due: u64, id: u64) {
    assert_ok(&call(chain, IProbe::scheduleCall { due, id }));
}

fn begin(chain: &mut TestChain) -> Option<Outcome> {
    chain.run(|block| block.begin()).unwrap()
}

/// The ids that ran, in order.
fn ran(outcome: &Outcome) -> Vec<u64> {
    events::<IQueue::Ran>(outcome).iter().map(|event| event.id).collect()
}

fn parked(outcome: &Outcome) -> Vec<(u64, Vec<u8>)> {
    events::<IQueue::Parked>(outcome).iter().map(|event| (event.id, event.reason.to_vec())).collect()
}

fn waiting(chain: &TestChain) -> u64 {
    read(chain, queue(chain), IQueue::lengthCall {})
}

fn parked_count(chain: &TestChain) -> u64 {
    read(chain, queue(chain), IQueue::parkedCountCall {})
}

#[test]
fn nothing_due_makes_no_transaction_and_changes_nothing() {
    let mut chain = chain();
    let before = chain.state.slots(queue(&chain));
    assert!(begin(&mut chain).is_none());
    schedule(&mut chain, u64::MAX, item::OK);
    let (begun, ended, gas) = chain.run(|block| Ok((block.begin()?, block.end()?, block.gas_used()))).unwrap();
    assert!(begun.is_none() && ended.is_none());
    assert_eq!(gas, 0);
    assert_eq!(waiting(&chain), 1);
    assert_eq!(read(&chain, queue(&chain), IQueue::nextDueCall {}), u64::MAX);
    assert!(before.is_empty());
}

#[test]
fn due_items_run_in_order_of_time_then_of_scheduling() {
    let mut chain = chain();
    let now = chain.block.timestamp;
    for (due, id) in [(now, 100), (now - 5, 101), (now + 1, 102), (now - 5, 103), (0, 104)] {
        schedule(&mut chain, due, id);
    }
    let outcome = begin(&mut chain).expect("work was done");
    assert_ok(&outcome);
    assert_eq!(ran(&outcome), [104, 101, 103, 100]);
    assert_eq!(count(&chain, PROBE), wei(4));
    assert_eq!((waiting(&chain), read(&chain, queue(&chain), IQueue::nextDueCall {})), (1, now + 1));
    assert!(begin(&mut chain).is_none());
    chain.block.timestamp += 1;
    let outcome = chain.run(|block| block.end()).unwrap().expect("the end hook works too");
    assert_eq!(ran(&outcome), [102]);
}

#[test]
fn gas_of_the_hooks_counts_in_the_block() {
    let mut chain = chain();
    schedule(&mut chain, 0, item::HEAVY);
    let (outcome, used) = chain.run(|block| Ok((block.begin()?.unwrap(), block.gas_used()))).unwrap();
    assert!(outcome.gas_used >= crate::probe::HEAVY_GAS);
    assert_eq!(used, outcome.gas_used);
}

#[test]
fn the_reserve_bounds_a_phase_and_the_rest_stays_queued() {
    let mut chain = chain();
    for _ in 0..20 {
        schedule(&mut chain, 0, item::HEAVY);
    }
    let outcome = begin(&mut chain).unwrap();
    assert!(outcome.gas_used <= RESERVE, "{}", outcome.gas_used);
    let done = ran(&outcome).len() as u64;
    assert!((5..20).contains(&done), "{done}");
    assert_eq!(waiting(&chain), 20 - done);
    assert!(parked(&outcome).is_empty());
    assert_eq!(ran(&begin(&mut chain).unwrap()).len() as u64 + done, 20);
}

#[test]
fn an_item_that_reschedules_itself_cannot_hold_the_block() {
    let mut chain = chain();
    schedule(&mut chain, 0, item::AGAIN);
    let outcome = begin(&mut chain).unwrap();
    assert!(outcome.gas_used <= RESERVE);
    assert!(ran(&outcome).len() <= limpid_evm::hooks::MAX_ITEMS);
    assert_eq!(waiting(&chain), 1, "it waits for the next block");
}

#[test]
fn items_that_fail_are_parked_and_the_others_run() {
    let mut chain = chain();
    let failing = [item::REVERTS, item::RUNS_OUT, item::PANICS];
    for id in [item::OK, item::REVERTS, item::OK, item::RUNS_OUT, item::OK, item::PANICS, item::OK] {
        schedule(&mut chain, 0, id);
    }
    let outcome = chain
        .run(|block| {
            block.trace(limpid_evm::Tracing::CALLS);
            block.begin()
        })
        .unwrap()
        .unwrap();
    assert_eq!(ran(&outcome), [item::OK; 4]);
    let text = Revert::from("item reverts").abi_encode();
    assert_eq!(parked(&outcome), [(failing[0], text), (failing[1], vec![]), (failing[2], vec![])]);
    assert_eq!(count(&chain, PROBE), wei(4), "what failing items wrote is undone");
    assert_eq!((waiting(&chain), parked_count(&chain)), (0, 3));
    for (index, id) in failing.into_iter().enumerate() {
        let item = read(&chain, queue(&chain), IQueue::parkedItemCall { index: index as u64 });
        assert_eq!((item.target, item.id, item.due), (PROBE, id, 0));
    }
    // The trace holds every frame, and each log that is in the receipt once, in order.
    let root = outcome.trace.unwrap();
    let shown: Vec<_> = root.calls.iter().map(|frame| frame.error.as_deref()).collect();
    let ok = None;
    let (revert, gas, panic) = (Some("execution reverted"), Some("out of gas"), Some("native code panicked"));
    assert_eq!(shown, [ok, revert, ok, gas, ok, panic, ok]);
    assert_eq!(crate::tree::logs_in_order(&root), outcome.logs);
}

#[test]
fn anyone_retries_what_failed_once_its_cause_is_gone() {
    let mut chain = chain();
    for id in [item::REVERTS, item::RUNS_OUT, item::PANICS] {
        schedule(&mut chain, 0, id);
    }
    begin(&mut chain).unwrap();
    let at = queue(&chain);
    let retry =
        |chain: &mut TestChain, index| chain.send(BOB, at, U256::ZERO, IQueue::retryCall { index }.abi_encode());
    assert_text(&retry(&mut chain, 0), "item reverts");
    assert!(!retry(&mut chain, 1).success && !retry(&mut chain, 2).success);
    assert_eq!(parked_count(&chain), 3, "a failed retry keeps the item");
    assert_reverts(&retry(&mut chain, 3), IQueue::NoSuchItem { index: wei(3) });
    assert_ok(&call(&mut chain, IProbe::mendCall { mended: true }));
    for (left, id) in [(2, item::REVERTS), (1, item::PANICS), (0, item::RUNS_OUT)] {
        let outcome = retry(&mut chain, 0);
        assert_ok(&outcome);
        assert_eq!((ran(&outcome), parked_count(&chain)), (vec![id], left));
    }
    assert_eq!(count(&chain, PROBE), wei(3));
}

#[test]
fn anyone_pokes_due_items() {
    let mut chain = chain();
    for id in [item::OK, item::REVERTS, item::OK] {
        schedule(&mut chain, 0, id);
    }
    schedule(&mut chain, u64::MAX, item::OK);
    let at = queue(&chain);
    let poke = |chain: &mut TestChain, most| {
        let outcome = chain.send(BOB, at, U256::ZERO, IQueue::pokeCall { most }.abi_encode());
        assert_ok(&outcome);
        IQueue::pokeCall::abi_decode_returns(&outcome.output).unwrap()
    };
    assert_eq!(poke(&mut chain, 0), 0);
    assert_eq!(poke(&mut chain, 2), 2);
    assert_eq!((poke(&mut chain, u64::MAX), waiting(&chain), parked_count(&chain)), (1, 1, 1));
    assert_eq!(count(&chain, PROBE), wei(2));
}

#[test]
fn a_poke_without_enough_gas_parks_nothing() {
    // Starving somebody's item must not make it fail.
    let mut chain = chain();
    schedule(&mut chain, 0, item::HEAVY);
    let data = IQueue::pokeCall { most: 1 }.abi_encode();
    for gas in [40_000, 200_000, 1_000_000, 1_500_000] {
        let outcome = chain.transact(BOB, limpid_evm::TxKind::Call(queue(&chain)), wei(0), data.clone().into(), gas);
        assert!(!outcome.success);
        assert_eq!((waiting(&chain), parked_count(&chain)), (1, 0));
    }
}

fn set_payee(chain: &mut TestChain, first: Address, second: Address, held: u64) {
    let data = IProbe::setPayeeCall { first, second, amount: wei(6) }.abi_encode();
    assert_ok(&chain.send(ALICE, PROBE, wei(held), data));
}

#[test]
fn an_item_pays_people_and_contracts() {
    let greedy = insistent(PROBE, &IProbe::getCall {}.abi_encode(), U256::ZERO);
    let mut chain = chain_with(&[(THIEF, greedy)]);
    set_payee(&mut chain, CAROL, THIEF, 12);
    schedule(&mut chain, 0, item::PAYS_TWICE);
    let outcome = begin(&mut chain).unwrap();
    assert_eq!(ran(&outcome), [item::PAYS_TWICE]);
    assert_eq!((chain.balance(CAROL), chain.balance(THIEF), chain.balance(PROBE)), (wei(6), wei(6), wei(0)));
    let moved = |to| ValueMove { from: PROBE, to, amount: wei(6), kind: CallKind::Call, depth: 1 };
    assert_eq!(outcome.moves, [moved(CAROL), moved(THIEF)]);
}

#[test]
fn an_item_whose_payout_fails_is_parked_and_pays_nobody() {
    let writes = insistent(PROBE, &IProbe::bumpCall {}.abi_encode(), U256::ZERO);
    let pokes = |queue| insistent(queue, &IQueue::pokeCall { most: 9 }.abi_encode(), U256::ZERO);
    let at = queue(&chain());
    for code in [refuser(), writes, pokes(at)] {
        let mut chain = chain_with(&[(THIEF, code)]);
        set_payee(&mut chain, CAROL, THIEF, 12);
        for id in [item::OK, item::PAYS_TWICE, item::PAYS, item::OK] {
            schedule(&mut chain, 0, id);
        }
        let outcome = begin(&mut chain).unwrap();
        assert_eq!(ran(&outcome), [item::OK, item::PAYS, item::OK]);
        assert_eq!(parked(&outcome), [(item::PAYS_TWICE, vec![])]);
        assert_eq!((chain.balance(CAROL), chain.balance(THIEF)), (wei(6), wei(0)));
        assert_eq!(outcome.moves.len(), 1, "the undone payout moved nothing: {:?}", outcome.moves);
        assert_eq!(count(&chain, PROBE), wei(3));
    }
}

#[test]
fn an_item_that_panics_after_the_blocks_transactions_undoes_none_of_them() {
    for id in [item::PANICS, item::RUNS_OUT, item::REVERTS] {
        let mut chain = chain();
        schedule(&mut chain, 0, id);
        let bump =
            chain.tx(BOB, limpid_evm::TxKind::Call(OTHER), wei(0), IProbe::bumpCall {}.abi_encode().into(), 90_000);
        let pay = chain.tx(ALICE, limpid_evm::TxKind::Call(CAROL), wei(5), vec![].into(), 21_000);
        let (ended, used) = chain
            .run(|block| {
                assert_ok(&block.transact(bump)?);
                assert_ok(&block.transact(pay)?);
                Ok((block.end()?.expect("work"), block.gas_used()))
            })
            .unwrap();
        assert_eq!(parked(&ended).len(), 1);
        assert!(used > ended.gas_used);
        assert_eq!((count(&chain, OTHER), chain.balance(CAROL), count(&chain, PROBE)), (wei(1), wei(5), wei(0)));
    }
}

#[test]
fn moves_before_a_panic_are_still_told() {
    let mut chain = chain();
    set_payee(&mut chain, CAROL, CAROL, 12);
    for id in [item::PAYS, item::PANICS, item::PAYS] {
        schedule(&mut chain, 0, id);
    }
    let outcome = begin(&mut chain).unwrap();
    assert_eq!(outcome.moves.len(), 2);
    assert_eq!(chain.balance(CAROL), wei(12));
}

#[test]
fn only_contracts_with_work_schedule() {
    let mut chain = chain();
    // Nothing in the queue's interface schedules for a stranger, and a stranger cannot be the target.
    let stranger = chain.native(|cx| {
        let queue = cx.env(|env| env.addresses.queue);
        use limpid_native::Contract;
        let me = cx.at(CAROL).as_caller();
        limpid_queue::Queue::at(cx.at(queue), queue).schedule(me, 0, 0)
    });
    assert_eq!(stranger, Err(limpid_native::revert(IQueue::NothingToRun { target: CAROL })));
    let data = IQueue::runDueCall { id: 0 }.abi_encode();
    let outcome = chain.send(ALICE, queue(&chain), wei(0), data);
    assert_reverts(&outcome, errors::UnknownSelector { selector: IQueue::runDueCall::SELECTOR.into() });
    assert_eq!(count(&chain, OTHER), wei(0));
}

/// What may happen to the queue.
#[derive(Clone, Debug)]
enum Step {
    Schedule(u64),
    Tick(u64),
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_heap_agrees_with_a_sorted_list(steps in prop::collection::vec(
        prop_oneof![3 => (0..12u64).prop_map(Step::Schedule), 1 => (0..4u64).prop_map(Step::Tick)], 1..40)) {
        let mut chain = chain();
        let start = chain.block.timestamp;
        let mut model: Vec<(u64, u64)> = Vec::new(); // (due, id); ids rise with scheduling
        let mut next = 1000u64;
        for step in steps {
            match step {
                Step::Schedule(ahead) => {
                    schedule(&mut chain, start + ahead, next);
                    model.push((start + ahead, next));
                    next += 1;
                }
                Step::Tick(seconds) => {
                    chain.block.timestamp += seconds;
                    model.sort_unstable();
                    let now = chain.block.timestamp;
                    let due: Vec<u64> = model.iter().filter(|entry| entry.0 <= now).map(|entry| entry.1).collect();
                    model.retain(|entry| entry.0 > now);
                    let outcome = begin(&mut chain);
                    prop_assert_eq!(outcome.is_some(), !due.is_empty());
                    prop_assert_eq!(outcome.map(|outcome| ran(&outcome)).unwrap_or_default(), due);
                }
            }
            prop_assert_eq!(waiting(&chain), model.len() as u64);
            let earliest = model.iter().map(|entry| entry.0).min().unwrap_or(u64::MAX);
            prop_assert_eq!(read(&chain, queue(&chain), IQueue::nextDueCall {}), earliest);
        }
    }
}
