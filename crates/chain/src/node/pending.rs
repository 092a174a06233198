//! The block that would be made now. Nothing of it is kept or promised.

use super::{CallError, Inner, Node};
use crate::{
    block::BlockWithReceipts,
    ledger::{BlockPlan, Executor},
    node::BlockOverride,
};
use alloy_primitives::B256;
use parking_lot::Mutex;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long an answer serves everybody who asks: making it can cost as much as a block.
const FRESH: Duration = Duration::from_secs(1);

/// The last answer.
#[derive(Default)]
pub(super) struct Preview(Mutex<Option<(B256, Instant, Arc<BlockWithReceipts>)>>);

impl Node {
    /// The block that the waiting transactions would make over the head now, at most a second old.
    pub fn pending_block(&self) -> Result<Arc<BlockWithReceipts>, CallError> {
        self.work(|inner| inner.pending_block())
    }
}

impl Inner {
    fn pending_block(&self) -> Result<Arc<BlockWithReceipts>, CallError> {
        let (head, time) = (self.ledger.head().block.hash, self.ledger.head().block.header.timestamp);
        // Held while it is made, so that many who ask at once cost one block.
        let mut last = self.preview.0.lock();
        if let Some((parent, made, block)) = last.as_ref()
            && *parent == head
            && made.elapsed() < FRESH
        {
            return Ok(block.clone());
        }
        let timestamp = self.driver.next_timestamp(time);
        let block = if self.ledger.forks().is_some() {
            let after = self.ledger.head().block.header.timestamp.saturating_add(1);
            let with = BlockOverride { timestamp: Some(timestamp.max(after)), ..BlockOverride::default() };
            self.ledger.plan(head, BlockPlan { with, ..BlockPlan::default() }, &self.pool)?.block
        } else {
            let mut best = self.pool.best(self.ledger.next_base_fee(&self.ledger.head().block.header));
            self.ledger.preview(head, timestamp, &mut best)?
        };
        *last = Some((head, Instant::now(), block.clone()));
        Ok(block)
    }
}
