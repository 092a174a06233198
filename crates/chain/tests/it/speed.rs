//! How fast, by hand: `cargo test -p limpid-chain --release --test it speed -- --ignored --nocapture`.

use crate::support::*;
use alloy_primitives::{Address, U256};
use limpid_chain::{Genesis, GenesisAccount, Mining, Node, NodeOptions, PoolLimits};
use std::time::Instant;

/// Signed transfers through admission and blocks of 5,000 on disk. Asserts nothing about time.
#[test]
#[ignore = "a measurement"]
fn speed_of_transfers() {
    const SENDERS: u8 = 200;
    const EACH: u64 = 100;
    let mut genesis = Genesis::dev(CHAIN);
    for seed in 1..=SENDERS {
        let account = GenesisAccount { balance: U256::from(10u128.pow(20)), ..GenesisAccount::default() };
        genesis.alloc.insert(stranger(seed).address(), account);
    }
    let signed: Vec<_> = (0..EACH)
        .flat_map(|nonce| {
            (1..=SENDERS).map(move |seed| raw(transfer(nonce, Address::repeat_byte(seed), 1), &stranger(seed)))
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let pool = PoolLimits { executable_per_sender: 1_000, ..PoolLimits::default() };
    let options = NodeOptions { mining: Mining::Manual, pool, ..NodeOptions::dev() };
    let node = Node::open(folder.path(), genesis, options).unwrap();
    let count = u32::try_from(signed.len()).unwrap();
    let start = Instant::now();
    for raw in &signed {
        node.send_raw_transaction(raw).unwrap();
    }
    let admitted = start.elapsed();
    let start = Instant::now();
    while node.pool().status().0 > 0 {
        let block = node.mine(1, None).unwrap();
        eprintln!("block of {} after {:?}", block.block.transactions.len(), start.elapsed());
    }
    let mined = start.elapsed();
    eprintln!("{count} transfers: admission {:?} each, blocks {:?} each", admitted / count, mined / count);
    let start = Instant::now();
    assert_replays(&node);
    eprintln!("a second executor: {:?} each, sender recovered again", start.elapsed() / count);
}
