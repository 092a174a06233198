//! Wrapping, unwrapping, measuring: each a native step, calls to the token, and a second native step.

use crate::{
    Gateway,
    answers::{accepted, word},
    registration::{QUESTIONS, questions, unreadable},
    state::Record,
};
use alloy_primitives::{Address, U256};
use limpid_abi::{IERC20, IGateway, IToken};
use limpid_native::{AccountCode, Answer, Caller, Contract, Errand, ForeignCall, Result, ensure, revert};
use limpid_token::{Token, ledger_of};

/// An order to wrap.
#[derive(Clone, Copy, Debug)]
pub struct Wrap {
    /// The foreign token.
    pub token: Address,
    /// At most this much is pulled, in its smallest units.
    pub amount: U256,
    /// Who gets the wrapped units.
    pub to: Address,
    /// Fewer of them are refused.
    pub least: U256,
}

/// An order to unwrap.
#[derive(Clone, Copy, Debug)]
pub struct Unwrap {
    /// The foreign token.
    pub token: Address,
    /// Wrapped units to burn.
    pub amount: U256,
    /// Who gets the foreign ones.
    pub to: Address,
    /// Fewer of them are refused.
    pub least: U256,
}

fn balance_of(token: Address, owner: Address) -> ForeignCall {
    ForeignCall::read(token, &IERC20::balanceOfCall { owner })
}

fn balance(token: Address, answer: &Answer) -> Result<U256> {
    word(answer).ok_or_else(|| unreadable::<IERC20::balanceOfCall>(token))
}

fn check_moved(token: Address, answer: &Answer) -> Result<()> {
    ensure!(accepted(answer), IGateway::TransferRefused { token, reason: answer.data.clone() });
    Ok(())
}

impl Gateway<'_> {
    /// A token of a user's contract; anything else is not for wrapping. An account that delegates
    /// (EIP-7702) is a person, who can take the code away again.
    fn check_foreign(&self, token: Address) -> Result<()> {
        match self.cx.code(token)? {
            AccountCode::Bytecode => Ok(()),
            AccountCode::Native(_) => Err(revert(IGateway::AlreadyNative { token })),
            AccountCode::Empty | AccountCode::Delegated => Err(revert(IGateway::NotAToken { account: token })),
        }
    }

    fn registered(&self, token: Address) -> Result<Record> {
        let record = self.records.get(token)?;
        ensure!(!record.wrapped.is_zero(), IGateway::NotWrapped { token });
        Ok(record)
    }

    fn supply(&self, record: &Record) -> Result<U256> {
        ledger_of(self.cx, record.wrapped).total_supply()
    }

    /// Pulls a foreign token from the caller and mints what arrives.
    ///
    /// # Errors
    /// `AlreadyNative`, `NotAToken`, `Unreadable`, `TransferRefused`, `NothingMoved`, `TooLittle`, `Frozen`,
    /// `ERC20InvalidReceiver`.
    pub fn wrap(&mut self, by: Caller, order: Wrap) -> Result<Errand<U256>> {
        let Wrap { token, amount, .. } = order;
        self.check_foreign(token)?;
        let here = self.cx.this();
        let known = !self.records.get(token)?.wrapped.is_zero();
        let mut calls = if known { Vec::new() } else { questions(token).to_vec() };
        calls.extend([
            balance_of(token, here),
            ForeignCall::write(token, &IERC20::transferFromCall { from: by.address(), to: here, value: amount }),
            balance_of(token, here),
        ]);
        Ok(Errand::new(calls, move |cx, answers| Gateway::at(cx, cx.this()).wrapped(by, &order, answers)))
    }

    fn wrapped(&mut self, by: Caller, order: &Wrap, answers: &[Answer]) -> Result<U256> {
        let Wrap { token, amount, to, least } = *order;
        let known = self.records.get(token)?;
        let (record, moved) = match answers.split_at_checked(QUESTIONS) {
            Some((told, moved)) if known.wrapped.is_zero() => (self.register(token, told)?, moved),
            _ => (known, answers),
        };
        let [before, pulled, after] = moved else { return Err(unreadable::<IERC20::balanceOfCall>(token)) };
        let (before, supply) = (balance(token, before)?, self.supply(&record)?);
        ensure!(before >= supply, IGateway::Frozen { token, balance: before, supply });
        check_moved(token, pulled)?;
        let after = balance(token, after)?;
        let minted = after.saturating_sub(before).min(amount);
        ensure!(!minted.is_zero(), IGateway::NothingMoved { token });
        ensure!(minted >= least, IGateway::TooLittle { amount: minted, least });

        let me = self.cx.as_caller();
        self.cx.call(
            record.wrapped,
            || IToken::mintCall { to, value: minted },
            |at| {
                Token::of(at, record.wrapped).mint(me, to, minted)?;
                Ok(IToken::mintReturn {})
            },
        )?;
        self.note(token, record, after)?;
        self.cx.emit(IGateway::Wrapped { token, by: by.address(), to, amount: minted })?;
        Ok(minted)
    }

    /// Foreign tokens for nobody, for the gateway itself, or for a native contract are lost.
    fn check_receiver(&self, to: Address) -> Result<()> {
        let lost = to.is_zero() || matches!(self.cx.code(to)?, AccountCode::Native(_));
        ensure!(!lost, IGateway::BadReceiver { receiver: to });
        Ok(())
    }

    /// Burns the caller's wrapped units and pays out foreign ones.
    ///
    /// # Errors
    /// `NotWrapped`, `BadReceiver`, `ERC20InsufficientBalance`, `Unreadable`, `Short`, `TransferRefused`,
    /// `TookTooMuch`, `NothingMoved`, `TooLittle`.
    pub fn unwrap(&mut self, by: Caller, order: Unwrap) -> Result<Errand<U256>> {
        let Unwrap { token, amount, to, .. } = order;
        let record = self.registered(token)?;
        self.check_receiver(to)?;
        let owner = by.address();
        self.cx.call(
            record.wrapped,
            || IToken::burnCall { value: amount },
            |at| {
                ledger_of(at, record.wrapped).burn(owner, amount)?;
                Ok(IToken::burnReturn {})
            },
        )?;
        let here = self.cx.this();
        let calls = vec![
            balance_of(token, here),
            balance_of(token, to),
            ForeignCall::write(token, &IERC20::transferCall { to, value: amount }),
            balance_of(token, here),
            balance_of(token, to),
        ];
        Ok(Errand::new(calls, move |cx, answers| Gateway::at(cx, cx.this()).unwrapped(by, &order, answers)))
    }

    fn unwrapped(&mut self, by: Caller, order: &Unwrap, answers: &[Answer]) -> Result<U256> {
        let Unwrap { token, amount, to, least } = *order;
        let [before, theirs_before, pushed, after, theirs_after] = answers else {
            return Err(unreadable::<IERC20::balanceOfCall>(token));
        };
        let before = balance(token, before)?;
        ensure!(before >= amount, IGateway::Short { token, balance: before, needed: amount });
        check_moved(token, pushed)?;
        let after = balance(token, after)?;
        let taken = before.saturating_sub(after);
        ensure!(taken <= amount, IGateway::TookTooMuch { token, taken, asked: amount });
        let received = balance(token, theirs_after)?.saturating_sub(balance(token, theirs_before)?);
        ensure!(!received.is_zero(), IGateway::NothingMoved { token });
        ensure!(received >= least, IGateway::TooLittle { amount: received, least });

        let record = self.records.get(token)?;
        self.note(token, record, after)?;
        self.cx.emit(IGateway::Unwrapped { token, by: by.address(), to, amount, received })?;
        Ok(received)
    }

    /// Looks at what the gateway holds of a token and records it. Answers that and the supply.
    ///
    /// # Errors
    /// `NotWrapped`, `Unreadable`.
    pub fn measure(&mut self, token: Address) -> Result<Errand<(U256, U256)>> {
        self.registered(token)?;
        Ok(Errand::new(vec![balance_of(token, self.cx.this())], move |cx, answers| {
            let mut gateway = Gateway::at(cx, cx.this());
            let [held] = answers else { return Err(unreadable::<IERC20::balanceOfCall>(token)) };
            let (held, record) = (balance(token, held)?, gateway.records.get(token)?);
            Ok((held, gateway.note(token, record, held)?))
        }))
    }

    /// The same without recording it.
    ///
    /// # Errors
    /// `NotWrapped`, `Unreadable`.
    pub fn backing(&self, token: Address) -> Result<Errand<(U256, U256)>> {
        self.registered(token)?;
        Ok(Errand::new(vec![balance_of(token, self.cx.this())], move |cx, answers| {
            let gateway = Gateway::at(cx, cx.this());
            let [held] = answers else { return Err(unreadable::<IERC20::balanceOfCall>(token)) };
            Ok((balance(token, held)?, gateway.supply(&gateway.records.get(token)?)?))
        }))
    }

    /// Records a measure and says so when it changes whether minting is frozen. Answers the supply.
    fn note(&mut self, token: Address, record: Record, measured: U256) -> Result<U256> {
        let supply = self.supply(&record)?;
        let frozen = measured < supply;
        self.records.set(token, Record { measured, frozen, ..record })?;
        match (record.frozen, frozen) {
            (false, true) => self.cx.emit(IGateway::Shortfall { token, balance: measured, supply })?,
            (true, false) => self.cx.emit(IGateway::Covered { token, balance: measured, supply })?,
            _ => {}
        }
        Ok(supply)
    }
}
