//! A token's entry points.

use crate::{
    permit::{Permit, PermitRefusal, domain_separator},
    state::Token,
};
use alloy_primitives::{Address, B256, U256};
use limpid_abi::IToken;
use limpid_native::{Caller, Result, ensure, revert};

/// Most transfers of one batch.
const MOST_TRANSFERS: usize = 200;

impl Token<'_> {
    /// The token's name.
    pub fn name(&self) -> Result<String> {
        self.name.get().map(|text| text.as_str().to_owned())
    }

    /// The token's symbol.
    pub fn symbol(&self) -> Result<String> {
        self.symbol.get().map(|text| text.as_str().to_owned())
    }

    /// Decimals of the displayed unit.
    pub fn decimals(&self) -> Result<u8> {
        self.info.get().map(|info| info.decimals)
    }

    /// Who may mint; zero for a fixed supply.
    pub fn minter(&self) -> Result<Address> {
        self.info.get().map(|info| info.minter)
    }

    /// The EIP-712 domain of this token's permits.
    pub fn domain_separator(&self) -> Result<B256> {
        domain_separator(self.cx, &self.name()?)
    }

    /// Nobody receives at the zero address or at the token's own: both are mistakes.
    fn check_receiver(&self, to: Address) -> Result<()> {
        ensure!(!to.is_zero() && to != self.cx.this(), IToken::ERC20InvalidReceiver { receiver: to });
        Ok(())
    }

    /// Moves the caller's tokens.
    ///
    /// # Errors
    /// `ERC20InvalidReceiver`, `ERC20InsufficientBalance`.
    pub fn transfer(&mut self, by: Caller, to: Address, value: U256) -> Result<bool> {
        self.check_receiver(to)?;
        self.ledger.transfer(by.address(), to, value)?;
        Ok(true)
    }

    /// Moves tokens that their owner lets the caller take.
    ///
    /// # Errors
    /// `ERC20InvalidReceiver`, `AllowanceExpired`, `ERC20InsufficientAllowance`, `ERC20InsufficientBalance`.
    pub fn transfer_from(&mut self, by: Caller, from: Address, to: Address, value: U256) -> Result<bool> {
        self.check_receiver(to)?;
        self.ledger.spend(from, by.address(), value)?;
        self.ledger.transfer(from, to, value)?;
        Ok(true)
    }

    /// As [`Self::transfer`], logging a reference.
    pub fn transfer_with_memo(&mut self, by: Caller, to: Address, value: U256, memo: B256) -> Result<bool> {
        self.transfer(by, to, value)?;
        self.cx.emit(IToken::Memo { from: by.address(), to, memo, value })?;
        Ok(true)
    }

    /// Several transfers of the caller's; all happen or none.
    ///
    /// # Errors
    /// `LengthMismatch`, `TooMany`, and as [`Self::transfer`].
    pub fn transfer_batch(&mut self, by: Caller, to: &[Address], values: &[U256]) -> Result<bool> {
        ensure!(
            to.len() == values.len(),
            IToken::LengthMismatch { left: U256::from(to.len()), right: U256::from(values.len()) }
        );
        ensure!(
            to.len() <= MOST_TRANSFERS,
            IToken::TooMany { given: U256::from(to.len()), most: U256::from(MOST_TRANSFERS) }
        );
        for (to, value) in to.iter().zip(values) {
            self.transfer(by, *to, *value)?;
        }
        Ok(true)
    }

    /// Lets `spender` take `value` of the caller's tokens.
    pub fn approve(&mut self, by: Caller, spender: Address, value: U256) -> Result<bool> {
        ensure!(!spender.is_zero(), IToken::ERC20InvalidSpender { spender });
        self.ledger.approve(by, spender, value)?;
        Ok(true)
    }

    /// Lets `spender` take `value` of the caller's tokens until `expires_at`.
    pub fn approve_until(&mut self, by: Caller, spender: Address, value: U256, expires_at: u64) -> Result<bool> {
        ensure!(!spender.is_zero(), IToken::ERC20InvalidSpender { spender });
        self.ledger.approve_until(by, spender, value, expires_at)?;
        Ok(true)
    }

    /// Gives an allowance that its owner signed.
    ///
    /// # Errors
    /// `ERC2612ExpiredSignature`, `ERC2612InvalidSigner`.
    pub fn permit(&mut self, call: &IToken::permitCall) -> Result<()> {
        let IToken::permitCall { owner, spender, value, deadline, v, r, s } = *call;
        ensure!(!spender.is_zero(), IToken::ERC20InvalidSpender { spender });
        let name = self.name()?;
        let permit = Permit { owner, spender, value, deadline, signature: (v, r, s) };
        self.ledger.permit(&name, &permit)?.map_err(|refusal| match refusal {
            PermitRefusal::Expired => revert(IToken::ERC2612ExpiredSignature { deadline }),
            PermitRefusal::NotSigned { signer } => revert(IToken::ERC2612InvalidSigner { signer, owner }),
        })
    }

    /// Creates tokens.
    ///
    /// # Errors
    /// `SupplyIsFixed`, `OnlyMinter`, `ERC20InvalidReceiver`.
    pub fn mint(&mut self, by: Caller, to: Address, value: U256) -> Result<()> {
        let minter = self.minter()?;
        ensure!(!minter.is_zero(), IToken::SupplyIsFixed {});
        ensure!(by.address() == minter, IToken::OnlyMinter { caller: by.address() });
        self.check_receiver(to)?;
        self.ledger.mint(to, value)
    }

    /// Destroys the caller's tokens.
    ///
    /// # Errors
    /// `ERC20InsufficientBalance`.
    pub fn burn(&mut self, by: Caller, value: U256) -> Result<()> {
        self.ledger.burn(by.address(), value)
    }
}
