//! Machine rules run themselves: the begin-block and end-block hooks and their work queue.
//!
//! A hook takes due items off the queue, at most [`MAX_ITEMS`] and within the chain's gas reserve. What
//! it did is one system transaction, and only if it did anything. Each item runs with its own gas and in
//! its own checkpoint; one that reverts, runs out of gas or panics is parked with an event and can be
//! retried by anyone.

use crate::{
    executor::BlockExecutor,
    frame::{guarded, pay},
    host::Rights,
    recorder::{Closed, Opened},
    types::{CallKind, ExecError, Outcome},
    vm::StepError,
};
use alloy_primitives::{Address, Bytes, Log, U256};
use limpid_native::{Contract, Ctx, Stop, dispatch::SYSTEM};
use limpid_queue::{Queue, Step};
use revm::{
    context::TxEnv,
    context_interface::JournalTr,
    handler::SystemCallTx,
    interpreter::{Gas, SharedMemory},
};

/// Most items that one phase takes off the queue.
pub const MAX_ITEMS: usize = 256;

/// Gas that one item may use.
pub const ITEM_GAS: u64 = 2_000_000;

/// When in the block a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before the first transaction.
    Begin,
    /// After the last one.
    End,
}

/// What one turn of the hook came to.
enum Turn {
    Done,
    NothingDue,
    /// It failed as a whole and must be parked.
    Failed,
}

/// Runs one phase. `None` when nothing was due.
pub(crate) fn run(executor: &mut BlockExecutor, _phase: Phase) -> Result<Option<Outcome>, ExecError> {
    if executor.rules.registry.entry(Queue::KIND).is_none() {
        return Ok(None);
    }
    let queue = executor.rules.registry.addresses().queue;
    let reserve = executor.rules.system_gas;
    // A panic drops the machine with its journal: what the block did before must have left it.
    executor.commit();
    let tracing = executor.tracing();
    executor.vm.start(tracing);
    executor.vm.recorder().open(frame(SYSTEM, queue, reserve), Bytes::new);
    let (mut used, mut logs, mut items) = (0u64, Vec::new(), 0usize);
    while items < MAX_ITEMS && reserve.saturating_sub(used) >= ITEM_GAS {
        executor.vm.inner.ctx.tx = TxEnv::new_system_tx_with_caller(SYSTEM, queue, Bytes::new());
        let (turn, gas) = turn(executor, queue, &mut logs)?;
        match turn {
            Turn::NothingDue => break,
            Turn::Done => {}
            Turn::Failed => park(executor, queue, &mut logs)?,
        }
        used = used.saturating_add(gas);
        items = items.saturating_add(1);
    }
    let gas_used = used;
    executor.vm.recorder().close(Closed { success: true, gas_used, output: Bytes::new(), error: None, created: None });
    if items == 0 {
        return Ok(None);
    }
    executor.count_gas(gas_used);
    let (moves, trace, details) = executor.vm.recorded();
    Ok(Some(Outcome {
        success: true,
        stopped: None,
        gas_used,
        gas_refunded: 0,
        logs,
        output: Bytes::new(),
        created: None,
        moves,
        trace,
        details,
    }))
}

const fn frame(from: Address, to: Address, gas: u64) -> Opened {
    Opened { kind: CallKind::Call, from, to: Some(to), value: U256::ZERO, gas }
}

/// Runs the next due item in a checkpoint of its own.
fn turn(executor: &mut BlockExecutor, queue: Address, logs: &mut Vec<Log>) -> Result<(Turn, u64), ExecError> {
    let checkpoint = executor.vm.inner.ctx.journaled_state.checkpoint();
    let mark = executor.vm.recorder().mark();
    match native_step(executor, queue, |queue| queue.step()) {
        Ok((Ok(Step::NothingDue), _)) => {
            executor.vm.inner.ctx.journaled_state.checkpoint_commit();
            executor.commit();
            Ok((Turn::NothingDue, 0))
        }
        Ok((Ok(Step::Ran | Step::Parked), gas)) => {
            executor.vm.inner.ctx.journaled_state.checkpoint_commit();
            keep(executor, logs)?;
            Ok((Turn::Done, gas))
        }
        Ok((Err(Stop::Fatal(error)), _)) => Err(ExecError::Fatal(error.to_string())),
        Ok((Err(_), gas)) => {
            executor.vm.inner.ctx.journaled_state.checkpoint_revert(checkpoint);
            executor.vm.recorder().undo(mark);
            executor.commit();
            Ok((Turn::Failed, gas))
        }
        Err(_) if executor.vm.panicked.is_some() => {
            executor.rebuild();
            executor.vm.recorder().undo(mark);
            Ok((Turn::Failed, ITEM_GAS))
        }
        Err(error) => Err(ExecError::Fatal(format!("{error:?}"))),
    }
}

/// Parks the next due item without running it.
fn park(executor: &mut BlockExecutor, queue: Address, logs: &mut Vec<Log>) -> Result<(), ExecError> {
    match native_step(executor, queue, |queue| queue.park_next().map(|()| Step::Parked)) {
        Ok((Ok(_), _)) => keep(executor, logs),
        Ok((Err(stop), _)) => Err(ExecError::Fatal(format!("the queue cannot park: {stop:?}"))),
        Err(error) => Err(ExecError::Fatal(format!("{error:?}"))),
    }
}

fn keep(executor: &mut BlockExecutor, logs: &mut Vec<Log>) -> Result<(), ExecError> {
    executor.vm.sync_logs();
    logs.extend(executor.vm.inner.ctx.journaled_state.take_logs());
    executor.vm.recorder().logs_taken();
    executor.commit();
    Ok(())
}

type Stepped = (Result<Step, Stop>, u64);

/// One operation of the queue with its payouts.
fn native_step(
    executor: &mut BlockExecutor,
    queue: Address,
    operation: impl for<'c> FnOnce(&mut Queue<'c>) -> limpid_native::Result<Step>,
) -> Result<Stepped, StepError> {
    let vm = &mut executor.vm;
    let rights = Rights { read_only: false, locked: false, depth: 0, foreign: false };
    let body = |cx: Ctx<'_>| operation(&mut Queue::at(cx, queue));
    let (result, mut gas, left) = guarded(vm, Gas::new(ITEM_GAS), rights, body)?;
    let result = match result {
        Ok(step) if !left.payouts.is_empty() => {
            let mut memory = SharedMemory::new_with_buffer(vm.inner.ctx.local.shared_memory_buffer.clone());
            pay(vm, 0, &mut memory, &left.payouts, &mut gas)?.map(|()| step)
        }
        other => other,
    };
    Ok((result, gas.total_gas_spent()))
}
