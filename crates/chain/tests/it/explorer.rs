//! The explorer's rows against what can be counted by reading everything.

use crate::support::*;
use alloy_primitives::{Address, B256, Log, TxKind, U256};
use alloy_sol_types::{SolCall, SolEvent};
use limpid_abi::{IERC20, IToken, ITokenFactory, IUniswapV2Pair, IUniswapV2Router02, IWETH9, addresses::Addresses};
use limpid_chain::{
    Genesis, Mining, Node, NodeOptions,
    explorer::{Explorer, LogPlace, SwapSums, rebuild},
    ledger::rules_of,
    node::CallOptions,
};
use limpid_evm::TxEnv;
use limpid_state::{KeyRange, MemStore, Order, Row, Rows, Store, Table};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const ETHER: u64 = 1_000_000_000_000_000_000;

fn open(store: &Arc<dyn Store>, explorer: bool) -> Node {
    let genesis = Genesis::dev(CHAIN);
    let options = NodeOptions { mining: Mining::Manual, explorer, ..NodeOptions::dev() };
    let rules = rules_of(&genesis);
    Node::start(store.clone(), genesis, rules, options).unwrap()
}

/// Sends a call of a dev account; it is mined with the next block.
fn queue(node: &Node, by: u32, to: Address, wei: u64, input: Vec<u8>) -> B256 {
    let signer = key(by);
    let nonce = node.pending_nonce(signer.address()).unwrap();
    let tx = alloy_consensus::TxEip1559 {
        to: TxKind::Call(to),
        value: U256::from(wei),
        gas_limit: 1_000_000,
        input: input.into(),
        ..call(nonce, to)
    };
    node.send_raw_transaction(&raw(tx, &signer)).unwrap()
}

fn mine(node: &Node) {
    node.mine(1, None).unwrap();
}

/// Runtime that logs what it was called with: the first 128 bytes are four topics, the next byte says how many.
fn liar() -> Vec<u8> {
    // topics at 0x00, 0x20, 0x40; data behind: CALLDATACOPY(0, 0, size); LOG3(0x60, size - 0x60, t0, t1, t2)
    vec![
        0x36, 0x5f, 0x5f, 0x37, // CALLDATACOPY(0, 0, CALLDATASIZE)
        0x60, 0x40, 0x51, 0x60, 0x20, 0x51, 0x5f, 0x51, // topic 3, topic 2, topic 1
        0x60, 0x60, 0x36, 0x03, // CALLDATASIZE - 0x60
        0x60, 0x60, 0xa3, 0x00, // LOG3(0x60, .., ..)
    ]
}

fn lie(topics: [B256; 3], data: &[u8]) -> Vec<u8> {
    [topics[0].as_slice(), topics[1].as_slice(), topics[2].as_slice(), data].concat()
}

/// A market whose blocks hold every kind of row: several transactions in one block, tokens that come and go, swaps both
/// ways, allowances that change, the wrapped coin, and a contract that logs nonsense.
fn market(node: &Node) -> (Address, Address) {
    let at = Addresses::default();
    let whole = U256::from(ETHER);
    let create = ITokenFactory::createTokenCall {
        name: "Dollar".to_owned(),
        symbol: "USD".to_owned(),
        decimals: 18,
        supply: whole * U256::from(1_000_000),
    };
    let created = queue(node, 0, at.token_factory, 0, create.abi_encode());
    mine(node);
    let receipt = node.receipt(created).unwrap().unwrap().receipt;
    let token = receipt.logs.iter().find_map(|log| ITokenFactory::TokenCreated::decode_log(log).ok()).unwrap().token;
    let add = IUniswapV2Router02::addLiquidityETHCall {
        token,
        amountTokenDesired: whole * U256::from(1_000),
        amountTokenMin: U256::ZERO,
        amountETHMin: U256::ZERO,
        to: key(0).address(),
        deadline: U256::MAX,
    };
    queue(node, 0, at.router, 10 * ETHER, add.abi_encode());
    let liar = raw(deploy(node.pending_nonce(key(9).address()).unwrap(), &liar()), &key(9));
    let deployed = node.send_raw_transaction(&liar).unwrap();
    mine(node);
    let liar = node.receipt(deployed).unwrap().unwrap().receipt.created.unwrap();
    for round in 0..3u64 {
        for by in 1..4 {
            let swap = IUniswapV2Router02::swapExactETHForTokensCall {
                amountOutMin: U256::ZERO,
                path: vec![at.weth, token],
                to: key(by).address(),
                deadline: U256::MAX,
            };
            queue(node, by, at.router, ETHER / (round + u64::from(by)), swap.abi_encode());
        }
        let back = IUniswapV2Router02::swapExactTokensForETHCall {
            amountIn: whole,
            amountOutMin: U256::ZERO,
            path: vec![token, at.weth],
            to: key(0).address(),
            deadline: U256::MAX,
        };
        queue(node, 0, at.router, 0, back.abi_encode());
        let value = whole * U256::from(2 - round);
        let approve = IToken::approveCall { spender: key(5).address(), value };
        queue(node, 1, token, 0, approve.abi_encode());
        mine(node);
        let send = IToken::transferCall { to: key(6).address(), value: U256::from(7) };
        queue(node, 0, token, 0, send.abi_encode());
        // Comes and goes.
        queue(node, 6, token, 0, IToken::transferCall { to: key(7).address(), value: U256::from(7) }.abi_encode());
        queue(node, 4, at.weth, 5 * ETHER, IWETH9::depositCall {}.abi_encode());
        if round == 1 {
            let all = IWETH9::withdrawCall { wad: U256::from(10) * whole };
            queue(node, 4, at.weth, 0, all.abi_encode());
        }
        let (from, to) = (key(8).address().into_word(), key(1).address().into_word());
        let transfer = IERC20::Transfer::SIGNATURE_HASH;
        let approval = IERC20::Approval::SIGNATURE_HASH;
        // More than anybody could have, twice, and back; an odd length; an approval.
        for data in [&[0xff; 32][..], &[0xff; 32], &[1; 31], &[]] {
            queue(node, 9, liar, 0, lie([transfer, from, to], data));
        }
        queue(node, 9, liar, 0, lie([approval, to, from], &[0xff; 32]));
        mine(node);
    }
    (token, liar)
}

/// The rows of the explorer and its marker.
fn rows(store: &Arc<dyn Store>) -> Vec<Row> {
    let range = KeyRange::new([3], [12]);
    let mut all: Vec<_> =
        Rows::new(store.as_ref(), Table::AddressIndex, range, Order::Ascending).map(|row| row.unwrap()).collect();
    all.extend(store.get(Table::Misc, b"explorer").unwrap().map(|row| (b"explorer".to_vec(), row)));
    all
}

fn explorer(node: &Node) -> Explorer {
    let (head, explorer) = node.explorer().unwrap();
    let explorer = explorer.expect("the rows are kept");
    assert_eq!(explorer.height(), head.block.number());
    explorer
}

/// All of a listing, by pages of `limit`.
fn all<T, C>(limit: usize, page: impl Fn(Option<C>, usize) -> limpid_chain::explorer::Listed<T, C>) -> Vec<T> {
    let (mut items, mut from) = (Vec::new(), None);
    loop {
        let some = page(from, limit);
        assert!(some.items.len() <= limit && (some.next.is_none() || some.items.len() == limit));
        items.extend(some.items);
        match some.next {
            Some(next) => from = Some(next),
            None => return items,
        }
    }
}

fn asked<C: SolCall>(node: &Node, to: Address, call: C) -> C::Return {
    let tx = TxEnv {
        kind: TxKind::Call(to),
        data: call.abi_encode().into(),
        gas_limit: 1_000_000,
        chain_id: None,
        ..TxEnv::default()
    };
    let outcome = node.call(tx, CallOptions::default()).unwrap();
    C::abi_decode_returns(&outcome.output).unwrap()
}

fn logs(node: &Node) -> Vec<(LogPlace, Log)> {
    let mut all = Vec::new();
    for height in 0..=node.block_number() {
        let block = node.block_at(height).unwrap().unwrap();
        for (index, receipt) in (0..).zip(&block.receipts) {
            for (log, one) in (0..).zip(&receipt.logs) {
                all.push((LogPlace { at: limpid_chain::Position { height, index }, log }, one.clone()));
            }
        }
    }
    all
}

#[test]
fn rows_are_what_reading_everything_gives() {
    let store: Arc<dyn Store> = Arc::new(MemStore::new());
    let node = open(&store, true);
    let (token, liar) = market(&node);
    let weth = Addresses::default().weth;
    let (found, logs) = (explorer(&node), logs(&node));
    let transfers_of = |wanted: Address| {
        let events = logs.iter().filter(|(_, log)| log.address == wanted).filter_map(|(place, log)| {
            if let Ok(event) = IERC20::Transfer::decode_log(log) {
                return Some((*place, event.from, event.to, event.value));
            }
            match (IWETH9::Deposit::decode_log(log), IWETH9::Withdrawal::decode_log(log)) {
                _ if wanted != weth => None,
                (Ok(event), _) => Some((*place, Address::ZERO, event.dst, event.wad)),
                (_, Ok(event)) => Some((*place, event.src, Address::ZERO, event.wad)),
                _ => None,
            }
        });
        events.collect::<Vec<_>>()
    };
    let pool = logs.iter().find(|(_, log)| IUniswapV2Pair::Swap::decode_log(log).is_ok()).unwrap().1.address;
    let mut held: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    for one in [token, weth, pool, liar] {
        let expected = transfers_of(one);
        assert!(expected.len() > 1, "{one}");
        for limit in [1, 3, 1_000] {
            let listed = all(limit, |from, limit| found.transfers(one, from, limit).unwrap());
            let listed: Vec<_> = listed.iter().rev().map(|row| (row.place, row.from, row.to, row.units)).collect();
            assert_eq!(listed, expected, "{one} by {limit}");
        }
        let mut balances: BTreeMap<Address, U256> = BTreeMap::new();
        for (_, from, to, value) in &expected {
            let entry = balances.entry(*from).or_default();
            *entry = entry.wrapping_sub(*value);
            let entry = balances.entry(*to).or_default();
            *entry = entry.wrapping_add(*value);
        }
        balances.retain(|holder, balance| !holder.is_zero() && !balance.is_zero());
        let holders = all(2, |from, limit| found.holders(one, from, limit).unwrap());
        let holders: BTreeMap<_, _> = holders.iter().map(|row| (row.holder, row.balance)).collect();
        assert_eq!(holders, balances, "{one}");
        let row = found.token(one).unwrap().unwrap();
        assert_eq!(
            (row.transfers, row.holders, row.first),
            (expected.len() as u64, balances.len() as u64, expected[0].0)
        );
        for (holder, balance) in balances {
            held.entry(holder).or_default().insert(one);
            if one != liar {
                assert_eq!(asked(&node, one, IERC20::balanceOfCall { owner: holder }), balance, "{one} of {holder}");
            }
        }
    }
    for (holder, tokens) in held {
        let listed = all(1, |from, limit| found.held(holder, from, limit).unwrap());
        assert_eq!(listed, tokens.iter().copied().collect::<Vec<_>>(), "{holder}");
        assert_eq!(found.holdings(holder).unwrap(), tokens.len() as u64);
    }
    assert_eq!(found.holdings(key(6).address()).unwrap(), 0, "what it got it gave away");
    let tokens = all(1, |from, limit| found.tokens(from, limit).unwrap());
    assert_eq!(tokens.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([token, weth, pool, liar]));
    let total: usize =
        (0..=node.block_number()).map(|height| node.block_at(height).unwrap().unwrap().block.transactions.len()).sum();
    assert_eq!(found.transactions(node.block_number()).unwrap(), total as u64);
    assert_replays(&node);
}

#[test]
fn swaps_are_summed_and_allowances_are_the_newest() {
    let store: Arc<dyn Store> = Arc::new(MemStore::new());
    let node = open(&store, true);
    let (token, liar) = market(&node);
    let found = explorer(&node);
    let logs = logs(&node);
    let swaps: Vec<_> =
        logs.iter().filter_map(|(place, log)| Some((*place, IUniswapV2Pair::Swap::decode_log(log).ok()?))).collect();
    let pool = swaps[0].1.address;
    assert!(swaps.len() >= 12);
    for height in 0..=node.block_number() {
        let before = swaps.iter().filter(|(place, _)| place.at.height <= height);
        let expected = before.fold(SwapSums::default(), |sums, (_, one)| SwapSums {
            count: sums.count + 1,
            in0: sums.in0 + one.amount0In,
            in1: sums.in1 + one.amount1In,
            out0: sums.out0 + one.amount0Out,
            out1: sums.out1 + one.amount1Out,
        });
        assert_eq!(found.swap_sums(pool, height).unwrap(), expected, "up to {height}");
    }
    let listed = all(5, |from, limit| found.swaps(pool, from, limit).unwrap());
    let listed: Vec<_> =
        listed.iter().rev().map(|row| (row.place, row.sender, row.to, row.sums.in0, row.sums.out1)).collect();
    let expected: Vec<_> =
        swaps.iter().map(|(place, one)| (*place, one.sender, one.to, one.amount0In, one.amount1Out)).collect();
    assert_eq!(listed, expected);

    let owner = key(1).address();
    let given = all(1, |from, limit| found.allowances(owner, from, limit).unwrap());
    assert_eq!(given, all(10, |from, limit| found.allowances(owner, from, limit).unwrap()));
    let mut shown: Vec<_> = given.iter().map(|one| (one.token, one.spender, one.some)).collect();
    shown.sort_unstable();
    // The last approval of the token was of nothing.
    let mut expected = vec![(token, key(5).address(), false), (liar, key(8).address(), true)];
    expected.sort_unstable();
    assert_eq!(shown, expected);
    assert!(all(10, |from, limit| found.allowances(key(5).address(), from, limit).unwrap()).is_empty());
    assert_replays(&node);
}

#[test]
fn a_block_that_is_taken_back_leaves_nothing() {
    let store: Arc<dyn Store> = Arc::new(MemStore::new());
    let node = open(&store, true);
    let empty = rows(&store);
    market(&node);
    let (height, before) = (node.block_number(), rows(&store));
    market(&node);
    assert_ne!(rows(&store), before);
    node.rewind(height).unwrap();
    assert!(rows(&store) == before, "what more blocks added is gone");
    // Block by block too.
    market(&node);
    let again = rows(&store);
    let top = node.block_number();
    node.rewind(height + 2).unwrap();
    node.rewind(height).unwrap();
    assert!(rows(&store) == before);
    node.rewind(0).unwrap();
    assert!(rows(&store) == empty);
    assert!(again.len() > before.len() && top > height);
    assert_replays(&node);
}

#[test]
fn rows_can_be_rebuilt_and_are_never_half_there() {
    let store: Arc<dyn Store> = Arc::new(MemStore::new());
    let node = open(&store, true);
    market(&node);
    let written = rows(&store);
    node.stop();
    drop(node);
    let mut told = Vec::new();
    let rebuilt = rebuild(&store, true, &mut |done, head| told.push((done, head))).unwrap();
    assert_eq!((rebuilt.from, told.last()), (0, Some(&(rebuilt.head, rebuilt.head))));
    assert!(rows(&store) == written, "the same rows from the blocks");
    assert_eq!(rebuild(&store, false, &mut |_, _| {}).unwrap().transactions, 0, "nothing is left to do");

    // A node without them leaves a gap, and a node with them does not write over it.
    let node = open(&store, false);
    assert!(!node.ledger().keeps_explorer() && node.explorer().unwrap().1.is_none());
    market(&node);
    node.stop();
    drop(node);
    let node = open(&store, true);
    assert!(!node.ledger().keeps_explorer());
    mine(&node);
    assert!(rows(&store) == written, "nothing is written after a gap");
    node.stop();
    drop(node);
    // Goes on where it ended, and equals one that was always there.
    let rebuilt = rebuild(&store, false, &mut |_, _| {}).unwrap();
    assert!(rebuilt.from > 1 && rebuilt.transactions > 0);
    let node = open(&store, true);
    assert!(node.ledger().keeps_explorer());
    assert_replays(&node);

    // A chain that goes back while they are not kept needs all of them again.
    node.stop();
    drop(node);
    let node = open(&store, false);
    node.rewind(1).unwrap();
    mine(&node);
    node.stop();
    drop(node);
    assert!(!open(&store, true).ledger().keeps_explorer());
    assert_eq!(rebuild(&store, false, &mut |_, _| {}).unwrap().from, 0);
    let node = open(&store, true);
    assert!(node.ledger().keeps_explorer());
    assert_replays(&node);
}

#[test]
fn a_damaged_row_stops_the_explorer_and_not_the_chain() {
    let store: Arc<dyn Store> = Arc::new(MemStore::new());
    let node = open(&store, true);
    let (token, _) = market(&node);
    let mut batch = limpid_state::Batch::new();
    batch.put(Table::AddressIndex, [&[7][..], token.as_slice()].concat(), vec![0xff]);
    store.commit(&batch).unwrap();
    let height = node.block_number();
    let send = IToken::transferCall { to: key(6).address(), value: U256::from(7) };
    let sent = queue(&node, 0, token, 0, send.abi_encode());
    mine(&node);
    assert!(node.receipt(sent).unwrap().unwrap().receipt.success && node.block_number() == height + 1);
    assert!(!node.ledger().keeps_explorer());
    node.stop();
    drop(node);
    assert_eq!(rebuild(&store, false, &mut |_, _| {}).unwrap().from, 0);
    let node = open(&store, true);
    assert!(node.ledger().keeps_explorer());
    assert_replays(&node);
}
