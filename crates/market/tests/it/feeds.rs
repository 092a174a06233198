//! K-1: what is a price file and what is not.
use limpid_client::amount;
use limpid_market::{Feed, FeedError, calendar, feed::Price};
use std::path::PathBuf;

fn price(text: &str) -> Price {
    Price(amount::parse(text, 18).unwrap())
}

fn parse(text: &str) -> Result<Feed, FeedError> {
    Feed::parse("test.csv", text)
}

const BINANCE: &str = "ts_ms,open,high,low,close,volume_base\n";
const GEMINI: &str = "Unix Timestamp,Date,Symbol,Open,High,Low,Close,Volume\n";

#[test]
fn the_scenario_is_the_design_s_table() {
    let feed = Feed::black_thursday().unwrap();
    assert_eq!(feed.candles.len(), 55);
    assert!(feed.skipped.is_empty() && feed.source.contains("Binance"));
    let (first, last) = (feed.candles[0], feed.candles[54]);
    assert_eq!(calendar::format(first.start), "2020-03-11 18:00");
    assert_eq!(
        (first.open, first.high, first.low, first.close),
        (price("184.31"), price("190.45"), price("181.73"), price("189.79"))
    );
    assert_eq!((calendar::format(last.start), last.close), ("2020-03-14 00:00".to_owned(), price("133.05")));
    assert_eq!(feed.range(), Some((price("86"), price("195.6"))));
    assert!(feed.candles.windows(2).all(|pair| pair[1].start - pair[0].start == 3_600));
}

#[test]
fn a_binance_row() {
    let feed = parse(&format!("{BINANCE}1502942400000,301.13,302.57,298.0,301.61,125.6\n")).unwrap();
    let candle = feed.candles[0];
    assert_eq!((candle.start, candle.length), (1_502_942_400, 3_600));
    assert_eq!(candle.path(), [price("301.13"), price("298"), price("302.57"), price("301.61")]);
}

/// Newest first, seconds in old rows and milliseconds in new ones.
#[test]
fn gemini_rows_are_put_in_order() {
    let rows = "1586995200000,2020-04-16 00:00:00,ETHUSD,152.94,152.94,150.39,150.39,650.1\n\
                1462806000,2016-05-09 15:00:00,ETHUSD,10.0,10.0,9.99,9.99,10.9\n";
    let feed = parse(&format!("{GEMINI}{rows}")).unwrap();
    let starts: Vec<_> = feed.candles.iter().map(|candle| candle.start).collect();
    assert_eq!(starts, [1_462_806_000, 1_586_995_200]);
    assert_eq!(feed.candles[0].close, price("9.99"));
}

#[test]
fn a_coin_api_element_keeps_every_digit() {
    let text = r#"[{"time_period_start": "2020-03-12T00:00:00.0000000Z", "time_period_end": "2020-03-12T00:10:00.0000000Z",
        "price_open": 195.210000000, "price_high": 195.430000001, "price_low": 194.380000000,
        "price_close": 194.520000000, "volume_traded": 69.6, "trades_count": 27}]"#;
    let candle = parse(text).unwrap().candles[0];
    assert_eq!((candle.start, candle.length), (1_583_971_200, 600));
    assert_eq!(candle.high, price("195.430000001"));
    let long = parse(&text.replace("195.210000000", "195.1234567890123456789999")).unwrap();
    assert_eq!(long.candles[0].open, price("195.123456789012345678"));
}

#[test]
fn other_layouts_are_refused_with_what_is_expected() {
    assert!(parse("").unwrap_err().to_string().contains("is an empty file; expected one of"));
    for text in [
        "1,2,3\n",
        "ts_ms,open,close,high,low,volume_base\n1559347200000,267.14,267.11,267.19,266.93,424.0\n",
        "timestamp,low,high,open,close,volume\n2019-11-01,177.39,184.99,182.38,183.19,61313.9\n",
        "time;open;high;low;close;Volume;Volume MA\n",
        r#"[{"avg": 1, "safeLow": 2}]"#,
        r#"{"meta": {}, "data": []}"#,
        "[1, 2]",
        "[",
    ] {
        let error = parse(text).unwrap_err();
        assert!(matches!(error, FeedError::UnknownLayout { .. }), "{text}: {error}");
        let message = error.to_string();
        for columns in [BINANCE.trim(), GEMINI.trim(), "price_open"] {
            assert!(message.contains(columns), "{message}");
        }
    }
}

#[test]
fn a_damaged_row_is_named() {
    let bad = |row: &str| match parse(&format!("# a comment\n{BINANCE}1502942400000,1,1,1,1,1\n{row}\n")) {
        Err(FeedError::BadRow { number, reason, .. }) => (number, reason),
        other => panic!("{row}: {other:?}"),
    };
    for row in [
        "1502946000000,1,1,1",
        "1502946000000,1,1,1,1,1,1",
        "x,1,1,1,1,1",
        "-5,1,1,1,1,1",
        "1502946000000,1,1,1,1e3,1",
        "1502946000000,1,-1,1,1,1",
    ] {
        assert_eq!(bad(row).0, 4, "{row}");
    }
    assert!(bad("1502946000000,1,1,1,9999999999999,1").1.contains("not believable"));
    assert!(bad("1502946000000,1,,1,1,1").1.contains("not an amount"));
}

#[test]
fn impossible_rows_are_left_out_and_counted() {
    let text = format!("{BINANCE}0,1,2,1,2,0\n3600000,0.0,12.0,0.0,9.55,1\n7200000,5,4,3,3.5,1\n10800000,2,2,2,2,0\n");
    let feed = parse(&text).unwrap();
    assert_eq!(feed.candles.len(), 2);
    assert_eq!(feed.skipped.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4]);
    assert!(matches!(parse(&format!("{BINANCE}0,0,0,0,0,0\n")), Err(FeedError::Empty { skipped: 1, .. })));
    assert!(matches!(parse(BINANCE), Err(FeedError::Empty { skipped: 0, .. })));
}

#[test]
fn two_rows_for_one_hour_are_refused() {
    let twice = format!("{BINANCE}1502942400000,1,1,1,1,1\n1502942400000,2,2,2,2,1\n");
    assert!(matches!(parse(&twice), Err(FeedError::Twice { time, .. }) if time == "2017-08-17 04:00"));
}

#[test]
fn a_window_of_a_feed() {
    let feed = Feed::black_thursday().unwrap().window(calendar::parse("2020-03-12T10:00"), Some(3));
    let times: Vec<_> = feed.candles.iter().map(|candle| calendar::format(candle.start)).collect();
    assert_eq!(times, ["2020-03-12 10:00", "2020-03-12 11:00", "2020-03-12 12:00"]);
}

#[test]
fn a_missing_or_binary_file_is_told() {
    let missing = Feed::read(std::path::Path::new("no/such/file.csv")).unwrap_err();
    assert!(matches!(missing, FeedError::Unreadable { .. }) && missing.to_string().contains("no/such/file.csv"));
}

/// The folder of real data, if this machine has it.
fn data() -> Option<PathBuf> {
    let root = std::env::var_os("LIMPID_DATA")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let prices = root.join("prices");
    if prices.is_dir() {
        return Some(prices);
    }
    eprintln!("SKIPPED: no folder {} (set LIMPID_DATA to the folder of real data)", prices.display());
    None
}

#[test]
fn real_files_of_the_three_layouts_are_read() {
    let Some(prices) = data() else { return };
    for (name, candles, skipped, first, close) in [
        ("binance_ETHUSDT_1h_to_2021-12-18.csv.gz", 37_906, 0, "2017-08-17 04:00", "301.61"),
        ("gemini_ETHUSD_1h_2016-05_2020-04.csv.gz", 34_496, 1, "2016-05-09 14:00", "10"),
        ("crisis_days/2020-03-12_eth_10min.json", 144, 0, "2020-03-12 00:00", "194.52"),
    ] {
        let feed = Feed::read(&prices.join(name)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((feed.candles.len(), feed.skipped.len()), (candles, skipped), "{name}");
        assert_eq!(calendar::format(feed.candles[0].start), first, "{name}");
        assert_eq!(feed.candles[0].close, price(close), "{name}");
    }
}

/// Our table is Binance's file, hour by hour.
#[test]
fn the_scenario_equals_the_real_file() {
    let Some(prices) = data() else { return };
    let scenario = Feed::black_thursday().unwrap();
    let real = Feed::read(&prices.join("binance_ETHUSDT_1h_to_2021-12-18.csv.gz")).unwrap();
    let real = real.window(Some(scenario.candles[0].start), Some(scenario.candles.len()));
    assert_eq!(real.candles, scenario.candles);
}

#[test]
fn real_files_of_other_layouts_are_refused() {
    let Some(prices) = data() else { return };
    for name in [
        "bitfinex_ETHUSD_1min_2019-06.csv.gz",
        "ETHUSD_daily_2019-11_2025-08.csv",
        "crisis_days/2020-03-12_gas_10min.json",
        "crisis_days/2023-03-09_2023-03-18_USDC_15min.json",
    ] {
        assert!(matches!(Feed::read(&prices.join(name)), Err(FeedError::UnknownLayout { .. })), "{name}");
    }
}
