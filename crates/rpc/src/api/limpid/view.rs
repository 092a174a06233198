//! Asking the chain's own contracts.

use super::super::Api;
use crate::error::{Result, RpcError};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use limpid_chain::node::CallOptions;
use limpid_evm::{TxEnv, TxKind};

/// Gas of one view: a page of fifty rows costs a fraction of it.
const VIEW_GAS: u64 = 30_000_000;

/// What a view answers after the block with hash `at`.
pub(super) fn view<C: SolCall>(api: &Api, at: B256, to: Address, call: &C) -> Result<C::Return> {
    let (kind, data) = (TxKind::Call(to), call.abi_encode().into());
    let tx = TxEnv { kind, data, gas_limit: VIEW_GAS, chain_id: None, ..TxEnv::default() };
    let options = CallOptions { at: at.into(), ..CallOptions::default() };
    let outcome = api.node().call(tx, options).map_err(|error| RpcError::call(error, VIEW_GAS))?;
    if !outcome.success {
        return Err(RpcError::failed(&outcome, VIEW_GAS));
    }
    C::abi_decode_returns(&outcome.output).map_err(|error| RpcError::internal(&error))
}
