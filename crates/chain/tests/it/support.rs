//! Keys, transactions, bytecode and nodes for tests.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::{eip2718::Encodable2718, eip7702::Authorization};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use limpid_chain::{Executor, Genesis, Ledger, Mining, Node, NodeOptions, node::FoundReceipt, tx::EthereumTx};
use limpid_state::{KeyRange, MemStore, Order, Rows, StateRead, Store};
use std::{sync::Arc, time::Duration};

pub(crate) const CHAIN: u64 = 31_337;
pub(crate) const GWEI: u128 = 1_000_000_000;
const WAIT: Duration = Duration::from_secs(60);

/// The key of a dev account.
pub(crate) fn key(index: u32) -> PrivateKeySigner {
    let phrase = "test test test test test test test test test test test junk";
    MnemonicBuilder::<English>::default().phrase(phrase).index(index).unwrap().build().unwrap()
}

/// A key nobody funded.
pub(crate) fn stranger(seed: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(seed)).unwrap()
}

/// A type 2 transaction with roomy fees.
pub(crate) fn call(nonce: u64, to: Address) -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN,
        nonce,
        gas_limit: 100_000,
        max_fee_per_gas: 5 * GWEI,
        max_priority_fee_per_gas: GWEI,
        to: TxKind::Call(to),
        value: U256::ZERO,
        access_list: Default::default(),
        input: Bytes::new(),
    }
}

pub(crate) fn transfer(nonce: u64, to: Address, wei: u64) -> TxEip1559 {
    TxEip1559 { value: U256::from(wei), gas_limit: 21_000, ..call(nonce, to) }
}

/// A creation of `runtime`.
pub(crate) fn deploy(nonce: u64, runtime: &[u8]) -> TxEip1559 {
    TxEip1559 { to: TxKind::Create, gas_limit: 1_000_000, input: init_code(runtime), ..call(nonce, Address::ZERO) }
}

/// Init code that returns `runtime`: PUSH2 len, DUP1, PUSH1 offset, PUSH0, CODECOPY, PUSH0, RETURN.
pub(crate) fn init_code(runtime: &[u8]) -> Bytes {
    let [high, low] = u16::try_from(runtime.len()).unwrap().to_be_bytes();
    let mut code = vec![0x61, high, low, 0x80, 0x60, 10, 0x5f, 0x39, 0x5f, 0xf3];
    code.extend_from_slice(runtime);
    code.into()
}

/// Runtime that forwards its whole value to the address in its calldata and stores 1 in slot 0:
/// five zero words, CALLVALUE, CALLDATALOAD(0), GAS, CALL.
pub(crate) fn forwarder() -> Vec<u8> {
    vec![
        0x60, 1, 0x5f, 0x55, // SSTORE(0, 1)
        0x5f, 0x5f, 0x5f, 0x5f, 0x34, // out size, out offset, in size, in offset, CALLVALUE
        0x5f, 0x35, 0x5a, 0xf1, 0x50, 0x00, // CALLDATALOAD(0), GAS, CALL, POP, STOP
    ]
}

/// Runtime that logs one event with the caller as second topic, and adds 1 to slot 0.
pub(crate) fn counter() -> Vec<u8> {
    vec![
        0x5f, 0x54, 0x60, 1, 0x01, 0x5f, 0x55, // SSTORE(0, SLOAD(0) + 1)
        0x33, 0x60, 0x42, 0x5f, 0x5f, 0xa2, 0x00, // LOG2(0, 0, 0x42, CALLER), STOP
    ]
}

pub(crate) fn sign<T>(tx: T, by: &PrivateKeySigner) -> EthereumTx
where
    EthereumTx: From<alloy_consensus::Signed<T>>,
    T: SignableTransaction<alloy_primitives::Signature> + alloy_consensus::transaction::RlpEcdsaEncodableTx,
{
    let signature = by.sign_hash_sync(&tx.signature_hash()).unwrap();
    tx.into_signed(signature).into()
}

pub(crate) fn raw<T>(tx: T, by: &PrivateKeySigner) -> Vec<u8>
where
    EthereumTx: From<alloy_consensus::Signed<T>>,
    T: SignableTransaction<alloy_primitives::Signature> + alloy_consensus::transaction::RlpEcdsaEncodableTx,
{
    sign(tx, by).encoded_2718()
}

/// One transaction of each type that a user may send, with nonces from `nonce`.
pub(crate) fn every_type(
    nonce: u64,
    to: Address,
    by: &PrivateKeySigner,
    delegate: &PrivateKeySigner,
) -> Vec<EthereumTx> {
    let like = transfer(nonce, to, 1);
    let authorization = Authorization { chain_id: U256::from(CHAIN), address: to, nonce: 0 };
    let signature = delegate.sign_hash_sync(&authorization.signature_hash()).unwrap();
    vec![
        sign(
            TxLegacy {
                chain_id: Some(CHAIN),
                nonce,
                gas_price: 3 * GWEI,
                gas_limit: 21_000,
                to: like.to,
                value: like.value,
                input: Bytes::new(),
            },
            by,
        ),
        sign(
            TxEip2930 {
                chain_id: CHAIN,
                nonce: nonce + 1,
                gas_price: 3 * GWEI,
                gas_limit: 60_000,
                to: like.to,
                value: like.value,
                access_list: vec![alloy_eips::eip2930::AccessListItem { address: to, storage_keys: vec![B256::ZERO] }]
                    .into(),
                input: Bytes::new(),
            },
            by,
        ),
        sign(TxEip1559 { nonce: nonce + 2, ..like.clone() }, by),
        sign(
            TxEip7702 {
                chain_id: CHAIN,
                nonce: nonce + 3,
                gas_limit: 100_000,
                max_fee_per_gas: 5 * GWEI,
                max_priority_fee_per_gas: GWEI,
                to,
                value: U256::from(1),
                access_list: Default::default(),
                authorization_list: vec![authorization.into_signed(signature)],
                input: Bytes::new(),
            },
            by,
        ),
    ]
}

/// A dev node in memory.
pub(crate) fn node() -> Node {
    Node::in_memory(Genesis::dev(CHAIN), NodeOptions::dev()).unwrap()
}

/// A dev node in memory that makes blocks only when asked.
pub(crate) fn manual_node() -> Node {
    Node::in_memory(Genesis::dev(CHAIN), NodeOptions { mining: Mining::Manual, ..NodeOptions::dev() }).unwrap()
}

/// Sends and waits for the receipt.
pub(crate) fn send(node: &Node, raw: &[u8]) -> FoundReceipt {
    let hash = node.send_raw_transaction(raw).unwrap();
    node.wait_for_receipt(hash, WAIT).unwrap().expect("a receipt within a minute")
}

pub(crate) fn balance(node: &Node, address: Address) -> U256 {
    let state = node.state(Default::default()).unwrap().unwrap();
    state.account(address).unwrap().unwrap_or_default().balance
}

/// Traces every block with everything that can be kept: each outcome must be what its receipt says.
fn assert_traces(node: &Node) {
    use limpid_evm::{Tracing, tracer::StepOptions};
    let steps = StepOptions { stack: true, memory: true, storage: true, return_data: true, effects: true, most: 0 };
    let everything = Tracing { calls: true, steps: Some(steps), accesses: true, changes: true, budget: usize::MAX };
    // A block is executed over the state of the one before, which a node may have been told to forget.
    for height in (1..=node.block_number()).filter(|height| node.state((height - 1).into()).is_ok()) {
        let block = node.block_at(height).unwrap().unwrap();
        let traced = node.trace_block(height.into(), everything).unwrap();
        assert_eq!(traced.len(), block.receipts.len(), "block {height}");
        for ((tx, outcome), receipt) in traced.iter().zip(&block.receipts) {
            let told = (outcome.success, outcome.gas_used, &outcome.logs, outcome.created);
            let wrote = (receipt.success, receipt.gas_used, &receipt.logs, receipt.created);
            assert_eq!(told, wrote, "{} in block {height}", tx.hash());
            assert!(outcome.trace.is_some() && outcome.details.changes.is_some());
        }
    }
}

/// A second instance executes every block of the node's chain again, each before its parent is committed where there
/// is one, and comes to the same blocks, receipts and root. Every test that makes a chain ends with this.
pub(crate) fn assert_replays(node: &Node) {
    let store: Arc<dyn Store> = Arc::new(MemStore::new());
    let other = Ledger::open(store, node.genesis().clone(), node.rules().clone(), None).unwrap();
    if node.ledger().keeps_explorer() {
        other.keep_explorer().unwrap();
    }
    let head = node.block_number();
    let mut waiting = None;
    for height in 1..=head {
        let block = node.block_at(height).unwrap().unwrap();
        let edits = node.ledger().edits_of(height).unwrap();
        if !edits.is_empty() {
            // Whoever checks a development chain must be told what its user wrote.
            waiting.take().into_iter().for_each(|parent| other.commit(parent).unwrap());
            other.edit(edits).unwrap();
        }
        let executed = other.execute(&block.block.unseal()).unwrap_or_else(|error| panic!("block {height}: {error}"));
        assert_eq!(*executed.block, *block, "block {height}");
        if let Some(parent) = waiting.replace(executed.hash()) {
            other.commit(parent).unwrap();
        }
    }
    if let Some(last) = waiting {
        other.commit(last).unwrap();
    }
    assert_eq!(other.head().block.hash, node.head().block.hash);
    let report = other.state().verify().unwrap();
    assert_eq!(report.head.unwrap().root, node.head().block.header.state_root);
    // The same rows too: nothing missing, and nothing left over from blocks that are gone.
    use limpid_state::Table::{AddressIndex, BlockIndex, Bodies, Headers, Moves, Receipts, TxIndex};
    for table in [Headers, Bodies, Receipts, BlockIndex, TxIndex, AddressIndex, Moves] {
        let rows = |store: &Arc<dyn Store>| {
            let reader = store.snapshot().unwrap();
            let all = Rows::new(reader.as_ref(), table, KeyRange::all(), Order::Ascending);
            all.collect::<Result<Vec<_>, _>>().unwrap()
        };
        assert!(rows(node.ledger().state().store()) == rows(other.state().store()), "rows of {}", table.name());
    }
    assert_traces(node);
    let own = node.verify().unwrap();
    assert_eq!((own.head, own.accounts, own.slots), (report.head, report.accounts, report.slots));
}
