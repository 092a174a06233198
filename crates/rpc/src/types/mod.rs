//! What methods answer, as it is on the wire.

mod block;
mod fees;
mod log;
mod receipt;
pub mod trace;
mod transaction;

pub use self::{
    block::{RpcBlock, RpcHeader, header, ommer, place_in},
    fees::RpcFeeHistory,
    log::{RpcLog, found_log, receipt_logs},
    receipt::RpcReceipt,
    transaction::RpcTransaction,
};

use serde::{Serialize, Serializer};

/// A number as Ethereum writes quantities: hex without leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity<T>(pub T);

impl<T: std::fmt::LowerHex> Serialize for Quantity<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#x}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;

    fn json(value: impl Serialize) -> String {
        serde_json::to_string(&value).unwrap()
    }

    #[test]
    fn quantities_have_no_leading_zeros() {
        assert_eq!(json(Quantity(0u64)), "\"0x0\"");
        assert_eq!(json(Quantity(1_000_000_000u128)), "\"0x3b9aca00\"");
        assert_eq!(json(Quantity(U256::from(256))), "\"0x100\"");
        assert_eq!(json(Quantity(U256::ZERO)), "\"0x0\"");
    }
}
