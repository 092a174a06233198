//! The key of whoever runs a single node. It signs every header's hash, so that two blocks at one height are
//! evidence against it (DESIGN D7). The signature stands beside the block, never in it.

use alloy_primitives::{Address, B256, Signature, U256, keccak256};
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey};

/// Words in front of what is signed, so that a header's signature is never one of anything else.
const DOMAIN: &[u8] = b"\x19Limpid block";

/// An operator's key. Neither printed nor serialised.
#[derive(Clone)]
pub struct Operator {
    key: SecretKey,
    address: Address,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Operator {
    /// From a secret key; `None` if the bytes are no key.
    pub fn new(secret: &[u8; 32]) -> Option<Self> {
        let key = SecretKey::from_byte_array(*secret).ok()?;
        let public = PublicKey::from_secret_key(SECP256K1, &key).serialize_uncompressed();
        let address = Address::from_slice(keccak256(public.get(1..)?).get(12..)?);
        Some(Self { key, address })
    }

    /// The key of a dev chain, which everybody can derive: dev chains are no evidence.
    pub fn dev(chain_id: u64) -> Self {
        let mut secret = keccak256([b"limpid dev operator".as_slice(), &chain_id.to_be_bytes()].concat());
        loop {
            if let Some(operator) = Self::new(&secret.0) {
                return operator;
            }
            // One hash in 2^128 is no key.
            secret = keccak256(secret);
        }
    }

    /// The address of the key.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs the header with hash `header` of chain `chain_id`.
    pub fn sign(&self, chain_id: u64, header: B256) -> Signature {
        let message = Message::from_digest(header_digest(chain_id, header).0);
        let (id, compact) = SECP256K1.sign_ecdsa_recoverable(message, &self.key).serialize_compact();
        let (r, s) = compact.split_at(32);
        Signature::new(U256::from_be_slice(r), U256::from_be_slice(s), i32::from(id) & 1 == 1)
    }
}

/// What is signed: keccak(0x19 || "Limpid block" || chain id as 32 bytes || header hash).
pub fn header_digest(chain_id: u64, header: B256) -> B256 {
    let chain_id = U256::from(chain_id).to_be_bytes::<32>();
    keccak256([DOMAIN, &chain_id, header.as_slice()].concat())
}

/// Who signed a header; `None` if nobody did.
pub fn header_signer(chain_id: u64, header: B256, signature: &Signature) -> Option<Address> {
    let (r, s) = (signature.r().into(), signature.s().into());
    limpid_evm::recover_signer(header_digest(chain_id, header), signature.v(), r, s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_names_its_signer_chain_and_header() {
        let operator = Operator::new(&[7; 32]).unwrap();
        let header = keccak256("header");
        let signature = operator.sign(31_337, header);
        assert_eq!(header_signer(31_337, header, &signature), Some(operator.address()));
        assert_ne!(header_signer(1, header, &signature), Some(operator.address()));
        assert_ne!(header_signer(31_337, keccak256("other"), &signature), Some(operator.address()));
        assert!(Operator::new(&[0; 32]).is_none());
        assert_ne!(Operator::dev(1).address(), Operator::dev(2).address());
        assert!(!format!("{operator:?}").contains("0707"), "the key is never printed");
    }
}
