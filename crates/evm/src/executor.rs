//! One block, transaction by transaction.

use crate::{
    registry::Rules,
    source::{Overlay, Source},
    types::{BlockContext, ExecError, Outcome, StateDiff, Stopped},
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
    tracing: bool,
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
        Self { vm, rules: rules.clone(), block, tracing: false, gas_used: 0 }
    }

    /// Keeps call trees from now on.
    pub const fn trace(&mut self, on: bool) {
        self.tracing = on;
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
        crate::hooks::run(self, crate::hooks::Phase::Begin)
    }

    /// The end-block hook's work.
    ///
    /// # Errors
    /// [`ExecError::Fatal`] when the database fails.
    pub fn end(&mut self) -> Result<Option<Outcome>, ExecError> {
        crate::hooks::run(self, crate::hooks::Phase::End)
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
        let outcome = match run_tx(&mut self.vm, tx, self.tracing) {
            Err(ExecError::Fatal(_)) if self.vm.panicked.is_some() => self.charge_for_panic()?,
            other => other?,
        };
        self.gas_used = self.gas_used.saturating_add(outcome.gas_used);
        // The journal keeps the block's changes and stays warm. Only an account that destroyed itself must
        // leave it at once: the journal's mark would outlive a later transaction that revives the account.
        if std::mem::take(&mut self.vm.inner.ctx.chain.destroyed) {
            self.commit();
        }
        Ok(outcome)
    }

    pub(crate) const fn tracing(&self) -> bool {
        self.tracing
    }

    /// Gas that hooks used counts in the block too.
    pub(crate) const fn count_gas(&mut self, gas: u64) {
        self.gas_used = self.gas_used.saturating_add(gas);
    }

    /// Takes the journal's changes into the overlay.
    pub(crate) fn commit(&mut self) {
        let changes = self.vm.inner.ctx.journaled_state.finalize();
        self.vm.inner.ctx.journaled_state.db_mut().commit(changes);
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
        let recorder = std::mem::take(self.vm.recorder());
        let (cfg, precompiles) = (self.vm.inner.ctx.cfg.clone(), self.vm.inner.precompiles.clone());
        self.vm = Vm::new(overlay, &self.rules, block_env(&self.block));
        *self.vm.recorder() = recorder;
        self.vm.inner.ctx.cfg = cfg;
        self.vm.inner.precompiles = precompiles;
    }

    /// V-4: status 0, nonce raised, the whole gas limit paid. The journal undoes the transaction entry by
    /// entry, hands over what the block did before it, and is dropped with its machine.
    fn charge_for_panic(&mut self) -> Result<Outcome, ExecError> {
        let tx = self.vm.inner.ctx.tx.clone();
        self.vm.inner.ctx.journaled_state.discard_tx();
        self.commit();
        self.rebuild();
        let trace = self.vm.recorder().abort();
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
        Ok(panicked(tx.gas_limit, trace))
    }

    /// One of Ethereum's own calls; gives what it returned.
    pub(crate) fn ethereum_call(&mut self, to: Address, data: Bytes) -> Result<Bytes, ExecError> {
        self.vm.recorder().start(false);
        self.vm.inner.ctx.tx = TxEnv::new_system_tx_with_caller(ETHEREUM_SYSTEM, to, data);
        let result = Pipeline.run_system_call(&mut self.vm).map_err(exec_error)?;
        Ok(match result {
            ExecutionResult::Success { output, .. } => output.into_data(),
            _ => Bytes::new(),
        })
    }
}

pub(crate) fn exec_error(error: VmError) -> ExecError {
    match error {
        EVMError::Transaction(invalid) => ExecError::Invalid(invalid),
        other => ExecError::Fatal(other.to_string()),
    }
}

/// What a transaction that panicked comes to: the whole gas limit, and nothing else.
pub(crate) fn panicked(gas_limit: u64, trace: Option<crate::types::CallFrame>) -> Outcome {
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
    }
}

/// Runs one transaction through revm's pipeline, leaving its changes in the journal.
pub(crate) fn run_tx(vm: &mut Vm, tx: TxEnv, tracing: bool) -> Result<Outcome, ExecError> {
    vm.recorder().start(tracing);
    vm.inner.ctx.tx = tx;
    let result = Pipeline.run(vm).map_err(exec_error)?;
    let (moves, trace) = vm.recorder().finish();
    Ok(outcome(result, moves, trace))
}

fn outcome(
    result: ExecutionResult,
    moves: Vec<crate::types::ValueMove>,
    trace: Option<crate::types::CallFrame>,
) -> Outcome {
    let (gas_used, gas_refunded) = (result.tx_gas_used(), result.gas().final_refunded());
    let created = result.created_address();
    let (success, stopped, logs, output) = match result {
        ExecutionResult::Success { logs, output, .. } => (true, None, logs, output.into_data()),
        ExecutionResult::Revert { output, .. } => (false, Some(Stopped::Revert), Vec::new(), output),
        ExecutionResult::Halt { reason, .. } => (false, Some(Stopped::Halt(reason)), Vec::new(), Bytes::new()),
    };
    let created = created.filter(|_| success);
    Outcome { success, stopped, gas_used, gas_refunded, logs, output, created, moves, trace }
}
