//! geth's traces.

use super::{
    Api,
    calls::prepare,
    tracer::{Traced, Tracer},
};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, CallRequest, block_overrides, count, slot, state_overrides},
    types::trace::{Text, Where},
};
use alloy_eips::BlockId;
use alloy_primitives::B256;
use alloy_rlp::Decodable;
use limpid_chain::{
    Block,
    node::{CallError, CallOptions, SlotEntry},
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Slots of one answer of `debug_storageRangeAt` at most.
const MOST_SLOTS: u64 = 10_000;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("debug_traceTransaction", trace_transaction);
    methods.blocking("debug_traceCall", trace_call);
    methods.blocking("debug_traceBlockByNumber", trace_block_by_number);
    methods.blocking("debug_traceBlockByHash", trace_block_by_hash);
    methods.blocking("debug_traceBlock", trace_given_block);
    methods.blocking("debug_storageRangeAt", storage_range);
}

fn trace_transaction(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let hash = args.hash("transaction hash")?;
    let (tracer, _) = Tracer::parse(args.optional())?;
    args.end()?;
    let _pass = api.may_trace()?;
    let unknown = || RpcError::refused("transaction not found");
    let found = api.node().transaction(hash)?.ok_or_else(unknown)?;
    let place = found.place.ok_or_else(unknown)?;
    let outcome = traced(api.node().trace_transaction(hash, tracer.tracing()))?;
    let first_log = api.node().receipt(hash)?.map_or(0, |found| found.receipt.first_log_index);
    let place = Where {
        block_hash: place.block_hash,
        block_number: place.at.height,
        transaction_hash: hash,
        transaction_position: place.at.index.into(),
    };
    tracer.answer(&Traced::in_block(&found.tx, outcome, place, first_log))
}

/// What execution gave, or why not.
pub(super) fn traced<T>(result: std::result::Result<T, CallError>) -> Result<T> {
    result.map_err(|error| RpcError::call(error, 0))
}

fn trace_call(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let request = CallRequest::parse(args.required("transaction")?, api.node().chain_id())?;
    let at = args.block()?;
    let (tracer, rest) = Tracer::parse(args.optional())?;
    args.end()?;
    let mut call = CallOptions { at, trace: tracer.tracing(), ..CallOptions::default() };
    if let Some(mut rest) = rest {
        call.accounts = state_overrides(rest.take("stateOverrides"))?;
        call.block = block_overrides(rest.take("blockOverrides"))?;
        let before = rest.read("txIndex", count)?;
        call.before = before.map(|index| usize::try_from(index).unwrap_or(usize::MAX));
    }
    let _pass = api.may_trace()?;
    let tx = prepare(api, &request, &call)?;
    let gas = tx.gas_limit;
    let outcome = api.node().call(tx, call).map_err(|error| RpcError::call(error, gas))?;
    tracer.answer(&Traced::call(outcome, gas))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StorageRange {
    storage: BTreeMap<B256, StorageEntry>,
    next_key: Option<B256>,
}

#[derive(Serialize)]
struct StorageEntry {
    /// Null where only the hash is known.
    key: Option<B256>,
    value: B256,
}

/// Slots of a contract in the order of their hashes, as they were before a transaction of a block.
fn storage_range(api: &Api, mut args: Args) -> Result<StorageRange> {
    let block = args.block()?;
    let index = count(&args.required("transaction index")?, "transaction index")?;
    let address = args.address("address")?;
    let from = slot(&args.required("first key")?, "first key")?;
    let limit = count(&args.required("limit")?, "limit")?;
    args.end()?;
    if limit > MOST_SLOTS {
        return Err(RpcError::params(format!("invalid argument limit: at most {MOST_SLOTS}")));
    }
    let height = api.node().height(block)?.ok_or_else(|| RpcError::refused("header not found"))?;
    let _pass = api.may_trace()?;
    let (index, limit) = (usize::try_from(index).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(0));
    let page = traced(api.node().slots(height, index, address, from.into(), limit))?;
    let entry = |slot: SlotEntry| {
        let entry = StorageEntry { key: slot.slot.map(B256::from), value: slot.value.into() };
        (slot.hash, entry)
    };
    Ok(StorageRange { storage: page.slots.into_iter().map(entry).collect(), next_key: page.next })
}

fn trace_block_by_number(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let id: BlockId = args.block_number("block")?.into();
    let (tracer, _) = Tracer::parse(args.optional())?;
    args.end()?;
    trace_block(api, id, &tracer, || match id {
        BlockId::Number(number) => format!("block {} not found", shown(number)),
        BlockId::Hash(hash) => format!("block {} not found", hash.block_hash),
    })
}

fn shown(number: alloy_eips::BlockNumberOrTag) -> String {
    number.as_number().map_or_else(|| number.to_string(), |height| format!("#{height}"))
}

fn trace_block_by_hash(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let hash = args.hash("block hash")?;
    let (tracer, _) = Tracer::parse(args.optional())?;
    args.end()?;
    trace_block(api, hash.into(), &tracer, || format!("block {hash} not found"))
}

fn trace_block(api: &Api, id: BlockId, tracer: &Tracer, unknown: impl FnOnce() -> String) -> Result<Box<RawValue>> {
    let block = api.node().block(id)?.ok_or_else(|| RpcError::refused(unknown()))?;
    let (number, hash) = (block.block.number(), block.block.hash);
    if number == 0 {
        return Err(RpcError::refused("genesis is not traceable"));
    }
    let _pass = api.may_trace()?;
    let all = traced(api.node().trace_block(hash.into(), tracer.tracing()))?;
    answers(all, tracer, hash, number)
}

/// A block given in its encoding: one of the chain's, or any other over a block of the chain.
fn trace_given_block(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let encoded = args.bytes("block")?;
    let (tracer, _) = Tracer::parse(args.optional())?;
    args.end()?;
    let mut rest = encoded.as_ref();
    let block = Block::decode(&mut rest).ok().filter(|_| rest.is_empty());
    let block = block
        .ok_or_else(|| RpcError::params("invalid argument block: could not decode block: not its RLP encoding"))?;
    let (hash, number) = (block.header.hash_slow(), block.header.number);
    if number == 0 {
        return Err(RpcError::refused("genesis is not traceable"));
    }
    let _pass = api.may_trace()?;
    let all = api.node().trace_given(block, tracer.tracing()).map_err(|error| match error {
        CallError::UnknownBlock => RpcError::refused("parent not found: the block is not over a block of this chain"),
        other => RpcError::call(other, 0),
    })?;
    answers(all, &tracer, hash, number)
}

fn answers(
    all: Vec<limpid_chain::node::Traced>,
    tracer: &Tracer,
    block_hash: B256,
    block_number: u64,
) -> Result<Box<RawValue>> {
    let mut json = Text::default();
    json.push("[")?;
    let mut first_log = 0u64;
    for (position, (tx, outcome)) in (0u64..).zip(all) {
        let transaction_hash = tx.hash();
        let place = Where { block_hash, block_number, transaction_hash, transaction_position: position };
        let logs = u64::try_from(outcome.logs.len()).unwrap_or(u64::MAX);
        json.comma(position == 0)?;
        json.push(&format!("{{\"txHash\":\"{transaction_hash}\",\"result\":"))?;
        tracer.write(&mut json, &Traced::in_block(&tx, outcome, place, first_log))?;
        first_log = first_log.saturating_add(logs);
        json.push("}")?;
    }
    json.push("]")?;
    json.finish()
}
