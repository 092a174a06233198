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

/// CPU seconds of this process so far, as Linux counts them (hundredths).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in brackets: the state, then utime and stime as the 12th and 13th field.
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    fields.get(11..13).map_or(0.0, |times| times.iter().filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() / 100.0)
}

/// What the explorer's rows cost: native swaps of 200 people in blocks on disk, with the rows and without. Asserts nothing
/// about time.
#[test]
#[ignore = "a measurement"]
fn speed_of_the_explorer() {
    use alloy_sol_types::SolCall as _;
    use limpid_abi::{ITokenFactory, IUniswapV2Router02, addresses::Addresses};
    const SENDERS: u8 = 200;
    const EACH: u64 = 50;
    let mut genesis = Genesis::dev(CHAIN);
    for seed in 1..=SENDERS {
        let account = GenesisAccount { balance: U256::from(10u128.pow(22)), ..GenesisAccount::default() };
        genesis.alloc.insert(stranger(seed).address(), account);
    }
    let at = Addresses::default();
    let tx = |nonce: u64, to: Address, wei: u128, input: Vec<u8>| alloy_consensus::TxEip1559 {
        value: U256::from(wei),
        gas_limit: 1_000_000,
        input: input.into(),
        ..call(nonce, to)
    };
    let mut costs = Vec::new();
    for explorer in [false, true, false, true] {
        let folder = tempfile::tempdir().unwrap();
        let pool = PoolLimits { executable_per_sender: 1_000, ..PoolLimits::default() };
        let options = NodeOptions { mining: Mining::Manual, pool, explorer, ..NodeOptions::dev() };
        let node = Node::open(folder.path(), genesis.clone(), options).unwrap();
        let maker = stranger(1);
        let create = ITokenFactory::createTokenCall {
            name: "Dollar".to_owned(),
            symbol: "USD".to_owned(),
            decimals: 18,
            supply: U256::from(10u128.pow(30)),
        };
        node.send_raw_transaction(&raw(tx(0, at.token_factory, 0, create.abi_encode()), &maker)).unwrap();
        let block = node.mine(1, None).unwrap();
        let token = block.receipts[0].logs.last().map(|log| Address::from_word(log.topics()[1])).unwrap();
        let add = IUniswapV2Router02::addLiquidityETHCall {
            token,
            amountTokenDesired: U256::from(10u128.pow(24)),
            amountTokenMin: U256::ZERO,
            amountETHMin: U256::ZERO,
            to: maker.address(),
            deadline: U256::MAX,
        };
        node.send_raw_transaction(&raw(tx(1, at.router, 10u128.pow(21), add.abi_encode()), &maker)).unwrap();
        node.mine(1, None).unwrap();
        for nonce in 0..EACH {
            for seed in 2..=SENDERS {
                let by = stranger(seed);
                let swap = IUniswapV2Router02::swapExactETHForTokensCall {
                    amountOutMin: U256::ZERO,
                    path: vec![at.weth, token],
                    to: by.address(),
                    deadline: U256::MAX,
                };
                node.send_raw_transaction(&raw(tx(nonce, at.router, 10u128.pow(15), swap.abi_encode()), &by)).unwrap();
            }
        }
        let (start, before) = (Instant::now(), cpu());
        let mut count = 0;
        while node.pool().status().0 > 0 {
            count += node.mine(1, None).unwrap().block.transactions.len();
        }
        let each = (cpu() - before) / count as f64 * 1e6;
        eprintln!("explorer {explorer}: {count} swaps, {each:.1} us of CPU each, {:?} in all", start.elapsed());
        costs.push(each);
        assert_eq!(node.ledger().keeps_explorer(), explorer);
    }
    eprintln!("the explorer's rows: {:.1} us of CPU a swap", (costs[1] + costs[3] - costs[0] - costs[2]) / 2.0);
}
