//! Router02's deposits and withdrawals.

use crate::{
    asset::{Asset, or_text},
    calls, math,
    path::{Leg, blame_foreign},
    state::{Factory, Pair, Router},
};
use alloy_primitives::{Address, B256, U256};
use limpid_abi::{IUniswapV2Factory, IUniswapV2Pair};
use limpid_native::{Caller, Result, Stop, ensure};
use limpid_token::ledger_of;

/// Both sides of a deposit or withdrawal, in the caller's order of tokens.
#[derive(Clone, Copy, Debug)]
pub struct Deposit {
    /// The two tokens.
    pub tokens: [Address; 2],
    /// At most this much of each is taken.
    pub desired: [U256; 2],
    /// Less than this of either is refused.
    pub least: [U256; 2],
    /// Who gets the shares.
    pub to: Address,
    /// The last second at which the order is good.
    pub deadline: U256,
}

/// A withdrawal, in the caller's order of tokens.
#[derive(Clone, Copy, Debug)]
pub struct Withdrawal {
    /// The two tokens.
    pub tokens: [Address; 2],
    /// The shares to redeem.
    pub shares: U256,
    /// Less than this of either is refused.
    pub least: [U256; 2],
    /// Who gets the tokens.
    pub to: Address,
    /// The last second at which the order is good.
    pub deadline: U256,
}

/// A signed approval of the pair's shares, as Router02 takes it along.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Whether it was signed over the largest amount instead of over the withdrawal's shares.
    pub max: bool,
    /// ECRECOVER's first argument after the digest.
    pub v: u8,
    /// Its second.
    pub r: B256,
    /// Its third.
    pub s: B256,
}

/// How much of both tokens a deposit takes: all of one and what fits of the other.
pub(crate) fn fitting(reserves: [U256; 2], desired: [U256; 2], least: [U256; 2]) -> Result<[U256; 2]> {
    let ([reserve_a, reserve_b], [desired_a, desired_b]) = (reserves, desired);
    let [least_a, least_b] = least;
    if reserve_a.is_zero() && reserve_b.is_zero() {
        return Ok(desired);
    }
    let fits_b = math::quote(desired_a, reserve_a, reserve_b)?;
    if fits_b <= desired_b {
        ensure!(fits_b >= least_b, "UniswapV2Router: INSUFFICIENT_B_AMOUNT");
        return Ok([desired_a, fits_b]);
    }
    let fits_a = math::quote(desired_b, reserve_b, reserve_a)?;
    ensure!(fits_a >= least_a, "UniswapV2Router: INSUFFICIENT_A_AMOUNT");
    Ok([fits_a, desired_b])
}

const PULL_FAILED: &str = "TransferHelper: TRANSFER_FROM_FAILED";

impl Router<'_> {
    /// Finds or creates the pool and says how much of both tokens it takes.
    fn prepare(&self, deposit: &Deposit) -> Result<(Leg, [U256; 2])> {
        self.check_deadline(deposit.deadline)?;
        let [token_a, token_b] = deposit.tokens;
        let prepare = || {
            let leg = match Leg::look(self.cx, token_a, token_b) {
                Ok(Some(leg)) => leg,
                // The factory refuses in the words that are published for it.
                Ok(None) | Err(Stop::Revert(_)) => {
                    let factory = self.cx.env(|env| env.addresses.v2_factory);
                    let call = || IUniswapV2Factory::createPairCall { tokenA: token_a, tokenB: token_b };
                    self.cx.call(factory, call, |at| Factory::of(at).create_pair(token_a, token_b))?;
                    Leg::find(self.cx, token_a, token_b)?
                }
                Err(stop) => return Err(stop),
            };
            let amounts = fitting(leg.reserves(self.cx)?, deposit.desired, deposit.least)?;
            Ok((leg, amounts))
        };
        blame_foreign(self.cx, &deposit.tokens, prepare())
    }

    /// Deposits both tokens. Answers the amounts taken and the shares minted.
    ///
    /// # Errors
    /// The published texts; `WrapFirst` when a token is foreign. So for everything below.
    pub fn add(&mut self, by: Caller, deposit: &Deposit) -> Result<([U256; 2], U256)> {
        let (leg, amounts) = self.prepare(deposit)?;
        for (asset, amount) in [leg.asset_in(), leg.asset_out()].into_iter().zip(amounts) {
            or_text(asset.pull(self.cx, by.address(), leg.pair, amount), PULL_FAILED)?;
        }
        let shares = calls::mint(self.cx, leg.pair, deposit.to)?;
        Ok((amounts, shares))
    }

    /// Deposits a token and coin sent along; what does not fit of the coin is given back.
    pub fn add_coin(&mut self, by: Caller, coin: U256, deposit: &Deposit) -> Result<([U256; 2], U256)> {
        let (leg, amounts) = self.prepare(deposit)?;
        let [tokens, wei] = amounts;
        or_text(leg.asset_in().pull(self.cx, by.address(), leg.pair, tokens), PULL_FAILED)?;
        calls::wrap(self.cx, wei)?;
        leg.asset_out().send(self.cx, leg.pair, wei)?;
        let shares = calls::mint(self.cx, leg.pair, deposit.to)?;
        let rest = math::minus(coin, wei)?;
        if !rest.is_zero() {
            self.cx.queue_payout(by.address(), rest)?;
        }
        Ok((amounts, shares))
    }

    fn find(&self, tokens: [Address; 2]) -> Result<Leg> {
        let [token_a, token_b] = tokens;
        Leg::find(self.cx, token_a, token_b)
    }

    /// Redeems shares for both tokens, in the caller's order.
    pub fn remove(&mut self, by: Caller, withdrawal: &Withdrawal) -> Result<[U256; 2]> {
        self.check_deadline(withdrawal.deadline)?;
        let leg = self.find(withdrawal.tokens)?;
        Asset { token: leg.pair, share: true }.pull(self.cx, by.address(), leg.pair, withdrawal.shares)?;
        let amounts = leg.order(calls::burn(self.cx, leg.pair, withdrawal.to)?);
        let ([amount_a, amount_b], [least_a, least_b]) = (amounts, withdrawal.least);
        ensure!(amount_a >= least_a, "UniswapV2Router: INSUFFICIENT_A_AMOUNT");
        ensure!(amount_b >= least_b, "UniswapV2Router: INSUFFICIENT_B_AMOUNT");
        Ok(amounts)
    }

    /// Redeems shares for a token and coin. `measured` hands on all that this contract then holds of
    /// the token, as published for tokens that take a fee on transfer.
    pub fn remove_coin(&mut self, by: Caller, withdrawal: &Withdrawal, measured: bool) -> Result<[U256; 2]> {
        let [token, _] = withdrawal.tokens;
        let here = Withdrawal { to: self.cx.this(), ..*withdrawal };
        let [tokens, wei] = self.remove(by, &here)?;
        let asset = self.find(withdrawal.tokens)?.asset_in();
        let sent = if measured { ledger_of(self.cx, token).balance_of(self.cx.this())? } else { tokens };
        or_text(asset.send(self.cx, withdrawal.to, sent), "TransferHelper: TRANSFER_FAILED")?;
        calls::unwrap_to(self.cx, withdrawal.to, wei)?;
        Ok([tokens, wei])
    }

    /// Presents the caller's signature to the pair. Nothing here needs the allowance that it gives (D4),
    /// but a signature that is wrong must not pass for right.
    pub fn permit(&mut self, by: Caller, withdrawal: &Withdrawal, signature: Signature) -> Result<()> {
        let leg = self.find(withdrawal.tokens)?;
        let value = if signature.max { U256::MAX } else { withdrawal.shares };
        let call = IUniswapV2Pair::permitCall {
            owner: by.address(),
            spender: self.cx.this(),
            value,
            deadline: withdrawal.deadline,
            v: signature.v,
            r: signature.r,
            s: signature.s,
        };
        self.cx.call(
            leg.pair,
            || call.clone(),
            |at| {
                Pair::of(at, leg.pair).permit(&call)?;
                Ok(IUniswapV2Pair::permitReturn {})
            },
        )?;
        Ok(())
    }
}
