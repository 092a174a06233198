//! How one contract, the gateway, deals with foreign code without ever being on the stack beside it.
//!
//! A method of the verb `outward` or `inquire` does not call out. It finishes, answering an [`Errand`]:
//! calls to make, and what to do with their answers. The dispatcher makes the calls between two native
//! steps, in real EVM frames of their own, with every native write locked. So foreign code runs
//! before or after a native effect, never inside one: what it can read is the whole state before or the
//! whole state after.

use crate::{Ctx, Result};
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;
use std::fmt;

/// Most calls of one errand.
pub const MOST_FOREIGN_CALLS: usize = 8;

/// Gas that one foreign call may use.
pub const FOREIGN_GAS: u64 = 500_000;

/// Most bytes that are kept of one answer: 64 bytes of content behind a selector and the two words that
/// the ABI puts before a text.
pub const MOST_ANSWER: usize = 4 + 64 + 64;

/// What a foreign call may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// STATICCALL.
    Read,
    /// CALL, without coin.
    Write,
}

/// One call to foreign code; the caller is the contract whose errand it is.
#[derive(Clone, Debug)]
pub struct ForeignCall {
    /// Whom to call.
    pub target: Address,
    /// Calldata.
    pub input: Bytes,
    /// What it may do.
    pub right: Right,
}

impl ForeignCall {
    /// A question.
    pub fn read(target: Address, call: &impl SolCall) -> Self {
        Self { target, input: call.abi_encode().into(), right: Right::Read }
    }

    /// An order.
    pub fn write(target: Address, call: &impl SolCall) -> Self {
        Self { target, input: call.abi_encode().into(), right: Right::Write }
    }
}

/// What a foreign call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether it succeeded.
    pub success: bool,
    /// The first [`MOST_ANSWER`] bytes of what it returned, or of why it refused.
    pub data: Bytes,
}

/// The second step of an errand.
pub type Then<T> = Box<dyn for<'c> FnOnce(Ctx<'c>, &[Answer]) -> Result<T>>;

/// Calls to make after the first native step, and the second one.
pub struct Errand<T> {
    /// In order. A failed one does not keep the next from being made: judging is the second step's.
    pub calls: Vec<ForeignCall>,
    /// Runs with the contract's own context and one answer for each call.
    pub then: Then<T>,
}

impl<T> fmt::Debug for Errand<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errand").field("calls", &self.calls).finish_non_exhaustive()
    }
}

impl<T: 'static> Errand<T> {
    /// An errand.
    pub fn new(calls: Vec<ForeignCall>, then: impl for<'c> FnOnce(Ctx<'c>, &[Answer]) -> Result<T> + 'static) -> Self {
        Self { calls, then: Box::new(then) }
    }

    /// The same errand, its result turned into another.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U + 'static) -> Errand<U> {
        let then = self.then;
        Errand { calls: self.calls, then: Box::new(move |cx, answers| then(cx, answers).map(turn)) }
    }
}
