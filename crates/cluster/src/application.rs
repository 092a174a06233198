//! What consensus asks of the chain: a block to propose, and whether a proposed block is right.

use crate::{
    block::{AgreedBlock, Digest},
    execution::Execution,
    transactions::{Remaining, Transactions},
};
use alloy_primitives::map::B256Set;
use commonware_consensus::{
    Application, marshal::ancestry::Ancestry, simplex::scheme::ed25519::Scheme, simplex::types::Context,
};
use commonware_cryptography::{Digested, ed25519::PublicKey};
use commonware_runtime::Clock;
use futures::StreamExt;
use limpid_chain::ChainError;
use std::{
    future,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

/// How far a block's time may be ahead of a validator's clock before it votes, in seconds.
pub const MAX_CLOCK_DRIFT: u64 = 1;

/// How often a block from the future is looked at again.
const CLOCK_STEP: Duration = Duration::from_millis(100);

/// Ancestors that are executed before a block at most: as many as the executor keeps. A validator that misses more is
/// still fetching what is final, and votes when it has done so.
const MAX_MISSING: usize = 256;

/// What came of executing a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is right, and can be built on.
    Right,
    /// It or an ancestor breaks the rules, or contradicts what is final.
    Wrong,
    /// It cannot be told now.
    Open,
}

/// The chain, as an application of consensus. Clones are of the same chain.
#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) execution: Execution,
    pub(crate) transactions: Arc<dyn Transactions>,
    /// A leader waits this long before it builds.
    pub(crate) pace: Duration,
}

fn seconds(clock: &impl Clock) -> u64 {
    clock.current().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

impl Chain {
    /// Executes `block`, and before it those of its ancestors that the executor does not know.
    async fn follow(&self, block: Digested<AgreedBlock>, ancestry: &mut impl Ancestry<AgreedBlock>) -> Verdict {
        let mut missing = vec![block];
        while let Some(next) = missing.last().map(Digested::inner) {
            let head = self.execution.head().block.clone();
            if next.hash() == head.hash {
                missing.pop();
                continue;
            }
            if next.number() <= head.number() {
                return Verdict::Open;
            }
            match self.execution.execute(next.block()) {
                Ok(_) => drop(missing.pop()),
                // The head moved meanwhile.
                Err(ChainError::AlreadyCommitted { .. }) => {}
                Err(ChainError::UnknownParent(_) | ChainError::ParentNotHead { .. })
                    if self.execution.head().block.hash != head.hash => {}
                Err(ChainError::ParentNotHead { .. }) => return Verdict::Wrong,
                // Its parent stands where the head does, and is another.
                Err(ChainError::UnknownParent(_)) if next.number() == head.number().saturating_add(1) => {
                    return Verdict::Wrong;
                }
                Err(ChainError::UnknownParent(_)) if missing.len() < MAX_MISSING => match ancestry.next().await {
                    Some(parent) => missing.push(parent),
                    None => return Verdict::Open,
                },
                Err(error) if error.is_invalid_block() => {
                    tracing::warn!(%error, height = next.number(), "no vote");
                    return Verdict::Wrong;
                }
                Err(error) => {
                    tracing::error!(%error, height = next.number(), "cannot execute");
                    return Verdict::Open;
                }
            }
        }
        Verdict::Right
    }

    /// The transactions of the blocks from the newest of `ancestry` down to the head.
    async fn taken(&self, mut ancestry: impl Ancestry<AgreedBlock>) -> B256Set {
        let mut taken = B256Set::default();
        while let Some(block) = ancestry.next().await {
            if block.inner().number() <= self.execution.head().block.number() {
                break;
            }
            taken.extend(block.inner().block().transactions.iter().map(|tx| tx.hash()));
        }
        taken
    }
}

impl<E: Clock> Application<E> for Chain {
    type SigningScheme = Scheme;
    type Context = Context<Digest, PublicKey>;
    type Block = AgreedBlock;
    type Input = ();

    async fn propose(
        &mut self,
        (clock, _): (E, Self::Context),
        mut ancestry: impl Ancestry<AgreedBlock>,
        (): (),
    ) -> Option<Digested<AgreedBlock>> {
        clock.sleep(self.pace).await;
        let from_parent = ancestry.clone();
        let parent = ancestry.next().await?;
        if self.follow(parent.clone(), &mut ancestry).await != Verdict::Right {
            return None;
        }
        let taken = self.taken(from_parent).await;
        let parent = parent.inner();
        let mut txs = Remaining::new(self.transactions.best(&parent.block().header), taken);
        match self.execution.build(parent.hash(), seconds(&clock), &mut txs) {
            Ok(executed) => Some(AgreedBlock::new(executed.block.block.unseal()).digested()),
            Err(error) => {
                tracing::error!(%error, parent = %parent.hash(), "no block to propose");
                None
            }
        }
    }

    async fn verify(&mut self, (clock, _): (E, Self::Context), mut ancestry: impl Ancestry<AgreedBlock>) -> bool {
        let Some(block) = ancestry.next().await else { return future::pending().await };
        while block.inner().block().header.timestamp > seconds(&clock).saturating_add(MAX_CLOCK_DRIFT) {
            clock.sleep(CLOCK_STEP).await;
        }
        match self.follow(block, &mut ancestry).await {
            Verdict::Right => true,
            Verdict::Wrong => false,
            // Consensus drops this with the view.
            Verdict::Open => future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;
    use commonware_consensus::marshal::ancestry;
    use futures::executor::block_on;
    use limpid_chain::{Executor, Genesis, Ledger, ledger::rules_of, pool::TxSource};
    use limpid_state::MemStore;
    use std::collections::VecDeque;

    struct Nothing;

    impl Transactions for Nothing {
        fn best(&self, _parent: &alloy_consensus::Header) -> Box<dyn TxSource + Send> {
            Box::new(VecDeque::new())
        }

        fn committed(&self, _block: &limpid_chain::Executed) {}
    }

    fn ledger() -> Arc<Ledger> {
        let genesis = Genesis::dev(31_337);
        let rules = rules_of(&genesis);
        Arc::new(Ledger::open(Arc::new(MemStore::new()), genesis, rules, None).unwrap())
    }

    /// Empty blocks, one over the other.
    fn blocks(over: B256, times: impl IntoIterator<Item = u64>) -> Vec<Digested<AgreedBlock>> {
        let (maker, mut parent) = (ledger(), over);
        let mut build = |time| {
            let executed = maker.build(parent, time, &mut VecDeque::new()).unwrap();
            parent = executed.hash();
            AgreedBlock::new(executed.block.block.unseal()).digested()
        };
        times.into_iter().map(&mut build).collect()
    }

    /// What becomes of the last of `blocks` if the others are its ancestry.
    fn follow(ledger: &Arc<Ledger>, blocks: &[Digested<AgreedBlock>]) -> Verdict {
        let chain =
            Chain { execution: Execution::new(ledger.clone()), transactions: Arc::new(Nothing), pace: Duration::ZERO };
        let (last, before) = blocks.split_last().unwrap();
        let mut ancestry = ancestry::from_iter(before.iter().rev().cloned());
        block_on(chain.follow(last.clone(), &mut ancestry))
    }

    #[test]
    fn missing_ancestors_are_executed_first() {
        let ledger = ledger();
        let chain = blocks(ledger.head().block.hash, 1..=5);
        assert_eq!(follow(&ledger, &chain[4..]), Verdict::Open, "nobody has the ancestors");
        assert_eq!(follow(&ledger, &chain), Verdict::Right);
        assert!(chain.iter().all(|block| ledger.pending_block(block.inner().hash()).is_some()));
        assert_eq!(ledger.head().block.number(), 0, "nothing is committed");
    }

    #[test]
    fn what_contradicts_a_final_block_is_wrong() {
        let ledger = ledger();
        let genesis = ledger.head().block.hash;
        let (chain, fork) = (blocks(genesis, [1, 2]), blocks(genesis, [3, 4]));
        assert_eq!(follow(&ledger, &chain[..1]), Verdict::Right);
        ledger.commit(chain[0].inner().hash()).unwrap();
        assert_eq!(follow(&ledger, &fork), Verdict::Wrong, "over another block 1");
        let mut late = blocks(genesis, [5])[0].inner().block().clone();
        late.header.number = 2;
        let late = AgreedBlock::new(late).digested();
        assert_eq!(follow(&ledger, &[late]), Verdict::Wrong, "over a committed block that is not the head");
        assert_eq!(follow(&ledger, &fork[..1]), Verdict::Open, "a vote at a final height is of no use");
        assert_eq!(follow(&ledger, &chain[..1]), Verdict::Right, "the head can be built on");
        assert_eq!(follow(&ledger, &chain), Verdict::Right);
    }

    #[test]
    fn too_many_missing_ancestors_leave_it_open() {
        let ledger = ledger();
        let maker = self::ledger();
        let mut chain = Vec::new();
        for time in 0..=MAX_MISSING as u64 {
            let executed = maker.build(maker.head().block.hash, time, &mut VecDeque::new()).unwrap();
            maker.commit(executed.hash()).unwrap();
            chain.push(AgreedBlock::new(executed.block.block.unseal()).digested());
        }
        assert_eq!(follow(&ledger, &chain), Verdict::Open);
        assert_eq!(follow(&ledger, &chain[..MAX_MISSING]), Verdict::Right);
    }
}
