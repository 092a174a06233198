//! Parity's traces: flat lists of calls, and replays with state differences and opcodes.

use super::{Api, calls::prepare, debug::traced, tracer::kept};
use crate::{
    error::{LIMIT, Result, RpcError},
    methods::Methods,
    params::{Args, CallRequest, address, block_number, count, hash},
    types::trace::{FlatOptions, Text, Where, flat_traces, state_diff, vm_trace, walk},
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256};
use limpid_chain::{BlockWithReceipts, Recovered, Transaction, node::CallOptions, tx};
use limpid_evm::{CallFrame, Outcome, Tracing, tracer::StepOptions};
use serde_json::{Value, value::RawValue};
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

/// Blocks that one search may look through, and traces that it may give.
const MOST_BLOCKS: u64 = 10_000;
const MOST_TRACES: usize = 10_000;
/// Time that one search may take.
const SEARCH_TIME: Duration = Duration::from_secs(5);
/// Calls of one `trace_callMany`, addresses of one search, and places in one path.
const MOST_ITEMS: usize = 1_024;
/// Flat lists in Parity's words.
const PARITY: FlatOptions = FlatOptions { precompiles: false, parity_errors: true };

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("trace_block", block);
    methods.blocking("trace_transaction", transaction);
    methods.blocking("trace_get", get);
    methods.blocking("trace_filter", filter);
    methods.blocking("trace_call", call);
    methods.blocking("trace_callMany", call_many);
    methods.blocking("trace_rawTransaction", raw_transaction);
    methods.blocking("trace_replayTransaction", replay_transaction);
    methods.blocking("trace_replayBlockTransactions", replay_block);
}

/// Which parts of a replay are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Parts {
    trace: bool,
    state_diff: bool,
    vm_trace: bool,
}

impl Parts {
    fn parse(given: &Value) -> Result<Self> {
        let wrong =
            || RpcError::params("invalid argument trace types: expected a list of trace, stateDiff and vmTrace");
        let mut parts = Self::default();
        for name in given.as_array().filter(|names| names.len() <= MOST_ITEMS).ok_or_else(wrong)? {
            match name.as_str() {
                Some("trace") => parts.trace = true,
                Some("stateDiff") => parts.state_diff = true,
                Some("vmTrace") => parts.vm_trace = true,
                _ => return Err(wrong()),
            }
        }
        Ok(parts)
    }

    fn tracing(self) -> Tracing {
        let steps = StepOptions { storage: true, effects: true, ..StepOptions::default() };
        Tracing { calls: self.trace, changes: self.state_diff, steps: self.vm_trace.then_some(steps), ..Tracing::NONE }
    }

    /// Writes what a replay answers.
    fn write(self, json: &mut Text, outcome: &Outcome, of: Option<B256>) -> Result<()> {
        json.push(&format!("{{\"output\":\"{}\",\"stateDiff\":", outcome.output))?;
        match outcome.details.changes.as_ref().filter(|_| self.state_diff) {
            Some(changes) => state_diff(json, changes)?,
            None => json.push("null")?,
        }
        json.push(",\"trace\":[")?;
        if self.trace {
            flat_traces(json, kept(outcome.trace.as_ref())?, PARITY, None, &mut true)?;
        }
        json.push("],\"vmTrace\":")?;
        match outcome.details.steps.as_ref().filter(|_| self.vm_trace) {
            Some(steps) => vm_trace(json, steps)?,
            None => json.push("null")?,
        }
        if let Some(hash) = of {
            json.push(&format!(",\"transactionHash\":\"{hash}\""))?;
        }
        json.push("}")
    }

    fn answer(self, outcome: &Outcome) -> Result<Box<RawValue>> {
        let mut json = Text::default();
        self.write(&mut json, outcome, None)?;
        json.finish()
    }
}

/// The call tree of each transaction of a block.
fn block_traces(api: &Api, block: &BlockWithReceipts) -> Result<Vec<(Where, CallFrame)>> {
    let (block_hash, block_number) = (block.block.hash, block.block.number());
    let all = traced(api.node().trace_block(block_hash.into(), Tracing::CALLS))?;
    let placed = (0u64..).zip(all).map(|(position, (tx, outcome))| {
        let place = Where { block_hash, block_number, transaction_hash: tx.hash(), transaction_position: position };
        Ok((place, kept(outcome.trace)?))
    });
    placed.collect()
}

fn block(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let id = crate::params::block_id(&args.required("block")?)?;
    args.end()?;
    let found = api.block(id)?;
    let _pass = api.may_trace()?;
    let mut json = Text::default();
    json.push("[")?;
    let mut first = true;
    for (place, root) in block_traces(api, &found)? {
        flat_traces(&mut json, &root, PARITY, Some(place), &mut first)?;
    }
    json.push("]")?;
    json.finish()
}

/// A transaction of a block with its call tree; `None` if no block has it.
fn placed(api: &Api, hash: B256) -> Result<Option<(Where, CallFrame)>> {
    let Some(place) = api.node().transaction(hash)?.and_then(|found| found.place) else { return Ok(None) };
    let outcome = traced(api.node().trace_transaction(hash, Tracing::CALLS))?;
    let place = Where {
        block_hash: place.block_hash,
        block_number: place.at.height,
        transaction_hash: hash,
        transaction_position: place.at.index.into(),
    };
    Ok(Some((place, kept(outcome.trace)?)))
}

fn transaction(api: &Api, mut args: Args) -> Result<Option<Box<RawValue>>> {
    let hash = args.hash("transaction hash")?;
    args.end()?;
    let _pass = api.may_trace()?;
    let Some((place, root)) = placed(api, hash)? else { return Ok(None) };
    let mut json = Text::default();
    json.push("[")?;
    flat_traces(&mut json, &root, PARITY, Some(place), &mut true)?;
    json.push("]")?;
    json.finish().map(Some)
}

/// The call at one path of a transaction's tree.
fn get(api: &Api, mut args: Args) -> Result<Option<Box<RawValue>>> {
    let hash = args.hash("transaction hash")?;
    let path = args.required("path")?;
    args.end()?;
    let wrong = || RpcError::params("invalid argument path: expected a list of places, like [\"0x0\"]");
    let path = path.as_array().filter(|path| path.len() <= MOST_ITEMS).ok_or_else(wrong)?;
    let path = path.iter().map(|place| count(place, "path")).collect::<Result<Vec<_>>>()?;
    let _pass = api.may_trace()?;
    let Some((place, root)) = placed(api, hash)? else { return Ok(None) };
    let mut json = Text::default();
    let mut found = false;
    walk(&root, PARITY.precompiles, |call| {
        if call.path.iter().map(|place| *place as u64).eq(path.iter().copied()) {
            found = true;
            json.value(&crate::types::trace::FlatTrace::new(call, PARITY, Some(place)))?;
        }
        Ok(())
    })?;
    if found { json.finish().map(Some) } else { Ok(None) }
}

/// What a search looks for.
struct Search {
    from: u64,
    to: u64,
    senders: BTreeSet<Address>,
    receivers: BTreeSet<Address>,
    /// Sender and receiver must both match, rather than either.
    both: bool,
    skip: usize,
    most: usize,
}

impl Search {
    fn parse(api: &Api, given: Value) -> Result<Self> {
        let mut object = crate::params::Object::new(given, "filter")?;
        let mut height = |field: &str, default: u64| -> Result<u64> {
            let id = object.take(field).map(|given| block_number(&given, field)).transpose()?;
            let Some(id) = id else { return Ok(default) };
            if let Some(height) = id.as_number() {
                return Ok(height);
            }
            Ok(api.node().height(BlockId::Number(id))?.unwrap_or_default())
        };
        let head = api.node().block_number();
        let (from, to) = (height("fromBlock", head)?, height("toBlock", head)?);
        let set = |list: Option<Vec<Address>>| list.unwrap_or_default().into_iter().collect::<BTreeSet<_>>();
        let senders = set(object.list("fromAddress", |item| address(&item, "fromAddress"))?);
        let receivers = set(object.list("toAddress", |item| address(&item, "toAddress"))?);
        let both = match object.take("mode").as_ref().map(Value::as_str) {
            None | Some(Some("union")) => false,
            Some(Some("intersection")) => true,
            _ => return Err(RpcError::params("invalid argument filter.mode: expected union or intersection")),
        };
        let skip = object.read("after", count)?.map_or(0, |skip| usize::try_from(skip).unwrap_or(usize::MAX));
        let most = object.read("count", count)?.map_or(MOST_TRACES, |most| usize::try_from(most).unwrap_or(usize::MAX));
        if senders.len().max(receivers.len()) > MOST_ITEMS {
            return Err(RpcError::params(format!("filter: more than {MOST_ITEMS} addresses")));
        }
        if to < from {
            return Err(RpcError::params("invalid block range: toBlock is before fromBlock"));
        }
        if from > head || to > head {
            return Err(RpcError::params(format!("invalid block range: the head is block {head}")));
        }
        if to - from >= MOST_BLOCKS {
            return Err(RpcError::new(
                LIMIT,
                format!("block range is larger than {MOST_BLOCKS}: ask for fewer blocks"),
            ));
        }
        Ok(Self { from, to, senders, receivers, both, skip, most: most.min(MOST_TRACES) })
    }

    fn wants(&self, frame: &CallFrame) -> bool {
        let sent = self.senders.contains(&frame.from);
        let received = frame.to.is_some_and(|to| self.receivers.contains(&to));
        match (self.senders.is_empty(), self.receivers.is_empty()) {
            (true, true) => true,
            (false, true) => sent,
            (true, false) => received,
            (false, false) if self.both => sent && received,
            (false, false) => sent || received,
        }
    }
}

fn filter(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let mut search = Search::parse(api, args.required("filter")?)?;
    args.end()?;
    let _pass = api.may_trace()?;
    let started = Instant::now();
    let mut json = Text::default();
    json.push("[")?;
    let mut given = 0usize;
    for height in search.from..=search.to {
        let Some(block) = api.node().block_at(height)?.filter(|block| !block.block.transactions.is_empty()) else {
            continue;
        };
        if given >= search.most {
            break;
        }
        if started.elapsed() > SEARCH_TIME {
            return Err(RpcError::new(
                LIMIT,
                format!("the search took longer than {SEARCH_TIME:?} and came to block {height}: ask for fewer blocks"),
            ));
        }
        for (place, root) in block_traces(api, &block)? {
            walk(&root, PARITY.precompiles, |call| {
                if given >= search.most || !search.wants(call.frame) {
                    return Ok(());
                }
                if search.skip > 0 {
                    search.skip -= 1;
                    return Ok(());
                }
                json.comma(given == 0)?;
                given += 1;
                json.value(&crate::types::trace::FlatTrace::new(call, PARITY, Some(place)))
            })?;
        }
    }
    json.push("]")?;
    json.finish()
}

fn call(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let request = CallRequest::parse(args.required("transaction")?, api.node().chain_id())?;
    let parts = Parts::parse(&args.required("trace types")?)?;
    let at = args.block()?;
    args.end()?;
    let _pass = api.may_trace()?;
    let options = CallOptions { at, trace: parts.tracing(), ..CallOptions::default() };
    let tx = prepare(api, &request, &options)?;
    let gas = tx.gas_limit;
    let outcome = api.node().call(tx, options).map_err(|error| RpcError::call(error, gas))?;
    parts.answer(&outcome)
}

/// Calls on top of each other.
fn call_many(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let given = args.required("calls")?;
    let at = args.block()?;
    args.end()?;
    let wrong = || RpcError::params("invalid argument calls: expected a list of pairs of a call and its trace types");
    let Value::Array(given) = given else { return Err(wrong()) };
    if given.len() > MOST_ITEMS {
        return Err(RpcError::params(format!("more than {MOST_ITEMS} calls")));
    }
    let options = CallOptions { at, ..CallOptions::default() };
    let base_fee = api.block(at)?.block.header.base_fee_per_gas.unwrap_or_default();
    let (mut calls, mut wanted) = (Vec::new(), Vec::new());
    for pair in given {
        let Value::Array(pair) = pair else { return Err(wrong()) };
        let [call, types] = <[Value; 2]>::try_from(pair).map_err(|_| wrong())?;
        let parts = Parts::parse(&types)?;
        // What the caller holds is what the calls before it leave, so nobody looks here whether it can pay.
        let request = CallRequest::parse(call, api.node().chain_id())?;
        calls.push((request.env(request.gas.unwrap_or(u64::MAX), base_fee)?, parts.tracing()));
        wanted.push(parts);
    }
    let _pass = api.may_trace()?;
    let outcomes = traced(api.node().calls(calls, options))?;
    if outcomes.len() < wanted.len() {
        return Err(RpcError::refused(format!(
            "native code panicked in call {}; the calls after it were not run",
            outcomes.len()
        )));
    }
    let mut json = Text::default();
    json.push("[")?;
    for (place, (outcome, parts)) in outcomes.iter().zip(wanted).enumerate() {
        json.comma(place == 0)?;
        parts.write(&mut json, outcome, None)?;
    }
    json.push("]")?;
    json.finish()
}

/// A signed transaction that is tried and not sent.
fn raw_transaction(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let raw = args.bytes("transaction")?;
    let parts = Parts::parse(&args.required("trace types")?)?;
    args.end()?;
    let wrong = |why: String| RpcError::params(format!("invalid argument transaction: {why}"));
    let tx: Transaction =
        alloy_eips::Decodable2718::decode_2718_exact(&raw).map_err(|_| wrong("not a transaction's encoding".into()))?;
    let tx = Recovered::recover(tx).map_err(|error| wrong(error.to_string()))?;
    let env = tx::env(&tx).ok_or_else(|| wrong("system transactions are made by blocks".into()))?;
    let _pass = api.may_trace()?;
    let gas = env.gas_limit;
    let options = CallOptions { trace: parts.tracing(), ..CallOptions::default() };
    let outcome = api.node().call(env, options).map_err(|error| RpcError::call(error, gas))?;
    parts.answer(&outcome)
}

fn replay_transaction(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let wanted = hash(&args.required("transaction hash")?, "transaction hash")?;
    let parts = Parts::parse(&args.required("trace types")?)?;
    args.end()?;
    let _pass = api.may_trace()?;
    let outcome = traced(api.node().trace_transaction(wanted, parts.tracing()))?;
    parts.answer(&outcome)
}

fn replay_block(api: &Api, mut args: Args) -> Result<Box<RawValue>> {
    let id = crate::params::block_id(&args.required("block")?)?;
    let parts = Parts::parse(&args.required("trace types")?)?;
    args.end()?;
    let _pass = api.may_trace()?;
    let found: Arc<BlockWithReceipts> = api.block(id)?;
    let all = traced(api.node().trace_block(found.block.hash.into(), parts.tracing()))?;
    let mut json = Text::default();
    json.push("[")?;
    for (place, (tx, outcome)) in all.iter().enumerate() {
        json.comma(place == 0)?;
        parts.write(&mut json, outcome, Some(tx.hash()))?;
    }
    json.push("]")?;
    json.finish()
}
