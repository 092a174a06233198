//! `limpid status`.
use super::chain::block_json;
use crate::{args::Global, error::Result, output, session::coin_json};
use alloy_primitives::U256;
use limpid_client::{
    BlockTag, Client, ClientError, Unit, amount,
    api::{Head, Status},
};
use limpid_market::calendar;
use serde_json::{Value, json};

/// The newest block; a development chain's genesis bears the date 1970, which says nothing.
fn head(head: &Head) -> String {
    if head.number == 0 {
        return "none yet: only the genesis".to_owned();
    }
    format!("{} at {} UTC", head.number, calendar::format(head.timestamp))
}

/// The answer of `limpid_status` with its quantities as every command gives them.
fn status_json(status: &Status) -> Value {
    let coin = Unit::new(status.coin.symbol.clone(), status.coin.decimals);
    json!({
        "clientVersion": status.client_version, "chainId": status.chain_id, "dev": status.dev, "coin": status.coin,
        "head": { "number": status.head.number, "hash": status.head.hash, "timestamp": status.head.timestamp },
        "baseFeePerGas": coin_json(&coin, U256::from(status.next_base_fee)), "pending": status.pending,
        "queued": status.queued, "rulesHash": status.rules_hash, "uptimeSeconds": status.uptime_seconds,
        "halted": status.halted,
    })
}

/// Where the node and its chain stand.
pub async fn run(global: &Global) -> Result<()> {
    let client = Client::new(&global.rpc)?;
    match client.status().await {
        Ok(status) => {
            let contracts = client.contracts().await?;
            let value = json!({ "rpc": client.url(), "status": status_json(&status), "contracts": contracts });
            output::emit(global.json, &value, || {
                let mut rows = vec![
                    ("node", status.client_version.clone()),
                    ("chain", format!("{}{}", status.chain_id, if status.dev { ", development" } else { "" })),
                    ("coin", format!("{}, {} decimals", status.coin.symbol, status.coin.decimals)),
                    ("block", head(&status.head)),
                    ("hash", status.head.hash.to_string()),
                    ("base fee", format!("{} gwei", amount::format_short(U256::from(status.next_base_fee), 9, 6))),
                    ("waiting", format!("{} transactions, {} behind an earlier one", status.pending, status.queued)),
                    ("up", format!("{} s", status.uptime_seconds)),
                ];
                if let Some(reason) = &status.halted {
                    rows.push(("HALTED", reason.clone()));
                }
                let mut text = output::fields(&rows) + "\n";
                let contracts: Vec<_> = contracts
                    .iter()
                    .map(|contract| vec![contract.name.clone(), contract.address.to_string(), contract.summary.clone()])
                    .collect();
                text += &output::table(&["contract", "address", "what it does"], &contracts);
                text
            })
        }
        Err(ClientError::NoSuchMethod { .. }) => {
            let (chain, version) = (client.chain_id().await?, client.client_version().await?);
            let head = client.block(BlockTag::Latest).await?;
            let value = json!({
                "rpc": client.url(), "chainId": chain, "clientVersion": version, "head": head.as_ref().map(|head| block_json(head, &Unit::new("ETH", 18)))
            });
            output::emit(global.json, &value, || {
                let block = head.as_ref().map_or_else(String::new, |block| block.number.to_string());
                output::fields(&[
                    ("node", format!("{version} (not Limpid)")),
                    ("chain", chain.to_string()),
                    ("block", block),
                ])
            })
        }
        Err(error) => Err(error.into()),
    }
}
