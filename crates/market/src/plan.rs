//! How much of everything a market needs to follow a feed from its lowest to its highest price.
//!
//! With constant product `L^2` a pool at price `p` holds `L / sqrt(p)` coin and `L sqrt(p)` dollars. The
//! coin it holds at the lowest price is what arbitrageurs must have brought by then; the dollars it
//! holds at the highest price likewise.

use crate::{
    MarketError,
    feed::{Feed, PRICE_DECIMALS, Price},
};
use alloy_primitives::U256;
use limpid_math::{Round, isqrt, mul_div};

/// Amounts in smallest units, 18 decimals for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Coin that makers put into the pool at first, all together.
    pub pool_coin: U256,
    /// Dollars beside it.
    pub pool_dollars: U256,
    /// Coin of all arbitrageurs.
    pub arbitrage_coin: U256,
    /// Dollars of all arbitrageurs.
    pub arbitrage_dollars: U256,
    /// Coin of all traders.
    pub trader_coin: U256,
    /// Dollars of all traders.
    pub trader_dollars: U256,
}

impl Plan {
    /// Spreads a budget of coin over the cast: 60 % is what the pool holds at the lowest price.
    pub fn new(budget: U256, feed: &Feed) -> Result<Self, MarketError> {
        let first = feed.candles.first().ok_or(MarketError::Range)?.open;
        let (lowest, highest) = feed.range().ok_or(MarketError::Range)?;
        let most_coin = share(budget, 60)?;
        let pool_coin = times_root(most_coin, lowest, first)?;
        let pool_dollars = value(pool_coin, first)?;
        let most_dollars = times_root(pool_dollars, highest, first)?;
        let trader_coin = share(budget, 10)?;
        // A tenth more than the way to the extremes: traders push prices too.
        let arbitrage_coin = share(most_coin.saturating_sub(pool_coin), 110)?.saturating_add(share(budget, 5)?);
        let arbitrage_dollars =
            share(most_dollars.saturating_sub(pool_dollars), 110)?.saturating_add(share(pool_dollars, 20)?);
        Ok(Self {
            pool_coin,
            pool_dollars,
            arbitrage_coin,
            arbitrage_dollars,
            trader_coin,
            trader_dollars: value(trader_coin, first)?,
        })
    }

    /// Coin of everybody.
    pub fn coin(&self) -> U256 {
        self.pool_coin.saturating_add(self.arbitrage_coin).saturating_add(self.trader_coin)
    }

    /// Dollars that the issuer keeps to sell to visitors: as many as everybody has together.
    pub fn for_visitors(&self) -> U256 {
        self.pool_dollars.saturating_add(self.arbitrage_dollars).saturating_add(self.trader_dollars)
    }
}

/// Dollars that an amount of coin is worth, rounded down.
pub fn value(coin: U256, price: Price) -> Result<U256, MarketError> {
    mul_div(coin, price.0, one(), Round::Down).map_err(|_| MarketError::Range)
}

/// Percents of an amount, rounded down.
fn share(amount: U256, percent: u64) -> Result<U256, MarketError> {
    mul_div(amount, U256::from(percent), U256::from(100), Round::Down).map_err(|_| MarketError::Range)
}

/// `amount * sqrt(to / from)`, rounded down.
fn times_root(amount: U256, to: Price, from: Price) -> Result<U256, MarketError> {
    let ratio = mul_div(to.0, one() * one(), from.0, Round::Down).map_err(|_| MarketError::Range)?;
    mul_div(amount, isqrt(ratio), one(), Round::Down).map_err(|_| MarketError::Range)
}

fn one() -> U256 {
    U256::from(10).pow(U256::from(PRICE_DECIMALS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(amount: U256) -> u64 {
        (amount / one()).to()
    }

    #[test]
    fn the_scenario_fits_its_budget() {
        let feed = Feed::black_thursday().unwrap();
        let plan = Plan::new(U256::from(5_000) * one(), &feed).unwrap();
        // 3,000 at 86.00, so 3000 * sqrt(86 / 184.31) at the first price.
        assert_eq!(whole(plan.pool_coin), 2_049);
        assert_eq!(whole(plan.pool_dollars), 377_698);
        assert!(plan.coin() < U256::from(5_000) * one());
        assert!(plan.pool_coin + plan.arbitrage_coin > U256::from(3_000) * one());
    }

    #[test]
    fn no_feed_asks_for_more_than_the_budget() {
        for (low, high) in [("0.000001", "1"), ("1", "1000000"), ("99", "100")] {
            let text =
                format!("ts_ms,open,high,low,close\n0,{high},{high},{low},{low}\n3600000,{low},{high},{low},{high}\n");
            let plan = Plan::new(U256::from(5_000) * one(), &Feed::parse("test", &text).unwrap()).unwrap();
            assert!(plan.coin() <= U256::from(5_000) * one(), "{low} {high}: {plan:?}");
        }
    }
}
