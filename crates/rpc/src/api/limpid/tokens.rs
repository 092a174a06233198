//! The tokens of the native factory.

use super::{super::Api, view::view};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, Object, count},
};
use alloy_primitives::{Address, B256, U256};
use limpid_abi::{ITokenFactory, IWETH9};
use serde::Serialize;

/// Rows that the factory answers at once.
const PAGE: u64 = 50;
/// Tokens of one answer.
const MOST_TOKENS: u64 = 5_000;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("limpid_tokens", tokens);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    address: Address,
    name: String,
    symbol: String,
    decimals: u8,
    total_supply: U256,
}

/// The wrapped coin, then the factory's tokens in order of creation; `{ offset, limit }` for a part of those.
fn tokens(api: &Api, mut args: Args) -> Result<Vec<Token>> {
    let (mut offset, mut limit) = (0, MOST_TOKENS);
    if let Some(given) = args.optional() {
        let mut object = Object::new(given, "range")?;
        offset = object.read("offset", count)?.unwrap_or(offset);
        limit = object.read("limit", count)?.unwrap_or(limit).min(MOST_TOKENS);
        object.end()?;
    }
    args.end()?;
    let at = api.node().head().block.hash;
    let addresses = api.node().rules().registry.addresses().clone();
    if api.node().rules().registry.entries().is_empty() {
        return Err(RpcError::refused("this chain has no native contracts"));
    }
    let mut tokens = Vec::new();
    if offset == 0 {
        tokens.push(wrapped(api, at, addresses.weth)?);
    }
    let mut left = limit;
    while left > 0 {
        let call = ITokenFactory::tokensCall { offset: U256::from(offset), limit: U256::from(left.min(PAGE)) };
        let page = view(api, at, addresses.token_factory, &call)?;
        let rows = u64::try_from(page.len()).unwrap_or(PAGE);
        if rows == 0 {
            break;
        }
        tokens.extend(page.into_iter().map(|row| Token {
            address: row.token,
            name: row.name,
            symbol: row.symbol,
            decimals: row.decimals,
            total_supply: row.totalSupply,
        }));
        (offset, left) = (offset.saturating_add(rows), left.saturating_sub(rows));
    }
    Ok(tokens)
}

fn wrapped(api: &Api, at: B256, weth: Address) -> Result<Token> {
    Ok(Token {
        address: weth,
        name: view(api, at, weth, &IWETH9::nameCall {})?,
        symbol: view(api, at, weth, &IWETH9::symbolCall {})?,
        decimals: view(api, at, weth, &IWETH9::decimalsCall {})?,
        total_supply: view(api, at, weth, &IWETH9::totalSupplyCall {})?,
    })
}
