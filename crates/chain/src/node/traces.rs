//! Traces: blocks and transactions executed again, with everything that a tracer wants to know.

use super::{CallError, CallOptions, Inner, Node};
use crate::{
    block::{Block, BlockWithReceipts},
    edit::{self, Edited},
    source::{StateSource, state_diff},
    tx::{self, Phase, Recovered},
    workers::WorkError,
};
use alloy_consensus::Header;
use alloy_eips::{BlockId, eip2930::AccessList};
use alloy_primitives::B256;
use limpid_evm::{BlockExecutor, Outcome, Tracing, TxEnv};
use limpid_state::{StateDiff, StateRead};
use std::{sync::Arc, time::Instant};

/// A transaction and what it did.
pub type Traced = (Arc<Recovered>, Outcome);

impl Node {
    /// What a transaction that is in a block did.
    pub fn trace_transaction(&self, hash: B256, tracing: Tracing) -> Result<Outcome, CallError> {
        let at = self.position(hash)?.ok_or(CallError::UnknownTransaction)?;
        self.work(move |inner| {
            let index = usize::try_from(at.index).unwrap_or(usize::MAX);
            let traced = inner.replay(at.height, Some(index), tracing)?.pop();
            traced.map(|(_, outcome)| outcome).ok_or(CallError::UnknownTransaction)
        })
    }

    /// What every transaction of a block did, system transactions included; nothing for block 0.
    pub fn trace_block(&self, id: BlockId, tracing: Tracing) -> Result<Vec<Traced>, CallError> {
        let height = self.height(id)?.ok_or(CallError::UnknownBlock)?;
        self.work(move |inner| inner.replay(height, None, tracing))
    }

    /// What the transactions of a given block would do, or did, over its parent, which must be known.
    pub fn trace_given(&self, block: Block, tracing: Tracing) -> Result<Vec<Traced>, CallError> {
        let hash = block.header.hash_slow();
        if let Some(height) = self.height(hash.into())? {
            return self.work(move |inner| inner.replay(height, None, tracing));
        }
        let parent = block.header.parent_hash;
        let height = self.height(parent.into())?.ok_or(CallError::UnknownBlock)?;
        self.work(move |inner| {
            let dev = inner.ledger.genesis().dev;
            let recover =
                |tx| Recovered::recover_on(tx, dev).map(Arc::new).map_err(|error| CallError::Given(error.to_string()));
            let txs = block.transactions.into_iter().map(recover).collect::<Result<Vec<_>, _>>()?;
            let source = inner.ledger.source(inner.state_at(height)?, parent, height);
            inner.execute_again(source, &block.header, &txs, None, tracing)
        })
    }

    /// Runs calls one after the other, each on what the ones before it changed. Together they may use as much gas as
    /// one call.
    pub fn calls(&self, calls: Vec<(TxEnv, Tracing)>, options: CallOptions) -> Result<Vec<Outcome>, CallError> {
        let strict = options.strict;
        let gas = self.inner().options.call_gas;
        self.simulate(TxEnv::default(), options, 0, move |simulator, _| {
            let outcomes = simulator.calls(calls, gas, strict)?;
            outcomes.into_iter().map(complete).collect()
        })
    }

    /// The accounts and slots that a call touches, and what it does with them as its access list.
    pub fn access_list(&self, tx: TxEnv, options: CallOptions) -> Result<(AccessList, Outcome), CallError> {
        let strict = options.strict;
        self.simulate(tx, options, 0, move |simulator, tx| Ok(simulator.access_list(tx, strict)?))
    }
}

/// An outcome with everything that was asked for.
pub(super) fn complete(outcome: Outcome) -> Result<Outcome, CallError> {
    if outcome.details.exceeded { Err(CallError::TraceTooLarge) } else { Ok(outcome) }
}

/// The state between two transactions of a block.
pub(super) struct Between {
    /// The block.
    pub(super) block: Arc<BlockWithReceipts>,
    /// The height of the block before.
    pub(super) parent: u64,
    /// What changed since then.
    pub(super) changed: StateDiff,
}

impl Inner {
    /// What a block changed before its transaction `index`: of none it is what the block's begin changed.
    pub(super) fn before_transaction(&self, height: u64, index: usize) -> Result<Between, CallError> {
        let (started, timeout) = (Instant::now(), self.options.call_timeout);
        let block = self.block_at(height)?.ok_or(CallError::UnknownBlock)?;
        let (txs, header) = (&block.block.transactions, &block.block.header);
        let has = txs.len();
        let parent = height.checked_sub(1).filter(|_| index < has).ok_or(CallError::NoIndex { height, has, index })?;
        let edits = Arc::new(self.ledger.edits_of(height)?);
        let state = Edited::new(self.state_at(parent)?, edits.clone());
        let source = self.ledger.source(state, header.parent_hash, parent);
        let mut executor = BlockExecutor::new(Arc::new(source), self.ledger.rules(), self.ledger.context(header));
        executor.begin()?;
        for tx in txs.iter().take(index) {
            // System transactions: the begin hook's has happened, and nothing stands behind the end hook's.
            if let Some(env) = tx::env(tx) {
                executor.transact_as(env, tx.is_impersonated())?;
            }
            if started.elapsed() > timeout {
                return Err(WorkError::Timeout(timeout).into());
            }
        }
        let changed = edit::merge(&edits, state_diff(executor.finish()));
        Ok(Between { block, parent, changed })
    }

    /// Executes a block again: what one of its transactions did, or all.
    fn replay(&self, height: u64, only: Option<usize>, tracing: Tracing) -> Result<Vec<Traced>, CallError> {
        let block = self.block_at(height)?.ok_or(CallError::UnknownBlock)?;
        let BlockWithReceipts { block, .. } = block.as_ref();
        let Some(parent) = height.checked_sub(1) else { return Ok(Vec::new()) };
        let edits = Arc::new(self.ledger.edits_of(height)?);
        let state = Edited::new(self.state_at(parent)?, edits);
        let source = self.ledger.source(state, block.header.parent_hash, parent);
        self.execute_again(source, &block.header, &block.transactions, only, tracing)
    }

    fn execute_again<S: StateRead + 'static>(
        &self,
        source: StateSource<S>,
        header: &Header,
        txs: &[Arc<Recovered>],
        only: Option<usize>,
        mut tracing: Tracing,
    ) -> Result<Vec<Traced>, CallError> {
        let (started, timeout) = (Instant::now(), self.options.call_timeout);
        let mut executor = BlockExecutor::new(Arc::new(source), self.ledger.rules(), self.ledger.context(header));
        let mut traced = Vec::new();
        let first_is_begin = txs.first().and_then(|tx| tx.as_system()).is_some_and(|tx| tx.phase == Phase::Begin);
        executor.trace(if first_is_begin && only.is_none_or(|only| only == 0) { tracing } else { Tracing::NONE });
        let mut begin = executor.begin()?;
        for (index, tx) in txs.iter().enumerate() {
            let wanted = only.is_none_or(|only| only == index);
            executor.trace(if wanted { tracing } else { Tracing::NONE });
            let outcome = match tx::env(tx) {
                Some(env) => executor.transact_as(env, tx.is_impersonated())?,
                None if index == 0 && first_is_begin => begin.take().ok_or_else(no_work)?,
                None => executor.end()?.ok_or_else(no_work)?,
            };
            if wanted {
                let outcome = complete(outcome)?;
                tracing.budget = tracing.budget.saturating_sub(outcome.details.bytes);
                traced.push((tx.clone(), outcome));
            }
            if only == Some(index) {
                break;
            }
            // Whoever asked has stopped waiting.
            if started.elapsed() > timeout {
                return Err(WorkError::Timeout(timeout).into());
            }
        }
        Ok(traced)
    }
}

fn no_work() -> CallError {
    CallError::Given("a system transaction in it had nothing to do".to_owned())
}
