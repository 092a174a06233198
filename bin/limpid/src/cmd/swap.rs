//! `limpid swap`.
use super::trade::{Trade, TradeArgs, at_least, at_most, bps, ends, parse_percent, path};
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
use limpid_abi::{IUniswapV2Pair, IUniswapV2Router02 as Router, IWETH9};
use limpid_client::{Call, Receipt, api::QuoteKind, registry::Registry};

/// A trade to make.
#[derive(Debug, Args)]
pub struct SwapArgs {
    #[command(flatten)]
    trade: TradeArgs,
    /// How far the price may move against you before the swap is refused, in percent
    #[arg(long, default_value = "0.5", value_name = "PERCENT", allow_negative_numbers = true, value_parser = parse_percent)]
    slippage: u32,
    /// Refuse a trade whose own size moves the price by more than this, in percent
    #[arg(long, default_value = "10", value_name = "PERCENT", allow_negative_numbers = true, value_parser = parse_percent)]
    max_impact: u32,
    /// Minutes after which the swap is refused [default: 20, a day on development chains]
    #[arg(long, value_name = "MINUTES")]
    deadline: Option<u64>,
    /// Who receives: an address, one of your wallets, or dev:N; yourself otherwise
    #[arg(long, value_name = "ACCOUNT")]
    to: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// Both sides of a swap and what they may become.
struct Limits {
    pay: U256,
    receive: U256,
    pay_at_most: U256,
    receive_at_least: U256,
}

/// Runs the command.
pub async fn run(args: SwapArgs, global: &Global) -> Result<()> {
    let session = Session::open(global).await?;
    let registry = session.registry().await?;
    let trade = Trade::read(&args.trade, &session, &registry).await?;
    let account = Account::find(&session, &args.signing)?;
    if trade.is_wrapping(&registry) {
        return wrap(&args, &session, &registry, &trade, &account).await;
    }
    let to = match &args.to {
        Some(to) => keys::address(&session, to)?,
        None => account.address,
    };
    let routes = trade.routes(&session, &registry).await?;
    let Some(route) = routes.first() else { return told("no route") };
    if route.price_impact_bps > args.max_impact {
        return told(format!(
            "this trade is large for the pools: it would move the price by {} (limit {}); trade less, or raise --max-impact",
            bps(route.price_impact_bps),
            bps(args.max_impact),
        ));
    }
    let (pay, receive) = ends(route);
    let limits = match trade.kind {
        QuoteKind::ExactIn => {
            Limits { pay, receive, pay_at_most: pay, receive_at_least: at_least(receive, args.slippage)? }
        }
        QuoteKind::ExactOut => {
            Limits { pay, receive, pay_at_most: at_most(pay, args.slippage)?, receive_at_least: receive }
        }
    };
    let held = session.held(account.address, &trade.pay).await?;
    if limits.pay_at_most > held {
        let unit = &trade.pay.unit;
        return told(format!(
            "{} has {}, but the swap may need {}",
            account.label,
            unit.show(held),
            unit.show(limits.pay_at_most)
        ));
    }
    let mut intent = vec![
        ("pay", session::show(&trade.pay, limits.pay)),
        ("receive", session::show(&trade.receive, limits.receive)),
        match trade.kind {
            QuoteKind::ExactIn => ("minimum received", trade.receive.unit.show(limits.receive_at_least)),
            QuoteKind::ExactOut => ("maximum paid", trade.pay.unit.show(limits.pay_at_most)),
        },
        ("price impact", bps(route.price_impact_bps)),
        ("through", path(&session, &registry, &trade, &route.path).await?),
    ];
    if to != account.address {
        intent.push(("to", to.to_string()));
    }
    let deadline = session.deadline(args.deadline).await?;
    let call = router_call(&trade, &registry, route.path.clone(), &limits, to, deadline);
    let receipt = confirm::sign_and_send(&session, &account, &args.signing, intent, call).await?;
    report(&session, &trade, &limits, &receipt)
}

/// The Router02 function for this pair of sides. No allowance is needed: the exchange debits its caller.
fn router_call(
    trade: &Trade,
    registry: &Registry,
    path: Vec<Address>,
    limits: &Limits,
    to: Address,
    deadline: U256,
) -> Call {
    let router = registry.addresses.router;
    let (least, most) = (limits.receive_at_least, limits.pay_at_most);
    match (trade.kind, trade.pay.token, trade.receive.token) {
        (QuoteKind::ExactIn, None, _) => {
            let call = Router::swapExactETHForTokensCall { amountOutMin: least, path, to, deadline };
            Call::function(router, &call).with_value(most)
        }
        (QuoteKind::ExactIn, _, None) => Call::function(
            router,
            &Router::swapExactTokensForETHCall { amountIn: most, amountOutMin: least, path, to, deadline },
        ),
        (QuoteKind::ExactIn, _, _) => Call::function(
            router,
            &Router::swapExactTokensForTokensCall { amountIn: most, amountOutMin: least, path, to, deadline },
        ),
        (QuoteKind::ExactOut, None, _) => {
            let call = Router::swapETHForExactTokensCall { amountOut: least, path, to, deadline };
            Call::function(router, &call).with_value(most)
        }
        (QuoteKind::ExactOut, _, None) => Call::function(
            router,
            &Router::swapTokensForExactETHCall { amountOut: least, amountInMax: most, path, to, deadline },
        ),
        (QuoteKind::ExactOut, _, _) => Call::function(
            router,
            &Router::swapTokensForExactTokensCall { amountOut: least, amountInMax: most, path, to, deadline },
        ),
    }
}

/// What the pools' own events say was paid and received.
fn swapped(receipt: &Receipt) -> Option<(U256, U256)> {
    let swaps: Vec<_> = receipt.events::<IUniswapV2Pair::Swap>().map(|(_, swap)| swap).collect();
    let (first, last) = (swaps.first()?, swaps.last()?);
    Some((first.amount0In.max(first.amount1In), last.amount0Out.max(last.amount1Out)))
}

fn report(session: &Session, trade: &Trade, limits: &Limits, receipt: &Receipt) -> Result<()> {
    let (paid, received) = swapped(receipt).unwrap_or((limits.pay, limits.receive));
    let mut value = confirm::receipt_json(session, receipt);
    value["paid"] = trade.pay.json(paid);
    value["received"] = trade.receive.json(received);
    output::emit(session.json, &value, || {
        format!(
            "Paid {}, received {}\n{}",
            trade.pay.unit.show(paid),
            trade.receive.unit.show(received),
            confirm::receipt_lines(session, receipt)
        )
    })
}

/// Coin into wrapped coin or back.
async fn wrap(args: &SwapArgs, session: &Session, registry: &Registry, trade: &Trade, account: &Account) -> Result<()> {
    if args.to.is_some() {
        return told("wrapping goes to its sender; leave --to out and send it on");
    }
    let weth = registry.addresses.weth;
    let call = match trade.pay.token {
        None => Call::function(weth, &IWETH9::depositCall {}).with_value(trade.amount),
        Some(_) => Call::function(weth, &IWETH9::withdrawCall { wad: trade.amount }),
    };
    let intent = vec![
        ("pay", session::show(&trade.pay, trade.amount)),
        ("receive", format!("{}, one for one", session::show(&trade.receive, trade.amount))),
    ];
    let receipt = confirm::sign_and_send(session, account, &args.signing, intent, call).await?;
    let limits =
        Limits { pay: trade.amount, receive: trade.amount, pay_at_most: trade.amount, receive_at_least: trade.amount };
    report(session, trade, &limits, &receipt)
}
