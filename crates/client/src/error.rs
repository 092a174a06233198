//! Errors in words.

use crate::hints;
use alloy_primitives::{Bytes, hex};
use alloy_sol_types::{Panic, PanicKind, Revert as RevertText, SolError as _};
use std::fmt;

/// What a request returns.
pub type Result<T> = std::result::Result<T, ClientError>;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URL is none.
    #[error("`{url}` is no node address: expected something like http://127.0.0.1:8545")]
    BadUrl {
        /// As given.
        url: String,
    },
    /// Nobody answers there.
    #[error("no node answers at {url} ({reason}); start one with `limpid node --dev`, or name another with --rpc")]
    Unreachable {
        /// The address.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// The node took too long.
    #[error("the node at {url} did not answer {method} in time")]
    TimedOut {
        /// The address.
        url: String,
        /// The method.
        method: String,
    },
    /// The node does not know the method.
    #[error("the node does not offer {method}; is it a Limpid node?")]
    NoSuchMethod {
        /// The method.
        method: String,
    },
    /// The node refused.
    #[error("{}", hints::with_hint(message))]
    Refused {
        /// JSON-RPC error code.
        code: i32,
        /// The node's words.
        message: String,
    },
    /// A call or transaction reverts.
    #[error("{0}")]
    Reverted(Revert),
    /// The answer is not what the method promises.
    #[error("the node's answer to {method} makes no sense: {reason}")]
    BadAnswer {
        /// The method.
        method: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A contract answered something its interface does not allow; often there is no contract.
    #[error("{address} does not answer {function}: no such contract on this chain?")]
    NotThatContract {
        /// Whom we asked.
        address: alloy_primitives::Address,
        /// What we asked.
        function: &'static str,
    },
    /// The transaction is not in a block yet.
    #[error("transaction {hash} is not in a block after {seconds} s; it may still be: `limpid tx {hash}`")]
    NotMined {
        /// The transaction.
        hash: alloy_primitives::B256,
        /// How long we waited.
        seconds: u64,
    },
    /// The account cannot pay.
    #[error("{account} has {has}, but this needs {needs} (fee included); send it coin first")]
    InsufficientFunds {
        /// The account.
        account: alloy_primitives::Address,
        /// Its balance, with the unit.
        has: String,
        /// Amount and maximum fee, with the unit.
        needs: String,
    },
    /// Signing failed.
    #[error(transparent)]
    Wallet(#[from] limpid_wallet::WalletError),
}

/// A revert's reason, decoded as far as we know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revert {
    /// The bytes returned.
    pub data: Bytes,
    /// In words, without a hint.
    pub reason: String,
}

impl Revert {
    /// Decodes `Error(string)`, `Panic(uint256)` and the errors of our own interfaces.
    pub fn decode(data: Bytes) -> Self {
        let reason = if data.is_empty() {
            "without a reason".to_owned()
        } else if let Ok(text) = RevertText::abi_decode(&data) {
            printable(&text.reason)
        } else if let Ok(panic) = Panic::abi_decode(&data) {
            match panic.kind() {
                Some(kind) => format!("panic 0x{:02x}: {}", kind as u32, panic_words(kind)),
                None => format!("panic with the unknown code {}", panic.code),
            }
        } else if let Some(known) = limpid_abi::decode::revert(&data) {
            printable(&known.to_string())
        } else {
            let head = data.get(..4).unwrap_or(&data);
            format!("unknown error {} ({} bytes)", hex::encode_prefixed(head), data.len())
        };
        Self { data, reason }
    }
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reverted: {}", hints::with_hint(&self.reason))
    }
}

fn panic_words(kind: PanicKind) -> &'static str {
    match kind {
        PanicKind::UnderOverflow => "arithmetic overflow",
        PanicKind::DivisionByZero => "division by zero",
        PanicKind::Assert => "a failed assertion",
        PanicKind::ArrayOutOfBounds => "an index out of bounds",
        _ => "a failed internal check",
    }
}

/// A contract's text goes to a terminal: control characters could rewrite what the user reads.
pub fn printable(text: &str) -> String {
    const MOST: usize = 300;
    let mut clean: String = text
        .chars()
        .take(MOST)
        .map(|letter| if limpid_abi::text::is_hidden(letter) { '\u{fffd}' } else { letter })
        .collect();
    if text.chars().nth(MOST).is_some() {
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, U256, hex};

    #[test]
    fn reverts_are_told_in_words() {
        let text = RevertText::from("UniswapV2: K").abi_encode();
        assert_eq!(Revert::decode(text.into()).reason, "UniswapV2: K");
        let panic = Panic::from(PanicKind::UnderOverflow).abi_encode();
        assert_eq!(Revert::decode(panic.into()).reason, "panic 0x11: arithmetic overflow");
        let odd = Panic { code: U256::from(0x99) }.abi_encode();
        assert!(Revert::decode(odd.into()).reason.contains("153"));
        assert_eq!(Revert::decode(Bytes::new()).reason, "without a reason");
        let ours = limpid_abi::errors::WrapFirst { token: Address::repeat_byte(1) }.abi_encode();
        let told = Revert::decode(ours.into()).to_string();
        assert!(told.contains("WrapFirst(token: 0x0101") && told.contains("wrap it first"), "{told}");
        assert_eq!(Revert::decode(hex!("deadbeef").into()).reason, "unknown error 0xdeadbeef (4 bytes)");
        assert_eq!(Revert::decode(hex!("de").into()).reason, "unknown error 0xde (1 bytes)");
    }

    #[test]
    fn a_contract_cannot_write_to_the_terminal() {
        let text = RevertText::from("ok\u{1b}[2Jgone\r\n").abi_encode();
        assert_eq!(Revert::decode(text.into()).reason, "ok\u{fffd}[2Jgone\u{fffd}\u{fffd}");
        assert_eq!(printable(&"x".repeat(400)).chars().count(), 301);
    }

    #[test]
    fn messages_say_what_to_do() {
        let unreachable = ClientError::Unreachable { url: "http://127.0.0.1:1".into(), reason: "refused".into() };
        assert!(unreachable.to_string().contains("limpid node --dev"));
        let revert = Revert::decode(RevertText::from("UniswapV2Router: EXPIRED").abi_encode().into());
        assert!(revert.to_string().contains("send it again"), "{revert}");
    }
}
