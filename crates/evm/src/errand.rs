//! An errand: the gateway's calls to foreign code, made between two native steps (V-8).

use crate::{
    frame::{Called, Outgoing, call_out, guarded},
    host::{Rights, Sent},
    vm::{StepError, Vm},
};
use alloy_primitives::{Address, Bytes, U256};
use limpid_native::{
    Answer, Stop,
    errand::{FOREIGN_GAS, MOST_ANSWER, Right},
};
use revm::interpreter::{Gas, SharedMemory};

/// The native frame whose errand it is.
#[derive(Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) depth: usize,
    pub(crate) address: Address,
    pub(crate) is_static: bool,
}

/// Makes the calls in order, then runs the second native step.
pub(crate) fn run(
    vm: &mut Vm,
    memory: &mut SharedMemory,
    sender: Sender,
    errand: Sent,
    mut gas: Gas,
) -> Result<Called<Bytes>, StepError> {
    let Sent { errand, reads } = errand;
    let is_static = sender.is_static || reads;
    let mut answers = Vec::with_capacity(errand.calls.len());
    for call in errand.calls {
        let outgoing = Outgoing {
            depth: sender.depth,
            from: sender.address,
            to: call.target,
            input: call.input,
            value: U256::ZERO,
            is_static: is_static || call.right == Right::Read,
            most_gas: FOREIGN_GAS,
        };
        match call_out(vm, memory, outgoing, &mut gas)? {
            Ok(Some(ended)) if ended.success || !ended.starved => {
                let data = ended.output.slice(..ended.output.len().min(MOST_ANSWER));
                answers.push(Answer { success: ended.success, data });
            }
            // A failure that more gas might have spared is no answer: whoever sends a call could
            // otherwise choose what it answers.
            Ok(_) | Err(Stop::OutOfGas) => return Ok((Err(Stop::OutOfGas), gas, Default::default())),
            Err(stop) => return Ok((Err(stop), gas, Default::default())),
        }
    }
    let rights = Rights { read_only: is_static, locked: vm.locked, depth: vm.depth, foreign: false };
    guarded(vm, gas, rights, |cx| (errand.then)(cx.at(sender.address), &answers))
}
