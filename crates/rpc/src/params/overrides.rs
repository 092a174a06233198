//! What a call pretends about the state and the block.

use super::{object::Object, value};
use crate::error::{Result, RpcError};
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, B256, U256};
use limpid_chain::node::BlockOverride;
use limpid_evm::{
    Bytecode,
    simulate::{AccountOverride, Overrides},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most accounts and slots that one call may pretend.
const MOST_ENTRIES: usize = 100_000;

/// Reads a state override set: address to balance, nonce, code, state or stateDiff.
pub fn state_overrides(given: Option<Value>) -> Result<Overrides> {
    let Some(given) = given else { return Ok(Overrides::new()) };
    let mut overrides = Overrides::new();
    let mut entries = 0usize;
    for (address, account) in Object::new(given, "stateOverrides")?.rest() {
        let address = value::address(&Value::String(address), "stateOverrides")?;
        let change = account_override(address, account)?;
        entries = entries.saturating_add(1).saturating_add(change.state.as_ref().map_or(0, BTreeMap::len));
        entries = entries.saturating_add(change.state_diff.len());
        if entries > MOST_ENTRIES {
            return Err(RpcError::params(format!("stateOverrides has more than {MOST_ENTRIES} entries")));
        }
        overrides.insert(address, change);
    }
    Ok(overrides)
}

fn account_override(address: Address, given: Value) -> Result<AccountOverride> {
    let mut object = Object::new(given, "stateOverrides")?;
    let change = AccountOverride {
        balance: object.quantity("balance")?,
        nonce: object.quantity_u64("nonce")?,
        code: object.bytes("code")?,
        state: slots(&mut object, "state")?,
        state_diff: slots(&mut object, "stateDiff")?.unwrap_or_default(),
        move_precompile_to: object.address("movePrecompileToAddress")?,
    };
    object.end()?;
    if let Some(Err(error)) = change.code.clone().map(Bytecode::new_raw_checked) {
        return Err(RpcError::params(format!("the code of {address} cannot be used: {error}")));
    }
    if change.state.is_some() && !change.state_diff.is_empty() {
        return Err(RpcError::params(format!("account {address} has both 'state' and 'stateDiff'")));
    }
    Ok(change)
}

fn slots(object: &mut Object, field: &str) -> Result<Option<BTreeMap<B256, B256>>> {
    let Some(given) = object.take(field) else { return Ok(None) };
    let read = |(key, word): (String, Value)| {
        let key = value::slot(&Value::String(key), "stateOverrides slot")?;
        Ok((key.into(), value::slot(&word, "stateOverrides value")?.into()))
    };
    Object::new(given, "stateOverrides.state")?.rest().into_iter().map(read).collect::<Result<_>>().map(Some)
}

/// Reads block overrides.
pub fn block_overrides(given: Option<Value>) -> Result<BlockOverride> {
    let Some(given) = given else { return Ok(BlockOverride::default()) };
    let mut object = Object::new(given, "blockOverrides")?;
    let overrides = BlockOverride {
        number: object.quantity_u64("number")?,
        timestamp: object.quantity_u64("time")?,
        gas_limit: object.quantity_u64("gasLimit")?,
        base_fee: object.quantity_u64("baseFeePerGas")?,
        beneficiary: object.address("feeRecipient")?.or(object.address("coinbase")?),
        prevrandao: object.hash("prevRandao")?.or(object.hash("random")?),
        blob_base_fee: object.quantity_u128("blobBaseFee")?,
        beacon_root: object.hash("beaconRoot")?,
        withdrawals: object.list("withdrawals", withdrawal)?,
    };
    // There is none since the merge: it is read and changes nothing.
    object.quantity("difficulty")?;
    object.end()?;
    Ok(overrides)
}

/// A withdrawal; its amount is in gwei.
fn withdrawal(given: Value) -> Result<Withdrawal> {
    let mut object = Object::new(given, "withdrawal")?;
    let (index, validator) = (object.quantity_u64("index")?, object.quantity_u64("validatorIndex")?);
    let (address, amount) = (object.address("address")?, object.quantity_u64("amount")?);
    let withdrawal = Withdrawal {
        index: object.need("index", index)?,
        validator_index: object.need("validatorIndex", validator)?,
        address: object.need("address", address)?,
        amount: object.need("amount", amount)?,
    };
    object.end()?;
    Ok(withdrawal)
}

/// The balance that `overrides` pretend for `address`.
pub fn pretended_balance(overrides: &Overrides, address: Address) -> Option<U256> {
    overrides.get(&address).and_then(|change| change.balance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Bytes;
    use serde_json::json;

    const WHO: &str = "0x0101010101010101010101010101010101010101";

    #[test]
    fn accounts() {
        let given =
            json!({ WHO: { "balance": "0x10", "nonce": "0x2", "code": "0x6000", "stateDiff": { "0x1": "0x2" } } });
        let overrides = state_overrides(Some(given)).unwrap();
        let change = &overrides[&Address::repeat_byte(1)];
        assert_eq!((change.balance, change.nonce), (Some(U256::from(16)), Some(2)));
        assert_eq!(change.code, Some(Bytes::from_static(&[0x60, 0])));
        assert_eq!(change.state_diff, BTreeMap::from([(B256::with_last_byte(1), B256::with_last_byte(2))]));
        assert_eq!(pretended_balance(&overrides, Address::repeat_byte(1)), Some(U256::from(16)));
        let empty = state_overrides(Some(json!({ WHO: { "state": {} } }))).unwrap();
        assert_eq!(empty[&Address::repeat_byte(1)].state, Some(BTreeMap::new()), "all storage is gone");
        assert!(state_overrides(None).unwrap().is_empty());
    }

    #[test]
    fn nonsense_is_refused() {
        let cases = [
            json!([]),
            json!({ "0x1": {} }),
            json!({ WHO: 1 }),
            json!({ WHO: { "blance": "0x1" } }),
            json!({ WHO: { "state": {}, "stateDiff": { "0x1": "0x1" } } }),
            json!({ WHO: { "state": { "x": "0x1" } } }),
            json!({ WHO: { "movePrecompileToAddress": "0x1" } }),
        ];
        for given in cases {
            assert_eq!(state_overrides(Some(given.clone())).unwrap_err().code, -32602, "{given}");
        }
        assert!(block_overrides(Some(json!({ "nmber": "0x1" }))).is_err());
    }

    #[test]
    fn blocks() {
        let given =
            json!({ "number": "0x5", "time": "0x6", "baseFeePerGas": "0x7", "coinbase": WHO, "difficulty": "0x1" });
        let block = block_overrides(Some(given)).unwrap();
        assert_eq!((block.number, block.timestamp, block.base_fee, block.gas_limit), (Some(5), Some(6), Some(7), None));
        assert_eq!(block.beneficiary, Some(Address::repeat_byte(1)));
        assert_eq!(block_overrides(None).unwrap(), BlockOverride::default());
    }
}
