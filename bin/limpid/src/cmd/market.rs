//! `limpid market`: real prices, played on a development chain.
use crate::{
    args::Global,
    error::{CliError, Result, told},
    output,
    session::Session,
};
use clap::Args;
use limpid_market::{
    Feed, Observer, Options, calendar, play,
    report::{Both, Csv, Json, Table},
};
use std::{
    fs::OpenOptions,
    io::{self, BufWriter, IsTerminal as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// What to play.
#[derive(Debug, Args)]
pub struct MarketArgs {
    /// Prices to follow (Binance, Gemini or CoinAPI layout, plain or gzip); Black Thursday 2020 otherwise
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Begin at this time, such as 2020-03-12T10:00 (UTC)
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// Play at most so many rows of the file
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = parse_rows)]
    rows: Option<usize>,
    /// At the wall clock's pace instead of compressed time
    #[arg(long)]
    live: bool,
    /// Of the traders' dice: the same seed gives the same trades
    #[arg(long, default_value_t = 2020, value_name = "N")]
    seed: u64,
    /// Also write a line an hour to this new file, as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

fn parse_rows(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("a market needs at least one row".to_owned()),
        Ok(rows) => Ok(rows),
        Err(_) => Err("expected a whole number above zero".to_owned()),
    }
}

/// Why the report cannot be written there.
fn no_csv(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{} exists already and is left as it is: name a new file for --csv, or remove it", path.display())
        }
        _ => format!("cannot write {}: {error}", path.display()),
    }
}

/// Runs the command.
pub async fn run(args: MarketArgs, global: &Global) -> Result<()> {
    let feed = match &args.prices {
        Some(path) => Feed::read(path)?,
        None => Feed::black_thursday()?,
    };
    let start = match &args.start {
        Some(text) => match calendar::parse(text) {
            Some(time) => Some(time),
            None => return told(format!("`{text}` is no time: write it as 2020-03-12 or 2020-03-12T10:00 (UTC)")),
        },
        None => None,
    };
    let feed = feed.window(start, args.rows);
    if feed.candles.is_empty() {
        return told(format!("{} has no prices from {} on", feed.source, args.start.as_deref().unwrap_or("its start")));
    }
    let session = Session::open(global).await?;
    let csv = match &args.csv {
        Some(path) => {
            let file = OpenOptions::new().write(true).create_new(true).open(path);
            let file = file.map_err(|error| CliError::Told(no_csv(path, &error)))?;
            Some(Csv(BufWriter::new(file)))
        }
        None => None,
    };
    let options = Options { seed: args.seed, live: args.live, coin: session.coin.clone(), stop: stop_at_ctrl_c() };
    let stdout = io::stdout();
    let screen = stdout.is_terminal();
    let teller: Box<dyn Observer> =
        if global.json { Box::new(Json(stdout)) } else { Box::new(Table::new(stdout, screen)) };
    let mut observer: Box<dyn Observer> = match csv {
        Some(csv) => Box::new(Both(teller, csv)),
        None => teller,
    };
    play(&session.client, &feed, &options, observer.as_mut()).await?;
    Ok(())
}

/// The first Ctrl-C ends the play with its reckoning, the second ends the program.
fn stop_at_ctrl_c() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            output::tell("\nEnding after this period; Ctrl-C again ends at once.\n");
        }
    });
    stop
}
