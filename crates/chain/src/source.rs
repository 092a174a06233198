//! The state as execution reads it.

use alloy_primitives::{Address, B256, Bytes, U256};
use limpid_evm::{AccountInfo, Source, SourceError};
use limpid_state::{Account, StateDiff, StateRead};
use std::sync::Arc;

/// Hashes of the blocks below the one that is executed.
pub(crate) trait Ancestors: Send + Sync {
    /// The hash of the block at a height; zero if there is none below, or none that near.
    fn hash(&self, number: u64) -> Result<B256, SourceError>;
}

/// A state and the blocks that led to it.
pub(crate) struct StateSource<S> {
    pub(crate) state: S,
    pub(crate) ancestors: Arc<dyn Ancestors>,
}

impl<S: StateRead> Source for StateSource<S> {
    fn account(&self, address: Address) -> Result<Option<AccountInfo>, SourceError> {
        Ok(self.state.account(address).map_err(failed)?.map(|account| account_info(&account)))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, SourceError> {
        self.state.storage(address, slot).map_err(failed)
    }

    fn code(&self, hash: B256) -> Result<Bytes, SourceError> {
        let code = self.state.code(hash).map_err(failed)?;
        code.ok_or_else(|| SourceError(format!("damaged state: no code with hash {hash}")))
    }

    fn block_hash(&self, number: u64) -> Result<B256, SourceError> {
        self.ancestors.hash(number)
    }
}

pub(crate) fn failed(error: impl std::fmt::Display) -> SourceError {
    SourceError(error.to_string())
}

fn account_info(account: &Account) -> AccountInfo {
    let Account { nonce, balance, code_hash } = *account;
    AccountInfo { nonce, balance, code_hash, code: None, ..AccountInfo::default() }
}

/// What execution changed, as the state takes it.
pub(crate) fn state_diff(diff: limpid_evm::StateDiff) -> StateDiff {
    let account = |info: AccountInfo| Account { nonce: info.nonce, balance: info.balance, code_hash: info.code_hash };
    StateDiff {
        accounts: diff.accounts.into_iter().map(|(address, info)| (address, info.map(account))).collect(),
        storage: diff.storage,
        codes: diff.codes,
        wiped: diff.wiped,
    }
}
