//! `limpid balance`.
use crate::{
    args::Global,
    error::{Result, told},
    keys, output,
    session::Session,
};
use alloy_primitives::Address;
use clap::Args;
use limpid_client::{amount, registry::Asset};
use serde_json::json;

/// Tokens that are looked at one by one; more need to be named.
const MOST_TOKENS: usize = 500;

/// Whose balance.
#[derive(Debug, Args)]
pub struct BalanceArgs {
    /// An address, one of your wallets, or dev:N; your only wallet otherwise
    account: Option<String>,
    /// Only these: symbols or addresses
    #[arg(long, value_name = "ASSET")]
    asset: Vec<String>,
}

/// Whose balance it is when nobody was named.
fn only_wallet(session: &Session) -> Result<Address> {
    let wallets = session.wallets.list()?.wallets;
    match wallets.as_slice() {
        [only] => keys::address(session, &only.name),
        [] => {
            told("whose? `limpid balance ACCOUNT` takes an address or dev:N; `limpid wallet new NAME` makes a wallet")
        }
        _ => told("whose? `limpid balance ACCOUNT` takes a wallet (`limpid wallet list`), an address or dev:N"),
    }
}

/// Runs the command.
pub async fn run(args: BalanceArgs, global: &Global) -> Result<()> {
    let session = Session::open(global).await?;
    let owner = match &args.account {
        Some(wanted) => keys::address(&session, wanted)?,
        None => only_wallet(&session)?,
    };
    let mut rows: Vec<(Asset, alloy_primitives::U256)> = Vec::new();
    if args.asset.is_empty() {
        let registry = session.registry().await?;
        let coin = registry.coin().clone();
        rows.push((coin.clone(), session.held(owner, &coin).await?));
        for asset in registry.tokens().take(MOST_TOKENS) {
            let held = session.held(owner, asset).await?;
            if !held.is_zero() {
                rows.push((asset.clone(), held));
            }
        }
    } else {
        let registry = session.registry().await?;
        for wanted in &args.asset {
            let asset = session.asset(&registry, wanted).await?;
            let held = session.held(owner, &asset).await?;
            rows.push((asset, held));
        }
    }
    let value: Vec<_> = rows.iter().map(|(asset, held)| asset.json(*held)).collect();
    output::emit(session.json, &json!({ "account": owner, "balances": value }), || {
        let rows: Vec<_> = rows
            .iter()
            .map(|(asset, held)| {
                let address = asset.token.map_or_else(|| "the chain's own coin".to_owned(), |at| at.to_string());
                vec![amount::format(*held, asset.unit.decimals), asset.unit.symbol.clone(), address]
            })
            .collect();
        format!("{owner}\n{}", output::table(&["amount", "symbol", "token"], &rows))
    })
}
