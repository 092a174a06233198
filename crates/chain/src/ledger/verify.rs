//! Checking a whole store that no node has open.

use crate::{
    block::{logs_bloom, receipts_root, transactions_root},
    error::{ChainError, damaged},
    rows::{self, Import},
    tx::Recovered,
};
use alloy_primitives::B256;
use limpid_state::{HistoryReport, Report, StateDb, StateError, Store};
use std::sync::Arc;

/// Changed accounts and slots that going back through the heights may take memory for: some 2 GB.
const MAX_CHANGES: u64 = 2_000_000;

/// What [`verify`] is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Values, code and trie of the head.
    State,
    /// Values and roots of earlier heights.
    History,
    /// Headers, transactions, receipts and their indices.
    Blocks,
}

impl Stage {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::History => "history",
            Self::Blocks => "blocks",
        }
    }
}

/// What [`verify`] counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The head's state.
    pub state: Report,
    /// Earlier heights.
    pub history: HistoryReport,
    /// Blocks.
    pub blocks: u64,
    /// Transactions, the system's counted.
    pub transactions: u64,
}

/// Recomputes the head's root from its values, then the roots of earlier heights, and checks every block: its hash, its
/// parent, the roots of its transactions and receipts, its senders, and that it is found by its hashes. `on` is told
/// how many of how many are done; of the state's size nothing is known before.
pub fn verify(store: &Arc<dyn Store>, on: &mut dyn FnMut(Stage, u64, u64)) -> Result<Verified, ChainError> {
    on(Stage::State, 0, 0);
    let db = StateDb::open(store.clone())?;
    let state = db.verify()?;
    let history = db.verify_history(&state, MAX_CHANGES, &mut |done, of| on(Stage::History, done, of))?;
    let (mut blocks, mut transactions, mut parent) = (0u64, 0u64, B256::ZERO);
    if let Some(head) = state.head {
        let dev = super::stored_genesis(store.as_ref())?.dev;
        for height in 0..=head.height {
            let (hash, count) = verify_block(store.as_ref(), &db, height, parent, dev)?;
            parent = hash;
            blocks = blocks.saturating_add(1);
            transactions = transactions.saturating_add(count);
            on(Stage::Blocks, height, head.height);
        }
        if rows::header(store.as_ref(), head.height.saturating_add(1))?.is_some() {
            return Err(ChainError::Damaged(format!("there is a block above the head, which is {}", head.height)));
        }
    }
    Ok(Verified { state, history, blocks, transactions })
}

/// Gives the block's hash and how many transactions it has.
fn verify_block(
    store: &dyn Store,
    db: &StateDb,
    height: u64,
    parent: B256,
    dev: bool,
) -> Result<(B256, u64), ChainError> {
    let wrong = |what: &str| ChainError::Damaged(format!("block {height}: {what}"));
    let found = rows::block(store, height)?.ok_or_else(|| wrong("it is missing"))?;
    let (block, header) = (&found.block, &found.block.header);
    if header.hash_slow() != block.hash || header.number != height {
        return Err(wrong("its header is another"));
    }
    if header.parent_hash != parent {
        return Err(wrong("its parent is not the block before"));
    }
    match db.at(height) {
        Ok(state) if state.root() != header.state_root => return Err(wrong("its state root is not that of the state")),
        // Pruned.
        Ok(_) | Err(StateError::UnknownHeight { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let txs: Vec<_> = block.transactions.iter().map(|tx| tx.tx()).collect();
    if transactions_root(&txs) != header.transactions_root {
        return Err(wrong("its transactions are not those of its header"));
    }
    let extra = &block.extra;
    if extra.ommers_hash() != header.ommers_hash || extra.withdrawals_root() != header.withdrawals_root {
        return Err(wrong("its ommers or withdrawals are not those of its header"));
    }
    // A copy of a foreign chain has no receipts, and its senders signed by rules older than ours.
    let copied = rows::import(store)? == Some(Import::Copied);
    let receipts = &found.receipts;
    if !copied && (receipts_root(receipts) != header.receipts_root || logs_bloom(receipts) != header.logs_bloom) {
        return Err(wrong("its receipts are not those of its header"));
    }
    if rows::height_of(store, block.hash)? != Some(height) {
        return Err(wrong("it is not found by its hash"));
    }
    for (at, tx) in rows::positions(height).zip(&block.transactions) {
        let index = at.index;
        if rows::position_of(store, tx.hash())? != Some(at) {
            return Err(wrong(&format!("transaction {index} is not found by its hash")));
        }
        if tx.as_system().is_none() && !copied {
            let recovered = Recovered::recover_on(tx.tx().clone(), dev).map_err(|_| damaged("signed transaction"))?;
            if recovered.sender() != tx.sender() {
                return Err(wrong(&format!("the sender of transaction {index} is another")));
            }
        }
    }
    Ok((block.hash, block.transactions.len() as u64))
}
