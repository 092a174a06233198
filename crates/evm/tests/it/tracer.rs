//! V-9: tracing looks and changes nothing, and sees what native code does.

use crate::{
    bytecode::{How, swallower, via},
    probe::{IProbe, OTHER, PROBE},
    scene::*,
};
use alloy_primitives::{Address, Bytes, U256, bytes};
use alloy_sol_types::SolCall;
use limpid_evm::{Outcome, Stopped, Tracing, TxKind, simulate::Options, tracer::StepOptions};

const FORWARDER: Address = Address::repeat_byte(0xf0);
const KEEPER: Address = Address::repeat_byte(0xf2);

/// SSTORE(1, SLOAD(0) + 1), CALL(CAROL) with 3 wei, STOP.
fn keeper() -> Bytes {
    let mut code = bytes!("5f54600101600155").to_vec();
    code.extend([0x5f, 0x5f, 0x5f, 0x5f, 0x60, 3, 0x73]);
    code.extend(CAROL);
    code.extend([0x5a, 0xf1, 0x00]);
    code.into()
}

/// Everything that can be kept.
fn everything() -> Tracing {
    let steps = StepOptions { stack: true, memory: true, storage: true, return_data: true, effects: true, most: 0 };
    Tracing { calls: true, steps: Some(steps), accesses: true, changes: true, ..Tracing::NONE }
}

fn run(data: Vec<u8>, to: Address, value: u64, trace: Tracing) -> Outcome {
    let chain = chain_with(&[(FORWARDER, swallower(How::Call)), (KEEPER, keeper())]);
    let tx = chain.tx(ALICE, TxKind::Call(to), wei(value), data.into(), 2_000_000);
    simulator(&chain, Default::default()).call(tx, Options { trace, strict: true }).unwrap()
}

fn cases() -> Vec<(Vec<u8>, Address, u64)> {
    let relay = |fails| IProbe::relayCall { target: OTHER, fails }.abi_encode();
    vec![
        (IProbe::bumpCall {}.abi_encode(), PROBE, 0),
        (relay(false), PROBE, 0),
        (relay(true), PROBE, 0),
        (via(PROBE, relay(false)).to_vec(), FORWARDER, 0),
        (via(PROBE, relay(true)).to_vec(), FORWARDER, 0),
        (IProbe::payCall { to: KEEPER, amount: wei(9) }.abi_encode(), PROBE, 9),
        (IProbe::payCall { to: CAROL, amount: wei(9) }.abi_encode(), PROBE, 9),
        (IProbe::boomCall {}.abi_encode(), PROBE, 0),
        (via(PROBE, IProbe::boomCall {}.abi_encode()).to_vec(), FORWARDER, 0),
        (vec![], KEEPER, 5),
        (vec![], CAROL, 5),
        (vec![1, 2], PROBE, 0),
    ]
}

#[test]
fn whatever_is_kept_the_result_is_the_same() {
    for (data, to, value) in cases() {
        let plain = run(data.clone(), to, value, Tracing::NONE);
        let traced = run(data.clone(), to, value, everything());
        let result = |outcome: &Outcome| {
            let Outcome { success, stopped, gas_used, gas_refunded, logs, output, created, moves, .. } =
                outcome.clone();
            (success, stopped, gas_used, gas_refunded, logs, output, created, moves)
        };
        assert_eq!(result(&plain), result(&traced), "{to} {data:?}");
        assert!(plain.trace.is_none() && plain.details == Default::default());
        assert!(traced.trace.is_some() && !traced.details.exceeded);
        // The same in a block, where tracing divides what the journal keeps together.
        let mut chains = [Tracing::NONE, everything()].map(|tracing| {
            let mut chain = chain_with(&[(FORWARDER, swallower(How::Call)), (KEEPER, keeper())]);
            let mut txs: Vec<_> =
                (0..3).map(|_| chain.tx(ALICE, TxKind::Call(to), wei(value), data.clone().into(), 900_000)).collect();
            for (ahead, tx) in (0..).zip(&mut txs) {
                tx.nonce += ahead;
            }
            let outcomes = chain.run(|block| {
                block.trace(tracing);
                Ok(txs.into_iter().map(|tx| block.transact(tx).unwrap()).collect::<Vec<_>>())
            });
            (outcomes.unwrap().iter().map(result).collect::<Vec<_>>(), chain.state.clone())
        });
        let [plain, traced] = &mut chains;
        assert_eq!(plain.0, traced.0);
        for account in [ALICE, CAROL, PROBE, OTHER, FORWARDER, KEEPER] {
            assert_eq!(plain.1.slots(account), traced.1.slots(account), "{account}");
        }
    }
}

#[test]
fn opcodes_are_recorded_with_what_they_saw_and_did() {
    let outcome = run(vec![], KEEPER, 5, everything());
    let steps = outcome.details.steps.unwrap();
    let names: Vec<_> = steps.list.iter().map(|step| step.name().unwrap()).collect();
    assert_eq!(names[..6], ["PUSH0", "SLOAD", "PUSH1", "ADD", "PUSH1", "SSTORE"]);
    assert_eq!(names.last(), Some(&"STOP"));
    let sload = &steps.list[1];
    assert_eq!((&*sload.stack, sload.depth, sload.cost), ([U256::ZERO].as_slice(), 1, 2100));
    assert_eq!(sload.storage.as_deref(), Some(&(KEEPER, wei(0), wei(0))));
    let sstore = &steps.list[5];
    assert_eq!((sstore.storage.as_deref(), sstore.cost), (Some(&(KEEPER, wei(1), wei(1))), 22_100));
    assert_eq!(&*steps.list[3].effect.as_ref().unwrap().pushed, [wei(1)]);
    for pair in steps.list.windows(2) {
        assert_eq!(pair[0].effect.as_ref().unwrap().gas_left, pair[1].gas, "{}", pair[0].name().unwrap());
    }
    let call = steps.list.iter().find(|step| step.name() == Some("CALL")).unwrap();
    assert_eq!(&*call.effect.as_ref().unwrap().pushed, [wei(1)], "it succeeded");
    assert_eq!(steps.codes, [keeper()]);
}

#[test]
fn native_frames_run_no_opcodes_and_count_as_depth() {
    let outcome = run(IProbe::bumpCall {}.abi_encode(), PROBE, 0, everything());
    assert!(outcome.details.steps.unwrap().list.is_empty());
    let pay = IProbe::payCall { to: KEEPER, amount: wei(9) }.abi_encode();
    let steps = run(pay, PROBE, 9, everything()).details.steps.unwrap();
    assert!(!steps.list.is_empty() && steps.list.iter().all(|step| step.depth == 2), "the payout's recipient");
}

#[test]
fn a_failing_opcode_says_why() {
    let chain = chain_with(&[(KEEPER, bytes!("5f50 50"))]);
    let tx = chain.tx(ALICE, TxKind::Call(KEEPER), wei(0), [].into(), 100_000);
    let options = Options { trace: everything(), strict: true };
    let outcome = simulator(&chain, Default::default()).call(tx, options).unwrap();
    let steps = outcome.details.steps.unwrap();
    assert_eq!(steps.list.iter().map(|step| step.error).collect::<Vec<_>>(), [None, None, Some("stack underflow")]);
}

#[test]
fn native_accesses_are_in_access_lists() {
    let chain = chain();
    let relay = IProbe::relayCall { target: OTHER, fails: false }.abi_encode();
    let tx = chain.tx(ALICE, TxKind::Call(PROBE), wei(0), relay.into(), 1_000_000);
    let simulator = simulator(&chain, Default::default());
    let (list, outcome) = simulator.access_list(tx.clone(), true).unwrap();
    assert_ok(&outcome);
    let other = list.0.iter().find(|item| item.address == OTHER).expect("the contract that was called inside");
    assert!(!other.storage_keys.is_empty());
    assert!(list.0.iter().all(|item| item.address != ALICE));
    assert!(list.0.iter().filter(|item| item.address == PROBE).all(|item| !item.storage_keys.is_empty()));
    // What the list holds is warm: with it the same call touches nothing new, and costs what the answer says.
    let again = limpid_evm::TxEnv { access_list: list.clone(), tx_type: 1, ..tx };
    let used = simulator.call(again.clone(), Options { strict: true, ..Options::default() }).unwrap().gas_used;
    assert_eq!(used, outcome.gas_used);
    assert_eq!(simulator.access_list(again, true).unwrap().0, list);
}

#[test]
fn a_payouts_recipient_and_opcodes_are_in_access_lists() {
    let mut chain = chain_with(&[(KEEPER, keeper())]);
    // Else what the keeper pays would cost more than a payout may: a new account.
    assert_ok(&chain.send(BOB, CAROL, wei(1), Bytes::new()));
    let pay = IProbe::payCall { to: KEEPER, amount: wei(9) }.abi_encode();
    let tx = chain.tx(ALICE, TxKind::Call(PROBE), wei(9), pay.into(), 1_000_000);
    let (list, outcome) = simulator(&chain, Default::default()).access_list(tx, true).unwrap();
    assert_ok(&outcome);
    let slots = |account| {
        let item = list.0.iter().find(|item| item.address == account);
        item.map(|item| item.storage_keys.iter().map(|key| U256::from_be_bytes(key.0)).collect::<Vec<_>>())
    };
    assert_eq!(slots(KEEPER), Some(vec![wei(0), wei(1)]));
    assert_eq!(slots(CAROL), Some(vec![]));
}

#[test]
fn plain_transfers_need_no_list_and_failures_still_have_one() {
    let chain = chain_with(&[(KEEPER, bytes!("60075450 5f5ffd"))]);
    let simulator = simulator(&chain, Default::default());
    let to = |to| chain.tx(ALICE, TxKind::Call(to), wei(0), [].into(), 100_000);
    let (list, outcome) = simulator.access_list(to(CAROL), true).unwrap();
    assert_eq!((list.0.len(), outcome.gas_used), (0, 21_000));
    let (list, outcome) = simulator.access_list(to(KEEPER), true).unwrap();
    assert_eq!(outcome.stopped, Some(Stopped::Revert));
    assert_eq!(list.0[0].storage_keys, [alloy_primitives::B256::with_last_byte(7)]);
}

#[test]
fn changes_are_those_of_one_transaction() {
    let mut chain = chain_with(&[(KEEPER, keeper())]);
    let txs: Vec<_> = (0..2u64)
        .map(|ahead| {
            let mut tx = chain.tx(ALICE, TxKind::Call(KEEPER), wei(5), [].into(), 200_000);
            tx.nonce += ahead;
            tx
        })
        .collect();
    let nonce = txs[0].nonce;
    let outcomes = chain
        .run(|block| {
            block.trace(Tracing { changes: true, ..Tracing::NONE });
            Ok(txs.into_iter().map(|tx| block.transact(tx).unwrap()).collect::<Vec<_>>())
        })
        .unwrap();
    for (ahead, outcome) in (0u64..).zip(outcomes) {
        let changes = outcome.details.changes.unwrap();
        let alice = &changes[&ALICE];
        let nonces = |state: &Option<limpid_evm::tracer::AccountState>| state.as_ref().map(|state| state.nonce);
        assert_eq!((nonces(&alice.before), nonces(&alice.after)), (Some(nonce + ahead), Some(nonce + ahead + 1)));
        let keeper = &changes[&KEEPER];
        assert_eq!(keeper.slots[&wei(0)], (wei(0), wei(0)), "read");
        assert_eq!(keeper.slots[&wei(1)], (wei(ahead.min(1)), wei(1)), "written");
        let balance = |state: &Option<limpid_evm::tracer::AccountState>| state.as_ref().map(|state| state.balance);
        assert_eq!(balance(&changes[&CAROL].before), (ahead > 0).then_some(wei(3)));
        assert_eq!(balance(&changes[&CAROL].after), Some(wei(3 + 3 * ahead)));
        assert_eq!(balance(&keeper.after).unwrap() - balance(&keeper.before).unwrap(), wei(2));
    }
}

#[test]
fn a_panic_still_shows_what_it_cost() {
    let mut chain = chain();
    chain.gas_price = 3;
    let tx = chain.tx(ALICE, TxKind::Call(PROBE), wei(0), IProbe::boomCall {}.abi_encode().into(), 300_000);
    let outcome = chain
        .run(|block| {
            block.trace(everything());
            block.transact(tx)
        })
        .unwrap();
    assert_eq!(outcome.stopped, Some(Stopped::Panic));
    let changes = outcome.details.changes.unwrap();
    let balance = |state: &Option<limpid_evm::tracer::AccountState>| state.as_ref().unwrap().balance;
    assert_eq!(balance(&changes[&ALICE].before) - balance(&changes[&ALICE].after), wei(900_000));
}

#[test]
fn a_trace_that_would_take_too_much_is_none() {
    let spin = bytes!("5b5f56"); // JUMPDEST, PUSH0, JUMP
    let chain = chain_with(&[(KEEPER, spin), (FORWARDER, swallower(How::Call))]);
    let call = |to, data: Bytes, trace| {
        let tx = chain.tx(ALICE, TxKind::Call(to), wei(0), data, 2_000_000);
        simulator(&chain, Default::default()).call(tx, Options { trace, strict: true }).unwrap()
    };
    let small = Tracing { budget: 100_000, ..everything() };
    let outcome = call(KEEPER, Bytes::new(), small);
    assert!(outcome.details.exceeded && outcome.details.steps.unwrap().list.is_empty());
    let limited = StepOptions { most: 10, ..StepOptions::default() };
    let outcome = call(KEEPER, Bytes::new(), Tracing { steps: Some(limited), ..small });
    assert_eq!(outcome.details.steps.unwrap().list.len(), 10);
    let outcome = call(FORWARDER, via(PROBE, vec![0; 50_000]), Tracing { budget: 40_000, ..Tracing::CALLS });
    assert!(outcome.details.exceeded && outcome.trace.is_none());
}

#[test]
fn calls_stand_on_each_other() {
    let chain = chain();
    let bump = || {
        let tx = chain.tx(ALICE, TxKind::Call(PROBE), wei(0), IProbe::bumpCall {}.abi_encode().into(), 300_000);
        (tx, Tracing::NONE)
    };
    let boom = chain.tx(ALICE, TxKind::Call(PROBE), wei(0), IProbe::boomCall {}.abi_encode().into(), 300_000);
    let outcomes = simulator(&chain, Default::default()).calls(
        vec![bump(), bump(), (boom, Tracing::NONE), bump()],
        9_000_000,
        false,
    );
    let outcomes = outcomes.unwrap();
    assert_eq!(outcomes.len(), 3, "nothing runs after a panic");
    assert_eq!(outcomes[1].output, wei(2).to_be_bytes_vec());
    let short = simulator(&chain, Default::default()).calls(vec![bump(), bump()], outcomes[0].gas_used + 22_000, false);
    assert!(!short.unwrap()[1].success, "the gas is for all together");
}
