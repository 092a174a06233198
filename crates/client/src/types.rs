//! Ethereum answers, as much of them as we read. Unknown fields and transaction types are no error:
//! this chain has a type of its own, and other nodes add fields.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};

/// `eth_getTransactionReceipt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The transaction.
    pub transaction_hash: B256,
    /// The block it is in.
    #[serde(with = "alloy_serde::quantity")]
    pub block_number: u64,
    /// Its sender.
    pub from: Address,
    /// Whom it called; `None` for a creation.
    pub to: Option<Address>,
    /// The contract it created.
    #[serde(default)]
    pub contract_address: Option<Address>,
    /// 1 for success.
    #[serde(with = "alloy_serde::quantity")]
    pub status: u64,
    /// Gas it used.
    #[serde(with = "alloy_serde::quantity")]
    pub gas_used: u64,
    /// Wei per gas it paid.
    #[serde(with = "alloy_serde::quantity")]
    pub effective_gas_price: u128,
    /// Events.
    pub logs: Vec<Log>,
}

impl Receipt {
    /// False: it reverted or ran out of gas.
    pub fn succeeded(&self) -> bool {
        self.status == 1
    }

    /// What the sender paid for gas, in wei.
    pub fn fee(&self) -> U256 {
        U256::from(self.effective_gas_price) * U256::from(self.gas_used)
    }

    /// Every event of one kind, in order, with the contract that emitted it.
    pub fn events<E: alloy_sol_types::SolEvent>(&self) -> impl Iterator<Item = (Address, E)> {
        self.logs.iter().filter_map(|log| Some((log.address, log.decode::<E>()?)))
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// Who emitted it.
    pub address: Address,
    /// Indexed values; the first is the event's signature.
    pub topics: Vec<B256>,
    /// The rest, ABI-encoded.
    pub data: Bytes,
    /// Height.
    #[serde(default, with = "alloy_serde::quantity::opt")]
    pub block_number: Option<u64>,
    /// The transaction.
    #[serde(default)]
    pub transaction_hash: Option<B256>,
    /// Place in the block.
    #[serde(default, with = "alloy_serde::quantity::opt")]
    pub log_index: Option<u64>,
}

impl Log {
    /// The event, if the log is one of this kind.
    pub fn decode<E: alloy_sol_types::SolEvent>(&self) -> Option<E> {
        E::decode_raw_log(&self.topics, &self.data).ok()
    }
}

/// Filter of `eth_getLogs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogQuery {
    /// First block.
    #[serde(with = "alloy_serde::quantity")]
    pub from_block: u64,
    /// Last block.
    #[serde(with = "alloy_serde::quantity")]
    pub to_block: u64,
    /// Emitters; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<Address>,
    /// For each topic the values that fit; an empty list fits all.
    pub topics: Vec<Vec<B256>>,
}

/// `eth_getBlockByNumber` without transaction bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Height.
    #[serde(with = "alloy_serde::quantity")]
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Hash of the block before.
    pub parent_hash: B256,
    /// State after the block.
    pub state_root: B256,
    /// Unix seconds.
    #[serde(with = "alloy_serde::quantity")]
    pub timestamp: u64,
    /// Gas used by its transactions.
    #[serde(with = "alloy_serde::quantity")]
    pub gas_used: u64,
    /// Most gas its transactions may use.
    #[serde(with = "alloy_serde::quantity")]
    pub gas_limit: u64,
    /// Wei per gas.
    #[serde(default, with = "alloy_serde::quantity::opt")]
    pub base_fee_per_gas: Option<u128>,
    /// Who gets the fees.
    pub miner: Address,
    /// Transaction hashes in order.
    pub transactions: Vec<B256>,
}

/// `eth_getTransactionByHash`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionInfo {
    /// Hash.
    pub hash: B256,
    /// Height; `None` while it waits.
    #[serde(default, with = "alloy_serde::quantity::opt")]
    pub block_number: Option<u64>,
    /// Sender.
    pub from: Address,
    /// Whom it calls; `None` for a creation.
    pub to: Option<Address>,
    /// Coin sent with it, in wei.
    pub value: U256,
    /// Sender's nonce.
    #[serde(with = "alloy_serde::quantity")]
    pub nonce: u64,
    /// Gas limit.
    #[serde(with = "alloy_serde::quantity")]
    pub gas: u64,
    /// Calldata.
    pub input: Bytes,
    /// EIP-2718 type.
    #[serde(rename = "type", default, with = "alloy_serde::quantity")]
    pub kind: u8,
}

/// `eth_feeHistory`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeeHistory {
    /// One more than asked for: the last is the next block's.
    pub(crate) base_fee_per_gas: Vec<U256>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_receipt_of_an_unknown_type_is_read() {
        let hash = format!("0x{}", "ab".repeat(32));
        let receipt: Receipt = serde_json::from_value(json!({
            "type": "0x7d", "transactionHash": hash, "blockNumber": "0x10", "from": Address::ZERO, "to": null,
            "contractAddress": null, "status": "0x1", "gasUsed": "0x5208", "effectiveGasPrice": "0x3b9aca00",
            "cumulativeGasUsed": "0x5208", "logs": [], "somethingNew": {},
        }))
        .unwrap();
        assert!(receipt.succeeded());
        assert_eq!(receipt.fee(), U256::from(21_000_000_000_000u64));
    }

    #[test]
    fn a_log_query_is_what_nodes_expect() {
        let query = LogQuery { from_block: 1, to_block: 16, address: vec![], topics: vec![vec![B256::ZERO]] };
        let expected = json!({ "fromBlock": "0x1", "toBlock": "0x10", "topics": [[B256::ZERO]] });
        assert_eq!(serde_json::to_value(query).unwrap(), expected);
    }
}
