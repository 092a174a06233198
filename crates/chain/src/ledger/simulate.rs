//! Virtual blocks: what blocks with given calls would be, each over the one before. Nothing is kept.

use super::{Executed, Ledger, ancestry::Ancestry, execute::Body};
use crate::{
    block::{BlockWithReceipts, Extra, SealedBlock},
    edit,
    error::ChainError,
    node::{BlockOverride, CallError, StateView},
    source::{Ancestors, StateSource, state_diff},
    tx::{self, EthereumTx, Phase, Recovered, UnsignedTx},
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, Log, Signature, U256, address, b256};
use limpid_evm::{
    BlockContext, BlockExecutor, CallFrame, CallKind, ExecError, InvalidTransaction, Outcome, SourceError, Tracing,
    simulate::{OverrideError, Overrides, check_overrides},
};
use limpid_state::{Account, Base, StateDiff, StateError, StateRead};
use std::{collections::BTreeMap, sync::Arc};

/// Blocks of one simulation at most, with those between the ones that were asked for.
const MOST_BLOCKS: u64 = 256;
/// Seconds between virtual blocks unless told otherwise.
const SECONDS_APART: u64 = 12;
/// Who logs moves of coin, and as what: an ERC-20's Transfer.
const COIN: Address = address!("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// A block to simulate.
#[derive(Debug, Clone, Default)]
pub struct VirtualBlock {
    /// What its header says instead of what would follow from its parent.
    pub block: BlockOverride,
    /// Accounts that are other than they were.
    pub accounts: Overrides,
    /// Its transactions.
    pub calls: Vec<VirtualCall>,
}

/// An unsigned transaction.
#[derive(Debug, Clone)]
pub struct VirtualCall {
    /// Who sends it.
    pub from: Address,
    /// The transaction; its own nonce and gas limit do not count.
    pub tx: UnsignedTx,
    /// Its nonce; the sender's next one if absent.
    pub nonce: Option<u64>,
    /// Its gas limit; what is left if absent.
    pub gas: Option<u64>,
}

/// How virtual blocks are executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VirtualOptions {
    /// Check nonces and fees as for real transactions.
    pub strict: bool,
    /// Log moves of coin too.
    pub transfers: bool,
}

/// A block that was simulated.
#[derive(Debug, Clone)]
pub struct SimulatedBlock {
    /// The block and its receipts.
    pub block: Arc<BlockWithReceipts>,
    /// What each call came to.
    pub calls: Vec<SimulatedCall>,
}

/// What a virtual transaction came to.
#[derive(Debug, Clone)]
pub struct SimulatedCall {
    /// What it did.
    pub outcome: Outcome,
    /// Its place in the block.
    pub index: usize,
    /// The gas it was given.
    pub gas: u64,
    /// Its logs, with moves of coin if they were asked for.
    pub logs: Vec<Log>,
}

/// Why nothing was simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Too many, or too far from the first to the last.
    #[error("too many blocks: at most {MOST_BLOCKS} above the base")]
    TooManyBlocks,
    /// Heights must rise.
    #[error("block numbers must be in order: {number} <= {before}")]
    Number {
        /// The block's.
        number: u64,
        /// Of the block before.
        before: u64,
    },
    /// Times must rise.
    #[error("block timestamps must be in order: {timestamp} <= {before}")]
    Time {
        /// The block's.
        timestamp: u64,
        /// Of the block before.
        before: u64,
    },
    /// A call's gas limit exceeds what its block has left.
    #[error("block gas limit reached: remaining {left}, required {wanted}")]
    BlockGas {
        /// Gas left.
        left: u64,
        /// Gas asked for.
        wanted: u64,
    },
    /// Overrides that make no sense.
    #[error(transparent)]
    Override(#[from] OverrideError),
    /// A call that no block could hold.
    #[error("call {index} of block {number}: {reason}")]
    Invalid {
        /// The block's height.
        number: u64,
        /// The call's place.
        index: usize,
        /// What is wrong.
        reason: InvalidTransaction,
    },
    /// The node failed, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl From<ChainError> for SimulateError {
    fn from(error: ChainError) -> Self {
        Self::Call(error.into())
    }
}

impl From<ExecError> for SimulateError {
    fn from(error: ExecError) -> Self {
        Self::Call(error.into())
    }
}

impl From<StateError> for SimulateError {
    fn from(error: StateError) -> Self {
        Self::Call(ChainError::from(error).into())
    }
}

/// The state between virtual blocks.
#[derive(Clone)]
enum VirtualState {
    /// Over the head: its roots are computed.
    Rooted(Base),
    /// Over an earlier block, whose tries are not there: values alone, and roots that are zero.
    Bare(StateView, Arc<StateDiff>),
}

impl StateRead for VirtualState {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        match self {
            Self::Rooted(base) => base.account(address),
            Self::Bare(view, diff) => diff.accounts.get(&address).map_or_else(|| view.account(address), |one| Ok(*one)),
        }
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        match self {
            Self::Rooted(base) => base.storage(address, slot),
            Self::Bare(view, diff) => {
                if let Some(value) = diff.storage.get(&address).and_then(|slots| slots.get(&slot)) {
                    return Ok(*value);
                }
                let gone = diff.wiped.contains(&address) || matches!(diff.accounts.get(&address), Some(None));
                if gone { Ok(U256::ZERO) } else { view.storage(address, slot) }
            }
        }
    }

    fn code(&self, hash: B256) -> Result<Option<Bytes>, StateError> {
        match self {
            Self::Rooted(base) => base.code(hash),
            Self::Bare(view, diff) => {
                diff.codes.get(&hash).map_or_else(|| view.code(hash), |code| Ok(Some(code.clone())))
            }
        }
    }
}

/// Hashes of virtual blocks over those of real ones.
struct VirtualAncestry {
    virtuals: BTreeMap<u64, B256>,
    real: Ancestry,
}

impl Ancestors for VirtualAncestry {
    fn hash(&self, number: u64) -> Result<B256, SourceError> {
        self.virtuals.get(&number).map_or_else(|| self.real.hash(number), |hash| Ok(*hash))
    }
}

/// A simulation on its way.
struct Run<'a> {
    ledger: &'a Ledger,
    base: &'a SealedBlock,
    state: VirtualState,
    parent: Header,
    parent_hash: B256,
    hashes: BTreeMap<u64, B256>,
    options: VirtualOptions,
    gas: u64,
}

impl Ledger {
    /// Executes virtual blocks over `base`, whose state is `state`, with `gas` for all calls together.
    pub(crate) fn simulate(
        &self,
        base: &SealedBlock,
        state: StateView,
        blocks: Vec<VirtualBlock>,
        options: VirtualOptions,
        gas: u64,
    ) -> Result<Vec<SimulatedBlock>, SimulateError> {
        let blocks = in_order(&base.header, blocks)?;
        let state = match state {
            StateView::Head(committed) => VirtualState::Rooted(Base::from(&committed)),
            StateView::Edited(_) => {
                let edits = StateDiff::clone(&self.edits_over(base.number()));
                VirtualState::Rooted(Base::from(&self.state.apply(&self.state.committed(), edits)?))
            }
            past @ StateView::Past(_) => VirtualState::Bare(past, Arc::default()),
        };
        let (parent, parent_hash) = (base.header.clone(), base.hash);
        let mut run = Run { ledger: self, base, state, parent, parent_hash, hashes: BTreeMap::new(), options, gas };
        blocks.into_iter().map(|block| run.block(block)).collect()
    }
}

/// Gives every block its number and time, and fills the gaps between numbers with empty blocks.
fn in_order(base: &Header, blocks: Vec<VirtualBlock>) -> Result<Vec<VirtualBlock>, SimulateError> {
    if u64::try_from(blocks.len()).unwrap_or(u64::MAX) > MOST_BLOCKS {
        return Err(SimulateError::TooManyBlocks);
    }
    let (mut number, mut timestamp) = (base.number, base.timestamp);
    let mut all = Vec::new();
    for mut block in blocks {
        let wanted = block.block.number.unwrap_or(number.saturating_add(1));
        if wanted <= number {
            return Err(SimulateError::Number { number: wanted, before: number });
        }
        if wanted.saturating_sub(base.number) > MOST_BLOCKS {
            return Err(SimulateError::TooManyBlocks);
        }
        for between in number.saturating_add(1)..wanted {
            timestamp = timestamp.saturating_add(SECONDS_APART);
            let block = BlockOverride { number: Some(between), timestamp: Some(timestamp), ..BlockOverride::default() };
            all.push(VirtualBlock { block, ..VirtualBlock::default() });
        }
        let at = block.block.timestamp.unwrap_or(timestamp.saturating_add(SECONDS_APART));
        if at <= timestamp {
            return Err(SimulateError::Time { timestamp: at, before: timestamp });
        }
        (number, timestamp) = (wanted, at);
        (block.block.number, block.block.timestamp) = (Some(number), Some(timestamp));
        all.push(block);
    }
    Ok(all)
}

impl Run<'_> {
    fn header(&self, with: &BlockOverride) -> Header {
        let ledger = self.ledger;
        let parent = SealedBlock {
            hash: self.parent_hash,
            header: self.parent.clone(),
            transactions: Vec::new(),
            extra: Extra::default(),
        };
        let timestamp = with.timestamp.unwrap_or_default();
        let usual = ledger.start(&parent, timestamp).into_header();
        let usual = match ledger.forks() {
            None => usual,
            Some(_) => Header {
                beneficiary: self.parent.beneficiary,
                mix_hash: B256::ZERO,
                excess_blob_gas: Some(ledger.next_excess_blob_gas(&self.parent, timestamp)),
                ..usual
            },
        };
        let base_fee = if self.options.strict { usual.base_fee_per_gas.unwrap_or_default() } else { 0 };
        Header {
            gas_limit: with.gas_limit.unwrap_or(self.parent.gas_limit),
            base_fee_per_gas: Some(with.base_fee.unwrap_or(base_fee)),
            beneficiary: with.beneficiary.unwrap_or(usual.beneficiary),
            mix_hash: with.prevrandao.unwrap_or(usual.mix_hash),
            parent_beacon_block_root: Some(with.beacon_root.unwrap_or_default()),
            ..usual
        }
    }

    fn block(&mut self, virtual_block: VirtualBlock) -> Result<SimulatedBlock, SimulateError> {
        let VirtualBlock { block: with, accounts, calls } = virtual_block;
        let ledger = self.ledger;
        check_overrides(ledger.rules(), &accounts)?;
        let header = self.header(&with);
        let extra = Extra { withdrawals: Some(with.withdrawals.clone().unwrap_or_default()), ..Extra::default() };
        let context = ledger.context(&header);
        let context = BlockContext { blob_base_fee: with.blob_base_fee.or(context.blob_base_fee), ..context };
        let mut executor = BlockExecutor::new(self.source(), ledger.rules(), context);
        executor.pretend(&accounts, self.options.strict)?;
        let mut body = Body::default();
        body.push_system(header.number, Phase::Begin, executor.begin()?);
        executor.trace(if self.options.transfers { Tracing::CALLS } else { Tracing::NONE });
        let mut done = Vec::new();
        for (index, call) in calls.into_iter().enumerate() {
            done.push(self.call(&mut executor, &mut body, &header, (index, call))?);
        }
        let requests = ledger.finish(&mut executor, &mut body, header.number, &extra)?;
        let requests_hash = Some(requests.requests_hash());
        let blob_gas = body.transactions.iter().map(|tx| tx.blob_gas()).fold(0, u64::saturating_add);
        let diff = state_diff(executor.finish());
        let state_root = self.advance(diff)?;
        let withdrawals_root = extra.withdrawals_root();
        let header = Header { state_root, requests_hash, withdrawals_root, blob_gas_used: Some(blob_gas), ..header };
        let (block, _) = body.seal(header, extra);
        self.hashes.insert(block.block.number(), block.block.hash);
        (self.parent, self.parent_hash) = (block.block.header.clone(), block.block.hash);
        Ok(SimulatedBlock { block, calls: done })
    }

    fn source(&self) -> Arc<StateSource<VirtualState>> {
        let pending: Arc<parking_lot::RwLock<alloy_primitives::map::B256Map<Arc<Executed>>>> =
            self.ledger.pending.clone();
        let store = self.ledger.store.clone();
        let real = Ancestry { number: self.base.number(), hash: self.base.hash, pending, store };
        let ancestors = Arc::new(VirtualAncestry { virtuals: self.hashes.clone(), real });
        Arc::new(StateSource { state: self.state.clone(), ancestors })
    }

    /// Takes a block's changes, and gives the state root after them.
    fn advance(&mut self, diff: StateDiff) -> Result<B256, SimulateError> {
        match &mut self.state {
            VirtualState::Rooted(base) => {
                let pending = self.ledger.state.apply(base.clone(), diff)?;
                *base = Base::from(&pending);
                Ok(pending.root())
            }
            VirtualState::Bare(_, changes) => {
                *changes = Arc::new(edit::merge(changes, diff));
                Ok(B256::ZERO)
            }
        }
    }

    fn call(
        &mut self,
        executor: &mut BlockExecutor,
        body: &mut Body,
        header: &Header,
        (index, call): (usize, VirtualCall),
    ) -> Result<SimulatedCall, SimulateError> {
        let left = header.gas_limit.saturating_sub(body.gas_used);
        let wanted = call.gas.unwrap_or(left);
        if wanted > left {
            return Err(SimulateError::BlockGas { left, wanted });
        }
        let gas = wanted.min(self.gas);
        let nonce = call.nonce.map_or_else(|| executor.nonce(call.from), Ok)?;
        if self.options.strict && nonce == u64::MAX {
            let reason = InvalidTransaction::NonceOverflowInTransaction;
            return Err(SimulateError::Invalid { number: header.number, index, reason });
        }
        let tx = Arc::new(Recovered::trusted(unsigned(call.tx, nonce, gas).into(), call.from));
        let free = !self.options.strict && tx.max_fee_per_gas() == 0;
        let mut env = tx::env(&tx).unwrap_or_default();
        if !self.options.strict {
            // It is not looked at, but for the one that no account can get past.
            env.nonce = 0;
        }
        let outcome = executor.transact_pretended(env, free).map_err(|error| match error {
            ExecError::Invalid(reason) => SimulateError::Invalid { number: header.number, index, reason },
            other => other.into(),
        })?;
        if outcome.details.exceeded {
            return Err(CallError::TraceTooLarge.into());
        }
        self.gas = self.gas.saturating_sub(outcome.gas_used);
        let logs = match &outcome.trace {
            Some(root) if self.options.transfers => with_transfers(root),
            _ => outcome.logs.clone(),
        };
        let index = body.transactions.len();
        body.push(tx, outcome.clone(), header.base_fee_per_gas.unwrap_or_default());
        Ok(SimulatedCall { outcome, index, gas, logs })
    }
}

/// The transaction as it would stand in a block, with a signature of zeros.
fn unsigned(mut tx: UnsignedTx, nonce: u64, gas: u64) -> EthereumTx {
    let (own_nonce, own_gas) = match &mut tx {
        UnsignedTx::Legacy(tx) => (&mut tx.nonce, &mut tx.gas_limit),
        UnsignedTx::Eip2930(tx) => (&mut tx.nonce, &mut tx.gas_limit),
        UnsignedTx::Eip1559(tx) => (&mut tx.nonce, &mut tx.gas_limit),
        UnsignedTx::Eip4844(tx) => (&mut tx.nonce, &mut tx.gas_limit),
        UnsignedTx::Eip7702(tx) => (&mut tx.nonce, &mut tx.gas_limit),
    };
    (*own_nonce, *own_gas) = (nonce, gas);
    tx.into_envelope(Signature::new(U256::ZERO, U256::ZERO, false))
}

/// Logs of a call tree in the order in which they happened, with a log for each move of coin that held.
fn with_transfers(root: &CallFrame) -> Vec<Log> {
    let mut logs = Vec::new();
    // Frames still to be entered, and logs that come after the frames before them; last first.
    let mut todo = vec![Step::Enter(root)];
    while let Some(step) = todo.pop() {
        let frame = match step {
            Step::Log(log) => {
                logs.push(log.clone());
                continue;
            }
            Step::Enter(frame) if frame.error.is_some() => continue,
            Step::Enter(frame) => frame,
        };
        let moves = !matches!(frame.kind, Some(CallKind::DelegateCall | CallKind::CallCode | CallKind::StaticCall));
        if moves && !frame.value.is_zero() {
            let topics = vec![TRANSFER, frame.from.into_word(), frame.to.unwrap_or_default().into_word()];
            logs.push(Log::new_unchecked(COIN, topics, frame.value.to_be_bytes_vec().into()));
        }
        let mut steps: Vec<_> = Vec::new();
        let mut own = frame.logs.iter().peekable();
        for (place, call) in frame.calls.iter().enumerate() {
            while let Some((log, _)) = own.next_if(|(_, before)| *before <= place) {
                steps.push(Step::Log(log));
            }
            steps.push(Step::Enter(call));
        }
        steps.extend(own.map(|(log, _)| Step::Log(log)));
        todo.extend(steps.into_iter().rev());
    }
    logs
}

enum Step<'a> {
    Enter(&'a CallFrame),
    Log(&'a Log),
}
