//! What to offer for gas (EIP-1559).

use alloy_primitives::U256;

/// An offer, in wei per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// Base fee of the next block, as far as known.
    pub base_fee: u128,
    /// Most that may be paid, base fee and tip together.
    pub max_fee: u128,
    /// Paid to the block's builder; here it goes to the fee ledger.
    pub tip: u128,
}

impl Fees {
    /// Twice the next base fee and the tip: on this chain (at most 0.4 % a block) enough for some
    /// hundred full blocks in a row, on Ethereum (12.5 %) for five.
    pub fn new(base_fee: u128, tip: u128) -> Self {
        Self { base_fee, max_fee: base_fee.saturating_mul(2).saturating_add(tip), tip }
    }

    /// The most that `gas` units can cost, in wei.
    pub fn max_cost(&self, gas: u64) -> U256 {
        U256::from(self.max_fee) * U256::from(gas)
    }

    /// What `gas` units cost if the next block takes them.
    pub fn expected_cost(&self, gas: u64) -> U256 {
        U256::from(self.base_fee.saturating_add(self.tip).min(self.max_fee)) * U256::from(gas)
    }
}

/// Room for what a call may need beyond its estimate: others move the state that it meets, and a node that
/// estimates within the old second does not see a pool's price accumulators being written in the new one.
const CALL_MARGIN: u64 = 100_000;

/// The gas limit for an estimate: a quarter more, for calls at least 100,000 more, because state
/// moves between estimate and block; what is not used is not paid. Never above `cap` unless the estimate
/// itself is.
pub fn gas_with_margin(estimate: u64, is_call: bool, cap: u64) -> u64 {
    let margin = if is_call { (estimate / 4).max(CALL_MARGIN) } else { estimate / 4 };
    estimate.saturating_add(margin).min(cap.max(estimate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_covers_a_doubled_base_fee_and_the_tip() {
        let fees = Fees::new(1_000, 7);
        assert_eq!((fees.max_fee, fees.tip), (2_007, 7));
        assert_eq!(fees.max_cost(21_000), U256::from(2_007 * 21_000));
        assert_eq!(fees.expected_cost(21_000), U256::from(1_007 * 21_000));
        assert_eq!(Fees::new(u128::MAX, 1).max_fee, u128::MAX);
        assert_eq!(Fees::new(0, 0).max_cost(u64::MAX), U256::ZERO);
    }

    #[test]
    fn the_gas_margin_stays_under_the_cap() {
        assert_eq!(gas_with_margin(21_000, false, 16_777_216), 26_250);
        assert_eq!(gas_with_margin(120_000, true, 16_777_216), 220_000);
        assert_eq!(gas_with_margin(800_000, true, 16_777_216), 1_000_000);
        assert_eq!(gas_with_margin(16_000_000, true, 16_777_216), 16_777_216);
        assert_eq!(gas_with_margin(20_000_000, true, 16_777_216), 20_000_000);
        assert_eq!(gas_with_margin(u64::MAX, true, 0), u64::MAX);
    }
}
