//! `v2_best_route.json`: the best routes over lists of pools, judged by the published SDK.

use super::{equal, number, replay};
use alloy_primitives::{Address, U256};
use limpid_exchange::routes::{Exact, PoolState, Route, best_routes};
use serde_json::Value;

fn token(id: &Value) -> Address {
    let number = u8::try_from(id.as_u64().expect("an id")).expect("a small id");
    Address::with_last_byte(number + 1)
}

fn pools(case: &Value) -> Vec<PoolState> {
    case["pairs"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|pair| PoolState {
            tokens: [token(&pair["a"]), token(&pair["b"])],
            reserves: [number(&pair["reserveA"]), number(&pair["reserveB"])],
        })
        .collect()
}

fn check(case: &Value) -> Result<(), String> {
    let amount = number(&case["amount"]);
    let exact = match case["kind"].as_str() {
        Some("exactIn") => Exact::In(amount),
        Some("exactOut") => Exact::Out(amount),
        other => return Err(format!("a kind nobody knows: {other:?}")),
    };
    let hops = usize::try_from(case["maxHops"].as_u64().unwrap_or_default()).expect("small");
    let ours = best_routes(&pools(case), (token(&case["from"]), token(&case["to"])), exact, hops, 3);
    let theirs: Vec<&Value> = case["best"].as_array().into_iter().flatten().collect();
    equal("routes", ours.len(), theirs.len())?;
    for (ours, theirs) in ours.iter().zip(theirs) {
        let path: Vec<Address> = theirs["path"].as_array().into_iter().flatten().map(token).collect();
        equal("path", &ours.path, &path)?;
        equal("amount in", ours.amounts.first().copied(), Some(number(&theirs["amountIn"])))?;
        equal("amount out", ours.amounts.last().copied(), Some(number(&theirs["amountOut"])))?;
        check_impact(ours, theirs)?;
    }
    Ok(())
}

/// The SDK's impact counts the fee as well: `1 − (1 − ours)·0.997^hops`, in millionths here.
fn check_impact(ours: &Route, theirs: &Value) -> Result<(), String> {
    let text = theirs["priceImpactPct"].as_str().unwrap_or_default();
    let recorded: f64 = text.parse().map_err(|_| format!("not a number: {text}"))?;
    let hops = i32::try_from(ours.path.len() - 1).expect("few hops");
    let left = 1.0 - ours.impact_millionths as f64 / 1e6;
    let with_fee = 1.0 - left * 0.997f64.powi(hops);
    let recorded = recorded / 100.0; // they give percent
    if (with_fee - recorded).abs() < 3e-6 { Ok(()) } else { Err(format!("impact {with_fee}, reference {recorded}")) }
}

#[test]
fn v2_best_route() {
    replay("v2_best_route.json", |cases, tally| {
        for (index, case) in cases.iter().enumerate() {
            tally.count(&format!("{} {index}", case["kind"]), check(case));
        }
    });
}

#[test]
fn no_list_of_pools_makes_the_search_run_away() {
    let tokens: Vec<Address> = (1..=60).map(Address::with_last_byte).collect();
    let reserves = [U256::from(1_000_000_000u64); 2];
    let mut pools = Vec::new();
    for (index, a) in tokens.iter().enumerate() {
        for b in &tokens[index + 1..] {
            pools.push(PoolState { tokens: [*a, *b], reserves });
        }
    }
    let found = best_routes(&pools, (tokens[0], tokens[59]), Exact::In(U256::from(1_000)), 4, 3);
    assert!(!found.is_empty());
}
