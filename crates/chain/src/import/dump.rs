//! A whole state as JSON, as geth dumps it.

use crate::error::ChainError;
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use limpid_state::{Account, StateDiff};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::collections::BTreeMap;

/// Every account after one block: `{"accounts": {address: {balance, nonce, code, storage}}}`.
#[derive(Debug, Clone, Deserialize)]
pub struct HeadState {
    accounts: BTreeMap<Address, Dumped>,
}

#[derive(Debug, Clone, Deserialize)]
struct Dumped {
    #[serde(deserialize_with = "crate::genesis::quantity")]
    balance: U256,
    #[serde(default)]
    nonce: u64,
    #[serde(default)]
    code: Bytes,
    #[serde(default)]
    storage: BTreeMap<B256, Value>,
}

/// A slot's value: its bytes in hex, with or without 0x and leading zeros.
#[derive(Debug, Clone, Copy)]
struct Value(U256);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(&text).ok().filter(|bytes| bytes.len() <= 32);
        let bytes = bytes.ok_or_else(|| D::Error::custom(format!("{text:?} is not a storage value in hex")))?;
        Ok(Self(U256::from_be_slice(&bytes)))
    }
}

impl HeadState {
    /// Reads a dump.
    pub fn from_json(json: &str) -> Result<Self, ChainError> {
        serde_json::from_str(json).map_err(|error| ChainError::Import(format!("the head state: {error}")))
    }

    /// The changes that make this state of an empty one.
    pub(super) fn into_diff(self) -> Result<StateDiff, ChainError> {
        let mut diff = StateDiff::default();
        for (address, dumped) in self.accounts {
            let mut account = Account { nonce: dumped.nonce, balance: dumped.balance, ..Account::default() };
            if !dumped.code.is_empty() {
                // The EVM reads it back.
                limpid_evm::Bytecode::new_raw_checked(dumped.code.clone())
                    .map_err(|error| ChainError::Import(format!("the code of {address}: {error}")))?;
                account.code_hash = keccak256(&dumped.code);
                diff.codes.insert(account.code_hash, dumped.code);
            }
            diff.accounts.insert(address, Some(account));
            let slots = dumped.storage.into_iter().map(|(slot, value)| (slot.into(), value.0));
            let slots: BTreeMap<U256, U256> = slots.filter(|(_, value)| !value.is_zero()).collect();
            if !slots.is_empty() {
                diff.storage.insert(address, slots);
            }
        }
        Ok(diff)
    }
}
