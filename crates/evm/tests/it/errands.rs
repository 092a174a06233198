//! V-8: errands to foreign code, on a contract that exists only here and on bytecode assembled by hand.

use crate::{
    bytecode::{Asm, How, burner, forwarder, insistent, refuser, via},
    probe::{IProbe, PROBE},
    scene::*,
};
use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::{SolCall, sol};
use limpid_abi::{addresses::Addresses, errors};
use limpid_evm::{CallKind, Registry, Rules, Stopped, TxKind, testkit::TestChain};
use limpid_native::{
    Answer, Contract, Ctx, Entry, Errand, ForeignCall, Kind, Result, Slot, contract, dispatch,
    errand::{FOREIGN_GAS, MOST_ANSWER, MOST_FOREIGN_CALLS, Right},
    revert_text,
};
use std::sync::Arc;

/// A contract that may hand over errands.
const RUNNER: Address = address!("0x00000000000000000000000000000000000c0003");
/// One of the same code that may not.
const STRANGER: Address = address!("0x00000000000000000000000000000000000c0004");
const FOREIGN: Address = Address::repeat_byte(0xf0);
const FORWARDER: Address = Address::repeat_byte(0xf1);

sol! {
    #[sol(abi)]
    interface IRunner {
        /// Writes 1, calls each target once with four bytes, writes the number of successes plus 2.
        function run(address[] targets, bytes4 input, bool reads) external returns (uint256 successes);
        function ask(address target) external view returns (bytes answer);
        function runThenFail(address target) external;
        function runThenBoom(address target) external;
        function runThenPay(address target, address to) external payable;
        function runTwice(address target) external;
        function runInside(address target, uint8 how) external payable;
        function written() external view returns (uint256);
    }
}

#[contract(name = "runner", kind = 203)]
pub struct Runner {
    written: Slot<U256>,
}

limpid_native::dispatch! { Runner {
    outward IRunner::runCall         => |runner, call, _| runner.run(&call);
    inquire IRunner::askCall         => |runner, call, _| ask(runner.cx, call.target);
    outward IRunner::runThenFailCall => |_, call, _| Ok(Errand::new(once(call.target), |_, _| Err::<(), _>(revert_text("then"))));
    outward IRunner::runThenBoomCall => |_, call, _| Ok(Errand::new(once(call.target), boom));
    outward IRunner::runTwiceCall    => |runner, call, c| runner.run_twice(call.target, c);
    payable IRunner::runInsideCall   => |runner, call, c| runner.run_inside(call.target, call.how, c);
    view    IRunner::writtenCall     => |runner, _, _| runner.written.get();
    outward IRunner::runThenPayCall  => |_, call, _| Ok(Errand::new(once(call.target), move |cx, _| cx.queue_payout(call.to, U256::ONE)));
}}

fn boom(_: Ctx<'_>, _: &[Answer]) -> Result<()> {
    panic!("the runner panics because it was asked to")
}

fn once(target: Address) -> Vec<ForeignCall> {
    vec![ForeignCall { target, input: Bytes::new(), right: Right::Write }]
}

fn ask(_: Ctx<'_>, target: Address) -> Result<Errand<Bytes>> {
    // `Right::Write`, on purpose: a question is static whatever its calls say.
    Ok(Errand::new(once(target), |_, answers| {
        Ok(answers.first().map(|answer| answer.data.clone()).unwrap_or_default())
    }))
}

impl Runner<'_> {
    fn run(&mut self, call: &IRunner::runCall) -> Result<Errand<U256>> {
        self.written.set(U256::ONE)?;
        let right = if call.reads { Right::Read } else { Right::Write };
        let input: Bytes = if call.input.is_zero() { Bytes::new() } else { call.input.to_vec().into() };
        let calls = call.targets.iter().map(|target| ForeignCall { target: *target, input: input.clone(), right });
        Ok(Errand::new(calls.collect(), |cx, answers| {
            let successes = U256::from(answers.iter().filter(|answer| answer.success).count());
            Runner::at(cx, cx.this()).written.set(successes + U256::from(2))?;
            Ok(successes)
        }))
    }

    /// Hands one errand over itself, and returns another.
    fn run_twice(&mut self, target: Address, call: &limpid_native::Call<'_>) -> Result<Errand<()>> {
        self.hand_over(target, call)?;
        Ok(Errand::new(once(target), |_, _| Ok(())))
    }

    /// Presents itself a call of `runThenFail`, which hands an errand over.
    fn hand_over(&self, target: Address, call: &limpid_native::Call<'_>) -> Result<()> {
        let input = IRunner::runThenFailCall { target }.abi_encode();
        let call = limpid_native::Call { caller: call.caller, value: U256::ZERO, input: &input };
        dispatch::outward::<IRunner::runThenFailCall, ()>(self.cx, &call, |call| {
            Ok(Errand::new(once(call.target), |_, _| Ok(())))
        })
        .map(drop)
    }

    /// Hands an errand over where something of the call is open.
    fn run_inside(&mut self, target: Address, how: u8, call: &limpid_native::Call<'_>) -> Result<()> {
        let cx = self.cx;
        match how {
            0 => cx
                .call(
                    STRANGER,
                    || IRunner::runThenFailCall { target },
                    |at| {
                        Runner::at(at, RUNNER).hand_over(target, call)?;
                        Ok(IRunner::runThenFailReturn {})
                    },
                )
                .map(drop),
            1 => cx.attempt(|| self.hand_over(target, call))?.map_err(limpid_native::Stop::Revert),
            2 => {
                cx.queue_payout(BOB, U256::ONE)?;
                self.hand_over(target, call)
            }
            _ => self.hand_over(target, call),
        }
    }
}

fn chain_of(codes: &[(Address, Bytes)]) -> TestChain {
    let runner = Entry { foreign: true, ..Entry::new::<Runner<'_>>(dispatch, Some(|_| RUNNER)) };
    let stranger = Entry { kind: Kind(204), name: "stranger", foreign: false, address: Some(|_| STRANGER), ..runner };
    let entries = [limpid_queue::entries(), crate::probe::entries(), vec![runner, stranger]].concat();
    let registry = Arc::new(Registry::new(entries, Addresses::default()));
    let mut chain = TestChain::new(Rules { registry, ..rules() }, &[ALICE, BOB]);
    for (address, code) in codes {
        put_code(&mut chain, *address, code.clone());
    }
    chain
}

fn run(chain: &mut TestChain, targets: &[Address], input: [u8; 4], reads: bool) -> limpid_evm::Outcome {
    let call = IRunner::runCall { targets: targets.to_vec(), input: input.into(), reads };
    chain.send(ALICE, RUNNER, U256::ZERO, call.abi_encode())
}

fn written(chain: &TestChain) -> U256 {
    read(chain, RUNNER, IRunner::writtenCall {})
}

/// Keeps GAS in slot 0.
fn gas_keeper() -> Bytes {
    vec![0x5a, 0x5f, 0x55, 0x00].into()
}

/// Answers `length` bytes, and fails if `reverting`.
fn bomb(length: u16, reverting: bool) -> Bytes {
    let [high, low] = length.to_be_bytes();
    vec![0x61, high, low, 0x5f, if reverting { 0xfd } else { 0xf3 }].into()
}

#[test]
fn calls_are_made_between_the_two_steps() {
    let (ok, no) = (Address::repeat_byte(0xe1), Address::repeat_byte(0xe2));
    let mut chain = chain_of(&[(ok, gas_keeper()), (no, refuser())]);
    let outcome = run(&mut chain, &[ok, no, ok], [0; 4], false);
    assert_ok(&outcome);
    assert_eq!(IRunner::runCall::abi_decode_returns(&outcome.output).unwrap(), wei(2));
    assert_eq!(written(&chain), wei(4));
}

#[test]
fn only_a_contract_registered_for_it_goes_out() {
    let mut chain = chain_of(&[(FOREIGN, gas_keeper())]);
    let call = IRunner::runCall { targets: vec![FOREIGN], input: [0; 4].into(), reads: false };
    let refused = chain.send(ALICE, STRANGER, U256::ZERO, call.abi_encode());
    assert_reverts(&refused, errors::ForeignCodeNotAllowed {});
    let refused = chain.send(ALICE, STRANGER, U256::ZERO, IRunner::askCall { target: FOREIGN }.abi_encode());
    assert_reverts(&refused, errors::ForeignCodeNotAllowed {});
    assert!(chain.state.slots(FOREIGN).is_empty() && chain.state.slots(STRANGER).is_empty());
}

#[test]
fn nothing_else_of_the_call_may_be_open() {
    let mut chain = chain_of(&[(FOREIGN, gas_keeper())]);
    for how in 0..=2 {
        let call = IRunner::runInsideCall { target: FOREIGN, how };
        let refused = chain.send(ALICE, RUNNER, wei(1), call.abi_encode());
        assert_reverts(&refused, errors::ForeignCodeNotAllowed {});
    }
    let alone = IRunner::runInsideCall { target: FOREIGN, how: 9 };
    assert_ok(&chain.send(ALICE, RUNNER, U256::ZERO, alone.abi_encode()));
    let twice = IRunner::runTwiceCall { target: FOREIGN }.abi_encode();
    assert_reverts(&chain.send(ALICE, RUNNER, U256::ZERO, twice), errors::ForeignCodeNotAllowed {});
    let many = vec![FOREIGN; MOST_FOREIGN_CALLS + 1];
    assert_reverts(&run(&mut chain, &many, [0; 4], false), errors::ForeignCodeNotAllowed {});
    assert_ok(&run(&mut chain, &many[1..], [0; 4], false));
}

#[test]
fn foreign_code_meets_the_lock_and_reads_the_first_steps_state() {
    let bumps = insistent(PROBE, &IProbe::bumpCall::SELECTOR, U256::ZERO);
    let pays = insistent(PROBE, &[], U256::ZERO); // `receive` writes
    let reads = insistent(RUNNER, &IRunner::writtenCall::SELECTOR, U256::ZERO);
    let codes = [bumps, pays, reads].map(|code| (Address::random(), code));
    let mut chain = chain_of(&codes);
    for (index, (target, _)) in codes.iter().enumerate() {
        assert_ok(&chain.send(ALICE, *target, U256::ZERO, []));
        let before = count(&chain, PROBE);
        assert_ok(&run(&mut chain, &[*target], [0; 4], false));
        assert_eq!(written(&chain), wei(if index == 2 { 3 } else { 2 }), "only the reader succeeds");
        assert_eq!(count(&chain, PROBE), before);
    }
    let trace = trace_run(&chain, &[codes[2].0]);
    let inner = &trace.calls[0].calls[0];
    assert_eq!((inner.to, U256::from_be_slice(&inner.output)), (Some(RUNNER), wei(1)), "after the first step");
    // The lock ends with the errand.
    assert_ok(&chain.send(ALICE, PROBE, U256::ZERO, IProbe::bumpCall {}.abi_encode()));
}

fn trace_run(chain: &TestChain, targets: &[Address]) -> limpid_evm::CallFrame {
    let call = IRunner::runCall { targets: targets.to_vec(), input: [0; 4].into(), reads: false };
    let outcome = trace(chain, RUNNER, U256::ZERO, call.abi_encode());
    assert_ok(&outcome);
    outcome.trace.unwrap()
}

#[test]
fn an_errand_does_not_start_under_the_lock_or_in_a_static_frame() {
    // One whose second step writes nothing that could be refused in its place.
    let inner = IRunner::runInsideCall { target: FOREIGN, how: 9 }.abi_encode();
    let nested = insistent(RUNNER, &inner, U256::ZERO);
    let mut chain = chain_of(&[(FORWARDER, forwarder(How::StaticCall)), (FOREIGN, gas_keeper()), (CAROL, nested)]);
    assert_ok(&run(&mut chain, &[CAROL], [0; 4], false));
    assert_eq!(written(&chain), wei(2), "the nested errand is refused");
    assert!(chain.state.slots(FOREIGN).is_empty());
    let outcome = chain.send(ALICE, FORWARDER, U256::ZERO, via(RUNNER, &inner));
    assert_reverts(&outcome, errors::StaticCallNotAllowed {});
    assert_ok(&chain.send(ALICE, CAROL, U256::ZERO, []));
    assert!(!chain.state.slots(FOREIGN).is_empty(), "by itself it goes through");
}

#[test]
fn questions_are_static_whatever_their_calls_say() {
    let mut chain = chain_of(&[(FOREIGN, gas_keeper()), (FORWARDER, forwarder(How::StaticCall))]);
    assert_ok(&run(&mut chain, &[FOREIGN], [0; 4], true));
    assert_eq!(written(&chain), wei(2), "a write in a read fails");
    let asked = IRunner::askCall { target: FOREIGN }.abi_encode();
    for (to, data) in [(RUNNER, Bytes::from(asked.clone())), (FORWARDER, via(RUNNER, asked))] {
        assert_ok(&chain.send(ALICE, to, U256::ZERO, data));
        assert!(chain.state.slots(FOREIGN).is_empty(), "nor does a question write");
    }
    let trace = trace(&chain, RUNNER, U256::ZERO, IRunner::askCall { target: FOREIGN }.abi_encode()).trace.unwrap();
    assert_eq!(trace.calls[0].kind, Some(CallKind::StaticCall));
}

#[test]
fn a_call_has_half_a_million_gas_and_no_coin() {
    let value = Asm::default().op(&[0x34, 0x5f, 0x55, 0x33, 0x60, 1, 0x55, 0x00]).code(); // CALLVALUE, CALLER
    let mut chain = chain_of(&[(FOREIGN, gas_keeper()), (FORWARDER, value)]);
    assert_ok(&run(&mut chain, &[FOREIGN, FORWARDER], [0; 4], false));
    assert_eq!(chain.state.slots(FOREIGN)[&U256::ZERO], U256::from(FOREIGN_GAS - 2));
    assert_eq!(chain.state.slots(FORWARDER), [(wei(1), U256::from_be_slice(RUNNER.as_slice()))].into());
}

#[test]
fn what_a_call_leaves_over_comes_back() {
    let turns = 2_000;
    let burned = 26 * u64::from(turns); // a tenth of what a call may use
    let mut chain = chain_of(&[(FOREIGN, burner(turns))]);
    run(&mut chain, &[FOREIGN], [0; 4], false);
    let one = run(&mut chain, &[FOREIGN], [0; 4], false).gas_used;
    let two = run(&mut chain, &[FOREIGN, FOREIGN], [0; 4], false).gas_used;
    assert!(two.abs_diff(one + burned) < 25_000, "{one} {two}");
}

/// A failure for want of gas is the whole call's: no answer can be made by being stingy.
#[test]
fn a_starved_failure_is_out_of_gas() {
    let mut chain = chain_of(&[(FOREIGN, burner(10_000))]); // about 260,000
    let data: Bytes =
        IRunner::runCall { targets: vec![FOREIGN], input: [0; 4].into(), reads: false }.abi_encode().into();
    let mut seen = [0; 2];
    for gas in (60_000..700_000).step_by(10_000) {
        let tx = chain.tx(ALICE, TxKind::Call(RUNNER), U256::ZERO, data.clone(), gas);
        let outcome = chain.run(|block| block.transact(tx)).unwrap();
        seen[usize::from(outcome.success)] += 1;
        if outcome.success {
            assert_eq!(written(&chain), wei(3), "with {gas} gas the call itself failed");
        }
    }
    assert!(seen[0] > 10 && seen[1] > 10, "{seen:?}");
}

#[test]
fn answers_are_cut() {
    let mut chain = chain_of(&[(FOREIGN, bomb(0xffff, false)), (FORWARDER, bomb(0xffff, true))]);
    for target in [FOREIGN, FORWARDER] {
        let answer = read(&chain, RUNNER, IRunner::askCall { target });
        assert_eq!(answer.len(), MOST_ANSWER);
    }
    put_code(&mut chain, FOREIGN, bomb(5, false));
    assert_eq!(read(&chain, RUNNER, IRunner::askCall { target: FOREIGN }).len(), 5);
    assert!(read(&chain, RUNNER, IRunner::askCall { target: CAROL }).is_empty(), "nothing stands there");
}

#[test]
fn a_second_step_that_refuses_undoes_the_foreign_effects_too() {
    let mut chain = chain_of(&[(FOREIGN, gas_keeper())]);
    let fails = IRunner::runThenFailCall { target: FOREIGN }.abi_encode();
    assert_text(&chain.send(ALICE, RUNNER, U256::ZERO, fails), "then");
    assert!(chain.state.slots(FOREIGN).is_empty());
}

#[test]
fn a_second_step_that_panics_costs_its_transaction_alone() {
    let mut chain = chain_of(&[(FOREIGN, gas_keeper())]);
    let booms = IRunner::runThenBoomCall { target: FOREIGN }.abi_encode();
    let outcome = chain.send(ALICE, RUNNER, U256::ZERO, booms);
    assert_eq!((outcome.stopped, outcome.gas_used), (Some(Stopped::Panic), 16_000_000));
    assert!(chain.state.slots(FOREIGN).is_empty());
    assert_ok(&run(&mut chain, &[FOREIGN], [0; 4], false));
}

#[test]
fn a_second_step_may_promise_coin() {
    let mut chain = chain_of(&[(FOREIGN, gas_keeper()), (FORWARDER, forwarder(How::Call))]);
    let data = IRunner::runThenPayCall { target: FOREIGN, to: CAROL }.abi_encode();
    assert_text(&chain.send(ALICE, RUNNER, U256::ZERO, data.clone()), "TransferHelper: ETH_TRANSFER_FAILED");
    let pay = IRunner::runInsideCall { target: FOREIGN, how: 9 }.abi_encode();
    assert_ok(&chain.send(ALICE, RUNNER, wei(1), pay)); // leaves its wei there
    assert_ok(&chain.send(ALICE, RUNNER, U256::ZERO, data));
    assert_eq!(chain.balance(CAROL), wei(1));
}

#[test]
fn the_gateway_alone_is_registered_for_errands() {
    let registry = Registry::standard();
    let names: Vec<_> = registry.entries().iter().filter(|entry| entry.foreign).map(|entry| entry.name).collect();
    assert_eq!(names, ["gateway"]);
}
