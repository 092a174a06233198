//! Making a block the head: one batch with the state and everything that follows from the block.

use super::{Executed, Executor, Ledger, beneficiary, first_state};
use crate::{
    block::{BlockWithReceipts, SealedBlock},
    error::{ChainError, damaged},
    explorer::{self, Explorer, Indexer},
    genesis::Genesis,
    history, logs,
    operator::Operator,
    rows,
};
use alloy_primitives::{Address, B256, Signature, map::B256Set};
use limpid_evm::{Rules, ValueMove};
use limpid_state::{Batch, StateDb, Store, Table};
use parking_lot::MutexGuard;
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

/// Blocks with logs that are remembered when a development chain goes back.
const MOST_GONE: usize = 256;

/// Row of the genesis file in [`Table::Misc`].
const GENESIS: &[u8] = b"genesis";

/// Rows that a step of pruning looks at: some ten milliseconds.
const PRUNE_STEP: usize = 256;

/// How long a reader waits for a block that is being committed, and how long at a time.
const PATIENCE: Duration = Duration::from_secs(5);
const BREATH: Duration = Duration::from_micros(100);

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
        let kept = self.keeps_explorer();
        let indexed = self.indexed(&executed.block);
        self.state.commit(&executed.state, height, |batch| {
            put(batch, &executed.block, &executed.moves, signature.as_ref());
            rows::put_edits(batch, height, &executed.edits);
            match indexed {
                Some(rows) => {
                    explorer::put(batch, rows);
                    explorer::put_marker(batch, height);
                }
                None if kept => explorer::delete_marker(batch),
                None => {}
            }
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
        let mut unindexer = Indexer::back(self.store.as_ref(), self.weth());
        for later in height.saturating_add(1)..=head.block.number() {
            let block = self.stored_block(later)?;
            delete(&mut batch, &block, &self.stored_moves(&block.block)?);
            unindexer.block(&block)?;
            if !block.block.header.logs_bloom.is_zero() {
                if gone.len() >= MOST_GONE {
                    gone.pop_front();
                }
                gone.push_back(Arc::new(block));
            }
        }
        let unindexed = unindexer.finish().inspect_err(|error| self.stop_explorer(error));
        match unindexed {
            Ok(rows) if self.keeps_explorer() => {
                explorer::put(&mut batch, rows);
                explorer::put_marker(&mut batch, height);
            }
            // Rows of blocks that are gone would stay.
            _ if explorer::marker(self.store.as_ref())?.is_none_or(|marker| marker > height) => {
                explorer::delete_marker(&mut batch);
            }
            _ => {}
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

    /// Keeps the explorer's rows from now on, if those of every block before are there. A new chain begins with
    /// them. Gives whether it does.
    pub fn keep_explorer(&self) -> Result<bool, ChainError> {
        let _moving = self.moving()?;
        let (store, head) = (self.store.as_ref(), self.head());
        let height = head.block.number();
        let mut marker = explorer::marker(store)?;
        if marker.is_none() && height == 0 && !self.is_copied() && explorer::is_empty(store)? {
            let mut batch = Batch::new();
            let mut indexer = Indexer::forward(store, self.weth());
            indexer.block(&head)?;
            explorer::put(&mut batch, indexer.finish()?);
            explorer::put_marker(&mut batch, 0);
            self.store.commit(&batch)?;
            marker = Some(0);
        }
        let there = marker == Some(height);
        self.explorer.store(there, Ordering::Relaxed);
        Ok(there)
    }

    /// Whether the explorer's rows are kept.
    pub fn keeps_explorer(&self) -> bool {
        self.explorer.load(Ordering::Relaxed)
    }

    fn weth(&self) -> Option<Address> {
        self.genesis.natives.then(|| self.rules.registry.addresses().weth)
    }

    /// The explorer's rows of the block over the head, if they are kept. A damaged one stops the explorer, never the
    /// chain: the marker goes, and a rebuild mends it.
    fn indexed(&self, block: &BlockWithReceipts) -> Option<Vec<explorer::Change>> {
        if !self.keeps_explorer() {
            return None;
        }
        let mut indexer = Indexer::forward(self.store.as_ref(), self.weth());
        let rows = indexer.block(block).and_then(|()| indexer.finish());
        rows.inspect_err(|error| self.stop_explorer(error)).ok()
    }

    fn stop_explorer(&self, error: &ChainError) {
        tracing::error!(%error, "the explorer's index is damaged and no longer kept: stop the node and run `limpid index rebuild`");
        self.explorer.store(false, Ordering::Relaxed);
    }

    /// The head, and the explorer's rows exactly as of it; `None` if they are not kept.
    pub(crate) fn explorer(&self) -> Result<(Arc<BlockWithReceipts>, Option<Explorer>), ChainError> {
        if !self.keeps_explorer() {
            return Ok((self.head(), None));
        }
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let head = self.head();
            let (height, reader) = (head.block.number(), self.store.snapshot()?);
            // A block's rows are in the store a moment before it becomes the head.
            let next = rows::block_hash(reader.as_ref(), height.saturating_add(1))?;
            if next.is_none() && rows::block_hash(reader.as_ref(), height)? == Some(head.block.hash) {
                return Ok((head, Some(Explorer { reader, head: height, weth: self.weth() })));
            }
            std::thread::sleep(BREATH);
        }
        // A commit that failed may have left a block there that never becomes the head.
        Err(ChainError::Torn)
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
