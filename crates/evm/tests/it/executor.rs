//! V-5 and V-6, and that a block's diff says what the block did.

use crate::{
    bytecode::{How, creator, deploying, destroyer, forwarder, sequence, swallower, via},
    probe::{CHILD, IProbe, OTHER, Op, PROBE, item},
    scene::*,
};
use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use limpid_evm::{AccountInfo, Outcome, Source, StateDiff, TxEnv, TxKind, testkit::TestChain};
use proptest::prelude::*;
use std::{collections::BTreeSet, sync::Arc};

const CREATOR: Address = Address::repeat_byte(0xf2);
const DESTROYER: Address = Address::repeat_byte(0xf3);
const SWALLOWER: Address = Address::repeat_byte(0xf4);
const FORWARDER: Address = Address::repeat_byte(0xf5);
const SETTER: Address = Address::repeat_byte(0xf6);

fn busy_chain() -> TestChain {
    // SETTER: slot[calldata word 0] := calldata word 1.
    let setter: Bytes = vec![0x60, 32, 0x35, 0x5f, 0x35, 0x55, 0x00].into();
    let mut chain = chain_with(&[
        (CREATOR, creator()),
        (DESTROYER, destroyer()),
        (SWALLOWER, swallower(How::Call)),
        (FORWARDER, forwarder(How::Call)),
        (SETTER, setter),
    ]);
    chain.block.base_fee = 7;
    chain
}

/// One thing that a person may do.
fn action(which: u8, a: u64) -> (TxKind, U256, Bytes) {
    let probe = |value: u64, data: Vec<u8>| (TxKind::Call(PROBE), wei(value), Bytes::from(data));
    let child = Address::repeat_byte(0x90 + (a % 3) as u8);
    let kill = Address::repeat_byte(0x60 + (a % 4) as u8);
    match which % 16 {
        0 => probe(0, IProbe::bumpCall {}.abi_encode()),
        1 => probe(a, IProbe::payCall { to: CAROL, amount: wei(a) }.abi_encode()),
        2 => probe(a, IProbe::payTwiceCall { first: BOB, second: OTHER, amount: wei(a / 2) }.abi_encode()),
        3 => probe(2 * a, IProbe::trialCall { to: CAROL, amount: wei(a), fails: a.is_multiple_of(2) }.abi_encode()),
        4 => probe(0, IProbe::boomCall {}.abi_encode()),
        5 => probe(0, IProbe::makeCall { child, kind: CHILD.0 }.abi_encode()),
        6 => (TxKind::Call(child), wei(a), Bytes::new()),
        7 => (TxKind::Call(CREATOR), wei(a), [&destroyer()[..], &kill.into_word()[..]].concat().into()),
        8 => (TxKind::Call(CREATOR), wei(a), init_that_destroys(kill)),
        9 => (TxKind::Call(DESTROYER), wei(a), kill.into_word().to_vec().into()),
        10 => {
            (TxKind::Call(SETTER), wei(0), [wei(a % 3).to_be_bytes::<32>(), wei(a % 2).to_be_bytes()].concat().into())
        }
        11 => (TxKind::Create, wei(a), deploying(&[0x5f, 0x54, 0x5f, 0x55])),
        12 => (
            TxKind::Call(SWALLOWER),
            wei(a),
            via(PROBE, IProbe::relayCall { target: OTHER, fails: a.is_multiple_of(2) }.abi_encode()),
        ),
        13 => (TxKind::Call(kill), wei(a), Bytes::new()),
        14 => probe(0, IProbe::spinCall { times: U256::MAX }.abi_encode()),
        _ => probe(0, IProbe::scriptCall { ops: vec![Op { code: 0x55, a: wei(a % 4), b: wei(a % 2) }] }.abi_encode()),
    }
}

/// Init code that destroys what it would make.
fn init_that_destroys(heir: Address) -> Bytes {
    [&[0x73], heir.as_slice(), &[0xff]].concat().into()
}

#[derive(Clone, Debug)]
struct Plan {
    from_bob: bool,
    which: u8,
    a: u64,
    tip: u128,
    gas: u64,
}

fn any_plan() -> impl Strategy<Value = Plan> {
    (any::<bool>(), 0..16u8, 0..50u64, 0..5u128, prop_oneof![4 => Just(400_000u64), 1 => 21_500..60_000u64])
        .prop_map(|(from_bob, which, a, tip, gas)| Plan { from_bob, which, a, tip, gas })
}

fn transaction(chain: &TestChain, plan: &Plan, ahead: u64) -> TxEnv {
    let (kind, value, data) = action(plan.which, plan.a);
    let mut tx = chain.tx(if plan.from_bob { BOB } else { ALICE }, kind, value, data, plan.gas);
    tx.nonce += ahead;
    tx.tx_type = 2;
    tx.gas_price = 7 + 3;
    tx.gas_priority_fee = Some(plan.tip);
    tx
}

/// The transactions of a block, nonces counted up.
fn transactions(chain: &TestChain, plans: &[Plan]) -> Vec<TxEnv> {
    let mut sent = [0u64; 2];
    let mut numbered = |plan: &Plan| {
        let ahead = &mut sent[usize::from(plan.from_bob)];
        let tx = transaction(chain, plan, *ahead);
        *ahead += 1;
        tx
    };
    plans.iter().map(&mut numbered).collect()
}

/// Executes a whole block with its hooks.
fn execute(chain: &TestChain, txs: &[TxEnv]) -> (Vec<Outcome>, StateDiff, u64) {
    let mut block = limpid_evm::BlockExecutor::new(chain.state.clone(), &chain.rules, chain.block.clone());
    let mut outcomes: Vec<Outcome> = block.begin().unwrap().into_iter().collect();
    for tx in txs {
        outcomes.extend(block.transact(tx.clone()).ok());
    }
    outcomes.extend(block.end().unwrap());
    let gas = block.gas_used();
    (outcomes, block.finish(), gas)
}

fn held(state: &dyn Source, address: Address) -> U256 {
    state.account(address).unwrap().map(|account| account.balance).unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// V-5: hash maps are seeded per instance and per thread; nothing of their order may show.
    #[test]
    fn two_executors_agree(plans in prop::collection::vec(any_plan(), 1..12)) {
        let mut chain = busy_chain();
        for id in [item::OK, item::PANICS, item::REVERTS] {
            assert_ok(&with_fee(&mut chain, IProbe::scheduleCall { due: 0, id }));
        }
        let txs = transactions(&chain, &plans);
        let here = format!("{:?}", execute(&chain, &txs));
        let there = std::thread::scope(|scope| {
            scope.spawn(|| format!("{:?}", execute(&chain, &txs))).join().unwrap()
        });
        prop_assert_eq!(&here, &there);
        prop_assert_eq!(here, format!("{:?}", execute(&chain, &txs)));
    }

    /// V-6 to the wei, and no coin from nowhere.
    #[test]
    fn coin_is_conserved_and_fees_reach_the_ledger(plans in prop::collection::vec(any_plan(), 1..12)) {
        let chain = busy_chain();
        let fees = chain.block.beneficiary;
        for plan in &plans {
            let tx = transaction(&chain, plan, 0);
            let (caller, gas_limit) = (tx.caller, tx.gas_limit);
            let (outcomes, diff, _) = execute(&chain, &[tx]);
            let Some(outcome) = outcomes.first() else { continue };
            prop_assert!(outcome.gas_used <= gas_limit);
            let fee = wei(outcome.gas_used) * U256::from(7 + plan.tip.min(3));
            let after = |address: &Address| match diff.accounts.get(address) {
                Some(account) => account.as_ref().map(|account| account.balance).unwrap_or_default(),
                None => held(&*chain.state, *address),
            };
            prop_assert_eq!(after(&fees) - held(&*chain.state, fees), fee);
            let before: U256 = diff.accounts.keys().map(|address| held(&*chain.state, *address)).sum();
            prop_assert_eq!(diff.accounts.keys().map(after).sum::<U256>(), before);
            // The moves explain every balance that changed.
            for address in diff.accounts.keys() {
                let sum = |pick: &dyn Fn(&limpid_evm::ValueMove) -> Address| -> U256 {
                    outcome.moves.iter().filter(|moved| pick(moved) == *address).map(|moved| moved.amount).sum()
                };
                let (into, out) = (sum(&|moved| moved.to), sum(&|moved| moved.from));
                let paid = if *address == caller { fee } else { U256::ZERO };
                let earned = if *address == fees { fee } else { U256::ZERO };
                prop_assert_eq!(held(&*chain.state, *address) + into + earned, after(address) + out + paid);
            }
        }
    }

    /// A block's diff holds what its transactions did one by one.
    #[test]
    fn one_block_or_many_leave_the_same_state(plans in prop::collection::vec(any_plan(), 1..10)) {
        let (mut whole, mut single) = (busy_chain(), busy_chain());
        let txs = transactions(&whole, &plans);
        let mut touched = BTreeSet::new();
        let (_, diff, _) = execute(&whole, &txs);
        touched.extend(diff.accounts.keys().chain(diff.storage.keys()).copied());
        Arc::make_mut(&mut whole.state).apply(&diff);
        for tx in &txs {
            let (_, diff, _) = execute(&single, std::slice::from_ref(tx));
            touched.extend(diff.accounts.keys().chain(diff.storage.keys()).copied());
            Arc::make_mut(&mut single.state).apply(&diff);
        }
        for address in touched {
            prop_assert_eq!(whole.state.account(address).unwrap(), single.state.account(address).unwrap());
            prop_assert_eq!(whole.state.slots(address), single.state.slots(address), "slots of {}", address);
        }
    }
}

fn with_fee(chain: &mut TestChain, data: impl SolCall) -> Outcome {
    chain.gas_price = 7;
    call(chain, data)
}

/// The diff of one block of transactions without fees.
fn diff_of(chain: &TestChain, txs: Vec<(TxKind, U256, Bytes)>) -> StateDiff {
    let mut block = limpid_evm::BlockExecutor::new(chain.state.clone(), &chain.rules, chain.block.clone());
    for (ahead, (kind, value, data)) in txs.into_iter().enumerate() {
        let mut tx = chain.tx(ALICE, kind, value, data, 1_000_000);
        tx.nonce += ahead as u64;
        block.transact(tx).unwrap();
    }
    block.finish()
}

fn quiet_chain() -> TestChain {
    let mut chain = busy_chain();
    chain.block.base_fee = 0;
    chain
}

fn set(slot: u64, value: u64) -> (TxKind, U256, Bytes) {
    let words = [wei(slot).to_be_bytes::<32>(), wei(value).to_be_bytes()].concat();
    (TxKind::Call(SETTER), U256::ZERO, words.into())
}

#[test]
fn a_contract_made_and_destroyed_in_one_transaction_never_was() {
    let chain = quiet_chain();
    let made = CREATOR.create(1);
    let diff = diff_of(&chain, vec![(TxKind::Call(CREATOR), wei(9), init_that_destroys(CAROL))]);
    assert!(!diff.accounts.contains_key(&made) && diff.wiped.is_empty() && diff.codes.is_empty(), "{diff:?}");
    assert_eq!(diff.accounts[&CAROL].as_ref().unwrap().balance, wei(9));
}

#[test]
fn a_funded_address_made_and_destroyed_is_deleted() {
    let mut chain = quiet_chain();
    let made = CREATOR.create(1);
    chain.send(ALICE, made, wei(4), []);
    let create = (TxKind::Call(CREATOR), wei(9), init_that_destroys(CAROL));
    let diff = diff_of(&chain, vec![create.clone()]);
    assert_eq!((&diff.accounts[&made], diff.wiped.contains(&made)), (&None, true));
    assert_eq!(diff.accounts[&CAROL].as_ref().unwrap().balance, wei(13));
    // Funded again later in the block: a plain account whose old storage is gone.
    let diff = diff_of(&chain, vec![create, (TxKind::Call(made), wei(2), Bytes::new())]);
    let account = diff.accounts[&made].as_ref().unwrap();
    assert_eq!((account.balance, account.nonce, account.is_empty_code_hash()), (wei(2), 0, true));
    assert!(diff.wiped.contains(&made));
}

#[test]
fn a_contract_destroyed_after_its_transaction_stays_as_eip_6780_says() {
    let chain = quiet_chain();
    // Init code writes slot 0 := 1 and deploys the destroyer.
    let init = [&[0x60, 1, 0x5f, 0x55][..], &deploying_at(&destroyer(), 4)].concat();
    let made = CREATOR.create(1);
    let txs = vec![
        (TxKind::Call(CREATOR), wei(9), init.into()),
        (TxKind::Call(made), wei(0), CAROL.into_word().to_vec().into()),
    ];
    let diff = diff_of(&chain, txs);
    let account = diff.accounts[&made].as_ref().unwrap();
    assert_eq!((account.balance, account.nonce, account.code_hash), (wei(0), 1, keccak256(destroyer())));
    assert_eq!(diff.storage[&made], [(wei(0), wei(1))].into());
    assert_eq!(diff.codes[&account.code_hash], destroyer());
    assert!(!diff.wiped.contains(&made), "nothing stood there before");
    assert_eq!(diff.accounts[&CAROL].as_ref().unwrap().balance, wei(9));
}

#[test]
fn storage_under_an_address_before_its_contract_is_wiped() {
    // Only a development chain can put slots where no code is; the contract made there must not inherit them.
    let mut chain = quiet_chain();
    let made = CREATOR.create(1);
    chain.send(ALICE, made, wei(4), []);
    put_slots(&mut chain, made, [(wei(0), wei(5)), (wei(1), wei(6))]);
    let init = [&[0x60, 1, 0x5f, 0x55][..], &deploying_at(&[0x00], 4)].concat();
    let diff = diff_of(&chain, vec![(TxKind::Call(CREATOR), wei(0), init.into())]);
    assert!(diff.wiped.contains(&made));
    assert_eq!(diff.storage[&made], [(wei(0), wei(1))].into());
    Arc::make_mut(&mut chain.state).apply(&diff);
    assert_eq!(chain.state.slots(made), [(wei(0), wei(1))].into());
}

/// As [`deploying`], for init code that stands `before` bytes into the whole.
fn deploying_at(code: &[u8], before: u8) -> Vec<u8> {
    let mut init = deploying(code).to_vec();
    init[3] += before;
    init
}

#[test]
fn touched_empty_accounts_vanish() {
    let mut chain = quiet_chain();
    let diff = diff_of(&chain, vec![(TxKind::Call(CAROL), wei(0), Bytes::new())]);
    assert!(!diff.accounts.contains_key(&CAROL), "EIP-161: {diff:?}");
    Arc::make_mut(&mut chain.state).insert(CAROL, AccountInfo::default());
    let diff = diff_of(&chain, vec![(TxKind::Call(CAROL), wei(0), Bytes::new())]);
    assert_eq!(diff.accounts[&CAROL], None);
}

#[test]
fn slots_are_told_by_what_they_become() {
    let mut chain = quiet_chain();
    put_slots(&mut chain, SETTER, [(wei(1), wei(5)), (wei(2), wei(6))]);
    let slots = |txs| diff_of(&chain, txs).storage.remove(&SETTER).unwrap_or_default();
    assert_eq!(slots(vec![set(1, 7), set(3, 8)]), [(wei(1), wei(7)), (wei(3), wei(8))].into());
    assert_eq!(slots(vec![set(1, 0)]), [(wei(1), wei(0))].into(), "zero is deleted");
    assert!(slots(vec![set(1, 9), set(1, 5), set(3, 1), set(3, 0)]).is_empty(), "back where it was");
}

#[test]
fn delegations_set_changed_and_cleared() {
    let mut chain = quiet_chain();
    let authorizing = |chain: &TestChain, ahead: u64, list: &[(Address, Address, u64)]| {
        let mut tx = chain.tx(ALICE, TxKind::Call(CAROL), wei(1), Bytes::new(), 500_000);
        tx.nonce += ahead;
        authorize(&mut tx, list);
        tx
    };
    let run = |chain: &TestChain, txs: Vec<TxEnv>| {
        let mut block = limpid_evm::BlockExecutor::new(chain.state.clone(), &chain.rules, chain.block.clone());
        for tx in txs {
            assert_ok(&block.transact(tx).unwrap());
        }
        block.finish()
    };
    let designator = |to: Address| Bytes::from([&[0xef, 0x01, 0x00], to.as_slice()].concat());
    let first = authorizing(&chain, 0, &[(BOB, SETTER, 0)]);
    let diff = run(&chain, vec![first.clone()]);
    let account = diff.accounts[&BOB].as_ref().unwrap();
    assert_eq!((account.nonce, account.code_hash), (1, keccak256(designator(SETTER))));
    assert_eq!(diff.codes[&account.code_hash], designator(SETTER));
    assert!(!diff.wiped.contains(&BOB));
    // Changed within the block: the last one counts. Cleared within the block: no code at all.
    let second = authorizing(&chain, 1, &[(BOB, CREATOR, 1)]);
    let diff = run(&chain, vec![first.clone(), second]);
    assert_eq!(diff.accounts[&BOB].as_ref().unwrap().code_hash, keccak256(designator(CREATOR)));
    let cleared = authorizing(&chain, 1, &[(BOB, Address::ZERO, 1)]);
    let diff = run(&chain, vec![first.clone(), cleared]);
    assert!(diff.accounts[&BOB].as_ref().unwrap().is_empty_code_hash() && diff.codes.is_empty());
    // Cleared in a later block; its storage stays.
    let set = run(&chain, vec![first]);
    Arc::make_mut(&mut chain.state).apply(&set);
    put_slots(&mut chain, BOB, [(wei(1), wei(1))]);
    let diff = run(&chain, vec![authorizing(&chain, 0, &[(BOB, Address::ZERO, 1)])]);
    assert!(diff.accounts[&BOB].as_ref().unwrap().is_empty_code_hash());
    assert!(diff.storage.is_empty() && diff.wiped.is_empty());
}

#[test]
fn native_accounts_made_and_written_are_in_the_diff() {
    let chain = quiet_chain();
    let child = Address::repeat_byte(0xc1);
    let bump = IProbe::bumpCall {}.abi_encode();
    let make = IProbe::makeCall { child, kind: CHILD.0 }.abi_encode();
    let both = vec![(TxKind::Call(PROBE), wei(0), make.into()), (TxKind::Call(child), wei(0), bump.into())];
    let diff = diff_of(&chain, both);
    let account = diff.accounts[&child].as_ref().unwrap();
    assert_eq!((account.nonce, &diff.codes[&account.code_hash][..]), (1, &[0xef, 0x4c, CHILD.0, 0][..]));
    assert_eq!(diff.storage[&child].len(), 1);
    assert!(diff.wiped.is_empty());
    assert_eq!(diff.storage[&limpid_evm::registry::DIRECTORY].len(), 1);
}

#[test]
fn a_block_that_is_full_takes_no_more() {
    let mut chain = quiet_chain();
    chain.block.gas_limit = 100_000;
    let tx = |gas| chain.tx(ALICE, TxKind::Call(CAROL), wei(1), Bytes::new(), gas);
    let mut block = limpid_evm::BlockExecutor::new(chain.state.clone(), &chain.rules, chain.block.clone());
    assert!(matches!(block.transact(tx(100_001)), Err(limpid_evm::ExecError::BlockFull { left: 100_000, .. })));
    assert_ok(&block.transact(tx(100_000)).unwrap());
    assert_eq!(block.gas_used(), 21_000);
}

#[test]
fn many_calls_in_one_transaction_share_its_journal() {
    let calls: Vec<_> = (0..5).map(|_| (PROBE, IProbe::bumpCall {}.abi_encode(), wei(0))).collect();
    let mut chain = chain_with(&[(FORWARDER, sequence(&calls))]);
    assert_ok(&chain.send(ALICE, FORWARDER, wei(0), []));
    assert_eq!(count(&chain, PROBE), wei(5));
}
