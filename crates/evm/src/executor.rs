//! One block, transaction by transaction.

use crate::{
    registry::Rules,
    source::{Overlay, Source, SourceError},
    tracer::{Changes, Tracing, gather},
    types::{BlockContext, CallFrame, Details, ExecError, Outcome, StateDiff, Stopped, ValueMove},
    vm::{Pipeline, Vm, VmError, credit_fees},
};
use alloy_primitives::{Address, Bytes, U256, address};
use revm::{
    context::{
        BlockEnv, TxEnv,
        result::{EVMError, ExecutionResult},
    },
    context_interface::{
        JournalTr, Transaction, block::BlobExcessGasAndPrice, journaled_state::account::JournaledAccountTr,
    },
    handler::{Handler, SystemCallTx},
};
use std::sync::Arc;

/// Who makes Ethereum's own system calls (EIP-4788, EIP-2935, EIP-7002, EIP-7251).
const ETHEREUM_SYSTEM: Address = address!("0xfffffffffffffffffffffffffffffffffffffffe");

/// Executes the transactions of one block on a source, in order.
///
/// Use [`BlockExecutor::begin`], [`BlockExecutor::transact`] for each transaction,
/// [`BlockExecutor::end`], then [`BlockExecutor::finish`].
pub struct BlockExecutor {
    pub(crate) vm: Vm,
    pub(crate) rules: Rules,
    pub(crate) block: BlockContext,
    tracing: Tracing,
    /// What the transaction changed so far, while somebody wants to know.
    changes: Option<Result<Changes, SourceError>>,
    gas_used: u64,
}

impl std::fmt::Debug for BlockExecutor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockExecutor").field("block", &self.block.number).finish_non_exhaustive()
    }
}

pub(crate) fn block_env(block: &BlockContext) -> BlockEnv {
    BlockEnv {
        number: U256::from(block.number),
        beneficiary: block.beneficiary,
        timestamp: U256::from(block.timestamp),
        gas_limit: block.gas_limit,
        basefee: block.base_fee,
        difficulty: U256::ZERO,
        prevrandao: Some(block.prevrandao),
        // Execution looks at the price only.
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
            excess_blob_gas: 0,
            blob_gasprice: block.blob_base_fee.unwrap_or(1),
        }),
        ..BlockEnv::default()
    }
}

impl BlockExecutor {
    /// A block on top of `source`.
    pub fn new(source: Arc<dyn Source>, rules: &Rules, block: BlockContext) -> Self {
        let vm = Vm::new(Overlay::new(source), rules, block_env(&block));
        Self { vm, rules: rules.clone(), block, tracing: Tracing::NONE, changes: None, gas_used: 0 }
    }

    /// What to keep of each transaction from now on.
    pub const fn trace(&mut self, tracing: Tracing) {
        self.tracing = tracing;
    }

    /// Gas used so far.
    pub const fn gas_used(&self) -> u64 {
        self.gas_used
    }

    /// What Ethereum does before the first transaction: the parent's hash (EIP-2935) and the beacon
    /// root (EIP-4788) are written where contracts find them. Then the begin-block hook's work.
    ///
    /// # Errors
    /// [`ExecError::Fatal`] when the database fails.
    pub fn begin(&mut self) -> Result<Option<Outcome>, ExecError> {
        if self.block.number > 0 {
            self.ethereum_call(alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS, self.block.parent_hash.0.into())?;
        }
        self.ethereum_call(alloy_eips::eip4788::BEACON_ROOTS_ADDRESS, self.block.parent_beacon_root.0.into())?;
        self.noting_changes(|block| crate::hooks::run(block, crate::hooks::Phase::Begin))
    }

    /// The end-block hook's work.
    ///
    /// # Errors
    /// [`ExecError::Fatal`] when the database fails.
    pub fn end(&mut self) -> Result<Option<Outcome>, ExecError> {
        self.noting_changes(|block| crate::hooks::run(block, crate::hooks::Phase::End))
    }

    /// Executes one transaction. An error leaves the block as it was.
    ///
    /// # Errors
    /// [`ExecError::BlockFull`] or [`ExecError::Invalid`] when the transaction may not stand here,
    /// [`ExecError::Fatal`] when the database fails.
    pub fn transact(&mut self, tx: TxEnv) -> Result<Outcome, ExecError> {
        let left = self.block.gas_limit.saturating_sub(self.gas_used);
        if tx.gas_limit > left {
            return Err(ExecError::BlockFull { limit: tx.gas_limit, left });
        }
        let outcome = self.noting_changes(|block| match run_tx(&mut block.vm, tx, block.tracing) {
            Err(ExecError::Fatal(_)) if block.vm.panicked.is_some() => block.charge_for_panic().map(Some),
            other => other.map(Some),
        })?;
        let outcome = outcome.ok_or_else(|| ExecError::Fatal("a transaction without an outcome".into()))?;
        self.gas_used = self.gas_used.saturating_add(outcome.gas_used);
        // The journal keeps the block's changes and stays warm. Only an account that destroyed itself must
        // leave it at once: the journal's mark would outlive a later transaction that revives the account.
        if std::mem::take(&mut self.vm.inner.ctx.chain.destroyed) {
            self.commit();
        }
        Ok(outcome)
    }

    /// As [`BlockExecutor::transact`]. As `anybody`, its sender may be a contract: for development chains, whose user
    /// sends as anybody (EIP-3607 is off for it).
    ///
    /// # Errors
    /// As [`BlockExecutor::transact`].
    pub fn transact_as(&mut self, tx: TxEnv, anybody: bool) -> Result<Outcome, ExecError> {
        let before = self.vm.inner.ctx.cfg.disable_eip3607;
        self.vm.inner.ctx.cfg.disable_eip3607 = before || anybody;
        let outcome = self.transact(tx);
        self.vm.inner.ctx.cfg.disable_eip3607 = before;
        outcome
    }

    /// Runs a transaction, and adds what it changed to its outcome if that is asked for: its changes alone must be in
    /// the journal then.
    fn noting_changes(
        &mut self,
        transaction: impl FnOnce(&mut Self) -> Result<Option<Outcome>, ExecError>,
    ) -> Result<Option<Outcome>, ExecError> {
        if !self.tracing.changes {
            return transaction(self);
        }
        self.commit();
        self.changes = Some(Ok(Changes::new()));
        let result = transaction(self);
        self.commit();
        let changes = self.changes.take().transpose().map_err(|error| ExecError::Fatal(error.to_string()))?;
        let mut outcome = result?;
        if let Some(outcome) = &mut outcome {
            note(outcome, changes.unwrap_or_default(), self.tracing.budget);
        }
        Ok(outcome)
    }

    pub(crate) const fn tracing(&self) -> Tracing {
        self.tracing
    }

    /// Gas that hooks used counts in the block too.
    pub(crate) const fn count_gas(&mut self, gas: u64) {
        self.gas_used = self.gas_used.saturating_add(gas);
    }

    /// Takes the journal's changes into the overlay.
    pub(crate) fn commit(&mut self) {
        let journal = &mut self.vm.inner.ctx.journaled_state;
        let state = journal.finalize();
        if let Some(Ok(changes)) = &mut self.changes
            && let Err(error) = gather(changes, &mut journal.database, &state)
        {
            self.changes = Some(Err(error));
        }
        journal.database.commit(state);
    }

    /// What the block changed, sorted.
    pub fn finish(mut self) -> StateDiff {
        self.commit();
        self.vm.inner.ctx.journaled_state.database.into_diff()
    }

    /// A new machine on the same overlay; the old one is dropped whatever state it was in. Only the
    /// recording goes on, for whoever holds a mark to undo it to.
    pub(crate) fn rebuild(&mut self) {
        let overlay = std::mem::replace(
            &mut self.vm.inner.ctx.journaled_state.database,
            Overlay::new(Arc::new(crate::source::MemorySource::default())),
        );
        let (cfg, precompiles) = (self.vm.inner.ctx.cfg.clone(), self.vm.inner.precompiles.clone());
        let extra = &mut self.vm.inner.ctx.chain;
        let (recorder, watcher, budget) = (std::mem::take(&mut extra.recorder), extra.watcher.take(), extra.budget);
        self.vm = Vm::new(overlay, &self.rules, block_env(&self.block));
        self.vm.inner.ctx.cfg = cfg;
        self.vm.inner.precompiles = precompiles;
        *self.vm.recorder() = recorder;
        let extra = &mut self.vm.inner.ctx.chain;
        (extra.watcher, extra.budget) = (watcher, budget);
    }

    /// V-4: status 0, nonce raised, the whole gas limit paid. The journal undoes the transaction entry by
    /// entry, hands over what the block did before it, and is dropped with its machine.
    fn charge_for_panic(&mut self) -> Result<Outcome, ExecError> {
        let tx = self.vm.inner.ctx.tx.clone();
        self.vm.inner.ctx.journaled_state.discard_tx();
        self.commit();
        self.rebuild();
        let (trace, details) = (self.vm.recorder().abort(), self.vm.watched());
        let ctx = &mut self.vm.inner.ctx;
        let price = tx.effective_gas_price(u128::from(self.block.base_fee));
        let fee = U256::from(price).saturating_mul(U256::from(tx.gas_limit));
        {
            let loaded = ctx.journaled_state.load_account_mut(tx.caller);
            let mut payer = loaded.map_err(|error| ExecError::Fatal(error.to_string()))?;
            payer.touch();
            payer.bump_nonce();
            let balance = payer.balance().saturating_sub(fee);
            payer.set_balance(balance);
        }
        credit_fees(ctx, price, tx.gas_limit).map_err(|error| ExecError::Fatal(error.to_string()))?;
        self.commit(); // else the next transaction's failure would undo the charge with its own entries
        Ok(panicked(tx.gas_limit, trace, details))
    }

    /// One of Ethereum's own calls; gives what it returned.
    pub(crate) fn ethereum_call(&mut self, to: Address, data: Bytes) -> Result<Bytes, ExecError> {
        self.vm.start(Tracing::NONE);
        self.vm.inner.ctx.tx = TxEnv::new_system_tx_with_caller(ETHEREUM_SYSTEM, to, data);
        let result = Pipeline.run_system_call(&mut self.vm).map_err(exec_error)?;
        Ok(match result {
            ExecutionResult::Success { output, .. } => output.into_data(),
            _ => Bytes::new(),
        })
    }
}

/// Adds what a transaction changed to its outcome, as far as it fits.
pub(crate) fn note(outcome: &mut Outcome, changes: Changes, budget: usize) {
    outcome.details.count(crate::tracer::size(&changes), budget);
    if !outcome.details.exceeded {
        outcome.details.changes = Some(changes);
    }
}

pub(crate) fn exec_error(error: VmError) -> ExecError {
    match error {
        EVMError::Transaction(invalid) => ExecError::Invalid(invalid),
        other => ExecError::Fatal(other.to_string()),
    }
}

/// What a transaction that panicked comes to: the whole gas limit, and nothing else.
pub(crate) fn panicked(gas_limit: u64, trace: Option<CallFrame>, details: Details) -> Outcome {
    Outcome {
        success: false,
        stopped: Some(Stopped::Panic),
        gas_used: gas_limit,
        gas_refunded: 0,
        logs: Vec::new(),
        output: Bytes::new(),
        created: None,
        moves: Vec::new(),
        trace,
        details,
    }
}

/// Runs one transaction through revm's pipeline, leaving its changes in the journal.
pub(crate) fn run_tx(vm: &mut Vm, tx: TxEnv, tracing: Tracing) -> Result<Outcome, ExecError> {
    vm.start(tracing);
    vm.inner.ctx.tx = tx;
    let result = Pipeline.run(vm).map_err(exec_error)?;
    let recorded = vm.recorded();
    Ok(outcome(result, recorded))
}

type Recorded = (Vec<ValueMove>, Option<CallFrame>, Details);

fn outcome(result: ExecutionResult, (moves, trace, details): Recorded) -> Outcome {
    let (gas_used, gas_refunded) = (result.tx_gas_used(), result.gas().final_refunded());
    let created = result.created_address();
    let (success, stopped, logs, output) = match result {
        ExecutionResult::Success { logs, output, .. } => (true, None, logs, output.into_data()),
        ExecutionResult::Revert { output, .. } => (false, Some(Stopped::Revert), Vec::new(), output),
        ExecutionResult::Halt { reason, .. } => (false, Some(Stopped::Halt(reason)), Vec::new(), Bytes::new()),
    };
    let created = created.filter(|_| success);
    Outcome { success, stopped, gas_used, gas_refunded, logs, output, created, moves, trace, details }
}
