//! What the pool admits, in which words it refuses, whom it drops, and the order in which blocks take from it.

use crate::support::*;
use alloy_consensus::{SignableTransaction, TxEip1559, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, uint};
use alloy_signer::SignerSync;
use limpid_chain::{
    Pool, PoolError, PoolLimits,
    pool::{TxRules, TxSource},
};
use limpid_state::{Account, MemStore, StateDb, StateDiff};
use std::{collections::BTreeMap, sync::Arc};

const RULES: TxRules = TxRules { chain_id: CHAIN, block_gas: 160_000_000, base_fee_floor: 1_000_000, dev: false };
const COIN: u128 = 1_000_000_000_000_000_000;

/// A pool over a state in which dev accounts and some strangers hold `wei`.
fn pool_of(limits: PoolLimits, wei: u128) -> Pool {
    let state = StateDb::open(Arc::new(MemStore::new())).unwrap();
    let account = Account { nonce: 0, balance: U256::from(wei), ..Account::default() };
    let holders = (0..4).map(|index| key(index).address()).chain((1..=250).map(|seed| stranger(seed).address()));
    let accounts = holders.map(|address| (address, Some(account))).collect();
    let pending = state.apply(&state.committed(), StateDiff { accounts, ..StateDiff::default() }).unwrap();
    Pool::new(RULES, limits, Arc::new(pending))
}

fn pool() -> Pool {
    pool_of(PoolLimits::default(), 10 * COIN)
}

fn refusal(pool: &Pool, tx: TxEip1559) -> String {
    pool.add_raw(&raw(tx, &key(0))).unwrap_err().to_string()
}

const TO: Address = Address::repeat_byte(0x11);

#[test]
fn every_type_is_admitted() {
    let pool = pool();
    for tx in every_type(0, TO, &key(0), &stranger(9)) {
        let admitted = pool.add_raw(&tx.encoded_2718()).unwrap();
        assert!(admitted.executable && admitted.replaced.is_none());
        assert_eq!(admitted.tx.sender(), key(0).address());
    }
    assert_eq!(pool.status(), (4, 0));
    assert_eq!(pool.pending_nonce(key(0).address()), Some(4));
}

#[test]
fn refusals_in_the_usual_words() {
    let pool = pool();
    let like = call(0, TO);
    let word = |tx: TxEip1559, words: &str| {
        let refusal = refusal(&pool, tx);
        assert!(refusal.contains(words), "{refusal:?} does not say {words:?}");
    };
    word(TxEip1559 { chain_id: 1, ..like.clone() }, "invalid chain id for signer: have 1 want 31337");
    word(TxEip1559 { gas_limit: 20_999, ..like.clone() }, "intrinsic gas too low: have 20999, want 21000");
    word(TxEip1559 { gas_limit: 16_777_217, ..like.clone() }, "transaction gas limit too high (cap: 16777216");
    word(TxEip1559 { max_priority_fee_per_gas: 6 * GWEI, ..like.clone() }, "max priority fee per gas higher than");
    word(TxEip1559 { max_fee_per_gas: 1, max_priority_fee_per_gas: 0, ..like.clone() }, "underpriced");
    word(TxEip1559 { nonce: u64::MAX, ..like.clone() }, "nonce has max value");
    word(TxEip1559 { nonce: 1 << 40, ..like.clone() }, "nonce too high");
    word(TxEip1559 { value: U256::MAX, ..like.clone() }, "insufficient funds for gas * price + value: address 0xf39F");
    word(TxEip1559 { input: vec![1; 200_000].into(), ..like.clone() }, "oversized data");
    // 1,000 bytes: 37,000 gas by opcode prices, 61,000 by the floor.
    word(TxEip1559 { input: vec![1; 1_000].into(), gas_limit: 50_000, ..like.clone() }, "floor data gas");
    let init = vec![0; 49_153];
    word(
        TxEip1559 { to: TxKind::Create, input: init.into(), gas_limit: 9_000_000, ..like.clone() },
        "max initcode size",
    );
    pool.add_raw(&raw(like.clone(), &key(0))).unwrap();
    word(like, "already known");
    assert_eq!(pool.status(), (1, 0), "refusals change nothing");
}

#[test]
fn refused_types() {
    let pool = pool();
    let refuse = |bytes: &[u8]| pool.add_raw(bytes).unwrap_err().to_string();
    assert!(refuse(&[3, 0xc0]).contains("type 0x03 (this chain has no blobs)"));
    assert!(refuse(&[0x7d, 0xc2, 0x80, 0x80]).contains("made by blocks"));
    assert!(refuse(&[5, 0xc0]).contains("transaction type not supported"));
    assert!(refuse(&[]).contains("invalid transaction encoding"));
    assert!(refuse(&[2, 0xc0]).contains("invalid transaction encoding"));
    let mut longer = raw(call(0, TO), &key(0));
    longer.push(0);
    assert!(refuse(&longer).contains("invalid transaction encoding"));
}

#[test]
fn a_set_code_transaction_needs_an_authorization() {
    let mut tx = every_type(0, TO, &key(0), &stranger(9)).pop().unwrap().as_eip7702().unwrap().tx().clone();
    (tx.nonce, tx.authorization_list) = (0, Vec::new());
    let refusal = pool().add_raw(&raw(tx, &key(0))).unwrap_err();
    assert_eq!(refusal, PoolError::NoAuthorizations);
}

#[test]
fn malleable_signatures_are_refused() {
    const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
    let tx = call(0, TO);
    let signature = key(0).sign_hash_sync(&tx.signature_hash()).unwrap();
    let twin = Signature::new(signature.r(), ORDER - signature.s(), !signature.v());
    assert_eq!(twin.recover_address_from_prehash(&tx.signature_hash()).unwrap(), key(0).address(), "the twin is valid");
    let encoded = limpid_chain::tx::EthereumTx::from(tx.clone().into_signed(twin)).encoded_2718();
    assert_eq!(pool().add_raw(&encoded).unwrap_err(), PoolError::InvalidSender);
    let nobody = Signature::new(U256::ZERO, U256::from(1), false);
    let encoded = limpid_chain::tx::EthereumTx::from(tx.into_signed(nobody)).encoded_2718();
    assert_eq!(pool().add_raw(&encoded).unwrap_err(), PoolError::InvalidSender);
}

#[test]
fn unprotected_transactions_only_where_allowed() {
    let tx = TxLegacy {
        chain_id: None,
        nonce: 0,
        gas_price: GWEI,
        gas_limit: 21_000,
        to: TxKind::Call(TO),
        value: U256::ZERO,
        input: Bytes::new(),
    };
    assert_eq!(pool().add_raw(&raw(tx.clone(), &key(0))).unwrap_err(), PoolError::Unprotected);
    let state = StateDb::open(Arc::new(MemStore::new())).unwrap().committed();
    let dev = Pool::new(TxRules { dev: true, ..RULES }, PoolLimits::default(), Arc::new(state));
    assert!(matches!(dev.add_raw(&raw(tx, &key(0))), Err(PoolError::InsufficientFunds { .. })));
}

#[test]
fn contracts_do_not_send() {
    let state = StateDb::open(Arc::new(MemStore::new())).unwrap();
    let code = |bytes: &'static [u8]| (alloy_primitives::keccak256(bytes), Bytes::from_static(bytes));
    let (contract, delegation) = (code(&[0x60, 0]), code(&[0xef, 1, 0, 9]));
    let account = |hash: B256| Some(Account { nonce: 0, balance: U256::from(COIN), code_hash: hash });
    let diff = StateDiff {
        accounts: [(key(0).address(), account(contract.0)), (key(1).address(), account(delegation.0))].into(),
        codes: [contract, delegation].into(),
        ..StateDiff::default()
    };
    let pool = Pool::new(RULES, PoolLimits::default(), Arc::new(state.apply(&state.committed(), diff).unwrap()));
    let refused = pool.add_raw(&raw(call(0, TO), &key(0))).unwrap_err();
    assert_eq!(refused, PoolError::SenderIsContract(key(0).address()));
    pool.add_raw(&raw(call(0, TO), &key(1))).expect("a delegated account is still a person's");
}

#[test]
fn replacement_needs_ten_percent_more_in_both_fees() {
    let pool = pool();
    let like = |fee: u128, tip: u128| TxEip1559 { max_fee_per_gas: fee, max_priority_fee_per_gas: tip, ..call(0, TO) };
    let first = pool.add_raw(&raw(like(1_000_000_005, 100), &key(0))).unwrap();
    // 10 % of 1,000,000,005 is 100,000,000.5: rounded up.
    for (fee, tip) in [(1_100_000_005, 110), (1_100_000_006, 109), (1_000_000_005, 1_000), (5_000_000_000, 100)] {
        let refusal = refusal(&pool, like(fee, tip));
        assert!(refusal.contains("replacement transaction underpriced"), "{refusal}");
    }
    let second = pool.add_raw(&raw(like(1_100_000_006, 110), &key(0))).unwrap();
    assert_eq!(second.replaced, Some(first.tx.hash()));
    assert!(pool.get(first.tx.hash()).is_none() && pool.get(second.tx.hash()).is_some());
    assert_eq!(pool.status(), (1, 0));
    let free = like(1_000_000_000, 0);
    let zero = stranger(1);
    pool.add_raw(&raw(free.clone(), &zero)).unwrap();
    let same_tip = TxEip1559 { max_fee_per_gas: 2_000_000_000, ..free };
    assert!(pool.add_raw(&raw(same_tip, &zero)).is_err(), "10 % more than no tip is a tip");
}

/// "Speed up" in a wallet: the sender's only transaction is replaced, and his account is what it was.
#[test]
fn replacing_the_only_transaction_leaves_its_sender_in_place() {
    let pool = pool();
    let used = Account { nonce: 1, balance: U256::from(10 * COIN), ..Account::default() };
    let state = StateDb::open(Arc::new(MemStore::new())).unwrap();
    let changes = BTreeMap::from([(key(0).address(), Some(used))]);
    let diff = StateDiff { accounts: changes.clone(), ..StateDiff::default() };
    pool.advance(Arc::new(state.apply(&state.committed(), diff).unwrap()), &changes);
    let like = |fee: u128| TxEip1559 { max_fee_per_gas: fee, max_priority_fee_per_gas: fee, ..call(1, TO) };
    let slow = pool.add_raw(&raw(like(5 * GWEI), &key(0))).unwrap();
    let fast = pool.add_raw(&raw(like(9 * GWEI), &key(0))).unwrap();
    assert!(fast.executable && fast.replaced == Some(slow.tx.hash()));
    assert_eq!((pool.status(), pool.pending_nonce(key(0).address())), ((1, 0), Some(2)));
    assert_eq!(pool.best(0).next().map(|tx| tx.hash()), Some(fast.tx.hash()));
    assert!(pool.add_raw(&raw(call(2, TO), &key(0))).expect("he still has his coin").executable);
}

#[test]
fn gaps_wait_and_fill() {
    let pool = pool();
    for nonce in [2, 3, 5] {
        assert!(!pool.add_raw(&raw(call(nonce, TO), &key(0))).unwrap().executable);
    }
    assert_eq!(pool.status(), (0, 3));
    assert_eq!(pool.pending_nonce(key(0).address()), Some(0));
    assert!(pool.best(0).next().is_none());
    assert!(pool.add_raw(&raw(call(0, TO), &key(0))).unwrap().executable);
    assert_eq!(pool.status(), (1, 3));
    pool.add_raw(&raw(call(1, TO), &key(0))).unwrap();
    assert_eq!((pool.status(), pool.pending_nonce(key(0).address())), ((4, 1), Some(4)));
    let content = pool.content(Some(key(0).address()));
    let nonces = |txs: &BTreeMap<Address, Vec<Arc<limpid_chain::Recovered>>>| {
        txs[&key(0).address()].iter().map(|tx| tx.nonce()).collect::<Vec<_>>()
    };
    assert_eq!((nonces(&content.executable), nonces(&content.queued)), (vec![0, 1, 2, 3], vec![5]));
}

#[test]
fn a_sender_has_64_and_64() {
    let pool = pool();
    for nonce in 0..128 {
        pool.add_raw(&raw(call(nonce, TO), &key(0))).unwrap();
    }
    assert_eq!(pool.status(), (64, 64));
    assert!(refusal(&pool, call(128, TO)).contains("account limit exceeded: 128"));
    for nonce in 1..65 {
        pool.add_raw(&raw(call(nonce, TO), &key(1))).unwrap();
    }
    let refused = pool.add_raw(&raw(call(65, TO), &key(1))).unwrap_err();
    assert_eq!(refused, PoolError::SenderLimit { address: key(1).address(), limit: 64 });
    pool.add_raw(&raw(call(0, TO), &key(1))).expect("filling the gap is always possible");
    let replacement = TxEip1559 { max_fee_per_gas: 6 * GWEI, max_priority_fee_per_gas: 2 * GWEI, ..call(5, TO) };
    pool.add_raw(&raw(replacement, &key(0))).expect("so is replacing one");
}

#[test]
fn a_full_pool_gives_way_to_higher_tips() {
    let limits = PoolLimits { total: 3, ..PoolLimits::default() };
    let pool = pool_of(limits, 10 * COIN);
    let with_tip = |tip: u128| TxEip1559 { max_priority_fee_per_gas: tip, ..call(0, TO) };
    let cheapest = pool.add_raw(&raw(with_tip(10), &stranger(1))).unwrap();
    let later = pool.add_raw(&raw(with_tip(10), &stranger(2))).unwrap();
    pool.add_raw(&raw(with_tip(30), &stranger(3))).unwrap();
    let refused = pool.add_raw(&raw(with_tip(10), &stranger(4))).unwrap_err();
    assert_eq!(refused, PoolError::Full { lowest: 10 });
    pool.add_raw(&raw(with_tip(11), &stranger(5))).unwrap();
    assert!(pool.get(later.tx.hash()).is_none(), "of equals the later one goes");
    assert!(pool.get(cheapest.tx.hash()).is_some());
    assert_eq!(pool.status(), (3, 0));
}

/// Transactions behind a gap cost their sender nothing, so they must not keep others out.
#[test]
fn a_pool_full_of_gaps_gives_way_to_what_can_be_executed() {
    let limits = PoolLimits { total: 4, ..PoolLimits::default() };
    let pool = pool_of(limits, 10 * COIN);
    let with_tip = |nonce: u64, tip: u128| TxEip1559 { max_priority_fee_per_gas: tip, ..call(nonce, TO) };
    for seed in 1..=4 {
        assert!(!pool.add_raw(&raw(with_tip(7, GWEI), &stranger(seed))).unwrap().executable);
    }
    let queued = pool.add_raw(&raw(with_tip(7, 1), &stranger(5)));
    assert!(matches!(queued, Err(PoolError::Full { .. })), "among the queued ones the tip decides");
    for seed in 6..=9 {
        assert!(pool.add_raw(&raw(with_tip(0, 1), &stranger(seed))).unwrap().executable);
    }
    assert_eq!(pool.status(), (4, 0));
    let queued = pool.add_raw(&raw(with_tip(7, 3 * GWEI), &stranger(5)));
    assert!(matches!(queued, Err(PoolError::Full { .. })), "whatever it offers, it drives nobody out");
}

/// A filled gap makes what waits behind it executable, and a removed transaction makes it wait again.
#[test]
fn eviction_knows_which_gaps_are_filled() {
    let limits = PoolLimits { total: 4, ..PoolLimits::default() };
    let pool = pool_of(limits, 10 * COIN);
    let with_tip = |nonce: u64, tip: u128| TxEip1559 { max_priority_fee_per_gas: tip, ..call(nonce, TO) };
    let add = |tx, seed| pool.add_raw(&raw(tx, &stranger(seed)));
    let (two, one) = (add(with_tip(2, 50), 1).unwrap(), add(with_tip(1, 50), 1).unwrap());
    let waits = add(with_tip(9, 90), 2).unwrap();
    add(with_tip(0, 50), 1).unwrap();
    assert_eq!(pool.status(), (3, 1));
    add(with_tip(0, 1), 3).unwrap();
    assert!(pool.get(waits.tx.hash()).is_none(), "the queued one went, although it offered most");
    add(with_tip(0, 60), 4).unwrap();
    assert_eq!(pool.status(), (4, 0), "the cheapest executable one went");
    add(with_tip(0, 70), 5).unwrap();
    assert!(pool.get(two.tx.hash()).is_none() && pool.get(one.tx.hash()).is_some(), "a chain loses its end");
    assert!(pool.remove(one.tx.hash()));
    assert_eq!(pool.pending_nonce(stranger(1).address()), Some(1));
}

#[test]
fn a_sender_cannot_promise_the_same_coin_twice() {
    let pool = pool_of(PoolLimits::default(), COIN);
    let cost = 100_000 * 5 * GWEI;
    let half = TxEip1559 { value: U256::from(COIN / 2 - cost), ..call(0, TO) };
    pool.add_raw(&raw(half.clone(), &key(0))).unwrap();
    pool.add_raw(&raw(TxEip1559 { nonce: 1, ..half.clone() }, &key(0))).unwrap();
    let refused = pool.add_raw(&raw(call(2, TO), &key(0))).unwrap_err();
    assert!(matches!(refused, PoolError::Overdraft { .. }), "{refused}");
    assert!(refused.to_string().starts_with("insufficient funds for gas * price + value: balance"), "{refused}");
}

#[test]
fn order_is_settlement_tip_arrival_and_nonce() {
    let special = Address::repeat_byte(0x22);
    let limits = PoolLimits { settlement: [special].into_iter().collect(), ..PoolLimits::default() };
    let pool = pool_of(limits, 10 * COIN);
    let send = |seed: u8, nonce: u64, tip: u128, to: Address| {
        let tx = TxEip1559 { max_priority_fee_per_gas: tip, ..call(nonce, to) };
        pool.add_raw(&raw(tx, &stranger(seed))).unwrap().tx.hash()
    };
    let slow = send(1, 0, 5, TO);
    let fast_but_behind = send(1, 1, 900, TO);
    let early = send(2, 0, 7, TO);
    let late = send(3, 0, 7, TO);
    let settles = send(4, 0, 1, special);
    let poor = TxEip1559 { max_fee_per_gas: 2 * GWEI, max_priority_fee_per_gas: 2 * GWEI, ..call(0, TO) };
    pool.add_raw(&raw(poor, &stranger(5))).unwrap();
    let mut best = pool.best(u64::try_from(2 * GWEI + 1).unwrap());
    let order: Vec<_> = std::iter::from_fn(|| best.next().map(|tx| tx.hash())).collect();
    assert_eq!(order, [settles, early, late, slow, fast_but_behind], "one that cannot pay the base fee waits");
}

#[test]
fn a_refused_transaction_holds_back_its_sender_alone() {
    let pool = pool();
    for nonce in 0..3 {
        pool.add_raw(&raw(call(nonce, TO), &key(0))).unwrap();
        pool.add_raw(&raw(call(nonce, TO), &key(1))).unwrap();
    }
    let mut best = pool.best(0);
    assert_eq!(best.next().unwrap().sender(), key(0).address());
    best.refuse(limpid_chain::pool::Refusal::NoRoom);
    let rest: Vec<_> = std::iter::from_fn(|| best.next().map(|tx| (tx.sender(), tx.nonce()))).collect();
    assert_eq!(rest, [0, 1, 2].map(|nonce| (key(1).address(), nonce)));
    assert_eq!(best.into_refused().len(), 1);
}

#[test]
fn a_block_takes_away_what_it_used() {
    let pool = pool_of(PoolLimits::default(), COIN);
    for nonce in 0..4 {
        pool.add_raw(&raw(call(nonce, TO), &key(0))).unwrap();
    }
    let dear = TxEip1559 { value: U256::from(COIN / 2), ..call(4, TO) };
    pool.add_raw(&raw(dear, &key(0))).unwrap();
    pool.add_raw(&raw(call(0, TO), &key(1))).unwrap();
    let state = StateDb::open(Arc::new(MemStore::new())).unwrap();
    let account = Account { nonce: 2, balance: U256::from(COIN / 4), ..Account::default() };
    let accounts: BTreeMap<_, _> = [(key(0).address(), Some(account))].into();
    let diff = StateDiff { accounts: accounts.clone(), ..StateDiff::default() };
    let after = state.apply(&state.committed(), diff).unwrap();
    pool.advance(Arc::new(after), &accounts);
    let nonces: Vec<_> = pool.content(None).executable[&key(0).address()].iter().map(|tx| tx.nonce()).collect();
    assert_eq!(nonces, [2, 3], "used nonces and what cannot be paid any more are gone");
    assert_eq!(pool.status(), (3, 0));
    assert!(refusal(&pool, call(1, TO)).contains("nonce too low: next nonce 2, tx nonce 1"));
}
