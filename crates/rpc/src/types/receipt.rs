//! Receipts on the wire.

use super::{Quantity, RpcLog, receipt_logs};
use alloy_primitives::{Address, B256, Bloom};
use limpid_chain::{Receipt, Recovered, node::Place};
use serde::Serialize;

/// The EIP-2718 type of transactions with blobs.
const BLOB_TX: u8 = 3;

/// A receipt of `eth_getTransactionReceipt`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RpcReceipt {
    #[serde(rename = "type")]
    kind: Quantity<u8>,
    status: Quantity<u8>,
    transaction_hash: B256,
    transaction_index: Quantity<u64>,
    block_hash: B256,
    block_number: Quantity<u64>,
    from: Address,
    to: Option<Address>,
    contract_address: Option<Address>,
    cumulative_gas_used: Quantity<u64>,
    gas_used: Quantity<u64>,
    effective_gas_price: Quantity<u128>,
    logs: Vec<RpcLog>,
    logs_bloom: Bloom,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_gas_used: Option<Quantity<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_gas_price: Option<Quantity<u128>>,
}

impl RpcReceipt {
    /// The receipt of `tx` at `place`.
    pub fn new(receipt: &Receipt, tx: &Recovered, place: &Place) -> Self {
        Self {
            kind: Quantity(receipt.tx_type),
            status: Quantity(receipt.success.into()),
            transaction_hash: tx.hash(),
            transaction_index: Quantity(place.at.index.into()),
            block_hash: place.block_hash,
            block_number: Quantity(place.at.height),
            from: tx.sender(),
            to: tx.kind().to().copied(),
            // As geth: the address that a creation was to have, also when it failed.
            contract_address: receipt.created.or_else(|| tx.creates()),
            cumulative_gas_used: Quantity(receipt.cumulative_gas_used),
            gas_used: Quantity(receipt.gas_used),
            effective_gas_price: Quantity(receipt.effective_gas_price),
            logs: receipt_logs(receipt, place, tx.hash()),
            logs_bloom: receipt.bloom,
            blob_gas_used: (tx.tx_type() == BLOB_TX).then(|| Quantity(tx.blob_gas())),
            blob_gas_price: None,
        }
    }

    /// With the price of blob gas in its block, which transactions without blobs do not show.
    pub fn with_blob_price(mut self, price: Option<u128>) -> Self {
        self.blob_gas_price = self.blob_gas_used.and(price).map(Quantity);
        self
    }
}
