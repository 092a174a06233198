//! Money arithmetic: exact, checked, and rounded by name.
//!
//! # Rules
//!
//! - M-1 *Never wrong, never partial.* [`mul_div`] forms the whole 512-bit product; the answer is exact
//!   or an error. Nothing wraps and nothing saturates.
//! - M-2 *Rounding is named.* Whoever divides says [`Round::Up`] or [`Round::Down`]; there is no default.
//! - M-3 *Kinds do not mix.* [`Assets`] and [`Shares`] carry the token they count; they add and subtract
//!   only with their own kind, and no `Mul` or `Div` exists.
//! - M-4 *No floats*, no clocks, no randomness: the same input gives the same answer on every machine.
//!
//! M-1 and M-2 are tested against arbitrary-precision integers in `tests/it/against_bigint.rs`; M-3 holds
//! by the compiler (see the `compile_fail` example of [`Assets`]).
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod fixed;
mod quantity;
mod wide;

pub use fixed::Uq112x112;
pub use quantity::{Assets, Shares};
pub use wide::{Round, compare_products, isqrt, isqrt_of_product, mul_div};

use std::fmt;

/// Why arithmetic has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MathError {
    /// The exact result does not fit, or a subtraction went below zero.
    Overflow,
    /// Division by zero.
    DivisionByZero,
}

impl fmt::Display for MathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overflow => "arithmetic overflow",
            Self::DivisionByZero => "division by zero",
        })
    }
}

impl std::error::Error for MathError {}

/// The result of arithmetic.
pub type Result<T> = std::result::Result<T, MathError>;
