//! Creating pairs.

use crate::{
    asset::Asset,
    path::{find_pair, sorted},
    state::{Factory, Pair, Policy, Terms},
};
use alloy_primitives::{Address, U256};
use limpid_abi::IUniswapV2Factory;
use limpid_native::{Caller, Contract, Result, Stop, ensure};

/// The only list.
pub(crate) const PAIRS: u64 = 0;

impl Factory<'_> {
    /// Sets the rules for pairs created from now on, and who may switch the V2 protocol share: for
    /// genesis and tests alone, no selector leads here.
    pub fn configure(&mut self, policy: Policy, fee_to_setter: Address) -> Result<()> {
        self.policy.set(policy)?;
        self.fee_to_setter.set(fee_to_setter)
    }

    /// The rules for pairs created from now on.
    pub fn policy(&self) -> Result<Policy> {
        self.policy.get()
    }

    /// Who gets the protocol's share of V2 pools; zero when it is off.
    pub fn fee_to(&self) -> Result<Address> {
        self.policy.get().map(|policy| policy.fee_to)
    }

    /// Who may change that; zero for nobody.
    pub fn fee_to_setter(&self) -> Result<Address> {
        self.fee_to_setter.get()
    }

    /// Creates the pool of two native tokens.
    ///
    /// # Errors
    /// The published texts, and `WrapFirst` for a token that is not native.
    pub fn create_pair(&mut self, token_a: Address, token_b: Address) -> Result<Address> {
        ensure!(token_a != token_b, "UniswapV2: IDENTICAL_ADDRESSES");
        let (token0, token1) = sorted(token_a, token_b);
        ensure!(!token0.is_zero(), "UniswapV2: ZERO_ADDRESS");
        let pair = find_pair(self.cx, token0, token1)?;
        let mut contract = Pair::of(self.cx, pair);
        ensure!(!contract.exists()?, "UniswapV2: PAIR_EXISTS");
        let (asset0, asset1) = (Asset::resolve(self.cx, token0)?, Asset::resolve(self.cx, token1)?);

        self.cx.create(pair, Pair::KIND)?;
        let policy = self.policy.get()?;
        contract.terms.set(Terms {
            token0,
            share0: asset0.share,
            share1: asset1.share,
            mode: policy.mode,
            community_percent: policy.community_percent,
        })?;
        contract.token1.set(token1)?;
        let count = U256::from(self.pairs.push(PAIRS, pair)?.saturating_add(1));
        self.cx.emit(IUniswapV2Factory::PairCreated { token0, token1, pair, _3: count })?;
        Ok(pair)
    }

    /// The pool of two tokens, or the zero address.
    pub fn get_pair(&self, token_a: Address, token_b: Address) -> Result<Address> {
        let (token0, token1) = sorted(token_a, token_b);
        let pair = find_pair(self.cx, token0, token1)?;
        Ok(if Pair::of(self.cx, pair).exists()? { pair } else { Address::ZERO })
    }

    /// Pool number `index`.
    ///
    /// # Errors
    /// A bare revert past the end.
    pub fn pair_at(&self, index: U256) -> Result<Address> {
        self.pairs.get(PAIRS, index.saturating_to())?.ok_or_else(|| Stop::Revert(Default::default()))
    }

    /// How many pools there are.
    pub fn count(&self) -> Result<U256> {
        self.pairs.len(PAIRS).map(U256::from)
    }

    fn only_setter(&self, by: Caller) -> Result<()> {
        ensure!(by.address() == self.fee_to_setter.get()?, "UniswapV2: FORBIDDEN");
        Ok(())
    }

    /// Switches the protocol's share of V2 pools on (an account) or off (zero).
    ///
    /// # Errors
    /// `UniswapV2: FORBIDDEN`.
    pub fn set_fee_to(&mut self, by: Caller, fee_to: Address) -> Result<()> {
        self.only_setter(by)?;
        self.policy.set(Policy { fee_to, ..self.policy.get()? })
    }

    /// Hands the switch over.
    ///
    /// # Errors
    /// `UniswapV2: FORBIDDEN`.
    pub fn set_fee_to_setter(&mut self, by: Caller, setter: Address) -> Result<()> {
        self.only_setter(by)?;
        self.fee_to_setter.set(setter)
    }
}
