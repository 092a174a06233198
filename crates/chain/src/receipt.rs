//! Receipts: what consensus commits to, and what is derived beside it.

use crate::tx::SYSTEM_TX_TYPE;
use alloy_primitives::{
    Address, B256, Bloom, BloomInput, Log, keccak256,
    map::{AddressMap, B256Map},
};
use alloy_rlp::{BufMut, Decodable, Encodable, Header};

/// The receipt of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction's type; 0 for legacy.
    pub tx_type: u8,
    /// Whether it succeeded.
    pub success: bool,
    /// Gas used in the block up to and including it.
    pub cumulative_gas_used: u64,
    /// Its logs in order.
    pub logs: Vec<Log>,
    /// Bloom of its logs.
    pub bloom: Bloom,
    /// Gas it used itself. Derived.
    pub gas_used: u64,
    /// Wei per gas it paid. Derived.
    pub effective_gas_price: u128,
    /// The contract it created. Derived.
    pub created: Option<Address>,
    /// Place of its first log among the block's. Derived.
    pub first_log_index: u64,
}

impl Receipt {
    /// The EIP-2718 encoding that the receipts root commits to: `type || rlp([status, gas, bloom, logs])`, without
    /// the type byte for legacy transactions.
    pub fn encode_consensus(&self, out: &mut dyn BufMut) {
        if self.tx_type != 0 {
            out.put_u8(self.tx_type);
        }
        let payload =
            [self.success.length(), self.cumulative_gas_used.length(), self.bloom.length(), self.logs.length()];
        Header { list: true, payload_length: payload.into_iter().fold(0, usize::saturating_add) }.encode(out);
        self.success.encode(out);
        self.cumulative_gas_used.encode(out);
        self.bloom.encode(out);
        self.logs.encode(out);
    }

    /// Decodes [`Receipt::encode_consensus`]. `gas_used` needs the receipt before it; what else is derived stays empty.
    pub fn decode_consensus(mut encoded: &[u8], gas_used_before: u64) -> alloy_rlp::Result<Self> {
        let tx_type = match encoded.split_first() {
            Some((&ty @ (1..=4 | SYSTEM_TX_TYPE), rest)) => {
                encoded = rest;
                ty
            }
            Some((&(0xc0..), _)) => 0,
            _ => return Err(alloy_rlp::Error::Custom("unknown type of receipt")),
        };
        let mut fields = Header::decode_bytes(&mut encoded, true)?;
        let success = bool::decode(&mut fields)?;
        let cumulative_gas_used = u64::decode(&mut fields)?;
        let bloom = Bloom::decode(&mut fields)?;
        let logs = Vec::<Log>::decode(&mut fields)?;
        if !fields.is_empty() || !encoded.is_empty() {
            return Err(alloy_rlp::Error::UnexpectedLength);
        }
        let gas_used = cumulative_gas_used
            .checked_sub(gas_used_before)
            .ok_or(alloy_rlp::Error::Custom("a receipt's cumulative gas is below the one before"))?;
        Ok(Self {
            tx_type,
            success,
            cumulative_gas_used,
            logs,
            bloom,
            gas_used,
            effective_gas_price: 0,
            created: None,
            first_log_index: 0,
        })
    }

    /// The row in the store: everything but the bloom, which follows from the logs.
    pub(crate) fn encode_row(&self) -> Vec<u8> {
        let created = self.created.map(|address| address.to_vec()).unwrap_or_default();
        let mut out = Vec::with_capacity(64);
        let fields: [&dyn Encodable; 8] = [
            &self.tx_type,
            &self.success,
            &self.cumulative_gas_used,
            &self.logs,
            &self.gas_used,
            &self.effective_gas_price,
            &created.as_slice(),
            &self.first_log_index,
        ];
        let payload_length = fields.iter().fold(0usize, |sum, field| sum.saturating_add(field.length()));
        Header { list: true, payload_length }.encode(&mut out);
        fields.iter().for_each(|field| field.encode(&mut out));
        out
    }

    /// Decodes [`Receipt::encode_row`].
    pub(crate) fn decode_row(mut row: &[u8], blooms: &mut Blooms) -> alloy_rlp::Result<Self> {
        let mut fields = Header::decode_bytes(&mut row, true)?;
        let buf = &mut fields;
        let tx_type = u8::decode(buf)?;
        let success = bool::decode(buf)?;
        let cumulative_gas_used = u64::decode(buf)?;
        let logs = Vec::<Log>::decode(buf)?;
        let gas_used = u64::decode(buf)?;
        let effective_gas_price = u128::decode(buf)?;
        let created = match Header::decode_bytes(buf, false)? {
            [] => None,
            bytes => Some(Address::try_from(bytes).map_err(|_| alloy_rlp::Error::UnexpectedLength)?),
        };
        let first_log_index = u64::decode(&mut fields)?;
        if !fields.is_empty() || !row.is_empty() {
            return Err(alloy_rlp::Error::UnexpectedLength);
        }
        Ok(Self {
            tx_type,
            success,
            cumulative_gas_used,
            bloom: blooms.of(&logs),
            logs,
            gas_used,
            effective_gas_price,
            created,
            first_log_index,
        })
    }
}

/// The first log index and the logs of an encoded row, without the rest.
pub(crate) fn decode_row_logs(mut row: &[u8]) -> alloy_rlp::Result<(u64, Vec<Log>)> {
    let mut fields = Header::decode_bytes(&mut row, true)?;
    let buf = &mut fields;
    for _ in 0..3 {
        Header::decode_bytes(buf, false)?;
    }
    let logs = Vec::<Log>::decode(buf)?;
    for _ in 0..3 {
        Header::decode_bytes(buf, false)?;
    }
    Ok((u64::decode(buf)?, logs))
}

/// Blooms of logs. Remembers the hash of every address and topic, because the logs of a block name the same contracts
/// and events over and over; meant for the receipts of one block.
#[derive(Debug, Default)]
pub(crate) struct Blooms {
    addresses: AddressMap<B256>,
    topics: B256Map<B256>,
}

impl Blooms {
    /// The bloom of some logs.
    pub(crate) fn of(&mut self, logs: &[Log]) -> Bloom {
        let mut bloom = Bloom::ZERO;
        for log in logs {
            let hash = self.addresses.entry(log.address).or_insert_with_key(|item| keccak256(item));
            bloom.accrue(BloomInput::Hash(*hash));
            for topic in log.topics() {
                let hash = self.topics.entry(*topic).or_insert_with_key(|item| keccak256(item));
                bloom.accrue(BloomInput::Hash(*hash));
            }
        }
        bloom
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bloom_is_the_same_whatever_was_seen_before() {
        let log = |address: u8, topics: &[u8]| {
            let topics = topics.iter().map(|byte| B256::repeat_byte(*byte)).collect();
            Log::new_unchecked(Address::repeat_byte(address), topics, Default::default())
        };
        let blocks = [vec![log(1, &[1, 2]), log(2, &[1])], vec![], vec![log(2, &[2, 2, 3]), log(1, &[])]];
        let mut blooms = Blooms::default();
        for logs in blocks.iter().chain(&blocks) {
            assert_eq!(blooms.of(logs), alloy_primitives::logs_bloom(logs));
        }
    }
}
