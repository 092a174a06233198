//! Writing all rows again from the blocks, for a chain that ran without them.

use super::{Indexer, all_rows, delete_marker, marker, put_marker, write::put};
use crate::{
    error::{ChainError, damaged},
    ledger::{rules_of, stored_genesis},
    rows,
};
use limpid_state::{Batch, Order, StateDb, Store, Table};
use std::sync::Arc;

/// Transactions after which a batch is written.
const BATCH: usize = 20_000;
/// Rows deleted at once.
const DELETED: usize = 20_000;

/// What was rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// First block that was read; later than 0 if an earlier run had come so far.
    pub from: u64,
    /// The head.
    pub head: u64,
    /// Transactions that were read.
    pub transactions: u64,
}

/// Writes the rows of all blocks, from where an earlier run ended; `afresh` from block 0. `on` is told the height that is
/// done and the head's. No node may have the store open. What was killed goes on where it was.
pub fn rebuild(store: &Arc<dyn Store>, afresh: bool, on: &mut dyn FnMut(u64, u64)) -> Result<Rebuilt, ChainError> {
    let genesis = stored_genesis(store.as_ref())?;
    if rows::import(store.as_ref())? == Some(rows::Import::Copied) {
        return Err(ChainError::Import(
            "a chain that was copied without executing it has no receipts to index".to_owned(),
        ));
    }
    let weth = genesis.natives.then(|| rules_of(&genesis).registry.addresses().weth);
    let head = StateDb::open(store.clone())?.head().map(|head| head.height).unwrap_or_default();
    let done = if afresh { None } else { marker(store.as_ref())?.filter(|done| *done <= head) };
    if done.is_none() {
        clear(store.as_ref())?;
    }
    let from = done.map_or(0, |done| done.saturating_add(1));
    let (mut next, mut transactions) = (from, 0u64);
    while next <= head {
        let mut indexer = Indexer::forward(store.as_ref(), weth);
        let mut read = 0usize;
        while next <= head && read < BATCH {
            let block = rows::block(store.as_ref(), next)?.ok_or_else(|| damaged("block"))?;
            // A block without transactions costs something too.
            read = read.saturating_add(block.receipts.len()).saturating_add(1);
            transactions = transactions.saturating_add(u64::try_from(block.receipts.len()).unwrap_or(u64::MAX));
            indexer.block(&block)?;
            next = next.saturating_add(1);
        }
        let (mut batch, last) = (Batch::new(), next.saturating_sub(1));
        put(&mut batch, indexer.finish()?);
        put_marker(&mut batch, last);
        store.commit(&batch)?;
        on(last, head);
    }
    Ok(Rebuilt { from, head, transactions })
}

/// Removes every row. The marker goes first: whoever is killed in between begins again.
fn clear(store: &dyn Store) -> Result<(), ChainError> {
    let mut batch = Batch::new();
    delete_marker(&mut batch);
    loop {
        let rows = store.page(Table::AddressIndex, &all_rows(), Order::Ascending, DELETED)?;
        let last = rows.len() < DELETED;
        rows.into_iter().for_each(|(key, _)| batch.delete(Table::AddressIndex, key));
        store.commit(&std::mem::take(&mut batch))?;
        if last {
            return Ok(());
        }
    }
}
