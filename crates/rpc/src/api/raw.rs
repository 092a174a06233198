//! Blocks and transactions as they are encoded.

use super::Api;
use crate::{
    error::Result,
    methods::Methods,
    params::{Args, block_id},
};
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_primitives::Bytes;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("debug_getRawHeader", header);
    methods.blocking("debug_getRawBlock", block);
    methods.blocking("debug_getRawTransaction", transaction);
    methods.blocking("debug_getRawReceipts", receipts);
    methods.quick("debug_getBadBlocks", bad_blocks);
}

fn block_arg(mut args: Args) -> Result<BlockId> {
    let id = block_id(&args.required("block")?)?;
    args.end()?;
    Ok(id)
}

fn header(api: &Api, args: Args) -> Result<Bytes> {
    let block = api.block(block_arg(args)?)?;
    Ok(alloy_rlp::encode(&block.block.header).into())
}

fn block(api: &Api, args: Args) -> Result<Bytes> {
    let block = api.block(block_arg(args)?)?;
    Ok(alloy_rlp::encode(block.block.unseal()).into())
}

fn transaction(api: &Api, mut args: Args) -> Result<Bytes> {
    let hash = args.hash("transaction hash")?;
    args.end()?;
    let found = api.node().transaction(hash)?;
    Ok(found.map(|found| found.tx.encoded_2718().into()).unwrap_or_default())
}

fn receipts(api: &Api, args: Args) -> Result<Vec<Bytes>> {
    let block = api.block(block_arg(args)?)?;
    let encode = |receipt: &limpid_chain::Receipt| {
        let mut out = Vec::new();
        receipt.encode_consensus(&mut out);
        out.into()
    };
    Ok(block.receipts.iter().map(encode).collect())
}

/// A block that breaks the rules is refused and forgotten.
fn bad_blocks(_: &Api, args: Args) -> Result<[(); 0]> {
    args.end()?;
    Ok([])
}
