//! What a text may mean.

use super::types::{Page, Party, native_label, short};
use crate::api::{
    ask::{self, Ask},
    error::{ApiError, Result},
    view::View,
};
use limpid_abi::{ITokenFactory, IUniswapV2Factory};
use serde::Serialize;

/// Longest text.
const MOST_TEXT: usize = 128;
/// Suggestions, usually and at most.
const USUAL: usize = 8;
const MOST: usize = 20;
/// Newest tokens and pools that a name is looked for among.
const MOST_NAMES: u64 = 500;

#[derive(Serialize)]
pub(super) struct Suggestion {
    kind: &'static str,
    id: String,
    title: String,
    detail: String,
    exact: bool,
}

pub(super) fn search(view: &View, ask: &mut Ask) -> Result<Page<Suggestion>> {
    let text = ask.get("q").unwrap_or_default();
    let limit = ask.limit(USUAL, MOST)?;
    ask.end()?;
    let text = text.trim();
    if text.len() > MOST_TEXT {
        return Err(ApiError::bad(format!("q is longer than {MOST_TEXT} bytes")));
    }
    let mut found = exact(view, text)?;
    if found.is_empty() && !text.is_empty() && !text.starts_with("0x") {
        found = by_name(view, &text.to_lowercase())?;
    }
    found.truncate(limit);
    Ok(Page::whole(view, found))
}

/// An address, a hash or a height.
fn exact(view: &View, text: &str) -> Result<Vec<Suggestion>> {
    if let Ok(address) = ask::address(text) {
        let party = Party::new(view, address)?;
        let kind = match party.kind() {
            kind @ ("token" | "pool") => kind,
            "native" => "contract",
            _ => "address",
        };
        let (id, title) = (address.to_string(), party.words());
        return Ok(vec![Suggestion { kind, id, title, detail: what(party.kind()).to_owned(), exact: true }]);
    }
    if let Ok(hash) = ask::hash(text) {
        let height = view.node().height(hash.into())?.filter(|height| *height <= view.height());
        if let Some(height) = height {
            let (id, title) = (height.to_string(), format!("Block {height}"));
            return Ok(vec![Suggestion { kind: "block", id, title, detail: hash.to_string(), exact: true }]);
        }
        if let Some(found) = view.node().transaction(hash)? {
            let place = found.place.map_or("waiting".to_owned(), |place| format!("in block {}", place.at.height));
            let (id, title) = (hash.to_string(), "Transaction".to_owned());
            return Ok(vec![Suggestion { kind: "transaction", id, title, detail: place, exact: true }]);
        }
        return Ok(Vec::new());
    }
    let digits = text.replace([',', '_', ' '], "");
    let digits = digits.strip_prefix('#').unwrap_or(&digits);
    let height = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u64>().ok()).flatten();
    Ok(height
        .filter(|height| *height <= view.height())
        .map(|height| Suggestion {
            kind: "block",
            id: height.to_string(),
            title: format!("Block {height}"),
            detail: String::new(),
            exact: true,
        })
        .into_iter()
        .collect())
}

fn what(kind: &str) -> &'static str {
    match kind {
        "account" => "account",
        "delegated" => "account under a contract's control",
        "contract" => "contract of a user",
        "native" => "native contract",
        "token" => "native token",
        "pool" => "pool",
        "system" => "the chain's own sender",
        _ => "nothing stands there yet",
    }
}

/// Contracts, tokens and pools whose names contain the text; those that begin with it first.
fn by_name(view: &View, text: &str) -> Result<Vec<Suggestion>> {
    let Some(at) = view.natives().cloned() else { return Ok(Vec::new()) };
    let mut found: Vec<(u8, Suggestion)> = Vec::new();
    let mut add = |names: &[&str], suggestion: Suggestion| {
        let rank = |name: &&str| {
            let name = name.to_lowercase();
            if name == text {
                Some(0)
            } else if name.starts_with(text) {
                Some(1)
            } else {
                name.contains(text).then_some(2)
            }
        };
        if let Some(rank) = names.iter().filter_map(rank).min() {
            found.push((rank, suggestion));
        }
    };
    for (address, entry) in view.registry().fixed() {
        let title = native_label(entry.name).to_owned();
        let (id, detail) = (address.to_string(), "native contract".to_owned());
        add(&[entry.name, &title.clone()], Suggestion { kind: "contract", id, title, detail, exact: false });
    }
    let newest = |count: alloy_primitives::U256| {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        (count.saturating_sub(MOST_NAMES)..count).rev()
    };
    let tokens = newest(view.must(at.token_factory, &ITokenFactory::tokenCountCall {})?);
    let call =
        |index: u64| (at.token_factory, ITokenFactory::tokenAtCall { index: alloy_primitives::U256::from(index) });
    let tokens: Vec<_> = view.ask_each(tokens.map(call))?.into_iter().flatten().chain([at.weth]).collect();
    view.learn(tokens.iter().copied())?;
    for token in tokens {
        let info = view.token(token)?;
        let (name, symbol) = (info.name.clone().unwrap_or_default(), info.symbol.clone().unwrap_or_default());
        let (id, detail) = (token.to_string(), format!("{name} · {}", short(token)));
        let title = symbol.clone();
        add(&[&symbol, &name], Suggestion { kind: "token", id, title, detail, exact: false });
    }
    let pools = newest(view.must(at.v2_factory, &IUniswapV2Factory::allPairsLengthCall {})?);
    let call = |index: u64| (at.v2_factory, IUniswapV2Factory::allPairsCall(alloy_primitives::U256::from(index)));
    let pools: Vec<_> = view.ask_each(pools.map(call))?.into_iter().flatten().collect();
    view.learn(pools.iter().copied())?;
    let ends = pools.iter().map(|pool| view.pool(*pool)).collect::<Result<Vec<_>>>()?;
    view.learn(ends.into_iter().flatten())?;
    for pool in pools {
        let title = Party::new(view, pool)?.words();
        let (id, detail) = (pool.to_string(), format!("pool · {}", short(pool)));
        add(&[&title.clone()], Suggestion { kind: "pool", id, title, detail, exact: false });
    }
    // Equal ranks stay in the order above: contracts, tokens, pools, each newest first.
    found.sort_by_key(|(rank, _)| *rank);
    Ok(found.into_iter().map(|(_, suggestion)| suggestion).collect())
}
