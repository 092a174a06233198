//! Why a call failed, in words.

use alloy_primitives::{Bytes, hex};
use revm::context::result::HaltReason;

/// The reason in revert data: Solidity's `Error(string)` and `Panic(uint256)`, an error of a native contract with its
/// values, or the selector of an error nobody here knows. `None` for empty data.
pub fn reason(data: &Bytes) -> Option<String> {
    if let Some(decoded) = limpid_abi::decode::revert(data) {
        return Some(decoded.to_string());
    }
    let selector = data.get(..4)?;
    Some(format!("custom error {}", hex::encode_prefixed(selector)))
}

/// The words for an exceptional halt with `gas` given.
pub fn halted(reason: &HaltReason, gas: u64) -> String {
    match reason {
        HaltReason::OutOfGas(_) => format!("out of gas: {gas} gas given"),
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode => "invalid opcode".to_owned(),
        HaltReason::InvalidJump => "invalid jump destination".to_owned(),
        HaltReason::StackUnderflow => "stack underflow".to_owned(),
        HaltReason::StackOverflow => "stack limit reached 1024".to_owned(),
        HaltReason::CallNotAllowedInsideStatic | HaltReason::StateChangeDuringStaticCall => {
            "write protection".to_owned()
        }
        HaltReason::CreateCollision => "contract address collision".to_owned(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".to_owned(),
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded".to_owned(),
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef".to_owned(),
        HaltReason::NonceOverflow => "nonce has max value".to_owned(),
        HaltReason::OutOfFunds => "insufficient balance for transfer".to_owned(),
        HaltReason::CallTooDeep => "max call depth exceeded".to_owned(),
        other => format!("execution halted: {other:?}"),
    }
}

/// Whether more gas might have helped.
pub const fn is_out_of_gas(reason: &HaltReason) -> bool {
    matches!(reason, HaltReason::OutOfGas(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, U256};
    use alloy_sol_types::{Panic, Revert, SolError as _};
    use limpid_abi::errors::WrapFirst;

    #[test]
    fn reasons_are_read() {
        let text = Revert { reason: "Pair: LOCKED".to_owned() }.abi_encode();
        assert_eq!(reason(&text.into()).as_deref(), Some("Pair: LOCKED"));
        let panic = Panic { code: U256::from(0x11) }.abi_encode();
        assert!(reason(&panic.into()).unwrap().contains("overflow"));
        let native = WrapFirst { token: Address::ZERO }.abi_encode();
        let expected = format!("WrapFirst(token: {})", Address::ZERO);
        assert_eq!(reason(&native.into()), Some(expected));
        assert_eq!(reason(&Bytes::new()), None);
        assert_eq!(reason(&Bytes::from_static(&[1, 2, 3, 4, 5])).as_deref(), Some("custom error 0x01020304"));
        assert_eq!(reason(&Bytes::from_static(&[1, 2])), None, "too short for a selector");
    }
}
