//! `limpid send`.
use crate::{
    args::{Global, Signing},
    confirm,
    error::{Result, told},
    keys::{self, Account},
    output,
    session::{self, Session},
};
use alloy_primitives::Address;
use clap::Args;
use limpid_abi::IERC20;
use limpid_client::{Call, registry::Asset};
use serde_json::json;

/// A payment.
#[derive(Debug, Args)]
pub struct SendArgs {
    /// How much, in whole coins or tokens
    amount: String,
    /// What: a symbol or a token's address
    asset: String,
    /// To whom: an address, one of your wallets, or dev:N
    to: String,
    #[command(flatten)]
    signing: Signing,
}

/// Runs the command.
pub async fn run(args: SendArgs, global: &Global) -> Result<()> {
    let session = Session::open(global).await?;
    let registry = session.registry().await?;
    let asset = session.asset(&registry, &args.asset).await?;
    let amount = asset.unit.parse(&args.amount)?;
    let account = Account::find(&session, &args.signing)?;
    let to = keys::address(&session, &args.to)?;
    check_recipient(&asset, to)?;
    let held = session.held(account.address, &asset).await?;
    if amount > held {
        let unit = &asset.unit;
        return told(format!("{} has {}, which is less than {}", account.label, unit.show(held), unit.show(amount)));
    }
    let mut intent = vec![("send", session::show(&asset, amount)), ("to", to.to_string())];
    if !session.client.code(to).await?.is_empty() {
        intent.push(("note", "the recipient is a contract: it must be one that can pay out again".to_owned()));
    }
    let call = match asset.token {
        None => Call::transfer(to, amount),
        Some(token) => Call::function(token, &IERC20::transferCall { to, value: amount }),
    };
    let receipt = confirm::sign_and_send(&session, &account, &args.signing, intent, call).await?;
    let mut value = confirm::receipt_json(&receipt);
    value["from"] = json!(account.address);
    value["to"] = json!(to);
    value["amount"] = json!(limpid_client::amount::format(amount, asset.unit.decimals));
    value["asset"] = json!(asset.token);
    output::emit(session.json, &value, || {
        format!("Sent {} to {to}\n{}", session::show(&asset, amount), confirm::receipt_lines(&session, &receipt))
    })
}

/// Money sent to nobody or to the token's own contract is lost.
fn check_recipient(asset: &Asset, to: Address) -> Result<()> {
    if to.is_zero() {
        return told("the zero address belongs to nobody: what is sent there is lost");
    }
    if asset.token == Some(to) {
        return told(format!("{to} is the token's own contract: what is sent there is lost"));
    }
    Ok(())
}
