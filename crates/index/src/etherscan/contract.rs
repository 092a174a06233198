//! `contract`: native ones are verified by construction; of others nothing is known but their code.

use super::answers::{Failed, Params, Result, read_address};
use crate::{
    api::view::View,
    v1::contracts::{described, native_name},
};
use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY};
use limpid_abi::Interface;
use limpid_evm::{CallFrame, CallKind, Tracing};
use limpid_state::StateRead as _;
use serde_json::{Value, json};

/// Contracts of one request.
const MOST_CONTRACTS: usize = 5;
/// What tools look for.
const UNVERIFIED: &str = "Contract source code not verified";

fn native(view: &View, address: Address) -> Result<Option<(&'static str, &'static [Interface])>> {
    Ok(native_name(view, address)?.and_then(|kind| described(view, kind)))
}

/// All of a contract's interfaces as one; what two of them declare stands there once.
fn whole(interfaces: &[Interface]) -> Result<String> {
    let mut all = JsonAbi::new();
    for abi in interfaces.iter().map(Interface::json) {
        for (name, functions) in abi.functions {
            all.functions.entry(name).or_insert(functions);
        }
        for (name, events) in abi.events {
            all.events.entry(name).or_insert(events);
        }
        for (name, errors) in abi.errors {
            all.errors.entry(name).or_insert(errors);
        }
    }
    serde_json::to_string(&all).map_err(|error| Failed::told(format!("Error! {error}")))
}

pub(super) fn abi(view: &View, params: &Params) -> Result<Value> {
    match native(view, params.address("address")?)? {
        Some((_, interfaces)) => Ok(json!(whole(interfaces)?)),
        None => Err(Failed::told(UNVERIFIED)),
    }
}

pub(super) fn source(view: &View, params: &Params) -> Result<Value> {
    let address = params.address("address")?;
    let found = native(view, address)?;
    let (name, source, abi) = match found {
        Some((name, interfaces)) => {
            let source = interfaces.iter().map(Interface::solidity).collect::<Vec<_>>().join("\n");
            (name, source, whole(interfaces)?)
        }
        None => ("", String::new(), UNVERIFIED.to_owned()),
    };
    let of_native = |text: &'static str| if found.is_some() { text } else { "" };
    Ok(json!([{
        "SourceCode": source,
        "ABI": abi,
        "ContractName": name,
        "CompilerVersion": of_native("native: Rust, part of the node"),
        "OptimizationUsed": of_native("1"),
        "Runs": of_native("0"),
        "ConstructorArguments": "",
        "EVMVersion": if found.is_some() { "osaka" } else { "Default" },
        "Library": "",
        "LicenseType": of_native("MIT OR Apache-2.0"),
        "Proxy": "0",
        "Implementation": "",
        "SwarmSource": "",
    }]))
}

pub(super) fn creation(view: &View, params: &Params) -> Result<Value> {
    let addresses: Vec<_> = params.must("contractaddresses")?.split(',').collect();
    if addresses.len() > MOST_CONTRACTS {
        return Err(Failed::told(format!("Error! Maximum {MOST_CONTRACTS} contracts")));
    }
    let mut rows = Vec::new();
    for given in addresses {
        let address = read_address(given)?;
        rows.extend(created(view, address)?);
    }
    if rows.is_empty() { Err(Failed::none("data")) } else { Ok(rows.into()) }
}

/// Who made a contract: the first block with its code is found by halving, and executed again. Nobody made what the
/// genesis has.
fn created(view: &View, address: Address) -> Result<Option<Value>> {
    let code_at = |height: u64| -> Result<bool> {
        let state = view.node().state(height.into())?;
        let state = state.ok_or_else(|| Failed::told("Error! The chain has just gone back: ask again"))?;
        let account = state.account(address)?;
        Ok(account.is_some_and(|account| !matches!(account.code_hash, KECCAK256_EMPTY | B256::ZERO)))
    };
    let (mut low, mut high) = (0, view.height());
    if !code_at(high)? || code_at(0)? {
        return Ok(None);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if code_at(middle)? { high = middle } else { low = middle + 1 }
    }
    let block = view.node().block_at(low)?.ok_or_else(|| Failed::told("Error! The chain has just gone back"))?;
    for (tx, outcome) in view.node().trace_block(low.into(), Tracing::CALLS)? {
        // A factory of the chain's own writes code without a frame that creates; its caller is in the receipt's logs.
        let made = outcome.trace.as_ref().and_then(|frame| creator(frame, address, true));
        let named =
            || outcome.logs.iter().find(|log| log.topics().contains(&address.into_word()) || log.address == address);
        let maker = made.or_else(|| named().map(|_| tx.kind().to().copied().unwrap_or_else(|| tx.sender())));
        let Some(maker) = maker else { continue };
        let factory = if maker == tx.sender() { String::new() } else { format!("{maker:#x}") };
        return Ok(Some(json!({
            "contractAddress": format!("{address:#x}"),
            "contractCreator": format!("{:#x}", tx.sender()),
            "txHash": tx.hash(),
            "blockNumber": low.to_string(),
            "timestamp": block.block.header.timestamp.to_string(),
            "contractFactory": factory,
            "creationBytecode": "",
        })));
    }
    Ok(None)
}

/// Who created `address` in a frame that held.
fn creator(frame: &CallFrame, address: Address, holds: bool) -> Option<Address> {
    let holds = holds && frame.error.is_none();
    if holds && matches!(frame.kind, Some(CallKind::Create | CallKind::Create2)) && frame.to == Some(address) {
        return Some(frame.from);
    }
    frame.calls.iter().find_map(|call| creator(call, address, holds))
}
