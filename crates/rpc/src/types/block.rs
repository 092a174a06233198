//! Blocks on the wire.

use super::RpcTransaction;
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{B256, U256};
use alloy_rlp::Encodable;
use limpid_chain::{Position, SealedBlock, node::Place};
use serde::Serialize;
use serde_json::{Map, Value};

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

/// The header of a block, made or yet to be made.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant, reason = "nearly all blocks are made")]
enum BlockHeader {
    Made(RpcHeader),
    /// Nobody can name it yet.
    Pending(Map<String, Value>),
}

/// A block of `eth_getBlockByNumber`.
#[derive(Debug, Clone, Serialize)]
pub struct RpcBlock {
    #[serde(flatten)]
    header: BlockHeader,
    transactions: BlockBody,
    uncles: Vec<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawals: Option<Vec<Withdrawal>>,
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
        let uncles = block.extra.ommers.iter().map(alloy_consensus::Header::hash_slow).collect();
        let withdrawals = block.extra.withdrawals.clone();
        let header = BlockHeader::Made(RpcHeader { size: Some(size), ..header(block) });
        Self { header, transactions, uncles, withdrawals }
    }

    /// A block that is not made yet: without hash and nonce, and its transactions without a place.
    pub fn pending(block: &SealedBlock, full: bool, chain_id: u64) -> Self {
        let mut shown = Self::new(block, full, chain_id);
        if full {
            let txs = block.transactions.iter().map(|tx| RpcTransaction::new(tx, None, chain_id));
            shown.transactions = BlockBody::Full(txs.collect());
        }
        if let BlockHeader::Made(header) = &shown.header
            && let Ok(Value::Object(mut fields)) = serde_json::to_value(header)
        {
            for unknown in ["hash", "nonce"] {
                fields.insert(unknown.to_owned(), Value::Null);
            }
            shown.header = BlockHeader::Pending(fields);
        }
        shown
    }
}

/// The ommer number `index` of a block, as a block without a body.
pub fn ommer(block: &SealedBlock, index: u64) -> Option<RpcBlock> {
    let inner = block.extra.ommers.get(usize::try_from(index).ok()?)?.clone();
    let header = RpcHeader { hash: inner.hash_slow(), inner, total_difficulty: None, size: None };
    let header = BlockHeader::Made(header);
    Some(RpcBlock { header, transactions: BlockBody::Hashes(Vec::new()), uncles: Vec::new(), withdrawals: None })
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
    use serde_json::json;

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
