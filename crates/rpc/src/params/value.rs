//! Single values: quantities, addresses, hashes, bytes.

use crate::error::{Result, RpcError};
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde_json::Value;

/// Longest piece of a caller's own text that an error message repeats.
const SHOWN: usize = 80;

/// What was given, cut short.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn wrong(name: &str, why: &str, value: &Value) -> RpcError {
    RpcError::params(format!("invalid argument {name}: {why}, not {}", shown(value)))
}

/// Hex digits after 0x.
fn digits(value: &Value) -> Option<&str> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits)
}

/// A quantity: 0x and at least one hex digit.
pub fn quantity(value: &Value, name: &str) -> Result<U256> {
    digits(value)
        .filter(|digits| !digits.is_empty())
        .and_then(|digits| U256::from_str_radix(digits, 16).ok())
        .ok_or_else(|| wrong(name, "expected a quantity of at most 256 bits in hex, like 0x1f", value))
}

/// A quantity of 64 bits.
pub fn quantity_u64(value: &Value, name: &str) -> Result<u64> {
    let wide = quantity(value, name)?;
    wide.try_into().map_err(|_| wrong(name, "expected a quantity below 2^64", value))
}

/// A quantity of 128 bits.
pub fn quantity_u128(value: &Value, name: &str) -> Result<u128> {
    let wide = quantity(value, name)?;
    wide.try_into().map_err(|_| wrong(name, "expected a quantity below 2^128", value))
}

/// A number as dev tools write it: hex, decimal text or a JSON number.
pub fn number(value: &Value, name: &str) -> Result<U256> {
    let wrong = || wrong(name, "expected a whole number", value);
    match value {
        Value::Number(number) => number.as_u64().map(U256::from).ok_or_else(wrong),
        Value::String(text) if text.starts_with("0x") => quantity(value, name),
        Value::String(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            U256::from_str_radix(text, 10).map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}

/// A small count, as a JSON number or in hex.
pub fn count(value: &Value, name: &str) -> Result<u64> {
    let wide = number(value, name)?;
    wide.try_into().map_err(|_| wrong(name, "expected a number below 2^64", value))
}

/// An address: 20 bytes. Checksums are not demanded, as nowhere in Ethereum's own methods.
pub fn address(value: &Value, name: &str) -> Result<Address> {
    fixed(value).map(Address::from).ok_or_else(|| wrong(name, "expected an address, 0x and 40 hex digits", value))
}

/// A hash: 32 bytes.
pub fn hash(value: &Value, name: &str) -> Result<B256> {
    fixed(value).map(B256::from).ok_or_else(|| wrong(name, "expected a hash, 0x and 64 hex digits", value))
}

fn fixed<const N: usize>(value: &Value) -> Option<[u8; N]> {
    hex::decode_to_array(digits(value)?).ok()
}

/// Bytes: 0x and an even number of hex digits.
pub fn bytes(value: &Value, name: &str) -> Result<Bytes> {
    digits(value)
        .and_then(|digits| hex::decode(digits).ok())
        .map(Bytes::from)
        .ok_or_else(|| wrong(name, "expected bytes, 0x and an even number of hex digits", value))
}

/// A storage slot: up to 32 bytes, shorter ones are padded on the left.
pub fn slot(value: &Value, name: &str) -> Result<U256> {
    digits(value)
        .filter(|digits| !digits.is_empty() && digits.len() <= 64)
        .and_then(|digits| U256::from_str_radix(digits, 16).ok())
        .ok_or_else(|| wrong(name, "expected a storage slot of at most 32 bytes in hex", value))
}

/// True or false.
pub fn boolean(value: &Value, name: &str) -> Result<bool> {
    value.as_bool().ok_or_else(|| wrong(name, "expected true or false", value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities() {
        assert_eq!(quantity(&json!("0x1F"), "n").unwrap(), U256::from(31));
        assert_eq!(quantity(&json!("0x0"), "n").unwrap(), U256::ZERO);
        let too_wide = format!("0x1{}", "0".repeat(64));
        for bad in
            [json!("0x"), json!("1f"), json!(31), json!("0xg"), json!("0x+1"), json!(""), json!(too_wide), json!(-1)]
        {
            assert_eq!(quantity(&bad, "n").unwrap_err().code, -32602, "{bad}");
        }
        assert!(quantity_u64(&json!("0x10000000000000000"), "n").is_err());
        assert_eq!(number(&json!(12), "n").unwrap(), U256::from(12));
        assert_eq!(number(&json!("12"), "n").unwrap(), U256::from(12));
        assert_eq!(number(&json!("0x12"), "n").unwrap(), U256::from(18));
        for bad in [json!(1.5), json!(-1), json!("1_000"), json!(""), json!("+1")] {
            assert!(number(&bad, "n").is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_of_fixed_and_any_length() {
        let given = json!(format!("0x{}", "aB".repeat(20)));
        assert_eq!(address(&given, "to").unwrap(), Address::repeat_byte(0xab));
        assert!(address(&json!("0x12"), "to").is_err());
        assert!(hash(&given, "hash").is_err());
        assert_eq!(bytes(&json!("0x"), "data").unwrap(), Bytes::new());
        for bad in [json!("0x1"), json!("ab"), json!(1), json!("0x0X00")] {
            assert!(bytes(&bad, "data").is_err(), "{bad}");
        }
        assert_eq!(slot(&json!("0x1"), "slot").unwrap(), U256::ONE);
        assert!(slot(&json!(format!("0x{}", "0".repeat(65))), "slot").is_err());
    }

    #[test]
    fn messages_name_the_argument_and_stay_short() {
        let error = address(&json!("x".repeat(10_000)), "to").unwrap_err();
        assert!(error.message.starts_with("invalid argument to: expected an address"), "{error}");
        assert!(error.message.len() < 250);
        for name in ["::", "enum", "struct", "variant"] {
            assert!(!error.message.contains(name));
        }
    }
}
