//! kill -9: whatever a node said is committed is there when it starts again.
//!
//! The node runs in a child process, which is this test binary again. Another process has other hash seeds, so the
//! re-execution at the end is by an executor whose maps order differently too.

use crate::support::*;
use alloy_primitives::{Address, B256, U256};
use limpid_chain::{Genesis, GenesisAccount, Node, NodeOptions};
use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const FOLDER: &str = "LIMPID_CRASH_TEST_FOLDER";
const SENDERS: u8 = 4;
const TO: Address = Address::repeat_byte(0x11);

fn genesis() -> Genesis {
    let mut genesis = Genesis::dev(CHAIN);
    for seed in 1..=SENDERS {
        let balance = U256::from(10u128.pow(21));
        genesis.alloc.insert(stranger(seed).address(), GenesisAccount { balance, ..GenesisAccount::default() });
    }
    genesis
}

fn open(folder: &Path) -> Node {
    Node::open(folder, genesis(), NodeOptions::dev()).unwrap()
}

/// Not a test of its own: the process that is killed. Prints a line for every committed block.
#[test]
#[ignore = "run by killed_nodes_keep_what_they_committed"]
fn child() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let node = open(Path::new(&folder));
    let _subscription = node.on_head(|event| {
        let block = &event.head().block;
        let last = block.transactions.last().map(|tx| tx.hash()).unwrap_or_default();
        let mut out = std::io::stdout().lock();
        writeln!(out, "block {} {} {last}", block.number(), block.hash).unwrap();
        out.flush().unwrap();
    });
    let senders: Vec<_> = (1..=SENDERS)
        .map(|seed| {
            let node = node.clone();
            thread::spawn(move || {
                let key = stranger(seed);
                let mut nonce = node.pending_nonce(key.address()).unwrap();
                loop {
                    let tx = if nonce.is_multiple_of(7) { deploy(nonce, &counter()) } else { transfer(nonce, TO, 1) };
                    match node.send_raw_transaction(&raw(tx, &key)) {
                        Ok(_) => nonce += 1,
                        // The pool is full of this sender's transactions: it is faster than the blocks.
                        Err(_) => thread::sleep(Duration::from_millis(1)),
                    }
                }
            })
        })
        .collect();
    senders.into_iter().for_each(|sender| sender.join().unwrap());
}

struct Acknowledged {
    height: u64,
    hash: B256,
    last: B256,
}

/// Runs a node on `folder`, kills it some milliseconds after its first block, and gives what it said it committed.
fn run_and_kill(folder: &Path, after: Duration) -> Vec<Acknowledged> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["crash::child", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let parse = |line: String| {
        let mut words = line.split("block ").nth(1)?.split(' ');
        let height = words.next()?.parse().ok()?;
        // The last line may be cut off by the kill.
        let hash = words.next()?.parse().ok()?;
        Some(Acknowledged { height, hash, last: words.next()?.parse().ok()? })
    };
    let first = lines.by_ref().find_map(|line| parse(line.unwrap())).expect("a first block");
    let reader = thread::spawn(move || lines.map_while(Result::ok).filter_map(parse).collect::<Vec<_>>());
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut all = vec![first];
    all.extend(reader.join().unwrap());
    all
}

/// Whether an address's history has a transaction, on whichever page.
fn is_in_history(node: &Node, address: Address, tx: B256) -> bool {
    let mut before = None;
    loop {
        let page = node.history(address, before, 1_000).unwrap();
        if page.entries.iter().any(|entry| entry.tx_hash == tx) {
            return true;
        }
        before = page.next;
        if before.is_none() {
            return false;
        }
    }
}

#[test]
fn killed_nodes_keep_what_they_committed() {
    let folder = tempfile::tempdir().unwrap();
    let mut blocks = 0;
    for kill in 0..10u64 {
        let acknowledged = run_and_kill(folder.path(), Duration::from_millis(40 + kill * 37));
        let started = Instant::now();
        let node = open(folder.path());
        let head = node.block_number();
        for Acknowledged { height, hash, last } in &acknowledged {
            assert!(*height <= head, "kill {kill}: block {height} was acknowledged, the head is {head}");
            let block = node.block_at(*height).unwrap().unwrap();
            assert_eq!(block.block.hash, *hash, "kill {kill}");
            assert_eq!(node.height((*hash).into()).unwrap(), Some(*height));
            let found = node.receipt(*last).unwrap().expect("the receipt of an acknowledged transaction");
            assert_eq!(found.place.block_hash, *hash);
            assert!(node.signature(*hash).unwrap().is_some());
            // Far back there are too many pages between: the newest blocks are the ones at stake.
            assert!(height + 50 < head || is_in_history(&node, found.tx.sender(), *last), "kill {kill}: history");
        }
        let report = node.verify().unwrap();
        assert_eq!(report.head.unwrap().root, node.head().block.header.state_root, "kill {kill}");
        blocks += acknowledged.len();
        eprintln!("kill {kill}: {} blocks, head {head}, checked in {:?}", acknowledged.len(), started.elapsed());
    }
    assert!(blocks > 30, "the nodes were under load: {blocks} blocks");
    assert_replays(&open(folder.path()));
}
