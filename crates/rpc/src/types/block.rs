//! Blocks on the wire.

use super::RpcTransaction;
use alloy_primitives::{B256, U256};
use alloy_rlp::Encodable;
use limpid_chain::{Position, SealedBlock, node::Place};
use serde::Serialize;

/// A block's header with its hash and size. There is no total difficulty: nobody mines here.
pub type RpcHeader = alloy_rpc_types_eth::Header;

/// The transactions of a block, by hash or in full.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum BlockBody {
    /// Hashes.
    Hashes(Vec<B256>),
    /// Whole transactions.
    Full(Vec<RpcTransaction>),
}

/// A block of `eth_getBlockByNumber`.
#[derive(Debug, Clone, Serialize)]
pub struct RpcBlock {
    #[serde(flatten)]
    header: RpcHeader,
    transactions: BlockBody,
    uncles: [(); 0],
    withdrawals: [(); 0],
}

impl RpcBlock {
    /// A block, with its transactions in full or by hash.
    pub fn new(block: &SealedBlock, full: bool, chain_id: u64) -> Self {
        let transactions = if full {
            let txs = block.transactions.iter().zip(0..);
            BlockBody::Full(
                txs.map(|(tx, index)| RpcTransaction::new(tx, Some(place_in(block, index)), chain_id)).collect(),
            )
        } else {
            BlockBody::Hashes(block.transactions.iter().map(|tx| tx.hash()).collect())
        };
        let size = U256::from(block.unseal().length());
        Self { header: RpcHeader { size: Some(size), ..header(block) }, transactions, uncles: [], withdrawals: [] }
    }
}

/// A block's header without its size, as subscriptions push it.
pub fn header(block: &SealedBlock) -> RpcHeader {
    RpcHeader { hash: block.hash, inner: block.header.clone(), total_difficulty: None, size: None }
}

/// The place number `index` of `block`.
pub fn place_in(block: &SealedBlock, index: u32) -> Place {
    Place {
        at: Position { height: block.header.number, index },
        block_hash: block.hash,
        timestamp: block.header.timestamp,
        base_fee: block.header.base_fee_per_gas.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Address;
    use limpid_chain::Genesis;
    use serde_json::{Value, json};

    #[test]
    fn every_field_of_the_specification_and_no_total_difficulty() {
        let block = Genesis::dev(31_337).block(Address::ZERO, B256::repeat_byte(3));
        let shown = serde_json::to_value(RpcBlock::new(&block, false, 31_337)).unwrap();
        let required = [
            "hash",
            "parentHash",
            "sha3Uncles",
            "miner",
            "stateRoot",
            "transactionsRoot",
            "receiptsRoot",
            "logsBloom",
            "difficulty",
            "number",
            "gasLimit",
            "gasUsed",
            "timestamp",
            "extraData",
            "mixHash",
            "nonce",
            "baseFeePerGas",
            "withdrawalsRoot",
            "blobGasUsed",
            "excessBlobGas",
            "parentBeaconBlockRoot",
            "requestsHash",
            "size",
            "transactions",
            "uncles",
            "withdrawals",
        ];
        for field in required {
            assert!(shown.get(field).is_some_and(|value| !value.is_null()), "{field}");
        }
        assert!(shown.get("totalDifficulty").is_none());
        assert_eq!(shown["number"], json!("0x0"));
        assert_eq!(shown["uncles"], Value::Array(vec![]));
        assert_eq!(shown["hash"], json!(block.hash));
    }
}
