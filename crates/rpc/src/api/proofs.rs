//! Merkle proofs.

use super::Api;
use crate::{
    error::{NO_HISTORY, Result, RpcError},
    methods::Methods,
    params::{Args, slot},
    types::Quantity,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use limpid_chain::ChainError;
use limpid_state::StateError;
use serde::Serialize;
use serde_json::Value;

/// Slots of one proof at most.
const MOST_SLOTS: usize = 1_024;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("eth_getProof", proof);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RpcProof {
    address: Address,
    account_proof: Vec<Bytes>,
    balance: Quantity<U256>,
    code_hash: B256,
    nonce: Quantity<u64>,
    storage_hash: B256,
    storage_proof: Vec<SlotProof>,
}

#[derive(Serialize)]
struct SlotProof {
    key: String,
    value: Quantity<U256>,
    proof: Vec<Bytes>,
}

fn proof(api: &Api, mut args: Args) -> Result<RpcProof> {
    let address = args.address("address")?;
    let keys = match args.required("storage slots")? {
        Value::Array(keys) if keys.len() > MOST_SLOTS => {
            return Err(RpcError::params(format!("too many keys: at most {MOST_SLOTS} in one request")));
        }
        Value::Array(keys) => keys,
        _ => return Err(RpcError::params("invalid argument storage slots: expected a list")),
    };
    let slots = keys.iter().map(|key| slot(key, "storage slot")).collect::<Result<Vec<_>>>()?;
    let at = args.block()?;
    args.end()?;
    // Of an earlier block tries are made again: half a second over a million accounts, for each block asked about.
    let node = api.node();
    let past = node.height(at)?.is_some_and(|height| height < node.block_number());
    let _pass = past.then(|| api.may_trace()).transpose()?;
    let found = api.node().proof(address, &slots, at).map_err(|error| match &error {
        ChainError::State(StateError::NoProof { .. }) => RpcError::new(NO_HISTORY, error.to_string()),
        _ => error.into(),
    })?;
    let found = found.ok_or_else(|| RpcError::refused("header not found"))?;
    let account = found.account.unwrap_or_default();
    let storage = found.storage.into_iter().zip(&keys).map(|(one, key)| SlotProof {
        key: shown_key(key, one.slot),
        value: Quantity(one.value),
        proof: one.nodes,
    });
    Ok(RpcProof {
        address,
        account_proof: found.nodes,
        balance: Quantity(account.balance),
        code_hash: account.code_hash,
        nonce: Quantity(account.nonce),
        storage_hash: found.storage_root,
        storage_proof: storage.collect(),
    })
}

/// Whole words stay whole, shorter keys are quantities, as geth has it.
fn shown_key(given: &Value, slot: U256) -> String {
    match given.as_str() {
        Some(text) if text.len() == 66 => B256::from(slot).to_string(),
        _ => format!("{slot:#x}"),
    }
}
