//! What goes into execution and what comes out.

use crate::tracer::{Accesses, Changes, Steps};
use alloy_primitives::{Address, B256, Bytes, Log, U256};
use revm::{
    context::result::{HaltReason, InvalidTransaction},
    state::AccountInfo,
};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// The header fields that execution depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockContext {
    /// Height.
    pub number: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Most gas that the block may use.
    pub gas_limit: u64,
    /// Base fee in wei per gas.
    pub base_fee: u64,
    /// Who receives base fee and tips: the fee ledger.
    pub beneficiary: Address,
    /// `keccak(parent hash)`; predictable, as documented.
    pub prevrandao: B256,
    /// Hash of the parent, for EIP-2935.
    pub parent_hash: B256,
    /// Parent beacon root, for EIP-4788; zero on our own chains.
    pub parent_beacon_root: B256,
    /// Wei per unit of blob gas; `None` on our own chains, which have no blobs: the price stands at its floor of 1.
    pub blob_base_fee: Option<u128>,
}

/// Coin that changed hands, in the transaction itself or deep inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueMove {
    /// Who paid.
    pub from: Address,
    /// Who received.
    pub to: Address,
    /// Wei.
    pub amount: U256,
    /// What moved it.
    pub kind: CallKind,
    /// Depth in the call tree; 0 is the transaction's own value.
    pub depth: usize,
}

/// What opened a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// CALL, or a native contract calling another.
    Call,
    /// STATICCALL.
    StaticCall,
    /// DELEGATECALL.
    DelegateCall,
    /// CALLCODE.
    CallCode,
    /// CREATE.
    Create,
    /// CREATE2.
    Create2,
    /// SELFDESTRUCT, as a frame of its own.
    SelfDestruct,
}

impl CallKind {
    /// The name that tracers print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "CALL",
            Self::StaticCall => "STATICCALL",
            Self::DelegateCall => "DELEGATECALL",
            Self::CallCode => "CALLCODE",
            Self::Create => "CREATE",
            Self::Create2 => "CREATE2",
            Self::SelfDestruct => "SELFDESTRUCT",
        }
    }
}

/// Why a frame or transaction did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It refused; the output holds its reason.
    Revert,
    /// The EVM stopped it.
    Halt(HaltReason),
    /// Native code panicked.
    Panic,
}

/// One frame of a call tree, in the shape of callTracer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFrame {
    /// What opened it; `None` only before the root is known.
    pub kind: Option<CallKind>,
    /// The caller.
    pub from: Address,
    /// The callee or the created contract; `None` when creation failed early.
    pub to: Option<Address>,
    /// Wei sent along.
    pub value: U256,
    /// Gas given.
    pub gas: u64,
    /// Gas used, refunds not deducted.
    pub gas_used: u64,
    /// Calldata or init code.
    pub input: Bytes,
    /// Return data, revert data or deployed code.
    pub output: Bytes,
    /// Why it failed, in the tracer's words; `None` on success.
    pub error: Option<String>,
    /// Logs of this frame alone, with how many inner calls came before each.
    pub logs: Vec<(Log, usize)>,
    /// Inner calls in order.
    pub calls: Vec<CallFrame>,
}

/// What one transaction did.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Receipt status.
    pub success: bool,
    /// Why it failed.
    pub stopped: Option<Stopped>,
    /// Gas used, refunds deducted.
    pub gas_used: u64,
    /// Gas refunded.
    pub gas_refunded: u64,
    /// Logs in order; none on failure.
    pub logs: Vec<Log>,
    /// Return data or revert data.
    pub output: Bytes,
    /// The contract that a creation made.
    pub created: Option<Address>,
    /// Every move of coin that held.
    pub moves: Vec<ValueMove>,
    /// The call tree, when it was asked for.
    pub trace: Option<CallFrame>,
    /// What else was asked for.
    pub details: Details,
}

/// What a tracer keeps beside the call tree; each part only when asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Every opcode.
    pub steps: Option<Steps>,
    /// The accounts and slots touched.
    pub accesses: Option<Accesses>,
    /// The accounts read and what they became.
    pub changes: Option<Changes>,
    /// Bytes that this and the call tree take.
    pub bytes: usize,
    /// They would have taken more than was allowed, and something is missing.
    pub exceeded: bool,
}

impl Details {
    /// Takes `bytes` of a budget.
    pub(crate) const fn count(&mut self, bytes: usize, budget: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.exceeded |= self.bytes > budget;
    }
}

/// What a block changed, sorted so that nothing depends on map order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateDiff {
    /// Changed accounts; `None` is deleted.
    pub accounts: BTreeMap<Address, Option<AccountInfo>>,
    /// Changed slots; zero is deleted.
    pub storage: BTreeMap<Address, BTreeMap<U256, U256>>,
    /// New code by hash.
    pub codes: BTreeMap<B256, Bytes>,
    /// Accounts whose earlier storage is gone.
    pub wiped: BTreeSet<Address>,
}

/// Why a transaction could not be executed at all.
#[derive(Clone, Debug, Error)]
pub enum ExecError {
    /// The transaction may not stand in this block.
    #[error("{0}")]
    Invalid(InvalidTransaction),
    /// Its gas limit does not fit into what the block has left.
    #[error("the transaction's gas limit {limit} exceeds the {left} gas left in the block")]
    BlockFull {
        /// The transaction's gas limit.
        limit: u64,
        /// Gas left.
        left: u64,
    },
    /// The database failed; the block cannot be executed.
    #[error("state database: {0}")]
    Fatal(String),
}
