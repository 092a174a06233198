//! The first state: predeploys, native accounts, and what each native contract writes at genesis.

use crate::{
    executor::block_env,
    frame::guarded,
    host::{Rights, install},
    registry::{DIRECTORY, DIRECTORY_CODE, Rules},
    source::{MemorySource, Overlay},
    types::{BlockContext, ExecError, StateDiff},
    vm::Vm,
};
use alloy_primitives::{Address, Bytes, U256};
use limpid_native::Stop;
use revm::{
    context_interface::{JournalTr, journaled_state::account::JournaledAccountTr},
    interpreter::Gas,
    state::{AccountInfo, Bytecode},
};
use std::{collections::BTreeMap, sync::Arc};
use tempo_contracts::{
    ARACHNID_CREATE2_FACTORY_ADDRESS, MULTICALL3_ADDRESS, PERMIT2_ADDRESS,
    contracts::{ARACHNID_CREATE2_FACTORY_BYTECODE, Multicall3, Permit2},
};

/// Gas for one contract's genesis: far more than any needs.
const GENESIS_GAS: u64 = 1_000_000_000;

/// An account that a genesis file lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alloc {
    /// Wei.
    pub balance: U256,
    /// Nonce.
    pub nonce: u64,
    /// Code; empty for a plain account.
    pub code: Bytes,
    /// Its slots.
    pub storage: BTreeMap<U256, U256>,
}

/// Contracts that every tool expects at the same address on every chain, by address.
pub fn predeploys() -> Vec<(Address, Bytes)> {
    vec![
        (ARACHNID_CREATE2_FACTORY_ADDRESS, ARACHNID_CREATE2_FACTORY_BYTECODE),
        (MULTICALL3_ADDRESS, Multicall3::DEPLOYED_BYTECODE.clone()),
        (PERMIT2_ADDRESS, Permit2::DEPLOYED_BYTECODE.clone()),
        (alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS, alloy_eips::eip2935::HISTORY_STORAGE_CODE.clone()),
        (alloy_eips::eip4788::BEACON_ROOTS_ADDRESS, alloy_eips::eip4788::BEACON_ROOTS_CODE.clone()),
    ]
}

/// The state of block 0 at `timestamp`: `alloc`, and on our own chains the predeploys and every native
/// contract. A registry without entries means a foreign chain: its `alloc` is all there is.
///
/// # Errors
/// [`ExecError::Fatal`] when a contract's genesis fails, which is a programming error.
pub fn state(rules: &Rules, timestamp: u64, alloc: &BTreeMap<Address, Alloc>) -> Result<StateDiff, ExecError> {
    let block = BlockContext { timestamp, gas_limit: u64::MAX, ..BlockContext::default() };
    let mut overlay = Overlay::new(Arc::new(MemorySource::default()));
    for (address, account) in alloc {
        overlay.set_account(*address, info(account)?).map_err(fatal)?;
        for (slot, value) in &account.storage {
            overlay.set_storage(*address, *slot, *value).map_err(fatal)?;
        }
    }
    let mut vm = Vm::new(overlay, rules, block_env(&block));
    if !rules.registry.entries().is_empty() {
        install_code(&mut vm, DIRECTORY, Bytes::copy_from_slice(&DIRECTORY_CODE))?;
        for (address, code) in predeploys() {
            install_code(&mut vm, address, code)?;
        }
        natives(&mut vm)?;
    }
    let changes = vm.inner.ctx.journaled_state.finalize();
    vm.inner.ctx.journaled_state.database.commit(changes);
    Ok(vm.inner.ctx.journaled_state.database.into_diff())
}

fn natives(vm: &mut Vm) -> Result<(), ExecError> {
    let registry = vm.registry.clone();
    for (address, entry) in registry.fixed() {
        install(&mut vm.inner.ctx, address, entry.marker()).map_err(stopped)?;
    }
    for (address, entry) in registry.fixed() {
        let rights = Rights { read_only: false, locked: false, depth: 0, foreign: false };
        let (result, _, left) = guarded(vm, Gas::new(GENESIS_GAS), rights, |cx| (entry.genesis)(cx.at(address)))
            .map_err(|error| fatal(format!("{error:?}")))?;
        result.map_err(stopped)?;
        if !left.payouts.is_empty() {
            return Err(ExecError::Fatal(format!("{} pays out at genesis", entry.name)));
        }
    }
    Ok(())
}

fn install_code(vm: &mut Vm, address: Address, code: Bytes) -> Result<(), ExecError> {
    let mut account = vm.inner.ctx.journaled_state.load_account_mut(address).map_err(fatal)?;
    account.touch();
    if account.nonce() == 0 {
        account.bump_nonce();
    }
    account.set_code_and_hash_slow(Bytecode::new_raw(code));
    Ok(())
}

fn info(account: &Alloc) -> Result<AccountInfo, ExecError> {
    let mut info = AccountInfo { balance: account.balance, nonce: account.nonce, ..AccountInfo::default() };
    if !account.code.is_empty() {
        info = info.with_code(Bytecode::new_raw_checked(account.code.clone()).map_err(fatal)?);
    }
    Ok(info)
}

fn fatal(error: impl std::fmt::Display) -> ExecError {
    ExecError::Fatal(error.to_string())
}

fn stopped(stop: Stop) -> ExecError {
    ExecError::Fatal(format!("genesis stopped: {stop:?}"))
}
