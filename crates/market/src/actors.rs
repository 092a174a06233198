//! Who plays. Their keys are derived from public names: anybody can have them.

use crate::venue::Amounts;
use alloy_primitives::{Address, keccak256};
use limpid_wallet::{Key, Secret, Signer, WalletError};

/// Index of the development account that pays for the market.
pub const FUNDER: u32 = 9;

/// What an actor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Creates the dollar token and hands it out.
    Issuer,
    /// Provides liquidity.
    Maker,
    /// Trades for reasons of its own.
    Trader,
    /// Trades the pool towards the real price.
    Arbitrageur,
}

/// One player.
#[derive(Clone, Debug)]
pub struct Actor {
    /// `maker-1`.
    pub name: String,
    /// What it does.
    pub role: Role,
    /// Its key.
    pub signer: Signer,
    /// Its next nonce.
    pub(crate) nonce: u64,
    /// What it has to play with: its wallet without its money for fees. Booked by what its transactions
    /// moved, so that no trade depends on what gas happened to cost (K-5).
    pub(crate) purse: Amounts,
}

impl Actor {
    /// The actor of that name, the same on every machine.
    pub fn new(name: impl Into<String>, role: Role) -> Result<Self, WalletError> {
        let name = name.into();
        let seed = keccak256(format!("limpid market, play money only: {name}"));
        let key = Key::from_hex(&Secret::new(alloy_primitives::hex::encode(seed)))?;
        Ok(Self { name, role, signer: Signer::new(&key)?, nonce: 0, purse: Amounts::default() })
    }

    /// Its account.
    pub fn address(&self) -> Address {
        self.signer.address()
    }
}

/// The whole cast: the issuer first, then three makers, three traders, two arbitrageurs.
pub fn cast() -> Result<Vec<Actor>, WalletError> {
    let groups = [(Role::Maker, "maker", 3), (Role::Trader, "trader", 3), (Role::Arbitrageur, "arbitrageur", 2)];
    let mut cast = vec![Actor::new("issuer", Role::Issuer)?];
    for (role, name, count) in groups {
        for number in 1..=count {
            cast.push(Actor::new(format!("{name}-{number}"), role)?);
        }
    }
    Ok(cast)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Visitors use the development accounts; a market must never share a nonce with them.
    #[test]
    fn no_actor_is_a_development_account() {
        let actors: BTreeSet<_> = cast().unwrap().iter().map(Actor::address).collect();
        assert_eq!(actors.len(), 9);
        for index in 0..10 {
            assert!(!actors.contains(&limpid_wallet::dev_signer(index).unwrap().address()));
        }
    }
}
