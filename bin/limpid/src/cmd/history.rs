//! `limpid history`: what happened to an account.
use crate::{args::Global, error::Result, keys, output, session::Session};
use alloy_primitives::Address;
use clap::Args;
use limpid_client::{
    Unit, amount,
    api::{Direction, HistoryKind, HistoryQuery, HistoryRow},
    registry::Asset,
};
use limpid_market::calendar;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Whose history.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// An address, one of your wallets, or dev:N
    account: String,
    /// Most rows, up to 1000
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Rows older than this cursor, which the page before ended with
    #[arg(long, value_name = "CURSOR")]
    before: Option<String>,
    /// Also incoming transfers of nothing, which strangers send to plant addresses in a history
    #[arg(long)]
    all: bool,
}

/// Runs the command.
pub async fn run(args: HistoryArgs, global: &Global) -> Result<()> {
    let session = Session::open(global).await?;
    let owner = keys::address(&session, &args.account)?;
    let query = HistoryQuery { before: args.before, limit: Some(args.limit) };
    let page = session.client.history(owner, &query).await?;
    let before = page.rows.len();
    let rows: Vec<_> = page.rows.into_iter().filter(|row| args.all || !is_bait(row)).collect();
    let hidden = before - rows.len();
    let assets = assets(&session, &rows).await?;
    let told: Vec<_> = rows.iter().map(|row| row_json(row, &assets, &session)).collect();
    let value = json!({ "account": owner, "rows": told, "hidden": hidden, "next": page.next });
    output::emit(session.json, &value, || {
        if rows.is_empty() && hidden == 0 {
            return format!("Nothing has happened to {owner}.");
        }
        let head = ["time (UTC)", "block", "", "amount", "counterparty", "fee", "kind", "transaction"];
        let lines: Vec<_> = rows.iter().map(|row| line(row, &assets, &session.coin)).collect();
        let mut text = output::table(&head, &lines);
        if hidden > 0 {
            text += &format!("{hidden} incoming transfers of nothing are hidden (--all shows them)\n");
        }
        if let Some(next) = &page.next {
            text += &format!("older: limpid history {owner} --before {next}\n");
        }
        text
    })
}

/// A row with its amounts as every command gives them; where a token does not say its unit, only `units`.
fn row_json(row: &HistoryRow, assets: &BTreeMap<Address, Asset>, session: &Session) -> Value {
    let amount = match row.asset {
        None => session.coin_json(row.amount),
        Some(token) => match assets.get(&token) {
            Some(asset) => asset.json(row.amount),
            None => json!({
                "amount": null, "units": row.amount.to_string(), "symbol": null, "decimals": null, "asset": token
            }),
        },
    };
    let mut value = json!({
        "block": row.block, "timestamp": row.timestamp, "txHash": row.tx_hash, "direction": row.direction,
        "counterparty": row.counterparty, "amount": amount, "fee": session.coin_json(row.fee), "kind": row.kind,
        "success": row.success,
    });
    if let Some(id) = row.token_id {
        value["tokenId"] = json!(id.to_string());
    }
    value
}

/// A transfer of nothing from a stranger: it only wants its sender's address to be copied.
fn is_bait(row: &HistoryRow) -> bool {
    row.direction == Direction::In && row.kind == HistoryKind::Token && row.amount.is_zero()
}

async fn assets(session: &Session, rows: &[HistoryRow]) -> Result<BTreeMap<Address, Asset>> {
    let registry = session.registry().await?;
    let mut found = BTreeMap::new();
    for token in rows.iter().filter_map(|row| row.asset) {
        if !found.contains_key(&token)
            && let Some(asset) = registry.at(&session.client, Some(token)).await?
        {
            found.insert(token, asset);
        }
    }
    Ok(found)
}

fn line(row: &HistoryRow, assets: &BTreeMap<Address, Asset>, coin: &Unit) -> Vec<String> {
    let unit = match row.asset {
        None => coin.clone(),
        // Unknown decimals: the smallest unit and the address say all there is.
        Some(token) => assets.get(&token).map_or_else(|| Unit::new(token.to_string(), 0), |asset| asset.unit.clone()),
    };
    let direction = match row.direction {
        Direction::In => "in",
        Direction::Out => "out",
        Direction::Own => "self",
    };
    let kind = match row.kind {
        HistoryKind::Transaction => "transaction",
        HistoryKind::Create => "create",
        HistoryKind::Internal => "internal",
        HistoryKind::Token => "token",
        HistoryKind::System => "system",
    };
    let kind = if row.success { kind.to_owned() } else { format!("{kind}, FAILED") };
    let fee = if row.fee.is_zero() { String::new() } else { amount::format_short(row.fee, coin.decimals, 9) };
    vec![
        calendar::format(row.timestamp),
        row.block.to_string(),
        direction.to_owned(),
        unit.show_short(row.amount),
        row.counterparty.map_or_else(|| "-".to_owned(), |at| at.to_string()),
        fee,
        kind,
        row.tx_hash.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{B256, U256};

    fn row(direction: Direction, kind: HistoryKind, amount: u64) -> HistoryRow {
        HistoryRow {
            block: 1,
            timestamp: 0,
            tx_hash: B256::ZERO,
            direction,
            counterparty: None,
            asset: None,
            amount: U256::from(amount),
            fee: U256::ZERO,
            kind,
            success: true,
            token_id: None,
        }
    }

    #[test]
    fn only_strangers_transfers_of_nothing_are_hidden() {
        assert!(is_bait(&row(Direction::In, HistoryKind::Token, 0)));
        assert!(!is_bait(&row(Direction::In, HistoryKind::Token, 1)));
        assert!(!is_bait(&row(Direction::Out, HistoryKind::Token, 0)));
        assert!(!is_bait(&row(Direction::In, HistoryKind::Transaction, 0)));
    }
}
