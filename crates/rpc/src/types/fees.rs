//! Fee history on the wire.

use super::Quantity;
use limpid_chain::node::FeeHistory;
use serde::Serialize;

/// Answer of `eth_feeHistory`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RpcFeeHistory {
    oldest_block: Quantity<u64>,
    base_fee_per_gas: Vec<Quantity<u64>>,
    gas_used_ratio: Vec<f64>,
    base_fee_per_blob_gas: Vec<Quantity<u128>>,
    blob_gas_used_ratio: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<Vec<Vec<Quantity<u128>>>>,
}

impl RpcFeeHistory {
    /// The history, with rewards if percentiles were asked for.
    pub fn new(history: &FeeHistory, rewards: bool) -> Self {
        // Floats only for show: a ratio that clients draw.
        let ratio = |(used, limit): &(u64, u64)| if *limit == 0 { 0.0 } else { *used as f64 / *limit as f64 };
        let tips = |block: &Vec<u128>| block.iter().copied().map(Quantity).collect();
        Self {
            oldest_block: Quantity(history.oldest),
            base_fee_per_gas: history.base_fees.iter().copied().map(Quantity).collect(),
            gas_used_ratio: history.gas.iter().map(ratio).collect(),
            base_fee_per_blob_gas: history.blob_base_fees.iter().copied().map(Quantity).collect(),
            blob_gas_used_ratio: history.blob_gas.iter().map(ratio).collect(),
            reward: rewards.then(|| history.tips.iter().map(tips).collect()),
        }
    }
}
