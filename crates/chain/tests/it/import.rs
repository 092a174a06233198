//! Copies of foreign chains: executed where the rules are ours, taken as they are with a head state.

use crate::support::*;
use alloy_consensus::{Header, TxEip4844};
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, B256, Bytes, U256};
use limpid_chain::{
    Block, ChainError, Executor, Genesis, Mining, Node, NodeOptions, Transaction,
    import::{BlockReader, HeadState, Imported, import},
    ledger::{BlockPlan, rules_of},
    node::BlockOverride,
};
use limpid_state::{MemStore, StateRead, Store};
use std::sync::Arc;

const COINBASE: Address = Address::repeat_byte(0xc0);
const PAID: Address = Address::repeat_byte(0xaa);
const FEE: u128 = 5 * GWEI;

/// A genesis as geth has it; `forks` goes into its config.
fn genesis(forks: &str) -> Genesis {
    let rich = key(0).address();
    let json = format!(
        r#"{{"config":{{"chainId":{CHAIN},"homesteadBlock":0,"eip150Block":0,"eip155Block":0,"eip158Block":0,
            "byzantiumBlock":0,"constantinopleBlock":0,"petersburgBlock":0,"istanbulBlock":0,"berlinBlock":0,
            "londonBlock":0,"terminalTotalDifficulty":0,"shanghaiTime":0,"cancunTime":0,"pragueTime":0,{forks}}},
            "nonce":"0x7","timestamp":"0x5","extraData":"0x1234","gasLimit":"0x1c9c380","difficulty":"0x0",
            "mixHash":"0x0101010101010101010101010101010101010101010101010101010101010101",
            "coinbase":"{COINBASE}","alloc":{{"{rich}":{{"balance":"0x21e19e0c9bab2400000"}}}}}}"#
    );
    serde_json::from_str(&json).unwrap()
}

/// A node that could build on a foreign genesis, and has not yet.
fn foreign() -> Node {
    let genesis = genesis(r#""osakaTime":0"#);
    let rules = rules_of(&genesis);
    let options = NodeOptions { mining: Mining::Manual, ..NodeOptions::steady() };
    Node::start(Arc::new(MemStore::new()), genesis, rules, options).unwrap()
}

/// The block that `txs` and two withdrawals make over the node's head, committed there.
fn next(node: &Node, txs: Vec<Transaction>) -> Block {
    let head = node.head().block.clone();
    let withdrawal = |index, amount| Withdrawal { index, validator_index: 1, address: PAID, amount };
    let with = BlockOverride {
        timestamp: Some(head.header.timestamp + 12),
        beneficiary: Some(COINBASE),
        prevrandao: Some(B256::repeat_byte(9)),
        beacon_root: Some(B256::repeat_byte(8)),
        withdrawals: Some(vec![withdrawal(0, 3), withdrawal(1, 4)]),
        ..BlockOverride::default()
    };
    let plan = BlockPlan { with, transactions: Some(txs), extra_data: Bytes::from_static(b"maker") };
    let block = node.plan_block(head.hash, plan).unwrap().block.block.unseal();
    let executed = node.ledger().execute(&block).unwrap();
    node.ledger().commit(executed.hash()).unwrap();
    block
}

fn blobs(nonce: u64) -> Transaction {
    let tx = TxEip4844 {
        chain_id: CHAIN,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: FEE,
        max_priority_fee_per_gas: GWEI,
        to: PAID,
        blob_versioned_hashes: vec![B256::with_last_byte(1) | B256::from(U256::ONE << 248)],
        max_fee_per_blob_gas: 100,
        ..TxEip4844::default()
    };
    sign(tx, &key(0)).into()
}

fn chain() -> (Node, Vec<Block>) {
    let node = foreign();
    let first = next(&node, vec![sign(transfer(0, PAID, 5), &key(0)).into(), blobs(1)]);
    let target = key(0).address().create(2);
    let second = next(&node, vec![sign(deploy(2, &counter()), &key(0)).into()]);
    let types = every_type(3, target, &key(0), &stranger(9));
    let roomy = |tx| match tx {
        limpid_chain::tx::EthereumTx::Legacy(tx) => {
            sign(alloy_consensus::TxLegacy { gas_limit: 90_000, ..tx.tx().clone() }, &key(0))
        }
        limpid_chain::tx::EthereumTx::Eip1559(tx) => {
            sign(alloy_consensus::TxEip1559 { gas_limit: 90_000, ..tx.tx().clone() }, &key(0))
        }
        other => other,
    };
    let third = next(&node, types.into_iter().map(|tx| roomy(tx).into()).collect());
    (node, vec![first, second, third])
}

fn file(blocks: &[Block]) -> Vec<u8> {
    blocks.iter().flat_map(alloy_rlp::encode).collect()
}

fn run(store: &Arc<dyn Store>, genesis: Genesis, head: Option<&str>, file: &[u8]) -> Result<Imported, ChainError> {
    let head = head.map(|json| HeadState::from_json(json).unwrap());
    import(store.clone(), genesis, head, BlockReader::new(file), &mut |_| {})
}

#[test]
fn executed_blocks_are_the_same_chain() {
    let (node, blocks) = chain();
    let store: Arc<dyn Store> = Arc::new(MemStore::new());
    let genesis = node.genesis().clone();
    // In two parts, the second of which begins with what is there.
    run(&store, genesis.clone(), None, &file(&blocks[..2])).unwrap();
    let imported = run(&store, genesis.clone(), None, &file(&blocks)).unwrap();
    assert_eq!((imported.height, imported.hash, imported.executed), (3, node.head().block.hash, true));
    let rules = rules_of(&genesis);
    let copy = Node::start(store, genesis, rules, NodeOptions::steady()).unwrap();
    assert_eq!(*copy.head(), *node.head());
    for block in &blocks {
        let found = copy.block_at(block.header.number).unwrap().unwrap();
        assert_eq!(found.block.unseal(), *block);
        assert!(found.is_executed());
        for tx in &block.transactions {
            assert_eq!(copy.receipt(tx.hash()).unwrap().unwrap().tx.tx(), tx);
        }
    }
    copy.verify().unwrap();
    // It makes no blocks, but its pool takes transactions.
    assert!(copy.ledger().is_imported() && copy.mining() == Mining::Manual);
    copy.send_raw_transaction(&raw(transfer(7, PAID, 1), &key(0))).unwrap();
    assert_eq!(copy.pool().status(), (1, 0));
    assert!(copy.mine(1, None).is_err());
}

#[test]
fn coin_is_burnt_paid_and_withdrawn_as_ethereum_does() {
    let (node, blocks) = chain();
    let receipts = |height| node.block_at(height).unwrap().unwrap().receipts.clone();
    let base_fee = |block: &Block| u128::from(block.header.base_fee_per_gas.unwrap());
    let mut tips = U256::ZERO;
    for block in &blocks {
        for receipt in receipts(block.header.number) {
            tips += U256::from(receipt.effective_gas_price - base_fee(block)) * U256::from(receipt.gas_used);
        }
    }
    assert_eq!(balance(&node, COINBASE), tips, "the tip is the maker's, the base fee nobody's");
    let gwei = U256::from(GWEI);
    assert_eq!(balance(&node, PAID), U256::from(5) + U256::from(7 * blocks.len()) * gwei);
    assert_eq!(blocks[0].header.blob_gas_used, Some(131_072));
    assert_eq!(node.head().block.header.excess_blob_gas, Some(0));
    let first = node.block_at(1).unwrap().unwrap().block.header.clone();
    let spent = receipts(1)
        .iter()
        .fold(U256::ZERO, |sum, receipt| sum + U256::from(receipt.effective_gas_price) * U256::from(receipt.gas_used));
    // A blob costs 1 wei a unit here, and that is burnt too.
    let after = node.state(1u64.into()).unwrap().unwrap().account(key(0).address()).unwrap().unwrap().balance;
    let rich = U256::from(10_000u64) * U256::from(10).pow(U256::from(18));
    assert_eq!(after, rich - spent - U256::from(131_072) - U256::from(5), "{first:?}");
}

#[test]
fn a_changed_block_is_refused_with_its_reason() {
    let (node, blocks) = chain();
    let genesis = node.genesis();
    let refused = |change: &dyn Fn(&mut Block)| {
        let mut changed = blocks[0].clone();
        change(&mut changed);
        run(&(Arc::new(MemStore::new()) as Arc<dyn Store>), genesis.clone(), None, &file(&[changed]))
            .unwrap_err()
            .to_string()
    };
    type Change = fn(&mut Block);
    let cases: [(Change, &str); 11] = [
        (|block| block.header.gas_limit += 40_000, "gas_limit"),
        (|block| block.header.gas_limit = 4_999, "gas_limit"),
        (|block| block.header.extra_data = vec![0; 33].into(), "extra_data"),
        (|block| block.header.timestamp = 5, "timestamp"),
        (|block| block.header.base_fee_per_gas = Some(1), "base_fee_per_gas"),
        (|block| block.header.excess_blob_gas = Some(1), "excess_blob_gas"),
        (|block| block.header.blob_gas_used = Some(0), "blob_gas_used"),
        (|block| block.header.requests_hash = Some(B256::ZERO), "requests_hash"),
        (|block| block.header.state_root = B256::ZERO, "state_root"),
        (|block| block.extra.withdrawals.as_mut().unwrap()[0].amount += 1, "withdrawals_root"),
        (|block| block.extra.ommers = vec![Header::default()], "ommers_hash"),
    ];
    for (change, word) in cases {
        let error = refused(&change);
        assert!(error.contains(word) && error.contains("block 1"), "{word}: {error}");
    }
    let error = refused(&|block| block.transactions.swap(0, 1));
    assert!(error.contains("transactions_root"), "{error}");
}

#[test]
fn older_forks_are_named() {
    let (_, blocks) = chain();
    let store = || Arc::new(MemStore::new()) as Arc<dyn Store>;
    let error = run(&store(), genesis(r#""osakaTime":1000"#), None, &file(&blocks)).unwrap_err().to_string();
    assert!(error.contains("Prague") && error.contains("--head-state"), "{error}");
    let error =
        run(&store(), genesis(r#""osakaTime":0,"amsterdamTime":10"#), None, &file(&blocks)).unwrap_err().to_string();
    assert!(error.contains("Amsterdam"), "{error}");
    let native = Genesis::dev(CHAIN);
    assert!(run(&store(), native.clone(), None, &[]).unwrap_err().to_string().contains("followed, not imported"));
    let own = store();
    Node::start(own.clone(), native.clone(), rules_of(&native), NodeOptions::dev()).unwrap();
    let error = run(&own, genesis(r#""osakaTime":0"#), None, &file(&blocks)).unwrap_err().to_string();
    assert!(error.contains("not imported"), "{error}");
}

#[test]
fn blocks_taken_as_they_are_hash_to_their_headers() {
    let (node, blocks) = chain();
    // Before Osaka by its file, so that nothing could execute it; the same blocks all the same.
    let genesis = node.genesis().clone();
    let state = node.state(Default::default()).unwrap().unwrap();
    let empty = Arc::new(MemStore::new()) as Arc<dyn Store>;
    let rich = format!(r#"{{"accounts":{{"{}":{{"balance":"10000000000000000000000"}}}}}}"#, key(0).address());
    let first = run(&empty, genesis.clone(), Some(&rich), &[]).unwrap();
    assert_eq!((first.height, first.executed), (0, false), "the head may be the first block");
    let copy = Node::start(empty.clone(), genesis.clone(), rules_of(&genesis), NodeOptions::steady()).unwrap();
    assert!(copy.ledger().is_copied() && copy.ledger().is_imported());
    assert!(run(&empty, genesis.clone(), Some(&rich), &[]).unwrap_err().to_string().contains("name an empty one"));
    drop(state);

    let refused = |change: &dyn Fn(&mut Vec<Block>)| {
        let mut changed = blocks.clone();
        change(&mut changed);
        let store = Arc::new(MemStore::new()) as Arc<dyn Store>;
        let error = run(&store, genesis.clone(), Some(&rich), &file(&changed)).unwrap_err().to_string();
        // What is left of it is no chain.
        let open = Node::start(store, genesis.clone(), rules_of(&genesis), NodeOptions::steady()).err().unwrap();
        assert!(open.to_string().contains("did not finish"), "{open}");
        error
    };
    type Change = fn(&mut Vec<Block>);
    let cases: [(Change, &str); 6] = [
        (|_| {}, "the head state has root"),
        (|blocks| blocks.swap(0, 1), "comes after block 0"),
        (|blocks| blocks[0].header.parent_hash = B256::ZERO, "another first block"),
        (|blocks| blocks[0].transactions.swap(0, 1), "transactions"),
        (|blocks| blocks[0].extra.withdrawals = Some(Vec::new()), "withdrawals"),
        (|blocks| blocks[1].header.extra_data = Bytes::new(), "parent is another"),
    ];
    for (change, words) in cases {
        let error = refused(&change);
        assert!(error.contains(words), "{words}: {error}");
    }
}
