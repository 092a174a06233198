//! Calls that change nothing: estimates, overrides, strictness.

use crate::{
    bytecode::{How, burner, forwarder, sequence, via},
    probe::{CHILD, IProbe, OTHER, Op, PROBE},
    scene::*,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use limpid_evm::{
    ExecError, InvalidTransaction, TxEnv, TxKind,
    simulate::{AccountOverride, EstimateError, Options, Overrides},
    testkit::TestChain,
};

const FORWARDER: Address = Address::repeat_byte(0xf0);
const WALLET: Address = Address::repeat_byte(0xde);

fn tx(chain: &TestChain, to: Address, value: u64, data: impl Into<Bytes>) -> TxEnv {
    chain.tx(ALICE, TxKind::Call(to), wei(value), data.into(), 16_000_000)
}

#[test]
fn an_estimate_is_enough_and_little_more() {
    let mut chain = chain_with(&[(FORWARDER, forwarder(How::Call)), (WALLET, burner(1400))]);
    put_slots(&mut chain, PROBE, [(wei(5), wei(1))]);
    let child = Address::repeat_byte(0xc1);
    let clear = IProbe::scriptCall { ops: vec![Op { code: 0x55, a: wei(5), b: wei(0) }] }.abi_encode();
    let deep = via(FORWARDER, via(FORWARDER, via(PROBE, IProbe::bumpCall {}.abi_encode())));
    let calls = [
        tx(&chain, CAROL, 1, []),
        tx(&chain, PROBE, 0, IProbe::bumpCall {}.abi_encode()),
        tx(&chain, PROBE, 2, IProbe::payTwiceCall { first: CAROL, second: BOB, amount: wei(1) }.abi_encode()),
        tx(&chain, PROBE, 1, IProbe::payCall { to: WALLET, amount: wei(1) }.abi_encode()),
        tx(&chain, PROBE, 0, clear),
        tx(&chain, PROBE, 0, IProbe::makeCall { child, kind: CHILD.0 }.abi_encode()),
        tx(&chain, PROBE, 0, IProbe::relayCall { target: OTHER, fails: false }.abi_encode()),
        tx(&chain, FORWARDER, 0, deep),
    ];
    let simulator = simulator(&chain, Overrides::new());
    for call in calls {
        let estimate = simulator.estimate(&call, 16_000_000).unwrap();
        let works = |gas_limit| {
            let attempt = simulator.call(TxEnv { gas_limit, ..call.clone() }, Options::default());
            attempt.is_ok_and(|outcome| outcome.success)
        };
        assert!(works(estimate));
        let (mut low, mut high) = (20_000, estimate);
        while low + 1 < high {
            let middle = (low + high) / 2;
            if works(middle) { high = middle } else { low = middle }
        }
        assert!(estimate * 1000 <= high * 1016, "{estimate} for {high}");
        // And a real transaction with it goes through.
        let (kind, value, data) = (call.kind, call.value, call.data.clone());
        let mut real = TestChain {
            state: chain.state.clone(),
            rules: chain.rules.clone(),
            block: chain.block.clone(),
            gas_price: 0,
        };
        assert_ok(&real.transact(ALICE, kind, value, data, estimate));
    }
}

#[test]
fn an_estimate_of_what_fails_says_why() {
    let chain = chain();
    let simulator = simulator(&chain, Overrides::new());
    let fails = tx(&chain, PROBE, 0, IProbe::relayCall { target: OTHER, fails: true }.abi_encode());
    match simulator.estimate(&fails, 1_000_000) {
        Err(EstimateError::Failed(outcome)) => assert_text(&outcome, "relay fails"),
        other => panic!("{other:?}"),
    }
    let mut poor = tx(&chain, CAROL, 5, []);
    (poor.caller, poor.gas_price) = (CAROL, 1);
    assert!(matches!(simulator.estimate(&poor, 1_000_000), Err(EstimateError::Funds { .. })));
}

fn overriding(address: Address, change: AccountOverride) -> Overrides {
    [(address, change)].into()
}

/// The probe's count under overrides.
fn overridden_count(chain: &TestChain, overrides: Overrides) -> U256 {
    let call = tx(chain, PROBE, 0, IProbe::getCall {}.abi_encode());
    U256::from_be_slice(&simulator(chain, overrides).call(call, Options::default()).unwrap().output)
}

#[test]
fn overridden_balances_are_seen() {
    let chain = chain();
    let rich = AccountOverride { balance: Some(wei(500)), ..AccountOverride::default() };
    let mut call = tx(&chain, PROBE, 500, IProbe::payCall { to: ALICE, amount: wei(500) }.abi_encode());
    (call.caller, call.nonce) = (CAROL, 0);
    let strict = Options { strict: true, ..Options::default() };
    let with = simulator(&chain, overriding(CAROL, rich)).call(call.clone(), strict).unwrap();
    assert_ok(&with);
    assert!(matches!(simulator(&chain, Overrides::new()).call(call, strict), Err(ExecError::Invalid(_))));
}

#[test]
fn overridden_nonces_decide_created_addresses() {
    let chain = chain();
    let change = AccountOverride { nonce: Some(41), ..AccountOverride::default() };
    let create = chain.tx(ALICE, TxKind::Create, wei(0), Bytes::new(), 1_000_000);
    let outcome = simulator(&chain, overriding(ALICE, change)).call(create, Options::default()).unwrap();
    assert_eq!(outcome.created, Some(ALICE.create(41)));
}

#[test]
fn overridden_slots_are_seen_by_native_code() {
    let mut chain = chain();
    for _ in 0..3 {
        call(&mut chain, IProbe::bumpCall {});
    }
    let slots = chain.state.slots(PROBE);
    let [(count_slot, _)] = slots.iter().collect::<Vec<_>>()[..] else { panic!("{slots:?}") };
    let key = B256::from(*count_slot);
    let value = B256::from(wei(70));
    let state_diff = AccountOverride { state_diff: [(key, value)].into(), ..AccountOverride::default() };
    assert_eq!(overridden_count(&chain, overriding(PROBE, state_diff)), wei(70));
    let state = AccountOverride { state: Some([(key, value)].into()), ..AccountOverride::default() };
    assert_eq!(overridden_count(&chain, overriding(PROBE, state)), wei(70));
    let emptied = AccountOverride { state: Some([].into()), ..AccountOverride::default() };
    assert_eq!(overridden_count(&chain, overriding(PROBE, emptied)), wei(0));
    let elsewhere = AccountOverride { state_diff: [(B256::ZERO, value)].into(), ..AccountOverride::default() };
    assert_eq!(overridden_count(&chain, overriding(PROBE, elsewhere)), wei(3));
}

#[test]
fn slots_of_an_account_that_does_not_exist_can_be_pretended() {
    // Code and a slot where nothing stands: SLOAD(0) comes back.
    let chain = chain();
    let code: Bytes = vec![0x5f, 0x54, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3].into();
    let change = AccountOverride {
        code: Some(code),
        state_diff: [(B256::ZERO, B256::from(wei(9)))].into(),
        ..AccountOverride::default()
    };
    let outcome = simulator(&chain, overriding(CAROL, change)).call(tx(&chain, CAROL, 0, []), Options::default());
    assert_eq!(U256::from_be_slice(&outcome.unwrap().output), wei(9));
}

#[test]
fn strict_calls_are_checked_like_transactions() {
    let mut chain = chain();
    chain.block.base_fee = 100;
    let strict = Options { strict: true, ..Options::default() };
    let lenient = Options::default();
    let simulator = simulator(&chain, Overrides::new());
    let call = tx(&chain, CAROL, 0, []);
    let wrong_nonce = TxEnv { nonce: 9, gas_price: 100, ..call.clone() };
    let cheap = TxEnv { gas_price: 99, ..call.clone() };
    let poor = TxEnv { caller: CAROL, nonce: 0, value: wei(1), gas_price: 100, ..call.clone() };
    let over_the_cap = TxEnv { gas_limit: 17_000_000, gas_price: 100, ..call.clone() };
    for refused in [wrong_nonce, cheap, poor, over_the_cap] {
        assert!(matches!(simulator.call(refused, strict), Err(ExecError::Invalid(_))));
    }
    assert_ok(&simulator.call(TxEnv { gas_price: 100, ..call.clone() }, strict).unwrap());
    assert_ok(&simulator.call(TxEnv { nonce: 9, gas_limit: 1 << 40, ..call }, lenient).unwrap());
}

#[test]
fn contracts_cannot_send_strict_transactions() {
    // EIP-3607; a lenient call may pretend it.
    let chain = chain_with(&[(FORWARDER, sequence(&[]))]);
    let mut call = tx(&chain, CAROL, 0, []);
    (call.caller, call.nonce) = (FORWARDER, 1);
    let simulator = simulator(&chain, Overrides::new());
    let strict = simulator.call(call.clone(), Options { strict: true, ..Options::default() });
    assert!(matches!(strict, Err(ExecError::Invalid(InvalidTransaction::RejectCallerWithCode))));
    assert_ok(&simulator.call(call, Options::default()).unwrap());
}

#[test]
fn simulating_changes_nothing_and_tells_what_it_would_change() {
    let chain = chain();
    let call = tx(&chain, PROBE, 0, IProbe::bumpCall {}.abi_encode());
    let (outcome, diff) = simulator(&chain, Overrides::new()).call_with_diff(call, Options::default()).unwrap();
    assert_ok(&outcome);
    assert_eq!(diff.storage[&PROBE].values().collect::<Vec<_>>(), [&wei(1)]);
    assert_eq!(count(&chain, PROBE), wei(0));
}
