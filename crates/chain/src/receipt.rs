//! Receipts: what consensus commits to, and what is derived beside it.

use crate::tx::SYSTEM_TX_TYPE;
use alloy_primitives::{Address, Bloom, Log};
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
    pub(crate) fn decode_row(mut row: &[u8]) -> alloy_rlp::Result<Self> {
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
            bloom: bloom_of(&logs),
            logs,
            gas_used,
            effective_gas_price,
            created,
            first_log_index,
        })
    }
}

/// The bloom of some logs.
pub(crate) fn bloom_of(logs: &[Log]) -> Bloom {
    logs.iter().fold(Bloom::ZERO, |mut bloom, log| {
        bloom.accrue_log(log);
        bloom
    })
}
