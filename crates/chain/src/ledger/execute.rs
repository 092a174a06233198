//! Building a block, and checking one that somebody else built: one function executes for both.

use super::{Executed, Executor, Ledger};
use crate::{
    block::{
        Block, BlockWithReceipts, Extra, HeaderStart, MAX_BLOCK_BYTES, SealedBlock, first_difference, logs_bloom,
        receipts_root, transactions_root,
    },
    edit::{self, Edited},
    error::{BlockFault, ChainError},
    pool::{Refusal, TxSource},
    receipt::{Blooms, Receipt},
    rows,
    source::state_diff,
    tx::{self, Phase, Recovered, SYSTEM_SENDER, SystemTx},
};
use alloy_consensus::Header;
use alloy_eips::eip7685::Requests;
use alloy_primitives::{B256, map::B256Set};
use alloy_rlp::Encodable;
use limpid_evm::{BlockExecutor, ExecError, Outcome, ValueMove};
use limpid_state::Base;
use std::{collections::VecDeque, num::NonZero, sync::Arc, thread};

/// Transactions that may be refused one after the other for lack of room before a block is closed.
const MAX_NO_ROOM: usize = 64;

/// Blocks kept over the committed head, in all forks.
const MAX_PENDING: usize = 256;

/// What the encoding of a block needs at most besides its users' transactions, withdrawals and ommers.
const FRAME_BYTES: usize = 4_096;

/// Senders that one thread recovers before another is worth starting.
const SENDERS_PER_THREAD: usize = 64;

/// A block while it is executed.
#[derive(Default)]
pub(super) struct Body {
    pub(super) transactions: Vec<Arc<Recovered>>,
    pub(super) receipts: Vec<Receipt>,
    moves: Vec<Vec<ValueMove>>,
    pub(super) gas_used: u64,
    logs: u64,
    blooms: Blooms,
}

impl Body {
    /// Completes the header and the block.
    pub(super) fn seal(self, header: Header, extra: Extra) -> (Arc<BlockWithReceipts>, Vec<Vec<ValueMove>>) {
        let header = Header {
            gas_used: self.gas_used,
            transactions_root: transactions_root(&self.transactions.iter().map(|tx| tx.tx()).collect::<Vec<_>>()),
            receipts_root: receipts_root(&self.receipts),
            logs_bloom: logs_bloom(&self.receipts),
            ..header
        };
        let block = SealedBlock { hash: header.hash_slow(), header, transactions: self.transactions, extra };
        (Arc::new(BlockWithReceipts { block, receipts: self.receipts }), self.moves)
    }

    pub(super) fn push(&mut self, tx: Arc<Recovered>, outcome: Outcome, base_fee: u64) {
        self.gas_used = self.gas_used.saturating_add(outcome.gas_used);
        let first_log_index = self.logs;
        self.logs = self.logs.saturating_add(outcome.logs.len().try_into().unwrap_or(u64::MAX));
        self.receipts.push(Receipt {
            tx_type: tx.tx_type(),
            success: outcome.success,
            cumulative_gas_used: self.gas_used,
            bloom: self.blooms.of(&outcome.logs),
            logs: outcome.logs,
            gas_used: outcome.gas_used,
            effective_gas_price: tx.effective_gas_price(base_fee),
            created: outcome.created,
            first_log_index,
        });
        // A user transaction's own value is in the transaction; only what moved inside needs a record.
        let system = tx.as_system().is_some();
        self.moves.push(outcome.moves.into_iter().filter(|one| system || one.depth > 0).collect());
        self.transactions.push(tx);
    }

    pub(super) fn push_system(&mut self, height: u64, phase: Phase, outcome: Option<Outcome>) {
        if let Some(outcome) = outcome {
            let tx = Recovered::trusted(SystemTx { height, phase }.into(), SYSTEM_SENDER);
            self.push(Arc::new(tx), outcome, 0);
        }
    }
}

impl Ledger {
    /// See [`super::Executor::build`].
    pub(super) fn build_block(
        &self,
        parent: B256,
        timestamp: u64,
        txs: &mut dyn TxSource,
    ) -> Result<Arc<Executed>, ChainError> {
        let (parent, base) = self.parent(parent)?;
        let earliest = self.genesis.earliest_after(parent.block.header.timestamp);
        let header = self.start(&parent.block, timestamp.max(earliest)).into_header();
        let extra = Extra::default();
        let room = room_beside(&extra);
        let executed = Arc::new(self.run(&parent.block, base, header, extra, room, txs)?);
        self.keep(executed)
    }

    /// The block that [`Ledger::build_block`] would make, without keeping it.
    pub(crate) fn preview(
        &self,
        parent: B256,
        timestamp: u64,
        txs: &mut dyn TxSource,
    ) -> Result<Arc<BlockWithReceipts>, ChainError> {
        let (parent, base) = self.parent(parent)?;
        let earliest = self.genesis.earliest_after(parent.block.header.timestamp);
        let header = self.start(&parent.block, timestamp.max(earliest)).into_header();
        let extra = Extra::default();
        let room = room_beside(&extra);
        Ok(self.run(&parent.block, base, header, extra, room, txs)?.block)
    }

    /// See [`super::Executor::execute`].
    pub(super) fn check_block(&self, block: &Block) -> Result<Arc<Executed>, ChainError> {
        let hash = block.header.hash_slow();
        let invalid = |reason| ChainError::Invalid { hash, reason };
        // First of all: the hash stands for the body only if this holds.
        let (found, expected) = (block.header.transactions_root, transactions_root(&block.transactions));
        if found != expected {
            let (found, expected) = (found.to_string(), expected.to_string());
            return Err(invalid(BlockFault::Field { field: "transactions_root", found, expected }));
        }
        self.check_extra(block).map_err(invalid)?;
        if let Some(known) = self.pending_block(hash) {
            return Ok(known);
        }
        if block.length() > MAX_BLOCK_BYTES {
            return Err(invalid(BlockFault::Size { found: block.length(), limit: MAX_BLOCK_BYTES }));
        }
        let (parent, base) = match self.parent(block.header.parent_hash) {
            Ok(parent) => parent,
            Err(error) => {
                let height = rows::height_of(self.store.as_ref(), hash)?;
                return Err(height.map_or(error, |height| ChainError::AlreadyCommitted { height, hash }));
            }
        };
        let (found, earliest) = (block.header.timestamp, self.genesis.earliest_after(parent.block.header.timestamp));
        if found < earliest {
            return Err(invalid(BlockFault::Timestamp { found, earliest }));
        }
        let header = match self.forks() {
            Some(_) => self.foreign_start(&parent.block, block).map_err(invalid)?,
            None => self.start(&parent.block, found).into_header(),
        };
        let mut given = Given::new(block, self.genesis.dev).map_err(|index| invalid(BlockFault::Signature(index)))?;
        // The whole was measured above.
        let executed = self.run(&parent.block, base, header, block.extra.clone(), MAX_BLOCK_BYTES, &mut given);
        if let Some((hash, reason)) = given.refused {
            return Err(invalid(BlockFault::Transaction { hash, reason }));
        }
        let executed = executed?;
        if let Some((field, found, expected)) = first_difference(&block.header, &executed.block.block.header) {
            return Err(invalid(BlockFault::Field { field, found, expected }));
        }
        self.keep(Arc::new(executed))
    }

    /// Keeps a block until it is committed or loses. When there are too many, the oldest one that none builds on is
    /// forgotten: consensus may never hear that a proposal came to nothing, and can have any block executed again.
    fn keep(&self, executed: Arc<Executed>) -> Result<Arc<Executed>, ChainError> {
        let mut pending = self.pending.write();
        if pending.len() >= MAX_PENDING {
            let mut built_on: B256Set = pending.values().map(|one| one.parent_hash()).collect();
            built_on.insert(executed.parent_hash());
            let tips = pending.values().filter(|one| !built_on.contains(&one.hash()));
            let oldest = tips.min_by_key(|one| (one.number(), one.block.block.header.timestamp, one.hash()));
            let oldest = oldest.map(|one| one.hash()).ok_or(ChainError::TooManyPending(pending.len()))?;
            pending.remove(&oldest);
        }
        pending.insert(executed.hash(), executed.clone());
        Ok(executed)
    }

    /// The header stands for the rest of the body only if this holds.
    fn check_extra(&self, block: &Block) -> Result<(), BlockFault> {
        let (found, expected) = (block.header.ommers_hash, block.extra.ommers_hash());
        if found != expected {
            let (found, expected) = (found.to_string(), expected.to_string());
            return Err(BlockFault::Field { field: "ommers_hash", found, expected });
        }
        let (found, expected) = (block.header.withdrawals_root, block.extra.withdrawals_root());
        if found != expected {
            let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
            return Err(BlockFault::Field { field: "withdrawals_root", found, expected });
        }
        Ok(())
    }

    pub(super) fn start(&self, parent: &SealedBlock, timestamp: u64) -> HeaderStart {
        HeaderStart {
            parent_hash: parent.hash,
            number: parent.header.number.saturating_add(1),
            timestamp,
            gas_limit: self.genesis.gas_limit,
            base_fee: self.next_base_fee(&parent.header),
            beneficiary: self.beneficiary(),
        }
    }

    /// Executes the transactions that `txs` gives over `base`, the state after `parent`: as many as fit into the gas
    /// that users have and into `bytes`.
    pub(super) fn run(
        &self,
        parent: &SealedBlock,
        base: Base,
        header: Header,
        extra: Extra,
        bytes: usize,
        txs: &mut dyn TxSource,
    ) -> Result<Executed, ChainError> {
        let (height, base_fee) = (header.number, header.base_fee_per_gas.unwrap_or_default());
        let edits =
            if parent.hash == self.head().block.hash { self.edits_over(parent.header.number) } else { Arc::default() };
        let edited = Edited::new(base.clone(), edits.clone());
        let source = Arc::new(self.source(edited, parent.hash, parent.header.number));
        let mut executor = BlockExecutor::new(source, &self.rules, self.context(&header));
        let mut body = Body::default();
        body.push_system(height, Phase::Begin, executor.begin()?);
        let gas = if self.genesis.natives { self.user_gas() } else { header.gas_limit };
        run_users(&mut executor, &mut body, base_fee, Room { gas, bytes }, txs)?;
        let requests = self.finish(&mut executor, &mut body, height, &extra)?;
        let requests_hash = Some(requests.requests_hash());
        let state = self.state.apply(base, edit::merge(&edits, state_diff(executor.finish())))?;
        let header = Header { state_root: state.root(), requests_hash, ..header };
        let (block, moves) = body.seal(header, extra);
        Ok(Executed { block, moves, state, edits, requests: requests.take() })
    }

    /// What stands after the last transaction: on our chains the end hook; on foreign ones withdrawals and requests.
    pub(super) fn finish(
        &self,
        executor: &mut BlockExecutor,
        body: &mut Body,
        height: u64,
        extra: &Extra,
    ) -> Result<Requests, ChainError> {
        if self.genesis.foreign.is_none() {
            body.push_system(height, Phase::End, executor.end()?);
            return Ok(Requests::default());
        }
        for withdrawal in extra.withdrawals.iter().flatten() {
            executor.credit(withdrawal.address, withdrawal.amount_wei())?;
        }
        let queues = executor.requests()?;
        let logs: Vec<_> = body.receipts.iter().flat_map(|receipt| receipt.logs.iter().cloned()).collect();
        self.requests(&logs, queues).map_err(|fault| ChainError::Execution(fault.to_string()))
    }
}

/// Bytes that the transactions of a block may have beside `extra`.
pub(super) fn room_beside(extra: &Extra) -> usize {
    MAX_BLOCK_BYTES.saturating_sub(FRAME_BYTES).saturating_sub(extra.length())
}

/// What a block has left for transactions.
struct Room {
    gas: u64,
    bytes: usize,
}

fn run_users(
    executor: &mut BlockExecutor,
    body: &mut Body,
    base_fee: u64,
    mut room: Room,
    txs: &mut dyn TxSource,
) -> Result<(), ChainError> {
    let mut no_room = 0usize;
    while no_room < MAX_NO_ROOM && room.gas >= tx::LEAST_GAS {
        let Some(tx) = txs.next() else { break };
        let Some(env) = tx::env(&tx) else {
            txs.refuse(Refusal::Invalid("system transactions are made by the block".to_owned()));
            continue;
        };
        let length = tx.tx().length();
        if tx.gas_limit() > room.gas || length > room.bytes {
            no_room = no_room.saturating_add(1);
            txs.refuse(Refusal::NoRoom);
            continue;
        }
        match executor.transact_as(env, tx.is_impersonated()) {
            Ok(outcome) => {
                room.gas = room.gas.saturating_sub(outcome.gas_used);
                room.bytes = room.bytes.saturating_sub(length);
                no_room = 0;
                body.push(tx, outcome, base_fee);
            }
            Err(ExecError::BlockFull { .. }) => {
                no_room = no_room.saturating_add(1);
                txs.refuse(Refusal::NoRoom);
            }
            Err(ExecError::Invalid(reason)) => txs.refuse(Refusal::Invalid(reason.to_string())),
            Err(error @ ExecError::Fatal(_)) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The transactions of a block that somebody else built. The first refusal ends it.
pub(super) struct Given {
    txs: VecDeque<Arc<Recovered>>,
    last: B256,
    pub(super) refused: Option<(B256, String)>,
}

impl Given {
    /// Recovers the senders; an error is the index of a transaction nobody signed.
    ///
    /// System transactions are left out: execution makes them again, and the transactions root shows whether they
    /// stood where they belong.
    pub(super) fn new(block: &Block, dev: bool) -> Result<Self, usize> {
        let txs: Vec<_> = block.transactions.iter().enumerate().filter(|(_, tx)| tx.as_system().is_none()).collect();
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let share = txs.len().div_ceil(cores).max(SENDERS_PER_THREAD);
        let parts = thread::scope(|scope| {
            let parts: Vec<_> = txs.chunks(share).map(|part| scope.spawn(move || recover(part, dev))).collect();
            // A thread that panicked recovered nobody.
            parts.into_iter().map(|part| part.join().unwrap_or(Err(0))).collect::<Result<Vec<_>, usize>>()
        })?;
        Ok(Self { txs: parts.into_iter().flatten().collect(), last: B256::ZERO, refused: None })
    }
}

fn recover(txs: &[(usize, &tx::Transaction)], dev: bool) -> Result<Vec<Arc<Recovered>>, usize> {
    let recover = |(index, tx): &(usize, &tx::Transaction)| {
        Recovered::recover_on((*tx).clone(), dev).map(Arc::new).map_err(|_| *index)
    };
    txs.iter().map(recover).collect()
}

impl TxSource for Given {
    fn next(&mut self) -> Option<Arc<Recovered>> {
        if self.refused.is_some() {
            return None;
        }
        let tx = self.txs.pop_front()?;
        self.last = tx.hash();
        Some(tx)
    }

    fn refuse(&mut self, why: Refusal) {
        let reason = match why {
            Refusal::NoRoom => "its gas limit or its length exceeds what the block leaves".to_owned(),
            Refusal::Invalid(reason) => reason,
        };
        self.refused = Some((self.last, reason));
    }
}
