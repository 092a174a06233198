//! One-token deposits and withdrawals.

use crate::{
    asset::Asset,
    calls,
    liquidity::fitting,
    math,
    path::{Leg, blame_foreign},
    state::{Exchange, Mode},
};
use alloy_primitives::{Address, U256};
use limpid_abi::IExchange;
use limpid_native::{Caller, Result, ensure, revert};

/// A one-token order.
#[derive(Clone, Copy, Debug)]
pub struct OneSided {
    /// The token that is deposited, or that is wanted back.
    pub token: Address,
    /// The pool's other token.
    pub other: Address,
    /// Tokens deposited, or shares redeemed.
    pub amount: U256,
    /// The least to get: shares, or tokens.
    pub least: U256,
    /// Who gets it.
    pub to: Address,
    /// The last second at which the order is good.
    pub deadline: U256,
}

impl Exchange<'_> {
    fn check_deadline(&self, deadline: U256) -> Result<()> {
        ensure!(deadline >= U256::from(self.cx.now()), IExchange::Expired { deadline });
        Ok(())
    }

    fn find(&self, order: &OneSided) -> Result<Leg> {
        ensure!(
            order.token != order.other && !order.token.is_zero() && !order.other.is_zero(),
            IExchange::BadTokens { tokenA: order.token, tokenB: order.other }
        );
        let found = Leg::look(self.cx, order.token, order.other).and_then(|leg| {
            leg.ok_or_else(|| revert(IExchange::BadTokens { tokenA: order.token, tokenB: order.other }))
        });
        blame_foreign(self.cx, &[order.token, order.other], found)
    }

    fn unwrap_to(&self, to: Address, amount: U256) -> Result<()> {
        if amount.is_zero() { Ok(()) } else { calls::unwrap_to(self.cx, to, amount) }
    }

    /// Deposits one token of the caller's: swaps the part that makes both sides fit, adds them, and
    /// gives back the dust that does not fit. Answers the shares minted.
    ///
    /// # Errors
    /// `Expired`, `BadTokens`, `WrapFirst`, `TooLittle`, and the pair's own.
    pub fn deposit(&mut self, by: Caller, order: &OneSided) -> Result<U256> {
        self.check_deadline(order.deadline)?;
        let leg = self.find(order)?;
        leg.asset_in().pull(self.cx, by.address(), self.cx.this(), order.amount)?;
        let (shares, [dust, other_dust]) = self.add(&leg, order)?;
        give_back(self, leg.asset_in(), by, dust)?;
        give_back(self, leg.asset_out(), by, other_dust)?;
        Ok(shares)
    }

    /// As [`Self::deposit`] with the coin sent along.
    ///
    /// # Errors
    /// As [`Self::deposit`].
    pub fn deposit_coin(&mut self, by: Caller, order: &OneSided) -> Result<U256> {
        self.check_deadline(order.deadline)?;
        let order = OneSided { token: calls::weth(self.cx).token, ..*order };
        let leg = self.find(&order)?;
        calls::wrap(self.cx, order.amount)?;
        let (shares, [dust, other_dust]) = self.add(&leg, &order)?;
        give_back(self, leg.asset_out(), by, other_dust)?;
        self.unwrap_to(by.address(), dust)?;
        Ok(shares)
    }

    /// Turns what this contract has just received into shares. Answers them and what is left of both.
    fn add(&self, leg: &Leg, order: &OneSided) -> Result<(U256, [U256; 2])> {
        let [reserve_in, reserve_out] = leg.reserves(self.cx)?;
        let community = if leg.setup().mode == Mode::Split { leg.setup().community_percent } else { 0 };
        let sold = math::zap_swap(order.amount, reserve_in, community)?;
        let bought = math::amount_out(sold, reserve_in, reserve_out)?;
        leg.asset_in().send(self.cx, leg.pair, sold)?;
        calls::swap(self.cx, leg, bought, self.cx.this())?;

        let kept = math::minus(order.amount, sold)?;
        let [added, added_other] = fitting(leg.reserves(self.cx)?, [kept, bought], [U256::ZERO; 2])?;
        leg.asset_in().send(self.cx, leg.pair, added)?;
        leg.asset_out().send(self.cx, leg.pair, added_other)?;
        let shares = calls::mint(self.cx, leg.pair, order.to)?;
        ensure!(shares >= order.least, IExchange::TooLittle { amount: shares, least: order.least });
        Ok((shares, [math::minus(kept, added)?, math::minus(bought, added_other)?]))
    }

    /// Redeems shares of the caller's for one token: withdraws both and swaps the other. Answers what
    /// was paid.
    ///
    /// # Errors
    /// `Expired`, `BadTokens`, `WrapFirst`, `TooLittle`, and the pair's own.
    pub fn withdraw(&mut self, by: Caller, order: &OneSided) -> Result<U256> {
        self.check_deadline(order.deadline)?;
        let leg = self.find(order)?;
        let amount = self.redeem(by, &leg, order)?;
        leg.asset_in().send(self.cx, order.to, amount)?;
        Ok(amount)
    }

    /// As [`Self::withdraw`], paid in coin.
    ///
    /// # Errors
    /// As [`Self::withdraw`].
    pub fn withdraw_coin(&mut self, by: Caller, order: &OneSided) -> Result<U256> {
        self.check_deadline(order.deadline)?;
        let order = OneSided { token: calls::weth(self.cx).token, ..*order };
        let leg = self.find(&order)?;
        let amount = self.redeem(by, &leg, &order)?;
        self.unwrap_to(order.to, amount)?;
        Ok(amount)
    }

    /// Redeems shares into this contract as the wanted token alone. A rest of the other token that buys
    /// nothing goes to the order's receiver as it is.
    fn redeem(&self, by: Caller, leg: &Leg, order: &OneSided) -> Result<U256> {
        let here = self.cx.this();
        Asset { token: leg.pair, share: true }.pull(self.cx, by.address(), leg.pair, order.amount)?;
        let [wanted, other] = leg.order(calls::burn(self.cx, leg.pair, here)?);
        let [reserve_wanted, reserve_other] = leg.reserves(self.cx)?;
        let bought = math::amount_out(other, reserve_other, reserve_wanted)?;
        if bought.is_zero() {
            leg.asset_out().send(self.cx, order.to, other)?;
        } else {
            leg.asset_out().send(self.cx, leg.pair, other)?;
            calls::swap(self.cx, &leg.reversed(), bought, here)?;
        }
        let amount = math::plus(wanted, bought)?;
        ensure!(amount >= order.least, IExchange::TooLittle { amount, least: order.least });
        Ok(amount)
    }
}

fn give_back(exchange: &Exchange<'_>, asset: Asset, by: Caller, amount: U256) -> Result<()> {
    if amount.is_zero() { Ok(()) } else { asset.send(exchange.cx, by.address(), amount).map(drop) }
}
