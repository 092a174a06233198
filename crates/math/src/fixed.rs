//! Binary fixed point as Uniswap V2's price accumulators use it.

use crate::{MathError, Result};
use alloy_primitives::{U256, aliases::U112};

/// An unsigned fraction with 112 integer and 112 fractional bits: resolution 2^-112.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uq112x112(U256);

impl Uq112x112 {
    /// `⌊numerator · 2^112 / denominator⌋`, which always fits 224 bits.
    ///
    /// # Errors
    /// `DivisionByZero` when the denominator is 0.
    pub fn fraction(numerator: U112, denominator: U112) -> Result<Self> {
        U256::from(numerator)
            .wrapping_shl(112)
            .checked_div(U256::from(denominator))
            .map(Self)
            .ok_or(MathError::DivisionByZero)
    }

    /// The raw 224-bit number.
    pub const fn raw(self) -> U256 {
        self.0
    }

    /// The fraction accumulated over `seconds`, for a counter that wraps at 2^256 by design: readers
    /// take differences of two readings modulo 2^256.
    pub fn over(self, seconds: u32) -> U256 {
        self.0.wrapping_mul(U256::from(seconds))
    }
}
