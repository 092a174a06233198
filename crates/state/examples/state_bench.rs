//! Time of root and durable commit for blocks of 1,000 changed accounts and of 1,000 changed slots.
//!
//! `cargo run --release -p limpid-state --example state_bench -- DIR [ACCOUNTS] [BLOCKS]`, DIR being a folder that
//! does not exist yet; 100,000 accounts and 50 blocks unless given. Prints milliseconds: median and 99th percentile.

use alloy_primitives::{Address, B256, U256, keccak256};
use limpid_state::{Account, Batch, FjallStore, StateDb, StateDiff};
use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

const PER_BLOCK: u64 = 1_000;
/// Accounts loaded at a time.
const LOAD: u64 = 20_000;
/// Slots of the one contract whose storage changes, as a fraction of the accounts.
const SLOTS_PER_ACCOUNT: u64 = 1;

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

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at =
        |percent: usize| times.get((times.len() * percent / 100).min(times.len() - 1)).copied().unwrap_or_default();
    println!("{name:<42} p50 {:>8.2} ms   p99 {:>8.2} ms", millis(at(50)), millis(at(99)));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

struct Bench {
    db: StateDb,
    height: u64,
}

impl Bench {
    /// Times of: root, rows, durable write, publishing.
    fn block(&mut self, diff: StateDiff) -> Result<[Duration; 4], Box<dyn Error>> {
        let mut clock = Instant::now();
        let mut lap = || std::mem::replace(&mut clock, Instant::now()).elapsed();
        let pending = self.db.apply(&self.db.committed(), diff)?;
        let root = lap();
        self.height += 1;
        let mut batch = Batch::new();
        let prepared = self.db.prepare(&pending, self.height, &mut batch)?;
        let rows = lap();
        self.db.store().commit(&batch)?;
        let write = lap();
        self.db.publish(prepared)?;
        Ok([root, rows, write, lap()])
    }

    fn run(&mut self, name: &str, blocks: u64, mut diff: impl FnMut() -> StateDiff) -> Result<(), Box<dyn Error>> {
        let mut times: [Vec<Duration>; 4] = Default::default();
        for block in 0..blocks + blocks / 4 {
            let block_times = self.block(diff())?;
            // The first blocks load what the process has not touched yet.
            if block >= blocks / 4 {
                times.iter_mut().zip(block_times).for_each(|(times, time)| times.push(time));
            }
        }
        for (step, times) in ["root", "rows", "durable write", "publish"].iter().zip(times) {
            report(&format!("{name}: {step}"), times);
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("usage: state_bench DIR [ACCOUNTS] [BLOCKS]")?;
    let accounts: u64 = args.next().map_or(Ok(100_000), |text| text.parse())?;
    let blocks: u64 = args.next().map_or(Ok(50), |text| text.parse())?;
    let mut bench = Bench { db: StateDb::open(Arc::new(FjallStore::open(&dir, B256::ZERO)?))?, height: 0 };
    let contract = address(0);
    let start = Instant::now();
    for from in (0..accounts).step_by(LOAD as usize) {
        let mut diff = StateDiff::default();
        diff.accounts.extend((from..accounts.min(from + LOAD)).map(|number| (address(number), account(number))));
        let slots = from * SLOTS_PER_ACCOUNT..accounts.min(from + LOAD) * SLOTS_PER_ACCOUNT;
        diff.storage.insert(contract, slots.map(|slot| (U256::from(slot), U256::from(slot + 1))).collect());
        bench.block(diff)?;
    }
    println!("{accounts} accounts and slots loaded in {:.1} s", start.elapsed().as_secs_f64());
    let mut numbers = Numbers(1);
    bench.run("1,000 accounts", blocks, || {
        let mut diff = StateDiff::default();
        while diff.accounts.len() < PER_BLOCK as usize {
            let number = numbers.below(accounts + accounts / 4);
            diff.accounts.insert(address(number), account(numbers.below(1 << 30)));
        }
        diff
    })?;
    bench.run("1,000 slots of one contract", blocks, || {
        let mut slots = std::collections::BTreeMap::new();
        while slots.len() < PER_BLOCK as usize {
            slots.insert(U256::from(numbers.below(accounts)), U256::from(numbers.below(1 << 30) + 1));
        }
        StateDiff { storage: [(contract, slots)].into(), ..StateDiff::default() }
    })?;
    let start = Instant::now();
    let report = bench.db.verify()?;
    println!("verified {report:?} in {:.1} s", start.elapsed().as_secs_f64());
    drop(bench);
    let start = Instant::now();
    let db = StateDb::open(Arc::new(FjallStore::open(&dir, B256::ZERO)?))?;
    println!("reopened at {:?} in {:.0} ms", db.head(), millis(start.elapsed()));
    Ok(())
}
