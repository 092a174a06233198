//! Making a block the head: one batch with the state and everything that follows from the block.

use super::{Executed, Executor, Ledger, beneficiary, first_state};
use crate::{
    block::{BlockWithReceipts, SealedBlock},
    error::{ChainError, damaged},
    genesis::Genesis,
    history, logs,
    operator::Operator,
    rows,
};
use alloy_primitives::{B256, Signature, map::B256Set};
use limpid_evm::{Rules, ValueMove};
use limpid_state::{Batch, StateDb, Store, Table};
use parking_lot::MutexGuard;
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};

/// Blocks with logs that are remembered when a development chain goes back.
const MOST_GONE: usize = 256;

/// Row of the genesis file in [`Table::Misc`].
const GENESIS: &[u8] = b"genesis";

/// Rows that a step of pruning looks at: some ten milliseconds.
const PRUNE_STEP: usize = 256;

/// Puts everything that follows from a block besides the state.
fn put(batch: &mut Batch, block: &BlockWithReceipts, moves: &[Vec<ValueMove>], signature: Option<&Signature>) {
    rows::put_block(batch, block, moves);
    history::put(batch, block, moves);
    logs::put(batch, block);
    if let Some(signature) = signature {
        rows::put_signature(batch, block.block.hash, signature);
    }
}

/// Block 0 in an empty store.
pub(super) fn commit_genesis(
    state: &StateDb,
    genesis: &Genesis,
    rules: &Rules,
    operator: Option<&Operator>,
) -> Result<(), ChainError> {
    let pending = state.apply(&state.committed(), first_state(genesis, rules)?)?;
    let block = genesis.block(beneficiary(genesis, rules), pending.root());
    let block = BlockWithReceipts { block, receipts: Vec::new() };
    let signature = operator.map(|operator| operator.sign(genesis.chain_id, block.block.hash));
    let row = genesis_row(genesis)?;
    state.commit(&pending, 0, |batch| {
        put(batch, &block, &[], signature.as_ref());
        put_genesis(batch, row);
    })?;
    Ok(())
}

/// The genesis that the chain in `store` follows from.
pub fn stored_genesis(store: &dyn Store) -> Result<Genesis, ChainError> {
    let row = store.get(Table::Misc, GENESIS)?.ok_or_else(|| damaged("genesis"))?;
    serde_json::from_slice(&row).map_err(|_| damaged("genesis"))
}

/// The genesis file as a row.
pub(crate) fn genesis_row(genesis: &Genesis) -> Result<Vec<u8>, ChainError> {
    serde_json::to_vec(genesis).map_err(|error| ChainError::Genesis(error.to_string()))
}

pub(crate) fn put_genesis(batch: &mut Batch, row: Vec<u8>) {
    batch.put(Table::Misc, GENESIS, row);
}

/// Whether the chain in `store` follows from this genesis.
pub(super) fn check_genesis(store: &dyn Store, genesis: &Genesis) -> Result<(), ChainError> {
    if stored_genesis(store)? == *genesis {
        return Ok(());
    }
    Err(ChainError::Genesis("this directory's chain follows from another genesis".to_owned()))
}

impl Ledger {
    /// The right to move the head, once at a time, and never again after a move that failed half-way.
    fn moving(&self) -> Result<MutexGuard<'_, ()>, ChainError> {
        let moving = self.moving.lock();
        if self.is_torn() { Err(ChainError::Torn) } else { Ok(moving) }
    }

    /// Whether memory may differ from the store: nothing is committed any more.
    pub(crate) fn is_torn(&self) -> bool {
        self.torn.load(Ordering::Acquire)
    }

    fn set_torn(&self, torn: bool) {
        self.torn.store(torn, Ordering::Release);
    }

    /// See [`Executor::commit`]. `given` is the signature of the node that made the block; without it this node's own
    /// operator signs.
    pub(crate) fn commit_block(&self, hash: B256, given: Option<Signature>) -> Result<(), ChainError> {
        let _moving = self.moving()?;
        let Some(executed) = self.pending_block(hash) else {
            // Redelivered: harmless if it is in the chain.
            let known = rows::height_of(self.store.as_ref(), hash)?;
            return known.map(|_| ()).ok_or(ChainError::UnknownBlock(hash));
        };
        let (height, head) = (executed.number(), self.head());
        if executed.block.block.header.parent_hash != head.block.hash {
            return Err(ChainError::OutOfOrder { height, hash, head: head.block.number() });
        }
        let own = || self.operator.as_ref().map(|operator| operator.sign(self.genesis.chain_id, hash));
        let signature = given.or_else(own);
        self.state.commit(&executed.state, height, |batch| {
            put(batch, &executed.block, &executed.moves, signature.as_ref());
            rows::put_edits(batch, height, &executed.edits);
            self.set_torn(true);
        })?;
        *self.head.write() = executed.block.clone();
        *self.edits.write() = Default::default();
        self.set_torn(false);
        self.drop_losers(&executed);
        Ok(())
    }

    /// Forgets pending blocks that do not descend from the new head.
    fn drop_losers(&self, head: &Executed) {
        let mut pending = self.pending.write();
        let mut rest: Vec<_> = pending.values().filter(|one| one.number() > head.number()).cloned().collect();
        rest.sort_by_key(|one| one.number());
        let mut kept = B256Set::from_iter([head.hash()]);
        rest.retain(|one| kept.contains(&one.block.block.header.parent_hash) && kept.insert(one.hash()));
        *pending = rest.into_iter().map(|one| (one.hash(), one)).collect();
    }

    /// Takes the head back to `height`: every later block is forgotten. Development chains only. Gives the forgotten
    /// blocks that had logs, oldest first and at most [`MOST_GONE`], so that listeners can be told.
    pub(crate) fn rewind(&self, height: u64) -> Result<Vec<Arc<BlockWithReceipts>>, ChainError> {
        if !self.genesis.dev {
            return Err(ChainError::NotDev);
        }
        let _moving = self.moving()?;
        let head = self.head();
        let (mut batch, mut gone) = (Batch::new(), VecDeque::new());
        for later in height.saturating_add(1)..=head.block.number() {
            let block = self.stored_block(later)?;
            delete(&mut batch, &block, &self.stored_moves(&block.block)?);
            if !block.block.header.logs_bloom.is_zero() {
                if gone.len() >= MOST_GONE {
                    gone.pop_front();
                }
                gone.push_back(Arc::new(block));
            }
        }
        let prepared = self.state.prepare_rewind(height, &mut batch)?;
        let target = Arc::new(self.stored_block(height)?);
        self.set_torn(true);
        self.store.commit(&batch)?;
        self.state.publish(prepared)?;
        *self.head.write() = target;
        self.pending.write().clear();
        *self.edits.write() = Default::default();
        self.set_torn(false);
        Ok(gone.into())
    }

    /// Writes what was put off to a quiet moment; after it the next start is quick.
    pub(crate) fn tidy(&self) -> Result<(), ChainError> {
        let _moving = self.moving()?;
        let mut batch = Batch::new();
        if let Some(prepared) = self.state.prepare_flush(&mut batch)? {
            self.set_torn(true);
            self.store.commit(&batch)?;
            self.state.publish(prepared)?;
            self.set_torn(false);
        }
        Ok(())
    }

    /// One step of letting go of what is too old: values below the newest `keep` heights, nodes that no proof needs.
    /// `false` if nothing is left to do. A block that is ready meanwhile waits for this step alone.
    pub(crate) fn prune(&self, keep: Option<u64>) -> Result<bool, ChainError> {
        let _moving = self.moving()?;
        let mut batch = Batch::new();
        let some = self.state.prepare_prune(keep, PRUNE_STEP, &mut batch)?;
        if some {
            self.store.commit(&batch)?;
        }
        Ok(some)
    }

    fn stored_block(&self, height: u64) -> Result<BlockWithReceipts, ChainError> {
        let block = rows::block(self.store.as_ref(), height)?;
        block.ok_or_else(|| ChainError::Damaged(format!("block {height} is missing")))
    }

    fn stored_moves(&self, block: &SealedBlock) -> Result<Vec<Vec<ValueMove>>, ChainError> {
        let positions = rows::positions(block.number()).take(block.transactions.len());
        positions.map(|at| rows::moves(self.store.as_ref(), at)).collect()
    }
}

/// Removes what [`put`] put.
fn delete(batch: &mut Batch, block: &BlockWithReceipts, moves: &[Vec<ValueMove>]) {
    rows::delete_block(batch, &block.block);
    history::delete(batch, block, moves);
    logs::delete(batch, block);
}
