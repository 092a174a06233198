//! Searching logs.

use super::{Api, blocks::executed};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, LogQuery, LogRange},
    types::{RpcLog, found_log},
};
use alloy_eips::BlockNumberOrTag;
use limpid_chain::logs::FoundLog;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("eth_getLogs", get);
}

fn get(api: &Api, mut args: Args) -> Result<Vec<RpcLog>> {
    let query = LogQuery::parse(args.required("filter")?)?;
    args.end()?;
    search(api, &query)
}

/// The logs that a query finds.
pub(super) fn search(api: &Api, query: &LogQuery) -> Result<Vec<RpcLog>> {
    let found = match query.range {
        LogRange::Block(hash) => {
            let block = api.node().block(hash.into())?.ok_or_else(|| RpcError::refused("unknown block"))?;
            if query.filter.may_match(&block.block.header.logs_bloom) {
                executed(&block)?;
            }
            query.filter.select(&block)
        }
        LogRange::Blocks { from, to } => {
            let head = api.node().block_number();
            api.node().logs(&query.filter, height(from, head), height(to, head))?
        }
    };
    Ok(shown(&found))
}

/// Logs on the wire.
pub(super) fn shown(found: &[FoundLog]) -> Vec<RpcLog> {
    found.iter().map(found_log).collect()
}

/// The height of an end of a range; the head's if it is absent.
pub(super) fn height(at: Option<BlockNumberOrTag>, head: u64) -> u64 {
    match at {
        Some(BlockNumberOrTag::Number(height)) => height,
        Some(BlockNumberOrTag::Earliest) => 0,
        _ => head,
    }
}
