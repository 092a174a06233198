//! Transactions: Ethereum's types 0 to 4 and the chain's own system transaction.

mod env;
mod gas;
mod recovered;
mod system;

pub use self::{
    env::env,
    gas::{IntrinsicGas, intrinsic_gas},
    recovered::{RecoverError, Recovered},
    system::{Phase, SYSTEM_SENDER, SYSTEM_TX_TYPE, SystemTx},
};

pub use alloy_eips::eip7825::MAX_TX_GAS_LIMIT_OSAKA as MAX_GAS;

pub(crate) use self::gas::LEAST_GAS;

use alloy_consensus::{EthereumTxEnvelope, EthereumTypedTransaction, Transaction as _, TxEip4844, Typed2718};
use alloy_eips::{
    Decodable2718, Encodable2718,
    eip2718::{Eip2718Error, Eip2718Result},
    eip2930::AccessList,
    eip7702::SignedAuthorization,
};
use alloy_primitives::{B256, Bytes, TxKind, U256};
use alloy_rlp::{BufMut, Decodable, Encodable};

/// A signed Ethereum transaction: types 0, 1, 2, 3 (without its blobs) and 4.
pub type EthereumTx = EthereumTxEnvelope<TxEip4844>;

/// An Ethereum transaction that nobody signed yet.
pub type UnsignedTx = EthereumTypedTransaction<TxEip4844>;

/// A transaction as it stands in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "system transactions are at most two in a block")]
pub enum Transaction {
    /// Signed by a user.
    Ethereum(EthereumTx),
    /// What a block's hook did (DESIGN D5).
    System(SystemTx),
}

impl Transaction {
    /// The hash that names it.
    pub fn hash(&self) -> B256 {
        match self {
            Self::Ethereum(tx) => *tx.hash(),
            Self::System(tx) => tx.hash(),
        }
    }

    /// The EIP-2718 type; 0 for legacy.
    pub fn tx_type(&self) -> u8 {
        self.ty()
    }

    /// The signed transaction, unless this is the chain's own.
    pub const fn as_ethereum(&self) -> Option<&EthereumTx> {
        match self {
            Self::Ethereum(tx) => Some(tx),
            Self::System(_) => None,
        }
    }

    /// The system transaction, if this is one.
    pub const fn as_system(&self) -> Option<&SystemTx> {
        match self {
            Self::Ethereum(_) => None,
            Self::System(tx) => Some(tx),
        }
    }

    /// The sender's nonce; 0 for system transactions, which have none.
    pub fn nonce(&self) -> u64 {
        self.as_ethereum().map_or(0, |tx| tx.nonce())
    }

    /// The gas limit; 0 for system transactions, whose gas only the receipt knows.
    pub fn gas_limit(&self) -> u64 {
        self.as_ethereum().map_or(0, |tx| tx.gas_limit())
    }

    /// Most the sender pays per gas, in wei; for legacy transactions the gas price.
    pub fn max_fee_per_gas(&self) -> u128 {
        self.as_ethereum().map_or(0, |tx| tx.max_fee_per_gas())
    }

    /// Most the sender pays per gas above the base fee, in wei; for legacy transactions the gas price.
    pub fn max_tip_per_gas(&self) -> u128 {
        self.as_ethereum().map_or(0, |tx| tx.priority_fee_or_price())
    }

    /// What the sender pays per gas under `base_fee`, in wei.
    pub fn effective_gas_price(&self, base_fee: u64) -> u128 {
        self.as_ethereum().map_or(0, |tx| tx.effective_gas_price(Some(base_fee)))
    }

    /// What the sender pays per gas above `base_fee`, in wei; `None` if it does not even pay that.
    pub fn effective_tip(&self, base_fee: u64) -> Option<u128> {
        match self {
            Self::Ethereum(tx) => tx.effective_tip_per_gas(base_fee),
            Self::System(_) => Some(0),
        }
    }

    /// The callee, or a creation. System transactions go from their sender to itself.
    pub fn kind(&self) -> TxKind {
        self.as_ethereum().map_or(TxKind::Call(SYSTEM_SENDER), |tx| tx.kind())
    }

    /// Wei sent along.
    pub fn value(&self) -> U256 {
        self.as_ethereum().map_or(U256::ZERO, |tx| tx.value())
    }

    /// Calldata or init code.
    pub fn input(&self) -> Bytes {
        self.as_ethereum().map_or_else(Bytes::new, |tx| tx.input().clone())
    }

    /// The chain id of EIP-155; `None` for legacy transactions without one.
    pub fn chain_id(&self) -> Option<u64> {
        self.as_ethereum().and_then(|tx| tx.chain_id())
    }

    /// The access list of types 1 and up.
    pub fn access_list(&self) -> Option<&AccessList> {
        self.as_ethereum().and_then(|tx| tx.access_list())
    }

    /// The blob gas of type 3.
    pub fn blob_gas(&self) -> u64 {
        self.as_ethereum().and_then(|tx| tx.blob_gas_used()).unwrap_or_default()
    }

    /// The authorizations of type 4.
    pub fn authorizations(&self) -> &[SignedAuthorization] {
        self.as_ethereum().and_then(|tx| tx.authorization_list()).unwrap_or_default()
    }
}

impl Typed2718 for Transaction {
    fn ty(&self) -> u8 {
        match self {
            Self::Ethereum(tx) => tx.ty(),
            Self::System(_) => SYSTEM_TX_TYPE,
        }
    }
}

impl Encodable2718 for Transaction {
    fn encode_2718_len(&self) -> usize {
        match self {
            Self::Ethereum(tx) => tx.encode_2718_len(),
            Self::System(tx) => tx.length().saturating_add(1),
        }
    }

    fn encode_2718(&self, out: &mut dyn BufMut) {
        match self {
            Self::Ethereum(tx) => tx.encode_2718(out),
            Self::System(tx) => {
                out.put_u8(SYSTEM_TX_TYPE);
                tx.encode(out);
            }
        }
    }
}

impl Decodable2718 for Transaction {
    fn typed_decode(ty: u8, buf: &mut &[u8]) -> Eip2718Result<Self> {
        match ty {
            SYSTEM_TX_TYPE => Ok(Self::System(SystemTx::decode(buf)?)),
            // Legacy transactions are never typed: `0x00 || rlp` would be a second encoding of the same one.
            0 => Err(Eip2718Error::UnexpectedType(0)),
            ty => EthereumTx::typed_decode(ty, buf).map(Self::Ethereum),
        }
    }

    fn fallback_decode(buf: &mut &[u8]) -> Eip2718Result<Self> {
        EthereumTx::fallback_decode(buf).map(Self::Ethereum)
    }
}

/// As an item of a block body: typed transactions as a byte string, legacy ones as a list.
impl Encodable for Transaction {
    fn encode(&self, out: &mut dyn BufMut) {
        self.network_encode(out);
    }

    fn length(&self) -> usize {
        self.network_len()
    }
}

impl Decodable for Transaction {
    fn decode(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        // `network_decode` takes a typed transaction without its wrapper too; a body has one encoding only.
        if buf.first().is_some_and(|first| *first < 0x80) {
            return Err(alloy_rlp::Error::UnexpectedString);
        }
        Self::network_decode(buf).map_err(Into::into)
    }
}

impl From<EthereumTx> for Transaction {
    fn from(tx: EthereumTx) -> Self {
        Self::Ethereum(tx)
    }
}

impl From<SystemTx> for Transaction {
    fn from(tx: SystemTx) -> Self {
        Self::System(tx)
    }
}
