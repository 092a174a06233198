//! Transactions that name their sender instead of being signed: on development chains, and nowhere else.

use crate::support::*;
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, U256};
use limpid_chain::{
    AccountEdit, Block, BlockFault, ChainError, Executor, Genesis, GenesisAccount, Ledger, PoolError, Recovered,
    ledger::rules_of,
    tx::{SYSTEM_SENDER, UnsignedTx},
};
use limpid_state::MemStore;
use std::{collections::VecDeque, sync::Arc, time::Duration};

const WHO: Address = Address::repeat_byte(0x44);
const TO: Address = Address::repeat_byte(0x11);

fn unsigned(tx: TxEip1559) -> UnsignedTx {
    UnsignedTx::Eip1559(tx)
}

fn rich(node: &limpid_chain::Node, address: Address) {
    let edit = AccountEdit { balance: Some(U256::from(10 * GWEI * 1_000_000)), ..AccountEdit::default() };
    node.edit(address, edit).unwrap();
}

#[test]
fn anybody_sends_contracts_too_and_a_second_instance_agrees() {
    let node = node();
    let contract = send(&node, &raw(deploy(0, &counter()), &key(0))).receipt.created.unwrap();
    for (from, nonce) in [(WHO, 0), (Address::ZERO, 0), (contract, 1)] {
        rich(&node, from);
        let hash = node.send_impersonated(unsigned(transfer(nonce, TO, 7)), from).unwrap();
        let found = node.wait_for_receipt(hash, Duration::from_secs(60)).unwrap().unwrap();
        assert!(found.receipt.success);
        assert_eq!(found.tx.sender(), from);
        let encoded = found.tx.encoded();
        assert_eq!(alloy_primitives::keccak256(&encoded), hash, "hashed as every transaction");
    }
    assert_eq!(balance(&node, TO), U256::from(21));
    // A signed one of the same accounts' chain goes on as ever.
    send(&node, &raw(transfer(1, TO, 1), &key(0)));
    assert_replays(&node);
}

#[test]
fn nobody_sends_them_encoded() {
    let node = node();
    rich(&node, WHO);
    let tx = Recovered::impersonated(unsigned(transfer(0, TO, 7)), WHO);
    assert_eq!(node.send_raw_transaction(&tx.encoded()), Err(PoolError::InvalidSender));
    assert_eq!(
        node.send_impersonated(unsigned(transfer(0, TO, 7)), SYSTEM_SENDER),
        Err(PoolError::InvalidSender),
        "the chain itself"
    );
    let system = Recovered::impersonated(unsigned(transfer(0, TO, 7)), SYSTEM_SENDER);
    assert!(Recovered::recover_on(system.tx().clone(), true).is_err());
}

#[test]
fn the_pool_keeps_its_rules() {
    let node = manual_node();
    let poor = node.send_impersonated(unsigned(transfer(0, TO, 7)), WHO);
    assert!(matches!(poor, Err(PoolError::InsufficientFunds { .. })), "{poor:?}");
    rich(&node, WHO);
    let foreign = unsigned(TxEip1559 { chain_id: 1, ..transfer(0, TO, 7) });
    assert_eq!(node.send_impersonated(foreign, WHO), Err(PoolError::WrongChain { have: 1, want: CHAIN }));
    let large = TxEip1559 { input: vec![0; 1 << 17].into(), gas_limit: 5_000_000, ..call(0, TO) };
    assert!(matches!(node.send_impersonated(unsigned(large), WHO), Err(PoolError::Oversized { .. })));
    node.send_impersonated(unsigned(transfer(0, TO, 7)), WHO).unwrap();
    assert_eq!(node.send_impersonated(unsigned(transfer(0, TO, 7)), WHO), Err(PoolError::AlreadyKnown));
}

#[test]
fn no_other_chain_takes_them() {
    let genesis = || {
        let rich = GenesisAccount { balance: U256::from(10 * GWEI * 1_000_000), ..GenesisAccount::default() };
        Genesis { alloc: [(WHO, rich)].into(), ..Genesis::new(CHAIN, 0) }
    };
    let ledger = || Ledger::open(Arc::new(MemStore::new()), genesis(), rules_of(&genesis()), None).unwrap();
    let tx = Recovered::impersonated(unsigned(transfer(0, TO, 7)), WHO);
    // A builder that cheats.
    let maker = ledger();
    let mut txs = VecDeque::from([Arc::new(tx.clone())]);
    let built = maker.build(maker.head().block.hash, 1, &mut txs).unwrap();
    let block: Block = built.block.block.unseal();
    assert!(!block.transactions.is_empty());
    let refused = ledger().execute(&block).map(|executed| executed.hash());
    assert!(matches!(refused, Err(ChainError::Invalid { reason: BlockFault::Signature(_), .. })), "{refused:?}");
    assert!(Recovered::recover_on(tx.tx().clone(), false).is_err() && Recovered::recover(tx.tx().clone()).is_err());
    let lasting = limpid_chain::Node::in_memory(genesis(), limpid_chain::NodeOptions::steady()).unwrap();
    assert_eq!(lasting.send_impersonated(unsigned(transfer(0, TO, 7)), WHO), Err(PoolError::InvalidSender));
}
