//! The base fee (EIP-1559) with the parameters of the chain's genesis.

use alloy_eips::eip1559::{BaseFeeParams, calc_next_block_base_fee};
use alloy_primitives::U256;

/// How the base fee moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeRules {
    /// The base fee moves by at most 1/denominator a block.
    pub change_denominator: u64,
    /// Gas limit over gas target.
    pub elasticity: u64,
    /// The base fee never falls below this, in wei per gas.
    pub floor: u64,
}

impl FeeRules {
    /// Ethereum's.
    pub const ETHEREUM: Self = Self { change_denominator: 8, elasticity: 2, floor: 0 };

    /// Ours (DESIGN D14): a quarter of a block is the target, and four full blocks a second move the fee by 5 % a
    /// second.
    pub const LIMPID: Self = Self { change_denominator: 250, elasticity: 4, floor: 10_000_000 };

    /// The base fee of a block whose parent used `gas_used` of `gas_limit` at `base_fee`, in wei per gas.
    ///
    /// The change is rounded down, but a block above the target raises the fee by at least 1 wei (EIP-1559).
    pub fn next(&self, gas_used: u64, gas_limit: u64, base_fee: u64) -> u64 {
        let target = gas_limit.checked_div(self.elasticity).unwrap_or_default();
        // The formula's sum is not checked for overflow; nobody pays a base fee near 2^64, which is 18 coins per gas.
        let most = u64::MAX.checked_div(self.elasticity.max(1)).unwrap_or_default().max(1);
        let params = BaseFeeParams::new(self.change_denominator.into(), self.elasticity.into());
        let next = if gas_used > target && base_fee >= most {
            base_fee
        } else {
            calc_next_block_base_fee(gas_used, gas_limit, base_fee, params)
        };
        next.max(self.floor)
    }
}

/// `gas` at `price` wei per gas, in wei. Exact: both factors are far below 2^128.
pub(crate) fn fee(gas: u64, price: u128) -> U256 {
    U256::from(gas).saturating_mul(U256::from(price))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases of EIP-1559's reference implementation, and a floor on top.
    #[test]
    fn ethereum_vectors() {
        let cases = [
            (1_000_000_000, 20_000_000, 10_000_000, 1_000_000_000),
            (1_000_000_000, 20_000_000, 9_000_000, 987_500_000),
            (1_000_000_000, 20_000_000, 11_000_000, 1_012_500_000),
            (7, 20_000_000, 20_000_000, 8),
            (0, 20_000_000, 20_000_000, 1),
        ];
        for (base_fee, gas_limit, gas_used, expected) in cases {
            assert_eq!(FeeRules::ETHEREUM.next(gas_used, gas_limit, base_fee), expected);
        }
    }

    #[test]
    fn our_parameters() {
        let next = |used, fee| FeeRules::LIMPID.next(used, 200_000_000, fee);
        assert_eq!(next(50_000_000, 1_000_000_000), 1_000_000_000, "the target is a quarter");
        assert_eq!(next(200_000_000, 1_000_000_000), 1_012_000_000, "a full block: 3 / 250");
        assert_eq!(next(0, 1_000_000_000), 996_000_000, "an empty block: 1 / 250");
        assert_eq!(next(0, 10_000_001), 10_000_000, "the floor holds");
        assert_eq!(next(0, 1), 10_000_000, "a fee below the floor is lifted to it");
    }

    #[test]
    fn nothing_overflows() {
        for rules in [FeeRules::ETHEREUM, FeeRules::LIMPID] {
            assert!(rules.next(u64::MAX, u64::MAX, u64::MAX) >= u64::MAX / 4);
            assert_eq!(rules.next(30_000_000, 30_000_000, u64::MAX), u64::MAX);
        }
    }
}
