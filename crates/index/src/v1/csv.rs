//! Everything that happened to an account, as a file that a spreadsheet reads.

use super::{
    addresses::{direction, end, kind, method, quantity},
    types::{Amount, whole_units},
};
use crate::api::{
    App, Given, asked,
    error::{ApiError, Result},
    view::{COIN, View},
};
use alloy_primitives::{Address, U256};
use axum::{
    body::{Body, Bytes},
    extract::{RawQuery, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use hyper::body::Frame;
use limpid_chain::{
    Position,
    history::{Cursor, Direction, Entry},
};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::mpsc;

const COLUMNS: &str = "time_utc,timestamp,block,transaction,kind,direction,counterparty,asset,symbol,quantity,units,fee_coin,\
                       fee_wei,success,method\n";
/// Entries read at a time.
const STEP: usize = 500;
/// How long a reader may not read.
const PATIENCE: Duration = Duration::from_secs(30);

/// Streams the file: memory does not grow with it, and a reader who leaves ends it. It holds a place among the requests
/// for as long as it runs.
pub(super) async fn history(State(app): State<App>, path: Given, RawQuery(query): RawQuery) -> Response {
    let asked = asked(path, query).and_then(|mut ask| {
        let address = ask.address()?;
        ask.end()?;
        Ok(address)
    });
    let address = match asked {
        Ok(address) => address,
        Err(error) => return error.into_response(),
    };
    let (to, from) = mpsc::channel(4);
    let runtime = tokio::runtime::Handle::current();
    tokio::spawn(async move {
        let job = move |app: &App| {
            let send = |part: io::Result<String>| -> bool {
                let sent = async { tokio::time::timeout(PATIENCE, to.send(part)).await.is_ok_and(|sent| sent.is_ok()) };
                runtime.block_on(sent)
            };
            if let Err(error) = write(&app.view()?, address, &mut |text| send(Ok(text))) {
                // A file that ends early must not look whole.
                send(Err(io::Error::other(error.message)));
            }
            Ok(())
        };
        drop(app.run(job).await);
    });
    let name = format!("attachment; filename=\"limpid-{address}.csv\"");
    let head = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (head, Body::new(Parts(from))).into_response()
}

/// What was written so far, as a body.
struct Parts(mpsc::Receiver<io::Result<String>>);

impl hyper::body::Body for Parts {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = self.0.poll_recv(context);
        next.map(|part| part.map(|part| part.map(|text| Frame::data(Bytes::from(text)))))
    }
}

/// Oldest first, up to the view's block. Ends early when nobody takes it any more.
fn write(view: &View, address: Address, send: &mut dyn FnMut(String) -> bool) -> Result<()> {
    let mut next = Some(Cursor { at: Position { height: 0, index: 0 }, sequence: 0 });
    let mut text = COLUMNS.to_owned();
    while let Some(first) = next {
        let page = view.node().history_from(address, first, STEP)?;
        view.learn(page.entries.iter().filter_map(|entry| entry.asset))?;
        for entry in page.entries.iter().filter(|entry| entry.cursor < end(view)) {
            text.push_str(&line(view, entry)?);
        }
        next = page.next.filter(|next| *next < end(view));
        if !send(std::mem::take(&mut text)) {
            return Ok(());
        }
    }
    Ok(())
}

fn line(view: &View, entry: &Entry) -> Result<String> {
    let amount: Amount = quantity(view, entry)?;
    let fee = if entry.direction == Direction::In { U256::ZERO } else { entry.fee };
    let fields = [
        utc(entry.timestamp),
        entry.timestamp.to_string(),
        entry.cursor.at.height.to_string(),
        entry.tx_hash.to_string(),
        kind(entry.kind).to_owned(),
        direction(entry.direction).to_owned(),
        entry.counterparty.map(|other| other.to_string()).unwrap_or_default(),
        entry.asset.map(|asset| asset.to_string()).unwrap_or_default(),
        amount.symbol.clone().unwrap_or_default(),
        amount.whole(),
        amount.units().to_owned(),
        whole_units(&fee.to_string(), COIN.1),
        fee.to_string(),
        entry.success.to_string(),
        method(view, entry)?.unwrap_or_default(),
    ];
    Ok(fields.map(|field| escaped(&field)).join(",") + "\n")
}

/// A field (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe: symbols are chosen by strangers.
fn escaped(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let field = if formula { format!("'{field}") } else { field.to_owned() };
    if field.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

/// Seconds since 1970 as ISO 8601, by the proleptic Gregorian calendar.
fn utc(timestamp: u64) -> String {
    let (days, seconds) = (timestamp / 86_400, timestamp % 86_400);
    // Days are counted from 1 March of year 0, so that the leap day is a year's last: 719,468 lie before 1970.
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

impl From<ApiError> for io::Error {
    fn from(error: ApiError) -> Self {
        Self::other(error.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (timestamp, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_584_028_800, "2020-03-12T16:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(timestamp), text);
        }
        let _ = utc(u64::MAX);
    }

    #[test]
    fn fields() {
        assert_eq!(escaped("USD"), "USD");
        assert_eq!(escaped("a,b"), "\"a,b\"");
        assert_eq!(escaped("say \"x\""), "\"say \"\"x\"\"\"");
        assert_eq!(escaped("=1+1"), "'=1+1");
        assert_eq!(escaped("@SUM(A1,A2)"), "\"'@SUM(A1,A2)\"");
    }
}
