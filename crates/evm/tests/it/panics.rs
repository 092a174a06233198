//! V-4: a panic in native code costs its transaction alone.

use crate::{
    bytecode::{How, swallower, via},
    probe::{IProbe, PROBE},
    scene::*,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use limpid_evm::{Stopped, TxKind, simulate::Options};

const FORWARDER: Address = Address::repeat_byte(0xf0);

fn boom() -> Vec<u8> {
    IProbe::boomCall {}.abi_encode()
}

#[test]
fn a_panic_charges_the_whole_gas_limit_and_nothing_else() {
    let mut chain = chain_with(&[(FORWARDER, swallower(How::Call))]);
    chain.gas_price = 3;
    chain.block.base_fee = 2;
    let fees = chain.block.beneficiary;
    let peek = IProbe::peekBoomCall {}.abi_encode();
    for (to, data) in [(PROBE, boom()), (PROBE, peek), (FORWARDER, via(PROBE, boom()).to_vec())] {
        let (before, nonce) = (chain.balance(ALICE), chain.tx(ALICE, TxKind::Create, wei(0), [].into(), 0).nonce);
        let earned = chain.balance(fees);
        let limit = 500_000;
        let outcome = chain.transact(ALICE, TxKind::Call(to), wei(0), data.into(), limit);
        assert_eq!((outcome.success, &outcome.stopped), (false, &Some(Stopped::Panic)));
        assert_eq!((outcome.gas_used, outcome.gas_refunded), (limit, 0));
        assert!(outcome.logs.is_empty() && outcome.moves.is_empty() && outcome.output.is_empty());
        assert_eq!(chain.balance(ALICE), before - wei(3 * limit));
        assert_eq!(chain.balance(fees), earned + wei(3 * limit));
        assert_eq!(chain.tx(ALICE, TxKind::Create, wei(0), [].into(), 0).nonce, nonce + 1);
        assert_ok(&call(&mut chain, IProbe::bumpCall {}));
    }
    assert_eq!(chain.balance(FORWARDER), U256::ZERO);
}

#[test]
fn value_sent_with_a_panicking_call_stays_with_the_sender() {
    let mut chain = chain_with(&[(FORWARDER, swallower(How::Call))]);
    let before = chain.balance(ALICE);
    let outcome = chain.send(ALICE, FORWARDER, wei(77), via(PROBE, boom()));
    assert!(!outcome.success);
    assert_eq!(chain.balance(ALICE), before);
}

#[test]
fn the_rest_of_the_block_goes_on() {
    let mut chain = chain();
    let bump = |nonce_ahead: u64, data: Vec<u8>| {
        let mut tx = chain.tx(ALICE, TxKind::Call(PROBE), U256::ZERO, data.into(), 400_000);
        tx.nonce += nonce_ahead;
        tx
    };
    let txs = [bump(0, IProbe::bumpCall {}.abi_encode()), bump(1, boom()), bump(2, IProbe::bumpCall {}.abi_encode())];
    let outcomes = chain
        .run(|block| {
            let outcomes = txs.map(|tx| block.transact(tx));
            assert!(block.gas_used() > 400_000);
            Ok(outcomes)
        })
        .unwrap()
        .map(|outcome| outcome.unwrap().success);
    assert_eq!(outcomes, [true, false, true]);
    assert_eq!(count(&chain, PROBE), wei(2));
}

#[test]
fn a_panic_in_a_payouts_recipient_aborts_the_transaction() {
    use crate::bytecode::insistent;
    let mut chain = chain_with(&[(FORWARDER, insistent(PROBE, &IProbe::peekBoomCall {}.abi_encode(), U256::ZERO))]);
    let outcome = chain.send(ALICE, PROBE, wei(1), IProbe::payCall { to: FORWARDER, amount: wei(1) }.abi_encode());
    assert_eq!(outcome.stopped, Some(Stopped::Panic));
    assert_ok(&call(&mut chain, IProbe::bumpCall {}));
}

#[test]
fn a_simulated_panic_is_a_failed_call() {
    let chain = chain_with(&[(FORWARDER, swallower(How::Call))]);
    for (to, data) in [(PROBE, boom()), (FORWARDER, via(PROBE, boom()).to_vec())] {
        let tx = chain.tx(ALICE, TxKind::Call(to), wei(0), data.into(), 300_000);
        let simulator = simulator(&chain, Default::default());
        let outcome = simulator.call(tx.clone(), Options { trace: limpid_evm::Tracing::CALLS, strict: false }).unwrap();
        assert_eq!((outcome.success, outcome.gas_used), (false, 300_000));
        assert_eq!(outcome.stopped, Some(Stopped::Panic));
        let root = outcome.trace.expect("the frames that were open");
        assert_eq!((root.to, root.error.as_deref()), (Some(to), Some("native code panicked")));
        let (outcome, diff) = simulator.call_with_diff(tx.clone(), Options::default()).unwrap();
        assert!(!outcome.success);
        assert_eq!(diff, Default::default());
        assert!(simulator.estimate(&tx, 300_000).is_err());
    }
}

#[test]
fn a_traced_panic_shows_the_frames_that_were_open() {
    let mut chain = chain_with(&[(FORWARDER, swallower(How::Call))]);
    let tx = chain.tx(ALICE, TxKind::Call(FORWARDER), wei(0), via(PROBE, boom()), 300_000);
    let outcome = chain
        .run(|block| {
            block.trace(limpid_evm::Tracing::CALLS);
            block.transact(tx)
        })
        .unwrap();
    let root = outcome.trace.unwrap();
    assert_eq!((root.to, root.calls.len()), (Some(FORWARDER), 1));
    assert_eq!(root.calls[0].to, Some(PROBE));
}
