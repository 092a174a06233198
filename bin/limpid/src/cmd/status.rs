//! `limpid status`.
use crate::{args::Global, error::Result, output};
use limpid_client::{BlockTag, Client, ClientError, amount};
use limpid_market::calendar;
use serde_json::json;

/// Where the node and its chain stand.
pub async fn run(global: &Global) -> Result<()> {
    let client = Client::new(&global.rpc)?;
    match client.status().await {
        Ok(status) => {
            let contracts = client.contracts().await?;
            let value = json!({ "rpc": client.url(), "status": status, "contracts": contracts });
            output::emit(global.json, &value, || {
                let mut rows = vec![
                    ("node", status.client_version.clone()),
                    ("chain", format!("{}{}", status.chain_id, if status.dev { ", development" } else { "" })),
                    ("coin", format!("{}, {} decimals", status.coin.symbol, status.coin.decimals)),
                    ("block", format!("{} at {} UTC", status.head.number, calendar::format(status.head.timestamp))),
                    ("hash", status.head.hash.to_string()),
                    (
                        "base fee",
                        format!(
                            "{} gwei",
                            amount::format_short(status.next_base_fee.to_string().parse().unwrap_or_default(), 9, 6)
                        ),
                    ),
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
            let value = json!({ "rpc": client.url(), "chainId": chain, "clientVersion": version, "head": head });
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
