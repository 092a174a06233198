//! Amounts that know what they count.

use crate::{MathError, Result, Round, mul_div};
use alloy_primitives::U256;
use std::{cmp::Ordering, fmt, marker::PhantomData};

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<T> {
            units: U256,
            of: PhantomData<fn() -> T>,
        }

        impl<T> $name<T> {
            /// None of it.
            pub const ZERO: Self = Self::new(U256::ZERO);

            /// So many smallest units.
            pub const fn new(units: U256) -> Self {
                Self { units, of: PhantomData }
            }

            /// The number of smallest units.
            pub const fn units(self) -> U256 {
                self.units
            }

            /// Whether there is none.
            pub const fn is_zero(self) -> bool {
                self.units.const_is_zero()
            }

            /// The sum.
            ///
            /// # Errors
            /// `Overflow` beyond 256 bits.
            pub fn plus(self, other: Self) -> Result<Self> {
                self.units.checked_add(other.units).map(Self::new).ok_or(MathError::Overflow)
            }

            /// What is left after taking `other`.
            ///
            /// # Errors
            /// `Overflow` when `other` is more.
            pub fn minus(self, other: Self) -> Result<Self> {
                self.units.checked_sub(other.units).map(Self::new).ok_or(MathError::Overflow)
            }

            /// `self · numerator / denominator`, rounded as named.
            ///
            /// # Errors
            /// As [`mul_div`].
            pub fn mul_div(self, numerator: U256, denominator: U256, round: Round) -> Result<Self> {
                mul_div(self.units, numerator, denominator, round).map(Self::new)
            }
        }

        // By hand, because a derive would ask the same of `T`, which is only a name.
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<T> Copy for $name<T> {}
        impl<T> PartialEq for $name<T> {
            fn eq(&self, other: &Self) -> bool {
                self.units == other.units
            }
        }
        impl<T> Eq for $name<T> {}
        impl<T> PartialOrd for $name<T> {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
        impl<T> Ord for $name<T> {
            fn cmp(&self, other: &Self) -> Ordering {
                self.units.cmp(&other.units)
            }
        }
        impl<T> Default for $name<T> {
            fn default() -> Self {
                Self::ZERO
            }
        }
        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.units)
            }
        }
        impl<T> fmt::Display for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.units.fmt(f)
            }
        }
    };
}

quantity! {
    /// An amount of an asset, in its smallest units; `T` names the asset or the side of a trade.
    ///
    /// ```compile_fail
    /// # use limpid_math::Assets;
    /// # use alloy_primitives::U256;
    /// enum Dollars {}
    /// enum Euros {}
    /// let dollars = Assets::<Dollars>::new(U256::from(1));
    /// let euros = Assets::<Euros>::new(U256::from(1));
    /// let _ = dollars.plus(euros); // different money
    /// ```
    Assets
}

quantity! {
    /// A claim on a pool that holds `T`, in the share token's smallest units.
    Shares
}
