use crate::{
    args::Signing,
    error::{Result, told},
    keys::Account,
    output,
    session::Session,
};
use alloy_primitives::U256;
use limpid_client::{Call, Receipt};
use serde_json::{Value, json};
use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

/// Blocks come when there is work, at the latest after some seconds.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(60);

/// Above this many wei a fee is asked about even if everything was agreed to beforehand: one coin, some ten thousand
/// times what a swap costs here.
const FEE_TO_ASK_ABOUT: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// Completes a call, shows it with its fee, asks, signs, sends and waits.
///
/// `intent` says in words and numbers what the call does; the fee's lines are added here.
pub async fn sign_and_send(
    session: &Session,
    account: &Account,
    signing: &Signing,
    intent: Vec<(&str, String)>,
    call: Call,
) -> Result<Receipt> {
    let coin = &session.coin;
    let prepared = session.client.prepare(account.address, call, coin).await?;
    let mut lines = intent;
    lines.push(("from", account.label.clone()));
    lines.push((
        "fee",
        format!("about {}, at most {}", coin.show(prepared.expected_cost()), coin.show(prepared.max_cost())),
    ));
    lines.push(("chain", format!("{}, nonce {}", prepared.transaction.chain_id, prepared.transaction.nonce)));
    output::tell(&output::fields(&lines));
    if prepared.max_cost() > FEE_TO_ASK_ABOUT {
        output::tell("The fee is unusually high; is the node honest?\n");
        agree(false, "Pay it?")?;
    }
    agree(signing.yes, "Sign and send?")?;
    let signer = account.unlock(session, signing)?;
    Ok(session.client.execute(&prepared, &signer, RECEIPT_TIMEOUT).await?)
}

/// Asks; anything but yes is no.
pub fn agree(yes: bool, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return told("nothing was signed: there is no terminal to ask; add --yes to agree beforehand");
    }
    output::tell(&format!("{question} [y/N] "));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    told("nothing was signed")
}

/// The part of a result that every sent transaction has.
pub fn receipt_json(session: &Session, receipt: &Receipt) -> Value {
    json!({
        "transaction": receipt.transaction_hash,
        "block": receipt.block_number,
        "gasUsed": receipt.gas_used,
        "fee": session.coin_json(receipt.fee()),
    })
}

/// The last lines for people.
pub fn receipt_lines(session: &Session, receipt: &Receipt) -> String {
    output::fields(&[
        ("transaction", receipt.transaction_hash.to_string()),
        ("block", receipt.block_number.to_string()),
        ("fee", session.coin.show(receipt.fee())),
    ])
}
