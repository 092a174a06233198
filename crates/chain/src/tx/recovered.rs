//! A transaction with its sender, recovered once.

use super::{EthereumTx, SYSTEM_SENDER, Transaction};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes};

/// Why no sender could be recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid sender: the signature is malformed, malleable (s above half the curve's order) or made by no key")]
pub struct RecoverError;

/// A transaction with its hash and sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    tx: Transaction,
    hash: B256,
    sender: Address,
}

impl Recovered {
    /// Recovers the sender from the signature; the sender of a system transaction is [`SYSTEM_SENDER`].
    pub fn recover(tx: Transaction) -> Result<Self, RecoverError> {
        let sender = match &tx {
            Transaction::System(_) => SYSTEM_SENDER,
            Transaction::Ethereum(tx) => {
                let signature = tx.signature();
                let (r, s) = (signature.r().into(), signature.s().into());
                limpid_evm::recover_signer(tx.signature_hash(), signature.v(), r, s).ok_or(RecoverError)?
            }
        };
        Ok(Self::trusted(tx, sender))
    }

    /// As [`Recovered::recover`], for blocks from before Homestead, in which malleable signatures stand too (EIP-2).
    pub(crate) fn recover_frontier(tx: Transaction) -> Result<Self, RecoverError> {
        let Transaction::Ethereum(signed) = &tx else { return Err(RecoverError) };
        let signature = signed.signature();
        // The other signature of the same key, which is the one with a low s.
        let twin = signature.normalized_s();
        let (r, s) = (twin.r().into(), twin.s().into());
        let sender = limpid_evm::recover_signer(signed.signature_hash(), twin.v(), r, s).ok_or(RecoverError)?;
        Ok(Self::trusted(tx, sender))
    }

    /// A transaction that nobody signed, as `sender` would send it. For show alone: the pool and blocks recover senders.
    pub fn unsigned(tx: EthereumTx, sender: Address) -> Self {
        Self::trusted(tx.into(), sender)
    }

    /// With a sender that was recovered before, such as one read from the store.
    pub(crate) fn trusted(tx: Transaction, sender: Address) -> Self {
        let hash = tx.hash();
        Self { tx, hash, sender }
    }

    /// The transaction.
    pub const fn tx(&self) -> &Transaction {
        &self.tx
    }

    /// Its hash.
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// Who signed it.
    pub const fn sender(&self) -> Address {
        self.sender
    }

    /// Its EIP-2718 encoding.
    pub fn encoded(&self) -> Bytes {
        self.tx.encoded_2718().into()
    }

    /// The contract it creates, if it is a creation and succeeds.
    pub fn creates(&self) -> Option<Address> {
        self.tx.kind().is_create().then(|| self.sender.create(self.tx.nonce()))
    }
}

impl std::ops::Deref for Recovered {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.tx
    }
}
