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
use limpid_client::{
    Call, ClientError,
    api::{Direction, HistoryQuery, HistoryRow},
    registry::{Asset, Registry},
};
use serde_json::json;

/// A payment.
#[derive(Debug, Args)]
pub struct SendArgs {
    /// How much, in whole coins or tokens
    #[arg(allow_negative_numbers = true)]
    amount: String,
    /// What: a symbol or a token's address
    asset: String,
    /// To whom: an address, one of your wallets, or dev:N
    to: String,
    /// Pay an address that looks like one you have paid before, but is another
    #[arg(long)]
    allow_lookalike: bool,
    #[command(flatten)]
    signing: Signing,
}

/// Runs the command.
pub async fn run(args: SendArgs, global: &Global) -> Result<()> {
    let session = Session::open(global).await?;
    let registry = session.registry().await?;
    let asset = session.asset(&registry, &args.asset).await?;
    let amount = asset.unit.parse(&args.amount)?;
    if amount.is_zero() {
        return told("the amount is zero: there is nothing to send");
    }
    let account = Account::find(&session, &args.signing)?;
    let to = keys::address(&session, &args.to)?;
    check_recipient(&session, &registry, &asset, to).await?;
    let held = session.held(account.address, &asset).await?;
    if amount > held {
        let unit = &asset.unit;
        return told(format!("{} has {}, which is less than {}", account.label, unit.show(held), unit.show(amount)));
    }
    let mut intent = vec![("send", session::show(&asset, amount)), ("to", to.to_string())];
    match acquaintance(&session, account.address, to).await? {
        Acquaintance::Known => {}
        Acquaintance::New => intent.push(("note", "you have never sent anything to this address".to_owned())),
        Acquaintance::LooksLike(known) if !args.allow_lookalike => {
            return told(format!(
                "{to} looks like {known}, which {}, but is another address: such addresses are made to be copied by \
                 mistake. Compare every digit; --allow-lookalike pays it all the same",
                if known == account.address { "is your own" } else { "you have paid before" }
            ));
        }
        Acquaintance::LooksLike(known) => intent.push(("note", format!("looks like {known} but is another address"))),
    }
    if !session.client.code(to).await?.is_empty() {
        intent.push(("note", "the recipient is a contract: it must be one that can pay out again".to_owned()));
    }
    let call = match asset.token {
        None => Call::transfer(to, amount),
        Some(token) => Call::function(token, &IERC20::transferCall { to, value: amount }),
    };
    let receipt = confirm::sign_and_send(&session, &account, &args.signing, intent, call).await?;
    let mut value = confirm::receipt_json(&session, &receipt);
    value["from"] = json!(account.address);
    value["to"] = json!(to);
    value["sent"] = asset.json(amount);
    output::emit(session.json, &value, || {
        format!("Sent {} to {to}\n{}", session::show(&asset, amount), confirm::receipt_lines(&session, &receipt))
    })
}

/// What an account's history says about a recipient.
enum Acquaintance {
    /// It has been paid before.
    Known,
    /// It has not.
    New,
    /// It has not, but one with the same first and last digits is in the history.
    LooksLike(Address),
}

/// Looks at the newest thousand rows; a node without histories knows nobody and warns of nobody.
async fn acquaintance(session: &Session, from: Address, to: Address) -> Result<Acquaintance> {
    let query = HistoryQuery { before: None, limit: Some(1_000) };
    let rows = match session.client.history(from, &query).await {
        Ok(page) => page.rows,
        Err(ClientError::NoSuchMethod { .. }) if looks_alike(from, to) => return Ok(Acquaintance::LooksLike(from)),
        Err(ClientError::NoSuchMethod { .. }) => return Ok(Acquaintance::Known),
        Err(error) => return Err(error.into()),
    };
    let paid = |row: &&HistoryRow| row.direction != Direction::In;
    if to == from || rows.iter().filter(paid).any(|row| row.counterparty == Some(to)) {
        return Ok(Acquaintance::Known);
    }
    // Bait arrives from the look-alike itself: only the sender and what was paid count as known.
    let mut known = std::iter::once(from).chain(rows.iter().filter(paid).filter_map(|row| row.counterparty));
    Ok(known.find(|known| looks_alike(*known, to)).map_or(Acquaintance::New, Acquaintance::LooksLike))
}

/// The same first and last four hexadecimal digits: what people compare.
fn looks_alike(one: Address, other: Address) -> bool {
    one != other && one[..2] == other[..2] && one[18..] == other[18..]
}

/// Money sent to nobody or to a token's own contract is lost; coin sent to one is refused there.
async fn check_recipient(session: &Session, registry: &Registry, asset: &Asset, to: Address) -> Result<()> {
    if to.is_zero() {
        return told("the zero address belongs to nobody: what is sent there is lost");
    }
    if asset.token == Some(to) {
        return told(format!("{to} is the token's own contract: what is sent there is lost"));
    }
    // Coin sent to the wrapped coin is wrapped, which is what its sender wants.
    if to != registry.addresses.weth
        && let Some(token) = registry.at(&session.client, Some(to)).await?
    {
        let symbol = token.unit.symbol;
        return told(format!(
            "{to} is not a person but the contract of the token {symbol}: what it holds can never be sent on. Send to an \
             account's address; to buy {symbol} use `limpid swap`"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::address;

    #[test]
    fn look_alikes_share_what_people_compare() {
        let paid = address!("d9A10000000000000000000000000000000053B2");
        assert!(looks_alike(paid, address!("d9A1ffffffffffffffffffffffffffffffff53B2")));
        assert!(!looks_alike(paid, paid));
        assert!(!looks_alike(paid, address!("d9A1ffffffffffffffffffffffffffffffff53B3")));
    }
}
