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
use limpid_client::{
    Call, Unit, amount,
    error::printable,
    registry::{Asset, Registry, looks_like},
};
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
    #[arg(allow_negative_numbers = true)]
    supply: String,
    /// Decimal places, up to 36
    #[arg(long, default_value_t = 18, value_parser = clap::value_parser!(u8).range(..=36))]
    decimals: u8,
    /// Who may create more of it for ever (an address, a wallet or dev:N); without it the supply is final
    #[arg(long, value_name = "ACCOUNT")]
    minter: Option<String>,
    /// Create it although another token bears this symbol already, or one that looks like it
    #[arg(long)]
    allow_same_symbol: bool,
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

/// A symbol that people would take for another asset: the coin's never, another token's only if it was said.
fn check_symbol(args: &CreateArgs, registry: &Registry) -> Result<()> {
    for own in registry.own() {
        if looks_like(&args.symbol, &own.unit.symbol) {
            return told(format!(
                "`{}` would be taken for {}, this chain's own: choose another symbol",
                printable(&args.symbol),
                own.unit.symbol
            ));
        }
    }
    let twins: Vec<_> = registry.twins(&args.symbol).filter_map(|asset| asset.token).collect();
    match twins.first() {
        Some(first) if !args.allow_same_symbol => told(format!(
            "{} with the symbol {} already, such as {first}: people would take one for the other, and both would need \
             their addresses to be named. Choose another symbol; --allow-same-symbol creates it all the same",
            if twins.len() == 1 { "there is a token".to_owned() } else { format!("there are {} tokens", twins.len()) },
            printable(&args.symbol),
        )),
        _ => Ok(()),
    }
}

/// The factory's own limits, before anybody is asked to sign.
fn check_text(what: &str, text: &str, most: usize) -> Result<()> {
    if text.trim().is_empty() {
        return told(format!("the token's {what} is empty: it needs 1 to {most} bytes"));
    }
    if text.len() > most || text.chars().any(limpid_abi::text::is_hidden) {
        return told(format!("the token's {what} has 1 to {most} bytes, without control or invisible characters"));
    }
    Ok(())
}

async fn create(args: &CreateArgs, session: &Session) -> Result<()> {
    check_text("name", &args.name, 64)?;
    check_text("symbol", &args.symbol, 32)?;
    let supply = amount::parse(&args.supply, args.decimals)?;
    let account = Account::find(session, &args.signing)?;
    let registry = session.registry().await?;
    check_symbol(args, &registry)?;
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
    if registry.twins(&args.symbol).next().is_some() {
        intent.push(("note", "this symbol is borne already; the token will need its address to be named".to_owned()));
    }
    let receipt = confirm::sign_and_send(session, &account, &args.signing, intent, call).await?;
    let Some((_, created)) = receipt.events::<ITokenFactory::TokenCreated>().next() else {
        return told("the factory logged no new token: is this a Limpid chain?");
    };
    let unit = Unit::new(printable(&created.symbol), created.decimals);
    let token = Asset { token: Some(created.token), unit, name: printable(&created.name) };
    let mut value = confirm::receipt_json(session, &receipt);
    value["token"] = json!(created.token);
    value["supply"] = token.json(created.supply);
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
