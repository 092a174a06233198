//! Copies of foreign chains: blocks from a file, executed or taken as they are.
//!
//! A copy makes no blocks of its own, and its last block is latest, safe and finalized. Taken as they are, blocks have
//! no receipts and no state but the one given for the last of them; what is checked is that everything hashes to what
//! the next header says: transactions, ommers, withdrawals, parents, the first block, and the state.

mod dump;
mod reader;

pub use self::{dump::HeadState, reader::BlockReader};

use crate::{
    block::{Block, BlockWithReceipts, SealedBlock, transactions_root},
    error::ChainError,
    genesis::Genesis,
    ledger::{Executor, Ledger, first_block, genesis_row, put_genesis, rules_of},
    rows::{self, Import},
    tx::Recovered,
};
use alloy_primitives::B256;
use limpid_state::{Batch, StateDb, Store};
use std::{io::Read, sync::Arc};

/// Blocks of one batch.
const BATCH: usize = 1_000;
/// Transactions after which a batch is written as well.
const BATCH_TRANSACTIONS: usize = 100_000;

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Height of the last block.
    pub height: u64,
    /// Its hash.
    pub hash: B256,
    /// Transactions of all blocks that were read.
    pub transactions: u64,
    /// Whether the blocks were executed.
    pub executed: bool,
}

/// Imports the blocks in `blocks` over `genesis`, and tells `progress` each height that is done.
///
/// With `head_state` nothing is executed and the store must be empty. Without, each block is executed and every field
/// of its header checked; blocks that are there already are passed over, so that an import can go on where it ended.
pub fn import(
    store: Arc<dyn Store>,
    genesis: Genesis,
    head_state: Option<HeadState>,
    blocks: BlockReader<impl Read>,
    progress: &mut dyn FnMut(u64),
) -> Result<Imported, ChainError> {
    if genesis.natives {
        return Err(failed("a chain with native contracts is followed, not imported"));
    }
    match head_state {
        Some(state) => copy(&store, genesis, state, blocks, progress),
        None => execute(store, genesis, blocks, progress),
    }
}

fn failed(why: impl Into<String>) -> ChainError {
    ChainError::Import(why.into())
}

fn execute(
    store: Arc<dyn Store>,
    genesis: Genesis,
    blocks: BlockReader<impl Read>,
    progress: &mut dyn FnMut(u64),
) -> Result<Imported, ChainError> {
    if rows::import(store.as_ref())?.is_none() && StateDb::open(store.clone())?.head().is_some() {
        return Err(failed("there is a chain in this directory that was not imported"));
    }
    let rules = rules_of(&genesis);
    let ledger = Ledger::open(store.clone(), genesis, rules, None)?;
    ledger.keep_explorer()?;
    let mut mark = Batch::new();
    rows::put_import(&mut mark, Import::Executed);
    store.commit(&mark)?;
    let mut transactions = 0u64;
    for block in blocks {
        let block = block?;
        let (height, hash) = (block.header.number, block.header.hash_slow());
        transactions = transactions.saturating_add(count(block.transactions.len()));
        let there = rows::block_hash(store.as_ref(), height)?;
        if there.is_none_or(|there| there != hash) {
            let at = |error: ChainError| failed(format!("block {height}: {error}"));
            ledger.execute(&block).map_err(at)?;
            ledger.commit(hash)?;
        }
        progress(height);
    }
    ledger.tidy()?;
    let head = ledger.head();
    Ok(Imported { height: head.block.number(), hash: head.block.hash, transactions, executed: true })
}

/// Blocks on their way into the store.
struct Copy<'a> {
    store: &'a Arc<dyn Store>,
    batch: Batch,
    waiting: (usize, usize),
    last: SealedBlock,
    homestead: u64,
    transactions: u64,
}

fn copy(
    store: &Arc<dyn Store>,
    genesis: Genesis,
    head_state: HeadState,
    blocks: BlockReader<impl Read>,
    progress: &mut dyn FnMut(u64),
) -> Result<Imported, ChainError> {
    let state = StateDb::open(store.clone())?;
    if state.head().is_some() {
        return Err(failed("there is a chain in this directory; name an empty one"));
    }
    if rows::import(store.as_ref())?.is_some() {
        return Err(failed("an import into this directory did not finish: delete the folder and import again"));
    }
    let rules = rules_of(&genesis);
    let first = first_block(&genesis, &rules)?;
    let mut batch = Batch::new();
    rows::put_import(&mut batch, Import::Unfinished);
    rows::put_block(&mut batch, &BlockWithReceipts { block: first.clone(), receipts: Vec::new() }, &[]);
    store.commit(&batch)?;
    let homestead = genesis.foreign.as_ref().and_then(|foreign| foreign.forks.homestead_block).unwrap_or(0);
    let mut copy = Copy { store, batch: Batch::new(), waiting: (0, 0), last: first, homestead, transactions: 0 };
    for block in blocks {
        copy.add(block?)?;
        progress(copy.last.number());
    }
    let Copy { batch, last, transactions, .. } = copy;
    let pending = state.apply(&state.committed(), head_state.into_diff()?)?;
    if pending.root() != last.header.state_root {
        let (found, wanted, height) = (pending.root(), last.header.state_root, last.number());
        return Err(failed(format!("the head state has root {found}, but block {height} says {wanted}")));
    }
    let genesis = genesis_row(&genesis)?;
    store.commit(&batch)?;
    state.commit(&pending, last.number(), |batch| {
        rows::put_import(batch, Import::Copied);
        put_genesis(batch, genesis);
    })?;
    Ok(Imported { height: last.number(), hash: last.hash, transactions, executed: false })
}

impl Copy<'_> {
    fn add(&mut self, block: Block) -> Result<(), ChainError> {
        let sealed = self.checked(block)?;
        self.transactions = self.transactions.saturating_add(count(sealed.transactions.len()));
        let (blocks, txs) = self.waiting;
        self.waiting = (blocks.saturating_add(1), txs.saturating_add(sealed.transactions.len()));
        let block = BlockWithReceipts { block: sealed, receipts: Vec::new() };
        rows::put_block(&mut self.batch, &block, &[]);
        self.last = block.block;
        if self.waiting.0 >= BATCH || self.waiting.1 >= BATCH_TRANSACTIONS {
            self.store.commit(&std::mem::take(&mut self.batch))?;
            self.waiting = (0, 0);
        }
        Ok(())
    }

    /// The block with its senders, if it follows the last one and its header stands for its body.
    fn checked(&self, block: Block) -> Result<SealedBlock, ChainError> {
        let height = block.header.number;
        let wrong = |what: &str| Err(failed(format!("block {height}: {what}")));
        if height != self.last.number().saturating_add(1) {
            return wrong(&format!("it comes after block {}", self.last.number()));
        }
        if block.header.parent_hash != self.last.hash {
            let what = if height == 1 { "the genesis file gives another first block" } else { "its parent is another" };
            return wrong(&format!("{what}: {} and not {}", self.last.hash, block.header.parent_hash));
        }
        if transactions_root(&block.transactions) != block.header.transactions_root {
            return wrong("its transactions are not those of its header");
        }
        if block.extra.ommers_hash() != block.header.ommers_hash {
            return wrong("its ommers are not those of its header");
        }
        if block.extra.withdrawals_root() != block.header.withdrawals_root {
            return wrong("its withdrawals are not those of its header");
        }
        let (hash, early) = (block.header.hash_slow(), height < self.homestead);
        let recover = |tx| if early { Recovered::recover_frontier(tx) } else { Recovered::recover(tx) };
        let transactions = block.transactions.into_iter().map(|tx| recover(tx).map(Arc::new));
        match transactions.collect() {
            Ok(transactions) => Ok(SealedBlock { hash, header: block.header, transactions, extra: block.extra }),
            Err(error) => wrong(&error.to_string()),
        }
    }
}

fn count(items: usize) -> u64 {
    items.try_into().unwrap_or(u64::MAX)
}
