//! kill -9: whatever a node said is committed is there when it starts again.
//!
//! The node runs in a child process, which is this test binary again. Another process has other hash seeds, so the
//! re-execution at the end is by an executor whose maps order differently too.

use crate::support::*;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use limpid_chain::{Genesis, GenesisAccount, Node, NodeOptions, ledger::verify::verify};
use limpid_state::{StateRead, StoreKind};
use std::{
    env,
    io::{BufRead, BufReader, Write},
    num::NonZeroU64,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const FOLDER: &str = "LIMPID_CRASH_TEST_FOLDER";
const STORE: &str = "LIMPID_CRASH_TEST_STORE";
/// Heights whose values are kept.
const HISTORY: u64 = 300;
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

/// With little memory and a short history, so that rows are written, let go and pruned all the time.
fn open(folder: &Path, store: StoreKind) -> Node {
    let history = NonZeroU64::new(HISTORY);
    let options = NodeOptions { store: Some(store), state_cache: 4 << 20, history, ..NodeOptions::dev() };
    Node::open(folder, genesis(), options).unwrap()
}

/// Not a test of its own: the process that is killed. Prints a line for every committed block.
#[test]
#[ignore = "run by the other tests here"]
fn child() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let store = env::var(STORE).unwrap().parse().unwrap();
    let node = open(Path::new(&folder), store);
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
fn run_and_kill(folder: &Path, store: StoreKind, after: Duration) -> Vec<Acknowledged> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["crash::child", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(STORE, store.name())
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

/// `LIMPID_KILLS` sets how often the node is killed on each store.
fn kills() -> u64 {
    env::var("LIMPID_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}

/// Moments that differ from run to run of the test are of no use to whoever must repeat it: a fixed sequence.
fn moment(kill: u64) -> Duration {
    Duration::from_millis(40 + kill.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 400)
}

/// Past states and proofs answer, and agree with the headers.
fn check_past(node: &Node) {
    let head = node.block_number();
    let first = (head + 1).saturating_sub(HISTORY);
    let mut last = U256::ZERO;
    for height in (first..=head).step_by(7) {
        let balance = node.state(height.into()).unwrap().unwrap().account(TO).unwrap().unwrap_or_default().balance;
        assert!(balance >= last, "only received");
        last = balance;
        let proof = node.proof(TO, &[], height.into()).unwrap().unwrap();
        assert_eq!(proof.account.unwrap_or_default().balance, balance);
        let root = node.block_at(height).unwrap().unwrap().block.header.state_root;
        let leaf = proof.account.map(|account| {
            alloy_rlp::encode(TrieAccount::new(account.nonce, account.balance, proof.storage_root, account.code_hash))
        });
        verify_proof(root, Nibbles::unpack(keccak256(TO)), leaf, &proof.nodes).expect("the proof holds");
    }
}

fn killed_nodes_keep_what_they_committed(store: StoreKind) {
    let folder = tempfile::tempdir().unwrap();
    let mut blocks = 0;
    for kill in 0..kills() {
        let acknowledged = run_and_kill(folder.path(), store, moment(kill));
        let started = Instant::now();
        let node = open(folder.path(), store);
        let opened = started.elapsed();
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
        check_past(&node);
        assert!(node.ledger().keeps_explorer(), "kill {kill}: rows of the explorer are missing");
        blocks += acknowledged.len();
        eprintln!("{store}, kill {kill}: {} blocks, head {head}, opened in {opened:?}", acknowledged.len());
    }
    assert!(blocks > 0, "no block was acknowledged before any kill");
    assert_replays(&open(folder.path(), store));
    let (_, opened) = limpid_state::open_existing(folder.path()).unwrap();
    let verified = verify(&opened, &mut |_, _, _| {}).unwrap();
    assert!(verified.history.first > 0 || verified.blocks <= HISTORY, "pruned: {verified:?}");
}

#[test]
fn fjall_keeps_what_was_committed() {
    killed_nodes_keep_what_they_committed(StoreKind::Fjall);
}

#[test]
fn redb_keeps_what_was_committed() {
    killed_nodes_keep_what_they_committed(StoreKind::Redb);
}
