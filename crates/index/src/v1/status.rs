//! Where the node and its chain stand.

use super::types::{Amount, Block, Shown};
use crate::api::{
    ask::Ask,
    error::Result,
    view::{COIN, View},
};
use limpid_abi::{IFeeLedger, ITokenFactory, IUniswapV2Factory};
use serde::Serialize;
use std::collections::BTreeMap;

/// Blocks that the mean is taken over.
const RECENT: u64 = 100;
/// Without the index the last minute is counted in at most so many blocks and transactions.
const MOST_BLOCKS: u64 = 600;
const MOST_TRANSACTIONS: u64 = 20_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    block: Block,
    chain_id: u64,
    dev: bool,
    client_version: &'static str,
    coin: Coin,
    next_base_fee: String,
    pending: usize,
    queued: usize,
    transactions: Option<u64>,
    transactions_last_minute: u64,
    seconds_per_block: Option<f64>,
    tokens: u64,
    pools: u64,
    community_coin: Amount,
    halted: Option<String>,
    operator: Option<Shown>,
    contracts: BTreeMap<&'static str, Shown>,
    features: Features,
}

#[derive(Serialize)]
struct Coin {
    symbol: &'static str,
    decimals: u8,
}

#[derive(Serialize)]
struct Features {
    index: bool,
    analytics: bool,
}

pub(super) fn status(view: &View, ask: &mut Ask) -> Result<Status> {
    ask.end()?;
    let node = view.node();
    let (pending, queued) = node.pool().status();
    let (symbol, decimals) = COIN;
    let (tokens, pools, held) = match view.natives() {
        Some(at) => (
            view.must(at.token_factory, &ITokenFactory::tokenCountCall {})?,
            view.must(at.v2_factory, &IUniswapV2Factory::allPairsLengthCall {})?,
            view.must(at.fees, &IFeeLedger::heldCoinCall {})?,
        ),
        None => Default::default(),
    };
    let count = |number: alloy_primitives::U256| u64::try_from(number).unwrap_or(u64::MAX);
    Ok(Status {
        block: Block::of(view),
        chain_id: node.chain_id(),
        dev: node.is_dev(),
        client_version: view.app().client_version(),
        coin: Coin { symbol, decimals },
        next_base_fee: node.next_base_fee().to_string(),
        pending,
        queued,
        transactions: view.maybe_index().map(|index| index.transactions(view.height())).transpose()?,
        transactions_last_minute: last_minute(view)?,
        seconds_per_block: seconds_per_block(view)?,
        tokens: count(tokens),
        pools: count(pools),
        community_coin: Amount::coin(held),
        halted: node.halted(),
        operator: node.ledger().operator().map(Shown),
        contracts: view.registry().fixed().map(|(address, entry)| (entry.name, Shown(address))).collect(),
        features: Features { index: view.maybe_index().is_some(), analytics: false },
    })
}

/// Transactions in the blocks of the minute that ends with the head.
fn last_minute(view: &View) -> Result<u64> {
    let since = view.head().block.header.timestamp.saturating_sub(60);
    if let Some(index) = view.maybe_index() {
        let before = index.block_at_time(since)?.map(|height| index.transactions(height)).transpose()?;
        return Ok(index.transactions(view.height())?.saturating_sub(before.unwrap_or_default()));
    }
    let mut count = 0;
    let lowest = view.height().saturating_sub(MOST_BLOCKS);
    for height in (lowest..=view.height()).rev() {
        let Some(block) = view.node().block_at(height)? else { break };
        if block.block.header.timestamp <= since || count > MOST_TRANSACTIONS {
            break;
        }
        count += block.block.transactions.len() as u64;
    }
    Ok(count)
}

/// The mean over the newest blocks, block 0 not counted: a chain may begin long before it runs.
fn seconds_per_block(view: &View) -> Result<Option<f64>> {
    let first = view.height().saturating_sub(RECENT).max(1);
    if first >= view.height() {
        return Ok(None);
    }
    let Some((_, header)) = view.node().header(first.into())? else { return Ok(None) };
    let seconds = view.head().block.header.timestamp.saturating_sub(header.timestamp);
    Ok(Some(seconds as f64 / (view.height() - first) as f64))
}
