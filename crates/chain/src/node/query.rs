//! Reading the chain.

use super::{FoundReceipt, FoundTx, Inner, Node, Place, StateView};
use crate::{
    block::BlockWithReceipts,
    edit::Edited,
    error::{ChainError, damaged},
    explorer::Explorer,
    history::{self, Cursor, Page},
    ledger::Executor,
    logs::{self, FoundLog, LogError, LogFilter, Searched},
    rows::{self, Position},
};
use alloy_consensus::Header;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Signature, U256};
use limpid_evm::ValueMove;
use limpid_state::{AccountProof, StateError};
use std::sync::Arc;

impl Node {
    /// The newest committed block. Latest, safe and finalized are all this one, because a committed block is final; states
    /// at pending are this one's too. What would come next is [`Node::pending_block`].
    pub fn head(&self) -> Arc<BlockWithReceipts> {
        self.inner().ledger.head()
    }

    /// The head's height.
    pub fn block_number(&self) -> u64 {
        self.head().block.number()
    }

    /// The height a block id means; `None` for an unknown hash or a height above the head.
    pub fn height(&self, id: BlockId) -> Result<Option<u64>, ChainError> {
        self.inner().height(id)
    }

    /// A block with its receipts.
    pub fn block(&self, id: BlockId) -> Result<Option<Arc<BlockWithReceipts>>, ChainError> {
        self.inner().block(id)
    }

    /// The block at a height.
    pub fn block_at(&self, height: u64) -> Result<Option<Arc<BlockWithReceipts>>, ChainError> {
        self.inner().block_at(height)
    }

    /// A header with its hash, without reading its block.
    pub fn header(&self, id: BlockId) -> Result<Option<(B256, Header)>, ChainError> {
        let Some(height) = self.height(id)? else { return Ok(None) };
        if let Some(block) = self.inner().recent.lock().by_number(height) {
            return Ok(Some((block.block.hash, block.block.header.clone())));
        }
        rows::header(self.inner().ledger.store.as_ref(), height)
    }

    /// The operator's signature of a header.
    pub fn signature(&self, block: B256) -> Result<Option<Signature>, ChainError> {
        rows::signature(self.inner().ledger.store.as_ref(), block)
    }

    /// Where a transaction stands.
    pub fn position(&self, tx: B256) -> Result<Option<Position>, ChainError> {
        if let Some(at) = self.inner().recent.lock().position(tx) {
            return Ok(Some(at));
        }
        let found = rows::position_of(self.inner().ledger.store.as_ref(), tx)?;
        // A block's rows are in the store a moment before the head moves to it: who sees a receipt must see its effects.
        Ok(found.filter(|at| at.height <= self.block_number()))
    }

    /// A transaction, in a block or waiting.
    pub fn transaction(&self, hash: B256) -> Result<Option<FoundTx>, ChainError> {
        // The pool first: it lets go of a transaction only after its block is in place.
        let waiting = self.inner().pool.get(hash);
        match self.position(hash)? {
            Some(at) => self.transaction_at(at),
            None => Ok(waiting.map(|tx| FoundTx { tx, place: None })),
        }
    }

    /// The transaction at a place of the chain.
    pub fn transaction_at(&self, at: Position) -> Result<Option<FoundTx>, ChainError> {
        if let Some(block) = self.inner().recent.lock().by_number(at.height) {
            let tx = block.block.transactions.get(index(at)).cloned();
            return Ok(tx.map(|tx| FoundTx { tx, place: Some(place(at, block.block.hash, &block.block.header)) }));
        }
        let store = self.inner().ledger.store.as_ref();
        let Some(tx) = rows::transaction(store, at)? else { return Ok(None) };
        let (hash, header) = rows::header(store, at.height)?.ok_or_else(|| damaged("header"))?;
        Ok(Some(FoundTx { tx: Arc::new(tx), place: Some(place(at, hash, &header)) }))
    }

    /// The receipt of a transaction that is in a block.
    pub fn receipt(&self, tx: B256) -> Result<Option<FoundReceipt>, ChainError> {
        let Some(at) = self.position(tx)? else { return Ok(None) };
        let Some(FoundTx { tx, place: Some(place) }) = self.transaction_at(at)? else { return Ok(None) };
        let recent = self.inner().recent.lock().by_number(at.height);
        let receipt = match recent {
            Some(block) => block.receipts.get(index(at)).cloned(),
            None => rows::receipt(self.inner().ledger.store.as_ref(), at)?,
        };
        Ok(receipt.map(|receipt| FoundReceipt { receipt, tx, place }))
    }

    /// The coin that moved inside a transaction, deeper than its own value.
    pub fn moves(&self, at: Position) -> Result<Vec<ValueMove>, ChainError> {
        rows::moves(self.inner().ledger.store.as_ref(), at)
    }

    /// The state after a block; `None` if the block is unknown.
    pub fn state(&self, id: BlockId) -> Result<Option<StateView>, ChainError> {
        let height = self.height(id)?;
        height.map(|height| self.inner().state_at(height)).transpose()
    }

    /// A Merkle proof of an account and its slots against the state root of a block, one of the last
    /// [`limpid_state::PROOF_WINDOW`]; `None` if the block is unknown. An older one is refused with
    /// [`limpid_state::StateError::NoProof`], which names the first height that can be proven.
    ///
    /// What a development chain's user wrote over the head is proven once a block has taken it up.
    pub fn proof(&self, address: Address, slots: &[U256], at: BlockId) -> Result<Option<AccountProof>, ChainError> {
        let Some(height) = self.height(at)? else { return Ok(None) };
        Ok(Some(self.inner().ledger.state().proof(address, slots, height)?))
    }

    /// The first height whose state is here.
    pub fn oldest_state(&self) -> Result<u64, ChainError> {
        match self.ledger().state().at(0) {
            Ok(_) => Ok(0),
            Err(StateError::UnknownHeight { first, .. }) => Ok(first.unwrap_or_default()),
            Err(error) => Err(error.into()),
        }
    }

    /// What happened to an address before `before`, newest first.
    pub fn history(&self, address: Address, before: Option<Cursor>, limit: usize) -> Result<Page, ChainError> {
        let head = self.block_number();
        let reader = self.inner().ledger.store.snapshot()?;
        history::page(reader.as_ref(), head, address, before, limit)
    }

    /// What happened to an address from `first` on, oldest first.
    pub fn history_from(&self, address: Address, first: Cursor, limit: usize) -> Result<Page, ChainError> {
        let head = self.block_number();
        let reader = self.inner().ledger.store.snapshot()?;
        history::page_from(reader.as_ref(), head, address, first, limit)
    }

    /// The head, and what the explorer knows as of it; `None` if this node does not keep that.
    pub fn explorer(&self) -> Result<(Arc<BlockWithReceipts>, Option<Explorer>), ChainError> {
        self.ledger().explorer()
    }

    /// The logs that `filter` wants in the blocks `from` to `to`, both included.
    pub fn logs(&self, filter: &LogFilter, from: u64, to: u64) -> Result<Vec<FoundLog>, LogError> {
        let chain = Searched { head: self.block_number(), indexed: !self.ledger().is_copied() };
        let reader = self.inner().ledger.store.snapshot().map_err(ChainError::from)?;
        logs::search(reader.as_ref(), filter, (from, to), chain, &self.inner().options.logs)
    }
}

impl Inner {
    pub(super) fn height(&self, id: BlockId) -> Result<Option<u64>, ChainError> {
        let head = self.ledger.head().block.number();
        match id {
            BlockId::Hash(hash) => {
                if let Some(block) = self.recent.lock().by_hash(hash.block_hash) {
                    return Ok(Some(block.block.number()));
                }
                let found = rows::height_of(self.ledger.store.as_ref(), hash.block_hash)?;
                Ok(found.filter(|height| *height <= self.ledger.head().block.number()))
            }
            BlockId::Number(BlockNumberOrTag::Number(number)) => Ok((number <= head).then_some(number)),
            BlockId::Number(BlockNumberOrTag::Earliest) => Ok(Some(0)),
            BlockId::Number(_) => Ok(Some(head)),
        }
    }

    pub(super) fn block(&self, id: BlockId) -> Result<Option<Arc<BlockWithReceipts>>, ChainError> {
        match self.height(id)? {
            Some(height) => self.block_at(height),
            None => Ok(None),
        }
    }

    pub(super) fn block_at(&self, height: u64) -> Result<Option<Arc<BlockWithReceipts>>, ChainError> {
        if let Some(block) = self.recent.lock().by_number(height) {
            return Ok(Some(block));
        }
        Ok(rows::block(self.ledger.store.as_ref(), height)?.map(Arc::new))
    }

    pub(super) fn state_at(&self, height: u64) -> Result<StateView, ChainError> {
        let state = self.ledger.state();
        let committed = state.committed();
        if committed.head().is_some_and(|head| head.height == height) {
            let edits = self.ledger.edits_over(height);
            let edited = !edits.is_empty();
            return Ok(if edited {
                StateView::Edited(Edited::new(committed, edits))
            } else {
                StateView::Head(committed)
            });
        }
        Ok(StateView::Past(state.at(height)?))
    }
}

fn index(at: Position) -> usize {
    usize::try_from(at.index).unwrap_or(usize::MAX)
}

fn place(at: Position, block_hash: B256, header: &Header) -> Place {
    let base_fee = header.base_fee_per_gas.unwrap_or_default();
    Place { at, block_hash, timestamp: header.timestamp, base_fee }
}
