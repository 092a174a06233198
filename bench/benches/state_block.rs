//! What a block of 1,000 random updates costs over 10,000 and over a million accounts, and how long a node with a
//! million takes to start again after kill -9.
//!
//! A block changes 500 accounts, a fifth of them new, and 500 slots of random contracts, a fifth of them new or
//! cleared: new root, rows, durable write, new head, in 1 GB of memory in all. There are as many slots as accounts,
//! a hundred a contract. Both sizes take turns, so that what else the machine does meets both.

use alloy_primitives::{Address, B256, U256, keccak256};
use limpid_bench::{measure, median, publish};
use limpid_state::{Account, Options, StateDb, StateDiff, StoreKind, StoreOptions, open_store};
use serde_json::json;
use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const SMALL: u64 = 10_000;
const LARGE: u64 = 1_000_000;
const CACHE: u64 = 1 << 30;
/// Updates of accounts, and of slots, in a block.
const HALF: usize = 500;
/// Accounts for one contract, and slots of a contract.
const SHARE: u64 = 100;
/// Accounts loaded at a time.
const LOAD: u64 = 10_000;
/// Blocks before measuring: most paths were walked once.
const WARM: u64 = 1_000;
const BLOCKS: usize = 200;
const KILLS: u64 = 7;

/// The child's folder and engine.
const FOLDER: &str = "LIMPID_BENCH_STATE_FOLDER";
const ENGINE: &str = "LIMPID_BENCH_STATE_ENGINE";

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn address(number: u64) -> Address {
    Address::from_word(keccak256(number.to_be_bytes()))
}

fn account(balance: u64) -> Option<Account> {
    Some(Account { balance: U256::from(balance), nonce: 1, ..Account::default() })
}

fn open(folder: &Path, kind: StoreKind) -> StateDb {
    let engine = Options::engine_share(CACHE);
    let options = StoreOptions { kind: Some(kind), cache: engine };
    let store = open_store(folder, B256::ZERO, options).expect("the folder opens");
    StateDb::open_with(store, Options::with_cache(CACHE - engine)).expect("the state opens")
}

fn commit(db: &StateDb, diff: StateDiff) {
    let height = db.head().map_or(0, |head| head.height + 1);
    let pending = db.apply(&db.committed(), diff).expect("applies");
    db.commit(&pending, height, |_| {}).expect("commits");
}

struct Chain {
    db: StateDb,
    accounts: u64,
    numbers: Numbers,
}

impl Chain {
    fn load(folder: &Path, kind: StoreKind, accounts: u64) -> Self {
        let db = open(folder, kind);
        for from in (0..accounts).step_by(LOAD as usize) {
            let mut diff = StateDiff::default();
            for number in from..accounts.min(from + LOAD) {
                diff.accounts.insert(address(number), account(number));
                if number % SHARE == 0 {
                    diff.storage
                        .insert(address(number), (0..SHARE).map(|slot| (U256::from(slot), U256::ONE)).collect());
                }
            }
            commit(&db, diff);
        }
        Self { db, accounts, numbers: Numbers(accounts) }
    }

    fn diff(&mut self) -> StateDiff {
        let numbers = &mut self.numbers;
        let mut diff = StateDiff::default();
        while diff.accounts.len() < HALF {
            let number = match numbers.below(5) {
                0 => LARGE + numbers.below(1 << 30),
                _ => numbers.below(self.accounts),
            };
            diff.accounts.insert(address(number), account(numbers.below(1 << 30)));
        }
        for _ in 0..HALF {
            let contract = address(numbers.below(self.accounts / SHARE) * SHARE);
            let (slot, value) = match numbers.below(10) {
                0 => (numbers.below(SHARE), 0),
                1 => (SHARE + numbers.below(SHARE / 4), 1),
                _ => (numbers.below(SHARE), 1 + numbers.below(1 << 30)),
            };
            diff.storage.entry(contract).or_insert_with(BTreeMap::new).insert(U256::from(slot), U256::from(value));
        }
        diff
    }

    /// Milliseconds of CPU that the thread which makes blocks spends on one.
    fn block(&mut self) -> f64 {
        let diff = self.diff();
        measure(|| commit(&self.db, diff)).1.as_secs_f64() * 1e3
    }
}

/// Opens the folder, says how long that took, and makes blocks until it is killed.
fn child(folder: &Path, kind: StoreKind) -> ! {
    let started = Instant::now();
    let db = open(folder, kind);
    println!("opened {}", started.elapsed().as_secs_f64() * 1e3);
    let mut chain = Chain { db, accounts: LARGE, numbers: Numbers(std::process::id().into()) };
    loop {
        chain.block();
        println!("block {}", chain.db.head().expect("a head").height);
    }
}

/// Milliseconds that opening takes after each kill.
fn restarts(folder: &Path, kind: StoreKind) -> Vec<f64> {
    let mut times = Vec::new();
    let mut acknowledged = 0u64;
    for kill in 0..=KILLS {
        let mut child = Command::new(env::current_exe().expect("this program"))
            .env(FOLDER, folder)
            .env(ENGINE, kind.name())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let opened = lines.next().and_then(|line| line.strip_prefix("opened ")?.parse().ok()).expect("it opens");
        // The first was closed in peace.
        if kill > 0 {
            times.push(opened);
        }
        let until = Instant::now() + Duration::from_millis(500 + kill * 400);
        for line in lines.by_ref() {
            let height: u64 = line.strip_prefix("block ").and_then(|text| text.parse().ok()).expect("a block");
            assert!(height > acknowledged, "block {acknowledged} was lost");
            acknowledged = height;
            if Instant::now() > until {
                break;
            }
        }
        child.kill().expect("dies");
        child.wait().expect("is gone");
    }
    times
}

/// Milliseconds of a proof of a height 500 blocks back, with a slot, and of the next one there.
fn past_proofs(db: &StateDb) -> [f64; 2] {
    let height = db.head().expect("a head").height - 500;
    [0, SHARE].map(|number| {
        let started = Instant::now();
        db.proof(address(number), &[U256::ZERO], height).expect("proves");
        started.elapsed().as_secs_f64() * 1e3
    })
}

fn main() {
    if let Some(folder) = env::var_os(FOLDER) {
        let kind = env::var(ENGINE).expect("an engine").parse().expect("a known engine");
        child(Path::new(&folder), kind);
    }
    let started = Instant::now();
    let step = |what: &str| eprintln!("{:>6.0?} {what}", started.elapsed());
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().expect("a folder")).collect();
    let mut small = Chain::load(folders[0].path(), StoreKind::Fjall, SMALL);
    let mut large = Chain::load(folders[1].path(), StoreKind::Fjall, LARGE);
    step("loaded");
    let (mut small_ms, mut large_ms) = (Vec::new(), Vec::new());
    for block in 0..WARM + BLOCKS as u64 {
        let (one, other) = (small.block(), large.block());
        if block >= WARM {
            small_ms.push(one);
            large_ms.push(other);
        }
    }
    let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
    let (small_mean, large_mean) = (mean(&small_ms), mean(&large_ms));
    let nodes = large.db.nodes_in_memory();
    let proofs = past_proofs(&large.db);
    step(&format!("means {small_mean:.1} and {large_mean:.1} ms, proofs {proofs:.1?} ms"));
    drop((small, large));
    let fjall = restarts(folders[1].path(), StoreKind::Fjall);
    step(&format!("fjall opens in {fjall:.0?} ms"));
    drop(Chain::load(folders[2].path(), StoreKind::Redb, LARGE));
    let redb = restarts(folders[2].path(), StoreKind::Redb);
    step(&format!("redb opens in {redb:.0?} ms"));
    let worst = |times: &[f64]| times.iter().copied().fold(0.0, f64::max);
    let (small_p50, large_p50) = (median(small_ms), median(large_ms));
    publish(
        "state_block",
        &json!({
            "block_cost_1m_vs_10k_accounts": large_p50 / small_p50,
            "block_cost_10k_accounts_cpu_ms": small_p50,
            "block_cost_1m_accounts_cpu_ms": large_p50,
            "block_cost_mean_10k_accounts_cpu_ms": small_mean,
            "block_cost_mean_1m_accounts_cpu_ms": large_mean,
            "trie_nodes_in_memory_1m_accounts": nodes,
            "proof_500_blocks_back_1m_accounts_first_ms": proofs[0],
            "proof_500_blocks_back_1m_accounts_next_ms": proofs[1],
            "restart_1m_accounts_fjall_worst_ms": worst(&fjall),
            "restart_1m_accounts_fjall_median_ms": median(fjall),
            "restart_1m_accounts_redb_worst_ms": worst(&redb),
            "restart_1m_accounts_redb_median_ms": median(redb),
        }),
    );
}
