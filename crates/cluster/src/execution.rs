//! The executor, each call on a thread with the stack that execution needs.

use limpid_chain::{Block, BlockWithReceipts, ChainError, Executed, Executor, STACK, pool::TxSource};
use std::{sync::Arc, thread};

/// The executor of one validator.
#[derive(Clone)]
pub(crate) struct Execution(Arc<dyn Executor>);

impl Execution {
    pub(crate) fn new(executor: Arc<dyn Executor>) -> Self {
        Self(executor)
    }

    pub(crate) fn head(&self) -> Arc<BlockWithReceipts> {
        self.0.head()
    }

    pub(crate) fn build(
        &self,
        parent: alloy_primitives::B256,
        timestamp: u64,
        txs: &mut (dyn TxSource + Send),
    ) -> Result<Arc<Executed>, ChainError> {
        self.run(move |executor| executor.build(parent, timestamp, txs))
    }

    pub(crate) fn execute(&self, block: &Block) -> Result<Arc<Executed>, ChainError> {
        self.run(|executor| executor.execute(block))
    }

    pub(crate) fn commit(&self, executed: &Executed) -> Result<(), ChainError> {
        self.run(|executor| executor.commit(executed.hash()))
    }

    /// Waits for `job`: if the task went on meanwhile, virtual time would pass as fast as this machine happens to be.
    fn run<T: Send>(&self, job: impl FnOnce(&dyn Executor) -> Result<T, ChainError> + Send) -> Result<T, ChainError> {
        thread::scope(|scope| {
            let thread = thread::Builder::new().name("limpid-execution".to_owned()).stack_size(STACK);
            let running = thread
                .spawn_scoped(scope, || job(self.0.as_ref()))
                .map_err(|error| ChainError::Execution(format!("no thread for blocks: {error}")))?;
            running.join().unwrap_or_else(|_| Err(ChainError::Execution("the executor panicked".to_owned())))
        })
    }
}
