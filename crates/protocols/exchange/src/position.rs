//! What a provider's shares are worth, what fees have earned and what the price's move has cost.
//!
//! A share's part of √(reserve0·reserve1) grows by fees alone: trades at no fee keep the product, deposits
//! and withdrawals keep the part. So the growth since the shares were minted, over what it is now, is the
//! part of today's amounts that fees have earned.

use crate::{
    math,
    state::{Basis, Exchange, Factory, Pair},
};
use alloy_primitives::{Address, U256};
use limpid_abi::IExchange;
use limpid_math::{Round, isqrt_of_product, mul_div};
use limpid_native::{Contract, Result, ensure};

/// Most rows of one listing.
const MOST_ROWS: u64 = 50;

/// A position's figures; pure.
pub(crate) struct Holding {
    pub(crate) shares: U256,
    pub(crate) supply: U256,
    pub(crate) reserves: [U256; 2],
    pub(crate) basis: Basis,
}

pub(crate) struct Worth {
    pub(crate) amounts: [U256; 2],
    pub(crate) fees: [U256; 2],
    pub(crate) value: U256,
    pub(crate) held_value: U256,
    pub(crate) impermanent_loss: U256,
}

impl Holding {
    pub(crate) fn worth(&self) -> Result<Worth> {
        let [reserve0, reserve1] = self.reserves;
        if self.supply.is_zero() || reserve0.is_zero() || reserve1.is_zero() {
            let none = [U256::ZERO; 2];
            let zero = U256::ZERO;
            return Ok(Worth { amounts: none, fees: none, value: zero, held_value: zero, impermanent_loss: zero });
        }
        let amounts @ [amount0, amount1] = [
            mul_div(self.shares, reserve0, self.supply, Round::Down)?,
            mul_div(self.shares, reserve1, self.supply, Round::Down)?,
        ];
        let root = mul_div(isqrt_of_product(reserve0, reserve1), self.shares, self.supply, Round::Down)?;
        let grown = root.saturating_sub(self.basis.root);
        let earned = |amount| if root.is_zero() { Ok(U256::ZERO) } else { mul_div(amount, grown, root, Round::Down) };
        let fees @ [fees0, fees1] = [earned(amount0)?, earned(amount1)?];
        let in_token1 = |amount0, amount1| math::plus(mul_div(amount0, reserve1, reserve0, Round::Down)?, amount1);
        let value = in_token1(amount0, amount1)?;
        let held_value = in_token1(U256::from(self.basis.deposited0), U256::from(self.basis.deposited1))?;
        let without_fees = value.saturating_sub(in_token1(fees0, fees1)?);
        let impermanent_loss = held_value.saturating_sub(without_fees);
        Ok(Worth { amounts, fees, value, held_value, impermanent_loss })
    }
}

impl Exchange<'_> {
    /// An owner's position in a pool.
    ///
    /// # Errors
    /// `NotAPair`.
    pub fn position(&self, owner: Address, pair: Address) -> Result<IExchange::Position> {
        ensure!(self.cx.is_native(pair, Pair::KIND)?, IExchange::NotAPair { account: pair });
        let contract = Pair::of(self.cx, pair);
        let (setup, reserves) = (contract.setup()?, contract.reserves()?.both());
        let basis = contract.basis.get(owner)?;
        let (shares, supply) = (contract.ledger.balance_of(owner)?, contract.ledger.total_supply()?);
        let worth = Holding { shares, supply, reserves, basis }.worth()?;
        let ([amount0, amount1], [fees0, fees1]) = (worth.amounts, worth.fees);
        Ok(IExchange::Position {
            pair,
            token0: setup.token0,
            token1: setup.token1,
            liquidity: shares,
            totalSupply: supply,
            amount0,
            amount1,
            deposited0: U256::from(basis.deposited0),
            deposited1: U256::from(basis.deposited1),
            fees0,
            fees1,
            value: worth.value,
            heldValue: worth.held_value,
            impermanentLoss: worth.impermanent_loss,
        })
    }

    /// Pools `offset ..`, in order of creation.
    pub fn pools(&self, offset: U256, limit: U256) -> Result<Vec<IExchange::Pool>> {
        Factory::of(self.cx).pairs.page(crate::factory::PAIRS, (offset, limit), MOST_ROWS, |pair| {
            let contract = Pair::of(self.cx, pair);
            let (setup, reserves) = (contract.setup()?, contract.reserves()?);
            Ok(IExchange::Pool {
                pair,
                token0: setup.token0,
                token1: setup.token1,
                reserve0: reserves.reserve0,
                reserve1: reserves.reserve1,
                totalSupply: contract.ledger.total_supply()?,
                mode: setup.mode.number(),
            })
        })
    }

    /// The mode that new pools get, and the makers' and the community's parts of a fee in percent.
    pub fn fee_policy(&self) -> Result<(u8, u8, u8)> {
        let policy = Factory::of(self.cx).policy()?;
        Ok((policy.mode().number(), 100u8.saturating_sub(policy.community_percent), policy.community_percent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(reserve0: u64, reserve1: u64, basis: Basis) -> Holding {
        let reserves = [U256::from(reserve0), U256::from(reserve1)];
        Holding { shares: U256::from(500), supply: U256::from(1_000), reserves, basis }
    }

    #[test]
    fn a_moved_price_costs_what_the_formula_says() {
        // Half of a pool of 10^6 × 10^6. The price rises four times without fees: reserves 5·10^5, 2·10^6.
        // Holding is worth 0.5·10^6·4 + 0.5·10^6, the position 2·10^6: 2√r/(1 + r) − 1 = −20 % of 2.5·10^6.
        let basis = Basis { deposited0: 500_000, deposited1: 500_000, root: U256::from(500_000) };
        let worth = holding(500_000, 2_000_000, basis).worth().unwrap();
        assert_eq!(worth.held_value, U256::from(2_500_000));
        assert_eq!(worth.value, U256::from(2_000_000));
        assert_eq!(worth.impermanent_loss, U256::from(500_000));
        assert_eq!(worth.fees, [U256::ZERO; 2]);
    }

    #[test]
    fn growth_at_the_same_price_is_fees() {
        let basis = Basis { deposited0: 500_000, deposited1: 500_000, root: U256::from(500_000) };
        let worth = holding(1_100_000, 1_100_000, basis).worth().unwrap();
        assert_eq!(worth.fees, [U256::from(50_000); 2]);
        assert_eq!(worth.impermanent_loss, U256::ZERO);
    }

    #[test]
    fn an_empty_pool_is_worth_nothing() {
        let worth = holding(0, 0, Basis::default()).worth().unwrap();
        assert_eq!((worth.value, worth.amounts), (U256::ZERO, [U256::ZERO; 2]));
    }
}
