//! `eth_createAccessList`.

use super::{Api, calls::prepare};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, CallRequest, state_overrides},
    revert,
    types::Quantity,
};
use alloy_eips::eip2930::AccessList;
use limpid_chain::node::CallOptions;
use limpid_evm::{Outcome, Stopped};
use serde::Serialize;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("eth_createAccessList", create);
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    access_list: AccessList,
    /// Why the call fails, even with the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    gas_used: Quantity<u64>,
}

fn create(api: &Api, mut args: Args) -> Result<Created> {
    let request = CallRequest::parse(args.required("transaction")?, api.node().chain_id())?;
    let at = args.block()?;
    let accounts = state_overrides(args.optional())?;
    args.end()?;
    let _pass = api.may_trace()?;
    let options = CallOptions { at, accounts, ..CallOptions::default() };
    let tx = prepare(api, &request, &options)?;
    let gas = tx.gas_limit;
    let (access_list, outcome) = api.node().access_list(tx, options).map_err(|error| RpcError::call(error, gas))?;
    Ok(Created { access_list, error: failure(&outcome, gas), gas_used: Quantity(outcome.gas_used) })
}

fn failure(outcome: &Outcome, gas: u64) -> Option<String> {
    Some(match outcome.stopped.as_ref()? {
        Stopped::Revert => match revert::reason(&outcome.output) {
            Some(reason) => format!("execution reverted: {reason}"),
            None => "execution reverted".to_owned(),
        },
        Stopped::Halt(reason) => revert::halted(reason, gas),
        Stopped::Panic => "native code panicked".to_owned(),
    })
}
