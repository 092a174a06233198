//! Moving amounts, and letting others move them.

use crate::state::{Allowance, Ledger};
use alloy_primitives::{Address, U256};
use limpid_abi::{IERC20, IToken};
use limpid_math::MathError;
use limpid_native::{AccountCode, Caller, Ctx, Result, ensure};

/// The longest time that a person's allowance lasts, in seconds: 30 days.
pub const LONGEST_ALLOWANCE: u64 = 30 * 24 * 60 * 60;

/// Most rows of one listing.
const MOST_ROWS: u64 = 100;

/// Addition and subtraction of amounts that never wrap.
pub trait Sum: Sized {
    /// The sum.
    ///
    /// # Errors
    /// `Panic(0x11)` beyond 256 bits.
    fn plus(self, other: Self) -> Result<Self>;

    /// The difference.
    ///
    /// # Errors
    /// `Panic(0x11)` below zero.
    fn less(self, other: Self) -> Result<Self>;
}

impl Sum for U256 {
    fn plus(self, other: Self) -> Result<Self> {
        Ok(self.checked_add(other).ok_or(MathError::Overflow)?)
    }
    fn less(self, other: Self) -> Result<Self> {
        Ok(self.checked_sub(other).ok_or(MathError::Overflow)?)
    }
}

/// Whether the owner is a person rather than a contract: the signer of this transaction, or an account
/// that delegated to code.
fn is_person(cx: Ctx<'_>, owner: Address) -> Result<bool> {
    Ok(cx.env(|env| env.origin == owner) || cx.code(owner)? == AccountCode::Delegated)
}

fn is_system(cx: Ctx<'_>, account: Address) -> bool {
    cx.env(|env| env.addresses.is_system(account))
}

impl Ledger<'_> {
    /// Smallest units held by an account.
    pub fn balance_of(&self, account: Address) -> Result<U256> {
        self.balances.get(account)
    }

    /// Smallest units in existence.
    pub fn total_supply(&self) -> Result<U256> {
        self.supply.get()
    }

    /// Moves an amount whose owner the caller of this function has authenticated. Answers what the owner
    /// is left with.
    ///
    /// # Errors
    /// `ERC20InsufficientBalance`.
    pub fn transfer(&mut self, from: Address, to: Address, value: U256) -> Result<U256> {
        let left = self.debit(from, value)?;
        let received = self.credit(to, value)?;
        self.cx.emit(IERC20::Transfer { from, to, value })?;
        Ok(if from == to { received } else { left })
    }

    /// Creates an amount.
    ///
    /// # Errors
    /// `Panic(0x11)` when the supply would exceed 256 bits.
    pub fn mint(&mut self, to: Address, value: U256) -> Result<()> {
        self.supply.set(self.supply.get()?.plus(value)?)?;
        self.credit(to, value)?;
        self.cx.emit(IERC20::Transfer { from: Address::ZERO, to, value })
    }

    /// Destroys an amount.
    ///
    /// # Errors
    /// `ERC20InsufficientBalance`.
    pub fn burn(&mut self, from: Address, value: U256) -> Result<()> {
        self.debit(from, value)?;
        self.supply.set(self.supply.get()?.less(value)?)?;
        self.cx.emit(IERC20::Transfer { from, to: Address::ZERO, value })
    }

    /// As [`Self::mint`], for a contract whose interface logs creation by an event of its own.
    pub fn mint_unlogged(&mut self, to: Address, value: U256) -> Result<()> {
        self.supply.set(self.supply.get()?.plus(value)?)?;
        self.credit(to, value).map(drop)
    }

    /// As [`Self::burn`], for a contract whose interface logs destruction by an event of its own.
    pub fn burn_unlogged(&mut self, from: Address, value: U256) -> Result<()> {
        self.debit(from, value)?;
        self.supply.set(self.supply.get()?.less(value)?)
    }

    fn debit(&mut self, from: Address, value: U256) -> Result<U256> {
        let balance = self.balances.get(from)?;
        ensure!(balance >= value, IToken::ERC20InsufficientBalance { sender: from, balance, needed: value });
        let left = balance.less(value)?;
        self.balances.set(from, left)?;
        Ok(left)
    }

    // Reads after the debit was written, so that a transfer to oneself changes nothing.
    fn credit(&mut self, to: Address, value: U256) -> Result<U256> {
        let balance = self.balances.get(to)?.plus(value)?;
        self.balances.set(to, balance)?;
        Ok(balance)
    }

    /// What `spender` may take from `owner` now: everything for the system, nothing once expired.
    pub fn allowance(&self, owner: Address, spender: Address) -> Result<U256> {
        self.allowance_info(owner, spender).map(|(value, _)| value)
    }

    /// As [`Self::allowance`], with the time it ends (0 for never).
    pub fn allowance_info(&self, owner: Address, spender: Address) -> Result<(U256, u64)> {
        if is_system(self.cx, spender) {
            return Ok((U256::MAX, 0));
        }
        let given = self.allowances.get((owner, spender))?;
        let value = if self.is_over(&given) { U256::ZERO } else { given.value };
        Ok((value, given.expires_at))
    }

    /// How many allowances an owner has given and not used up or taken back.
    pub fn allowance_count(&self, owner: Address) -> Result<U256> {
        self.spenders.len(owner).map(U256::from)
    }

    /// Rows `offset ..` of an owner's allowances, expired ones included.
    pub fn allowances_of(&self, owner: Address, offset: U256, limit: U256) -> Result<Vec<IToken::Allowance>> {
        self.spenders.page(owner, (offset, limit), MOST_ROWS, |spender| {
            let given = self.allowances.get((owner, spender))?;
            Ok(IToken::Allowance { spender, value: given.value, expiresAt: given.expires_at })
        })
    }

    /// The caller lets `spender` take `value`; a person for [`LONGEST_ALLOWANCE`].
    pub fn approve(&mut self, by: Caller, spender: Address, value: U256) -> Result<()> {
        let owner = by.address();
        let expires_at = if is_person(self.cx, owner)? { self.latest_end() } else { 0 };
        self.set_allowance(owner, spender, value, expires_at)
    }

    /// The caller lets `spender` take `value` until `expires_at`; a person for [`LONGEST_ALLOWANCE`] at most.
    ///
    /// # Errors
    /// `ExpiryInThePast`.
    pub fn approve_until(&mut self, by: Caller, spender: Address, value: U256, expires_at: u64) -> Result<()> {
        let owner = by.address();
        ensure!(expires_at >= self.cx.now(), IToken::ExpiryInThePast { expiresAt: expires_at });
        let end = if is_person(self.cx, owner)? { expires_at.min(self.latest_end()) } else { expires_at };
        self.set_allowance(owner, spender, value, end)?;
        self.cx.emit(IToken::AllowanceExpires { owner, spender, expiresAt: end })
    }

    /// Uses up `value` of what `owner` lets `spender` take.
    ///
    /// # Errors
    /// `AllowanceExpired`, `ERC20InsufficientAllowance`.
    pub fn spend(&mut self, owner: Address, spender: Address, value: U256) -> Result<()> {
        let given = self.allowances.get((owner, spender))?;
        ensure!(!self.is_over(&given), IToken::AllowanceExpired { owner, spender, expiredAt: given.expires_at });
        ensure!(
            given.value >= value,
            IToken::ERC20InsufficientAllowance { spender, allowance: given.value, needed: value }
        );
        if given.value == U256::MAX || value.is_zero() {
            return Ok(());
        }
        let left = Allowance { value: given.value.less(value)?, ..given };
        if left.value.is_zero() {
            self.forget(owner, spender, left)
        } else {
            self.allowances.set((owner, spender), left)
        }
    }

    /// The latest time that a person's allowance given now ends.
    pub(crate) fn latest_end(&self) -> u64 {
        self.cx.now().saturating_add(LONGEST_ALLOWANCE)
    }

    fn is_over(&self, given: &Allowance) -> bool {
        given.expires_at != 0 && self.cx.now() > given.expires_at
    }

    /// Stores and logs an allowance that the owner has authorised; for the system there is nothing to store.
    pub(crate) fn set_allowance(
        &mut self,
        owner: Address,
        spender: Address,
        value: U256,
        expires_at: u64,
    ) -> Result<()> {
        if !is_system(self.cx, spender) {
            let before = self.allowances.get((owner, spender))?;
            if value.is_zero() {
                self.forget(owner, spender, before)?;
            } else {
                let place = match before.place {
                    0 => self.spenders.push(owner, spender)?.saturating_add(1),
                    place => place,
                };
                self.allowances.set((owner, spender), Allowance { value, expires_at, place })?;
            }
        }
        self.cx.emit(IERC20::Approval { owner, spender, value })
    }

    /// Takes an allowance off the owner's list; the list's last entry moves into its place.
    fn forget(&mut self, owner: Address, spender: Address, given: Allowance) -> Result<()> {
        let Some(index) = given.place.checked_sub(1) else { return Ok(()) };
        if let Some(last) = self.spenders.pop(owner)?
            && last != spender
        {
            self.spenders.set(owner, index, last)?;
            let moved = self.allowances.get((owner, last))?;
            self.allowances.set((owner, last), Allowance { place: given.place, ..moved })?;
        }
        self.allowances.set((owner, spender), Allowance::default())
    }

    /// The next nonce of an owner's permits.
    pub fn nonce(&self, owner: Address) -> Result<U256> {
        self.nonces.get(owner)
    }
}
