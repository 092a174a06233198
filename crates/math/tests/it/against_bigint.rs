//! Every operation against arbitrary-precision integers, on numbers that crowd around powers of two.

use alloy_primitives::{U256, aliases::U112};
use limpid_math::{Assets, MathError, Round, Uq112x112, compare_products, isqrt, isqrt_of_product, mul_div};
use num_bigint::BigUint;
use proptest::prelude::*;

fn big(n: U256) -> BigUint {
    BigUint::from_bytes_be(&n.to_be_bytes::<32>())
}

/// Numbers of every width, with the edges (0, 1, 2^k ± few, the maximum) far more often than chance.
fn number() -> impl Strategy<Value = U256> {
    let limbs = prop::array::uniform4(any::<u64>()).prop_map(U256::from_limbs);
    prop_oneof![
        4 => (limbs, 0usize..256).prop_map(|(n, shift)| n >> shift),
        3 => (0usize..256, 0u64..4, any::<bool>()).prop_map(|(bit, near, above)| {
            let power = U256::from(1) << bit;
            if above { power.saturating_add(U256::from(near)) } else { power.saturating_sub(U256::from(near)) }
        }),
        1 => (0u64..4).prop_map(|near| U256::MAX - U256::from(near)),
        1 => (0u64..4).prop_map(U256::from),
    ]
}

fn expected(a: U256, b: U256, d: U256, round: Round) -> Result<BigUint, MathError> {
    if d.is_zero() {
        return Err(MathError::DivisionByZero);
    }
    let product = big(a) * big(b);
    let quotient = match round {
        Round::Down => product / big(d),
        Round::Up => (product + big(d) - 1u8) / big(d),
    };
    if quotient > big(U256::MAX) { Err(MathError::Overflow) } else { Ok(quotient) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("LIMPID_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(4096)
    ))]

    #[test]
    fn mul_div_is_exact_in_both_roundings(a in number(), b in number(), d in number()) {
        for round in [Round::Down, Round::Up] {
            prop_assert_eq!(mul_div(a, b, d, round).map(big), expected(a, b, d, round));
        }
    }

    #[test]
    fn products_compare_exactly(a in number(), b in number(), c in number(), d in number()) {
        prop_assert_eq!(compare_products(a, b, c, d), (big(a) * big(b)).cmp(&(big(c) * big(d))));
        prop_assert!(compare_products(a, b, b, a).is_eq());
    }

    #[test]
    fn roots_are_floors(a in number(), b in number()) {
        prop_assert_eq!(big(isqrt(a)), big(a).sqrt());
        prop_assert_eq!(big(isqrt_of_product(a, b)), (big(a) * big(b)).sqrt());
    }

    #[test]
    fn fractions_are_floors(a in number(), b in number(), seconds in any::<u32>()) {
        let (n, d): (U112, U112) = (a.wrapping_to(), b.wrapping_to());
        match Uq112x112::fraction(n, d) {
            Err(error) => prop_assert!(d.is_zero() && error == MathError::DivisionByZero),
            Ok(fraction) => {
                let exact = (big(U256::from(n)) << 112usize) / big(U256::from(d));
                prop_assert_eq!(big(fraction.raw()), exact.clone());
                prop_assert_eq!(big(fraction.over(seconds)), (exact * seconds) % (BigUint::from(1u8) << 256usize));
            }
        }
    }

    #[test]
    fn quantities_never_wrap(a in number(), b in number()) {
        enum Coin {}
        let (x, y) = (Assets::<Coin>::new(a), Assets::<Coin>::new(b));
        prop_assert_eq!(x.plus(y).ok().map(|sum| big(sum.units())), Some(big(a) + big(b)).filter(|s| *s <= big(U256::MAX)));
        prop_assert_eq!(x.minus(y).is_ok(), a >= b);
    }
}
