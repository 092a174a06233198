//! Blocks.

use super::{
    transactions::{Summary, summary},
    types::{Amount, Block, One, Page, Party, Shown},
};
use crate::api::{
    ask::{self, Ask},
    error::{ApiError, Result},
    view::View,
};
use alloy_primitives::{B256, Bytes, U256};
use limpid_chain::{BlockWithReceipts, Position, header_signer};
use serde::Serialize;
use std::sync::Arc;

/// Transactions that one page of blocks reads: pages of full blocks are short.
const MOST_TRANSACTIONS: usize = 20_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockSummary {
    block: Block,
    transactions: usize,
    gas_used: u64,
    gas_limit: u64,
    base_fee: String,
    size: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail {
    #[serde(flatten)]
    summary: BlockSummary,
    parent_hash: B256,
    state_root: B256,
    transactions_root: B256,
    receipts_root: B256,
    beneficiary: Party,
    fees: Amount,
    prevrandao: B256,
    extra_data: Bytes,
    signature: Option<Signature>,
}

#[derive(Serialize)]
struct Signature {
    signer: Option<Shown>,
    signature: Bytes,
}

fn block_summary(found: &BlockWithReceipts) -> BlockSummary {
    let header = &found.block.header;
    BlockSummary {
        block: Block::new(found.block.hash, header),
        transactions: found.block.transactions.len(),
        gas_used: header.gas_used,
        gas_limit: header.gas_limit,
        base_fee: header.base_fee_per_gas.unwrap_or_default().to_string(),
        size: alloy_rlp_length(found),
    }
}

/// Bytes of the block as it travels.
fn alloy_rlp_length(found: &BlockWithReceipts) -> usize {
    use alloy_rlp::Encodable as _;
    found.block.unseal().length()
}

pub(super) fn list(view: &View, ask: &mut Ask) -> Result<Page<BlockSummary>> {
    let (limit, before) = ask.page(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)))?;
    ask.end()?;
    let (mut items, mut read) = (Vec::new(), 0);
    let mut next = before.map_or(Some(view.height()), |before| before.checked_sub(1)).map(|at| at.min(view.height()));
    while let Some(height) = next.filter(|_| items.len() < limit && read < MOST_TRANSACTIONS) {
        let found = view.node().block_at(height)?;
        let found = found.ok_or_else(|| ApiError::unavailable("the chain has just gone back: ask again"))?;
        read += found.block.transactions.len();
        items.push(block_summary(&found));
        next = height.checked_sub(1);
    }
    let next = next.map(|next| (next + 1).to_be_bytes());
    Ok(Page::new(view, items, next))
}

/// The block that a path names.
pub(super) fn found(view: &View, id: &str) -> Result<Arc<BlockWithReceipts>> {
    if id == "latest" {
        return Ok(view.head().clone());
    }
    let id = if id.starts_with("0x") {
        ask::hash(id)?.into()
    } else {
        let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let wrong = || ApiError::bad(format!("{} is no block: expected a height, a hash or `latest`", ask::quoted(id)));
        digits.then(|| id.parse::<u64>().ok()).flatten().ok_or_else(wrong)?.into()
    };
    let found = view.node().block(id)?.filter(|block| block.block.number() <= view.height());
    found.ok_or_else(|| ApiError::not_found("this chain has no such block"))
}

pub(super) fn one(view: &View, ask: &mut Ask) -> Result<One<Detail>> {
    let id = ask.part("id");
    ask.end()?;
    let found = found(view, &id)?;
    let (hash, header) = (found.block.hash, &found.block.header);
    let paid = |sum: U256, receipt: &limpid_chain::Receipt| {
        sum.saturating_add(U256::from(receipt.gas_used).saturating_mul(U256::from(receipt.effective_gas_price)))
    };
    let signature = view.node().signature(hash)?.map(|signature| Signature {
        signer: header_signer(view.node().chain_id(), hash, &signature).map(Shown),
        signature: signature.as_bytes().into(),
    });
    let detail = Detail {
        summary: block_summary(&found),
        parent_hash: header.parent_hash,
        state_root: header.state_root,
        transactions_root: header.transactions_root,
        receipts_root: header.receipts_root,
        beneficiary: Party::new(view, header.beneficiary)?,
        fees: Amount::coin(found.receipts.iter().fold(U256::ZERO, paid)),
        prevrandao: header.mix_hash,
        extra_data: header.extra_data.clone(),
        signature,
    };
    Ok(One::new(view, detail))
}

pub(super) fn transactions(view: &View, ask: &mut Ask) -> Result<Page<Summary>> {
    let id = ask.part("id");
    let (limit, from) = ask.page(|bytes| Some(u32::from_be_bytes(bytes.try_into().ok()?)))?;
    ask.end()?;
    let found = found(view, &id)?;
    let from = from.unwrap_or_default();
    let all = limpid_chain::Position { height: found.block.number(), index: from };
    let mut items = Vec::new();
    let mut at = all;
    while items.len() < limit && usize::try_from(at.index).is_ok_and(|index| index < found.block.transactions.len()) {
        items.push(summary(view, &found, at)?);
        at = Position { index: at.index.saturating_add(1), ..at };
    }
    let more = usize::try_from(at.index).is_ok_and(|index| index < found.block.transactions.len());
    Ok(Page::new(view, items, more.then(|| at.index.to_be_bytes())))
}
