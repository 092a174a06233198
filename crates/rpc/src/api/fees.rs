//! What gas costs.

use super::Api;
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, count},
    types::{Quantity, RpcFeeHistory},
};
use alloy_eips::BlockNumberOrTag;
use serde_json::Value;

/// Percentiles of one request at most.
const MOST_PERCENTILES: usize = 100;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("eth_gasPrice", gas_price);
    methods.blocking("eth_maxPriorityFeePerGas", max_priority_fee);
    methods.blocking("eth_feeHistory", history);
    methods.quick("eth_baseFee", base_fee);
    methods.quick("eth_blobBaseFee", blob_base_fee);
}

/// Enough for the next block, and for calls in the head's: while the base fee falls, libraries estimate gas at the
/// latest block with this very price.
fn gas_price(api: &Api, args: Args) -> Result<Quantity<u128>> {
    args.end()?;
    let head = api.node().head().block.header.base_fee_per_gas.unwrap_or_default();
    let base_fee = u128::from(api.node().next_base_fee().max(head));
    Ok(Quantity(base_fee.saturating_add(api.node().suggested_tip()?)))
}

fn max_priority_fee(api: &Api, args: Args) -> Result<Quantity<u128>> {
    args.end()?;
    Ok(Quantity(api.node().suggested_tip()?))
}

/// The next block's.
fn base_fee(api: &Api, args: Args) -> Result<Quantity<u64>> {
    args.end()?;
    Ok(Quantity(api.node().next_base_fee()))
}

/// The next block's. Without blobs the price stands at its floor of 1 wei.
fn blob_base_fee(api: &Api, args: Args) -> Result<Quantity<u128>> {
    args.end()?;
    Ok(Quantity(api.node().next_blob_base_fee()))
}

fn history(api: &Api, mut args: Args) -> Result<RpcFeeHistory> {
    let blocks = count(&args.required("block count")?, "block count")?;
    let newest = args.block_number("newest block")?;
    let percentiles = args.optional().map(percentiles).transpose()?;
    args.end()?;
    let head = api.node().block_number();
    let newest = match newest {
        BlockNumberOrTag::Number(height) if height > head => {
            return Err(RpcError::refused(format!("request beyond head block: requested {height}, head {head}")));
        }
        BlockNumberOrTag::Number(height) => height,
        BlockNumberOrTag::Earliest => 0,
        _ => head,
    };
    let history = api.node().fee_history(blocks, newest, percentiles.as_deref().unwrap_or_default())?;
    Ok(RpcFeeHistory::new(&history, percentiles.is_some_and(|list| !list.is_empty())))
}

/// Percentiles from 0 to 100, rising, in hundredths of a percent.
fn percentiles(given: Value) -> Result<Vec<u32>> {
    let wrong = || RpcError::params("invalid argument reward percentiles: expected rising numbers from 0 to 100");
    let Value::Array(items) = given else { return Err(wrong()) };
    if items.len() > MOST_PERCENTILES {
        return Err(RpcError::params(format!("over the query limit {MOST_PERCENTILES} of reward percentiles")));
    }
    let hundredths = |item: &Value| {
        let percent = item.as_f64().filter(|percent| (0.0..=100.0).contains(percent));
        percent.map(|percent| (percent * 100.0) as u32).ok_or_else(wrong)
    };
    let list: Vec<_> = items.iter().map(hundredths).collect::<Result<_>>()?;
    if list.is_sorted() { Ok(list) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn percentiles_rise() {
        assert_eq!(percentiles(json!([0, 12.5, 100])).unwrap(), [0, 1_250, 10_000]);
        for bad in [json!([50, 10]), json!([101]), json!([-1]), json!(["10"]), json!(10), json!(vec![1; 101])] {
            assert_eq!(percentiles(bad.clone()).unwrap_err().code, -32602, "{bad}");
        }
    }
}
