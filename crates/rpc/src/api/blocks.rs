//! Blocks.

use super::Api;
use crate::{
    error::{NO_HISTORY, Result, RpcError},
    methods::Methods,
    params::{Args, block_id},
    types::{Quantity, RpcBlock, RpcHeader, RpcReceipt, header, ommer, place_in},
};
use alloy_eips::BlockId;
use limpid_chain::BlockWithReceipts;
use std::sync::Arc;

pub(super) fn register(methods: &mut Methods) {
    methods.quick("eth_blockNumber", number);
    methods.blocking("eth_getBlockByNumber", by_number);
    methods.blocking("eth_getBlockByHash", by_hash);
    methods.blocking("eth_getHeaderByNumber", header_by_number);
    methods.alias("erigon_getHeaderByNumber", "eth_getHeaderByNumber");
    methods.blocking("eth_getHeaderByHash", header_by_hash);
    methods.blocking("eth_getBlockReceipts", receipts);
    methods.blocking("eth_getBlockTransactionCountByNumber", count_by_number);
    methods.blocking("eth_getBlockTransactionCountByHash", count_by_hash);
    methods.blocking("eth_getUncleCountByBlockNumber", uncles_by_number);
    methods.blocking("eth_getUncleCountByBlockHash", uncles_by_hash);
    methods.blocking("eth_getUncleByBlockNumberAndIndex", uncle_by_number);
    methods.blocking("eth_getUncleByBlockHashAndIndex", uncle_by_hash);
}

fn number(api: &Api, args: Args) -> Result<Quantity<u64>> {
    args.end()?;
    Ok(Quantity(api.node().block_number()))
}

fn by_number(api: &Api, mut args: Args) -> Result<Option<RpcBlock>> {
    let number = args.block_number("block")?;
    if number.is_pending() {
        let full = args.boolean_or("full transactions", false)?;
        args.end()?;
        let block = pending(api)?;
        return Ok(Some(RpcBlock::pending(&block.block, full, api.node().chain_id())));
    }
    shown(api, number.into(), args)
}

/// What would be the next block now.
fn pending(api: &Api) -> Result<Arc<BlockWithReceipts>> {
    api.node().pending_block().map_err(|error| RpcError::call(error, 0))
}

fn by_hash(api: &Api, mut args: Args) -> Result<Option<RpcBlock>> {
    let id = args.hash("block hash")?.into();
    shown(api, id, args)
}

fn shown(api: &Api, id: BlockId, mut args: Args) -> Result<Option<RpcBlock>> {
    let full = args.boolean_or("full transactions", false)?;
    args.end()?;
    let chain_id = api.node().chain_id();
    Ok(api.node().block(id)?.map(|block| RpcBlock::new(&block.block, full, chain_id)))
}

fn header_by_number(api: &Api, mut args: Args) -> Result<Option<RpcHeader>> {
    let id = args.block_number("block")?.into();
    args.end()?;
    Ok(api.node().block(id)?.map(|block| header(&block.block)))
}

fn header_by_hash(api: &Api, mut args: Args) -> Result<Option<RpcHeader>> {
    let id = args.hash("block hash")?.into();
    args.end()?;
    Ok(api.node().block(id)?.map(|block| header(&block.block)))
}

fn receipts(api: &Api, mut args: Args) -> Result<Option<Vec<RpcReceipt>>> {
    let id = block_id(&args.required("block")?)?;
    args.end()?;
    if id.is_pending() {
        // A block that is not made has no receipts.
        return Ok(None);
    }
    api.node().block(id)?.map(|block| block_receipts(api, &block)).transpose()
}

fn block_receipts(api: &Api, block: &BlockWithReceipts) -> Result<Vec<RpcReceipt>> {
    executed(block)?;
    let blob_price = api.node().ledger().blob_base_fee(&block.block.header);
    let txs = block.block.transactions.iter().zip(&block.receipts).zip(0..);
    let shown = txs.map(|((tx, receipt), index)| {
        RpcReceipt::new(receipt, tx, &place_in(&block.block, index)).with_blob_price(blob_price)
    });
    Ok(shown.collect())
}

/// Fails for a block whose transactions nobody here executed.
pub(super) fn executed(block: &BlockWithReceipts) -> Result<()> {
    if block.is_executed() {
        return Ok(());
    }
    let height = block.block.number();
    let why = format!("the receipts of block {height} are not known: it was imported without being executed");
    Err(RpcError::new(NO_HISTORY, why))
}

fn count_by_number(api: &Api, mut args: Args) -> Result<Option<Quantity<usize>>> {
    let number = args.block_number("block")?;
    args.end()?;
    if number.is_pending() {
        return Ok(Some(Quantity(pending(api)?.block.transactions.len())));
    }
    count(api, number.into())
}

fn count_by_hash(api: &Api, mut args: Args) -> Result<Option<Quantity<usize>>> {
    let id = args.hash("block hash")?.into();
    args.end()?;
    count(api, id)
}

fn count(api: &Api, id: BlockId) -> Result<Option<Quantity<usize>>> {
    Ok(api.node().block(id)?.map(|block| Quantity(block.block.transactions.len())))
}

fn uncles_by_number(api: &Api, mut args: Args) -> Result<Option<Quantity<usize>>> {
    let id = args.block_number("block")?.into();
    args.end()?;
    uncles(api, id)
}

fn uncles_by_hash(api: &Api, mut args: Args) -> Result<Option<Quantity<usize>>> {
    let id = args.hash("block hash")?.into();
    args.end()?;
    uncles(api, id)
}

/// Only blocks of foreign chains have any.
fn uncles(api: &Api, id: BlockId) -> Result<Option<Quantity<usize>>> {
    Ok(api.node().block(id)?.map(|block| Quantity(block.block.extra.ommers.len())))
}

fn uncle_by_number(api: &Api, mut args: Args) -> Result<Option<RpcBlock>> {
    let id = args.block_number("block")?.into();
    uncle(api, id, args)
}

fn uncle_by_hash(api: &Api, mut args: Args) -> Result<Option<RpcBlock>> {
    let id = args.hash("block hash")?.into();
    uncle(api, id, args)
}

fn uncle(api: &Api, id: BlockId, mut args: Args) -> Result<Option<RpcBlock>> {
    let index = args.quantity("index")?;
    args.end()?;
    Ok(api.node().block(id)?.and_then(|block| ommer(&block.block, index)))
}
