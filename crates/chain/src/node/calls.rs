//! Calls and estimates: what execution would do, on threads of their own, within limits.

use super::{
    Inner, Node,
    traces::{Between, complete},
};
use crate::{
    edit::Edited,
    error::ChainError,
    ledger::{BlockPlan, Executed, SimulateError, SimulatedBlock, VirtualBlock, VirtualOptions},
    tx::{LEAST_GAS, MAX_GAS},
    workers::WorkError,
};
use alloy_eips::{BlockId, eip4895::Withdrawal};
use alloy_primitives::{Address, B256};
use limpid_evm::{
    BlockContext, ExecError, Outcome, Source, StateDiff, Tracing, TxEnv,
    simulate::{EstimateError, Options, OverrideError, Overrides, Simulator, check_overrides},
};
use limpid_native::Ctx;
use std::{sync::Arc, time::Duration};

/// How many seconds after its block an estimate runs.
const LATER: u64 = 1;

/// What a call pretends about its block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockOverride {
    /// Height.
    pub number: Option<u64>,
    /// Seconds since 1970.
    pub timestamp: Option<u64>,
    /// Gas limit.
    pub gas_limit: Option<u64>,
    /// Wei per gas.
    pub base_fee: Option<u64>,
    /// Who receives fees.
    pub beneficiary: Option<Address>,
    /// The "random" number.
    pub prevrandao: Option<B256>,
    /// Wei per unit of blob gas.
    pub blob_base_fee: Option<u128>,
    /// The parent's beacon root; of virtual blocks alone.
    pub beacon_root: Option<B256>,
    /// What the beacon chain pays out; of virtual blocks alone.
    pub withdrawals: Option<Vec<Withdrawal>>,
}

/// On what a call runs.
#[derive(Debug, Clone, Default)]
pub struct CallOptions {
    /// After which block; the head by default. The call sees that block's number and time.
    pub at: BlockId,
    /// Within that block, before its transaction of this index.
    pub before: Option<usize>,
    /// Pretended accounts.
    pub accounts: Overrides,
    /// Pretended block.
    pub block: BlockOverride,
    /// What to keep beside the outcome.
    pub trace: Tracing,
    /// Check nonce, balance and fees as for a real transaction.
    pub strict: bool,
}

/// Why a call has no outcome. A call that reverts has one.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No such block.
    #[error("header not found")]
    UnknownBlock,
    /// A block has fewer transactions.
    #[error("block {height} has {has} transactions: there is no index {index}")]
    NoIndex {
        /// The block's height.
        height: u64,
        /// Its transactions.
        has: usize,
        /// What was asked for.
        index: usize,
    },
    /// No such transaction in any block.
    #[error("transaction not found")]
    UnknownTransaction,
    /// Too many, too slow, or broken.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The call could never be a transaction, or the database failed.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// Pretended accounts that make no sense.
    #[error(transparent)]
    Override(#[from] OverrideError),
    /// A block that was given and cannot be executed.
    #[error("the block cannot be executed: {0}")]
    Given(String),
    /// The trace takes more memory than it may.
    #[error(
        "the trace takes more than {} MiB: ask for less of it (one transaction instead of a block, a limit, disableStack, \
         disableStorage, no memory, onlyTopCall)",
        Tracing::NONE.budget >> 20
    )]
    TraceTooLarge,
    /// No gas limit makes it succeed.
    #[error(transparent)]
    Estimate(#[from] EstimateError),
    /// The node failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl Node {
    /// Runs a call. Its gas limit is cut to the node's limit.
    pub fn call(&self, tx: TxEnv, options: CallOptions) -> Result<Outcome, CallError> {
        let how = Options { trace: options.trace, strict: options.strict };
        self.simulate(tx, options, 0, move |simulator, tx| complete(simulator.call(tx, how)?))
    }

    /// Runs a call and gives what it would change too.
    pub fn call_with_diff(&self, tx: TxEnv, options: CallOptions) -> Result<(Outcome, StateDiff), CallError> {
        let how = Options { trace: options.trace, strict: options.strict };
        self.simulate(tx, options, 0, move |simulator, tx| Ok(simulator.call_with_diff(tx, how)?))
    }

    /// The least gas limit with which the call succeeds, at most what a transaction may ask for.
    ///
    /// It runs [`LATER`] than the block that it is asked at: contracts that keep time, price accumulators among them,
    /// write more in the first call of a new second, and the transaction will mostly be in one.
    pub fn estimate_gas(&self, tx: TxEnv, options: CallOptions) -> Result<u64, CallError> {
        let cap = tx.gas_limit.min(MAX_GAS).min(self.ledger().user_gas()).min(self.inner().options.call_gas);
        self.simulate(tx, options, LATER, move |simulator, tx| {
            // A plain transfer is asked for most, and its answer should be exact.
            if tx.data.is_empty() && cap >= LEAST_GAS {
                let plain = TxEnv { gas_limit: LEAST_GAS, ..tx.clone() };
                if simulator.call(plain, Options::default()).is_ok_and(|outcome| outcome.success) {
                    return Ok(LEAST_GAS);
                }
            }
            Ok(simulator.estimate(&tx, cap)?)
        })
    }

    /// Looks at native contracts' state after a block with their own Rust code. `body` may read and not write.
    pub fn inspect<T: Send + 'static>(
        &self,
        at: BlockId,
        gas: u64,
        body: impl for<'c> FnOnce(Ctx<'c>) -> limpid_native::Result<T> + Send + 'static,
    ) -> Result<T, CallError> {
        let options = CallOptions { at, ..CallOptions::default() };
        let nobody = Address::ZERO;
        self.simulate(TxEnv::default(), options, 0, move |simulator, _| Ok(simulator.inspect(nobody, gas, body)?))
    }

    pub(super) fn simulate<T: Send + 'static>(
        &self,
        mut tx: TxEnv,
        options: CallOptions,
        later: u64,
        job: impl FnOnce(&Simulator, TxEnv) -> Result<T, CallError> + Send + 'static,
    ) -> Result<T, CallError> {
        tx.gas_limit = tx.gas_limit.min(self.inner().options.call_gas);
        self.work(move |inner| {
            let (source, header) = match options.before {
                Some(index) => inner.source_before(options.at, index)?,
                None => inner.source_after(options.at)?,
            };
            check_overrides(inner.ledger.rules(), &options.accounts)?;
            let mut block = inner.ledger.context(&header);
            block.timestamp = block.timestamp.saturating_add(later);
            let block = pretend(block, &options.block);
            let simulator = Simulator::new(source, inner.ledger.rules(), block, options.accounts);
            job(&simulator, tx)
        })
    }

    /// Executes blocks that are only pretended, each over the one before and the first over `at`. Together they may use
    /// as much gas as one call.
    pub fn simulate_blocks(
        &self,
        at: BlockId,
        blocks: Vec<VirtualBlock>,
        options: VirtualOptions,
    ) -> Result<Vec<SimulatedBlock>, SimulateError> {
        let gas = self.inner().options.call_gas;
        self.work(move |inner| {
            let base = inner.block(at)?.ok_or(CallError::UnknownBlock)?;
            let state = inner.state_at(base.block.number())?;
            Ok(inner.ledger.simulate(&base.block, state, blocks, options, gas))
        })?
    }

    /// Makes a block over the head of a foreign chain, and forgets it again.
    pub fn plan_block(&self, parent: B256, plan: BlockPlan) -> Result<Executed, CallError> {
        self.work(move |inner| Ok(inner.ledger.plan(parent, plan, &inner.pool)?))
    }

    /// Has a thread for calls run `job`. Calls that it makes run on that same thread: it asks for several things and is
    /// handed over once. How long it takes is for whoever waits to see, [`NodeOptions::call_timeout`](super::NodeOptions)
    /// being the most that is meant.
    pub fn on_call_thread(&self, job: impl FnOnce() + Send + 'static) -> Result<Duration, WorkError> {
        self.inner().workers.submit(job)?;
        Ok(self.inner().options.call_timeout)
    }

    /// Runs a job that executes transactions on a thread with enough stack for them.
    pub(super) fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Inner) -> Result<T, CallError> + Send + 'static,
    ) -> Result<T, CallError> {
        let inner = self.0.inner.clone();
        self.inner().workers.run(self.inner().options.call_timeout, move || job(&inner))?
    }
}

impl Inner {
    /// The state after a block, and the block's header.
    fn source_after(&self, id: BlockId) -> Result<(Arc<dyn Source>, alloy_consensus::Header), CallError> {
        let block = self.block(id)?.ok_or(CallError::UnknownBlock)?;
        let state = self.state_at(block.block.number())?;
        let source = self.ledger.source(state, block.block.hash, block.block.number());
        Ok((Arc::new(source), block.block.header.clone()))
    }

    /// The state before a transaction of a block, and the block's header.
    fn source_before(
        &self,
        id: BlockId,
        index: usize,
    ) -> Result<(Arc<dyn Source>, alloy_consensus::Header), CallError> {
        let height = self.height(id)?.ok_or(CallError::UnknownBlock)?;
        let Between { block, parent, changed } = self.before_transaction(height, index)?;
        let state = Edited::new(self.state_at(parent)?, Arc::new(changed));
        let source = self.ledger.source(state, block.block.header.parent_hash, parent);
        Ok((Arc::new(source), block.block.header.clone()))
    }
}

fn pretend(block: BlockContext, with: &BlockOverride) -> BlockContext {
    BlockContext {
        number: with.number.unwrap_or(block.number),
        timestamp: with.timestamp.unwrap_or(block.timestamp),
        gas_limit: with.gas_limit.unwrap_or(block.gas_limit),
        base_fee: with.base_fee.unwrap_or(block.base_fee),
        beneficiary: with.beneficiary.unwrap_or(block.beneficiary),
        prevrandao: with.prevrandao.unwrap_or(block.prevrandao),
        blob_base_fee: with.blob_base_fee.or(block.blob_base_fee),
        ..block
    }
}
