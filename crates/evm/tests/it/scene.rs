//! A test chain with probes and a few people, and short ways to use it.

use crate::probe::{self, IProbe, PROBE};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{Revert, SolCall, SolError, SolEvent};
use limpid_abi::addresses::Addresses;
use limpid_evm::{
    AccountInfo, Bytecode, Outcome, Registry, Rules, SpecId, StateDiff, Stopped, TxEnv,
    simulate::{Options, Overrides, Simulator},
    testkit::TestChain,
};
use limpid_native::Marker;
use revm::context::transaction::{Authorization, RecoveredAuthority, RecoveredAuthorization};
use std::sync::Arc;

pub const ALICE: Address = Address::repeat_byte(0xa1);
pub const BOB: Address = Address::repeat_byte(0xb0);
pub const CAROL: Address = Address::repeat_byte(0xca);

/// Gas reserve of a phase's hook.
pub const RESERVE: u64 = 20_000_000;

pub fn rules() -> Rules {
    let entries = [limpid_queue::entries(), probe::entries()].concat();
    let registry = Arc::new(Registry::new(entries, Addresses::default()));
    Rules { chain_id: 31_337, spec: SpecId::OSAKA, registry, system_gas: RESERVE }
}

pub fn chain() -> TestChain {
    TestChain::new(rules(), &[ALICE, BOB])
}

/// A chain with bytecode at addresses.
pub fn chain_with(codes: &[(Address, Bytes)]) -> TestChain {
    let mut chain = chain();
    for (address, code) in codes {
        put_code(&mut chain, *address, code.clone());
    }
    chain
}

pub fn wei(amount: u64) -> U256 {
    U256::from(amount)
}

/// Stands an account with code and nonce 1 in the state, its balance kept.
pub fn put_code(chain: &mut TestChain, address: Address, code: Bytes) {
    put_account(chain, address, Bytecode::new_raw(code));
}

/// Makes an account delegate (EIP-7702).
pub fn delegate(chain: &mut TestChain, account: Address, to: Address) {
    put_account(chain, account, Bytecode::new_eip7702(to));
}

/// Stands a marker that no factory recorded.
pub fn forge(chain: &mut TestChain, address: Address, marker: Marker) {
    put_account(chain, address, Bytecode::new_raw(marker.code().to_vec().into()));
}

fn put_account(chain: &mut TestChain, address: Address, code: Bytecode) {
    let balance = chain.balance(address);
    let info = AccountInfo { balance, nonce: 1, ..AccountInfo::default() }.with_code(code);
    Arc::make_mut(&mut chain.state).insert(address, info);
}

pub fn put_slots(chain: &mut TestChain, address: Address, slots: impl IntoIterator<Item = (U256, U256)>) {
    let mut diff = StateDiff::default();
    diff.storage.insert(address, slots.into_iter().collect());
    Arc::make_mut(&mut chain.state).apply(&diff);
}

/// The probe's count at an address.
pub fn count(chain: &TestChain, address: Address) -> U256 {
    read::<IProbe::getCall>(chain, address, IProbe::getCall {})
}

pub fn read<C: SolCall>(chain: &TestChain, address: Address, call: C) -> C::Return {
    let outcome = chain.view(CAROL, address, call.abi_encode());
    assert!(outcome.success, "view failed: {outcome:?}");
    C::abi_decode_returns(&outcome.output).expect("an answer")
}

/// Calls the probe as Alice.
pub fn call(chain: &mut TestChain, call: impl SolCall) -> Outcome {
    chain.send(ALICE, PROBE, U256::ZERO, call.abi_encode())
}

pub fn simulator(chain: &TestChain, overrides: Overrides) -> Simulator {
    Simulator::new(chain.state.clone(), &chain.rules, chain.block.clone(), overrides)
}

/// Runs a transaction with its call tree, keeping nothing.
pub fn trace(chain: &TestChain, to: Address, value: U256, data: impl Into<Bytes>) -> Outcome {
    let tx = chain.tx(ALICE, limpid_evm::TxKind::Call(to), value, data.into(), 16_000_000);
    let options = Options { trace: limpid_evm::Tracing::CALLS, strict: true };
    simulator(chain, Overrides::new()).call(tx, options).expect("a valid call")
}

#[track_caller]
pub fn assert_ok(outcome: &Outcome) {
    assert!(outcome.success, "{outcome:?}");
}

#[track_caller]
pub fn assert_reverts(outcome: &Outcome, error: impl SolError) {
    assert_eq!(outcome.stopped, Some(Stopped::Revert), "{outcome:?}");
    assert_eq!(outcome.output, Bytes::from(error.abi_encode()), "{outcome:?}");
    assert!(outcome.logs.is_empty() && outcome.moves.is_empty(), "{outcome:?}");
}

#[track_caller]
pub fn assert_text(outcome: &Outcome, text: &str) {
    assert_reverts(outcome, Revert::from(text));
}

/// The events of one type that an outcome's logs hold.
pub fn events<E: SolEvent>(outcome: &Outcome) -> Vec<E> {
    outcome.logs.iter().filter_map(|log| E::decode_log(log).ok().map(|event| event.data)).collect()
}

/// Makes a transaction of type 4 with authorisations that are recovered already: (signer, delegate, nonce).
pub fn authorize(tx: &mut TxEnv, list: &[(Address, Address, u64)]) {
    tx.tx_type = 4;
    tx.gas_priority_fee = Some(0);
    tx.set_recovered_authorization(
        list.iter()
            .map(|(signer, to, nonce)| {
                let authorization = Authorization { chain_id: U256::from(31_337), address: *to, nonce: *nonce };
                RecoveredAuthorization::new_unchecked(authorization, RecoveredAuthority::Valid(*signer))
            })
            .collect(),
    );
}
