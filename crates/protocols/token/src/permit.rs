//! Approval by signature: EIP-712 and ERC-2612.

use crate::{ledger::Sum, state::Ledger};
use alloy_primitives::{Address, B256, U256, b256};
use limpid_native::{Ctx, Result};

/// keccak of `EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)`.
const DOMAIN_TYPEHASH: B256 = b256!("0x8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");

/// keccak of `Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)`.
pub const PERMIT_TYPEHASH: B256 = b256!("0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9");

/// keccak of the domain's version, `1`.
const VERSION_HASH: B256 = b256!("0xc89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");

/// A signed approval.
#[derive(Clone, Copy, Debug)]
pub struct Permit {
    /// Who signed.
    pub owner: Address,
    /// Who may take.
    pub spender: Address,
    /// How much.
    pub value: U256,
    /// The signature's last second.
    pub deadline: U256,
    /// The signature, as ECRECOVER takes it.
    pub signature: (u8, B256, B256),
}

/// Why a permit was refused; each token interface has its own words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermitRefusal {
    /// The deadline is past.
    Expired,
    /// The owner did not sign this; somebody else may have.
    NotSigned {
        /// Who the signature recovers to; zero for nobody.
        signer: Address,
    },
}

/// The EIP-712 domain of a token on this chain.
pub fn domain_separator(cx: Ctx<'_>, name: &str) -> Result<B256> {
    let name = cx.keccak256(name.as_bytes())?;
    let chain_id = B256::from(U256::from(cx.env(|env| env.chain_id)));
    hash_words(cx, &[DOMAIN_TYPEHASH, name, VERSION_HASH, chain_id, cx.this().into_word()])
}

fn hash_words(cx: Ctx<'_>, words: &[B256]) -> Result<B256> {
    cx.keccak256(words.iter().flat_map(|word| word.0).collect::<Vec<_>>().as_slice())
}

impl Ledger<'_> {
    /// Gives the allowance that the owner signed, for [`crate::LONGEST_ALLOWANCE`] at most.
    pub fn permit(&mut self, name: &str, permit: &Permit) -> Result<std::result::Result<(), PermitRefusal>> {
        let Permit { owner, spender, value, deadline, signature: (v, r, s) } = *permit;
        if deadline < U256::from(self.cx.now()) {
            return Ok(Err(PermitRefusal::Expired));
        }
        let nonce = self.nonces.get(owner)?;
        let (value_word, nonce_word, deadline_word) = (value.into(), nonce.into(), deadline.into());
        let text = hash_words(
            self.cx,
            &[PERMIT_TYPEHASH, owner.into_word(), spender.into_word(), value_word, nonce_word, deadline_word],
        )?;
        let domain = domain_separator(self.cx, name)?;
        let digest = self.cx.keccak256(&[&[0x19, 0x01], domain.as_slice(), text.as_slice()].concat())?;
        let signer = self.cx.recover(digest, v, r, s)?.unwrap_or_default();
        if signer != owner || owner.is_zero() {
            return Ok(Err(PermitRefusal::NotSigned { signer }));
        }
        self.nonces.set(owner, nonce.plus(U256::ONE)?)?;
        let end = self.latest_end();
        self.set_allowance(owner, spender, value, end)?;
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;

    #[test]
    fn type_hashes_are_the_standards() {
        assert_eq!(
            DOMAIN_TYPEHASH,
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
        );
        assert_eq!(
            PERMIT_TYPEHASH,
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")
        );
        assert_eq!(VERSION_HASH, keccak256("1"));
    }
}
