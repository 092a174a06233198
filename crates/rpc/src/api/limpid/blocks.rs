//! What a follower needs: the genesis, and blocks as they travel with the operator's signatures.

use super::super::Api;
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, count, quantity_u64},
};
use alloy_primitives::Bytes;
use serde::Serialize;

/// Blocks in one answer at most.
const MOST_BLOCKS: u64 = 128;
/// An answer is full after so many bytes of blocks; one block always fits.
const FULL: usize = 4 << 20;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("limpid_genesis", genesis);
    methods.blocking("limpid_rawBlocks", raw_blocks);
}

/// The genesis file of the chain.
fn genesis(api: &Api, args: Args) -> Result<serde_json::Value> {
    args.end()?;
    serde_json::to_value(api.node().genesis()).map_err(|error| RpcError::internal(&error))
}

#[derive(Serialize)]
struct RawBlock {
    /// RLP, as `debug_getRawBlock` gives it.
    block: Bytes,
    /// The operator's signature of the header: r, s, v. Null if nobody signed.
    signature: Option<Bytes>,
}

/// Blocks from a height on, as many as asked for, exist and fit.
fn raw_blocks(api: &Api, mut args: Args) -> Result<Vec<RawBlock>> {
    let from = quantity_u64(&args.required("first height")?, "first height")?;
    let most = count(&args.required("number of blocks")?, "number of blocks")?.min(MOST_BLOCKS);
    args.end()?;
    let node = api.node();
    let (mut blocks, mut size) = (Vec::new(), 0usize);
    for height in (from..=node.block_number()).take(usize::try_from(most).unwrap_or_default()) {
        let Some(found) = node.block_at(height)? else { break };
        let block = Bytes::from(alloy_rlp::encode(found.block.unseal()));
        size = size.saturating_add(block.len());
        if size > FULL && !blocks.is_empty() {
            break;
        }
        let signature = node.signature(found.block.hash)?.map(|signature| signature.as_bytes().into());
        blocks.push(RawBlock { block, signature });
    }
    Ok(blocks)
}
