//! Wrapping and unwrapping.

use crate::Weth;
use alloy_primitives::{Address, U256};
use limpid_abi::{IToken, IWETH9};
use limpid_native::{Caller, Result, ensure};

impl Weth<'_> {
    /// The name; the interface is WETH9's, the coin is ours.
    pub fn name(&self) -> Result<String> {
        Ok("Wrapped LIM".into())
    }

    /// The symbol.
    pub fn symbol(&self) -> Result<String> {
        Ok("WLIM".into())
    }

    /// The coin's decimals.
    pub const fn decimals(&self) -> Result<u8> {
        Ok(18)
    }

    /// Wraps coin that has already arrived here.
    pub fn deposit(&mut self, by: Caller, value: U256) -> Result<()> {
        self.ledger.mint_unlogged(by.address(), value)?;
        self.cx.emit(IWETH9::Deposit { dst: by.address(), wad: value })
    }

    /// Unwraps the caller's coin and pays it after everything else of this call.
    ///
    /// # Errors
    /// `ERC20InsufficientBalance`; when the payee refuses, the whole call reverts.
    pub fn withdraw(&mut self, by: Caller, value: U256) -> Result<()> {
        self.unwrap_of(by, value)?;
        self.cx.queue_payout(by.address(), value)
    }

    /// Unwraps for another native contract, which gets the coin at once: no code runs there.
    ///
    /// # Errors
    /// `ERC20InsufficientBalance`.
    pub fn withdraw_native(&mut self, by: Caller, value: U256) -> Result<()> {
        self.unwrap_of(by, value)?;
        self.cx.move_coin(by.address(), value)
    }

    fn unwrap_of(&mut self, by: Caller, value: U256) -> Result<()> {
        self.ledger.burn_unlogged(by.address(), value)?;
        self.cx.emit(IWETH9::Withdrawal { src: by.address(), wad: value })
    }

    /// Nobody receives at the zero address or at this contract: both are mistakes that WETH9 let happen.
    fn check_receiver(&self, to: Address) -> Result<()> {
        ensure!(!to.is_zero() && to != self.cx.this(), IToken::ERC20InvalidReceiver { receiver: to });
        Ok(())
    }

    /// Moves the caller's wrapped coin.
    ///
    /// # Errors
    /// `ERC20InvalidReceiver`, `ERC20InsufficientBalance`.
    pub fn transfer(&mut self, by: Caller, to: Address, value: U256) -> Result<bool> {
        self.check_receiver(to)?;
        self.ledger.transfer(by.address(), to, value)?;
        Ok(true)
    }

    /// Moves wrapped coin that its owner lets the caller take. As in WETH9, an owner needs no allowance
    /// for himself.
    ///
    /// # Errors
    /// `ERC20InvalidReceiver`, `AllowanceExpired`, `ERC20InsufficientAllowance`, `ERC20InsufficientBalance`.
    pub fn transfer_from(&mut self, by: Caller, from: Address, to: Address, value: U256) -> Result<bool> {
        self.check_receiver(to)?;
        if by.address() != from {
            self.ledger.spend(from, by.address(), value)?;
        }
        self.ledger.transfer(from, to, value)?;
        Ok(true)
    }

    /// Lets `spender` take `value` of the caller's wrapped coin.
    pub fn approve(&mut self, by: Caller, spender: Address, value: U256) -> Result<bool> {
        self.ledger.approve(by, spender, value)?;
        Ok(true)
    }
}
