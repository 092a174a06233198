//! The trade that earns an arbitrageur the most, in integers.
//!
//! A pool of `x` (sold into it) and `y` (bought from it) gives `out = f d y / (x + f d)` for `d`, with
//! `f = 997/1000` after its fee. The last unit sold earns nothing more when the marginal output
//! `f x y / (x + f d)^2` equals the real price `p` (units of `y` for one of `x`), so
//!
//! ```text
//! d = (sqrt(f x y / p) - x) / f
//! ```
//!
//! All roundings are down: the trade stops short of the optimum, never past it. What is left of the
//! pool's deviation is the fee, about 0.3 %, which no trade can close at a profit.

use crate::feed::{PRICE_DECIMALS, Price};
use alloy_primitives::U256;
use limpid_math::{Round, isqrt, mul_div};

/// Output after the fee, in thousandths: Uniswap V2's constant.
const AFTER_FEE: u64 = 997;
const WHOLE: u64 = 1_000;

/// What a pool holds, in smallest units. Both tokens have 18 decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserves {
    /// The wrapped coin.
    pub coin: U256,
    /// The dollar token.
    pub dollar: U256,
}

/// One side of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Coin into the pool, dollars out of it.
    SellCoin,
    /// Dollars into the pool, coin out of it.
    BuyCoin,
}

/// A trade into a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Which way.
    pub side: Side,
    /// What goes in, in smallest units.
    pub amount_in: U256,
}

impl Reserves {
    /// Dollars for one coin, before fees; `None` for an empty pool.
    pub fn price(&self) -> Option<Price> {
        mul_div(self.dollar, unit(), self.coin, Round::Down).ok().map(Price)
    }

    /// Reserves as (in, out) of a side.
    pub const fn sides(&self, side: Side) -> (U256, U256) {
        match side {
            Side::SellCoin => (self.coin, self.dollar),
            Side::BuyCoin => (self.dollar, self.coin),
        }
    }

    /// What a trade gives, by Uniswap V2's formula; `None` if the pool cannot.
    pub fn output(&self, trade: Trade) -> Option<U256> {
        let (x, y) = self.sides(trade.side);
        let sold = trade.amount_in.checked_mul(U256::from(AFTER_FEE))?;
        let whole = x.checked_mul(U256::from(WHOLE))?.checked_add(sold)?;
        mul_div(sold, y, whole, Round::Down).ok()
    }

    /// The most profitable trade against a real price; `None` when none earns anything.
    pub fn arbitrage(&self, real: Price) -> Option<Trade> {
        [Side::SellCoin, Side::BuyCoin].into_iter().find_map(|side| {
            let amount_in = self.optimal_input(side, real)?;
            (!amount_in.is_zero()).then_some(Trade { side, amount_in })
        })
    }

    fn optimal_input(&self, side: Side, real: Price) -> Option<U256> {
        let (x, y) = self.sides(side);
        if real.0.is_zero() {
            return None;
        }
        // 1/p as a fraction: how many units sold are worth one bought.
        let (numerator, denominator) = match side {
            Side::SellCoin => (unit(), real.0),
            Side::BuyCoin => (real.0, unit()),
        };
        let product = x.checked_mul(y)?;
        let fee_in = mul_div(product, U256::from(AFTER_FEE), U256::from(WHOLE), Round::Down).ok()?;
        let target = mul_div(fee_in, numerator, denominator, Round::Down).ok().map(isqrt)?;
        let sold = target.checked_sub(x)?;
        mul_div(sold, U256::from(WHOLE), U256::from(AFTER_FEE), Round::Down).ok()
    }
}

/// How far `pool` is from `real`, in millionths of `real`, rounded up.
pub fn deviation_ppm(pool: Price, real: Price) -> Option<u64> {
    let difference = pool.0.abs_diff(real.0);
    mul_div(difference, U256::from(1_000_000), real.0, Round::Up).ok()?.try_into().ok()
}

fn unit() -> U256 {
    U256::from(10).pow(U256::from(PRICE_DECIMALS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wei(whole: u64) -> U256 {
        U256::from(whole) * unit()
    }

    /// Profit in dollars at the real price, scaled by 10^18; negative is `None`.
    fn profit(reserves: Reserves, trade: Trade, real: Price) -> Option<U256> {
        let out = reserves.output(trade).unwrap();
        let (earned, paid) = match trade.side {
            Side::SellCoin => (out * unit(), trade.amount_in * real.0),
            Side::BuyCoin => (out * real.0, trade.amount_in * unit()),
        };
        earned.checked_sub(paid)
    }

    fn after(reserves: Reserves, trade: Trade) -> Reserves {
        let out = reserves.output(trade).unwrap();
        match trade.side {
            Side::SellCoin => Reserves { coin: reserves.coin + trade.amount_in, dollar: reserves.dollar - out },
            Side::BuyCoin => Reserves { coin: reserves.coin - out, dollar: reserves.dollar + trade.amount_in },
        }
    }

    #[test]
    fn a_fall_is_sold_and_a_rise_is_bought() {
        let pool = Reserves { coin: wei(1_000), dollar: wei(200_000) };
        let fall = pool.arbitrage(Price(wei(100))).unwrap();
        assert_eq!(fall.side, Side::SellCoin);
        // sqrt(0.997 * 1000 * 200000 / 100) = 1412.09..., less 1000, over 0.997.
        assert_eq!(fall.amount_in / U256::from(10).pow(U256::from(15)), U256::from(413_330));
        assert_eq!(pool.arbitrage(Price(wei(400))).unwrap().side, Side::BuyCoin);
    }

    #[test]
    fn inside_the_fee_nobody_trades() {
        let pool = Reserves { coin: wei(1_000), dollar: wei(200_000) };
        for price in [199_500u64, 200_000, 200_500] {
            assert_eq!(pool.arbitrage(Price(wei(price) / U256::from(1_000))), None, "{price}");
        }
        assert!(pool.arbitrage(Price(wei(201))).is_some());
        assert_eq!(Reserves { coin: U256::ZERO, dollar: U256::ZERO }.arbitrage(Price(wei(1))), None);
        assert_eq!(pool.arbitrage(Price(U256::ZERO)), None);
    }

    prop_compose! {
        fn pools()(coin in 1u64..10_000_000, dollar in 1u64..1_000_000_000) -> Reserves {
            Reserves { coin: wei(coin), dollar: wei(dollar) }
        }
    }

    proptest! {
        /// The pool ends within 1 % of the real price whenever it was at most 30 times off.
        #[test]
        fn the_pool_follows(pool in pools(), factor_ppm in 33_000u64..30_000_000) {
            let now = pool.price().unwrap();
            let real = Price(now.0 * U256::from(factor_ppm) / U256::from(1_000_000));
            let end = match pool.arbitrage(real) {
                Some(trade) => after(pool, trade),
                None => pool,
            };
            // One pass leaves the fee on the traded amount; a second finds what remains.
            let end = end.arbitrage(real).map_or(end, |trade| after(end, trade));
            let error = deviation_ppm(end.price().unwrap(), real).unwrap();
            prop_assert!(error <= 6_000, "{} ppm", error);
        }

        /// It earns, and neither a little more nor a little less earns more.
        #[test]
        fn the_trade_is_the_best_one(pool in pools(), factor_ppm in 100_000u64..10_000_000) {
            let now = pool.price().unwrap();
            let real = Price(now.0 * U256::from(factor_ppm) / U256::from(1_000_000));
            let Some(trade) = pool.arbitrage(real) else { return Ok(()) };
            let step = trade.amount_in / U256::from(1_000);
            prop_assume!(!step.is_zero());
            let best = profit(pool, trade, real);
            for other in [trade.amount_in - step, trade.amount_in + step] {
                let other = profit(pool, Trade { amount_in: other, ..trade }, real);
                prop_assert!(best >= other, "{:?} < {:?}", best, other);
            }
            prop_assert!(best.is_some());
        }

        #[test]
        fn no_input_breaks_it(coin in any::<[u64; 4]>(), dollar in any::<[u64; 4]>(), real in any::<[u64; 4]>()) {
            let pool = Reserves { coin: U256::from_limbs(coin), dollar: U256::from_limbs(dollar) };
            let _ = pool.arbitrage(Price(U256::from_limbs(real)));
            let _ = pool.price();
        }
    }
}
