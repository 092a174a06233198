//! `limpid token`: native tokens from the chain's factory.
use crate::{
    args::{Global, Signing},
    confirm,
    error::{Result, told},
    keys::{self, Account},
    output,
    session::Session,
};
use clap::{Args, Subcommand};
use limpid_abi::ITokenFactory;
use limpid_client::{Call, amount, error::printable};
use serde_json::json;

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Create a token; its whole supply is yours
    Create(CreateArgs),
    /// List the chain's tokens
    List,
}

/// A new token.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Full name, such as "My Dollar"
    name: String,
    /// Symbol, such as MYD. Symbols are not unique: the address is what counts
    symbol: String,
    /// How many to create now, in whole tokens
    supply: String,
    /// Decimal places
    #[arg(long, default_value_t = 18)]
    decimals: u8,
    /// Who may create more of it for ever (an address, a wallet or dev:N); without it the supply is final
    #[arg(long, value_name = "ACCOUNT")]
    minter: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// Runs the command.
pub async fn run(command: TokenCommand, global: &Global) -> Result<()> {
    let session = Session::open(global).await?;
    match command {
        TokenCommand::Create(args) => create(&args, &session).await,
        TokenCommand::List => list(&session).await,
    }
}

async fn create(args: &CreateArgs, session: &Session) -> Result<()> {
    let supply = amount::parse(&args.supply, args.decimals)?;
    let account = Account::find(session, &args.signing)?;
    let registry = session.registry().await?;
    let minter = args.minter.as_deref().map(|minter| keys::address(session, minter)).transpose()?;
    let (name, symbol, decimals) = (args.name.clone(), args.symbol.clone(), args.decimals);
    let factory = registry.addresses.token_factory;
    let call = match minter {
        Some(minter) => {
            Call::function(factory, &ITokenFactory::createMintableTokenCall { name, symbol, decimals, supply, minter })
        }
        None => Call::function(factory, &ITokenFactory::createTokenCall { name, symbol, decimals, supply }),
    };
    let mut intent = vec![
        ("create token", format!("{} ({})", args.symbol, args.name)),
        ("supply", format!("{} {}, all yours", amount::format(supply, decimals), args.symbol)),
        ("more later", minter.map_or_else(|| "never: the supply is final".to_owned(), |at| format!("by {at}"))),
    ];
    let twins = registry.tokens().filter(|asset| asset.unit.symbol.eq_ignore_ascii_case(&args.symbol)).count();
    if twins > 0 {
        intent.push((
            "note",
            format!("{twins} token(s) with this symbol exist; yours will need its address to be named"),
        ));
    }
    let receipt = confirm::sign_and_send(session, &account, &args.signing, intent, call).await?;
    let Some((_, created)) = receipt.events::<ITokenFactory::TokenCreated>().next() else {
        return told("the factory logged no new token: is this a Limpid chain?");
    };
    let mut value = confirm::receipt_json(&receipt);
    value["token"] = json!(created.token);
    value["symbol"] = json!(created.symbol);
    value["supply"] = json!(amount::format(created.supply, created.decimals));
    output::emit(session.json, &value, || {
        output::fields(&[("token", format!("{} {}", printable(&created.symbol), created.token))])
            + &confirm::receipt_lines(session, &receipt)
    })
}

async fn list(session: &Session) -> Result<()> {
    let registry = session.registry().await?;
    let value: Vec<_> = registry
        .tokens()
        .map(|asset| json!({ "symbol": asset.unit.symbol, "name": asset.name, "decimals": asset.unit.decimals, "address": asset.token }))
        .collect();
    output::emit(session.json, &json!(value), || {
        let rows: Vec<_> = registry
            .tokens()
            .map(|asset| {
                let address = asset.token.map_or_else(String::new, |at| at.to_string());
                vec![asset.unit.symbol.clone(), address, asset.unit.decimals.to_string(), asset.name.clone()]
            })
            .collect();
        output::table(&["symbol", "address", "decimals", "name"], &rows)
    })
}
