//! A pair's share token: ERC-20 and ERC-2612 in Uniswap's words.

use crate::{
    asset::or_text,
    state::{Basis, Pair},
};
use alloy_primitives::{Address, B256, U256};
use limpid_abi::IUniswapV2Pair;
use limpid_math::{Round, mul_div};
use limpid_native::{Caller, Result, revert_text};
use limpid_token::{Permit, PermitRefusal, domain_separator};

/// The name that every pair's share token has; permits are signed over it.
pub const SHARE_NAME: &str = "Uniswap V2";

/// The symbol that every pair's share token has.
pub const SHARE_SYMBOL: &str = "UNI-V2";

/// What Uniswap's share token answers when a balance or an allowance is too small.
const TOO_SMALL: &str = "ds-math-sub-underflow";

impl Pair<'_> {
    /// Moves shares and, in proportion, what they were got for. Answers what `from` is left with.
    ///
    /// # Errors
    /// `ds-math-sub-underflow` when `from` holds less.
    pub(crate) fn move_shares(&mut self, from: Address, to: Address, value: U256) -> Result<U256> {
        let held = self.ledger.balance_of(from)?;
        let left = or_text(self.ledger.transfer(from, to, value), TOO_SMALL)?;
        let basis = self.basis.get(from)?;
        if from == to || value.is_zero() || basis == Basis::default() {
            return Ok(left);
        }
        let moved = part(basis, value, held)?;
        self.basis.set(from, without(basis, moved))?;
        let theirs = self.basis.get(to)?;
        self.basis.set(to, with(theirs, moved))?;
        Ok(left)
    }

    /// Moves the caller's shares.
    pub fn transfer(&mut self, by: Caller, to: Address, value: U256) -> Result<bool> {
        self.move_shares(by.address(), to, value)?;
        Ok(true)
    }

    /// Moves shares that their owner lets the caller take.
    pub fn transfer_from(&mut self, by: Caller, from: Address, to: Address, value: U256) -> Result<bool> {
        or_text(self.ledger.spend(from, by.address(), value), TOO_SMALL)?;
        self.move_shares(from, to, value)?;
        Ok(true)
    }

    /// Lets `spender` take the caller's shares.
    pub fn approve(&mut self, by: Caller, spender: Address, value: U256) -> Result<bool> {
        self.ledger.approve(by, spender, value)?;
        Ok(true)
    }

    /// The EIP-712 domain of this pair's permits.
    pub fn domain_separator(&self) -> Result<B256> {
        domain_separator(self.cx, SHARE_NAME)
    }

    /// Gives an allowance that its owner signed.
    ///
    /// # Errors
    /// `UniswapV2: EXPIRED`, `UniswapV2: INVALID_SIGNATURE`.
    pub fn permit(&mut self, call: &IUniswapV2Pair::permitCall) -> Result<()> {
        let IUniswapV2Pair::permitCall { owner, spender, value, deadline, v, r, s } = *call;
        let permit = Permit { owner, spender, value, deadline, signature: (v, r, s) };
        self.ledger.permit(SHARE_NAME, &permit)?.map_err(|refusal| match refusal {
            PermitRefusal::Expired => revert_text("UniswapV2: EXPIRED"),
            PermitRefusal::NotSigned { .. } => revert_text("UniswapV2: INVALID_SIGNATURE"),
        })
    }
}

/// The part of a basis that goes with `value` of `held` shares, rounded down.
fn part(basis: Basis, value: U256, held: U256) -> Result<Basis> {
    let of = |amount: U256| mul_div(amount, value, held, Round::Down);
    Ok(Basis {
        deposited0: of(U256::from(basis.deposited0))?.saturating_to(),
        deposited1: of(U256::from(basis.deposited1))?.saturating_to(),
        root: of(basis.root)?,
    })
}

const fn without(basis: Basis, gone: Basis) -> Basis {
    Basis {
        deposited0: basis.deposited0.saturating_sub(gone.deposited0),
        deposited1: basis.deposited1.saturating_sub(gone.deposited1),
        root: basis.root.saturating_sub(gone.root),
    }
}

const fn with(basis: Basis, come: Basis) -> Basis {
    Basis {
        deposited0: basis.deposited0.saturating_add(come.deposited0),
        deposited1: basis.deposited1.saturating_add(come.deposited1),
        root: basis.root.saturating_add(come.root),
    }
}
