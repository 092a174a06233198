//! Blocks.

use super::Api;
use crate::{
    error::Result,
    methods::Methods,
    params::{Args, block_id},
    types::{Quantity, RpcBlock, RpcHeader, RpcReceipt, header, place_in},
};
use alloy_eips::BlockId;
use limpid_chain::BlockWithReceipts;

pub(super) fn register(methods: &mut Methods) {
    methods.quick("eth_blockNumber", number);
    methods.blocking("eth_getBlockByNumber", by_number);
    methods.blocking("eth_getBlockByHash", by_hash);
    methods.blocking("eth_getHeaderByNumber", header_by_number);
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
    let id = args.block_number("block")?.into();
    shown(api, id, args)
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
    Ok(api.node().block(id)?.map(|block| block_receipts(&block)))
}

fn block_receipts(block: &BlockWithReceipts) -> Vec<RpcReceipt> {
    let txs = block.block.transactions.iter().zip(&block.receipts).zip(0..);
    txs.map(|((tx, receipt), index)| RpcReceipt::new(receipt, tx, &place_in(&block.block, index))).collect()
}

fn count_by_number(api: &Api, mut args: Args) -> Result<Option<Quantity<usize>>> {
    let id = args.block_number("block")?.into();
    args.end()?;
    count(api, id)
}

fn count_by_hash(api: &Api, mut args: Args) -> Result<Option<Quantity<usize>>> {
    let id = args.hash("block hash")?.into();
    args.end()?;
    count(api, id)
}

fn count(api: &Api, id: BlockId) -> Result<Option<Quantity<usize>>> {
    Ok(api.node().block(id)?.map(|block| Quantity(block.block.transactions.len())))
}

fn uncles_by_number(api: &Api, mut args: Args) -> Result<Option<Quantity<u64>>> {
    let id = args.block_number("block")?.into();
    args.end()?;
    uncles(api, id)
}

fn uncles_by_hash(api: &Api, mut args: Args) -> Result<Option<Quantity<u64>>> {
    let id = args.hash("block hash")?.into();
    args.end()?;
    uncles(api, id)
}

/// No block here has uncles.
fn uncles(api: &Api, id: BlockId) -> Result<Option<Quantity<u64>>> {
    Ok(api.node().height(id)?.map(|_| Quantity(0)))
}

fn uncle_by_number(_: &Api, mut args: Args) -> Result<()> {
    args.block_number("block")?;
    args.quantity("index")?;
    args.end()
}

fn uncle_by_hash(_: &Api, mut args: Args) -> Result<()> {
    args.hash("block hash")?;
    args.quantity("index")?;
    args.end()
}
