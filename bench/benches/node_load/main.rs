//! Our node beside anvil: the same signed swaps by JSON-RPC, from submission to the last receipt read, with roots
//! and durable commits on ours; then quotes and log queries. CPU is the node process's own.
//!
//! Both run their published defaults for load: ours a development chain (a block as soon as there is work), anvil
//! with a block a second, because in automine it stops mining under concurrent submission. The ratio is of the work up
//! to the block, because anvil looks a long time for each receipt of a block of thousands.

#[allow(dead_code, unreachable_pub)]
#[path = "../../../crates/protocols/exchange/tests/it/reference.rs"]
mod reference;
mod scene;

use alloy_primitives::{Address, Bytes};
use limpid_bench::{
    http::{Connection, request},
    median,
    peer::Peer,
    publish,
};
use scene::{Scene, hexed, wait_for};
use serde_json::json;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

const TRADERS: u64 = 200;
const EACH: u64 = 50;
const CONNECTIONS: usize = 8;
const RUNS: u64 = 5;

/// What one run of the load took, per swap.
#[derive(Clone, Copy)]
struct Load {
    /// Until the last one was in a block.
    mined_us: f64,
    /// Until every receipt was read, block by block.
    read_us: f64,
    per_second: f64,
}

/// What one kind of query took.
struct Query {
    cpu_us: f64,
    median_us: f64,
}

struct Node {
    peer: Peer,
    scene: Scene,
    nonce: u64,
}

fn submit(node: &mut Connection, raws: &[Bytes]) {
    for raw in raws {
        let answer = node.post(&request("eth_sendRawTransaction", &format!(r#"["{}"]"#, hexed(raw))));
        assert!(!answer.windows(7).any(|part| part == b"\"error\""), "{}", String::from_utf8_lossy(&answer));
    }
}

/// Reads the receipts of the blocks after `height`, and checks that `count` transactions succeeded.
fn receipts(node: &mut Connection, height: u64, count: u64) {
    let head = number(&node.call("eth_blockNumber", "[]"));
    let mut succeeded = 0;
    for block in height + 1..=head {
        let receipts = node.call("eth_getBlockReceipts", &format!(r#"["{block:#x}"]"#));
        succeeded += receipts.as_array().expect("a list").iter().filter(|receipt| receipt["status"] == "0x1").count();
    }
    assert_eq!(succeeded as u64, count, "every swap succeeds");
}

fn number(value: &serde_json::Value) -> u64 {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x")).expect("a quantity");
    u64::from_str_radix(digits, 16).expect("a quantity")
}

/// Hands each connection its part and waits for all.
fn submit_all(peer: &Peer, parts: &[Vec<Bytes>]) {
    std::thread::scope(|scope| {
        for part in parts {
            scope.spawn(move || submit(&mut peer.connect(), part));
        }
    });
}

impl Node {
    fn set(peer: Peer, native: bool) -> Option<Self> {
        let scene = Scene::set(&peer, native, TRADERS)?;
        Some(Self { peer, scene, nonce: u64::from(!native) })
    }

    fn load(&mut self) -> Load {
        let swaps = self.scene.swaps(self.nonce, EACH);
        self.nonce += EACH;
        // Round by round, so that no sender's transactions fill the pool alone.
        let mut parts = vec![Vec::new(); CONNECTIONS];
        for round in 0..swaps[0].len() {
            for (trader, own) in swaps.iter().enumerate() {
                parts[trader % CONNECTIONS].push(own[round].clone());
            }
        }
        let mut node = self.peer.connect();
        let height = number(&node.call("eth_blockNumber", "[]"));
        let (cpu, start) = (self.peer.cpu(), Instant::now());
        submit_all(&self.peer, &parts);
        let traders: Vec<Address> = self.scene.traders().collect();
        for trader in traders {
            wait_for(&mut node, trader, self.nonce);
        }
        let mined = start.elapsed();
        let count = (TRADERS * EACH) as f64;
        let spent = || (self.peer.cpu() - cpu).as_secs_f64() * 1e6 / count;
        let mined_us = spent();
        receipts(&mut node, height, TRADERS * EACH);
        Load { mined_us, read_us: spent(), per_second: count / mined.as_secs_f64() }
    }

    fn query(&self, method: &str, params: &str, times: u32) -> Query {
        let mut node = self.peer.connect();
        let body = request(method, params);
        for _ in 0..3 {
            node.call(method, params);
        }
        let cpu = self.peer.cpu();
        let spent: Vec<f64> = (0..times)
            .map(|_| {
                let start = Instant::now();
                let answer = node.post(&body);
                assert!(answer.len() > 60, "{}", String::from_utf8_lossy(&answer));
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        let cpu_us = (self.peer.cpu() - cpu).as_secs_f64() * 1e6 / f64::from(times);
        Query { cpu_us, median_us: median(spent) }
    }
}

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("bench lies in the project").to_path_buf()
}

/// Our release binary: `LIMPID_BIN`, or where `make build` puts it.
fn ours(folder: &std::path::Path) -> Peer {
    let built = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project().join("target"), PathBuf::from);
    let program = std::env::var_os("LIMPID_BIN").map_or_else(|| built.join("release/limpid"), PathBuf::from);
    let folder = folder.display().to_string();
    Peer::start(&program, |port| {
        ["node", "--dev", "--app-port", "0", "--http-port", &port.to_string(), "--datadir", &folder]
            .map(String::from)
            .to_vec()
    })
}

fn anvil() -> Option<Peer> {
    let packages = project().join("bench/peers/node_modules/@foundry-rs");
    let program =
        packages.read_dir().ok()?.flatten().map(|entry| entry.path().join("bin/anvil")).find(|p| p.is_file())?;
    Some(Peer::start(&program, |port| {
        ["-b", "1", "--gas-limit", "5000000000", "--silent", "-p", &port.to_string()].map(String::from).to_vec()
    }))
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(theirs) = anvil().and_then(|peer| Node::set(peer, false)) else {
        assert!(
            std::env::var_os("LIMPID_REQUIRE_REFERENCE").is_none(),
            "run `npm ci` in bench/peers and tests/reference"
        );
        eprintln!(
            "SKIPPED: anvil or the published bytecode is missing; run `npm ci` in bench/peers and tests/reference"
        );
        return;
    };
    let (mut theirs, mut ours) = (theirs, Node::set(ours(folder.path()), true).expect("needs no bytecode"));
    let (mut our_loads, mut their_loads) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        our_loads.push(ours.load());
        their_loads.push(theirs.load());
        std::thread::sleep(Duration::from_millis(200));
    }
    let of = |loads: &[Load], part: fn(&Load) -> f64| median(loads.iter().map(part).collect());
    let ratio = our_loads.iter().zip(&their_loads).map(|(ours, theirs)| ours.mined_us / theirs.mined_us).collect();
    let mut results = json!({
        "node_cpu_us_per_signed_swap": of(&our_loads, |load| load.read_us),
        "node_cpu_us_per_swap_mined": of(&our_loads, |load| load.mined_us),
        "anvil_cpu_us_per_swap_mined": of(&their_loads, |load| load.mined_us),
        "anvil_cpu_us_per_signed_swap": of(&their_loads, |load| load.read_us),
        "node_cpu_vs_anvil": median(ratio),
        "signed_swap_tps": of(&our_loads, |load| load.per_second),
        "anvil_signed_swap_tps": of(&their_loads, |load| load.per_second),
        "node_peak_megabytes": ours.peer.peak_megabytes(),
        "anvil_peak_megabytes": theirs.peer.peak_megabytes(),
    });
    eprintln!("{results:#}");
    for (name, node) in [("node", &ours), ("anvil", &theirs)] {
        for (query, method, params, times) in
            [("call", "eth_call", node.scene.quote(), 2_000), ("logs", "eth_getLogs", node.scene.transfers(), 100)]
        {
            let took = node.query(method, &params, times);
            results[format!("{name}_{query}_cpu_us")] = took.cpu_us.into();
            results[format!("{name}_{query}_median_us")] = took.median_us.into();
        }
    }
    publish("node_load", &results);
}
