//! Native operations cost what their opcodes cost, measured against bytecode in the same chain; running
//! out of gas buys nothing and leaves nothing.

use crate::{
    bytecode::{How, swallower, twin, via},
    probe::{CHILD, IProbe, OTHER, Op, PROBE},
    scene::*,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use limpid_evm::{
    AccountInfo, BlockExecutor, MemorySource, Outcome, Source, SourceError, Stopped, TxKind, testkit::TestChain,
};
use proptest::prelude::*;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const TWIN: Address = Address::repeat_byte(0x2b);

/// The gas of each operation and the transaction's refund, natively and in bytecode.
///
/// Hundreds of cold accesses go before, so that neither the cap on refunds (a fifth of what was spent) nor
/// the floor of calldata (EIP-7623) hides a difference.
fn measured(chain: &mut TestChain, script: &[Op]) -> [(Vec<U256>, u64); 2] {
    let padding = 400;
    let ops: Vec<Op> = (0..padding).map(|index| op(0x31, 0x10_000 + index, 0)).chain(script.iter().cloned()).collect();
    put_code(chain, TWIN, twin(&ops));
    let calldata: Bytes = IProbe::scriptCall { ops: ops.to_vec() }.abi_encode().into();
    let native = view(chain, PROBE, calldata.clone());
    let spent = IProbe::scriptCall::abi_decode_returns(&native.output).expect("gas of each");
    let spent = spent.into_iter().skip(padding as usize).collect();
    let bytecode = view(chain, TWIN, calldata);
    let words = bytecode.output.chunks(32).skip(padding as usize).map(U256::from_be_slice).collect();
    [(spent, native.gas_refunded), (words, bytecode.gas_refunded)]
}

fn view(chain: &TestChain, to: Address, data: Bytes) -> Outcome {
    let tx = chain.tx(ALICE, TxKind::Call(to), U256::ZERO, data, 16_000_000);
    let outcome = simulator(chain, Default::default()).call(tx, Default::default()).unwrap();
    assert_ok(&outcome);
    outcome
}

/// A chain where the probe and its twin have the same slots.
fn with_slots() -> TestChain {
    let mut chain = chain();
    put_code(&mut chain, TWIN, Bytes::from_static(&[0]));
    for account in [PROBE, TWIN] {
        put_slots(&mut chain, account, (1..4).map(|slot| (wei(slot), wei(slot * 10))));
    }
    chain
}

fn op(code: u8, a: u64, b: u64) -> Op {
    Op { code, a: wei(a), b: wei(b) }
}

#[test]
fn storage_costs_by_name() {
    let mut chain = with_slots();
    let ops = [
        op(0x54, 1, 0),  // SLOAD cold
        op(0x54, 1, 0),  // warm
        op(0x55, 9, 5),  // SSTORE cold 0 -> 5
        op(0x55, 9, 6),  // dirty
        op(0x55, 9, 0),  // back to its original zero
        op(0x55, 2, 0),  // cold x -> 0
        op(0x55, 2, 20), // back
        op(0x55, 1, 10), // no change
        op(0x5d, 1, 1),  // TSTORE
        op(0x5c, 1, 0),  // TLOAD
        op(0x20, 64, 0), // KECCAK256 of two words
        op(0x31, 77, 0), // BALANCE cold
        op(0x31, 77, 0), // warm
        op(0xa1, 0, 0),  // LOG1 of 64 bytes
        op(0xa2, 0, 0),  // LOG2 of none
    ];
    let [(native, native_refund), (bytecode, bytecode_refund)] = measured(&mut chain, &ops);
    let expected = [2100u64, 100, 22_100, 100, 100, 5000, 100, 100, 100, 100, 42, 2600, 100, 375 * 2 + 512, 375 * 3];
    assert_eq!(native, expected.map(wei));
    assert_eq!(bytecode, native);
    assert_eq!(native_refund, bytecode_refund);
}

fn any_op() -> impl Strategy<Value = Op> {
    let slot = 1..6u64;
    prop_oneof![
        3 => slot.clone().prop_map(|slot| op(0x54, slot, 0)),
        6 => (slot.clone(), prop_oneof![Just(0u64), Just(10), Just(20), 0..3u64])
            .prop_map(|(slot, value)| op(0x55, slot, value)),
        1 => (slot.clone(), 0..3u64).prop_map(|(slot, value)| op(0x5d, slot, value)),
        1 => slot.clone().prop_map(|slot| op(0x5c, slot, 0)),
        1 => (0..300u64).prop_map(|length| op(0x20, length, 0)),
        1 => (100..104u64).prop_map(|account| op(0x31, account, 0)),
        1 => (100..104u64).prop_map(|account| op(0x3f, account, 0)),
        1 => (0..20u64).prop_map(|words| op(0xa1, words, 0)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_script_costs_and_refunds_as_bytecode_does(ops in prop::collection::vec(any_op(), 1..14)) {
        let mut chain = with_slots();
        let [native, bytecode] = measured(&mut chain, &ops);
        prop_assert_eq!(native, bytecode);
    }
}

#[test]
fn refunds_of_a_rolled_back_attempt_are_not_paid() {
    let mut chain = chain();
    put_slots(&mut chain, PROBE, [(wei(5), wei(1))]);
    let refund = |fails| view(&chain, PROBE, IProbe::refundTrialCall { fails }.abi_encode().into()).gas_refunded;
    assert_eq!(refund(false), 4800);
    assert_eq!(refund(true), 0);
}

#[test]
fn what_a_rolled_back_attempt_warmed_is_cold_again() {
    let chain = chain();
    let outcome = view(&chain, PROBE, IProbe::coldAgainCall { account: CAROL }.abi_encode().into());
    let costs = IProbe::coldAgainCall::abi_decode_returns(&outcome.output).unwrap();
    assert_eq!((costs.first, costs.second), (wei(2600), wei(2600)));
}

#[test]
fn refunds_of_a_failed_inner_call_are_not_paid() {
    let mut chain = chain_with(&[(TWIN, swallower(How::Call))]);
    put_slots(&mut chain, PROBE, [(wei(5), wei(1))]);
    let warm = || (0..20).map(|account| op(0x31, 0x10_000 + account, 0));
    let clear = IProbe::scriptCall { ops: warm().chain([op(0x55, 5, 0)]).collect() }.abi_encode();
    assert_eq!(view(&chain, TWIN, via(PROBE, &clear)).gas_refunded, 4800);
    let fails = warm().chain([op(0x55, 5, 0), op(0, 0, 0)]).collect();
    let fails = IProbe::scriptCall { ops: fails }.abi_encode();
    assert_eq!(view(&chain, TWIN, via(PROBE, &fails)).gas_refunded, 0);
}

/// A state that counts what is read from it.
struct Counting {
    state: MemorySource,
    reads: AtomicUsize,
}

impl Source for Counting {
    fn account(&self, address: Address) -> Result<Option<AccountInfo>, SourceError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.state.account(address)
    }
    fn storage(&self, address: Address, slot: U256) -> Result<U256, SourceError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.state.storage(address, slot)
    }
    fn code(&self, hash: B256) -> Result<Bytes, SourceError> {
        self.state.code(hash)
    }
    fn block_hash(&self, number: u64) -> Result<B256, SourceError> {
        self.state.block_hash(number)
    }
}

/// Runs with a gas limit, answering whether it succeeded and how much was read from the state.
fn run_counted(chain: &TestChain, data: &[u8], value: U256, gas_limit: u64) -> (bool, usize) {
    let source = Arc::new(Counting { state: (*chain.state).clone(), reads: AtomicUsize::new(0) });
    let mut block = BlockExecutor::new(source.clone(), &chain.rules, chain.block.clone());
    let tx = chain.tx(ALICE, TxKind::Call(PROBE), value, data.to_vec().into(), gas_limit);
    let success = block.transact(tx).is_ok_and(|outcome| outcome.success);
    (success, source.reads.load(Ordering::Relaxed))
}

/// The least gas limit of success, found exactly.
fn threshold(run: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (21_000, 16_000_000);
    while low + 1 < high {
        let middle = (low + high) / 2;
        if run(middle) { high = middle } else { low = middle }
    }
    high
}

#[test]
fn running_out_of_gas_buys_no_free_cold_read() {
    let mut chain = chain();
    put_slots(&mut chain, PROBE, [(wei(1), wei(1))]);
    // One cold access each; one unit less than it costs must not read it.
    let cold_account = U256::from_be_slice(CAROL.as_slice());
    for op in [op(0x54, 1, 0), op(0x55, 1, 1), Op { code: 0x31, a: cold_account, b: wei(0) }] {
        let before = (0..8).map(|account| Op { code: 0x31, a: wei(0x10_000 + account), b: wei(0) });
        let data = IProbe::scriptCall { ops: before.chain([op.clone()]).collect() }.abi_encode();
        let enough = threshold(|gas| run_counted(&chain, &data, wei(0), gas).0);
        let (_, all) = run_counted(&chain, &data, wei(0), enough);
        for missing in (1..=2000).step_by(37) {
            let (success, reads) = run_counted(&chain, &data, wei(0), enough - missing);
            assert!(!success);
            assert_eq!(reads, all - 1, "{:#x} with {missing} gas too little", op.code);
        }
    }
}

#[test]
fn a_payout_that_cannot_be_afforded_reads_no_recipient() {
    let chain = chain();
    let data = IProbe::payCall { to: CAROL, amount: wei(1) }.abi_encode();
    let enough = threshold(|gas| run_counted(&chain, &data, wei(1), gas).0);
    let (_, all) = run_counted(&chain, &data, wei(1), enough);
    // A new account's 25,000 come after the load; before it, 9,000 and 2,600 must be there.
    let (_, reads) = run_counted(&chain, &data, wei(1), enough - 25_000 - 1);
    assert!(reads < all, "{reads} of {all}");
}

/// Calls that touch everything a contract can do.
fn calls() -> Vec<(Vec<u8>, U256)> {
    let ops = vec![op(0x55, 3, 3), op(0x5d, 1, 1), op(0x20, 100, 0), op(0xa1, 3, 0), op(0x54, 9, 0)];
    vec![
        (IProbe::bumpCall {}.abi_encode(), wei(0)),
        (IProbe::payTwiceCall { first: CAROL, second: BOB, amount: wei(1) }.abi_encode(), wei(2)),
        (IProbe::swallowCall { target: OTHER, fails: true }.abi_encode(), wei(0)),
        (IProbe::trialCall { to: CAROL, amount: wei(1), fails: false }.abi_encode(), wei(2)),
        (IProbe::makeCall { child: CAROL, kind: CHILD.0 }.abi_encode(), wei(0)),
        (IProbe::nestCall { times: wei(6) }.abi_encode(), wei(0)),
        (IProbe::scheduleCall { due: 5, id: 0 }.abi_encode(), wei(0)),
        (IProbe::scriptCall { ops }.abi_encode(), wei(0)),
        (vec![1, 2, 3], wei(0)),
    ]
}

#[test]
fn any_gas_limit_gives_all_or_nothing() {
    let chain = chain();
    for (data, value) in calls() {
        let mut succeeded = false;
        let mut gas = 21_000;
        while gas < 150_000 {
            let tx = chain.tx(ALICE, TxKind::Call(PROBE), value, data.clone().into(), gas);
            match simulator(&chain, Default::default()).call_with_diff(tx, Default::default()) {
                Err(limpid_evm::ExecError::Invalid(_)) => {}
                Err(other) => panic!("{other}"),
                Ok((outcome, diff)) if outcome.success => {
                    succeeded = true;
                    assert!(outcome.gas_used <= gas);
                    assert!(diff.storage.len() + diff.accounts.len() > 1 || data.len() < 100);
                }
                Ok((outcome, diff)) => {
                    assert!(!succeeded || outcome.stopped == Some(Stopped::Revert), "more gas made it fail");
                    assert_ne!(outcome.stopped, Some(Stopped::Panic));
                    assert!(diff.storage.is_empty() && diff.codes.is_empty(), "{diff:?}");
                    assert_eq!(diff.accounts.keys().collect::<Vec<_>>(), [&ALICE], "only the sender's nonce");
                    assert!(outcome.logs.is_empty() && outcome.moves.is_empty());
                }
            }
            gas += if cfg!(debug_assertions) { 97 } else { 13 };
        }
    }
}

#[test]
fn a_loop_is_charged_by_the_turn() {
    let chain = chain();
    let spin = |times| IProbe::spinCall { times: wei(times) }.abi_encode();
    let used = |times| view(&chain, PROBE, spin(times).into()).gas_used;
    assert_eq!(used(0x0202) - used(0x0101), 0x0101 * 100);
    let tx = chain.tx(ALICE, TxKind::Call(PROBE), wei(0), spin(u64::MAX).into(), 200_000);
    let outcome = simulator(&chain, Default::default()).call(tx, Default::default()).unwrap();
    assert_eq!((outcome.success, outcome.gas_used), (false, 200_000));
}

#[test]
fn asking_what_is_native_changes_no_price() {
    // The same transaction costs the same whether or not a child was called before it in the block.
    let mut chain = chain();
    let child = Address::repeat_byte(0xc1);
    assert_ok(&call(&mut chain, IProbe::makeCall { child, kind: CHILD.0 }));
    let second = Address::repeat_byte(0xc2);
    let both = crate::bytecode::sequence(&[
        (child, IProbe::bumpCall {}.abi_encode(), wei(0)),
        (PROBE, IProbe::makeCall { child: second, kind: CHILD.0 }.abi_encode(), wei(0)),
    ]);
    put_code(&mut chain, TWIN, both);
    let directory = U256::from_be_slice(limpid_evm::registry::DIRECTORY.as_slice());
    let asked = U256::from_be_slice(child.as_slice());
    let ops = vec![Op { code: 0x3f, a: asked, b: wei(0) }, Op { code: 0x31, a: directory, b: wei(0) }];
    let spent = view(&chain, PROBE, IProbe::scriptCall { ops }.abi_encode().into()).output;
    let spent = IProbe::scriptCall::abi_decode_returns(&spent).unwrap();
    assert_eq!(spent, [wei(2600), wei(2600)], "the directory itself stays cold");
    let alone = view(&chain, TWIN, Bytes::new()).gas_used;
    let tx = |from| chain.tx(from, TxKind::Call(child), wei(0), IProbe::getCall {}.abi_encode().into(), 100_000);
    let (first, then) = (tx(BOB), chain.tx(ALICE, TxKind::Call(TWIN), wei(0), Bytes::new(), 1_000_000));
    let outcome = chain
        .run(|block| {
            block.transact(first)?;
            block.transact(then)
        })
        .unwrap();
    assert_eq!(outcome.gas_used, alone);
}

#[test]
fn a_refused_transaction_changes_no_price_of_the_next() {
    let mut chain = chain();
    let good = chain.tx(ALICE, TxKind::Call(PROBE), wei(0), IProbe::bumpCall {}.abi_encode().into(), 100_000);
    let alone = simulator(&chain, Default::default()).call(good.clone(), Default::default()).unwrap().gas_used;
    let mut bad = good.clone();
    bad.nonce = 99;
    let mut poor = good.clone();
    (poor.caller, poor.nonce, poor.value) = (CAROL, 0, wei(1));
    let outcome = chain
        .run(|block| {
            assert!(block.transact(bad).is_err());
            assert!(block.transact(poor).is_err());
            block.transact(good)
        })
        .unwrap();
    assert_eq!(outcome.gas_used, alone);
}

#[test]
fn calldata_floor_of_eip_7623_is_charged() {
    let chain = chain();
    let outcome = view(&chain, BOB, vec![1u8; 1000].into());
    assert_eq!(outcome.gas_used, 21_000 + 40 * 1000);
}
