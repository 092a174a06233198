//! What the exchange's contracts keep.

use alloy_primitives::{Address, U256, aliases::U112};
use limpid_native::{Contract, Ctx, List, Map, Slot, Storable, contract};
use limpid_token::Ledger;

/// How a pool treats its 0.3 % fee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Uniswap V2's rules: all of it stays in the pool; the protocol's share is minted lazily, if at all.
    #[default]
    V2,
    /// The community's part of every fee leaves the reserves in the same call.
    Split,
}

impl Mode {
    /// The mode of a stored number.
    pub(crate) const fn from_number(number: u8) -> Self {
        if number == 1 { Self::Split } else { Self::V2 }
    }

    /// The number that is stored and answered.
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 0,
            Self::Split => 1,
        }
    }
}

/// What is fixed when a pair is created, without token1: one word, because a swap whose tokens are known
/// (a pool's address is made of them) needs no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Storable)]
pub(crate) struct Terms {
    /// The token with the lower address; zero where no pair stands.
    pub token0: Address,
    /// Whether token0 is itself a pair's share.
    pub share0: bool,
    /// Whether token1 is.
    pub share1: bool,
    /// See [`Mode`].
    pub mode: u8,
    /// The community's part of a fee in Split mode, in percent; makers keep the rest.
    pub community_percent: u8,
}

impl Terms {
    pub(crate) const fn with(self, token1: Address) -> Setup {
        let Self { token0, share0, share1, mode, community_percent } = self;
        Setup { token0, token1, share0, share1, mode: Mode::from_number(mode), community_percent }
    }
}

/// What is fixed when a pair is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The token with the lower address.
    pub token0: Address,
    /// The token with the higher address.
    pub token1: Address,
    /// Whether token0 is itself a pair's share.
    pub share0: bool,
    /// Whether token1 is.
    pub share1: bool,
    /// How the pool treats its fee.
    pub mode: Mode,
    /// The community's part of a fee in Split mode, in percent; makers keep the rest.
    pub community_percent: u8,
}

/// Both reserves and when they were last written, in one word as Uniswap packs them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Storable)]
pub struct Reserves {
    /// Of token0, smallest units.
    pub reserve0: U112,
    /// Of token1, smallest units.
    pub reserve1: U112,
    /// Seconds since 1970, modulo 2^32.
    pub at: u32,
}

impl Reserves {
    /// Both as 256-bit numbers, token0 first.
    pub fn both(&self) -> [U256; 2] {
        [U256::from(self.reserve0), U256::from(self.reserve1)]
    }
}

/// Fees paid in one token since the pair was created. Statistics: they stop at the largest number
/// rather than stop the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Storable)]
pub struct FeeTotals {
    /// Kept in the pool.
    pub makers: u128,
    /// Sent to the fee ledger.
    pub community: u128,
}

/// What a holder's shares were got for. Statistics, as [`FeeTotals`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Storable)]
pub struct Basis {
    /// Of token0, smallest units.
    pub deposited0: u128,
    /// Of token1, smallest units.
    pub deposited1: u128,
    /// The shares' part of √(reserve0·reserve1) when they were minted: what fees are measured from.
    pub root: U256,
}

/// A pool of two tokens, and its share token.
#[contract(name = "pair", kind = 6)]
pub struct Pair {
    /// Balances and allowances of the share token.
    pub ledger: Ledger,
    pub(crate) terms: Slot<Terms>,
    pub(crate) token1: Slot<Address>,
    pub(crate) reserves: Slot<Reserves>,
    pub(crate) price0: Slot<U256>,
    pub(crate) price1: Slot<U256>,
    pub(crate) k_last: Slot<U256>,
    pub(crate) fees0: Slot<FeeTotals>,
    pub(crate) fees1: Slot<FeeTotals>,
    pub(crate) basis: Map<Address, Basis>,
}

impl<'a> Pair<'a> {
    /// The pair at an address; reads as nothing where there is none.
    pub fn of(cx: Ctx<'a>, pair: Address) -> Self {
        <Self as Contract<'a>>::at(cx, pair)
    }
}

/// Who gets which part of fees, for pairs created from now on; in one word, because deposits read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Storable)]
pub struct Policy {
    /// V2 mode: who gets the protocol's share; zero switches it off.
    pub fee_to: Address,
    /// See [`Mode`].
    pub(crate) mode: u8,
    /// Split mode: the community's part of a fee, in percent.
    pub community_percent: u8,
    /// V2 mode: the protocol's share of fees is `share / share_of`.
    pub share: u16,
    /// See `share`.
    pub share_of: u16,
}

impl Policy {
    /// Uniswap V2's own: one sixth of fees for the protocol once somebody switches it on.
    pub const V2: Self = Self { fee_to: Address::ZERO, mode: 0, community_percent: 0, share: 1, share_of: 6 };

    /// The default: 40 % of every fee for makers, 60 % for the community.
    pub const SPLIT: Self = Self { mode: 1, community_percent: 60, ..Self::V2 };

    /// How new pools treat their fee.
    pub const fn mode(&self) -> Mode {
        Mode::from_number(self.mode)
    }
}

/// The factory of pairs. Its one list stands under key 0.
#[contract(name = "factory", kind = 5)]
pub struct Factory {
    pub(crate) policy: Slot<Policy>,
    pub(crate) fee_to_setter: Slot<Address>,
    pub(crate) pairs: List<u64, Address>,
}

impl<'a> Factory<'a> {
    /// The chain's one factory.
    pub fn of(cx: Ctx<'a>) -> Self {
        let address = cx.env(|env| env.addresses.v2_factory);
        Self::at(cx, address)
    }
}

/// Uniswap's Router02. Keeps nothing.
#[contract(name = "router", kind = 7)]
pub struct Router {}

/// One-token deposits and position views. Keeps nothing.
#[contract(name = "exchange", kind = 8)]
pub struct Exchange {}

/// Holds the community's part of fees, in token balances and coin. Keeps nothing else.
#[contract(name = "fees", kind = 9)]
pub struct FeeLedger {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_comes_first() {
        let layout = Pair::layout();
        assert_eq!(layout.first().map(|row| (row.name.as_str(), row.tag)), Some(("ledger.balances", 1)));
    }

    #[test]
    fn hot_records_are_one_word() {
        assert_eq!((Reserves::WORDS, Policy::WORDS, FeeTotals::WORDS, Terms::WORDS), (1, 1, 1, 1));
    }
}
