//! Real prices from files.
//!
//! Three layouts are read; everything else is refused with the columns we expect. Prices are decimals
//! of 18 places, never floats; places beyond are cut. A row that cannot be a price (zero, or a high below its low) is left out and
//! reported; a row that cannot be read refuses the file.

use crate::calendar;
use alloy_primitives::U256;
use flate2::read::GzDecoder;
use limpid_client::amount;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{fmt, fs::File, io::Read as _, path::Path};

/// The default: ETH/USDT around Black Thursday 2020, hourly, from Binance.
const BLACK_THURSDAY: &str = include_str!("../../../scenarios/black-thursday-2020.csv");

/// The largest known file is 3 MB packed, 30 MB unpacked.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
const HOUR: u64 = 3_600;
/// Timestamps above this are milliseconds: as seconds they would be after the year 5000.
const MILLISECONDS_FROM: u64 = 100_000_000_000;
/// Decimal places of a [`Price`].
pub const PRICE_DECIMALS: u8 = 18;

const BINANCE: &str = "ts_ms,open,high,low,close,volume_base";
const SCENARIO: &str = "ts_ms,open,high,low,close";
const GEMINI: &str = "Unix Timestamp,Date,Symbol,Open,High,Low,Close,Volume";

/// What one file may look like, for the message that refuses another.
const EXPECTED: &str = "expected one of
  ts_ms,open,high,low,close,volume_base                    Binance, hourly (the last column may be missing)
  Unix Timestamp,Date,Symbol,Open,High,Low,Close,Volume    Gemini, hourly, newest first
  [{\"time_period_start\",\"time_period_end\",\"price_open\",\"price_high\",\"price_low\",\"price_close\",..}]
                                                           CoinAPI, JSON
plain or packed with gzip";

/// Dollars for one coin, with [`PRICE_DECIMALS`] decimal places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub U256);

/// One period of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candle {
    /// Unix seconds at its start.
    pub start: u64,
    /// Its length in seconds.
    pub length: u64,
    /// First price.
    pub open: Price,
    /// Highest.
    pub high: Price,
    /// Lowest.
    pub low: Price,
    /// Last.
    pub close: Price,
}

impl Candle {
    /// The prices in a plausible order: a period that rose went down first, one that fell up first.
    pub fn path(&self) -> [Price; 4] {
        if self.close >= self.open {
            [self.open, self.low, self.high, self.close]
        } else {
            [self.open, self.high, self.low, self.close]
        }
    }
}

/// A market's prices, oldest first, no two at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Where they are from.
    pub source: String,
    /// The periods.
    pub candles: Vec<Candle>,
    /// Rows left out because they cannot be prices: line or element number and reason.
    pub skipped: Vec<(usize, &'static str)>,
}

/// Why a file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// It cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// It has another layout.
    #[error("{path} has a layout that is not known here: it begins with `{begins}`; {EXPECTED}")]
    UnknownLayout {
        /// The file.
        path: String,
        /// Its first line, or the fields of its first element.
        begins: String,
    },
    /// A row is damaged.
    #[error("{path}, {unit} {number}: {reason}")]
    BadRow {
        /// The file.
        path: String,
        /// `line` or `element`.
        unit: &'static str,
        /// Counted from 1.
        number: usize,
        /// What is wrong.
        reason: String,
    },
    /// Nothing in it at all.
    #[error("{path} is an empty file; {EXPECTED}")]
    Blank {
        /// The file.
        path: String,
    },
    /// Nothing left to play.
    #[error("{path} holds no prices{}", if *.skipped > 0 { " that are above zero" } else { "" })]
    Empty {
        /// The file.
        path: String,
        /// Rows left out.
        skipped: usize,
    },
    /// Two rows for one time: which one is real?
    #[error("{path} has two rows for {time}")]
    Twice {
        /// The file.
        path: String,
        /// The time, in UTC.
        time: String,
    },
}

impl Feed {
    /// The scenario that comes with the program.
    pub fn black_thursday() -> Result<Self, FeedError> {
        Self::parse("scenarios/black-thursday-2020.csv (Binance ETH/USDT)", BLACK_THURSDAY)
    }

    /// Reads a file, packed or plain.
    pub fn read(path: &Path) -> Result<Self, FeedError> {
        let name = path.display().to_string();
        let unreadable =
            |error: std::io::Error| FeedError::Unreadable { path: name.clone(), reason: error.to_string() };
        let mut bytes = Vec::new();
        File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes)).map_err(unreadable)?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            GzDecoder::new(bytes.as_slice()).take(MAX_BYTES).read_to_end(&mut plain).map_err(unreadable)?;
            bytes = plain;
        }
        if bytes.len() as u64 >= MAX_BYTES {
            let reason = format!("larger than {} MiB", MAX_BYTES >> 20);
            return Err(FeedError::Unreadable { path: name, reason });
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| FeedError::Unreadable { path: name.clone(), reason: "not a text file".to_owned() })?;
        Self::parse(&name, &text)
    }

    /// Reads text in one of the known layouts; `source` is for messages.
    pub fn parse(source: &str, text: &str) -> Result<Self, FeedError> {
        let text = text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            return Err(FeedError::Blank { path: source.to_owned() });
        }
        let mut rows = Rows { source, ..Rows::default() };
        if text.trim_start().starts_with(['[', '{']) {
            rows.read_json(text)?;
        } else {
            rows.read_csv(text)?;
        }
        rows.finish()
    }

    /// Only periods that start in `from..` and at most `count` of them.
    #[must_use]
    pub fn window(mut self, from: Option<u64>, count: Option<usize>) -> Self {
        self.candles.retain(|candle| from.is_none_or(|from| candle.start >= from));
        self.candles.truncate(count.unwrap_or(usize::MAX));
        self
    }

    /// The lowest and highest price of all.
    pub fn range(&self) -> Option<(Price, Price)> {
        let low = self.candles.iter().map(|candle| candle.low).min()?;
        let high = self.candles.iter().map(|candle| candle.high).max()?;
        Some((low, high))
    }
}

/// Rows as they are read.
#[derive(Default)]
struct Rows<'a> {
    source: &'a str,
    unit: &'static str,
    candles: Vec<Candle>,
    skipped: Vec<(usize, &'static str)>,
}

/// A CoinAPI element; its numbers stay text until they are exact.
#[derive(Deserialize)]
struct CoinApi<'a> {
    time_period_start: String,
    time_period_end: String,
    #[serde(borrow)]
    price_open: &'a RawValue,
    #[serde(borrow)]
    price_high: &'a RawValue,
    #[serde(borrow)]
    price_low: &'a RawValue,
    #[serde(borrow)]
    price_close: &'a RawValue,
}

impl Rows<'_> {
    fn bad(&self, number: usize, reason: impl fmt::Display) -> FeedError {
        FeedError::BadRow { path: self.source.to_owned(), unit: self.unit, number, reason: reason.to_string() }
    }

    fn unknown(&self, begins: &str) -> FeedError {
        let mut begins: String = begins.chars().take(100).collect();
        begins.retain(|letter| !letter.is_control());
        FeedError::UnknownLayout { path: self.source.to_owned(), begins }
    }

    fn read_csv(&mut self, text: &str) -> Result<(), FeedError> {
        self.unit = "line";
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let header = lines.next().map_or("", |(_, line)| line);
        // Column of the time, and of open, high, low, close.
        let (columns, places) = match header {
            BINANCE => (6, [0, 1, 2, 3, 4]),
            SCENARIO => (5, [0, 1, 2, 3, 4]),
            GEMINI => (8, [0, 3, 4, 5, 6]),
            other => return Err(self.unknown(other)),
        };
        for (number, line) in lines {
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            if cells.len() != columns {
                return Err(self.bad(number, format!("{} columns instead of {columns}", cells.len())));
            }
            let cell = |place: usize| cells.get(place).copied().unwrap_or_default();
            let [time, prices @ ..] = places;
            let start =
                cell(time).parse().map_err(|_| self.bad(number, format!("`{}` is no timestamp", cell(time))))?;
            self.push(number, start, HOUR, prices.map(cell))?;
        }
        Ok(())
    }

    fn read_json(&mut self, text: &str) -> Result<(), FeedError> {
        self.unit = "element";
        let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| self.unknown(text))?;
        for (number, element) in (1..).zip(elements) {
            let row: CoinApi<'_> = match serde_json::from_str(element.get()) {
                Ok(row) => row,
                Err(_) if number == 1 => return Err(self.unknown(&fields_of(element))),
                Err(error) => return Err(self.bad(number, error)),
            };
            let time = |text: &str| {
                calendar::parse(text)
                    .ok_or_else(|| self.bad(number, format!("`{text}` is no time (expected ISO 8601, UTC)")))
            };
            let (start, end) = (time(&row.time_period_start)?, time(&row.time_period_end)?);
            let Some(length) = end.checked_sub(start).filter(|length| (1..=HOUR).contains(length)) else {
                return Err(self.bad(number, "the period is not between a second and an hour"));
            };
            let prices = [row.price_open, row.price_high, row.price_low, row.price_close].map(RawValue::get);
            self.push(number, start, length, prices)?;
        }
        Ok(())
    }

    fn push(&mut self, number: usize, start: u64, length: u64, prices: [&str; 4]) -> Result<(), FeedError> {
        let start = if start >= MILLISECONDS_FROM { start / 1_000 } else { start };
        let mut parsed = [Price(U256::ZERO); 4];
        for (place, text) in parsed.iter_mut().zip(prices) {
            let value = amount::parse(cut(text), PRICE_DECIMALS).map_err(|error| self.bad(number, error))?;
            // 10^12 dollars: beyond it the arithmetic of a V2 pool (112 bits) has no room.
            if value > U256::from(10).pow(U256::from(30)) {
                return Err(self.bad(number, format!("the price {text} is not believable")));
            }
            *place = Price(value);
        }
        let [open, high, low, close] = parsed;
        if parsed.iter().any(|price| price.0.is_zero()) {
            self.skipped.push((number, "a price is zero"));
        } else if low > open.min(close) || high < open.max(close) {
            self.skipped.push((number, "high and low do not enclose open and close"));
        } else {
            self.candles.push(Candle { start, length, open, high, low, close });
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Feed, FeedError> {
        let path = self.source.to_owned();
        if self.candles.is_empty() {
            return Err(FeedError::Empty { path, skipped: self.skipped.len() });
        }
        self.candles.sort_by_key(|candle| candle.start);
        for pair in self.candles.windows(2) {
            if let [first, second] = pair
                && first.start == second.start
            {
                return Err(FeedError::Twice { path, time: calendar::format(first.start) });
            }
        }
        Ok(Feed { source: path, candles: self.candles, skipped: self.skipped })
    }
}

/// Without the decimal places beyond [`PRICE_DECIMALS`]: one of Gemini's prices has 31.
fn cut(price: &str) -> &str {
    let most = usize::from(PRICE_DECIMALS);
    match price.split_once('.') {
        Some((whole, fraction)) if fraction.len() > most && fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            price.get(..whole.len() + 1 + most).unwrap_or(price)
        }
        _ => price,
    }
}

/// The names of a JSON object's fields, or its beginning.
fn fields_of(element: &RawValue) -> String {
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(element.get()) {
        Ok(map) => map.keys().cloned().collect::<Vec<_>>().join(","),
        Err(_) => element.get().to_owned(),
    }
}
