//! `limpid quote`.
use super::trade::{Trade, TradeArgs, bps, ends, path};
use crate::{args::Global, error::Result, output, session::Session};
use clap::Args;
use serde_json::json;

/// A trade to price.
#[derive(Debug, Args)]
pub struct QuoteArgs {
    #[command(flatten)]
    trade: TradeArgs,
}

/// Runs the command.
pub async fn run(args: QuoteArgs, global: &Global) -> Result<()> {
    let session = Session::open(global).await?;
    let registry = session.registry().await?;
    let trade = Trade::read(&args.trade, &session, &registry).await?;
    if trade.is_wrapping(&registry) {
        let route = json!({
            "pay": trade.pay.json(trade.amount), "receive": trade.receive.json(trade.amount), "priceImpactBps": 0,
            "path": [], "through": "wrapping",
        });
        let value = json!({ "routes": [route] });
        return output::emit(session.json, &value, || {
            "One for one, without a pool: wrapping costs only its fee.".to_owned()
        });
    }
    let routes = trade.routes(&session, &registry).await?;
    let (mut lines, mut values) = (Vec::new(), Vec::new());
    for route in &routes {
        let (pay, receive) = ends(route);
        let names = path(&session, &registry, &trade, &route.path).await?;
        values.push(json!({
            "pay": trade.pay.json(pay), "receive": trade.receive.json(receive),
            "priceImpactBps": route.price_impact_bps, "path": route.path, "through": names,
        }));
        lines.push(vec![
            trade.pay.unit.show(pay),
            trade.receive.unit.show(receive),
            bps(route.price_impact_bps),
            names,
        ]);
    }
    output::emit(session.json, &json!({ "routes": values }), || {
        output::table(&["pay", "receive", "price impact", "through"], &lines)
    })
}
