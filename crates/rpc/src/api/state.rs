//! Accounts at any height.

use super::Api;
use crate::{
    error::{LIMIT, Result, RpcError},
    methods::Methods,
    params::{Args, Object, address, slot},
    types::Quantity,
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U256};
use limpid_chain::node::StateView;
use limpid_state::StateRead;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("eth_getBalance", balance);
    methods.blocking("eth_getCode", code);
    methods.blocking("eth_getTransactionCount", nonce);
    methods.blocking("eth_getStorageAt", storage);
    methods.blocking("eth_getStorageValues", storage_values);
}

/// The state after a block that must be there.
pub(super) fn state_at(api: &Api, id: BlockId) -> Result<StateView> {
    api.node().state(id)?.ok_or_else(|| RpcError::refused("header not found"))
}

fn balance(api: &Api, mut args: Args) -> Result<Quantity<U256>> {
    let address = args.address("address")?;
    let at = args.block()?;
    args.end()?;
    let account = state_at(api, at)?.account(address)?;
    Ok(Quantity(account.map(|account| account.balance).unwrap_or_default()))
}

fn code(api: &Api, mut args: Args) -> Result<Bytes> {
    let address = args.address("address")?;
    let at = args.block()?;
    args.end()?;
    Ok(state_at(api, at)?.code_of(address)?)
}

fn nonce(api: &Api, mut args: Args) -> Result<Quantity<u64>> {
    let address = args.address("address")?;
    let at = args.block()?;
    args.end()?;
    if at.is_pending() {
        return Ok(Quantity(api.node().pending_nonce(address)?));
    }
    let account = state_at(api, at)?.account(address)?;
    Ok(Quantity(account.map(|account| account.nonce).unwrap_or_default()))
}

fn storage(api: &Api, mut args: Args) -> Result<B256> {
    let address = args.address("address")?;
    let key = slot(&args.required("storage slot")?, "storage slot")?;
    let at = args.block()?;
    args.end()?;
    Ok(state_at(api, at)?.storage(address, key)?.into())
}

/// Slots of one request at most.
const MOST_SLOTS: usize = 1_024;

/// Many slots of many accounts at once.
fn storage_values(api: &Api, mut args: Args) -> Result<BTreeMap<Address, Vec<B256>>> {
    let mut wanted = BTreeMap::new();
    let mut count = 0usize;
    for (owner, keys) in Object::new(args.required("slots")?, "slots")?.rest() {
        let owner = address(&Value::String(owner), "slots")?;
        let Value::Array(keys) = keys else {
            return Err(RpcError::params(format!("invalid argument slots: expected a list of slots for {owner}")));
        };
        count = count.saturating_add(keys.len());
        if count > MOST_SLOTS {
            return Err(RpcError::new(LIMIT, format!("too many slots: at most {MOST_SLOTS} in one request")));
        }
        wanted.insert(owner, keys.iter().map(|key| slot(key, "storage slot")).collect::<Result<Vec<_>>>()?);
    }
    if count == 0 {
        return Err(RpcError::params("empty request: name at least one slot"));
    }
    let at = args.block()?;
    args.end()?;
    let state = state_at(api, at)?;
    let values = |(owner, keys): (Address, Vec<U256>)| {
        let values = keys.into_iter().map(|key| Ok(state.storage(owner, key)?.into()));
        Ok((owner, values.collect::<Result<Vec<_>>>()?))
    };
    wanted.into_iter().map(values).collect()
}
