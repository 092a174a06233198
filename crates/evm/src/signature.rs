//! The one place where a signer is recovered, through the C library that revm already links.

use alloy_primitives::{Address, B256, U256, keccak256, uint};
use secp256k1::{
    Message, SECP256K1,
    ecdsa::{RecoverableSignature, RecoveryId},
};

/// Half of the curve's order; a larger `s` has a twin and is refused (EIP-2).
const HALF_ORDER: U256 = uint!(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0_U256);

/// Who signed `digest`, or `None` for a signature that no key made or one whose `s` is high.
pub fn recover_signer(digest: B256, odd_y: bool, r: B256, s: B256) -> Option<Address> {
    if U256::from_be_bytes(s.0) > HALF_ORDER {
        return None;
    }
    let id = RecoveryId::try_from(i32::from(odd_y)).ok()?;
    let mut compact = [0u8; 64];
    let (first, second) = compact.split_at_mut(32);
    first.copy_from_slice(r.as_slice());
    second.copy_from_slice(s.as_slice());
    let signature = RecoverableSignature::from_compact(&compact, id).ok()?;
    let key = SECP256K1.recover_ecdsa(Message::from_digest(digest.0), &signature).ok()?;
    let uncompressed = key.serialize_uncompressed();
    let hash = keccak256(uncompressed.get(1..)?);
    Some(Address::from_slice(hash.get(12..)?))
}
