//! How a native call stops early.

use alloy_primitives::Bytes;
use alloy_sol_types::{Panic, PanicKind, Revert, SolError};
use limpid_math::MathError;
use std::fmt;

/// The result of native code.
pub type Result<T, E = Stop> = std::result::Result<T, E>;

/// Why a native call stopped. Everything it did is undone by the dispatcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A refusal with ABI-encoded error data; unused gas is returned.
    Revert(Bytes),
    /// The call's gas ran out; all of it is spent.
    OutOfGas,
    /// The database failed. Aborts block execution; only a host can make one.
    Fatal(Fatal),
}

/// A database failure, carried unchanged to the executor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fatal(String);

impl Fatal {
    /// For implementations of [`crate::Host`] alone: contract code has no reason to call this.
    pub fn from_database(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A refusal with one of the ABI's own errors.
pub fn revert(error: impl SolError) -> Stop {
    Stop::Revert(error.abi_encode().into())
}

/// A refusal with `Error(string)`, for interfaces whose texts are part of their contract.
pub fn revert_text(text: &str) -> Stop {
    revert(Revert::from(text))
}

impl From<MathError> for Stop {
    /// Arithmetic faults answer as Solidity does: `Panic(0x11)` and `Panic(0x12)`.
    fn from(error: MathError) -> Self {
        revert(Panic::from(match error {
            MathError::Overflow => PanicKind::UnderOverflow,
            MathError::DivisionByZero => PanicKind::DivisionByZero,
        }))
    }
}

/// Stops with `error` (a `SolError`, or a text for `Error(string)`) unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $text:literal) => {
        if !$condition {
            return Err($crate::revert_text($text));
        }
    };
    ($condition:expr, $error:expr) => {
        if !$condition {
            return Err($crate::revert($error));
        }
    };
}
