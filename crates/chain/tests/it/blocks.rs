//! Blocks: what a header says, what execution must agree with, committing, forks, reopening.

use crate::support::*;
use alloy_consensus::{EMPTY_ROOT_HASH, TxEip1559};
use alloy_eips::{eip2718::Encodable2718, eip7685::EMPTY_REQUESTS_HASH};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_rlp::Encodable;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use limpid_chain::block::{MAX_BLOCK_BYTES, transactions_root};
use limpid_chain::{
    Block, BlockFault, ChainError, Executor, Genesis, Ledger, Node, NodeOptions, Operator, Recovered, Transaction,
    header_signer, ledger::rules_of, pool::TxSource,
};
use limpid_state::{MemStore, StateRead};
use std::{collections::VecDeque, sync::Arc};

fn ledger(genesis: Genesis) -> Ledger {
    let rules = rules_of(&genesis);
    Ledger::open(Arc::new(MemStore::new()), genesis, rules, None).unwrap()
}

fn list(txs: impl IntoIterator<Item = TxEip1559>) -> VecDeque<Arc<Recovered>> {
    let recover = |tx| Arc::new(Recovered::recover(sign(tx, &key(0)).into()).unwrap());
    txs.into_iter().map(recover).collect()
}

const TO: Address = Address::repeat_byte(0x11);

#[test]
fn header_of_a_block() {
    let node = node();
    let receipt = send(&node, &raw(transfer(0, TO, 5), &key(0)));
    let block = node.block_at(1).unwrap().unwrap();
    let header = &block.block.header;
    let parent = node.block_at(0).unwrap().unwrap();
    assert_eq!(header.parent_hash, parent.block.hash);
    assert_eq!(header.mix_hash, keccak256(parent.block.hash), "prevrandao");
    assert_eq!(header.withdrawals_root, Some(EMPTY_ROOT_HASH));
    assert_eq!((header.blob_gas_used, header.excess_blob_gas), (Some(0), Some(0)));
    assert_eq!(header.parent_beacon_block_root, Some(B256::ZERO));
    assert_eq!(header.requests_hash, Some(EMPTY_REQUESTS_HASH));
    assert_eq!((header.gas_limit, header.gas_used), (200_000_000, 21_000));
    assert_eq!(header.beneficiary, node.rules().registry.addresses().fees);
    assert_eq!(block.block.hash, header.hash_slow());
    assert!(header.timestamp > 1_700_000_000);
    assert_eq!((receipt.place.block_hash, receipt.place.at.index), (block.block.hash, 0));
    assert!(receipt.receipt.success);
    assert_eq!(balance(&node, TO), U256::from(5));
    let paid = U256::from(receipt.receipt.effective_gas_price) * U256::from(21_000);
    assert_eq!(balance(&node, header.beneficiary), paid, "base fee and tip go to the fee ledger");
    assert_replays(&node);
}

#[test]
fn the_operator_signs_beside_the_block() {
    let operator = Operator::new(&[5; 32]).unwrap();
    let options = NodeOptions { operator: Some(operator.clone()), ..NodeOptions::dev() };
    let refused = Node::in_memory(Genesis::dev(CHAIN), options.clone()).err().unwrap().to_string();
    assert!(refused.contains("the key given is of"), "{refused}");
    let genesis = Genesis { operator: Some(operator.address()), ..Genesis::dev(CHAIN) };
    let node = Node::in_memory(genesis, options).unwrap();
    send(&node, &raw(transfer(0, TO, 5), &key(0)));
    for height in 0..=1 {
        let block = node.block_at(height).unwrap().unwrap();
        let signature = node.signature(block.block.hash).unwrap().expect("every header is signed");
        assert_eq!(header_signer(CHAIN, block.block.hash, &signature), Some(operator.address()));
        assert!(block.block.header.extra_data.is_empty());
    }
    assert_eq!(node.signature(B256::ZERO).unwrap(), None);
    assert_eq!(super::support::node().ledger().operator(), Some(Operator::dev(CHAIN).address()));
}

#[test]
fn every_wrong_header_field_is_found() {
    let (maker, checker) = (ledger(Genesis::dev(CHAIN)), ledger(Genesis::dev(CHAIN)));
    let genesis = maker.head().block.hash;
    let executed = maker.build(genesis, 5, &mut list([transfer(0, TO, 1), call(1, TO)])).unwrap();
    let good = executed.block.block.unseal();
    type Spoil = fn(&mut alloy_consensus::Header);
    let wrong: Vec<(&str, Spoil)> = vec![
        ("number", |header| header.number += 1),
        ("gas_limit", |header| header.gas_limit -= 1),
        ("gas_used", |header| header.gas_used += 1),
        ("base_fee_per_gas", |header| header.base_fee_per_gas = Some(7)),
        ("base_fee_per_gas", |header| header.base_fee_per_gas = None),
        ("beneficiary", |header| header.beneficiary = TO),
        ("mix_hash", |header| header.mix_hash = B256::ZERO),
        ("extra_data", |header| header.extra_data = vec![1].into()),
        ("difficulty", |header| header.difficulty = U256::from(1)),
        ("nonce", |header| header.nonce = [1; 8].into()),
        ("ommers_hash", |header| header.ommers_hash = B256::ZERO),
        ("withdrawals_root", |header| header.withdrawals_root = None),
        ("blob_gas_used", |header| header.blob_gas_used = Some(1)),
        ("excess_blob_gas", |header| header.excess_blob_gas = Some(1)),
        ("parent_beacon_block_root", |header| header.parent_beacon_block_root = Some(B256::repeat_byte(1))),
        ("requests_hash", |header| header.requests_hash = None),
        ("block_access_list_hash", |header| header.block_access_list_hash = Some(B256::ZERO)),
        ("slot_number", |header| header.slot_number = Some(1)),
        ("transactions_root", |header| header.transactions_root = B256::ZERO),
        ("receipts_root", |header| header.receipts_root = B256::ZERO),
        ("logs_bloom", |header| header.logs_bloom.0[3] = 1),
        ("state_root", |header| header.state_root = B256::ZERO),
    ];
    for (field, spoil) in wrong {
        let mut bad = good.clone();
        spoil(&mut bad.header);
        match checker.execute(&bad) {
            Err(ChainError::Invalid { reason: BlockFault::Field { field: found, .. }, .. }) => assert_eq!(found, field),
            other => {
                panic!("{field}: {}", other.map(|_| "accepted".to_owned()).unwrap_or_else(|error| error.to_string()))
            }
        }
    }
    assert_eq!(*checker.execute(&good).unwrap().block, *executed.block);
}

#[test]
fn wrong_bodies_are_refused() {
    let (maker, checker) = (ledger(Genesis::dev(CHAIN)), ledger(Genesis::dev(CHAIN)));
    let genesis = maker.head().block.hash;
    let good = maker.build(genesis, 5, &mut list([transfer(0, TO, 1), call(1, TO)])).unwrap().block.block.unseal();
    let fault = |change: &dyn Fn(&mut Block)| {
        let mut bad = good.clone();
        change(&mut bad);
        let other_body = checker.execute(&bad).err().expect("refused").to_string();
        assert!(other_body.contains("transactions_root"), "{other_body}");
        bad.header.transactions_root = transactions_root(&bad.transactions);
        match checker.execute(&bad) {
            Err(ChainError::Invalid { reason, .. }) => reason,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        }
    };
    let swapped = fault(&|block| block.transactions.swap(0, 1));
    assert!(matches!(&swapped, BlockFault::Transaction { reason, .. } if reason.contains("nonce")), "{swapped}");
    let dropped = fault(&|block| drop(block.transactions.pop()));
    assert!(matches!(dropped, BlockFault::Field { field: "gas_used", .. }), "{dropped}");
    let system = limpid_chain::SystemTx { height: 1, phase: limpid_chain::tx::Phase::Begin };
    let added = fault(&|block| block.transactions.insert(0, system.into()));
    assert!(matches!(added, BlockFault::Field { field: "transactions_root", .. }), "{added}");
    let unsigned = fault(&|block| {
        let Transaction::Ethereum(tx) = &block.transactions[0] else { unreachable!() };
        let tx = tx.as_eip1559().unwrap().tx().clone();
        let nobody = alloy_primitives::Signature::new(U256::ZERO, U256::ZERO, false);
        block.transactions[0] =
            limpid_chain::tx::EthereumTx::from(alloy_consensus::Signed::new_unhashed(tx, nobody)).into();
    });
    assert_eq!(unsigned, BlockFault::Signature(0));
    checker.execute(&good).unwrap();
    let mut other_body = good.clone();
    other_body.transactions.pop();
    assert!(checker.execute(&other_body).is_err(), "a known header does not vouch for another body");
    let mut orphan = good.clone();
    orphan.header.parent_hash = B256::ZERO;
    assert!(matches!(checker.execute(&orphan), Err(ChainError::UnknownParent(_))));
}

#[test]
fn time_may_stand_still_but_not_go_back() {
    let genesis = Genesis { timestamp: 100, ..Genesis::dev(CHAIN) };
    let ours = ledger(genesis.clone());
    let parent = ours.head().block.hash;
    let early = ours.build(parent, 7, &mut VecDeque::new()).unwrap();
    assert_eq!(early.block.block.header.timestamp, 100, "builders wait for their parent's time");
    let mut back = early.block.block.unseal();
    back.header.timestamp = 99;
    let refused = ours.execute(&back).err().unwrap();
    assert!(refused.to_string().contains("timestamp 99 is before 100"), "{refused}");
    let rising = ledger(Genesis { rising_time: true, ..genesis });
    let parent = rising.head().block.hash;
    let next = rising.build(parent, 100, &mut VecDeque::new()).unwrap();
    assert_eq!(next.block.block.header.timestamp, 101);
    let mut same = next.block.block.unseal();
    same.header.timestamp = 100;
    assert!(matches!(
        rising.execute(&same),
        Err(ChainError::Invalid { reason: BlockFault::Timestamp { found: 100, earliest: 101 }, .. })
    ));
}

#[test]
fn blocks_build_on_blocks_that_are_not_committed() {
    let (maker, checker) = (ledger(Genesis::dev(CHAIN)), ledger(Genesis::dev(CHAIN)));
    let mut parent = maker.head().block.hash;
    let mut chain = Vec::new();
    for nonce in 0..5 {
        let executed = maker.build(parent, 5, &mut list([transfer(nonce, TO, 1)])).unwrap();
        parent = executed.hash();
        chain.push(executed);
    }
    for executed in &chain {
        checker.execute(&executed.block.block.unseal()).unwrap();
    }
    let out_of_order = checker.commit(chain[1].hash()).unwrap_err();
    assert!(matches!(out_of_order, ChainError::OutOfOrder { height: 2, head: 0, .. }), "{out_of_order}");
    for executed in &chain {
        checker.commit(executed.hash()).unwrap();
        checker.commit(executed.hash()).expect("a redelivered block is harmless");
    }
    assert_eq!(checker.head().block.hash, parent);
    let state = checker.state().committed();
    assert_eq!(state.account(TO).unwrap().unwrap().balance, U256::from(5));
    checker.state().verify().unwrap();
}

#[test]
fn what_is_committed_is_neither_executed_again_nor_forked() {
    let (maker, checker) = (ledger(Genesis::dev(CHAIN)), ledger(Genesis::dev(CHAIN)));
    let first = checker.head().block.clone();
    let mut parent = first.hash;
    let mut chain = Vec::new();
    for nonce in 0..3 {
        chain.push(maker.build(parent, 5, &mut list([transfer(nonce, TO, 1)])).unwrap());
        parent = chain[nonce as usize].hash();
    }
    let fork = maker.build(chain[0].hash(), 6, &mut VecDeque::new()).unwrap().block.block.unseal();
    checker.execute(&chain[0].block.block.unseal()).unwrap();
    checker.execute(&fork).expect("over a block that waits, anything can be built");
    for executed in &chain {
        checker.execute(&executed.block.block.unseal()).unwrap();
        checker.commit(executed.hash()).unwrap();
    }
    for (height, block) in [(0, first.unseal()), (2, chain[1].block.block.unseal()), (3, chain[2].block.block.unseal())]
    {
        match checker.execute(&block) {
            Err(ChainError::AlreadyCommitted { height: found, hash }) => {
                assert_eq!((found, hash), (height, block.header.hash_slow()));
            }
            other => panic!("{:?}", other.err()),
        }
    }
    let late = [checker.execute(&fork).err(), checker.build(chain[0].hash(), 6, &mut VecDeque::new()).err()];
    for refused in late.map(Option::unwrap) {
        assert!(matches!(refused, ChainError::ParentNotHead { height: 1, head: 3, .. }), "{refused}");
    }
}

#[test]
fn the_fork_that_loses_is_forgotten() {
    let ledger = ledger(Genesis::dev(CHAIN));
    let genesis = ledger.head().block.hash;
    let one = ledger.build(genesis, 5, &mut list([transfer(0, TO, 1)])).unwrap();
    let other = ledger.build(genesis, 5, &mut list([transfer(0, TO, 2)])).unwrap();
    let after_one = ledger.build(one.hash(), 6, &mut list([transfer(1, TO, 1)])).unwrap();
    let after_other = ledger.build(other.hash(), 6, &mut list([transfer(1, TO, 2)])).unwrap();
    ledger.commit(other.hash()).unwrap();
    for lost in [one.hash(), after_one.hash()] {
        assert!(matches!(ledger.commit(lost), Err(ChainError::UnknownBlock(_))));
    }
    ledger.commit(after_other.hash()).unwrap();
    assert_eq!(ledger.state().committed().account(TO).unwrap().unwrap().balance, U256::from(4));
    let unknown = ledger.build(one.hash(), 7, &mut VecDeque::new()).err().unwrap();
    assert!(matches!(unknown, ChainError::UnknownParent(_)));
}

#[test]
fn a_store_belongs_to_its_genesis() {
    let store: Arc<dyn limpid_state::Store> = Arc::new(MemStore::new());
    let open = |genesis: Genesis| {
        let rules = rules_of(&genesis);
        Ledger::open(store.clone(), genesis, rules, None).map(|ledger| ledger.head().block.hash)
    };
    let first = open(Genesis::dev(CHAIN)).unwrap();
    assert_eq!(open(Genesis::dev(CHAIN)).unwrap(), first);
    let refused = open(Genesis { base_fee: 2_000_000_000, ..Genesis::dev(CHAIN) }).unwrap_err();
    assert!(matches!(refused, ChainError::Genesis(_)), "{refused}");
}

#[test]
fn blocks_that_wait_make_room_for_new_ones() {
    let ledger = ledger(Genesis::dev(CHAIN));
    let genesis = ledger.head().block.hash;
    let build = |parent, second| ledger.build(parent, second, &mut VecDeque::new()).unwrap();
    let known = |block: &limpid_chain::Executed| ledger.pending_block(block.hash()).is_some();
    // Proposals over one parent, none of which was ever agreed on: far more than are kept.
    let parent = build(genesis, 0);
    let child = build(parent.hash(), 0);
    let proposals: Vec<_> = (1..=300).map(|second| build(genesis, second)).collect();
    assert_eq!(proposals.iter().filter(|one| known(one)).count(), 254);
    assert!(known(&parent) && known(&child), "what is built on stays");
    assert!(!known(&proposals[45]) && known(&proposals[46]), "the oldest are forgotten first");
    // The one that consensus agrees on in the end was forgotten: it is executed again.
    let forgotten = &proposals[0];
    assert!(matches!(ledger.commit(forgotten.hash()), Err(ChainError::UnknownBlock(_))));
    assert_eq!(*ledger.execute(&forgotten.block.block.unseal()).unwrap().block, *forgotten.block);
    ledger.commit(forgotten.hash()).unwrap();
    assert_eq!(ledger.head().block.hash, forgotten.hash());
}

#[test]
fn a_chain_that_waits_is_limited() {
    let ledger = ledger(Genesis::dev(CHAIN));
    let mut chain = vec![ledger.head().block.hash];
    for second in 0..256 {
        chain.push(ledger.build(chain[second], 0, &mut VecDeque::new()).unwrap().hash());
    }
    let refused = ledger.build(chain[256], 0, &mut VecDeque::new()).err().unwrap();
    assert!(matches!(refused, ChainError::TooManyPending(256)), "{refused}");
    ledger.commit(chain[1]).unwrap();
    ledger.build(chain[256], 0, &mut VecDeque::new()).unwrap();
}

#[test]
fn a_block_is_never_longer_than_it_may_be() {
    // Zeros are the cheapest bytes: by gas alone, twice as many would fit.
    let (ledger, checker) = (ledger(Genesis::dev(CHAIN)), ledger(Genesis::dev(CHAIN)));
    let genesis = ledger.head().block.hash;
    let long = |nonce| TxEip1559 { gas_limit: 1_300_000, input: vec![0; 120_000].into(), ..transfer(nonce, TO, 1) };
    let executed = ledger.build(genesis, 5, &mut list((0..75).map(long))).unwrap();
    let mut block = executed.block.block.unseal();
    assert_eq!(block.transactions.len(), 69);
    assert!(executed.block.block.header.gas_used < 100_000_000);
    let room = MAX_BLOCK_BYTES - block.length();
    assert!(room < 120_000, "{room}");
    checker.execute(&block).unwrap();
    block.transactions.push(sign(long(69), &key(0)).into());
    block.header.transactions_root = transactions_root(&block.transactions);
    let refused = checker.execute(&block).err().unwrap();
    let size = BlockFault::Size { found: block.length(), limit: 8_388_608 };
    assert!(matches!(&refused, ChainError::Invalid { reason, .. } if *reason == size), "{refused}");
}

#[test]
fn the_senders_of_a_long_block_are_all_recovered() {
    let (maker, checker) = (ledger(Genesis::dev(CHAIN)), ledger(Genesis::dev(CHAIN)));
    let genesis = maker.head().block.hash;
    let executed = maker.build(genesis, 5, &mut list((0..300).map(|nonce| transfer(nonce, TO, nonce)))).unwrap();
    assert_eq!(*checker.execute(&executed.block.block.unseal()).unwrap().block, *executed.block);
}

#[test]
fn a_block_never_takes_more_than_it_may() {
    // Room for hooks is kept free: 200M - 2 x 20M for users, each of these asks for 16M.
    let ledger = ledger(Genesis::dev(CHAIN));
    assert_eq!(ledger.user_gas(), 160_000_000);
    let spin = deploy(0, &[0x5b, 0x5f, 0x56]); // JUMPDEST, PUSH0, JUMP
    let target = key(0).address().create(0);
    let calls = (1..20).map(|nonce| TxEip1559 { gas_limit: 16_000_000, ..call(nonce, target) });
    let genesis = ledger.head().block.hash;
    let mut txs = list(std::iter::once(spin).chain(calls));
    let executed = ledger.build(genesis, 5, &mut txs).unwrap();
    let header = &executed.block.block.header;
    assert!(header.gas_used <= 160_000_000 && header.gas_used > 140_000_000, "{}", header.gas_used);
    assert!(executed.block.receipts[1..].iter().all(|receipt| !receipt.success && receipt.gas_used == 16_000_000));
    assert_eq!(executed.block.receipts.last().unwrap().cumulative_gas_used, header.gas_used);
}

/// Gives what a test tells it, and remembers refusals.
struct Watched(VecDeque<Arc<Recovered>>, Vec<String>);

impl TxSource for Watched {
    fn next(&mut self) -> Option<Arc<Recovered>> {
        self.0.pop_front()
    }

    fn refuse(&mut self, why: limpid_chain::pool::Refusal) {
        self.1.push(format!("{why:?}"));
    }
}

#[test]
fn invalid_transactions_are_left_out_of_a_block() {
    let ledger = ledger(Genesis::dev(CHAIN));
    let genesis = ledger.head().block.hash;
    let rich = TxEip1559 { value: U256::MAX / U256::from(2), ..call(0, TO) };
    let mut txs = Watched(list([call(3, TO), rich, transfer(0, TO, 1), transfer(0, TO, 1)]), Vec::new());
    let executed = ledger.build(genesis, 5, &mut txs).unwrap();
    assert_eq!(executed.block.block.transactions.len(), 1);
    assert_eq!(txs.1.len(), 3, "{:?}", txs.1);
    assert!(txs.1.iter().all(|why| why.starts_with("Invalid")), "{:?}", txs.1);
}

#[test]
fn every_type_executes_and_a_chain_without_natives_runs() {
    for genesis in [Genesis::dev(CHAIN), Genesis { natives: false, ..Genesis::dev(CHAIN) }] {
        let node = Node::in_memory(genesis, NodeOptions::dev()).unwrap();
        let delegate = stranger(9);
        let target = key(0).address().create(0);
        assert!(send(&node, &raw(deploy(0, &counter()), &key(0))).receipt.success);
        for tx in every_type(1, target, &key(0), &delegate) {
            let mut tx = tx;
            if let limpid_chain::tx::EthereumTx::Legacy(legacy) = &tx {
                let roomy = alloy_consensus::TxLegacy { gas_limit: 90_000, ..legacy.tx().clone() };
                tx = sign(roomy, &key(0));
            } else if let limpid_chain::tx::EthereumTx::Eip1559(dynamic) = &tx {
                tx = sign(TxEip1559 { gas_limit: 90_000, ..dynamic.tx().clone() }, &key(0));
            }
            let found = send(&node, &tx.encoded_2718());
            assert!(found.receipt.success, "type {}", found.receipt.tx_type);
            assert_eq!((found.receipt.tx_type, found.receipt.logs.len()), (tx.tx_type() as u8, 1));
        }
        let state = node.state(Default::default()).unwrap().unwrap();
        let code = state.code_of(delegate.address()).unwrap();
        assert_eq!(code[..], [&[0xef, 1, 0], target.as_slice()].concat(), "the delegation of type 4");
        assert_eq!(state.storage(target, U256::ZERO).unwrap(), U256::from(4));
        assert_replays(&node);
    }
}

#[test]
fn a_chain_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Node::open(folder.path(), Genesis::dev(CHAIN), NodeOptions::dev());
    let node = open().unwrap();
    let first = send(&node, &raw(deploy(0, &counter()), &key(0)));
    let second = send(&node, &raw(call(1, key(0).address().create(0)), &key(0)));
    let head = node.head();
    let refused = open().err().expect("two nodes on one directory").to_string();
    assert!(refused.contains("in use by another process"), "{refused}");
    drop(node);
    let other = Node::open(folder.path(), Genesis::dev(1), NodeOptions::dev()).err().unwrap().to_string();
    assert!(other.contains("written under other rules"), "{other}");
    let node = open().unwrap();
    assert_eq!(*node.head(), *head);
    for found in [first, second] {
        assert_eq!(node.receipt(found.tx.hash()).unwrap().unwrap(), found);
    }
    assert_eq!(node.pending_nonce(key(0).address()).unwrap(), 2);
    send(&node, &raw(call(2, key(0).address().create(0)), &key(0)));
    let earlier = node.state(1u64.into()).unwrap().unwrap();
    assert_eq!(earlier.storage(key(0).address().create(0), U256::ZERO).unwrap(), U256::ZERO);
    let log = node.logs(&Default::default(), 0, 3).unwrap();
    assert_eq!(log.len(), 2);
    assert_replays(&node);
}

#[test]
fn history_of_hashes_for_contracts() {
    // BLOCKHASH(NUMBER - 1) into slot 0 and BLOCKHASH(NUMBER - 2) into slot 1, across blocks that are pending.
    let code = [0x60, 1, 0x43, 0x03, 0x40, 0x5f, 0x55, 0x60, 2, 0x43, 0x03, 0x40, 0x60, 1, 0x55, 0x00];
    let ledger = ledger(Genesis::dev(CHAIN));
    let genesis = ledger.head().block.hash;
    let target = key(0).address().create(0);
    let one = ledger.build(genesis, 5, &mut list([deploy(0, &code)])).unwrap();
    let two = ledger.build(one.hash(), 5, &mut list([call(1, target)])).unwrap();
    assert_eq!(two.state.storage(target, U256::ZERO).unwrap(), U256::from_be_bytes(one.hash().0));
    assert_eq!(two.state.storage(target, U256::from(1)).unwrap(), U256::from_be_bytes(genesis.0));
    let three = ledger.build(two.hash(), 5, &mut list([call(2, target)])).unwrap();
    assert_eq!(three.state.storage(target, U256::from(1)).unwrap(), U256::from_be_bytes(one.hash().0));
    for executed in [&one, &two, &three] {
        ledger.commit(executed.hash()).unwrap();
    }
    let four = ledger.build(three.hash(), 5, &mut list([call(3, target)])).unwrap();
    assert_eq!(four.state.storage(target, U256::ZERO).unwrap(), U256::from_be_bytes(three.hash().0));
}

#[test]
fn proofs_hold_against_the_headers() {
    let node = node();
    let counter_at = key(1).address().create(0);
    send(&node, &raw(deploy(0, &counter()), &key(1)));
    for nonce in 0..6 {
        send(&node, &raw(transfer(nonce, TO, 5), &key(0)));
        send(&node, &raw(call(nonce + 1, counter_at), &key(1)));
    }
    let head = node.block_number();
    for height in 0..=head {
        let header = node.block_at(height).unwrap().unwrap().block.header.clone();
        let state = node.state(height.into()).unwrap().unwrap();
        for who in [TO, counter_at, key(0).address(), node.rules().registry.addresses().fees] {
            let proof = node.proof(who, &[U256::ZERO, U256::ONE], height.into()).unwrap().unwrap();
            assert_eq!(proof.account, state.account(who).unwrap());
            let leaf = proof.account.map(|account| {
                alloy_rlp::encode(TrieAccount::new(
                    account.nonce,
                    account.balance,
                    proof.storage_root,
                    account.code_hash,
                ))
            });
            let path = Nibbles::unpack(keccak256(who));
            verify_proof(header.state_root, path, leaf, &proof.nodes).expect("the account proof holds");
            for slot in &proof.storage {
                assert_eq!(slot.value, state.storage(who, slot.slot).unwrap());
                let leaf = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
                let path = Nibbles::unpack(keccak256(slot.slot.to_be_bytes::<32>()));
                verify_proof(proof.storage_root, path, leaf, &slot.nodes).expect("the slot proof holds");
            }
        }
    }
    let counted = |height: u64| node.proof(counter_at, &[U256::ZERO], height.into()).unwrap().unwrap().storage[0].value;
    assert!(counted(head) > counted(head - 4), "the proven slot moved");
    assert!(node.proof(TO, &[], (head + 1).into()).unwrap().is_none(), "an unknown block");
}
