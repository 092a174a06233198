//! Accounts at any height.

use super::Api;
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, slot},
    types::Quantity,
};
use alloy_eips::BlockId;
use alloy_primitives::{B256, Bytes, U256};
use limpid_chain::node::StateView;
use limpid_state::StateRead;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("eth_getBalance", balance);
    methods.blocking("eth_getCode", code);
    methods.blocking("eth_getTransactionCount", nonce);
    methods.blocking("eth_getStorageAt", storage);
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
