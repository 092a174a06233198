//! What the block explorer Otterscan asks a node for, API level 8.
//!
//! Searches answer from the history of addresses, which is written with each block: transactions that an address sent or
//! received, and those in which coin or a token moved to or from it. One that only calls it from within, and moves nothing,
//! is not found: a row for every account that a transaction touches would make blocks several times as large.

use super::{Api, debug::traced, state::state_at, tracer::kept, transactions};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, block_number, count},
    types::{Quantity, RpcReceipt, RpcTransaction, header, place_in, trace::walk},
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::Encodable;
use limpid_chain::{
    BlockWithReceipts, Position,
    history::{Cursor, Page},
};
use limpid_evm::{CallFrame, CallKind, Stopped, Tracing};
use limpid_state::StateRead;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The version of these methods.
const API_LEVEL: u8 = 8;
/// Transactions on one page of a block or a search.
const MOST_ON_PAGE: u64 = 1_000;
/// History entries read at once.
const ENTRIES: usize = 500;

pub(super) fn register(methods: &mut Methods) {
    methods.quick("ots_getApiLevel", api_level);
    methods.blocking("ots_hasCode", has_code);
    methods.blocking("ots_getInternalOperations", internal_operations);
    methods.blocking("ots_getTransactionError", transaction_error);
    methods.blocking("ots_traceTransaction", trace_transaction);
    methods.blocking("ots_getBlockDetails", block_details);
    methods.blocking("ots_getBlockDetailsByHash", block_details_by_hash);
    methods.blocking("ots_getBlockTransactions", block_transactions);
    methods.blocking("ots_searchTransactionsBefore", search_before);
    methods.blocking("ots_searchTransactionsAfter", search_after);
    methods.blocking("ots_getTransactionBySenderAndNonce", by_sender_and_nonce);
    methods.blocking("ots_getContractCreator", contract_creator);
}

/// A height as Otterscan writes one: a plain number, hex, or a tag.
fn height(args: &mut Args, name: &str) -> Result<BlockNumberOrTag> {
    let given = args.required(name)?;
    if given.is_number() { count(&given, name).map(BlockNumberOrTag::Number) } else { block_number(&given, name) }
}

fn api_level(_: &Api, args: Args) -> Result<u8> {
    args.end()?;
    Ok(API_LEVEL)
}

fn has_code(api: &Api, mut args: Args) -> Result<bool> {
    let address = args.address("address")?;
    let at = height(&mut args, "block")?;
    args.end()?;
    Ok(!state_at(api, at.into())?.code_of(address)?.is_empty())
}

fn tree(api: &Api, hash: B256) -> Result<CallFrame> {
    let _pass = api.may_trace()?;
    kept(traced(api.node().trace_transaction(hash, Tracing::CALLS))?.trace)
}

#[derive(Debug, Serialize)]
struct Operation {
    #[serde(rename = "type")]
    kind: u8,
    from: Address,
    to: Option<Address>,
    value: Quantity<U256>,
}

/// Coin that moved inside a transaction, contracts that it made, and those that destroyed themselves.
fn internal_operations(api: &Api, mut args: Args) -> Result<Vec<Operation>> {
    let hash = args.hash("transaction hash")?;
    args.end()?;
    let mut operations = Vec::new();
    walk(&tree(api, hash)?, true, |call| {
        let frame = call.frame;
        let kind = match frame.kind {
            Some(CallKind::Call) if !frame.value.is_zero() => Some(0),
            Some(CallKind::SelfDestruct) => Some(1),
            Some(CallKind::Create) => Some(2),
            Some(CallKind::Create2) => Some(3),
            _ => None,
        };
        if let Some(kind) = kind.filter(|_| !call.path.is_empty() && call.holds) {
            operations.push(Operation { kind, from: frame.from, to: frame.to, value: Quantity(frame.value) });
        }
        Ok(())
    })?;
    Ok(operations)
}

/// What a transaction that refused returned; nothing for any other.
fn transaction_error(api: &Api, mut args: Args) -> Result<Bytes> {
    let hash = args.hash("transaction hash")?;
    args.end()?;
    let outcome = traced(api.node().trace_transaction(hash, Tracing::NONE))?;
    Ok(if outcome.stopped == Some(Stopped::Revert) { outcome.output } else { Bytes::new() })
}

#[derive(Debug, Serialize)]
struct TraceEntry {
    #[serde(rename = "type")]
    kind: &'static str,
    depth: usize,
    from: Address,
    to: Option<Address>,
    value: Option<Quantity<U256>>,
    input: Bytes,
    output: Bytes,
}

fn trace_transaction(api: &Api, mut args: Args) -> Result<Vec<TraceEntry>> {
    let hash = args.hash("transaction hash")?;
    args.end()?;
    let mut entries = Vec::new();
    walk(&tree(api, hash)?, true, |call| {
        let frame = call.frame;
        let kind = frame.kind.unwrap_or(CallKind::Call);
        let moves_none = matches!(kind, CallKind::StaticCall | CallKind::DelegateCall | CallKind::CallCode);
        entries.push(TraceEntry {
            kind: kind.name(),
            depth: call.path.len(),
            from: frame.from,
            to: frame.to,
            value: (!moves_none).then_some(Quantity(frame.value)),
            input: frame.input.clone(),
            output: frame.output.clone(),
        });
        Ok(())
    })?;
    Ok(entries)
}

fn json_of(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| RpcError::internal(&error))
}

/// A block's header with its size and number of transactions, and without its bloom.
fn slim(block: &BlockWithReceipts) -> Result<Value> {
    let mut shown = json_of(&header(&block.block))?;
    shown["size"] = json_of(&Quantity(block.block.unseal().length()))?;
    shown["logsBloom"] = Value::Null;
    shown["transactionCount"] = json!(block.block.transactions.len());
    shown["uncles"] = json!([]);
    Ok(shown)
}

fn details(api: &Api, id: BlockId) -> Result<Option<Value>> {
    let Some(block) = api.node().block(id)? else { return Ok(None) };
    let fee = |receipt: &limpid_chain::Receipt| {
        U256::from(receipt.gas_used).saturating_mul(U256::from(receipt.effective_gas_price))
    };
    let fees = block.receipts.iter().map(fee).fold(U256::ZERO, U256::saturating_add);
    // Nobody is paid for making blocks here.
    let issuance = json!({ "blockReward": "0x0", "uncleReward": "0x0", "issuance": "0x0" });
    Ok(Some(json!({ "block": slim(&block)?, "issuance": issuance, "totalFees": json_of(&Quantity(fees))? })))
}

fn block_details(api: &Api, mut args: Args) -> Result<Option<Value>> {
    let id = height(&mut args, "block")?.into();
    args.end()?;
    details(api, id)
}

fn block_details_by_hash(api: &Api, mut args: Args) -> Result<Option<Value>> {
    let id = args.hash("block hash")?.into();
    args.end()?;
    details(api, id)
}

/// Page 0 holds the last transactions of the block.
fn block_transactions(api: &Api, mut args: Args) -> Result<Option<Value>> {
    let id: BlockId = height(&mut args, "block")?.into();
    let page = count(&args.required("page")?, "page")?;
    let size = page_size(&mut args)?;
    args.end()?;
    let Some(block) = api.node().block(id)? else { return Ok(None) };
    let all = block.block.transactions.len();
    let end = all.saturating_sub(usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(size));
    let start = end.saturating_sub(size);
    let (mut txs, mut receipts) = (Vec::new(), Vec::new());
    for index in start..end {
        let (tx, receipt) = pair(api, &block, index)?;
        txs.push(short(tx));
        receipts.push(without_logs(receipt));
    }
    let mut fullblock = slim(&block)?;
    fullblock["transactions"] = Value::Array(txs);
    Ok(Some(json!({ "fullblock": fullblock, "receipts": receipts })))
}

fn page_size(args: &mut Args) -> Result<usize> {
    let size = count(&args.required("page size")?, "page size")?;
    if !(1..=MOST_ON_PAGE).contains(&size) {
        return Err(RpcError::params(format!("invalid argument page size: expected 1 to {MOST_ON_PAGE}")));
    }
    Ok(usize::try_from(size).unwrap_or(1))
}

/// A transaction of a block and its receipt, as they are on the wire.
fn pair(api: &Api, block: &BlockWithReceipts, index: usize) -> Result<(Value, Value)> {
    let missing = || RpcError::internal(&"a block without one of its transactions");
    let tx = block.block.transactions.get(index).ok_or_else(missing)?;
    let receipt = block.receipts.get(index).ok_or_else(missing)?;
    let place = place_in(&block.block, u32::try_from(index).unwrap_or(u32::MAX));
    let tx_json = json_of(&RpcTransaction::new(tx, Some(place), api.node().chain_id()))?;
    Ok((tx_json, json_of(&RpcReceipt::new(receipt, tx, &place))?))
}

/// Calldata cut down to the method.
fn short(mut tx: Value) -> Value {
    let method = tx["input"].as_str().map(|input| input.get(..10).unwrap_or(input).to_owned());
    tx["input"] = method.map_or(Value::Null, Value::String);
    tx
}

fn without_logs(mut receipt: Value) -> Value {
    receipt["logs"] = Value::Null;
    receipt["logsBloom"] = Value::Null;
    receipt
}

/// The transactions of an address on one page, in the order of the search, and whether there are more.
struct Found {
    at: Vec<Position>,
    more: bool,
}

/// Takes transactions from pages of history until the page is full and its last block is whole.
fn collect(size: usize, mut next: impl FnMut(Option<Cursor>) -> Result<Page>) -> Result<Found> {
    let (mut at, mut cursor) = (Vec::<Position>::new(), None);
    loop {
        let page = next(cursor)?;
        for entry in &page.entries {
            let here = entry.cursor.at;
            if at.last() == Some(&here) {
                continue;
            }
            if at.len() >= size && at.last().is_some_and(|last| last.height != here.height) {
                return Ok(Found { at, more: true });
            }
            at.push(here);
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(Found { at, more: false });
        }
    }
}

fn search_args(args: &mut Args) -> Result<(Address, u64, usize)> {
    let address = args.address("address")?;
    let block = count(&args.required("block")?, "block")?;
    Ok((address, block, page_size(args)?))
}

fn start_of(height: u64) -> Cursor {
    Cursor { at: Position { height, index: 0 }, sequence: 0 }
}

/// Newest first, from before a block; block 0 stands for the newest of all.
fn search_before(api: &Api, mut args: Args) -> Result<Value> {
    let (address, block, size) = search_args(&mut args)?;
    args.end()?;
    let first = (block > 0).then(|| start_of(block));
    let found = collect(size, |cursor| Ok(api.node().history(address, cursor.or(first), ENTRIES)?))?;
    shown(api, &found.at, block == 0, !found.more)
}

/// From after a block on, oldest first until the page is full, then shown newest first; block 0 stands for the very
/// beginning.
fn search_after(api: &Api, mut args: Args) -> Result<Value> {
    let (address, block, size) = search_args(&mut args)?;
    args.end()?;
    let first = start_of(if block == 0 { 0 } else { block.saturating_add(1) });
    let mut found = collect(size, |cursor| Ok(api.node().history_from(address, cursor.unwrap_or(first), ENTRIES)?))?;
    found.at.reverse();
    shown(api, &found.at, !found.more, block == 0)
}

fn shown(api: &Api, found: &[Position], first_page: bool, last_page: bool) -> Result<Value> {
    let (mut txs, mut receipts) = (Vec::new(), Vec::new());
    let mut block: Option<Arc<BlockWithReceipts>> = None;
    for at in found {
        let known = block.take().filter(|block| block.block.number() == at.height);
        let here = match known {
            Some(block) => block,
            None => api.block(at.height.into())?,
        };
        let (tx, mut receipt) = pair(api, &here, usize::try_from(at.index).unwrap_or(usize::MAX))?;
        receipt["timestamp"] = json_of(&Quantity(here.block.header.timestamp))?;
        receipt["logsBloom"] = Value::Null;
        txs.push(tx);
        receipts.push(receipt);
        block = Some(here);
    }
    Ok(json!({ "txs": txs, "receipts": receipts, "firstPage": first_page, "lastPage": last_page }))
}

fn by_sender_and_nonce(api: &Api, mut args: Args) -> Result<Option<B256>> {
    let sender = args.address("sender")?;
    let nonce = count(&args.required("nonce")?, "nonce")?;
    args.end()?;
    Ok(transactions::sent(api, sender, nonce)?.map(|found| found.tx.hash()))
}

#[derive(Debug, Serialize)]
struct Creator {
    hash: B256,
    creator: Address,
}

/// The transaction that put code at an address, and who in it did; `None` for accounts without code and for those that
/// the genesis or a development chain's user wrote.
fn contract_creator(api: &Api, mut args: Args) -> Result<Option<Creator>> {
    let address = args.address("address")?;
    args.end()?;
    let Some(height) = first_with_code(api, address)?.filter(|height| *height > 0) else { return Ok(None) };
    let _pass = api.may_trace()?;
    for (tx, outcome) in traced(api.node().trace_block(height.into(), Tracing::CALLS))? {
        let mut creator = None;
        walk(&kept(outcome.trace)?, false, |call| {
            let creates = matches!(call.frame.kind, Some(CallKind::Create | CallKind::Create2));
            if creates && call.holds && call.frame.to == Some(address) {
                creator = Some(call.frame.from);
            }
            Ok(())
        })?;
        if let Some(creator) = creator {
            return Ok(Some(Creator { hash: tx.hash(), creator }));
        }
    }
    Ok(None)
}

/// The first block after which an account has the code that it has now, found by halving.
fn first_with_code(api: &Api, address: Address) -> Result<Option<u64>> {
    let code_at = |height: u64| -> Result<Option<B256>> {
        let account = state_at(api, height.into())?.account(address)?;
        Ok(account.map(|account| account.code_hash).filter(|hash| *hash != alloy_primitives::KECCAK256_EMPTY))
    };
    let (mut low, mut high) = (0, api.node().block_number());
    if code_at(high)?.is_none() {
        return Ok(None);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if code_at(middle)?.is_some() { high = middle } else { low = middle + 1 }
    }
    Ok(Some(low))
}
