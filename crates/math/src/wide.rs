//! Products of 512 bits and what is made of them.

use crate::{MathError, Result};
use alloy_primitives::{U256, U512};
use std::cmp::Ordering;

/// Which way an inexact division goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Round {
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

fn product(a: U256, b: U256) -> U512 {
    a.widening_mul::<256, 4, 512, 8>(b)
}

fn narrow(wide: U512) -> Result<U256> {
    U256::checked_from_limbs_slice(wide.as_limbs()).ok_or(MathError::Overflow)
}

/// `a · b / d` over the whole 512-bit product, rounded as named.
///
/// # Errors
/// `DivisionByZero` when `d` is 0, `Overflow` when the quotient needs more than 256 bits.
pub fn mul_div(a: U256, b: U256, d: U256, round: Round) -> Result<U256> {
    if d.is_zero() {
        return Err(MathError::DivisionByZero);
    }
    // Most amounts are far below 2^128: their product fits, and the wide division is not needed.
    let (quotient, exact) = match a.checked_mul(b) {
        Some(small) => {
            let (quotient, rest) = small.div_rem(d);
            (quotient, rest.is_zero())
        }
        None => {
            let (quotient, rest) = product(a, b).div_rem(U512::from(d));
            (narrow(quotient)?, rest.is_zero())
        }
    };
    match round {
        Round::Up if !exact => quotient.checked_add(U256::ONE).ok_or(MathError::Overflow),
        _ => Ok(quotient),
    }
}

/// Compares `a · b` with `c · d`, exactly.
pub fn compare_products(a: U256, b: U256, c: U256, d: U256) -> Ordering {
    match (a.checked_mul(b), c.checked_mul(d)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => product(a, b).cmp(&product(c, d)),
    }
}

/// `⌊√n⌋`.
///
/// Newton's iteration from a power of two at or above the root: it falls until it reaches the root, so
/// it ends, after at most 9 rounds. (`ruint`'s own root starts from a float.)
pub fn isqrt(n: U256) -> U256 {
    if n <= U256::ONE {
        return n;
    }
    let mut root = U256::ONE.wrapping_shl(n.bit_len().div_ceil(2));
    loop {
        // 1 <= root <= 2^128 and n / root <= 2^128: neither the quotient nor the sum can fail.
        let closer = root.wrapping_add(n.wrapping_div(root)).wrapping_shr(1);
        if closer >= root {
            return root;
        }
        root = closer;
    }
}

/// `⌊√(a · b)⌋` over the whole 512-bit product; the root always fits.
pub fn isqrt_of_product(a: U256, b: U256) -> U256 {
    if let Some(small) = a.checked_mul(b) {
        return isqrt(small);
    }
    let n = product(a, b);
    let mut root = U512::ONE.wrapping_shl(n.bit_len().div_ceil(2));
    loop {
        let closer = root.wrapping_add(n.wrapping_div(root)).wrapping_shr(1);
        if closer >= root {
            return root.wrapping_to();
        }
        root = closer;
    }
}
