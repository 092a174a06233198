//! The transaction that shows what a block's hook did.

use alloy_primitives::{Address, B256, address, keccak256};
use alloy_rlp::{BufMut, Decodable, Encodable, Header};

/// The EIP-2718 type byte of system transactions.
pub const SYSTEM_TX_TYPE: u8 = 0x7d;

/// Who sends system transactions. Nobody has its key.
pub const SYSTEM_SENDER: Address = address!("0xfffffffffffffffffffffffffffffffffffffffe");

/// Which hook of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before the first transaction.
    Begin,
    /// After the last transaction.
    End,
}

impl Phase {
    const fn byte(self) -> u8 {
        match self {
            Self::Begin => 0,
            Self::End => 1,
        }
    }
}

/// The work of one hook in one block. Height and phase make every hash its own; there is no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SystemTx {
    /// The block's height.
    pub height: u64,
    /// The hook.
    pub phase: Phase,
}

impl SystemTx {
    /// keccak(0x7d || rlp([height, phase])).
    pub fn hash(&self) -> B256 {
        let mut encoded = vec![SYSTEM_TX_TYPE];
        self.encode(&mut encoded);
        keccak256(encoded)
    }

    fn header(&self) -> Header {
        let payload_length = self.height.length().saturating_add(self.phase.byte().length());
        Header { list: true, payload_length }
    }
}

impl Encodable for SystemTx {
    fn encode(&self, out: &mut dyn BufMut) {
        self.header().encode(out);
        self.height.encode(out);
        self.phase.byte().encode(out);
    }

    fn length(&self) -> usize {
        self.header().length_with_payload()
    }
}

impl Decodable for SystemTx {
    fn decode(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let mut fields = Header::decode_bytes(buf, true)?;
        let height = u64::decode(&mut fields)?;
        let phase = match u8::decode(&mut fields)? {
            0 => Phase::Begin,
            1 => Phase::End,
            _ => return Err(alloy_rlp::Error::Custom("a system transaction's phase is 0 or 1")),
        };
        if !fields.is_empty() {
            return Err(alloy_rlp::Error::UnexpectedLength);
        }
        Ok(Self { height, phase })
    }
}
