//! The newest blocks in memory: receipts are asked for right after their block.

use crate::{block::BlockWithReceipts, rows::Position};
use alloy_primitives::{B256, map::B256Map};
use std::{collections::VecDeque, sync::Arc};

/// Blocks kept at most.
const BLOCKS: usize = 256;
/// Transactions kept at most, in all blocks but the newest.
const TRANSACTIONS: usize = 20_000;

/// A run of blocks that ends with the head.
pub(super) struct Recent {
    blocks: VecDeque<Arc<BlockWithReceipts>>,
    positions: B256Map<Position>,
}

impl Recent {
    pub(super) fn new(head: Arc<BlockWithReceipts>) -> Self {
        let mut recent = Self { blocks: VecDeque::new(), positions: B256Map::default() };
        recent.push(head);
        recent
    }

    pub(super) fn push(&mut self, block: Arc<BlockWithReceipts>) {
        for (at, tx) in crate::rows::positions(block.block.number()).zip(&block.block.transactions) {
            self.positions.insert(tx.hash(), at);
        }
        self.blocks.push_back(block);
        while self.blocks.len() > 1 && (self.blocks.len() > BLOCKS || self.positions.len() > TRANSACTIONS) {
            let Some(oldest) = self.blocks.pop_front() else { return };
            for tx in &oldest.block.transactions {
                self.positions.remove(&tx.hash());
            }
        }
    }

    pub(super) fn by_number(&self, number: u64) -> Option<Arc<BlockWithReceipts>> {
        let first = self.blocks.front()?.block.number();
        self.blocks.get(usize::try_from(number.checked_sub(first)?).ok()?).cloned()
    }

    pub(super) fn by_hash(&self, hash: B256) -> Option<Arc<BlockWithReceipts>> {
        self.blocks.iter().rev().find(|block| block.block.hash == hash).cloned()
    }

    pub(super) fn position(&self, tx: B256) -> Option<Position> {
        self.positions.get(&tx).copied()
    }
}
