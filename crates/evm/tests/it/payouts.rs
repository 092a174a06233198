//! V-3: coin that native code promises is paid last, with 50,000 gas and native writes locked.

use crate::{
    bytecode::{How, burner, curious, deploying, forwarder, insistent, refuser, regretter, sequence, swallower, via},
    probe::{CHILD, IProbe, OTHER, PROBE},
    scene::*,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use limpid_abi::{IQueue, errors};
use limpid_evm::{CallKind, Stopped, TxKind, ValueMove, frame::PAYOUT_GAS};

const FAILED: &str = "TransferHelper: ETH_TRANSFER_FAILED";
const THIEF: Address = Address::repeat_byte(0x7f);
const FORWARDER: Address = Address::repeat_byte(0xf0);

fn pay(to: Address, amount: u64) -> Vec<u8> {
    IProbe::payCall { to, amount: wei(amount) }.abi_encode()
}

#[test]
fn people_and_delegated_people_are_paid_and_the_moves_recorded() {
    let mut chain = chain();
    delegate(&mut chain, BOB, Address::repeat_byte(0xde)); // delegates to an account without code
    for to in [CAROL, BOB] {
        let before = chain.balance(to);
        let outcome = chain.send(ALICE, PROBE, wei(7), pay(to, 7));
        assert_ok(&outcome);
        assert_eq!(chain.balance(to), before + wei(7));
        let moved = |from, to, depth| ValueMove { from, to, amount: wei(7), kind: CallKind::Call, depth };
        assert_eq!(outcome.moves, [moved(ALICE, PROBE, 0), moved(PROBE, to, 1)]);
    }
    assert_eq!(chain.balance(PROBE), U256::ZERO);
}

#[test]
fn a_person_whose_wallet_code_burns_gas_is_paid_within_the_allowance() {
    let wallet = Address::repeat_byte(0xde);
    let mut chain = chain_with(&[(wallet, burner(1500))]); // about 39,000 gas
    delegate(&mut chain, BOB, wallet);
    assert_ok(&chain.send(ALICE, PROBE, wei(1), pay(BOB, 1)));
    put_code(&mut chain, wallet, burner(2000)); // about 52,000
    assert_text(&chain.send(ALICE, PROBE, wei(1), pay(BOB, 1)), FAILED);
}

#[test]
fn the_allowance_is_fifty_thousand_whatever_the_caller_brings() {
    // Answers its gas by keeping it in slot 0: GAS PUSH0 SSTORE.
    let wallet = Address::repeat_byte(0xde);
    let mut chain = chain_with(&[(wallet, vec![0x5a, 0x5f, 0x55, 0x00].into())]);
    assert_ok(&chain.send(ALICE, PROBE, wei(1), pay(wallet, 1)));
    assert_eq!(chain.state.slots(wallet)[&U256::ZERO], wei(PAYOUT_GAS - 2));
    assert_eq!(PAYOUT_GAS, 50_000);
}

#[test]
fn a_failing_recipient_reverts_the_whole_call() {
    let mut chain = chain_with(&[(THIEF, refuser()), (FORWARDER, swallower(How::Call))]);
    let before = chain.balance(ALICE);
    assert_text(&chain.send(ALICE, PROBE, wei(2), pay(THIEF, 2)), FAILED);
    let both = IProbe::payTwiceCall { first: CAROL, second: THIEF, amount: wei(1) }.abi_encode();
    assert_text(&chain.send(ALICE, PROBE, wei(2), both.clone()), FAILED);
    assert_eq!((chain.balance(CAROL), chain.balance(PROBE), chain.balance(ALICE)), (wei(0), wei(0), before));
    // A caller in bytecode that swallows the failure keeps its own coin, and the first payout is undone too.
    let outcome = chain.send(ALICE, FORWARDER, wei(2), via(PROBE, both));
    assert_ok(&outcome);
    assert_eq!((chain.balance(CAROL), chain.balance(PROBE), chain.balance(FORWARDER)), (wei(0), wei(0), wei(2)));
    assert_eq!(outcome.moves.len(), 1, "{:?}", outcome.moves);
}

#[test]
fn promising_more_than_there_is_reverts() {
    let mut chain = chain();
    assert_text(&chain.send(ALICE, PROBE, wei(2), pay(CAROL, 3)), FAILED);
    let twice = IProbe::payTwiceCall { first: CAROL, second: BOB, amount: wei(2) }.abi_encode();
    assert_text(&chain.send(ALICE, PROBE, wei(3), twice), FAILED);
    assert_eq!(chain.balance(CAROL), U256::ZERO);
}

/// Every way in that writes, by any caller.
fn mutators() -> Vec<(&'static str, Address, Vec<u8>)> {
    vec![
        ("bump", PROBE, IProbe::bumpCall {}.abi_encode()),
        ("bump of another", OTHER, IProbe::bumpCall {}.abi_encode()),
        ("receive", PROBE, Vec::new()),
        ("pay", PROBE, pay(CAROL, 0)),
        ("relay", PROBE, IProbe::relayCall { target: OTHER, fails: false }.abi_encode()),
        ("make", PROBE, IProbe::makeCall { child: CAROL, kind: CHILD.0 }.abi_encode()),
        ("swallow", PROBE, IProbe::swallowCall { target: OTHER, fails: false }.abi_encode()),
        ("retry", chain().rules.registry.addresses().queue, IQueue::retryCall { index: 0 }.abi_encode()),
    ]
}

#[test]
fn a_recipient_that_comes_back_finds_every_write_locked() {
    for (name, target, data) in mutators() {
        let mut chain = chain_with(&[(THIEF, insistent(target, &data, U256::ZERO))]);
        if name == "retry" {
            chain.send(ALICE, PROBE, U256::ZERO, IProbe::scheduleCall { due: 0, id: 1 }.abi_encode());
            chain.run(|block| block.begin()).unwrap();
        }
        let outcome = chain.send(ALICE, PROBE, wei(1), pay(THIEF, 1));
        assert_text(&outcome, FAILED);
        // Outside a payout the same call works.
        assert_eq!(chain.send(ALICE, THIEF, U256::ZERO, []).success, name != "retry", "{name}");
    }
}

#[test]
fn a_locked_write_answers_locked_and_a_view_answers() {
    let mut chain = chain_with(&[(THIEF, curious(PROBE, &IProbe::bumpCall {}.abi_encode()))]);
    assert_ok(&chain.send(ALICE, PROBE, wei(1), pay(THIEF, 1)));
    let kept = chain.state.slots(THIEF);
    assert_eq!(kept.get(&U256::ZERO), None, "the bump failed");
    assert_eq!(kept[&wei(1)].to_be_bytes::<32>()[..4], errors::Locked::SELECTOR_BYTES);
    assert_eq!(count(&chain, PROBE), U256::ZERO);

    chain.send(ALICE, PROBE, U256::ZERO, IProbe::bumpCall {}.abi_encode());
    put_code(&mut chain, THIEF, curious(PROBE, &IProbe::getCall {}.abi_encode()));
    assert_ok(&chain.send(ALICE, PROBE, wei(1), pay(THIEF, 1)));
    let kept = chain.state.slots(THIEF);
    assert_eq!((kept[&U256::ZERO], kept[&wei(1)]), (wei(1), wei(1)), "the view answered the count");
}

trait SelectorBytes {
    const SELECTOR_BYTES: [u8; 4];
}

impl<T: alloy_sol_types::SolError> SelectorBytes for T {
    const SELECTOR_BYTES: [u8; 4] = T::SELECTOR;
}

#[test]
fn the_lock_ends_with_the_payouts() {
    // In one transaction: a payout, failed or made, and then a write.
    let both = Address::repeat_byte(0xf5);
    let mut chain = chain_with(&[(THIEF, refuser())]);
    for (to, bumps) in [(THIEF, 1), (CAROL, 2)] {
        let calls = [(PROBE, pay(to, 1), wei(1)), (PROBE, IProbe::bumpCall {}.abi_encode(), wei(0))];
        put_code(&mut chain, both, sequence(&calls));
        assert_ok(&chain.send(ALICE, both, wei(1), []));
        assert_eq!(count(&chain, PROBE), wei(bumps));
    }
    assert_eq!(chain.balance(CAROL), wei(1));
}

#[test]
fn payouts_come_after_everything_else_of_the_call() {
    // The recipient reads the count in its payout: it sees the call's own write.
    let reader = curious(PROBE, &IProbe::getCall {}.abi_encode());
    let mut chain = chain_with(&[(THIEF, reader)]);
    let data = IProbe::trialCall { to: THIEF, amount: wei(1), fails: false }.abi_encode();
    assert_ok(&chain.send(ALICE, PROBE, wei(2), data));
    assert_eq!(chain.state.slots(THIEF)[&wei(1)], wei(1));
}

#[test]
fn an_outer_revert_takes_everything_back() {
    let mut chain = chain_with(&[(FORWARDER, regretter())]);
    let before = chain.balance(ALICE);
    let outcome = chain.send(ALICE, FORWARDER, wei(3), via(PROBE, pay(CAROL, 3)));
    assert_eq!(outcome.stopped, Some(Stopped::Revert));
    assert!(outcome.moves.is_empty() && outcome.logs.is_empty());
    assert_eq!((chain.balance(ALICE), chain.balance(CAROL)), (before, U256::ZERO));
}

#[test]
fn a_payout_costs_what_a_call_costs() {
    // A native payout against CALL with value in bytecode, to each kind of recipient. Everything but the
    // payout itself is the same in both runs, so differences between recipients must agree.
    let wallet = Address::repeat_byte(0xde);
    let sender = Address::repeat_byte(0x5e);
    let mut chain = chain_with(&[(wallet, burner(100)), (FORWARDER, burner(300))]);
    delegate(&mut chain, BOB, wallet);
    chain.send(ALICE, CAROL, wei(1), []);
    let fresh = Address::repeat_byte(0x11);
    let recipients = [CAROL, fresh, BOB, wallet, FORWARDER];
    let mut natively = Vec::new();
    let mut by_opcode = Vec::new();
    for to in recipients {
        natively.push(chain.view_value(PROBE, wei(1), pay(to, 1)));
        put_code(&mut chain, sender, insistent(to, &[], wei(1)));
        by_opcode.push(chain.view_value(sender, wei(1), Vec::new()));
    }
    let relative = |gas: &[u64]| gas.iter().map(|used| *used as i64 - gas[0] as i64).collect::<Vec<_>>();
    let calldata: Vec<i64> = recipients.iter().map(|to| zero_discount(*to) - zero_discount(CAROL)).collect();
    let expected: Vec<i64> = relative(&by_opcode).iter().zip(calldata).map(|(gas, more)| gas + more).collect();
    assert_eq!(relative(&natively), expected);
    // And in absolute terms: 9,000 for the value (its one byte of calldata costs 12 more than a zero).
    let empty = chain.view_value(PROBE, wei(1), pay(CAROL, 0));
    assert_eq!(natively[0] - empty, 9_000 + 12);
}

#[test]
fn a_payout_keeps_back_a_64th_as_a_call_does() {
    // Keeps its gas in slot 0, as above. Below the allowance, 64 gas more for the caller are 63 more for it.
    let wallet = Address::repeat_byte(0xde);
    let chain = chain_with(&[(wallet, vec![0x5a, 0x5f, 0x55, 0x00].into())]);
    let kept = |gas: u64| {
        let tx = chain.tx(ALICE, TxKind::Call(PROBE), wei(1), pay(wallet, 1).into(), gas);
        let (outcome, diff) = simulator(&chain, Default::default()).call_with_diff(tx, Default::default()).unwrap();
        outcome.success.then(|| diff.storage[&wallet][&U256::ZERO])
    };
    let least = (30_000..100_000).step_by(64).find(|gas| kept(*gas).is_some()).expect("enough at last");
    assert!(kept(least + 640).unwrap() < wei(PAYOUT_GAS - 2));
    assert_eq!(kept(least + 640).unwrap() - kept(least).unwrap(), wei(630));
}

#[test]
fn what_a_recipient_clears_is_refunded() {
    let wallet = Address::repeat_byte(0xde);
    let mut chain = chain_with(&[(wallet, vec![0x5f, 0x5f, 0x55, 0x00].into())]); // slot 0 := 0
    put_slots(&mut chain, wallet, [(U256::ZERO, wei(1))]);
    let outcome = chain.send(ALICE, PROBE, wei(1), pay(wallet, 1));
    assert_ok(&outcome);
    assert_eq!(outcome.gas_refunded, 4_800); // EIP-3529
}

/// Calldata gas of an address, its zero bytes counting less.
fn zero_discount(address: Address) -> i64 {
    address.iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum()
}

trait ViewValue {
    fn view_value(&self, to: Address, value: U256, data: Vec<u8>) -> u64;
}

impl ViewValue for limpid_evm::testkit::TestChain {
    fn view_value(&self, to: Address, value: U256, data: Vec<u8>) -> u64 {
        let tx = self.tx(ALICE, TxKind::Call(to), value, data.into(), 1_000_000);
        let outcome = simulator(self, Default::default()).call(tx, Default::default()).unwrap();
        assert_ok(&outcome);
        outcome.gas_used
    }
}

#[test]
fn a_rolled_back_attempt_pays_nobody() {
    let mut chain = chain();
    let trial = |fails| IProbe::trialCall { to: CAROL, amount: wei(1), fails }.abi_encode();
    let outcome = chain.send(ALICE, PROBE, wei(2), trial(true));
    assert_ok(&outcome);
    assert_eq!(events::<IProbe::Mark>(&outcome), [IProbe::Mark { id: wei(3) }]);
    assert_eq!(outcome.logs.len(), 1, "the bump's log is gone");
    assert_eq!(outcome.moves.len(), 1, "neither the move nor the payout held: {:?}", outcome.moves);
    assert_eq!((chain.balance(CAROL), chain.balance(OTHER), count(&chain, PROBE)), (wei(0), wei(0), wei(0)));
    let outcome = chain.send(ALICE, PROBE, wei(2), trial(false));
    assert_ok(&outcome);
    assert_eq!((outcome.moves.len(), outcome.logs.len()), (3, 2));
    assert_eq!((chain.balance(CAROL), chain.balance(OTHER), count(&chain, PROBE)), (wei(1), wei(1), wei(1)));
}

#[test]
fn contracts_that_forward_coin_in_their_constructor_are_paid_through_bytecode() {
    let mut chain = chain_with(&[(FORWARDER, forwarder(How::Call))]);
    let outcome = chain.deploy(ALICE, deploying(&[0x00]));
    let contract = outcome.created.expect("deployed");
    let outcome = chain.send(ALICE, FORWARDER, wei(4), via(PROBE, pay(contract, 4)));
    assert_ok(&outcome);
    assert_eq!(chain.balance(contract), wei(4));
    assert_eq!(outcome.moves.iter().map(|one| one.depth).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_payout_to_a_native_contract_meets_the_lock() {
    let mut chain = chain();
    assert_text(&chain.send(ALICE, PROBE, wei(1), pay(OTHER, 1)), FAILED); // `receive` writes
    assert_eq!(count(&chain, OTHER), U256::ZERO);
}
