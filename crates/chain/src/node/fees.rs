//! What blocks cost, for wallets that choose fees.

use super::{FeeHistory, Node};
use crate::{block::BlockWithReceipts, error::ChainError};

/// Blocks of one answer at most, as other clients have it.
const MAX_BLOCKS: u64 = 1_024;
/// Blocks that a suggested tip looks at.
const SUGGESTION_BLOCKS: u64 = 20;

impl Node {
    /// The next block's base fee in wei per gas.
    pub fn next_base_fee(&self) -> u64 {
        self.ledger().next_base_fee(&self.head().block.header)
    }

    /// The next block's price of blob gas in wei; 1, the floor, where there are no blobs.
    pub fn next_blob_base_fee(&self) -> u128 {
        let head = self.head();
        self.ledger().next_blob_base_fee(&head.block.header)
    }

    /// A tip in wei per gas that blocks take: what the middle transaction of recent blocks paid, 0 if there were none.
    pub fn suggested_tip(&self) -> Result<u128, ChainError> {
        let head = self.block_number();
        let mut tips = Vec::new();
        for height in head.saturating_sub(SUGGESTION_BLOCKS.saturating_sub(1))..=head {
            if let Some(block) = self.block_at(height)? {
                tips.extend(tips_of(&block).into_iter().map(|(tip, _)| tip));
            }
        }
        tips.sort_unstable();
        Ok(tips.get(tips.len() / 2).copied().unwrap_or_default())
    }

    /// What `count` blocks up to `newest` paid. Percentiles are in hundredths of a percent, rising.
    pub fn fee_history(&self, count: u64, newest: u64, percentiles: &[u32]) -> Result<FeeHistory, ChainError> {
        let newest = newest.min(self.block_number());
        let count = count.min(MAX_BLOCKS).min(newest.saturating_add(1));
        let mut history =
            FeeHistory { oldest: newest.saturating_add(1).saturating_sub(count), ..FeeHistory::default() };
        let mut next = None;
        for height in history.oldest..=newest {
            let Some(block) = self.block_at(height)? else { break };
            let header = &block.block.header;
            history.base_fees.push(header.base_fee_per_gas.unwrap_or_default());
            history.gas.push((header.gas_used, header.gas_limit));
            history.blob_base_fees.push(self.ledger().blob_base_fee(header).unwrap_or(header_floor(header)));
            let most = self.ledger().most_blob_gas(header.timestamp);
            history.blob_gas.push((header.blob_gas_used.unwrap_or_default(), most));
            if !percentiles.is_empty() {
                history.tips.push(tips_at(&block, percentiles));
            }
            next = Some((self.ledger().next_base_fee(header), self.ledger().next_blob_base_fee(header)));
        }
        history.base_fees.extend(next.map(|(base_fee, _)| base_fee));
        history.blob_base_fees.extend(next.map(|(_, blob_base_fee)| blob_base_fee));
        Ok(history)
    }
}

/// The price of blob gas on a chain without blobs, and before there were any.
fn header_floor(header: &alloy_consensus::Header) -> u128 {
    header.excess_blob_gas.map_or(0, |_| 1)
}

/// Tip and gas of every user transaction, lowest tip first.
fn tips_of(block: &BlockWithReceipts) -> Vec<(u128, u64)> {
    let base_fee = block.block.header.base_fee_per_gas.unwrap_or_default();
    let txs = block.block.transactions.iter().zip(&block.receipts).filter(|(tx, _)| tx.as_system().is_none());
    let mut tips: Vec<_> =
        txs.map(|(tx, receipt)| (tx.effective_tip(base_fee).unwrap_or_default(), receipt.gas_used)).collect();
    tips.sort_unstable();
    tips
}

/// The tip at each percentile of the gas that user transactions used.
fn tips_at(block: &BlockWithReceipts, percentiles: &[u32]) -> Vec<u128> {
    let tips = tips_of(block);
    let total = tips.iter().fold(0u128, |sum, (_, gas)| sum.saturating_add(u128::from(*gas)));
    let at = |percentile: &u32| {
        let threshold = total.saturating_mul(u128::from(*percentile)) / 10_000;
        let mut sum = 0u128;
        for (tip, gas) in &tips {
            sum = sum.saturating_add(u128::from(*gas));
            if sum >= threshold {
                return *tip;
            }
        }
        0
    };
    percentiles.iter().map(at).collect()
}
