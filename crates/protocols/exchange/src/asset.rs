//! Tokens in pools: which are allowed, and how they move.

use crate::{Pair, state::Setup};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use limpid_abi::{IERC20, errors};
use limpid_native::{AccountCode, Contract, Ctx, Result, Stop, revert, revert_text};
use limpid_token::{Token, ledger_of};
use limpid_weth::Weth;

/// A native token. Moving one runs no foreign code (P-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    pub(crate) token: Address,
    /// Whether it is a pair's share, whose transfers take the cost basis along.
    pub(crate) share: bool,
}

impl Asset {
    /// The native token at an address.
    ///
    /// # Errors
    /// `WrapFirst` when none stands there.
    pub fn resolve(cx: Ctx<'_>, token: Address) -> Result<Self> {
        match cx.code(token)? {
            AccountCode::Native(kind) if kind == Pair::KIND => Ok(Self { token, share: true }),
            AccountCode::Native(kind) if kind == Token::KIND || kind == Weth::KIND => Ok(Self { token, share: false }),
            _ => Err(revert(errors::WrapFirst { token })),
        }
    }

    /// Smallest units held by an account.
    pub fn balance_of(self, cx: Ctx<'_>, account: Address) -> Result<U256> {
        ledger_of(cx, self.token).balance_of(account)
    }

    /// The contract at `cx` sends what it holds itself. Answers what it is left with.
    pub fn send(self, cx: Ctx<'_>, to: Address, value: U256) -> Result<U256> {
        let call = || IERC20::transferCall { to, value };
        self.shift(cx, call, cx.this(), to, value)
    }

    /// The contract at `cx` debits `from`, who has called it (D4).
    pub fn pull(self, cx: Ctx<'_>, from: Address, to: Address, value: U256) -> Result<()> {
        let call = || IERC20::transferFromCall { from, to, value };
        self.shift(cx, call, from, to, value).map(drop)
    }

    fn shift<C: SolCall<Return = bool>>(
        self,
        cx: Ctx<'_>,
        call: impl Fn() -> C,
        from: Address,
        to: Address,
        value: U256,
    ) -> Result<U256> {
        let mut left = U256::ZERO;
        cx.call(self.token, call, |at| {
            left = if self.share {
                Pair::of(at, self.token).move_shares(from, to, value)?
            } else {
                ledger_of(at, self.token).transfer(from, to, value)?
            };
            Ok(true)
        })?;
        Ok(left)
    }
}

impl Setup {
    pub(crate) const fn assets(&self) -> [Asset; 2] {
        [Asset { token: self.token0, share: self.share0 }, Asset { token: self.token1, share: self.share1 }]
    }
}

/// The same result, but a refusal says `text`: interfaces whose words are part of them hide the reason.
pub(crate) fn or_text<T>(result: Result<T>, text: &str) -> Result<T> {
    result.map_err(|stop| match stop {
        Stop::Revert(_) => revert_text(text),
        other => other,
    })
}
