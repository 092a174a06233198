//! A native frame: guards, the Rust call, errands, payouts.

use crate::{
    errand::{self, Sender},
    host::{EvmHost, Left, MAX_NATIVE_DEPTH, Payout, Rights, classify},
    vm::{StepError, Vm},
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{Revert, SolError};
use limpid_abi::errors;
use limpid_native::{AccountCode, Call, Ctx, Entry, Host, Kind, Stop};
use revm::{
    context_interface::{
        JournalTr,
        context::ContextError,
        journaled_state::{JournalCheckpoint, JournalLoadError},
    },
    handler::{EvmTr, FrameResult, ItemOrResult},
    interpreter::{
        CallInput, CallInputs, CallOutcome, CallScheme, CallValue, FrameInput, Gas, InstructionResult,
        InterpreterResult, SharedMemory, interpreter_action::FrameInit,
    },
};
use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Gas that a payout's recipient may use: enough for a proxy wallet, too little for mischief.
pub const PAYOUT_GAS: u64 = 50_000;

/// The EVM's own limit on frames inside each other.
const MAX_DEPTH: usize = 1024;

/// The native kind that a frame would run, if any.
pub(crate) fn native_kind(vm: &mut Vm, init: &FrameInit) -> Result<Option<Kind>, StepError> {
    let FrameInput::Call(call) = &init.frame_input else { return Ok(None) };
    // Under EIP-7702 the known bytecode is the delegate's: a first filter, never the decision (V-1).
    if vm.registry.kind_of_code(&call.known_bytecode.0).is_none() {
        return Ok(None);
    }
    match classify(&mut vm.inner.ctx, &vm.registry, call.bytecode_address) {
        Ok(AccountCode::Native(kind)) => Ok(Some(kind)),
        Ok(_) => Ok(None),
        Err(stop) => Err(fatal(&stop)),
    }
}

fn fatal(stop: &Stop) -> StepError {
    match stop {
        Stop::Fatal(error) => ContextError::Db(crate::source::SourceError(error.to_string())),
        _ => ContextError::Custom("a native call stopped outside its frame".into()),
    }
}

/// Runs a native frame from checkpoint to result.
pub(crate) fn run(vm: &mut Vm, init: FrameInit, kind: Kind) -> Result<FrameResult, StepError> {
    let FrameInit { depth, mut memory, frame_input: FrameInput::Call(inputs) } = init else {
        return Err(ContextError::Custom("a native frame is always a call".into()));
    };
    let gas = Gas::new_with_regular_gas_and_reservoir(inputs.gas_limit, inputs.reservoir);
    if depth > MAX_DEPTH || vm.depth >= MAX_NATIVE_DEPTH {
        return Ok(outcome(&inputs, InstructionResult::CallTooDeep, Bytes::new(), gas));
    }
    let checkpoint = vm.inner.ctx.journaled_state.checkpoint();
    if let CallValue::Transfer(value) = inputs.value
        && let Some(error) = vm.inner.ctx.journaled_state.transfer_loaded(inputs.caller, inputs.target_address, value)
    {
        vm.inner.ctx.journaled_state.checkpoint_revert(checkpoint);
        return Ok(outcome(&inputs, error.into(), Bytes::new(), gas));
    }
    if !is_direct(&inputs) {
        let refusal = errors::DelegateCallNotAllowed {}.abi_encode().into();
        return finish(vm, checkpoint, &inputs, Err(Stop::Revert(refusal)), gas);
    }
    let input = inputs.input.bytes(&vm.inner.ctx); // copied: payouts reuse the memory it may live in
    let Some(entry) = vm.registry.entry(kind).copied() else {
        return Err(ContextError::Custom("a kind without an entry".into()));
    };
    let (mut result, mut gas, mut left) = call_native(vm, &entry, &inputs, &input, gas)?;
    if let (Ok(_), Some(errand)) = (&result, left.errand.take()) {
        let sender = Sender { depth, address: inputs.target_address, is_static: inputs.is_static };
        (result, gas, left) = errand::run(vm, &mut memory, sender, errand, gas)?;
    }
    let result = match result {
        Ok(output) => match pay(vm, depth, &mut memory, &left.payouts, &mut gas)? {
            Ok(()) => Ok(output),
            Err(stop) => Err(stop),
        },
        stopped => stopped,
    };
    finish(vm, checkpoint, &inputs, result, gas)
}

/// V-2: the code, the storage and the caller all belong together.
fn is_direct(inputs: &CallInputs) -> bool {
    matches!(inputs.scheme, CallScheme::Call | CallScheme::StaticCall)
        && inputs.target_address == inputs.bytecode_address
}

/// What native code answered, the gas it left, and what it left to do.
pub(crate) type Called<T> = (Result<T, Stop>, Gas, Left);

fn call_native(
    vm: &mut Vm,
    entry: &Entry,
    inputs: &CallInputs,
    input: &[u8],
    gas: Gas,
) -> Result<Called<Bytes>, StepError> {
    let rights = Rights { read_only: inputs.is_static, locked: vm.locked, depth: vm.depth, foreign: entry.foreign };
    let call = Call::authenticated(inputs.caller, inputs.value.get(), input);
    guarded(vm, gas, rights, |cx| (entry.dispatch)(cx.at(inputs.target_address), &call))
}

/// Runs native code with a host around it. A panic inside marks the machine as unusable (V-4).
pub(crate) fn guarded<T>(
    vm: &mut Vm,
    gas: Gas,
    rights: Rights,
    body: impl for<'c> FnOnce(Ctx<'c>) -> limpid_native::Result<T>,
) -> Result<Called<T>, StepError> {
    let host = RefCell::new(EvmHost::new(&mut vm.inner.ctx, vm.registry.clone(), gas, rights));
    let outcome = {
        let door: &RefCell<dyn Host + '_> = &host;
        catch_unwind(AssertUnwindSafe(|| body(Ctx::new(door, Address::ZERO))))
    };
    let EvmHost { gas, left, .. } = host.into_inner();
    match outcome {
        Ok(result) => Ok((result, gas, left)),
        Err(panic) => {
            let words = panic_words(panic.as_ref());
            tracing::error!(panic = %words, "native code panicked; its transaction is aborted");
            vm.panicked = Some(words);
            Err(ContextError::Custom("native code panicked".into()))
        }
    }
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}

/// V-3: everything native has finished; now coin goes out, and native code may only be read.
pub(crate) fn pay(
    vm: &mut Vm,
    depth: usize,
    memory: &mut SharedMemory,
    payouts: &[Payout],
    gas: &mut Gas,
) -> Result<Result<(), Stop>, StepError> {
    for payout in payouts {
        match pay_one(vm, depth, memory, *payout, gas)? {
            Ok(true) => {}
            Ok(false) => {
                let text = Revert::from("TransferHelper: ETH_TRANSFER_FAILED");
                return Ok(Err(Stop::Revert(text.abi_encode().into())));
            }
            Err(stop) => return Ok(Err(stop)),
        }
    }
    Ok(Ok(()))
}

fn pay_one(
    vm: &mut Vm,
    depth: usize,
    memory: &mut SharedMemory,
    payout: Payout,
    gas: &mut Gas,
) -> Result<Result<bool, Stop>, StepError> {
    let outgoing = Outgoing {
        depth,
        from: payout.from,
        to: payout.to,
        input: Bytes::new(),
        value: payout.amount,
        is_static: false,
        most_gas: PAYOUT_GAS,
    };
    let called = call_out(vm, memory, outgoing, gas)?;
    Ok(called.map(|ended| ended.is_some_and(|ended| ended.success)))
}

/// A call that the dispatcher makes for a native contract.
pub(crate) struct Outgoing {
    /// Depth of the native contract's own frame.
    pub(crate) depth: usize,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) input: Bytes,
    /// Wei sent along.
    pub(crate) value: U256,
    pub(crate) is_static: bool,
    pub(crate) most_gas: u64,
}

/// What it came to.
pub(crate) struct Ended {
    pub(crate) success: bool,
    /// It had less gas than it may have.
    pub(crate) starved: bool,
    pub(crate) output: Bytes,
}

/// Makes a call in a real EVM frame, charging as the CALL opcode does, with native writes locked.
/// `None` when the contract does not hold what it is to send.
pub(crate) fn call_out(
    vm: &mut Vm,
    memory: &mut SharedMemory,
    outgoing: Outgoing,
    gas: &mut Gas,
) -> Result<Result<Option<Ended>, Stop>, StepError> {
    let Outgoing { depth, from, to, input, value, is_static, most_gas } = outgoing;
    let (known_bytecode, bytecode_address) = match callee(vm, from, to, value, gas)? {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Ok(None)),
        Err(stop) => return Ok(Err(stop)),
    };
    let allowance = most_gas.min(gas.remaining().saturating_sub(gas.remaining() / 64));
    if !gas.record_regular_cost(allowance) {
        return Ok(Err(Stop::OutOfGas));
    }
    let child = FrameInit {
        depth: depth.saturating_add(1),
        memory: memory.new_child_context(),
        frame_input: FrameInput::Call(Box::new(CallInputs {
            input: CallInput::Bytes(input),
            return_memory_offset: 0..0,
            gas_limit: allowance,
            reservoir: gas.reservoir(),
            bytecode_address,
            known_bytecode,
            target_address: to,
            caller: from,
            value: CallValue::Transfer(value),
            scheme: if is_static { CallScheme::StaticCall } else { CallScheme::Call },
            is_static,
            charged_new_account_state_gas: false,
        })),
    };
    let outer = std::mem::replace(&mut vm.locked, true);
    vm.depth = vm.depth.saturating_add(1);
    let result = run_child(vm, child);
    vm.depth = vm.depth.saturating_sub(1);
    vm.locked = outer;
    memory.free_child_context();
    let result = result?;
    let end = result.interpreter_result();
    if end.result.is_ok_or_revert() {
        gas.erase_cost(end.gas.remaining());
    }
    if end.is_ok() {
        gas.record_refund(end.gas.refunded());
    }
    let output = end.output.clone();
    Ok(Ok(Some(Ended { success: end.is_ok(), starved: allowance < most_gas, output })))
}

type Callee = ((alloy_primitives::B256, revm::state::Bytecode), Address);

/// Loads the called account and its code, charging as the CALL opcode does: gas before each load.
/// `None` when the caller does not hold what it is to send.
fn callee(
    vm: &mut Vm,
    from: Address,
    to: Address,
    value: U256,
    gas: &mut Gas,
) -> Result<Result<Option<Callee>, Stop>, StepError> {
    let journal = &mut vm.inner.ctx.journaled_state;
    if journal.load_account(from)?.info.balance < value {
        return Ok(Ok(None));
    }
    let params = vm.inner.ctx.cfg.gas_params.clone();
    let transfers = !value.is_zero();
    if transfers && !gas.record_regular_cost(params.transfer_value_cost()) {
        return Ok(Err(Stop::OutOfGas));
    }
    let Some((hash, code, is_empty)) = load_code(vm, to, gas)? else { return Ok(Err(Stop::OutOfGas)) };
    if is_empty && !gas.record_regular_cost(params.new_account_cost(true, transfers)) {
        return Ok(Err(Stop::OutOfGas));
    }
    let Some(delegate) = code.eip7702_address() else { return Ok(Ok(Some(((hash, code), to)))) };
    let Some((hash, code, _)) = load_code(vm, delegate, gas)? else { return Ok(Err(Stop::OutOfGas)) };
    Ok(Ok(Some(((hash, code), to))))
}

type Loaded = (alloy_primitives::B256, revm::state::Bytecode, bool);

/// An account's code, and whether the account is empty. `None` when the gas does not reach.
fn load_code(vm: &mut Vm, account: Address, gas: &mut Gas) -> Result<Option<Loaded>, StepError> {
    let ctx = &mut vm.inner.ctx;
    if let Some(accesses) = ctx.chain.watcher.as_mut().and_then(|watcher| watcher.accesses.as_mut()) {
        accesses.account(account);
    }
    if !gas.record_regular_cost(ctx.cfg.gas_params.warm_storage_read_cost()) {
        return Ok(None);
    }
    let surcharge = ctx.cfg.gas_params.cold_account_additional_cost();
    let skip = gas.remaining() < surcharge;
    let load = match ctx.journaled_state.load_account_info_skip_cold_load(account, true, skip) {
        Ok(load) => load,
        Err(JournalLoadError::ColdLoadSkipped) => return Ok(None),
        Err(JournalLoadError::DBError(error)) => return Err(ContextError::Db(error)),
    };
    let (cold, is_empty) = (load.is_cold, load.is_empty);
    let found = (load.account.code_hash, load.account.code.clone().unwrap_or_default(), is_empty);
    Ok((!cold || gas.record_regular_cost(surcharge)).then_some(found))
}

/// Runs one child frame to its end on the same frame stack.
fn run_child(vm: &mut Vm, init: FrameInit) -> Result<FrameResult, StepError> {
    let child = vm.inner.frame_stack.index().map_or(0, |base| base.saturating_add(1));
    if let ItemOrResult::Result(result) = vm.frame_init(init)? {
        return Ok(result);
    }
    loop {
        let result = match vm.frame_run()? {
            ItemOrResult::Item(init) => match vm.frame_init(init)? {
                ItemOrResult::Item(_) => continue,
                ItemOrResult::Result(result) => result,
            },
            ItemOrResult::Result(result) => {
                if vm.inner.frame_stack.index() == Some(child) {
                    vm.inner.frame_stack.pop();
                    return Ok(result);
                }
                result
            }
        };
        if let Some(result) = vm.frame_return_result(result)? {
            return Ok(result);
        }
    }
}

/// Keeps or undoes what the frame did.
fn finish(
    vm: &mut Vm,
    checkpoint: JournalCheckpoint,
    inputs: &CallInputs,
    result: Result<Bytes, Stop>,
    mut gas: Gas,
) -> Result<FrameResult, StepError> {
    let journal = &mut vm.inner.ctx.journaled_state;
    let (result, output) = match result {
        Ok(output) => {
            journal.checkpoint_commit();
            (InstructionResult::Return, output)
        }
        Err(stop) => {
            journal.checkpoint_revert(checkpoint);
            match stop {
                Stop::Revert(data) => (InstructionResult::Revert, data),
                Stop::OutOfGas => {
                    gas.spend_all();
                    (InstructionResult::OutOfGas, Bytes::new())
                }
                fatal_stop @ Stop::Fatal(_) => return Err(fatal(&fatal_stop)),
            }
        }
    };
    Ok(outcome(inputs, result, output, gas))
}

fn outcome(inputs: &CallInputs, result: InstructionResult, output: Bytes, gas: Gas) -> FrameResult {
    FrameResult::Call(CallOutcome {
        result: InterpreterResult::new(result, output, gas),
        memory_offset: inputs.return_memory_offset.clone(),
        was_precompile_called: false,
        precompile_call_logs: Vec::new(),
        charged_new_account_state_gas: inputs.charged_new_account_state_gas,
    })
}
