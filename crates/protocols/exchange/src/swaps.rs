//! Router02's swaps.

use crate::{
    asset::or_text,
    calls, math,
    path::{Leg, amounts_in, amounts_out, blame_foreign, legs},
    state::Router,
};
use alloy_primitives::{Address, U256};
use limpid_native::{Caller, Result, ensure, revert_text};

/// What every swap is told beside its amounts.
#[derive(Clone, Copy, Debug)]
pub struct Order<'o> {
    /// Tokens from first to last.
    pub path: &'o [Address],
    /// Who gets the output.
    pub to: Address,
    /// The last second at which the order is good.
    pub deadline: U256,
}

const PULL_FAILED: &str = "TransferHelper: TRANSFER_FROM_FAILED";

fn first(amounts: &[U256]) -> U256 {
    amounts.first().copied().unwrap_or_default()
}

fn last(amounts: &[U256]) -> U256 {
    amounts.last().copied().unwrap_or_default()
}

impl Router<'_> {
    pub(crate) fn check_deadline(&self, deadline: U256) -> Result<()> {
        ensure!(deadline >= U256::from(self.cx.now()), "UniswapV2Router: EXPIRED");
        Ok(())
    }

    fn check_starts_with_weth(&self, path: &[Address]) -> Result<()> {
        ensure!(path.first() == Some(&calls::weth(self.cx).token), "UniswapV2Router: INVALID_PATH");
        Ok(())
    }

    fn check_ends_with_weth(&self, path: &[Address]) -> Result<()> {
        ensure!(path.last() == Some(&calls::weth(self.cx).token), "UniswapV2Router: INVALID_PATH");
        Ok(())
    }

    /// Pays the first pool from the caller, whom the dispatcher has authenticated (D4).
    fn pay_first(&self, by: Caller, legs: &[Leg], amount: U256) -> Result<()> {
        let Some(leg) = legs.first() else { return Ok(()) };
        or_text(leg.asset_in().pull(self.cx, by.address(), leg.pair, amount), PULL_FAILED)
    }

    fn wrap_first(&self, legs: &[Leg], amount: U256) -> Result<()> {
        let Some(leg) = legs.first() else { return Ok(()) };
        calls::wrap(self.cx, amount)?;
        leg.asset_in().send(self.cx, leg.pair, amount).map(drop)
    }

    fn refund(&self, by: Caller, sent: U256, used: U256) -> Result<()> {
        let rest = math::minus(sent, used)?;
        if rest.is_zero() { Ok(()) } else { self.cx.queue_payout(by.address(), rest) }
    }

    /// Swaps along the path; every pool pays the next one.
    fn run(&self, legs: &[Leg], amounts: &[U256], to: Address) -> Result<()> {
        let receivers = legs.iter().skip(1).map(|leg| leg.pair).chain([to]);
        for ((leg, output), receiver) in legs.iter().zip(amounts.iter().skip(1)).zip(receivers) {
            calls::swap(self.cx, leg, *output, receiver)?;
        }
        Ok(())
    }

    /// As [`Self::run`], but every input is what really arrived.
    fn run_measured(&self, legs: &[Leg], to: Address) -> Result<()> {
        let receivers = legs.iter().skip(1).map(|leg| leg.pair).chain([to]);
        for (leg, receiver) in legs.iter().zip(receivers) {
            let [reserve_in, reserve_out] = leg.reserves(self.cx)?;
            let arrived = math::minus(leg.asset_in().balance_of(self.cx, leg.pair)?, reserve_in)?;
            calls::swap(self.cx, leg, math::amount_out(arrived, reserve_in, reserve_out)?, receiver)?;
        }
        Ok(())
    }

    fn quote_sale(&self, amount_in: U256, least: U256, path: &[Address]) -> Result<(Vec<Leg>, Vec<U256>)> {
        let legs = legs(self.cx, path)?;
        let amounts = amounts_out(self.cx, amount_in, &legs)?;
        ensure!(last(&amounts) >= least, "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT");
        Ok((legs, amounts))
    }

    fn quote_purchase(&self, amount_out: U256, most: U256, path: &[Address]) -> Result<(Vec<Leg>, Vec<U256>)> {
        let legs = legs(self.cx, path)?;
        let amounts = amounts_in(self.cx, amount_out, &legs)?;
        ensure!(first(&amounts) <= most, "UniswapV2Router: EXCESSIVE_INPUT_AMOUNT");
        Ok((legs, amounts))
    }

    /// Sells exactly `amount_in` for at least `least`.
    ///
    /// # Errors
    /// The published texts; `WrapFirst` when a token of the path is foreign. So for every swap below.
    pub fn sell(&mut self, by: Caller, amount_in: U256, least: U256, order: Order<'_>) -> Result<Vec<U256>> {
        self.check_deadline(order.deadline)?;
        let swap = || {
            let (legs, amounts) = self.quote_sale(amount_in, least, order.path)?;
            self.pay_first(by, &legs, amount_in)?;
            self.run(&legs, &amounts, order.to)?;
            Ok(amounts)
        };
        blame_foreign(self.cx, order.path, swap())
    }

    /// Buys exactly `amount_out` for at most `most`.
    pub fn buy(&mut self, by: Caller, amount_out: U256, most: U256, order: Order<'_>) -> Result<Vec<U256>> {
        self.check_deadline(order.deadline)?;
        let swap = || {
            let (legs, amounts) = self.quote_purchase(amount_out, most, order.path)?;
            self.pay_first(by, &legs, first(&amounts))?;
            self.run(&legs, &amounts, order.to)?;
            Ok(amounts)
        };
        blame_foreign(self.cx, order.path, swap())
    }

    /// Sells the coin sent along for at least `least`.
    pub fn sell_coin(&mut self, coin: U256, least: U256, order: Order<'_>) -> Result<Vec<U256>> {
        self.check_deadline(order.deadline)?;
        let swap = || {
            self.check_starts_with_weth(order.path)?;
            let (legs, amounts) = self.quote_sale(coin, least, order.path)?;
            self.wrap_first(&legs, coin)?;
            self.run(&legs, &amounts, order.to)?;
            Ok(amounts)
        };
        blame_foreign(self.cx, order.path, swap())
    }

    /// Buys exactly `amount_out` wei of coin for at most `most`.
    pub fn buy_coin(&mut self, by: Caller, amount_out: U256, most: U256, order: Order<'_>) -> Result<Vec<U256>> {
        self.check_deadline(order.deadline)?;
        let swap = || {
            self.check_ends_with_weth(order.path)?;
            let (legs, amounts) = self.quote_purchase(amount_out, most, order.path)?;
            self.pay_first(by, &legs, first(&amounts))?;
            self.run(&legs, &amounts, self.cx.this())?;
            calls::unwrap_to(self.cx, order.to, amount_out)?;
            Ok(amounts)
        };
        blame_foreign(self.cx, order.path, swap())
    }

    /// Sells exactly `amount_in` for at least `least` wei of coin.
    pub fn sell_for_coin(&mut self, by: Caller, amount_in: U256, least: U256, order: Order<'_>) -> Result<Vec<U256>> {
        self.check_deadline(order.deadline)?;
        let swap = || {
            self.check_ends_with_weth(order.path)?;
            let (legs, amounts) = self.quote_sale(amount_in, least, order.path)?;
            self.pay_first(by, &legs, amount_in)?;
            self.run(&legs, &amounts, self.cx.this())?;
            calls::unwrap_to(self.cx, order.to, last(&amounts))?;
            Ok(amounts)
        };
        blame_foreign(self.cx, order.path, swap())
    }

    /// Buys exactly `amount_out` with the coin sent along and gives the rest back.
    pub fn buy_with_coin(&mut self, by: Caller, coin: U256, amount_out: U256, order: Order<'_>) -> Result<Vec<U256>> {
        self.check_deadline(order.deadline)?;
        let swap = || {
            self.check_starts_with_weth(order.path)?;
            let (legs, amounts) = self.quote_purchase(amount_out, coin, order.path)?;
            self.wrap_first(&legs, first(&amounts))?;
            self.run(&legs, &amounts, order.to)?;
            self.refund(by, coin, first(&amounts))?;
            Ok(amounts)
        };
        blame_foreign(self.cx, order.path, swap())
    }

    /// Runs the path on what has been paid in and checks what `to` received.
    fn run_and_check(&self, legs: &[Leg], least: U256, to: Address) -> Result<U256> {
        let Some(end) = legs.last() else { return Err(revert_text("UniswapV2Library: INVALID_PATH")) };
        let before = end.asset_out().balance_of(self.cx, to)?;
        self.run_measured(legs, to)?;
        let received = math::minus(end.asset_out().balance_of(self.cx, to)?, before)?;
        ensure!(received >= least, "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT");
        Ok(received)
    }

    /// As [`Self::sell`], by what arrives at every pool instead of what was announced.
    pub fn sell_measured(&mut self, by: Caller, amount_in: U256, least: U256, order: Order<'_>) -> Result<()> {
        self.check_deadline(order.deadline)?;
        let swap = || {
            let legs = legs(self.cx, order.path)?;
            self.pay_first(by, &legs, amount_in)?;
            self.run_and_check(&legs, least, order.to).map(drop)
        };
        blame_foreign(self.cx, order.path, swap())
    }

    /// As [`Self::sell_coin`], by what arrives.
    pub fn sell_coin_measured(&mut self, coin: U256, least: U256, order: Order<'_>) -> Result<()> {
        self.check_deadline(order.deadline)?;
        let swap = || {
            self.check_starts_with_weth(order.path)?;
            let legs = legs(self.cx, order.path)?;
            self.wrap_first(&legs, coin)?;
            self.run_and_check(&legs, least, order.to).map(drop)
        };
        blame_foreign(self.cx, order.path, swap())
    }

    /// As [`Self::sell_for_coin`], by what arrives. As published, all that this contract then holds of
    /// the wrapped coin is paid out.
    pub fn sell_for_coin_measured(&mut self, by: Caller, amount_in: U256, least: U256, order: Order<'_>) -> Result<()> {
        self.check_deadline(order.deadline)?;
        let swap = || {
            self.check_ends_with_weth(order.path)?;
            let legs = legs(self.cx, order.path)?;
            self.pay_first(by, &legs, amount_in)?;
            self.run_measured(&legs, self.cx.this())?;
            let held = calls::weth(self.cx).balance_of(self.cx, self.cx.this())?;
            ensure!(held >= least, "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT");
            calls::unwrap_to(self.cx, order.to, held)
        };
        blame_foreign(self.cx, order.path, swap())
    }

    /// What selling `amount_in` would give at every token of the path.
    pub fn amounts_out(&self, amount_in: U256, path: &[Address]) -> Result<Vec<U256>> {
        blame_foreign(self.cx, path, legs(self.cx, path).and_then(|legs| amounts_out(self.cx, amount_in, &legs)))
    }

    /// What buying `amount_out` would take at every token of the path.
    pub fn amounts_in(&self, amount_out: U256, path: &[Address]) -> Result<Vec<U256>> {
        blame_foreign(self.cx, path, legs(self.cx, path).and_then(|legs| amounts_in(self.cx, amount_out, &legs)))
    }
}
