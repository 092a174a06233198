//! Traces and raw encodings.

use super::{Api, calls::prepare};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, CallRequest, Object, block_id, block_overrides, boolean, state_overrides},
    types::{TraceOptions, call_tree},
};
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_primitives::{B256, Bytes};
use limpid_chain::node::CallOptions;
use limpid_evm::Outcome;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("debug_traceTransaction", trace_transaction);
    methods.blocking("debug_traceCall", trace_call);
    methods.blocking("debug_traceBlockByNumber", trace_block_by_number);
    methods.blocking("debug_traceBlockByHash", trace_block_by_hash);
    methods.blocking("debug_getRawHeader", raw_header);
    methods.blocking("debug_getRawBlock", raw_block);
    methods.blocking("debug_getRawTransaction", raw_transaction);
    methods.blocking("debug_getRawReceipts", raw_receipts);
}

/// Reads tracer options; what is left in the object belongs to the method.
fn tracer(given: Option<Value>) -> Result<(TraceOptions, Option<Object>)> {
    const ONLY: &str = "only the callTracer is offered so far: pass {\"tracer\": \"callTracer\"}";
    let Some(given) = given else { return Err(RpcError::refused(ONLY)) };
    let mut object = Object::new(given, "trace options")?;
    match object.take("tracer") {
        Some(Value::String(name)) if name == "callTracer" => {}
        _ => return Err(RpcError::refused(ONLY)),
    }
    let mut options = TraceOptions::default();
    if let Some(config) = object.take("tracerConfig") {
        let mut config = Object::new(config, "tracerConfig")?;
        options.only_top_call = config.read("onlyTopCall", boolean)?.unwrap_or(false);
        options.with_log = config.read("withLog", boolean)?.unwrap_or(false);
    }
    Ok((options, Some(object)))
}

/// A call tree whose root shows what the whole transaction was given and used, as geth has it.
fn tree(mut outcome: Outcome, gas: u64, options: TraceOptions) -> Result<Box<RawValue>> {
    let mut root = outcome.trace.take().ok_or_else(|| RpcError::refused("no trace was kept"))?;
    (root.gas, root.gas_used) = (gas, outcome.gas_used);
    let json = call_tree(&root, options).map_err(|error| RpcError::internal(&error))?;
    RawValue::from_string(json).map_err(|error| RpcError::internal(&error))
}

fn trace_transaction(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let hash = args.hash("transaction hash")?;
    let (options, _) = tracer(args.optional())?;
    args.end()?;
    let found = api.node().transaction(hash)?.filter(|found| found.place.is_some());
    let gas = found.ok_or_else(|| RpcError::refused("transaction not found"))?.tx.gas_limit();
    let outcome = api.node().trace_transaction(hash).map_err(|error| RpcError::call(error, gas))?;
    tree(outcome, gas, options)
}

fn trace_call(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let request = CallRequest::parse(args.required("transaction")?, api.node().chain_id())?;
    let at = args.block()?;
    let (options, rest) = tracer(args.optional())?;
    args.end()?;
    let mut call = CallOptions { at, trace: true, ..CallOptions::default() };
    if let Some(mut rest) = rest {
        call.accounts = state_overrides(rest.take("stateOverrides"))?;
        call.block = block_overrides(rest.take("blockOverrides"))?;
    }
    let tx = prepare(api, &request, &call)?;
    let gas = tx.gas_limit;
    let outcome = api.node().call(tx, call).map_err(|error| RpcError::call(error, gas))?;
    tree(outcome, gas, options)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TxTrace {
    tx_hash: B256,
    result: Box<RawValue>,
}

fn trace_block_by_number(api: &Api, mut args: Args) -> Result<Vec<TxTrace>> {
    let id = args.block_number("block")?.into();
    trace_block(api, id, args)
}

fn trace_block_by_hash(api: &Api, mut args: Args) -> Result<Vec<TxTrace>> {
    let id = args.hash("block hash")?.into();
    trace_block(api, id, args)
}

fn trace_block(api: &Api, id: BlockId, mut args: Args) -> Result<Vec<TxTrace>> {
    let (options, _) = tracer(args.optional())?;
    args.end()?;
    let block = api.block(id)?;
    if block.block.number() == 0 {
        return Err(RpcError::refused("genesis is not traceable"));
    }
    let outcomes = api.node().trace_block(block.block.hash.into()).map_err(|error| RpcError::call(error, 0))?;
    let traced = block.block.transactions.iter().zip(outcomes);
    let trace = |(tx, outcome): (&std::sync::Arc<limpid_chain::Recovered>, Outcome)| {
        Ok(TxTrace { tx_hash: tx.hash(), result: tree(outcome, tx.gas_limit(), options)? })
    };
    traced.map(trace).collect()
}

fn block_arg(mut args: Args) -> Result<BlockId> {
    let id = block_id(&args.required("block")?)?;
    args.end()?;
    Ok(id)
}

fn raw_header(api: &Api, args: Args) -> Result<Bytes> {
    let block = api.block(block_arg(args)?)?;
    Ok(alloy_rlp::encode(&block.block.header).into())
}

fn raw_block(api: &Api, args: Args) -> Result<Bytes> {
    let block = api.block(block_arg(args)?)?;
    Ok(alloy_rlp::encode(block.block.unseal()).into())
}

fn raw_transaction(api: &Api, mut args: Args) -> Result<Bytes> {
    let hash = args.hash("transaction hash")?;
    args.end()?;
    let found = api.node().transaction(hash)?;
    Ok(found.map(|found| found.tx.encoded_2718().into()).unwrap_or_default())
}

fn raw_receipts(api: &Api, args: Args) -> Result<Vec<Bytes>> {
    let block = api.block(block_arg(args)?)?;
    let encode = |receipt: &limpid_chain::Receipt| {
        let mut out = Vec::new();
        receipt.encode_consensus(&mut out);
        out.into()
    };
    Ok(block.receipts.iter().map(encode).collect())
}
