//! Hashes of the blocks below a given one.

use super::Executed;
use crate::{
    rows,
    source::{Ancestors, failed},
};
use alloy_primitives::{B256, map::B256Map};
use limpid_evm::SourceError;
use limpid_state::Store;
use parking_lot::RwLock;
use std::sync::Arc;

/// How far back BLOCKHASH sees.
const WINDOW: u64 = 256;

/// The block `hash` at `number` and those below it: pending ones first, then committed ones.
pub(crate) struct Ancestry {
    pub(crate) number: u64,
    pub(crate) hash: B256,
    pub(crate) pending: Arc<RwLock<B256Map<Arc<Executed>>>>,
    pub(crate) store: Arc<dyn Store>,
}

impl Ancestors for Ancestry {
    fn hash(&self, number: u64) -> Result<B256, SourceError> {
        if number > self.number || self.number.saturating_sub(number) >= WINDOW {
            return Ok(B256::ZERO);
        }
        let (mut at, mut hash) = (self.number, self.hash);
        while at > number {
            let parent = self.pending.read().get(&hash).map(|executed| executed.block.block.header.parent_hash);
            match parent {
                Some(parent) => (at, hash) = (at.saturating_sub(1), parent),
                // Committed: from here down there is one chain.
                None => return Ok(rows::block_hash(self.store.as_ref(), number).map_err(failed)?.unwrap_or_default()),
            }
        }
        Ok(hash)
    }
}
