//! Which calls reach native code and what they may do there (V-1, V-2, N-2), and what code its
//! accounts show.

use crate::{
    bytecode::{How, deploying, examiner, forwarder, insistent, sequence, swallower, via},
    probe::{CHILD, IProbe, OTHER, OTHER_KIND, PROBE},
    scene::*,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use limpid_abi::errors;
use limpid_evm::{
    Source, TxKind,
    simulate::{AccountOverride, Options, Overrides},
};
use limpid_native::{Kind, Marker};

const FORWARDER: Address = Address::repeat_byte(0xf0);
const FORGED: Address = Address::repeat_byte(0x4e);

fn bump() -> Vec<u8> {
    IProbe::bumpCall {}.abi_encode()
}

fn all_forwarders() -> Vec<(How, Address, Bytes)> {
    [How::Call, How::CallCode, How::DelegateCall, How::StaticCall]
        .into_iter()
        .enumerate()
        .map(|(index, how)| (how, Address::repeat_byte(0xf0 + index as u8), forwarder(how)))
        .collect()
}

// ---- V-1: own code only ----

#[test]
fn a_direct_call_runs_native_code() {
    let mut chain = chain();
    let outcome = call(&mut chain, IProbe::bumpCall {});
    assert_ok(&outcome);
    assert_eq!(IProbe::bumpCall::abi_decode_returns(&outcome.output).unwrap(), wei(1));
    assert_eq!(events::<IProbe::Bumped>(&outcome), [IProbe::Bumped { count: wei(1) }]);
    assert_eq!(count(&chain, PROBE), wei(1));
}

#[test]
fn an_account_delegating_to_a_native_contract_never_runs_it() {
    let mut chain = chain_with(&[(FORWARDER, swallower(How::Call))]);
    delegate(&mut chain, BOB, PROBE);
    let outcome = chain.send(ALICE, BOB, U256::ZERO, bump());
    assert!(!outcome.success && outcome.logs.is_empty(), "{outcome:?}");
    // Its own transaction to itself, and a call from bytecode: neither.
    assert!(!chain.send(BOB, BOB, U256::ZERO, bump()).success);
    let outcome = chain.send(ALICE, FORWARDER, U256::ZERO, via(BOB, bump()));
    assert_ok(&outcome);
    assert_eq!(U256::from_be_slice(&outcome.output), U256::ZERO);
    assert!(chain.state.slots(BOB).is_empty() && chain.state.slots(PROBE).is_empty());
    assert_eq!(read(&chain, PROBE, IProbe::classifyCall { account: BOB }), 1);
}

#[test]
fn a_delegation_set_by_the_transaction_itself_runs_nothing_native() {
    let mut chain = chain();
    let mut tx = chain.tx(ALICE, TxKind::Call(BOB), U256::ZERO, bump().into(), 1_000_000);
    authorize(&mut tx, &[(BOB, PROBE, 0)]);
    let outcome = chain.run(|block| block.transact(tx)).unwrap();
    assert!(!outcome.success, "{outcome:?}");
    assert_eq!(read(&chain, PROBE, IProbe::classifyCall { account: BOB }), 1, "the delegation holds");
    assert!(chain.state.slots(BOB).is_empty());
}

#[test]
fn marker_code_that_no_factory_recorded_is_not_native() {
    for kind in [Kind(200), CHILD, OTHER_KIND] {
        let mut chain = chain();
        forge(&mut chain, FORGED, Marker { kind, version: 0 });
        let outcome = chain.send(ALICE, FORGED, U256::ZERO, bump());
        assert!(!outcome.success && chain.state.slots(FORGED).is_empty(), "{outcome:?}");
        assert_eq!(read(&chain, PROBE, IProbe::classifyCall { account: FORGED }), 2);
    }
}

#[test]
fn another_kinds_marker_at_a_fixed_address_is_not_native() {
    let mut chain = chain();
    forge(&mut chain, PROBE, Marker { kind: CHILD, version: 0 });
    assert!(!chain.send(ALICE, PROBE, U256::ZERO, bump()).success);
    forge(&mut chain, PROBE, Marker { kind: Kind(200), version: 9 });
    assert!(!chain.send(ALICE, PROBE, U256::ZERO, bump()).success, "nor another version's");
}

#[test]
fn users_cannot_deploy_markers() {
    let mut chain = chain();
    let outcome = chain.deploy(ALICE, deploying(&Marker { kind: CHILD, version: 0 }.code()));
    assert!(!outcome.success && outcome.created.is_none());
}

#[test]
fn what_a_factory_makes_is_native_at_once_and_later() {
    let mut chain = chain();
    let child = Address::repeat_byte(0xc1);
    assert_ok(&call(&mut chain, IProbe::makeCall { child, kind: CHILD.0 }));
    assert_ok(&chain.send(ALICE, child, U256::ZERO, bump()));
    assert_eq!(count(&chain, child), wei(1));
    assert_eq!(read(&chain, PROBE, IProbe::classifyCall { account: child }), CHILD.0);
    assert_eq!(chain.state.account(child).unwrap().unwrap().nonce, 1);
    let again = call(&mut chain, IProbe::makeCall { child, kind: CHILD.0 });
    assert_reverts(&again, errors::AlreadyExists { account: child });
    let unknown = call(&mut chain, IProbe::makeCall { child: Address::repeat_byte(0xc2), kind: 250 });
    assert_reverts(&unknown, errors::UnknownKind { kind: 250 });
    for taken in [ALICE, PROBE, FORWARDER] {
        put_code(&mut chain, FORWARDER, Bytes::from_static(&[0]));
        chain.send(ALICE, BOB, U256::ZERO, []);
        let outcome = call(&mut chain, IProbe::makeCall { child: taken, kind: CHILD.0 });
        assert_reverts(&outcome, errors::AlreadyExists { account: taken });
    }
}

#[test]
fn a_creation_that_reverts_leaves_nothing_native() {
    let child = Address::repeat_byte(0xc1);
    let mut chain = chain();
    assert_text(&call(&mut chain, IProbe::makeThenFailCall { child }), "after creation");
    assert_eq!(chain.state.account(child).unwrap(), None);
    assert_eq!(read(&chain, PROBE, IProbe::classifyCall { account: child }), 0);
    // In one block: made, called, reverted; then a forged marker of the same kind stands there.
    let failing = chain.tx(ALICE, TxKind::Call(PROBE), U256::ZERO, makes_then_fails(child), 1_000_000);
    chain.run(|block| block.transact(failing).map(drop)).unwrap();
    forge(&mut chain, child, Marker { kind: CHILD, version: 0 });
    assert!(!chain.send(ALICE, child, U256::ZERO, bump()).success);
}

fn makes_then_fails(child: Address) -> Bytes {
    IProbe::makeThenFailCall { child }.abi_encode().into()
}

#[test]
fn a_child_may_hold_coin_before_it_is_made() {
    let child = Address::repeat_byte(0xc1);
    let mut chain = chain();
    chain.send(ALICE, child, wei(55), []);
    assert_ok(&call(&mut chain, IProbe::makeCall { child, kind: CHILD.0 }));
    assert_eq!(chain.balance(child), wei(55));
    assert_ok(&chain.send(ALICE, child, U256::ZERO, bump()));
}

fn override_code(address: Address, code: Bytes) -> Overrides {
    [(address, AccountOverride { code: Some(code), ..AccountOverride::default() })].into()
}

#[test]
fn an_overridden_account_runs_the_override() {
    let chain = chain();
    let tx = |to| chain.tx(ALICE, TxKind::Call(to), U256::ZERO, bump().into(), 1_000_000);
    // A native contract overridden by bytecode that answers 42.
    let answers_42: Bytes = vec![0x60, 42, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3].into();
    let overridden = simulator(&chain, override_code(PROBE, answers_42));
    let outcome = overridden.call(tx(PROBE), Options::default()).unwrap();
    assert_eq!(U256::from_be_slice(&outcome.output), wei(42), "{outcome:?}");
    // Any account overridden by a marker.
    for (address, kind) in [(CAROL, Kind(200)), (CAROL, CHILD), (PROBE, CHILD)] {
        let marker = Marker { kind, version: 0 }.code().to_vec();
        let outcome = simulator(&chain, override_code(address, marker.into())).call(tx(address), Options::default());
        assert!(!outcome.unwrap().success);
    }
    // A delegation pretended by override.
    let designator: Bytes = [&[0xef, 0x01, 0x00], PROBE.as_slice()].concat().into();
    let outcome = simulator(&chain, override_code(CAROL, designator)).call(tx(CAROL), Options::default());
    assert!(!outcome.unwrap().success);
}

// ---- V-2: direct calls only ----

#[test]
fn delegatecall_and_callcode_are_refused() {
    let mut chain = chain();
    for (how, at, code) in all_forwarders() {
        put_code(&mut chain, at, code);
        let outcome = chain.send(ALICE, at, U256::ZERO, via(PROBE, bump()));
        match how {
            How::Call => assert_ok(&outcome),
            How::StaticCall => assert_reverts(&outcome, errors::StaticCallNotAllowed {}),
            How::DelegateCall | How::CallCode => assert_reverts(&outcome, errors::DelegateCallNotAllowed {}),
        }
        assert!(chain.state.slots(at).is_empty(), "{how:?} wrote into the caller");
    }
    assert_eq!(count(&chain, PROBE), wei(1), "only CALL bumped");
}

#[test]
fn delegatecall_cannot_act_for_its_victim() {
    // Under DELEGATECALL the native code would see ALICE as its caller and the forwarder's coin as its own.
    let mut chain = chain();
    for how in [How::DelegateCall, How::CallCode] {
        put_code(&mut chain, FORWARDER, forwarder(how));
        let before = (chain.balance(ALICE), chain.balance(PROBE));
        let pay = IProbe::payCall { to: BOB, amount: wei(5) }.abi_encode();
        let outcome = chain.send(ALICE, FORWARDER, wei(5), via(PROBE, pay));
        assert_reverts(&outcome, errors::DelegateCallNotAllowed {});
        assert_eq!((chain.balance(ALICE), chain.balance(PROBE)), before);
        assert_eq!(chain.balance(FORWARDER), U256::ZERO);
    }
}

// ---- N-2: no write in a static context ----

#[test]
fn a_static_call_reads_and_cannot_write() {
    let mut chain = chain_with(&[(FORWARDER, forwarder(How::StaticCall))]);
    let outcome = chain.send(ALICE, FORWARDER, U256::ZERO, via(PROBE, IProbe::getCall {}.abi_encode()));
    assert_ok(&outcome);
    let writes: [Vec<u8>; 5] = [
        bump(),
        IProbe::payCall { to: BOB, amount: U256::ZERO }.abi_encode(),
        IProbe::makeCall { child: CAROL, kind: CHILD.0 }.abi_encode(),
        IProbe::move_Call { to: OTHER, amount: U256::ZERO }.abi_encode(),
        IProbe::relayCall { target: OTHER, fails: false }.abi_encode(),
    ];
    let before = chain.state.slots(PROBE);
    for data in writes {
        let outcome = chain.send(ALICE, FORWARDER, U256::ZERO, via(PROBE, data));
        assert_reverts(&outcome, errors::StaticCallNotAllowed {});
    }
    assert_eq!(chain.state.slots(PROBE), before);
}

#[test]
fn a_static_context_is_inherited_through_calls() {
    let relay = Address::repeat_byte(0xf7);
    let mut chain =
        chain_with(&[(FORWARDER, forwarder(How::StaticCall)), (relay, insistent(PROBE, &bump(), U256::ZERO))]);
    let outcome = chain.send(ALICE, FORWARDER, U256::ZERO, via(relay, []));
    assert_reverts(&outcome, errors::StaticCallNotAllowed {});
}

#[test]
fn a_view_that_writes_is_refused_whatever_the_table_says() {
    let mut chain = chain();
    chain.send(ALICE, PROBE, U256::ZERO, bump());
    let (slots, coin) = (chain.state.slots(PROBE), chain.balance(PROBE));
    for how in 0..=5 {
        let outcome = call(&mut chain, IProbe::sneakCall { how });
        assert_reverts(&outcome, errors::StaticCallNotAllowed {});
    }
    assert_eq!((chain.state.slots(PROBE), chain.balance(PROBE)), (slots, coin));
}

// ---- value, selectors, the system verb ----

#[test]
fn coin_sent_to_a_method_that_takes_none_comes_back() {
    let mut chain = chain();
    let before = chain.balance(ALICE);
    for data in [bump(), IProbe::getCall {}.abi_encode(), IProbe::onlyCall {}.abi_encode()] {
        let is_system = data == IProbe::onlyCall {}.abi_encode();
        let outcome = chain.send(ALICE, PROBE, wei(9), data);
        if is_system {
            assert_reverts(&outcome, errors::OnlySystem {});
        } else {
            assert_reverts(&outcome, errors::NonPayable {});
        }
    }
    assert_eq!((chain.balance(ALICE), chain.balance(PROBE)), (before, U256::ZERO));
}

#[test]
fn unknown_selectors_and_short_calldata_are_refused() {
    let mut chain = chain();
    let outcome = chain.send(ALICE, PROBE, wei(1), vec![0xde, 0xad, 0xbe, 0xef, 1]);
    assert_reverts(&outcome, errors::UnknownSelector { selector: [0xde, 0xad, 0xbe, 0xef].into() });
    let outcome = chain.send(ALICE, PROBE, U256::ZERO, vec![0xde]);
    assert_reverts(&outcome, errors::UnknownSelector { selector: [0; 4].into() });
    assert_ok(&chain.send(ALICE, PROBE, wei(3), [])); // `receive`
    assert_eq!(chain.balance(PROBE), wei(3));
}

#[test]
fn the_system_verb_refuses_everybody_else() {
    let mut chain = chain();
    assert_reverts(&call(&mut chain, IProbe::onlyCall {}), errors::OnlySystem {});
    let hooks = limpid_native::dispatch::SYSTEM;
    assert_ok(&chain.view(hooks, PROBE, IProbe::onlyCall {}.abi_encode()));
}

#[test]
fn a_transfers_stipend_cannot_write() {
    // CALL with value and no gas of its own: the callee has 2,300. `receive` wants to write.
    let stingy = |data: &[u8]| {
        let mut code = insistent(PROBE, data, wei(1)).to_vec();
        let gas = code.iter().rposition(|byte| *byte == 0x5a).unwrap();
        code[gas] = 0x5f;
        Bytes::from(code)
    };
    let mut chain = chain_with(&[(FORWARDER, stingy(&[]))]);
    assert!(!chain.send(ALICE, FORWARDER, wei(1), []).success);
    put_code(&mut chain, FORWARDER, stingy(&IProbe::payCall { to: BOB, amount: wei(1) }.abi_encode()[..68]));
    assert!(!chain.send(ALICE, FORWARDER, wei(1), []).success);
    assert_eq!((count(&chain, PROBE), chain.balance(PROBE)), (U256::ZERO, U256::ZERO));
    // Not even where a write is nearly free: to a slot that the same transaction has written (EIP-2200).
    let calls = [(PROBE, bump(), U256::ZERO), (PROBE, Vec::new(), wei(1))];
    let mut code = sequence(&calls).to_vec();
    let gas = code.iter().rposition(|byte| *byte == 0x5a).unwrap();
    code[gas] = 0x5f;
    put_code(&mut chain, FORWARDER, code.into());
    assert_ok(&chain.send(ALICE, FORWARDER, wei(1), []));
    assert_eq!((count(&chain, PROBE), chain.balance(PROBE)), (wei(1), U256::ZERO));
}

#[test]
fn coin_of_the_system_moves_between_native_contracts_only() {
    let mut chain = chain();
    let moves = |to| IProbe::move_Call { to, amount: wei(4) }.abi_encode();
    assert_ok(&chain.send(ALICE, PROBE, wei(4), moves(OTHER)));
    assert_eq!(chain.balance(OTHER), wei(4));
    for to in [BOB, CAROL] {
        let outcome = chain.send(ALICE, PROBE, wei(4), moves(to));
        assert_text(&outcome, "coin moves between native contracts only");
    }
    assert_text(&call(&mut chain, IProbe::move_Call { to: OTHER, amount: wei(4) }), "insufficient coin");
}

// ---- code ----

#[test]
fn native_accounts_show_four_bytes_of_code_distinct_by_kind() {
    let mut chain = chain_with(&[(FORWARDER, examiner())]);
    let child = Address::repeat_byte(0xc1);
    assert_ok(&call(&mut chain, IProbe::makeCall { child, kind: CHILD.0 }));
    let mut hashes = Vec::new();
    for (address, kind) in [(PROBE, Kind(200)), (child, CHILD), (OTHER, OTHER_KIND)] {
        let outcome = chain.view(ALICE, FORWARDER, address.into_word().to_vec());
        let (size, hash, copy) = (&outcome.output[..32], &outcome.output[32..64], &outcome.output[64..96]);
        let code = Marker { kind, version: 0 }.code();
        assert_eq!(U256::from_be_slice(size), wei(4));
        assert_eq!(B256::from_slice(hash), keccak256(code));
        assert_eq!((&copy[..4], &copy[4..]), (&code[..], &[0u8; 28][..]));
        hashes.push(keccak256(code));
    }
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 3);
}
