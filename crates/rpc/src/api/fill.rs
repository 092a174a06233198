//! `eth_fillTransaction`: what a wallet would sign.

use super::{Api, calls::prepare};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, CallRequest, Price},
    types::RpcTransaction,
};
use alloy_primitives::{Bytes, Signature, U256};
use alloy_rlp::BufMut;
use limpid_chain::{
    Recovered,
    node::CallOptions,
    tx::{EthereumTx, UnsignedTx},
};
use serde::Serialize;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("eth_fillTransaction", fill);
}

#[derive(Serialize)]
struct Filled {
    /// What is signed: its hash is what the key signs.
    raw: Bytes,
    tx: RpcTransaction,
}

/// Fills nonce, gas and fees in, with twice the base fee as the cap's base. Nothing is signed or sent.
fn fill(api: &Api, mut args: Args) -> Result<Filled> {
    let mut request = CallRequest::parse(args.required("transaction")?, api.node().chain_id())?;
    args.end()?;
    let (cap, tip) = complete(api, &mut request)?;
    let unsigned = request.unsigned(cap, tip);
    let mut raw = Vec::new();
    encode_for_signing(&unsigned, &mut raw);
    let tx: EthereumTx = unsigned.into_envelope(Signature::new(U256::ZERO, U256::ZERO, false));
    let shown = RpcTransaction::new(&Recovered::unsigned(tx, request.from), None, api.node().chain_id());
    Ok(Filled { raw: raw.into(), tx: shown })
}

/// Fills nonce and gas in where they are open, and gives fee cap and tip in wei per gas.
pub(super) fn complete(api: &Api, request: &mut CallRequest) -> Result<(u128, u128)> {
    if request.to.is_none() && request.input.is_empty() {
        return Err(RpcError::params(
            "a transaction without a recipient (to) creates a contract and needs its code (input)",
        ));
    }
    let price = fees(api, request)?;
    if request.nonce.is_none() {
        request.nonce = Some(api.node().pending_nonce(request.from)?);
    }
    if request.gas.is_none() {
        // The price decides nothing about how much gas it takes.
        let free = CallRequest { price: Price::None, ..request.clone() };
        let options = CallOptions::default();
        let tx = prepare(api, &free, &options)?;
        let limit = tx.gas_limit;
        let gas = api.node().estimate_gas(tx, options).map_err(|error| RpcError::call(error, limit))?;
        request.gas = Some(gas);
    }
    Ok(price)
}

/// Fee cap and tip in wei per gas; a legacy price is both.
fn fees(api: &Api, request: &CallRequest) -> Result<(u128, u128)> {
    let base_fee = u128::from(api.node().next_base_fee());
    let room = |tip: u128| base_fee.saturating_mul(2).saturating_add(tip);
    let suggested = api.node().suggested_tip()?;
    let (cap, tip) = match request.price {
        Price::Legacy(price) => (price, price),
        Price::Dynamic { cap: Some(cap), tip } => (cap, tip.unwrap_or_else(|| suggested.min(cap))),
        Price::Dynamic { cap: None, tip } => {
            let tip = tip.unwrap_or(suggested);
            (room(tip), tip)
        }
        Price::None => (room(suggested), suggested),
    };
    if tip > cap {
        return Err(RpcError::params(format!(
            "max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: {tip}, maxFeePerGas: {cap}"
        )));
    }
    Ok((cap, tip))
}

fn encode_for_signing(tx: &UnsignedTx, out: &mut dyn BufMut) {
    use alloy_consensus::SignableTransaction as _;
    match tx {
        UnsignedTx::Legacy(tx) => tx.encode_for_signing(out),
        UnsignedTx::Eip2930(tx) => tx.encode_for_signing(out),
        UnsignedTx::Eip1559(tx) => tx.encode_for_signing(out),
        UnsignedTx::Eip4844(tx) => tx.encode_for_signing(out),
        UnsignedTx::Eip7702(tx) => tx.encode_for_signing(out),
    }
}
