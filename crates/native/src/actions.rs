//! Action lists: several steps of one caller that happen together or not at all.
//!
//! A protocol declares its actions beside its contracts ([`actions!`](macro@crate::actions)) and puts them into
//! its registry line; the list's contract finds them there. Between steps, tokens are held by the list's
//! contract, and a [`Session`] keeps what of them is the caller's. No foreign code runs before the last
//! step has ended.

use crate::{Caller, Ctx, Result, ensure, revert};
use alloy_primitives::{Address, Bytes, U256};
use limpid_abi::IActions;
use limpid_math::MathError;
use std::fmt;

/// Stands for the native coin where an action names a token.
pub const COIN: Address = Address::ZERO;

/// Stands for all that the session holds of a token where an action names an amount.
pub const ALL: U256 = U256::MAX;

/// One kind of action.
#[derive(Clone, Copy)]
pub struct ActionKind {
    /// The selector of its function in the published interface.
    pub selector: [u8; 4],
    /// That function's signature.
    pub signature: &'static str,
    /// Does it. The context is the list's contract, which holds the session's tokens; the bytes are the
    /// function's arguments, the answer is its ABI-encoded result.
    pub run: fn(Ctx<'_>, &mut Session, &[u8]) -> Result<Bytes>,
}

impl fmt::Debug for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.signature)
    }
}

/// What must hold when the list has ended, of an account.
pub type EndCheck = fn(Ctx<'_>, Address) -> Result<()>;

/// One list while it runs: who asked for it, what it holds of every token, and what must be checked in the
/// end.
#[derive(Debug)]
pub struct Session {
    caller: Caller,
    held: Vec<(Address, U256)>,
    checks: Vec<(Address, EndCheck)>,
}

impl Session {
    /// A session that holds nothing.
    pub const fn new(caller: Caller) -> Self {
        Self { caller, held: Vec::new(), checks: Vec::new() }
    }

    /// Who asked for the list; the dispatcher has authenticated him.
    pub const fn caller(&self) -> Caller {
        self.caller
    }

    /// What the session holds of a token, in smallest units.
    pub fn held(&self, token: Address) -> U256 {
        self.held.iter().find(|(held, _)| *held == token).map_or(U256::ZERO, |(_, amount)| *amount)
    }

    /// Books an amount that has arrived at the list's contract.
    ///
    /// # Errors
    /// `Panic(0x11)` beyond 256 bits.
    pub fn receive(&mut self, token: Address, amount: U256) -> Result<()> {
        let sum = self.held(token).checked_add(amount).ok_or(MathError::Overflow)?;
        match self.held.iter_mut().find(|(held, _)| *held == token) {
            Some((_, held)) => *held = sum,
            None => self.held.push((token, sum)),
        }
        Ok(())
    }

    /// Books an amount that leaves the list's contract; [`ALL`] is all there is. Answers the amount.
    ///
    /// # Errors
    /// `NotHeld` when the session holds less.
    pub fn spend(&mut self, token: Address, amount: U256) -> Result<U256> {
        let held = self.held(token);
        let amount = if amount == ALL { held } else { amount };
        let left = held.checked_sub(amount);
        let left = left.ok_or_else(|| revert(IActions::NotHeld { token, held, needed: amount }))?;
        if let Some((_, held)) = self.held.iter_mut().find(|(held, _)| *held == token) {
            *held = left;
        }
        Ok(amount)
    }

    /// Demands a check of `account` when the list has ended. No action can take it back.
    pub fn check_at_end(&mut self, account: Address, check: EndCheck) {
        self.checks.push((account, check));
    }

    /// Ends the session: it must hold nothing, and every check must pass.
    ///
    /// # Errors
    /// `NotSettled`, and what the checks answer.
    pub fn finish(self, cx: Ctx<'_>) -> Result<()> {
        for (token, amount) in self.held {
            ensure!(amount.is_zero(), IActions::NotSettled { token, amount });
        }
        for (account, check) in self.checks {
            check(cx, account)?;
        }
        Ok(())
    }
}

/// The actions of a protocol: `Interface::nameCall => |cx, session, arguments| expression;`
///
/// Makes `const ACTIONS`. `arguments` is the decoded call of the published function; the expression is a
/// `Result` of what that function returns.
#[macro_export]
macro_rules! actions {
    ($($call:path => |$cx:pat_param, $session:pat_param, $args:pat_param| $body:expr;)*) => {
        /// What this crate adds to action lists.
        pub const ACTIONS: &[$crate::ActionKind] = &[$($crate::ActionKind {
            selector: <$call as $crate::dispatch::SolCallAlias>::SELECTOR,
            signature: <$call as $crate::dispatch::SolCallAlias>::SIGNATURE,
            run: |cx, session, data| $crate::dispatch::action::<$call, _>(cx, session, data, |$cx, $session, $args| $body),
        }),*];
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Call;

    const TOKEN: Address = Address::repeat_byte(0x70);

    #[test]
    fn a_session_spends_what_it_received() {
        let caller = Call::authenticated(Address::repeat_byte(1), U256::ZERO, &[]).caller;
        let mut session = Session::new(caller);
        assert_eq!(session.spend(TOKEN, ALL), Ok(U256::ZERO));
        session.receive(TOKEN, U256::from(5)).unwrap();
        session.receive(TOKEN, U256::from(2)).unwrap();
        session.receive(COIN, U256::from(9)).unwrap();
        assert_eq!(session.spend(TOKEN, U256::from(3)), Ok(U256::from(3)));
        assert_eq!((session.held(TOKEN), session.held(COIN)), (U256::from(4), U256::from(9)));
        let (held, needed) = (U256::from(4), U256::from(5));
        assert_eq!(session.spend(TOKEN, needed), Err(revert(IActions::NotHeld { token: TOKEN, held, needed })));
        assert_eq!(session.spend(TOKEN, ALL), Ok(held));
        assert_eq!(session.held(TOKEN), U256::ZERO);
        session.receive(TOKEN, U256::MAX).unwrap();
        assert!(session.receive(TOKEN, U256::from(1)).is_err(), "never wraps around");
    }
}
