//! The best ways from one token to another, priced at the latest block.

use super::{super::Api, view::view};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, Object, count},
};
use alloy_primitives::{Address, B256, U256};
use limpid_abi::IExchange;
use limpid_exchange::routes::{Exact, MAX_HOPS, PoolState, Route, best_routes};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// Rows that the exchange answers at once.
const PAGE: u64 = 50;
/// Pools that a search looks at, the oldest first.
const MOST_POOLS: u64 = 5_000;
/// Routes of one answer.
const MOST_ROUTES: usize = 5;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("limpid_quote", quote);
}

/// The pools after one block: a market asks for many quotes between two blocks.
#[derive(Debug, Default)]
pub(in super::super) struct PoolCache(Mutex<Option<(B256, Arc<Vec<PoolState>>)>>);

#[derive(Serialize)]
struct Quote {
    routes: Vec<QuotedRoute>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuotedRoute {
    path: Vec<Address>,
    amounts: Vec<U256>,
    price_impact_bps: u64,
}

fn quote(api: &Api, mut args: Args) -> Result<Quote> {
    let mut object = Object::new(args.required("quote request")?, "quote request")?;
    args.end()?;
    let (from, to) = (object.address("tokenIn")?, object.address("tokenOut")?);
    let (amount, kind) = (object.quantity("amount")?, object.read("kind", direction)?);
    let hops = object.read("maxHops", count)?.unwrap_or(MAX_HOPS as u64);
    let (from, to) = (object.need("tokenIn", from)?, object.need("tokenOut", to)?);
    let (amount, kind) = (object.need("amount", amount)?, object.need("kind", kind)?);
    object.end()?;
    let hops = usize::try_from(hops).ok().filter(|hops| (1..=MAX_HOPS).contains(hops)).ok_or_else(|| {
        RpcError::params(format!("invalid argument quote request.maxHops: expected a number from 1 to {MAX_HOPS}"))
    })?;
    let pools = pools(api)?;
    let routes = best_routes(&pools, (from, to), kind(amount), hops, MOST_ROUTES);
    Ok(Quote { routes: routes.into_iter().map(shown).collect() })
}

fn direction(given: &Value, name: &str) -> Result<fn(U256) -> Exact> {
    match given.as_str() {
        Some("exactIn") => Ok(Exact::In),
        Some("exactOut") => Ok(Exact::Out),
        _ => Err(RpcError::params(format!("invalid argument {name}: expected exactIn or exactOut"))),
    }
}

fn shown(route: Route) -> QuotedRoute {
    // Rounded up: an impact is never shown smaller than it is.
    QuotedRoute { path: route.path, amounts: route.amounts, price_impact_bps: route.impact_millionths.div_ceil(100) }
}

fn pools(api: &Api) -> Result<Arc<Vec<PoolState>>> {
    let at = api.node().head().block.hash;
    if let Some((hash, pools)) = &*api.0.pools.0.lock()
        && *hash == at
    {
        return Ok(pools.clone());
    }
    let pools = Arc::new(read_pools(api, at)?);
    *api.0.pools.0.lock() = Some((at, pools.clone()));
    Ok(pools)
}

fn read_pools(api: &Api, at: B256) -> Result<Vec<PoolState>> {
    let state = |pool: IExchange::Pool| PoolState {
        tokens: [pool.token0, pool.token1],
        reserves: [U256::from(pool.reserve0), U256::from(pool.reserve1)],
    };
    Ok(all_pools(api, at)?.into_iter().map(state).collect())
}

/// The exchange's pools after a block, the oldest first.
pub(super) fn all_pools(api: &Api, at: B256) -> Result<Vec<IExchange::Pool>> {
    let registry = &api.node().rules().registry;
    if registry.entries().is_empty() {
        return Err(RpcError::refused("this chain has no exchange"));
    }
    let mut pools = Vec::new();
    let mut offset = 0u64;
    while offset < MOST_POOLS {
        let call = IExchange::poolsCall { offset: U256::from(offset), limit: U256::from(PAGE) };
        let page = view(api, at, registry.addresses().exchange, &call)?;
        let rows = u64::try_from(page.len()).unwrap_or(PAGE);
        pools.extend(page);
        if rows < PAGE {
            break;
        }
        offset = offset.saturating_add(rows);
    }
    Ok(pools)
}
