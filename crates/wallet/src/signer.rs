use crate::{Key, Result, WalletError};
use alloy_consensus::{SignableTransaction, TxEnvelope, TypedTransaction};
use alloy_eips::{
    eip2718::Encodable2718 as _,
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, eip191_hash_message, keccak256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use std::fmt;

/// An unlocked key that signs. Its key is wiped on drop; cloning copies the key.
#[derive(Clone)]
pub struct Signer(PrivateKeySigner);

/// A transaction ready for `eth_sendRawTransaction`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    /// EIP-2718 bytes.
    pub raw: Bytes,
    /// Its hash, as every node will compute it.
    pub hash: B256,
}

impl Signer {
    /// Refuses zero and values at or above the curve's order.
    pub fn new(key: &Key) -> Result<Self> {
        PrivateKeySigner::from_slice(key.bytes()).map(Self).map_err(|_| WalletError::BadKey)
    }

    /// The account this key controls.
    pub fn address(&self) -> Address {
        self.0.address()
    }

    /// Signs a transaction of type 0, 1, 2 or 4 that names its chain.
    pub fn sign_transaction(&self, transaction: TypedTransaction) -> Result<SignedTransaction> {
        let envelope: TxEnvelope = match transaction {
            TypedTransaction::Legacy(tx) => {
                if tx.chain_id.is_none() {
                    return Err(WalletError::NoChainId);
                }
                self.envelope(tx)?.into()
            }
            TypedTransaction::Eip2930(tx) => self.envelope(tx)?.into(),
            TypedTransaction::Eip1559(tx) => self.envelope(tx)?.into(),
            TypedTransaction::Eip7702(tx) => self.envelope(tx)?.into(),
            TypedTransaction::Eip4844(_) => return Err(WalletError::Blobs),
        };
        Ok(SignedTransaction { raw: envelope.encoded_2718().into(), hash: *envelope.tx_hash() })
    }

    fn envelope<T: SignableTransaction<Signature>>(&self, tx: T) -> Result<alloy_consensus::Signed<T>> {
        let signature = self.sign_digest(tx.signature_hash())?;
        Ok(tx.into_signed(signature))
    }

    /// EIP-191 `personal_sign`: the text is prefixed, so it can never be a transaction.
    pub fn sign_message(&self, message: &[u8]) -> Result<Signature> {
        self.sign_digest(eip191_hash_message(message))
    }

    /// EIP-712: the domain's separator and the struct's hash.
    pub fn sign_typed(&self, domain_separator: B256, struct_hash: B256) -> Result<Signature> {
        let mut preimage = [0u8; 66];
        let parts = [0x19, 0x01].into_iter().chain(domain_separator).chain(struct_hash);
        for (place, byte) in preimage.iter_mut().zip(parts) {
            *place = byte;
        }
        self.sign_digest(keccak256(preimage))
    }

    /// EIP-7702: gives an address's code control over this account. Ask the owner twice. Chain id 0
    /// would hold on every chain and is refused.
    pub fn sign_authorization(&self, authorization: Authorization) -> Result<SignedAuthorization> {
        if authorization.chain_id.is_zero() {
            return Err(WalletError::NoChainId);
        }
        let signature = self.sign_digest(authorization.signature_hash())?;
        Ok(authorization.into_signed(signature))
    }

    /// Private: signing a digest that somebody else made is signing blind.
    fn sign_digest(&self, digest: B256) -> Result<Signature> {
        let signature = self.0.sign_hash_sync(&digest).map_err(|_| WalletError::BadKey)?;
        Ok(signature.normalized_s())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.address())
    }
}
