//! Logs on the wire.

use super::Quantity;
use alloy_primitives::{Address, B256, Bytes, Log};
use limpid_chain::{Receipt, logs::FoundLog, node::Place};
use serde::Serialize;

/// A log with its place.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RpcLog {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
    block_hash: B256,
    block_number: Quantity<u64>,
    block_timestamp: Quantity<u64>,
    transaction_hash: B256,
    transaction_index: Quantity<u64>,
    log_index: Quantity<u64>,
    removed: bool,
}

fn log(log: &Log, place: &Place, tx: B256, log_index: u64) -> RpcLog {
    RpcLog {
        address: log.address,
        topics: log.topics().to_vec(),
        data: log.data.data.clone(),
        block_hash: place.block_hash,
        block_number: Quantity(place.at.height),
        block_timestamp: Quantity(place.timestamp),
        transaction_hash: tx,
        transaction_index: Quantity(place.at.index.into()),
        log_index: Quantity(log_index),
        removed: false,
    }
}

/// The logs of a receipt.
pub fn receipt_logs(receipt: &Receipt, place: &Place, tx: B256) -> Vec<RpcLog> {
    receipt.logs.iter().zip(receipt.first_log_index..).map(|(one, index)| log(one, place, tx, index)).collect()
}

impl RpcLog {
    /// The log of a block that is no longer in the chain.
    pub const fn removed(mut self) -> Self {
        self.removed = true;
        self
    }
}

/// A log that a search found.
pub fn found_log(found: &FoundLog) -> RpcLog {
    let FoundLog { at, block_hash, timestamp, .. } = *found;
    let place = Place { at, block_hash, timestamp, base_fee: 0 };
    log(&found.log, &place, found.tx_hash, found.log_index)
}
