//! Prometheus metrics: what they are, and the port that serves them.
use crate::error::{CliError, Result};
use limpid_chain::{HeadEvent, Node, Subscription};
use limpid_rpc::{CLIENT_VERSION, Observer};
use parking_lot::Mutex;
use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::Registry,
};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// The size of the folder is read again after this time at the earliest: a large one has many files.
const DISK_AGE: Duration = Duration::from_secs(15);
/// A scraper that takes longer is gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// A request's head is shorter.
const MOST_HEAD: usize = 8 * 1024;

/// Everything that is measured, and the node that answers for the rest.
pub struct Metrics {
    node: Node,
    datadir: PathBuf,
    registry: Registry,
    gauges: Gauges,
    requests: Family<Labels<2>, Counter>,
    seconds: Family<Labels<1>, Histogram, fn() -> Histogram>,
    disk: Mutex<(Instant, i64)>,
    /// Counts blocks as long as it lives.
    _heads: Subscription,
}

/// What is read when somebody asks.
#[derive(Default)]
struct Gauges {
    height: Gauge,
    timestamp: Gauge,
    base_fee: Gauge,
    pending: Gauge,
    queued: Gauge,
    halted: Gauge,
    disk: Gauge,
    memory: Gauge,
    files: Gauge,
    cpu: Counter<f64, AtomicU64>,
}

impl Metrics {
    /// Begins to count.
    pub fn new(node: &Node, datadir: &Path) -> Self {
        let mut registry = Registry::default();
        let (gauges, blocks, transactions, gas) =
            (Gauges::default(), Counter::<u64>::default(), Counter::<u64>::default(), Counter::<u64>::default());
        let requests = Family::default();
        let buckets: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_05, 2.5, 14));
        let seconds = Family::new_with_constructor(buckets);
        let build = vec![("version", CLIENT_VERSION.to_owned()), ("chain", node.chain_id().to_string())];
        registry.register("limpid_build", "Version and chain id", Info::new(build));
        for (name, help, gauge) in [
            ("limpid_head_height", "Height of the newest block", &gauges.height),
            ("limpid_head_timestamp_seconds", "Time of the newest block", &gauges.timestamp),
            ("limpid_base_fee_wei", "Base fee of the newest block, wei per gas", &gauges.base_fee),
            ("limpid_pool_pending", "Transactions that the next block can take", &gauges.pending),
            ("limpid_pool_queued", "Transactions that wait for an earlier nonce", &gauges.queued),
            ("limpid_halted", "1 if the node makes no more blocks", &gauges.halted),
            ("limpid_database_bytes", "Size of the data folder", &gauges.disk),
            ("process_resident_memory_bytes", "Memory in RAM", &gauges.memory),
            ("process_open_fds", "Open files and sockets", &gauges.files),
        ] {
            registry.register(name, help, gauge.clone());
        }
        registry.register("limpid_blocks", "Blocks since the start", blocks.clone());
        registry.register("limpid_transactions", "Transactions in blocks since the start", transactions.clone());
        registry.register("limpid_gas_used", "Gas used by blocks since the start", gas.clone());
        registry.register(
            "limpid_rpc_requests",
            "Answered requests, those within batches too, and a batch as one more",
            requests.clone(),
        );
        registry.register("limpid_rpc_seconds", "Time to answer a request", seconds.clone());
        registry.register("process_cpu_seconds", "Time on the CPU, user and system", gauges.cpu.clone());
        let heads = node.on_head(move |event| {
            if let HeadEvent::Block(block) = event {
                blocks.inc();
                transactions.inc_by(block.block.transactions.len() as u64);
                gas.inc_by(block.block.header.gas_used);
            }
        });
        let disk = Mutex::new((Instant::now(), folder_size(datadir)));
        let (node, datadir) = (node.clone(), datadir.to_owned());
        Self { node, datadir, registry, gauges, requests, seconds, disk, _heads: heads }
    }

    /// The text that Prometheus reads.
    fn text(&self) -> String {
        let (head, (pending, queued)) = (self.node.head(), self.node.pool().status());
        let header = &head.block.header;
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let gauges = &self.gauges;
        gauges.height.set(whole(header.number));
        gauges.timestamp.set(whole(header.timestamp));
        gauges.base_fee.set(whole(header.base_fee_per_gas.unwrap_or_default()));
        gauges.pending.set(count(pending));
        gauges.queued.set(count(queued));
        gauges.halted.set(self.node.halted().is_some().into());
        gauges.disk.set(self.disk_size());
        if let Some(memory) = resident_memory() {
            gauges.memory.set(whole(memory));
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            gauges.files.set(count(files.count()));
        }
        let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let seconds = Duration::new(cpu.tv_sec.unsigned_abs(), u32::try_from(cpu.tv_nsec).unwrap_or_default());
        gauges.cpu.inner().store(seconds.as_secs_f64().to_bits(), Ordering::Relaxed);
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn disk_size(&self) -> i64 {
        let mut known = self.disk.lock();
        if known.0.elapsed() > DISK_AGE {
            *known = (Instant::now(), folder_size(&self.datadir));
        }
        known.1
    }
}

impl Observer for Metrics {
    fn answered(&self, method: &'static str, took: Duration, ok: bool) {
        let ok = if ok { "true" } else { "false" };
        self.requests.get_or_create(&[("method", method), ("ok", ok)]).inc();
        self.seconds.get_or_create(&[("method", method)]).observe(took.as_secs_f64());
    }
}

/// Bytes of all files below a folder. Files come and go meanwhile: what cannot be read counts nothing.
fn folder_size(folder: &Path) -> i64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => folder_size(&entry.path()),
        Ok(found) => i64::try_from(found.len()).unwrap_or(i64::MAX),
        Err(_) => 0,
    };
    entries.flatten().map(size).fold(0, i64::saturating_add)
}

/// From Linux; elsewhere unknown.
fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

/// Serves them in the background, as long as the runtime lives; gives the address.
pub async fn serve(metrics: Arc<Metrics>, at: SocketAddr) -> Result<SocketAddr> {
    let listening = TcpListener::bind(at).await;
    let listener = listening.map_err(|error| {
        CliError::Told(format!("cannot serve metrics on {at}: {error}; choose another port with --metrics-port"))
    })?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(timeout(PATIENCE, answer(stream, metrics.clone())))),
                // Too many open files, or the like: it passes.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    Ok(address)
}

/// One request, one answer: scrapers ask every few seconds and need no more of HTTP.
async fn answer(mut stream: TcpStream, metrics: Arc<Metrics>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut part = [0; 1024];
        let read = stream.read(&mut part).await?;
        head.extend_from_slice(part.get(..read).unwrap_or_default());
        if read == 0 || head.len() > MOST_HEAD {
            return Ok(());
        }
    }
    let (status, kind, body) = if head.starts_with(b"GET /metrics ") || head.starts_with(b"GET /metrics?") {
        let text = tokio::task::spawn_blocking(move || metrics.text()).await.unwrap_or_default();
        ("200 OK", "application/openmetrics-text; version=1.0.0; charset=utf-8", text)
    } else {
        ("404 Not Found", "text/plain", "The metrics are at /metrics.\n".to_owned())
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
