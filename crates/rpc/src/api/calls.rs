//! Calls and gas estimates.

use super::{Api, state::state_at};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, CallRequest, block_overrides, pretended_balance, state_overrides},
    types::Quantity,
};
use alloy_eips::BlockId;
use alloy_primitives::{Bytes, U256};
use limpid_chain::node::CallOptions;
use limpid_evm::{TxEnv, simulate::Overrides};
use limpid_state::StateRead;

/// Most gas of a call: room for whole scans, and an answer within a second or so.
const CALL_GAS: u64 = 50_000_000;
/// What a plain transfer of coin costs.
const TRANSFER_GAS: u64 = 21_000;

pub(super) fn register(methods: &mut Methods) {
    methods.executing("eth_call", call);
    methods.executing("eth_estimateGas", estimate);
}

fn read(api: &Api, mut args: Args) -> Result<(CallRequest, CallOptions)> {
    let request = CallRequest::parse(args.required("transaction")?, api.node().chain_id())?;
    let at = args.block()?;
    let accounts = state_overrides(args.optional())?;
    let block = block_overrides(args.optional())?;
    args.end()?;
    Ok((request, CallOptions { at, accounts, block, ..CallOptions::default() }))
}

/// What a call runs with: its gas is at most what the node gives and what the caller can pay for.
pub(super) fn prepare(api: &Api, request: &CallRequest, options: &CallOptions) -> Result<TxEnv> {
    if !request.blobs.is_empty() && api.node().ledger().forks().is_none() {
        return Err(RpcError::params("this chain has no blobs: leave blobVersionedHashes out"));
    }
    let block = api.block(options.at)?;
    let base_fee = options.block.base_fee.or(block.block.header.base_fee_per_gas).unwrap_or_default();
    let price = request.max_fee(base_fee);
    let held = balance(api, request, options.at, &options.accounts)?;
    let short = |want: U256| {
        RpcError::refused(format!(
            "insufficient funds for gas * price + value: address {} have {held} want {want}",
            request.from
        ))
    };
    let spendable = held.checked_sub(request.value).ok_or_else(|| short(request.value))?;
    let cap = CALL_GAS;
    let gas = match (request.gas, price) {
        (Some(gas), 0) => gas.min(cap),
        (None, 0) => cap,
        (Some(gas), price) => {
            let gas = gas.min(cap);
            let fee = U256::from(gas).saturating_mul(U256::from(price));
            if fee > spendable {
                return Err(short(fee.saturating_add(request.value)));
            }
            gas
        }
        (None, price) => cap.min((spendable / U256::from(price)).saturating_to()),
    };
    request.env(gas, base_fee)
}

fn balance(api: &Api, request: &CallRequest, at: BlockId, accounts: &Overrides) -> Result<U256> {
    if let Some(pretended) = pretended_balance(accounts, request.from) {
        return Ok(pretended);
    }
    let account = state_at(api, at)?.account(request.from)?;
    Ok(account.map(|account| account.balance).unwrap_or_default())
}

fn call(api: &Api, args: Args) -> Result<Bytes> {
    let (request, options) = read(api, args)?;
    let tx = prepare(api, &request, &options)?;
    let gas = tx.gas_limit;
    let outcome = api.node().call(tx, options).map_err(|error| RpcError::call(error, gas))?;
    if outcome.success { Ok(outcome.output) } else { Err(RpcError::failed(&outcome, gas)) }
}

fn estimate(api: &Api, args: Args) -> Result<Quantity<u64>> {
    let (request, options) = read(api, args)?;
    let tx = prepare(api, &request, &options)?;
    if let Some(gas) = plain_transfer(api, &request, &tx, &options)? {
        return Ok(Quantity(gas));
    }
    let gas = tx.gas_limit;
    api.node().estimate_gas(tx, options).map(Quantity).map_err(|error| RpcError::call(error, gas))
}

/// The exact gas of a transfer to an account without code; the search for an estimate would end a little above it.
fn plain_transfer(api: &Api, request: &CallRequest, tx: &TxEnv, options: &CallOptions) -> Result<Option<u64>> {
    let Some(to) = request.to else { return Ok(None) };
    let extras = request.access_list.is_some() || !request.authorizations.is_empty();
    if !request.input.is_empty() || extras || tx.gas_limit < TRANSFER_GAS {
        return Ok(None);
    }
    if options.accounts.contains_key(&to) || !state_at(api, options.at)?.code_of(to)?.is_empty() {
        return Ok(None);
    }
    let tx = TxEnv { gas_limit: TRANSFER_GAS, ..tx.clone() };
    let outcome = api.node().call(tx, options.clone()).map_err(|error| RpcError::call(error, TRANSFER_GAS))?;
    // A precompile has no code either, and costs more.
    Ok(outcome.success.then_some(TRANSFER_GAS))
}
