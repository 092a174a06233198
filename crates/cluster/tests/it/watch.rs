//! An executor that notes what a validator asks of it, and one that lies or fails.

use alloy_primitives::B256;
use limpid_chain::{
    Block, BlockWithReceipts, ChainError, Executed, Executor, Ledger, Recovered, SealedBlock,
    pool::{Refusal, TxSource},
};
use std::sync::{Arc, Mutex};

/// What a validator did, over all its lives.
#[derive(Default)]
pub(crate) struct Seen {
    /// Committed blocks, in the order of their first commit.
    pub(crate) committed: Vec<Arc<BlockWithReceipts>>,
    /// Blocks that it built.
    pub(crate) built: usize,
    /// Built over a block that was not committed.
    pub(crate) built_ahead: usize,
    /// Executed over a block that was not committed.
    pub(crate) executed_ahead: usize,
    /// Blocks that were built or executed.
    pub(crate) known: usize,
    /// Why transactions were left out of a block that was built.
    pub(crate) turned_down: Vec<String>,
    /// Blocks that break the rules, and why.
    pub(crate) refused: Vec<(B256, String)>,
}

/// The height at which [`Lie::BrokenStore`] begins.
pub(crate) const BROKEN_FROM: u64 = 5;

/// How a validator's executor lies about the blocks it builds, or fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    /// A state root that execution does not give.
    StateRoot,
    /// A block an hour ahead of time.
    Future,
    /// Commits nothing from [`BROKEN_FROM`] on.
    BrokenStore,
}

/// Notes what is refused.
struct Noted<'a>(&'a mut dyn TxSource, Vec<String>);

impl TxSource for Noted<'_> {
    fn next(&mut self) -> Option<Arc<Recovered>> {
        self.0.next()
    }

    fn refuse(&mut self, why: Refusal) {
        if let Refusal::Invalid(reason) = &why {
            self.1.push(reason.clone());
        }
        self.0.refuse(why);
    }
}

pub(crate) struct Watched {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) seen: Arc<Mutex<Seen>>,
    pub(crate) lie: Lie,
}

impl Executor for Watched {
    fn build(&self, parent: B256, timestamp: u64, txs: &mut dyn TxSource) -> Result<Arc<Executed>, ChainError> {
        let ahead = if self.lie == Lie::Future { 3_600 } else { 0 };
        let mut txs = Noted(txs, Vec::new());
        let executed = self.ledger.build(parent, timestamp + ahead, &mut txs)?;
        let mut seen = self.seen.lock().unwrap();
        seen.turned_down.append(&mut txs.1);
        seen.built += 1;
        seen.known += 1;
        seen.built_ahead += usize::from(parent != self.head().block.hash);
        Ok(if self.lie == Lie::StateRoot { forged(&executed) } else { executed })
    }

    fn execute(&self, block: &Block) -> Result<Arc<Executed>, ChainError> {
        let hash = block.header.hash_slow();
        let new = self.ledger.pending_block(hash).is_none();
        let result = self.ledger.execute(block);
        let mut seen = self.seen.lock().unwrap();
        match &result {
            Ok(_) if new => {
                seen.known += 1;
                seen.executed_ahead += usize::from(block.header.parent_hash != self.head().block.hash);
            }
            Err(error) if error.is_invalid_block() => seen.refused.push((hash, error.to_string())),
            _ => {}
        }
        result
    }

    fn commit(&self, hash: B256) -> Result<(), ChainError> {
        if self.lie == Lie::BrokenStore && self.head().block.number() + 1 >= BROKEN_FROM {
            return Err(ChainError::Damaged("tested".to_owned()));
        }
        self.ledger.commit(hash)?;
        let head = self.ledger.head();
        let mut seen = self.seen.lock().unwrap();
        assert_eq!(head.block.number(), seen.committed.len() as u64 + 1, "each height is committed once, in order");
        seen.committed.push(head);
        Ok(())
    }

    fn head(&self) -> Arc<BlockWithReceipts> {
        self.ledger.head()
    }
}

fn forged(executed: &Executed) -> Arc<Executed> {
    let mut header = executed.block.block.header.clone();
    header.state_root = B256::repeat_byte(0xbb);
    let transactions = executed.block.block.transactions.clone();
    let block = SealedBlock { hash: header.hash_slow(), header, transactions, extra: Default::default() };
    Arc::new(Executed {
        block: Arc::new(BlockWithReceipts { block, receipts: executed.block.receipts.clone() }),
        moves: executed.moves.clone(),
        state: executed.state.clone(),
        edits: executed.edits.clone(),
        requests: executed.requests.clone(),
    })
}
