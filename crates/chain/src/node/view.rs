//! What a node shows of its chain.

use crate::{edit::Edited, receipt::Receipt, rows::Position, tx::Recovered};
use alloy_primitives::{Address, B256, Bytes, U256};
use limpid_state::{Account, AtHeight, Committed, StateError, StateRead};
use std::sync::Arc;

/// Where a transaction stands, and what its block says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The block's height and the place in it.
    pub at: Position,
    /// The block's hash.
    pub block_hash: B256,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// The block's base fee in wei per gas.
    pub base_fee: u64,
}

/// A transaction, in a block or waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTx {
    /// The transaction.
    pub tx: Arc<Recovered>,
    /// Where it stands; `None` while it waits.
    pub place: Option<Place>,
}

/// A receipt with its transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundReceipt {
    /// The receipt.
    pub receipt: Receipt,
    /// The transaction.
    pub tx: Arc<Recovered>,
    /// Where it stands.
    pub place: Place,
}

/// The state after a committed block. For the length of a request: the store keeps old rows while it lives.
#[derive(Clone)]
pub enum StateView {
    /// After the head.
    Head(Committed),
    /// After the head, with what a development chain's user wrote over it.
    Edited(Edited<Committed>),
    /// After an earlier block.
    Past(AtHeight),
}

impl StateRead for StateView {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        match self {
            Self::Head(state) => state.account(address),
            Self::Edited(state) => state.account(address),
            Self::Past(state) => state.account(address),
        }
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        match self {
            Self::Head(state) => state.storage(address, slot),
            Self::Edited(state) => state.storage(address, slot),
            Self::Past(state) => state.storage(address, slot),
        }
    }

    fn code(&self, code_hash: B256) -> Result<Option<Bytes>, StateError> {
        match self {
            Self::Head(state) => state.code(code_hash),
            Self::Edited(state) => state.code(code_hash),
            Self::Past(state) => state.code(code_hash),
        }
    }
}

impl StateView {
    /// The code of an account; empty if it has none.
    pub fn code_of(&self, address: Address) -> Result<Bytes, StateError> {
        let Some(account) = self.account(address)? else { return Ok(Bytes::new()) };
        self.code(account.code_hash)?.ok_or_else(|| StateError::Damaged(format!("the code of {address} is missing")))
    }
}

/// What recent blocks paid, oldest first; one base fee more than blocks, the last being the next block's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeeHistory {
    /// The first block's height.
    pub oldest: u64,
    /// Wei per gas.
    pub base_fees: Vec<u64>,
    /// Gas used and gas limit of each block.
    pub gas: Vec<(u64, u64)>,
    /// Wei per unit of blob gas; one more than blocks too.
    pub blob_base_fees: Vec<u128>,
    /// Blob gas used and the most that each block may use.
    pub blob_gas: Vec<(u64, u64)>,
    /// For each block, the tip in wei per gas at each percentile of its gas; empty if none were asked for.
    pub tips: Vec<Vec<u128>>,
}
