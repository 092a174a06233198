//! What happened to an address.

use super::super::Api;
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, Object, count},
    types::Quantity,
};
use alloy_primitives::{Address, B256, U256};
use limpid_chain::{
    Position,
    history::{Cursor, Direction, Entry, EntryKind, MAX_PAGE},
};
use serde::Serialize;
use serde_json::Value;

/// Rows of a page unless told otherwise.
const USUAL_PAGE: usize = 50;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("limpid_history", history);
}

#[derive(Serialize)]
struct Page {
    rows: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    block: Quantity<u64>,
    timestamp: Quantity<u64>,
    tx_hash: B256,
    direction: &'static str,
    counterparty: Option<Address>,
    asset: Option<Address>,
    amount: U256,
    fee: U256,
    kind: &'static str,
    success: bool,
    /// Which one, for tokens of which every one is unique; `amount` is then 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<U256>,
}

fn history(api: &Api, mut args: Args) -> Result<Page> {
    let address = args.address("address")?;
    let (mut before, mut limit) = (None, USUAL_PAGE);
    if let Some(given) = args.optional() {
        let mut object = Object::new(given, "page")?;
        before = object.read("before", cursor)?;
        if let Some(wanted) = object.read("limit", count)? {
            limit = usize::try_from(wanted).unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
        }
        object.end()?;
    }
    args.end()?;
    let page = api.node().history(address, before, limit)?;
    let rows = page.entries.iter().map(|entry| row(api, entry)).collect::<Result<_>>()?;
    Ok(Page { rows, next: page.next.map(|next| cursor_text(&next)) })
}

fn row(api: &Api, entry: &Entry) -> Result<Row> {
    let unique = entry.kind == EntryKind::Unique;
    Ok(Row {
        block: Quantity(entry.cursor.at.height),
        timestamp: Quantity(entry.timestamp),
        tx_hash: entry.tx_hash,
        direction: match entry.direction {
            Direction::In => "in",
            Direction::Out => "out",
            Direction::Own => "self",
        },
        counterparty: entry.counterparty,
        asset: entry.asset,
        amount: if unique { U256::ONE } else { entry.quantity },
        // The fee is the sender's alone.
        fee: if entry.direction == Direction::In { U256::ZERO } else { entry.fee },
        kind: kind(api, entry)?,
        success: entry.success,
        token_id: unique.then_some(entry.quantity),
    })
}

fn kind(api: &Api, entry: &Entry) -> Result<&'static str> {
    let transaction = || api.node().transaction_at(entry.cursor.at);
    Ok(match entry.kind {
        EntryKind::Token | EntryKind::Unique => "token",
        EntryKind::Move if transaction()?.is_some_and(|found| found.tx.as_system().is_some()) => "system",
        EntryKind::Move => "internal",
        EntryKind::Transaction if transaction()?.is_some_and(|found| found.tx.kind().is_create()) => "create",
        EntryKind::Transaction => "transaction",
    })
}

/// A cursor as text, which callers hand back as it is.
fn cursor_text(cursor: &Cursor) -> String {
    format!("{:x}.{:x}.{:x}", cursor.at.height, cursor.at.index, cursor.sequence)
}

fn cursor(given: &Value, name: &str) -> Result<Cursor> {
    let read = |text: &str| {
        let mut parts = text.split('.').map(|part| u64::from_str_radix(part, 16));
        let mut next = || parts.next()?.ok();
        let (height, index, sequence) = (next()?, next()?.try_into().ok()?, next()?.try_into().ok()?);
        Some(Cursor { at: Position { height, index }, sequence })
    };
    let cursor = given.as_str().and_then(read);
    cursor.ok_or_else(|| RpcError::params(format!("invalid argument {name}: expected the `next` of an earlier page")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cursors_come_back_as_they_went() {
        let there = Cursor { at: Position { height: u64::MAX, index: 7 }, sequence: u32::MAX };
        assert_eq!(cursor(&json!(cursor_text(&there)), "before").unwrap(), there);
        for bad in [json!(""), json!("1.2"), json!("1.x.2"), json!(1), json!("1.100000000.0")] {
            assert_eq!(cursor(&bad, "before").unwrap_err().code, -32602, "{bad}");
        }
    }
}
