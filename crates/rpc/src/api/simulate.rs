//! `eth_simulateV1`: blocks that are only pretended.

use super::Api;
use crate::{
    error::{LIMIT, Result, RpcError},
    methods::Methods,
    params::{Args, CallRequest, Object, Price, block_overrides, boolean, state_overrides},
    revert,
    types::{Quantity, RpcBlock, RpcLog, found_log},
};
use alloy_primitives::Bytes;
use limpid_chain::{
    Position, SealedBlock, WorkError,
    ledger::{SimulateError, SimulatedBlock, SimulatedCall, VirtualBlock, VirtualCall, VirtualOptions},
    logs::FoundLog,
    node::CallError,
};
use limpid_evm::{InvalidTransaction, Stopped};
use serde::Serialize;
use serde_json::Value;

/// Blocks of one request; the chain refuses more itself, with a code of its own.
const MOST_BLOCKS: usize = 1_000;
/// Calls of one request.
const MOST_CALLS: usize = 5_000;

/// A call that the EVM stopped.
const HALTED: i32 = -32015;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("eth_simulateV1", simulate);
}

/// A simulated block with what its calls came to.
#[derive(Serialize)]
struct Simulated {
    #[serde(flatten)]
    block: RpcBlock,
    calls: Vec<CallResult>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallResult {
    return_data: Bytes,
    logs: Vec<RpcLog>,
    gas_used: Quantity<u64>,
    max_used_gas: Quantity<u64>,
    status: Quantity<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<CallFailure>,
}

#[derive(Serialize)]
struct CallFailure {
    message: String,
    code: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Bytes>,
}

/// How the answer shows blocks.
struct Shown {
    options: VirtualOptions,
    full: bool,
}

fn simulate(api: &Api, mut args: Args) -> Result<Vec<Simulated>> {
    let (blocks, shown) = payload(args.required("payload")?, api)?;
    let at = args.block()?;
    args.end()?;
    let simulated = api.node().simulate_blocks(at, blocks, shown.options).map_err(failed)?;
    Ok(simulated.iter().map(|block| show(block, shown.full, api.node().chain_id())).collect())
}

fn payload(given: Value, api: &Api) -> Result<(Vec<VirtualBlock>, Shown)> {
    let mut object = Object::new(given, "payload")?;
    let mut calls = 0usize;
    let blocks = object.list("blockStateCalls", |block| {
        let block = virtual_block(block, api.node().chain_id())?;
        calls = calls.saturating_add(block.calls.len());
        if calls > MOST_CALLS {
            return Err(RpcError::params(format!("payload.blockStateCalls has more than {MOST_CALLS} calls")));
        }
        Ok(block)
    })?;
    let mut flag = |name: &str| -> Result<bool> { Ok(object.read(name, boolean)?.unwrap_or(false)) };
    let options = VirtualOptions { strict: flag("validation")?, transfers: flag("traceTransfers")? };
    let full = flag("returnFullTransactions")?;
    object.end()?;
    let blocks = blocks.unwrap_or_default();
    if blocks.is_empty() {
        return Err(RpcError::params("payload.blockStateCalls is empty: name at least one block"));
    }
    if blocks.len() > MOST_BLOCKS {
        return Err(failed(SimulateError::TooManyBlocks));
    }
    Ok((blocks, Shown { options, full }))
}

fn virtual_block(given: Value, chain_id: u64) -> Result<VirtualBlock> {
    let mut object = Object::new(given, "blockStateCalls")?;
    let block = block_overrides(object.take("blockOverrides"))?;
    let accounts = state_overrides(object.take("stateOverrides"))?;
    let calls = object.list("calls", |call| Ok(virtual_call(&CallRequest::parse(call, chain_id)?)))?;
    object.end()?;
    Ok(VirtualBlock { block, accounts, calls: calls.unwrap_or_default() })
}

/// Prices that are absent are zero, also where real transactions would have to pay.
fn virtual_call(request: &CallRequest) -> VirtualCall {
    let (cap, tip) = match request.price {
        Price::Dynamic { cap, tip } => (cap.unwrap_or_default(), tip.unwrap_or_default()),
        Price::Legacy(price) => (price, price),
        Price::None => (0, 0),
    };
    VirtualCall { from: request.from, tx: request.unsigned(cap, tip), nonce: request.nonce, gas: request.gas }
}

/// The codes that execution-apis gives.
fn failed(error: SimulateError) -> RpcError {
    let message = error.to_string();
    let code = match error {
        SimulateError::Number { .. } => -38020,
        SimulateError::Time { .. } => -38021,
        SimulateError::TooManyBlocks => -38026,
        SimulateError::BlockGas { .. } => -38015,
        SimulateError::Override(error) => return RpcError::overrides(&error),
        SimulateError::Call(CallError::Work(WorkError::Busy)) => LIMIT,
        SimulateError::Call(error) => return RpcError::call(error, 0),
        SimulateError::Invalid { reason, .. } => match reason {
            InvalidTransaction::NonceTooLow { .. } => -38010,
            InvalidTransaction::NonceTooHigh { .. } => -38011,
            InvalidTransaction::GasPriceLessThanBasefee => -38012,
            InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
            | InvalidTransaction::GasFloorMoreThanGasLimit { .. } => -38013,
            InvalidTransaction::LackOfFundForMaxFee { .. } => -38014,
            InvalidTransaction::RejectCallerWithCode => -38024,
            InvalidTransaction::CreateInitCodeSizeLimit => -38025,
            InvalidTransaction::PriorityFeeGreaterThanMaxFee => -32602,
            _ => -32603,
        },
    };
    RpcError::new(code, message)
}

fn show(simulated: &SimulatedBlock, full: bool, chain_id: u64) -> Simulated {
    let block = &simulated.block.block;
    let mut next_log = 0u64;
    let calls = simulated.calls.iter().map(|call| {
        let first = next_log;
        next_log = next_log.saturating_add(call.logs.len().try_into().unwrap_or(u64::MAX));
        result(call, block, first)
    });
    Simulated { calls: calls.collect(), block: RpcBlock::new(block, full, chain_id) }
}

fn result(call: &SimulatedCall, block: &SealedBlock, first_log: u64) -> CallResult {
    let outcome = &call.outcome;
    let tx_hash = block.transactions.get(call.index).map(|tx| tx.hash()).unwrap_or_default();
    let at = Position { height: block.number(), index: call.index.try_into().unwrap_or(u32::MAX) };
    let logs = call.logs.iter().zip(first_log..).map(|(log, log_index)| {
        found_log(&FoundLog {
            log: log.clone(),
            at,
            tx_hash,
            block_hash: block.hash,
            timestamp: block.header.timestamp,
            log_index,
        })
    });
    let error = outcome.stopped.as_ref().map(|stopped| match stopped {
        Stopped::Revert => {
            let RpcError { code, message, .. } = RpcError::reverted(&outcome.output);
            CallFailure { message, code, data: Some(outcome.output.clone()) }
        }
        Stopped::Halt(reason) => CallFailure { message: revert::halted(reason, call.gas), code: HALTED, data: None },
        Stopped::Panic => CallFailure { message: "a native contract failed".to_owned(), code: HALTED, data: None },
    });
    CallResult {
        // What a reverted call returned is its error's data.
        return_data: if outcome.success { outcome.output.clone() } else { Bytes::new() },
        logs: logs.collect(),
        gas_used: Quantity(outcome.gas_used),
        max_used_gas: Quantity(outcome.gas_used.saturating_add(outcome.gas_refunded)),
        status: Quantity(outcome.success.into()),
        error,
    }
}
