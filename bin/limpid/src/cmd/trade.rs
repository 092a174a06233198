//! What `quote` and `swap` share: finding a way through the pools and saying what it gives.
use crate::{
    error::{CliError, Result, told},
    session::{self, Session},
};
use alloy_primitives::{Address, U256};
use clap::Args;
use limpid_client::{
    amount::AmountError,
    api::{QuoteKind, QuoteRequest, Route},
    registry::{Asset, Registry},
};
use limpid_math::{Round, mul_div};

/// A trade as a person says it.
#[derive(Debug, Args)]
pub struct TradeArgs {
    /// How much is paid (or received, with --exact-out), in whole coins or tokens
    #[arg(allow_negative_numbers = true)]
    pub amount: String,
    /// What is paid: a symbol or a token's address
    pub pay: String,
    /// What is received: a symbol or a token's address
    pub receive: String,
    /// The amount is what is received, not what is paid
    #[arg(long)]
    pub exact_out: bool,
    /// Most pools in a row
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    pub max_hops: u8,
}

/// A trade with its assets known.
pub struct Trade {
    /// What is paid.
    pub pay: Asset,
    /// What is received.
    pub receive: Asset,
    /// Which side the amount fixes.
    pub kind: QuoteKind,
    /// The fixed side's amount, in smallest units.
    pub amount: U256,
    /// Most pools in a row.
    max_hops: u8,
}

impl Trade {
    /// Reads the arguments.
    pub async fn read(args: &TradeArgs, session: &Session, registry: &Registry) -> Result<Self> {
        let pay = session.asset(registry, &args.pay).await?;
        let receive = session.asset(registry, &args.receive).await?;
        if pay.token == receive.token {
            return told(format!("both sides are {}", session::name(&pay)));
        }
        let (kind, unit) =
            if args.exact_out { (QuoteKind::ExactOut, &receive.unit) } else { (QuoteKind::ExactIn, &pay.unit) };
        let amount = unit.parse(&args.amount)?;
        if amount.is_zero() {
            return told("the amount is zero");
        }
        Ok(Self { kind, amount, pay, receive, max_hops: args.max_hops })
    }

    /// Coin against wrapped coin: one for one, without a pool.
    pub fn is_wrapping(&self, registry: &Registry) -> bool {
        registry.traded(&self.pay) == registry.traded(&self.receive)
    }

    /// The ways through the pools, best first; an error when there is none.
    pub async fn routes(&self, session: &Session, registry: &Registry) -> Result<Vec<Route>> {
        let request = QuoteRequest {
            token_in: registry.traded(&self.pay),
            token_out: registry.traded(&self.receive),
            amount: self.amount,
            kind: self.kind,
            max_hops: Some(self.max_hops),
        };
        let routes = session.client.quote(&request).await?.routes;
        let (pay, receive) = (session::name(&self.pay), session::name(&self.receive));
        for route in &routes {
            // C-4: an answer that does not fit its question must not become a transaction.
            let fits = route.path.first() == Some(&request.token_in)
                && route.path.last() == Some(&request.token_out)
                && route.path.len() == route.amounts.len()
                && match self.kind {
                    QuoteKind::ExactIn => route.amounts.first() == Some(&self.amount),
                    QuoteKind::ExactOut => route.amounts.last() == Some(&self.amount),
                };
            if !fits {
                return told("the node's quote does not fit the question; nothing was done");
            }
        }
        if routes.is_empty() {
            return Err(CliError::Told(format!(
                "no pools lead from {pay} to {receive} with that much in them; `limpid pool list` shows the pools, \
                 `limpid pool add` makes one"
            )));
        }
        Ok(routes)
    }
}

/// First and last amount of a route.
pub fn ends(route: &Route) -> (U256, U256) {
    (route.amounts.first().copied().unwrap_or_default(), route.amounts.last().copied().unwrap_or_default())
}

/// `LIM > mUSD > XYZ`: the trade's two sides as they were named, between them symbols where they are known.
pub async fn path(session: &Session, registry: &Registry, trade: &Trade, tokens: &[Address]) -> Result<String> {
    let mut names = vec![trade.pay.unit.symbol.clone()];
    for token in tokens.get(1..tokens.len().saturating_sub(1)).unwrap_or_default() {
        let asset = registry.pooled(&session.client, *token).await?;
        names.push(asset.map_or_else(|| token.to_string(), |asset| asset.unit.symbol));
    }
    names.push(trade.receive.unit.symbol.clone());
    Ok(names.join(" > "))
}

/// `0.3 %`.
pub fn bps(value: u32) -> String {
    format!("{}.{:02} %", value / 100, value % 100)
}

/// Reads `0.5` as basis points.
pub fn parse_percent(text: &str) -> std::result::Result<u32, String> {
    let hundredths =
        limpid_client::amount::parse(text.trim_end_matches('%').trim_end(), 2).map_err(|error| match error {
            AmountError::NotANumber(_) => "expected a percentage such as 0.5".to_owned(),
            other => other.to_string(),
        })?;
    match u32::try_from(hundredths) {
        Ok(bps) if bps <= 10_000 => Ok(bps),
        _ => Err("a percentage is at most 100".to_owned()),
    }
}

/// The least to accept for an expected amount, rounded for the trader.
pub fn at_least(expected: U256, slippage_bps: u32) -> Result<U256> {
    scale(expected, 10_000 - slippage_bps.min(10_000), Round::Up)
}

/// The most to pay for an expected amount, rounded for the trader.
pub fn at_most(expected: U256, slippage_bps: u32) -> Result<U256> {
    scale(expected, 10_000 + slippage_bps.min(10_000), Round::Down)
}

fn scale(amount: U256, bps: u32, round: Round) -> Result<U256> {
    mul_div(amount, U256::from(bps), U256::from(10_000), round)
        .map_err(|error| CliError::Told(format!("the amount is too large: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_round_for_the_trader() {
        assert_eq!(at_least(U256::from(1_001), 50).unwrap(), U256::from(996));
        assert_eq!(at_most(U256::from(1_001), 50).unwrap(), U256::from(1_006));
        assert_eq!(at_least(U256::from(7), 10_000).unwrap(), U256::ZERO);
        assert!(at_most(U256::MAX, 1).is_err());
    }

    #[test]
    fn percentages() {
        assert_eq!(parse_percent("0.5"), Ok(50));
        assert_eq!(parse_percent("1 %"), Ok(100));
        assert!(parse_percent("100.01").is_err() && parse_percent("x").is_err() && parse_percent("0.001").is_err());
        assert_eq!(bps(1_205), "12.05 %");
    }
}
