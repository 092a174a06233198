//! Blocks, their headers and the roots in them.

use crate::{
    receipt::Receipt,
    tx::{RecoverError, Recovered, Transaction},
};
use alloy_consensus::{EMPTY_ROOT_HASH, Header};
use alloy_eips::{eip2718::Encodable2718, eip7685::EMPTY_REQUESTS_HASH};
use alloy_primitives::{Address, B256, Bloom, keccak256};
use alloy_rlp::{BufMut, Decodable, Encodable};
use alloy_trie::root::ordered_trie_root_with_encoder;
use std::sync::Arc;

/// A block as it travels: header and transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// The transactions in order.
    pub transactions: Vec<Transaction>,
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
}

/// A block with its receipts, in the block's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockWithReceipts {
    /// The block.
    pub block: SealedBlock,
    /// One for each transaction.
    pub receipts: Vec<Receipt>,
}

impl Block {
    /// Recovers every sender and hashes the header.
    pub fn seal(self) -> Result<SealedBlock, RecoverError> {
        let recover = |tx| Recovered::recover(tx).map(Arc::new);
        let transactions = self.transactions.into_iter().map(recover).collect::<Result<_, _>>()?;
        Ok(SealedBlock { hash: self.header.hash_slow(), header: self.header, transactions })
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
        Block { header: self.header.clone(), transactions }
    }
}

/// As Ethereum encodes a block: header, transactions, no ommers, no withdrawals.
impl Encodable for Block {
    fn encode(&self, out: &mut dyn BufMut) {
        let no_items: [u8; 2] = [alloy_rlp::EMPTY_LIST_CODE; 2];
        let payload = self.header.length().saturating_add(self.transactions.length()).saturating_add(no_items.len());
        alloy_rlp::Header { list: true, payload_length: payload }.encode(out);
        self.header.encode(out);
        self.transactions.encode(out);
        out.put_slice(&no_items);
    }

    fn length(&self) -> usize {
        let payload = self.header.length().saturating_add(self.transactions.length()).saturating_add(2);
        alloy_rlp::Header { list: true, payload_length: payload }.length_with_payload()
    }
}

/// Our own blocks only: a block with ommers or withdrawals is refused.
impl Decodable for Block {
    fn decode(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let mut fields = alloy_rlp::Header::decode_bytes(buf, true)?;
        let header = Header::decode(&mut fields)?;
        let transactions = Vec::<Transaction>::decode(&mut fields)?;
        if fields != [alloy_rlp::EMPTY_LIST_CODE; 2] {
            return Err(alloy_rlp::Error::Custom("blocks of this chain have neither ommers nor withdrawals"));
        }
        Ok(Self { header, transactions })
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
