//! What is final is committed.

use crate::{block::AgreedBlock, execution::Execution, transactions::Transactions};
use commonware_actor::Feedback;
use commonware_consensus::{Reporter, marshal::Update};
use commonware_cryptography::Digested;
use commonware_utils::{Acknowledgement, acknowledgement::Exact};
use futures::{StreamExt, channel::mpsc};
use limpid_chain::ChainError;
use std::sync::Arc;

/// A final block, to be acknowledged when it is committed.
type Final = (Digested<AgreedBlock>, Exact);

/// Takes final blocks in order of height. There are never more of them than consensus leaves unacknowledged.
#[derive(Clone)]
pub(crate) struct Finality(mpsc::UnboundedSender<Final>);

impl Finality {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Final>) {
        let (sender, receiver) = mpsc::unbounded();
        (Self(sender), receiver)
    }
}

impl Reporter for Finality {
    type Activity = Update<AgreedBlock>;

    fn report(&mut self, update: Self::Activity) -> Feedback {
        let Update::Block(block, acknowledgement) = update else { return Feedback::Ok };
        match self.0.unbounded_send((block, acknowledgement)) {
            Ok(()) => Feedback::Ok,
            Err(_) => Feedback::Closed,
        }
    }
}

/// Commits what comes until a block cannot be committed: what is dropped unacknowledged stops consensus.
pub(crate) async fn commit_all(
    mut blocks: mpsc::UnboundedReceiver<Final>,
    execution: Execution,
    transactions: Arc<dyn Transactions>,
) {
    while let Some((block, acknowledgement)) = blocks.next().await {
        if let Err(error) = commit(block.inner(), &execution, transactions.as_ref()) {
            tracing::error!(%error, height = block.inner().number(), "this validator stops: it cannot commit");
            return;
        }
        acknowledgement.acknowledge();
    }
}

/// A block may come again, after a crash between the commit and the acknowledgement.
fn commit(block: &AgreedBlock, execution: &Execution, transactions: &dyn Transactions) -> Result<(), ChainError> {
    loop {
        let executed = match execution.execute(block.block()) {
            Err(ChainError::AlreadyCommitted { .. }) => return Ok(()),
            executed => executed?,
        };
        match execution.commit(&executed) {
            // Forgotten before it was committed, because too many others wait.
            Err(ChainError::UnknownBlock(_)) => {}
            Err(error) => return Err(error),
            Ok(()) => {
                transactions.committed(&executed);
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;
    use limpid_chain::{Executed, Executor, Genesis, Ledger, ledger::rules_of, pool::TxSource};
    use limpid_state::MemStore;
    use std::{
        collections::VecDeque,
        sync::atomic::{AtomicUsize, Ordering},
    };

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Transactions for Count {
        fn best(&self, _parent: &alloy_consensus::Header) -> Box<dyn TxSource + Send> {
            Box::new(VecDeque::new())
        }

        fn committed(&self, _block: &Executed) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn ledger() -> Arc<Ledger> {
        let genesis = Genesis::dev(31_337);
        let rules = rules_of(&genesis);
        Arc::new(Ledger::open(Arc::new(MemStore::new()), genesis, rules, None).unwrap())
    }

    #[test]
    fn a_final_block_is_committed_once_and_another_one_never() {
        let (maker, own, count) = (ledger(), ledger(), Count::default());
        let genesis = maker.head().block.hash;
        let build = |parent, time| {
            let executed = maker.build(parent, time, &mut VecDeque::new()).unwrap();
            AgreedBlock::new(executed.block.block.unseal())
        };
        let (one, other) = (build(genesis, 1), build(genesis, 2));
        let two = build(one.hash(), 3);
        let execution = Execution::new(own.clone());
        // Never seen before: it is executed. Delivered again: nothing happens.
        for _ in 0..2 {
            commit(&one, &execution, &count).unwrap();
            assert_eq!((own.head().block.hash, count.0.load(Ordering::Relaxed)), (one.hash(), 1));
        }
        let refused = commit(&other, &execution, &count).unwrap_err();
        assert!(matches!(refused, ChainError::ParentNotHead { height: 0, head: 1, .. }), "{refused}");
        commit(&two, &execution, &count).unwrap();
        commit(&one, &execution, &count).unwrap();
        assert_eq!((own.head().block.hash, count.0.load(Ordering::Relaxed)), (two.hash(), 2));
    }

    /// A full cache of blocks that wait may lose one between its execution and its commit.
    struct Forgetful(Arc<Ledger>, AtomicUsize);

    impl Executor for Forgetful {
        fn build(&self, parent: B256, timestamp: u64, txs: &mut dyn TxSource) -> Result<Arc<Executed>, ChainError> {
            self.0.build(parent, timestamp, txs)
        }

        fn execute(&self, block: &limpid_chain::Block) -> Result<Arc<Executed>, ChainError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.execute(block)
        }

        fn commit(&self, hash: B256) -> Result<(), ChainError> {
            if self.1.load(Ordering::Relaxed) < 3 { Err(ChainError::UnknownBlock(hash)) } else { self.0.commit(hash) }
        }

        fn head(&self) -> Arc<limpid_chain::BlockWithReceipts> {
            self.0.head()
        }
    }

    #[test]
    fn a_final_block_that_was_forgotten_is_executed_again() {
        let (maker, own) = (ledger(), ledger());
        let executed = maker.build(maker.head().block.hash, 1, &mut VecDeque::new()).unwrap();
        let block = AgreedBlock::new(executed.block.block.unseal());
        let execution = Execution::new(Arc::new(Forgetful(own.clone(), AtomicUsize::new(0))));
        commit(&block, &execution, &Count::default()).unwrap();
        assert_eq!(own.head().block.hash, block.hash());
    }

    /// What cannot be committed is not acknowledged.
    #[test]
    fn a_validator_that_cannot_commit_stops() {
        let (maker, own) = (ledger(), ledger());
        let executed = maker.build(maker.head().block.hash, 1, &mut VecDeque::new()).unwrap();
        let mut block = executed.block.block.unseal();
        block.header.state_root = Default::default();
        let (mut finality, finals) = Finality::new();
        let (acknowledgement, waiter) = Exact::handle();
        let bad = AgreedBlock::new(block).digested();
        assert_eq!(finality.report(Update::Block(bad.clone(), acknowledgement)), Feedback::Ok);
        futures::executor::block_on(commit_all(finals, Execution::new(own.clone()), Arc::new(Count::default())));
        assert!(futures::executor::block_on(waiter).is_err());
        assert_eq!(own.head().block.number(), 0);
        assert_eq!(finality.report(Update::Block(bad, Exact::handle().0)), Feedback::Closed);
    }
}
