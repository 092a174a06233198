//! `transaction`, `block`, `stats` and `gastracker`.

use super::answers::{Failed, Params, Result};
use crate::api::view::View;
use alloy_primitives::U256;
use limpid_abi::IERC20;
use limpid_evm::{Stopped, Tracing, words};
use serde_json::{Value, json};

/// Blocks whose fullness the gas oracle shows.
const BLOCKS: u64 = 5;

pub(super) fn status(view: &View, params: &Params) -> Result<Value> {
    let hash = params.hash("txhash")?;
    let found = view.node().receipt(hash)?.filter(|found| found.place.at.height <= view.height());
    let failed = found.is_some_and(|found| !found.receipt.success);
    let mut reason = String::new();
    if failed {
        // Receipts do not say why: it is executed again.
        let outcome = view.node().trace_transaction(hash, Tracing::NONE);
        reason = outcome
            .ok()
            .and_then(|outcome| match &outcome.stopped {
                Some(Stopped::Halt(halt)) => Some(words::halted(halt, outcome.gas_used)),
                _ => words::reason(&outcome.output),
            })
            .unwrap_or_default();
    }
    Ok(json!({ "isError": if failed { "1" } else { "0" }, "errDescription": reason }))
}

pub(super) fn receipt_status(view: &View, params: &Params) -> Result<Value> {
    let found = view.node().receipt(params.hash("txhash")?)?.filter(|found| found.place.at.height <= view.height());
    let status = found.map_or("", |found| if found.receipt.success { "1" } else { "0" });
    Ok(json!({ "status": status }))
}

pub(super) fn block_by_time(view: &View, params: &Params) -> Result<Value> {
    let time = params.number("timestamp")?.ok_or_else(|| Failed::told("Error! Missing timestamp"))?;
    let none = || Failed::told("Error! No closest block found");
    let before = view.index()?.block_at_time(time)?;
    let height = match params.get("closest") {
        None | Some("before") => before.ok_or_else(none)?,
        Some("after") => {
            let exact = match before {
                Some(height) => {
                    let (_, header) = view.node().header(height.into())?.ok_or_else(none)?;
                    (header.timestamp == time).then_some(height)
                }
                None => None,
            };
            let next = before.map_or(0, |height| height.saturating_add(1));
            exact.or((next <= view.height()).then_some(next)).ok_or_else(none)?
        }
        Some(_) => return Err(Failed::told("Error! closest is before or after")),
    };
    Ok(json!(height.to_string()))
}

pub(super) fn token_supply(view: &View, params: &Params) -> Result<Value> {
    let supply = view.ask(params.address("contractaddress")?, &IERC20::totalSupplyCall {})?;
    Ok(json!(supply.unwrap_or_default().to_string()))
}

/// All coin of the genesis: nothing is minted or burnt afterwards. A foreign chain burns and mints, and nobody counts.
pub(super) fn coin_supply(view: &View) -> Result<Value> {
    if view.natives().is_none() {
        return Err(Failed::told("Error! Nobody counts the coin of a copied chain"));
    }
    let sum = |sum: U256, account: &limpid_chain::GenesisAccount| sum.saturating_add(account.balance);
    Ok(json!(view.node().genesis().alloc.values().fold(U256::ZERO, sum).to_string()))
}

/// Wei as gwei, exactly.
fn gwei(wei: u128) -> String {
    crate::v1::types::whole_units(&wei.to_string(), 9)
}

pub(super) fn gas(view: &View) -> Result<Value> {
    let (node, head) = (view.node(), view.height());
    let base = u128::from(node.next_base_fee());
    let tip = node.suggested_tip()?;
    let price = |tip: u128| gwei(base.saturating_add(tip));
    let mut ratios = Vec::new();
    for height in head.saturating_sub(BLOCKS - 1)..=head {
        if let Some((_, header)) = node.header(height.into())? {
            ratios.push((header.gas_used as f64 / header.gas_limit.max(1) as f64).to_string());
        }
    }
    Ok(json!({
        "LastBlock": head.to_string(),
        "SafeGasPrice": price(0),
        "ProposeGasPrice": price(tip),
        "FastGasPrice": price(tip.saturating_mul(2)),
        "suggestBaseFee": gwei(base),
        "gasUsedRatio": ratios.join(","),
    }))
}
