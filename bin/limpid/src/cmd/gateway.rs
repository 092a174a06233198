//! `limpid wrap` and `limpid unwrap`: tokens of user contracts into native ones, and back.
use crate::{
    args::{Global, Signing},
    confirm,
    error::{Result, told},
    keys::{self, Account},
    output,
    session::{self, Session},
};
use alloy_primitives::{Address, U256};
use clap::Args;
use limpid_abi::{IERC20, IGateway};
use limpid_client::{Call, Receipt, registry::Asset};
use serde_json::json;

/// What to wrap or unwrap.
#[derive(Debug, Args)]
pub struct GatewayArgs {
    /// How much, in whole tokens
    #[arg(allow_negative_numbers = true)]
    amount: String,
    /// The user contract's token, by its address
    token: String,
    /// Who gets it: an address, one of your wallets, or dev:N [default: yourself]
    #[arg(long, value_name = "ACCOUNT")]
    to: Option<String>,
    /// The least that must arrive, in whole tokens [default: all of it]
    #[arg(long, value_name = "AMOUNT")]
    least: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// An order, understood.
struct Order {
    session: Session,
    account: Account,
    token: Address,
    asset: Asset,
    gateway: Address,
    wrapped: Address,
    amount: U256,
    least: U256,
    to: Address,
}

impl Order {
    async fn read(args: &GatewayArgs, global: &Global) -> Result<Self> {
        let session = Session::open(global).await?;
        let registry = session.registry().await?;
        let Ok(token) = args.token.parse::<Address>() else {
            return told(format!("`{}` is no address: name the user contract's token by its address", args.token));
        };
        let asset = session.asset(&registry, &args.token).await?;
        let account = Account::find(&session, &args.signing)?;
        let to = args.to.as_deref().map_or(Ok(account.address), |to| keys::address(&session, to))?;
        let amount = asset.unit.parse(&args.amount)?;
        if amount.is_zero() {
            return told("the amount is zero: there is nothing to do");
        }
        let least = args.least.as_deref().map_or(Ok(amount), |least| asset.unit.parse(least))?;
        let gateway = registry.addresses.gateway;
        let wrapped = session.client.call(gateway, &IGateway::wrappedOfCall { token }).await?;
        Ok(Self { session, account, token, asset, gateway, wrapped, amount, least, to })
    }

    fn intent(&self, what: &'static str) -> Vec<(&'static str, String)> {
        let unit = &self.asset.unit;
        vec![
            (what, session::show(&self.asset, self.amount)),
            ("at least", unit.show(self.least)),
            ("to", self.to.to_string()),
            ("wrapped token", self.wrapped.to_string()),
        ]
    }

    fn tell(&self, receipt: &Receipt, what: &str, given: &Asset, got: &Asset, arrived: U256) -> Result<()> {
        let mut value = confirm::receipt_json(&self.session, receipt);
        value["to"] = json!(self.to);
        value["given"] = given.json(self.amount);
        value["received"] = got.json(arrived);
        output::emit(self.session.json, &value, || {
            let lines = confirm::receipt_lines(&self.session, receipt);
            let (given, got) = (session::show(given, self.amount), session::show(got, arrived));
            format!("{what} {given}: {} got {got}\n{lines}", self.to)
        })
    }

    /// The wrapped token as an asset: the gateway names it so.
    /// Refuses an amount that is more than the account holds.
    fn covered_by(&self, held: U256, kind: &str) -> Result<()> {
        let unit = &self.asset.unit;
        if self.amount <= held {
            return Ok(());
        }
        let (label, held, amount) = (&self.account.label, unit.show(held), unit.show(self.amount));
        told(format!("{label} has {held}{kind}, which is less than {amount}"))
    }

    fn wrapped_asset(&self) -> Asset {
        let mut asset = self.asset.clone();
        asset.token = Some(self.wrapped);
        asset.unit.symbol = format!("w{}", asset.unit.symbol);
        asset
    }
}

/// `limpid wrap`: approves exactly the amount at the token if that is needed, then wraps it.
pub async fn wrap(args: GatewayArgs, global: &Global) -> Result<()> {
    let order = Order::read(&args, global).await?;
    let (session, owner, spender) = (&order.session, order.account.address, order.gateway);
    let held = session.held(owner, &order.asset).await?;
    order.covered_by(held, "")?;
    let allowed = session.client.call(order.token, &IERC20::allowanceCall { owner, spender }).await?;
    if allowed < order.amount {
        let call = Call::function(order.token, &IERC20::approveCall { spender, value: order.amount });
        let intent = vec![
            ("approve", format!("the gateway to take {}, and no more", session::show(&order.asset, order.amount))),
            ("then", "wrap it, in a second transaction".to_owned()),
        ];
        confirm::sign_and_send(session, &order.account, &args.signing, intent, call).await?;
    }
    let Order { token, amount, to, least, .. } = order;
    let call = Call::function(order.gateway, &IGateway::wrapCall { token, amount, to, least });
    let receipt = confirm::sign_and_send(session, &order.account, &args.signing, order.intent("wrap"), call).await?;
    let minted = receipt.events::<IGateway::Wrapped>().next().map(|(_, event)| event.amount);
    order.tell(&receipt, "Wrapped", &order.asset, &order.wrapped_asset(), minted.unwrap_or_default())
}

/// `limpid unwrap`.
pub async fn unwrap(args: GatewayArgs, global: &Global) -> Result<()> {
    let order = Order::read(&args, global).await?;
    let session = &order.session;
    let owner = order.account.address;
    let held = match session.client.code(order.wrapped).await? {
        code if code.is_empty() => U256::ZERO,
        _ => session.client.call(order.wrapped, &IERC20::balanceOfCall { owner }).await?,
    };
    order.covered_by(held, " wrapped")?;
    let Order { token, amount, to, least, .. } = order;
    let call = Call::function(order.gateway, &IGateway::unwrapCall { token, amount, to, least });
    let receipt = confirm::sign_and_send(session, &order.account, &args.signing, order.intent("unwrap"), call).await?;
    let received = receipt.events::<IGateway::Unwrapped>().next().map(|(_, event)| event.received);
    order.tell(&receipt, "Unwrapped", &order.wrapped_asset(), &order.asset, received.unwrap_or_default())
}
