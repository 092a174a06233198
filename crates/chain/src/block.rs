//! Blocks, their headers and the roots in them.

use crate::{
    receipt::Receipt,
    tx::{Recovered, Transaction},
};
use alloy_consensus::{
    EMPTY_ROOT_HASH, Header,
    proofs::{calculate_ommers_root, calculate_withdrawals_root},
};
use alloy_eips::{eip2718::Encodable2718, eip4895::Withdrawal, eip7685::EMPTY_REQUESTS_HASH};
use alloy_primitives::{Address, B256, Bloom, keccak256};
use alloy_rlp::{BufMut, Decodable, Encodable};
use alloy_trie::root::ordered_trie_root_with_encoder;
use std::sync::Arc;

/// Longest encoding of a block, in bytes (EIP-7934: 10 MiB less 2 MiB).
pub const MAX_BLOCK_BYTES: usize = 8 << 20;

/// What a block of a foreign chain carries beside transactions. Blocks of our own chains have no ommers and an empty
/// list of withdrawals, which is the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// Headers of blocks that lost (before the merge).
    pub ommers: Vec<Header>,
    /// What the beacon chain pays out; `None` before Shanghai.
    pub withdrawals: Option<Vec<Withdrawal>>,
}

impl Default for Extra {
    fn default() -> Self {
        Self { ommers: Vec::new(), withdrawals: Some(Vec::new()) }
    }
}

impl Extra {
    /// What the header says about it.
    pub fn ommers_hash(&self) -> B256 {
        calculate_ommers_root(&self.ommers)
    }

    /// What the header says about it.
    pub fn withdrawals_root(&self) -> Option<B256> {
        self.withdrawals.as_ref().map(|list| calculate_withdrawals_root(list))
    }

    pub(crate) fn length(&self) -> usize {
        self.ommers.length().saturating_add(self.withdrawals.as_ref().map_or(0, Encodable::length))
    }
}

/// A block as it travels: header and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// The transactions in order.
    pub transactions: Vec<Transaction>,
    /// What foreign chains have besides.
    pub extra: Extra,
}

/// A block with its hash, and its transactions with hashes and senders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBlock {
    /// keccak of the header.
    pub hash: B256,
    /// The header.
    pub header: Header,
    /// The transactions in order.
    pub transactions: Vec<Arc<Recovered>>,
    /// What foreign chains have besides.
    pub extra: Extra,
}

/// A block with its receipts, in the block's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockWithReceipts {
    /// The block.
    pub block: SealedBlock,
    /// One for each transaction; none at all if the block was imported without executing it.
    pub receipts: Vec<Receipt>,
}

impl BlockWithReceipts {
    /// Whether what its transactions did is known.
    pub const fn is_executed(&self) -> bool {
        self.receipts.len() == self.block.transactions.len()
    }
}

impl SealedBlock {
    /// The height.
    pub const fn number(&self) -> u64 {
        self.header.number
    }

    /// The block as it travels.
    pub fn unseal(&self) -> Block {
        let transactions = self.transactions.iter().map(|tx| tx.tx().clone()).collect();
        Block { header: self.header.clone(), transactions, extra: self.extra.clone() }
    }
}

impl Block {
    fn payload(&self) -> usize {
        let header = self.header.length();
        header.saturating_add(self.transactions.length()).saturating_add(self.extra.length())
    }
}

/// As Ethereum encodes a block: header, transactions, ommers, and from Shanghai on withdrawals.
impl Encodable for Block {
    fn encode(&self, out: &mut dyn BufMut) {
        alloy_rlp::Header { list: true, payload_length: self.payload() }.encode(out);
        self.header.encode(out);
        self.transactions.encode(out);
        self.extra.ommers.encode(out);
        if let Some(withdrawals) = &self.extra.withdrawals {
            withdrawals.encode(out);
        }
    }

    fn length(&self) -> usize {
        alloy_rlp::Header { list: true, payload_length: self.payload() }.length_with_payload()
    }
}

impl Decodable for Block {
    fn decode(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let mut fields = alloy_rlp::Header::decode_bytes(buf, true)?;
        let header = Header::decode(&mut fields)?;
        let transactions = Vec::<Transaction>::decode(&mut fields)?;
        let ommers = Vec::<Header>::decode(&mut fields)?;
        let withdrawals = if fields.is_empty() { None } else { Some(Vec::<Withdrawal>::decode(&mut fields)?) };
        if !fields.is_empty() {
            return Err(alloy_rlp::Error::UnexpectedLength);
        }
        Ok(Self { header, transactions, extra: Extra { ommers, withdrawals } })
    }
}

/// Root of the trie of transactions by position.
pub fn transactions_root<T: std::borrow::Borrow<Transaction>>(transactions: &[T]) -> B256 {
    ordered_trie_root_with_encoder(transactions, |tx, out| tx.borrow().encode_2718(out))
}

/// Root of the trie of receipts by position.
pub fn receipts_root(receipts: &[Receipt]) -> B256 {
    ordered_trie_root_with_encoder(receipts, |receipt, out| receipt.encode_consensus(out))
}

/// The blooms of all receipts together.
pub fn logs_bloom(receipts: &[Receipt]) -> Bloom {
    receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.bloom)
}

/// What a block's header says before anything is executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderStart {
    /// Hash of the parent.
    pub parent_hash: B256,
    /// Height.
    pub number: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Most gas the block may use.
    pub gas_limit: u64,
    /// Wei per gas.
    pub base_fee: u64,
    /// Who receives base fee and tips.
    pub beneficiary: Address,
}

impl HeaderStart {
    /// A header in Osaka's shape, of a chain without withdrawals, blobs, beacon chain and requests.
    pub fn into_header(self) -> Header {
        Header {
            mix_hash: prevrandao(self.parent_hash),
            parent_hash: self.parent_hash,
            number: self.number,
            timestamp: self.timestamp,
            gas_limit: self.gas_limit,
            base_fee_per_gas: Some(self.base_fee),
            beneficiary: self.beneficiary,
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Header::default()
        }
    }
}

/// The "random" number contracts see: keccak of the parent's hash. Whoever builds the parent can choose it.
pub fn prevrandao(parent_hash: B256) -> B256 {
    keccak256(parent_hash)
}

/// The first header field in which two headers differ, with both values.
pub fn first_difference(found: &Header, expected: &Header) -> Option<(&'static str, String, String)> {
    macro_rules! compare {
        ($($field:ident),* $(,)?) => {
            $(if found.$field != expected.$field {
                let name = stringify!($field);
                return Some((name, format!("{:?}", found.$field), format!("{:?}", expected.$field)));
            })*
        };
    }
    compare!(
        parent_hash,
        number,
        timestamp,
        gas_limit,
        base_fee_per_gas,
        beneficiary,
        mix_hash,
        extra_data,
        difficulty,
        nonce,
        ommers_hash,
        withdrawals_root,
        blob_gas_used,
        excess_blob_gas,
        parent_beacon_block_root,
        requests_hash,
        block_access_list_hash,
        slot_number,
        gas_used,
        transactions_root,
        receipts_root,
        logs_bloom,
        state_root,
    );
    None
}
