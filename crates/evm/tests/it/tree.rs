//! The call tree and the moves of coin: frames in their places, logs in the right frame, nothing of what
//! failed.

use crate::{
    bytecode::{
        How, creator, deploying, destroyer, diver, forwarder, logger_around_call, regretter, sequence, swallower, via,
    },
    probe::{IProbe, OTHER, PROBE},
    scene::*,
};
use alloy_primitives::{Address, Log, U256};
use alloy_sol_types::{SolCall, SolEvent};
use limpid_abi::errors;
use limpid_evm::{CallFrame, CallKind, Outcome, TxKind, ValueMove, simulate::Options};

const FORWARDER: Address = Address::repeat_byte(0xf0);
const INNER: Address = Address::repeat_byte(0xf1);

/// Every log of a tree in the order in which it was emitted.
pub fn logs_in_order(frame: &CallFrame) -> Vec<Log> {
    let mut logs = Vec::new();
    for position in 0..=frame.calls.len() {
        logs.extend(frame.logs.iter().filter(|(_, at)| *at == position).map(|(log, _)| log.clone()));
        if let Some(inner) = frame.calls.get(position) {
            logs.extend(logs_in_order(inner));
        }
    }
    logs
}

/// A traced call's tree, checked against its receipt.
fn tree(outcome: &Outcome) -> &CallFrame {
    let root = outcome.trace.as_ref().expect("a trace");
    assert_eq!(logs_in_order(root), outcome.logs);
    root
}

fn mark(id: u64) -> Vec<u8> {
    IProbe::Mark { id: wei(id) }.encode_log_data().topics()[1].to_vec()
}

#[test]
fn nested_native_calls_are_frames_with_their_own_logs() {
    let chain = chain();
    let outcome = trace(&chain, PROBE, wei(0), IProbe::relayCall { target: OTHER, fails: false }.abi_encode());
    let root = tree(&outcome);
    assert_eq!((root.from, root.to, root.kind), (ALICE, Some(PROBE), Some(CallKind::Call)));
    assert_eq!(
        root.logs.iter().map(|(log, at)| (log.data.topics()[1].to_vec(), *at)).collect::<Vec<_>>(),
        [(mark(1), 0), (mark(2), 1)]
    );
    let [inner] = root.calls.as_slice() else { panic!("{root:?}") };
    assert_eq!((inner.from, inner.to, inner.kind), (PROBE, Some(OTHER), Some(CallKind::Call)));
    assert_eq!(inner.input, IProbe::bumpCall {}.abi_encode());
    assert_eq!(inner.output, wei(1).to_be_bytes_vec());
    assert_eq!((inner.logs.len(), inner.logs[0].0.address), (1, OTHER));
    assert!(inner.gas_used > 20_000 && inner.gas_used < root.gas_used && inner.gas > inner.gas_used);
}

#[test]
fn a_failed_native_frame_is_seen_without_its_logs() {
    let chain = chain();
    let outcome = trace(&chain, PROBE, wei(0), IProbe::swallowCall { target: OTHER, fails: true }.abi_encode());
    assert_ok(&outcome);
    let root = tree(&outcome);
    assert_eq!(root.logs.len(), 1, "only mark 3: {:?}", root.logs);
    assert_eq!(root.logs[0].1, 1, "after the failed call");
    assert_eq!(root.calls[0].error.as_deref(), Some("execution reverted"));
    assert!(root.calls[0].logs.is_empty());
    assert_eq!(events::<IProbe::Mark>(&outcome), [IProbe::Mark { id: wei(3) }]);
}

#[test]
fn logs_around_calls_through_bytecode_keep_their_frames() {
    let chain = chain_with(&[(FORWARDER, logger_around_call()), (INNER, logger_around_call())]);
    let outcome = trace(&chain, FORWARDER, wei(0), via(INNER, via(PROBE, IProbe::bumpCall {}.abi_encode())));
    let root = tree(&outcome);
    let shape = |frame: &CallFrame| frame.logs.iter().map(|(_, at)| *at).collect::<Vec<_>>();
    assert_eq!((shape(root), shape(&root.calls[0])), (vec![0, 1], vec![0, 1]));
    assert_eq!(root.calls[0].calls[0].logs.len(), 1);
    assert_eq!(outcome.logs.len(), 5);
}

#[test]
fn a_failed_bytecode_frame_takes_logs_and_moves_of_its_natives() {
    let mut chain = chain_with(&[(FORWARDER, swallower(How::Call)), (INNER, regretter())]);
    let pay = IProbe::payCall { to: CAROL, amount: wei(3) }.abi_encode();
    for data in [IProbe::bumpCall {}.abi_encode(), pay] {
        let value = if data.len() > 4 { wei(3) } else { wei(0) };
        let outcome = trace(&chain, FORWARDER, value, via(INNER, via(PROBE, data.clone())));
        assert_ok(&outcome);
        assert!(outcome.logs.is_empty());
        assert_eq!(outcome.moves.len(), usize::from(!value.is_zero()), "{:?}", outcome.moves);
        let root = tree(&outcome);
        assert_eq!(root.calls[0].error.as_deref(), Some("execution reverted"));
        assert_eq!(root.calls[0].calls[0].error, None, "the native call itself succeeded");
        assert_ok(&chain.send(ALICE, FORWARDER, value, via(INNER, via(PROBE, data))));
    }
    assert_eq!(chain.balance(CAROL), wei(0));
}

#[test]
fn logs_after_a_failed_frame_are_not_lost() {
    // A failed frame with more logs than what comes after it.
    let failing = IProbe::relayCall { target: OTHER, fails: true }.abi_encode();
    let calls = [
        (PROBE, IProbe::bumpCall {}.abi_encode(), wei(0)),
        (PROBE, failing.clone(), wei(0)),
        (PROBE, IProbe::bumpCall {}.abi_encode(), wei(0)),
        (PROBE, failing[..64].to_vec(), wei(0)),
        (PROBE, IProbe::swallowCall { target: OTHER, fails: true }.abi_encode(), wei(0)),
        (PROBE, IProbe::bumpCall {}.abi_encode(), wei(0)),
    ];
    let chain = chain_with(&[(FORWARDER, sequence(&calls))]);
    let outcome = trace(&chain, FORWARDER, wei(0), []);
    let root = tree(&outcome);
    let counts: Vec<_> = root.calls.iter().map(|frame| logs_in_order(frame).len()).collect();
    assert_eq!(counts, [1, 0, 1, 0, 1, 1]);
}

#[test]
fn payouts_are_frames_of_their_contract() {
    let logs_twice = vec![0x5f, 0x5f, 0xa0, 0x5f, 0x5f, 0xa0, 0x00];
    let chain = chain_with(&[(INNER, logs_twice.into())]);
    let data = IProbe::payTwiceCall { first: CAROL, second: INNER, amount: wei(2) }.abi_encode();
    let outcome = trace(&chain, PROBE, wei(4), data);
    assert_ok(&outcome);
    let root = tree(&outcome);
    let seen: Vec<_> = root.calls.iter().map(|frame| (frame.from, frame.to, frame.value)).collect();
    assert_eq!(seen, [(PROBE, Some(CAROL), wei(2)), (PROBE, Some(INNER), wei(2))]);
    assert_eq!(root.calls[1].logs.len(), 2);
    assert_eq!(root.calls[1].gas, limpid_evm::frame::PAYOUT_GAS);
}

fn moved(from: Address, to: Address, amount: u64, kind: CallKind, depth: usize) -> ValueMove {
    ValueMove { from, to, amount: wei(amount), kind, depth }
}

#[test]
fn a_creations_coin_goes_to_what_it_made() {
    let chain = chain_with(&[(FORWARDER, creator())]);
    let outcome = trace(&chain, FORWARDER, wei(8), deploying(&[0x00]));
    let made = Address::from_word(outcome.output.as_ref().try_into().unwrap());
    let root = tree(&outcome);
    assert_eq!((root.calls[0].kind, root.calls[0].to), (Some(CallKind::Create), Some(made)));
    let expected = [moved(ALICE, FORWARDER, 8, CallKind::Call, 0), moved(FORWARDER, made, 8, CallKind::Create, 1)];
    assert_eq!(outcome.moves, expected);
}

#[test]
fn coin_burnt_by_init_code_is_not_taken_for_the_creations_own() {
    // Init code without value that holds coin already and sends it to the zero address.
    let mut chain = chain();
    let nonce = chain.tx(ALICE, TxKind::Create, wei(0), [].into(), 0).nonce;
    let made = ALICE.create(nonce + 1);
    chain.send(ALICE, made, wei(5), []);
    let outcome = chain.deploy(ALICE, sequence(&[(Address::ZERO, vec![], wei(5))]));
    assert_eq!(outcome.created, Some(made));
    assert_eq!(outcome.moves, [moved(made, Address::ZERO, 5, CallKind::Call, 1)]);
}

#[test]
fn a_failed_creation_moves_nothing() {
    let mut chain = chain_with(&[(FORWARDER, creator())]);
    let outcome = chain.send(ALICE, FORWARDER, wei(8), vec![0xfe]);
    assert_ok(&outcome);
    assert_eq!(outcome.moves, [moved(ALICE, FORWARDER, 8, CallKind::Call, 0)]);
}

#[test]
fn selfdestruct_moves_what_was_held() {
    let mut chain = chain_with(&[(FORWARDER, destroyer()), (INNER, forwarder(How::Call))]);
    let outcome = chain.send(ALICE, FORWARDER, wei(6), CAROL.into_word().to_vec());
    let destroyed = moved(FORWARDER, CAROL, 6, CallKind::SelfDestruct, 1);
    assert_eq!(outcome.moves, [moved(ALICE, FORWARDER, 6, CallKind::Call, 0), destroyed]);
    assert_eq!(chain.balance(CAROL), wei(6));
    // To itself (EIP-6780: an older contract keeps its coin), and with nothing held: no move.
    let outcome = chain.send(ALICE, FORWARDER, wei(6), FORWARDER.into_word().to_vec());
    assert_eq!((outcome.moves.len(), chain.balance(FORWARDER)), (1, wei(6)));
    chain.send(ALICE, FORWARDER, wei(0), CAROL.into_word().to_vec());
    let outcome = chain.send(ALICE, FORWARDER, wei(0), CAROL.into_word().to_vec());
    assert_eq!(outcome.moves, []);
    // Without the gas for it, and inside a frame that reverts: no move either.
    put_code(&mut chain, INNER, regretter());
    let outcome = chain.send(ALICE, INNER, wei(6), via(FORWARDER, CAROL.into_word()));
    assert!(!outcome.success && outcome.moves.is_empty());
}

#[test]
fn a_call_that_cannot_pay_opens_and_closes_its_frame() {
    let calls = [(CAROL, vec![], wei(1_000)), (PROBE, vec![], wei(1_000)), (CAROL, vec![], wei(1))];
    let chain = chain_with(&[(FORWARDER, sequence(&calls))]);
    let outcome = trace(&chain, FORWARDER, wei(1), []);
    assert_ok(&outcome);
    let root = tree(&outcome);
    let errors: Vec<_> = root.calls.iter().map(|frame| frame.error.as_deref()).collect();
    let poor = Some("insufficient balance for transfer");
    assert_eq!(errors, [poor, poor, None]);
    let expected = [moved(ALICE, FORWARDER, 1, CallKind::Call, 0), moved(FORWARDER, CAROL, 1, CallKind::Call, 1)];
    assert_eq!(outcome.moves, expected);
}

#[test]
fn native_calls_nest_eight_deep() {
    let mut chain = chain();
    assert_ok(&call(&mut chain, IProbe::nestCall { times: wei(8) }));
    assert_reverts(&call(&mut chain, IProbe::nestCall { times: wei(9) }), errors::CallDepth {});
    assert_reverts(&call(&mut chain, IProbe::nestCall { times: wei(1_000_000) }), errors::CallDepth {});
    let outcome = trace(&chain, PROBE, wei(0), IProbe::nestCall { times: wei(8) }.abi_encode());
    let mut frame = outcome.trace.as_ref().unwrap();
    let mut depth = 0;
    while let Some(inner) = frame.calls.first() {
        (frame, depth) = (inner, depth + 1);
    }
    assert_eq!(depth, 8);
}

#[test]
fn a_native_call_at_the_evms_depth_limit_runs_on_a_small_stack() {
    let dive = |depth: u64, target: Address, selector: [u8; 4]| {
        let chain = chain_with(&[(FORWARDER, diver(target, selector))]);
        let data = wei(depth).to_be_bytes::<32>().to_vec();
        let tx = chain.tx(ALICE, TxKind::Call(FORWARDER), wei(0), data.into(), 1 << 50);
        let options = Options { trace: limpid_evm::Tracing::CALLS, strict: false };
        let outcome = simulator(&chain, Default::default()).call(tx, options).unwrap();
        assert_ok(&outcome);
        let answer = U256::from_be_slice(&outcome.output);
        // Dropping a tree recurses: take it apart by hand.
        let mut frames = outcome.trace.into_iter().collect::<Vec<_>>();
        let mut deepest = 0;
        while let Some(mut frame) = frames.pop() {
            deepest += 1;
            frames.append(&mut frame.calls);
        }
        (answer, deepest)
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    let run = move || {
        // Frames 0 ..= 1023 are bytecode, frame 1024 is native: the last one that the EVM allows.
        assert_eq!(dive(1023, PROBE, IProbe::bumpCall::SELECTOR), (wei(1), 1025));
        assert_eq!(dive(1024, PROBE, IProbe::bumpCall::SELECTOR), (wei(0), 1026));
    };
    thread.spawn(run).unwrap().join().unwrap();
}
