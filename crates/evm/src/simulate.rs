//! Calls that change nothing: `eth_call`, gas estimates, traces.

use crate::{
    executor::{block_env, note, panicked, run_tx},
    frame::guarded,
    host::Rights,
    precompiles::Precompiles,
    registry::Rules,
    source::{Overlay, Source},
    tracer::{Changes, Tracing, gather},
    types::{BlockContext, ExecError, Outcome, StateDiff},
    vm::Vm,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use limpid_native::Ctx;
use revm::{
    Database,
    context::{TxEnv, result::InvalidTransaction},
    context_interface::JournalTr,
    interpreter::Gas,
    state::Bytecode,
};
use std::{collections::BTreeMap, sync::Arc};

/// What a simulation pretends about one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountOverride {
    /// Its balance in wei.
    pub balance: Option<U256>,
    /// Its nonce.
    pub nonce: Option<u64>,
    /// Its code. An overridden account never runs native code.
    pub code: Option<Bytes>,
    /// All of its storage; every other slot is zero.
    pub state: Option<BTreeMap<B256, B256>>,
    /// Some of its slots.
    pub state_diff: BTreeMap<B256, B256>,
    /// Where the precompile at this address answers instead.
    pub move_precompile_to: Option<Address>,
}

/// Pretended accounts, sorted.
pub type Overrides = BTreeMap<Address, AccountOverride>;

/// Why overrides make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// Only precompiles can be moved.
    #[error("account {0} is not a precompile")]
    NotPrecompile(Address),
    /// A precompile cannot move to where it is.
    #[error("the precompile {0} cannot be moved to its own address")]
    ToItself(Address),
    /// A precompile cannot move onto an account that is pretended too.
    #[error("account {0} is already overridden")]
    Taken(Address),
}

/// Looks for overrides that make no sense under `rules`.
///
/// # Errors
/// [`OverrideError`] for the first one by address.
pub fn check_overrides(rules: &Rules, overrides: &Overrides) -> Result<(), OverrideError> {
    let precompiles = Precompiles::new(rules.spec);
    for (address, change) in overrides {
        let Some(to) = change.move_precompile_to else { continue };
        if !precompiles.answers(address) {
            return Err(OverrideError::NotPrecompile(*address));
        }
        if to == *address {
            return Err(OverrideError::ToItself(to));
        }
        if overrides.contains_key(&to) {
            return Err(OverrideError::Taken(to));
        }
    }
    Ok(())
}

/// What a simulation leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What to keep beside the outcome.
    pub trace: Tracing,
    /// Check nonce, balance and fees as for a real transaction.
    pub strict: bool,
}

/// A state on which calls are tried and forgotten.
pub struct Simulator {
    source: Arc<dyn Source>,
    rules: Rules,
    block: BlockContext,
    overrides: Overrides,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("block", &self.block.number).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Calls run in `block` on top of `source`.
    pub fn new(source: Arc<dyn Source>, rules: &Rules, block: BlockContext, overrides: Overrides) -> Self {
        Self { source, rules: rules.clone(), block, overrides }
    }

    pub(crate) fn machine(&self, options: Options) -> Result<Vm, ExecError> {
        let mut vm = Vm::new(Overlay::new(self.source.clone()), &self.rules, block_env(&self.block));
        pretend_all(&mut vm, &self.overrides)?;
        if !options.strict {
            let cfg = &mut vm.inner.ctx.cfg;
            cfg.disable_nonce_check = true;
            cfg.disable_balance_check = true;
            cfg.disable_base_fee = true;
            cfg.disable_eip3607 = true;
            cfg.disable_block_gas_limit = true;
            cfg.tx_gas_limit_cap = Some(u64::MAX);
        }
        Ok(vm)
    }

    /// Runs one call. A panic in native code answers as a failed call.
    ///
    /// # Errors
    /// [`ExecError::Invalid`] when the call could never be a transaction, [`ExecError::Fatal`] when the
    /// database fails.
    pub fn call(&self, tx: TxEnv, options: Options) -> Result<Outcome, ExecError> {
        try_tx(&mut self.machine(options)?, tx, options)
    }

    /// Runs calls one after the other, each on what the ones before it changed. Together they use at most `gas`, and
    /// keep at most the first one's budget. A panic in native code is the last.
    ///
    /// # Errors
    /// As [`Simulator::call`].
    pub fn calls(&self, calls: Vec<(TxEnv, Tracing)>, mut gas: u64, strict: bool) -> Result<Vec<Outcome>, ExecError> {
        let mut vm = self.machine(Options { strict, ..Options::default() })?;
        let mut budget = calls.first().map_or(0, |(_, trace)| trace.budget);
        let mut outcomes = Vec::with_capacity(calls.len());
        for (tx, trace) in calls {
            let tx = TxEnv { gas_limit: tx.gas_limit.min(gas), ..tx };
            let outcome = try_tx(&mut vm, tx, Options { trace: Tracing { budget, ..trace }, strict })?;
            gas = gas.saturating_sub(outcome.gas_used);
            budget = budget.saturating_sub(outcome.details.bytes);
            outcomes.push(outcome);
            if vm.panicked.is_some() {
                break;
            }
            let changes = vm.inner.ctx.journaled_state.finalize();
            vm.inner.ctx.journaled_state.database.commit(changes);
        }
        Ok(outcomes)
    }

    /// Looks at a native contract's state with its own Rust code, such as its audit. `body` may read and not write.
    ///
    /// # Errors
    /// [`ExecError::Fatal`] when it refuses, runs out of `gas` or panics, or when the database fails.
    pub fn inspect<T>(
        &self,
        address: Address,
        gas: u64,
        body: impl for<'c> FnOnce(Ctx<'c>) -> limpid_native::Result<T>,
    ) -> Result<T, ExecError> {
        let mut vm = self.machine(Options::default())?;
        let rights = Rights { read_only: true, locked: true, depth: 0, foreign: false };
        let failed = |why: String| ExecError::Fatal(format!("looking at {address}: {why}"));
        let inspected = guarded(&mut vm, Gas::new(gas), rights, |cx| body(cx.at(address)));
        let (result, ..) = inspected.map_err(|error| failed(format!("{error:?}")))?;
        result.map_err(|stop| failed(format!("{stop:?}")))
    }

    /// Runs one call and also answers what it would change, sorted.
    ///
    /// # Errors
    /// As [`Simulator::call`].
    pub fn call_with_diff(&self, tx: TxEnv, options: Options) -> Result<(Outcome, StateDiff), ExecError> {
        let mut vm = self.machine(options)?;
        let outcome = try_tx(&mut vm, tx, options)?;
        let changes = vm.inner.ctx.journaled_state.finalize();
        vm.inner.ctx.journaled_state.database.commit(changes);
        Ok((outcome, vm.inner.ctx.journaled_state.database.into_diff()))
    }

    /// The least gas limit, to within 1.5 %, with which the call succeeds; at most `cap` and at most
    /// what the caller can pay for.
    ///
    /// The search starts from what the call used with plenty of gas, as geth does: most calls need two
    /// or three tries.
    ///
    /// # Errors
    /// [`EstimateError::Failed`] when the call fails even with all the gas it may have.
    pub fn estimate(&self, tx: &TxEnv, cap: u64) -> Result<u64, EstimateError> {
        let cap = self.affordable(tx, cap)?;
        let attempt = |gas_limit| self.call(TxEnv { gas_limit, ..tx.clone() }, Options::default());
        let best = attempt(cap)?;
        if !best.success {
            return Err(EstimateError::Failed(Box::new(best)));
        }
        let mut low = best.gas_used.saturating_sub(1);
        let mut high = cap;
        // 64/63 per level of calls, the refund, and the stipend decide: try the likely answer first.
        let likely = best.gas_used.saturating_add(best.gas_refunded).saturating_add(2300).saturating_mul(64) / 63;
        if likely < high {
            if succeeds(attempt(likely))? {
                high = likely;
            } else {
                low = likely;
            }
        }
        while low.saturating_add(1) < high && high.saturating_sub(low).saturating_mul(1000) > high.saturating_mul(15) {
            let middle = low.saturating_add(high.saturating_sub(low) / 2);
            if succeeds(attempt(middle))? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(high)
    }

    /// `cap`, or less when the caller's coin buys less at the call's price.
    fn affordable(&self, tx: &TxEnv, cap: u64) -> Result<u64, EstimateError> {
        if tx.gas_price == 0 {
            return Ok(cap);
        }
        let mut vm = self.machine(Options::default())?;
        let account = vm.inner.ctx.journaled_state.database.basic(tx.caller);
        let account = account.map_err(|error| ExecError::Fatal(error.to_string()))?;
        let balance = account.map(|account| account.balance).unwrap_or_default();
        let spendable =
            balance.checked_sub(tx.value).ok_or(EstimateError::Funds { needed: tx.value, held: balance })?;
        let gas = spendable.checked_div(U256::from(tx.gas_price)).unwrap_or(U256::MAX);
        Ok(cap.min(gas.saturating_to()))
    }
}

/// Why a gas estimate has no answer.
#[derive(Debug, thiserror::Error)]
pub enum EstimateError {
    /// The call fails however much gas it gets; its outcome says why.
    #[error("the call fails")]
    Failed(Box<Outcome>),
    /// The caller does not hold the value it sends.
    #[error("insufficient funds for transfer: needs {needed} wei, holds {held}")]
    Funds {
        /// Wei needed.
        needed: U256,
        /// Wei held.
        held: U256,
    },
    /// The call could not be tried.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

/// Too little gas is an answer here, whichever way it shows.
fn succeeds(attempt: Result<Outcome, ExecError>) -> Result<bool, ExecError> {
    match attempt {
        Ok(outcome) => Ok(outcome.success),
        Err(ExecError::Invalid(
            InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
            | InvalidTransaction::GasFloorMoreThanGasLimit { .. },
        )) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Runs one call; a panic in native code is a failed call that changed nothing.
fn try_tx(vm: &mut Vm, tx: TxEnv, options: Options) -> Result<Outcome, ExecError> {
    if !options.strict && tx.gas_price == 0 {
        // A free call pays no base fee, and contracts that compare the two should not see one that is higher (as geth).
        vm.inner.ctx.block.basefee = 0;
    }
    let gas_limit = tx.gas_limit;
    match run_tx(vm, tx, options.trace) {
        Err(ExecError::Fatal(_)) if vm.panicked.is_some() => {
            vm.inner.ctx.journaled_state.discard_tx();
            let trace = vm.recorder().abort();
            Ok(panicked(gas_limit, trace, vm.watched()))
        }
        Ok(outcome) if options.trace.changes => with_changes(vm, outcome, options.trace.budget),
        other => other,
    }
}

/// Pretends accounts before anything ran. A pretended precompile is an account like any other.
pub(crate) fn pretend_all(vm: &mut Vm, overrides: &Overrides) -> Result<(), ExecError> {
    for (address, change) in overrides {
        if let Some(original) = vm.inner.precompiles.take(*address)
            && let Some(to) = change.move_precompile_to
        {
            vm.inner.precompiles.put(to, original);
        }
        let overlay = &mut vm.inner.ctx.journaled_state.database;
        pretend(overlay, *address, change).map_err(|error| ExecError::Fatal(error.to_string()))?;
    }
    Ok(())
}

fn with_changes(vm: &mut Vm, mut outcome: Outcome, budget: usize) -> Result<Outcome, ExecError> {
    let journal = &mut vm.inner.ctx.journaled_state;
    let state = journal.finalize();
    let mut changes = Changes::new();
    gather(&mut changes, &mut journal.database, &state).map_err(|error| ExecError::Fatal(error.to_string()))?;
    journal.database.commit(state);
    note(&mut outcome, changes, budget);
    Ok(outcome)
}

fn pretend(overlay: &mut Overlay, address: Address, change: &AccountOverride) -> Result<(), crate::SourceError> {
    let AccountOverride { balance, nonce, code, state, state_diff, .. } = change;
    // Nothing pretended is no account either.
    if balance.is_none() && nonce.is_none() && code.is_none() && state.is_none() && state_diff.is_empty() {
        return Ok(());
    }
    let mut info = overlay.basic(address)?.unwrap_or_default();
    if let Some(balance) = change.balance {
        info.balance = balance;
    }
    if let Some(nonce) = change.nonce {
        info.nonce = nonce;
    }
    if let Some(code) = &change.code {
        let code = Bytecode::new_raw_checked(code.clone()).map_err(|error| crate::SourceError(error.to_string()))?;
        info.code_hash = code.hash_slow();
        info.code = Some(code);
    }
    overlay.set_account(address, info)?;
    if let Some(state) = &change.state {
        overlay.wipe_storage(address)?;
        for (slot, value) in state {
            overlay.set_storage(address, (*slot).into(), (*value).into())?;
        }
    }
    for (slot, value) in &change.state_diff {
        overlay.set_storage(address, (*slot).into(), (*value).into())?;
    }
    Ok(())
}
