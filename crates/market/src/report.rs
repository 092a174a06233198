//! What a play tells: as a table for people, as JSON lines for programs, as CSV for spreadsheets.

use crate::{
    calendar,
    feed::{PRICE_DECIMALS, Price},
    venue::Amounts,
};
use alloy_primitives::{Address, U256};
use limpid_client::{amount, registry::Asset};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Before the first hour.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Where the prices are from.
    pub source: String,
    /// How many periods are played.
    pub periods: usize,
    /// Rows left out of the file.
    pub skipped: Vec<(usize, &'static str)>,
    /// Unix seconds of the first price.
    pub from: u64,
    /// Unix seconds of the last price.
    pub to: u64,
    /// The chain.
    pub chain_id: u64,
    /// Of the dice.
    pub seed: u64,
    /// Real time.
    pub live: bool,
    /// The native coin.
    pub coin: Asset,
    /// The dollar token.
    pub dollar: Asset,
    /// The pool.
    pub pair: Address,
    /// The router to trade through.
    pub router: Address,
}

/// One hour. Money in dollars, smallest units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hour {
    /// Unix seconds of its start, in the feed's time.
    pub start: u64,
    /// The real price at its end.
    pub real: Price,
    /// The pool's price at its end.
    pub pool: Price,
    /// How far apart, in millionths of the real price.
    pub error_ppm: u64,
    /// Swaps in the pool, everybody's.
    pub swaps: u64,
    /// Dollars that changed sides.
    pub volume: U256,
    /// Fees for makers, coin at the hour's real price.
    pub fees_makers: U256,
    /// Fees for the community, likewise.
    pub fees_community: U256,
}

/// The end. Money in dollars, smallest units, unless said otherwise.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Where the prices are from.
    pub source: String,
    /// Hours played.
    pub hours: u64,
    /// Swaps in the pool.
    pub swaps: u64,
    /// Dollars that changed sides.
    pub volume: U256,
    /// Largest deviation at an hour's end, in millionths.
    pub max_error_ppm: u64,
    /// When it was.
    pub max_error_at: String,
    /// First real price.
    pub first_price: Price,
    /// Last real price.
    pub last_price: Price,
    /// The pool's price at the end.
    pub pool_price: Price,
    /// Fees for makers, coin at each hour's real price.
    pub fees_makers: U256,
    /// Fees for the community, likewise.
    pub fees_community: U256,
    /// The pool's own exact totals of this play for makers.
    pub makers_fees: Amounts,
    /// The pool's own exact totals of this play for the community.
    pub community_fees: Amounts,
    /// The native coin.
    pub coin: Asset,
    /// The dollar token.
    pub dollar: Asset,
    /// The pool.
    pub pair: Address,
    /// What all makers' shares are redeemed for, at the last real price.
    pub positions_worth: U256,
    /// What was deposited for them, at the last real price: had it been held.
    pub positions_held: U256,
    /// The part of `positions_worth` that fees have earned.
    pub positions_fees: U256,
    /// Everybody.
    pub actors: Vec<ActorRow>,
}

/// One actor at the end.
#[derive(Clone, Debug)]
pub struct ActorRow {
    /// `maker-1`.
    pub name: String,
    /// Its account.
    pub address: Address,
    /// What it began with.
    pub started: Amounts,
    /// What is in its wallet.
    pub wallet: Amounts,
    /// What its pool shares are redeemed for.
    pub position: Amounts,
    /// Both in dollars at the last real price.
    pub worth: U256,
    /// What it began with, in dollars at the last real price.
    pub held: U256,
}

/// Who is told.
pub trait Observer {
    /// The pool stands.
    fn opening(&mut self, opening: &Opening) -> io::Result<()>;
    /// An hour is over.
    fn hour(&mut self, hour: &Hour) -> io::Result<()>;
    /// All is over.
    fn summary(&mut self, summary: &Summary) -> io::Result<()>;
}

/// A table, a line an hour.
pub struct Table<W> {
    out: W,
    /// Lines since the head of the table.
    lines: usize,
    /// Repeat the head for a screen.
    screen: bool,
}

/// A head every so many lines keeps it on a screen.
const SCREEN_LINES: usize = 24;
const HEAD: &str =
    "hour (UTC)          real price    pool price    error  swaps        volume   to makers  to community";

impl<W: Write> Table<W> {
    /// `screen`: a person is watching it scroll.
    pub const fn new(out: W, screen: bool) -> Self {
        Self { out, lines: 0, screen }
    }
}

impl<W: Write> Observer for Table<W> {
    fn opening(&mut self, opening: &Opening) -> io::Result<()> {
        let (coin, dollar) = (&opening.coin.unit.symbol, &opening.dollar.unit.symbol);
        writeln!(self.out, "{coin}/{dollar} follows {}", opening.source)?;
        writeln!(
            self.out,
            "{} to {} UTC, {} periods, {} time, seed {}",
            calendar::format(opening.from),
            calendar::format(opening.to),
            opening.periods,
            if opening.live { "real" } else { "compressed" },
            opening.seed,
        )?;
        if let Some((number, reason)) = opening.skipped.first() {
            writeln!(self.out, "{} rows left out, the first at {number}: {reason}", opening.skipped.len())?;
        }
        writeln!(self.out, "token {dollar}   {}", opening.dollar.token.unwrap_or_default())?;
        writeln!(self.out, "pool          {}", opening.pair)?;
        writeln!(self.out, "router        {}", opening.router)?;
        writeln!(self.out, "chain id      {}\n", opening.chain_id)
    }

    fn hour(&mut self, hour: &Hour) -> io::Result<()> {
        if self.lines == 0 || (self.screen && self.lines.is_multiple_of(SCREEN_LINES)) {
            writeln!(self.out, "{HEAD}")?;
        }
        self.lines += 1;
        writeln!(
            self.out,
            "{}  {:>12}  {:>12}  {:>6}%  {:>5}  {:>12}  {:>10}  {:>12}",
            calendar::format(hour.start),
            fixed(hour.real.0, 4),
            fixed(hour.pool.0, 4),
            percent(hour.error_ppm),
            hour.swaps,
            fixed(hour.volume, 0),
            fixed(hour.fees_makers, 2),
            fixed(hour.fees_community, 2),
        )?;
        self.out.flush()
    }

    fn summary(&mut self, all: &Summary) -> io::Result<()> {
        let dollars = |value| fixed(value, 2);
        let out = &mut self.out;
        writeln!(out, "\n{} hours, {} swaps, volume {} dollars", all.hours, all.swaps, dollars(all.volume))?;
        writeln!(
            out,
            "price     real {} to {}, pool {}; furthest apart at an hour's end: {} % ({} UTC)",
            fixed(all.first_price.0, 4),
            fixed(all.last_price.0, 4),
            fixed(all.pool_price.0, 4),
            percent(all.max_error_ppm),
            all.max_error_at,
        )?;
        writeln!(
            out,
            "fees      makers {} dollars, community {} dollars",
            dollars(all.fees_makers),
            dollars(all.fees_community),
        )?;
        writeln!(
            out,
            "makers    shares worth {}, of which fees {}; held instead: {} ({})",
            dollars(all.positions_worth),
            dollars(all.positions_fees),
            dollars(all.positions_held),
            change(all.positions_worth, all.positions_held),
        )?;
        writeln!(
            out,
            "\nactor            coin in wallet  dollars in wallet  coin in pool  dollars in pool         worth  against holding"
        )?;
        for row in &all.actors {
            writeln!(
                out,
                "{:<14} {:>16} {:>18} {:>13} {:>16} {:>13}  {:>15}",
                row.name,
                fixed(row.wallet.coin, 4),
                dollars(row.wallet.dollar),
                fixed(row.position.coin, 4),
                dollars(row.position.dollar),
                dollars(row.worth),
                change(row.worth, row.held),
            )?;
        }
        out.flush()
    }
}

/// JSON lines: an object an hour, then the summary. Figures for charts (prices, volume, fees) are numbers, in
/// dollars; everything else that is money is an amount ([`limpid_client::Unit::json`]), the pool's own exact fee
/// totals among it.
pub struct Json<W>(pub W);

impl<W: Write> Observer for Json<W> {
    fn opening(&mut self, _: &Opening) -> io::Result<()> {
        Ok(())
    }

    fn hour(&mut self, hour: &Hour) -> io::Result<()> {
        self.line(json!({
            "time": calendar::format(hour.start),
            "timestamp": hour.start,
            "price": number(hour.real.0),
            "pool": number(hour.pool.0),
            "error_pct": hour.error_ppm as f64 / 10_000.0,
            "swaps": hour.swaps,
            "volume": number(hour.volume),
            "fees_makers": number(hour.fees_makers),
            "fees_community": number(hour.fees_community),
        }))
    }

    fn summary(&mut self, all: &Summary) -> io::Result<()> {
        let dollars = |value| all.dollar.json(value);
        let amounts = |of: Amounts| json!([all.coin.json(of.coin), dollars(of.dollar)]);
        let actors: Vec<Value> = all
            .actors
            .iter()
            .map(|row| {
                json!({
                    "name": row.name, "address": row.address, "started": amounts(row.started),
                    "wallet": amounts(row.wallet), "position": amounts(row.position),
                    "worth": dollars(row.worth), "held": dollars(row.held),
                })
            })
            .collect();
        self.line(json!({
            "summary": true,
            "source": all.source,
            "hours": all.hours,
            "swaps": all.swaps,
            "volume": number(all.volume),
            "max_error_pct": all.max_error_ppm as f64 / 10_000.0,
            "max_error_at": all.max_error_at,
            "first_price": number(all.first_price.0),
            "last_price": number(all.last_price.0),
            "pool_price": number(all.pool_price.0),
            "fees_makers": number(all.fees_makers),
            "fees_community": number(all.fees_community),
            "exact": { "fees_makers": amounts(all.makers_fees), "fees_community": amounts(all.community_fees) },
            "lp_value": dollars(all.positions_worth),
            "lp_fees": dollars(all.positions_fees),
            "lp_if_held": dollars(all.positions_held),
            "token": all.dollar.token,
            "pool": all.pair,
            "actors": actors,
        }))
    }
}

impl<W: Write> Json<W> {
    fn line(&mut self, value: Value) -> io::Result<()> {
        writeln!(self.0, "{value}")?;
        self.0.flush()
    }
}

/// One line an hour, for spreadsheets.
pub struct Csv<W>(pub W);

impl<W: Write> Observer for Csv<W> {
    fn opening(&mut self, _: &Opening) -> io::Result<()> {
        writeln!(self.0, "timestamp,time_utc,price,pool,error_pct,swaps,volume,fees_makers,fees_community")
    }

    fn hour(&mut self, hour: &Hour) -> io::Result<()> {
        writeln!(
            self.0,
            "{},{},{},{},{},{},{},{},{}",
            hour.start,
            calendar::format(hour.start),
            exact(hour.real.0),
            exact(hour.pool.0),
            percent(hour.error_ppm),
            hour.swaps,
            exact(hour.volume),
            exact(hour.fees_makers),
            exact(hour.fees_community),
        )
    }

    fn summary(&mut self, _: &Summary) -> io::Result<()> {
        self.0.flush()
    }
}

impl<T: Observer + ?Sized> Observer for Box<T> {
    fn opening(&mut self, opening: &Opening) -> io::Result<()> {
        self.as_mut().opening(opening)
    }

    fn hour(&mut self, hour: &Hour) -> io::Result<()> {
        self.as_mut().hour(hour)
    }

    fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        self.as_mut().summary(summary)
    }
}

/// Two observers at once.
pub struct Both<A, B>(pub A, pub B);

impl<A: Observer, B: Observer> Observer for Both<A, B> {
    fn opening(&mut self, opening: &Opening) -> io::Result<()> {
        self.0.opening(opening).and_then(|()| self.1.opening(opening))
    }

    fn hour(&mut self, hour: &Hour) -> io::Result<()> {
        self.0.hour(hour).and_then(|()| self.1.hour(hour))
    }

    fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        self.0.summary(summary).and_then(|()| self.1.summary(summary))
    }
}

fn exact(value: U256) -> String {
    amount::format(value, PRICE_DECIMALS)
}

/// With exactly so many decimal places, cut toward zero.
fn fixed(value: U256, places: usize) -> String {
    let text = exact(value);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if places == 0 {
        return whole.to_owned();
    }
    let kept = fraction.get(..places).unwrap_or(fraction);
    format!("{whole}.{kept:0<places$}")
}

/// For reading only: the nearest double.
fn number(value: U256) -> f64 {
    exact(value).parse().unwrap_or(f64::INFINITY)
}

/// Millionths as percent with three places, rounded up: an error is never shown smaller than it is.
fn percent(ppm: u64) -> String {
    let thousandths = ppm.div_ceil(10);
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

/// `+1.23 %` of `now` against `before`.
fn change(now: U256, before: U256) -> String {
    if before.is_zero() {
        return "-".to_owned();
    }
    let (sign, difference) = if now >= before { ('+', now - before) } else { ('-', before - now) };
    let hundredths = difference.saturating_mul(U256::from(10_000)) / before;
    let (whole, rest) = hundredths.div_rem(U256::from(100));
    format!("{sign}{whole}.{rest:0>2} %", rest = rest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(cents: u64) -> U256 {
        U256::from(cents) * U256::from(10).pow(U256::from(16))
    }

    #[test]
    fn numbers_for_reading() {
        assert_eq!(fixed(dollars(12_345), 2), "123.45");
        assert_eq!(fixed(dollars(12_300), 4), "123.0000");
        assert_eq!(fixed(dollars(99), 0), "0");
        assert_eq!(percent(3_001), "0.301");
        assert_eq!(percent(10), "0.001");
        assert_eq!(percent(1), "0.001");
        assert_eq!(percent(1_000_000), "100.000");
        assert_eq!(change(dollars(110), dollars(100)), "+10.00 %");
        assert_eq!(change(dollars(9_995), dollars(10_000)), "-0.05 %");
        assert_eq!(change(dollars(1), U256::ZERO), "-");
    }

    fn hour() -> Hour {
        Hour {
            start: 1_584_007_200,
            real: Price(dollars(13_291)),
            pool: Price(dollars(13_250)),
            error_ppm: 3_085,
            swaps: 11,
            volume: dollars(1_234_567),
            fees_makers: dollars(1_481),
            fees_community: dollars(2_222),
        }
    }

    #[test]
    fn an_hour_in_all_three_forms() {
        let mut out = Vec::new();
        Table::new(&mut out, false).hour(&hour()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let line = text.lines().nth(1).unwrap();
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells, ["2020-03-12", "10:00", "132.9100", "132.5000", "0.309%", "11", "12345", "14.81", "22.22"]);

        let mut out = Vec::new();
        Json(&mut out).hour(&hour()).unwrap();
        let value: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["error_pct"], json!(0.3085));
        assert_eq!(value["fees_community"], json!(22.22));
        assert_eq!(value["swaps"], json!(11));

        let mut out = Vec::new();
        Csv(&mut out).hour(&hour()).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "1584007200,2020-03-12 10:00,132.91,132.5,0.309,11,12345.67,14.81,22.22\n"
        );
    }
}
