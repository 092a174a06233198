//! Taking over the blocks that another node made: every one is executed here, and signed by the chain's operator, or it
//! is refused.

use super::{HeadEvent, Node};
use crate::{
    block::{Block, BlockWithReceipts},
    error::ChainError,
    ledger::Executor,
    operator::header_signer,
};
use alloy_primitives::{Address, B256, Signature};
use std::sync::Arc;

/// Why another node's block was not taken over. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The chain has an operator, and this is not its block.
    #[error(
        "block {height} ({hash}) is signed by {}, not by this chain's operator {operator}",
        .signer.map_or_else(|| "nobody".to_owned(), |signer| signer.to_string())
    )]
    Signer {
        /// The block's height.
        height: u64,
        /// The block's hash.
        hash: B256,
        /// Who signed it.
        signer: Option<Address>,
        /// Who should have.
        operator: Address,
    },
    /// It breaks the rules, builds on another block than this node's head, or this node failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl FollowError {
    /// Whether this is evidence against whoever gave the block, and not a failure of this node.
    pub const fn is_evidence(&self) -> bool {
        match self {
            Self::Signer { .. } => true,
            Self::Chain(error) => error.is_invalid_block() || matches!(error, ChainError::UnknownParent(_)),
        }
    }
}

impl Node {
    /// Executes a block that another node made, compares every field of its header, and makes it the head. Where the
    /// genesis names an operator, its signature is demanded, and stored beside the block.
    pub fn follow(&self, block: Block, signature: Option<Signature>) -> Result<Arc<BlockWithReceipts>, FollowError> {
        let (hash, height) = (block.header.hash_slow(), block.header.number);
        if let Some(operator) = self.genesis().operator {
            let signer = signature.and_then(|signature| header_signer(self.chain_id(), hash, &signature));
            if signer != Some(operator) {
                return Err(FollowError::Signer { height, hash, signer, operator });
            }
        }
        let taken = self.inner().driver.request(move |inner| {
            // What waits here from an attempt that failed must not be built upon.
            let head = inner.ledger.head().block.hash;
            if block.header.parent_hash != head {
                return Err(ChainError::UnknownParent(block.header.parent_hash));
            }
            let executed = inner.ledger.execute(&block)?;
            inner.ledger.commit_block(hash, signature).inspect_err(|error| inner.halt_by(error))?;
            inner.pool.advance(Arc::new(inner.ledger.state().committed()), &executed.diff().accounts);
            inner.head_moved(&HeadEvent::Block(executed.block.clone()));
            Ok(executed.block.clone())
        })?;
        Ok(taken)
    }

    /// No more blocks, for this reason, which [`Node::halted`] tells from now on.
    pub fn halt(&self, reason: &str) {
        self.inner().halt(reason);
    }
}
