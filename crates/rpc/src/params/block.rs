//! Which block a method is about.

use super::{object::Object, value};
use crate::error::{Result, RpcError};
use alloy_eips::{BlockId, BlockNumberOrTag};
use serde_json::Value;

/// Reads a tag or a height in hex.
///
/// Safe and finalized are the head: one operator orders transactions and commits durably, and nothing after a commit
/// is taken back.
pub fn block_number(given: &Value, name: &str) -> Result<BlockNumberOrTag> {
    Ok(match given.as_str() {
        Some("latest") => BlockNumberOrTag::Latest,
        Some("pending") => BlockNumberOrTag::Pending,
        Some("safe") => BlockNumberOrTag::Safe,
        Some("finalized") => BlockNumberOrTag::Finalized,
        Some("earliest") => BlockNumberOrTag::Earliest,
        _ => {
            let height = value::quantity_u64(given, name).map_err(|_| {
                RpcError::params(format!(
                    "invalid argument {name}: expected a height in hex or one of latest, pending, safe, finalized, \
                     earliest, not {}",
                    value::shown(given)
                ))
            })?;
            BlockNumberOrTag::Number(height)
        }
    })
}

/// Reads a tag, a height, a hash, or an object with either (EIP-1898).
pub fn block_id(given: &Value) -> Result<BlockId> {
    let Value::Object(_) = given else {
        return match given.as_str() {
            Some(text) if text.len() == 66 => value::hash(given, "block").map(BlockId::from),
            _ => block_number(given, "block").map(BlockId::Number),
        };
    };
    let mut object = Object::new(given.clone(), "block")?;
    let hash = object.hash("blockHash")?;
    let number = object.take("blockNumber").map(|number| block_number(&number, "block.blockNumber")).transpose()?;
    // Committed blocks are never replaced here, so every block with a hash is canonical.
    object.read("requireCanonical", value::boolean)?;
    object.end()?;
    match (hash, number) {
        (Some(hash), None) => Ok(hash.into()),
        (None, Some(number)) => Ok(number.into()),
        (Some(_), Some(_)) => Err(RpcError::params("cannot specify both blockHash and blockNumber, choose one")),
        (None, None) => Err(RpcError::params("invalid argument block: blockHash or blockNumber is missing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;
    use serde_json::json;

    #[test]
    fn every_way_to_name_a_block() {
        let hash = format!("0x{}", "07".repeat(32));
        let by_hash = BlockId::from(B256::repeat_byte(7));
        let cases = [
            (json!("latest"), BlockNumberOrTag::Latest.into()),
            (json!("pending"), BlockNumberOrTag::Pending.into()),
            (json!("safe"), BlockNumberOrTag::Safe.into()),
            (json!("finalized"), BlockNumberOrTag::Finalized.into()),
            (json!("earliest"), BlockNumberOrTag::Earliest.into()),
            (json!("0x10"), BlockId::number(16)),
            (json!(hash), by_hash),
            (json!({ "blockHash": hash, "requireCanonical": true }), by_hash),
            (json!({ "blockNumber": "0x10" }), BlockId::number(16)),
            (json!({ "blockNumber": "earliest", "blockHash": null }), BlockNumberOrTag::Earliest.into()),
        ];
        for (given, expected) in cases {
            assert_eq!(block_id(&given).unwrap(), expected, "{given}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let hash = format!("0x{}", "07".repeat(32));
        let cases = [
            json!("Latest"),
            json!(""),
            json!(16),
            json!("0x"),
            json!("0x10000000000000000"),
            json!([]),
            json!({}),
            json!({ "blockHash": "0x12" }),
            json!({ "blockHash": hash, "blockNumber": "0x1" }),
            json!({ "blockNumber": "0x1", "hash": hash }),
            json!({ "blockHash": hash, "requireCanonical": 1 }),
            json!(format!("0x{}", "zz".repeat(32))),
        ];
        for given in cases {
            assert_eq!(block_id(&given).unwrap_err().code, -32602, "{given}");
        }
    }
}
