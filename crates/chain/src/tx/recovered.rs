//! A transaction with its sender, recovered once.

use super::{EthereumTx, SYSTEM_SENDER, Transaction, UnsignedTx};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, U256};

/// Why no sender could be recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid sender: the signature is malformed, malleable (s above half the curve's order) or made by no key")]
pub struct RecoverError;

/// What stands before the sender in the signature of a transaction that nobody signed, see [`Recovered::impersonated`].
const IMPERSONATED: &[u8; 12] = b"impersonated";

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

    /// As [`Recovered::recover`], for blocks of a chain that is for development or not. On a development chain a
    /// transaction may name its sender instead of being signed by it: see [`Recovered::impersonated`].
    pub fn recover_on(tx: Transaction, dev: bool) -> Result<Self, RecoverError> {
        match named_sender(&tx).filter(|_| dev) {
            Some(sender) if sender == SYSTEM_SENDER => Err(RecoverError),
            Some(sender) => Ok(Self::trusted(tx, sender)),
            None => Self::recover(tx),
        }
    }

    /// A transaction of `sender` that nobody signed, for blocks of a development chain.
    ///
    /// In place of a signature it has `r` = the 12 letters "impersonated" and the sender's address, `s` = 0, even
    /// parity. That is no signature of any key, so every other chain refuses it; and it says all that the block's
    /// execution needs, so that whoever executes the block again finds the same sender, and the hash is as usual.
    pub fn impersonated(tx: UnsignedTx, sender: Address) -> Self {
        let mut r = [0; 32];
        for (place, byte) in r.iter_mut().zip(IMPERSONATED.iter().chain(sender.iter())) {
            *place = *byte;
        }
        let signature = Signature::new(U256::from_be_bytes(r), U256::ZERO, false);
        Self::trusted(Transaction::Ethereum(tx.into_envelope(signature)), sender)
    }

    /// Whether it names its sender instead of being signed.
    pub fn is_impersonated(&self) -> bool {
        named_sender(&self.tx).is_some()
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

/// The sender that a transaction names in place of a signature.
fn named_sender(tx: &Transaction) -> Option<Address> {
    let signature = tx.as_ethereum()?.signature();
    if !signature.s().is_zero() || signature.v() {
        return None;
    }
    let r = signature.r().to_be_bytes::<32>();
    r.strip_prefix(IMPERSONATED).map(Address::from_slice)
}

impl std::ops::Deref for Recovered {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.tx
    }
}
