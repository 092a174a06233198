//! What Ethereum does around a block's transactions and our own chains never do: withdrawals and requests. And blocks
//! that are only pretended.

use crate::{
    executor::BlockExecutor,
    simulate::{Overrides, pretend_all},
    types::{ExecError, Outcome},
};
use alloy_eips::{
    eip7002::{WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, WITHDRAWAL_REQUEST_TYPE},
    eip7251::{CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_TYPE},
};
use alloy_primitives::{Address, Bytes, U256};
use revm::{Database, context::TxEnv, context_interface::JournalTr};

impl BlockExecutor {
    /// Pays out of nothing: a withdrawal from the beacon chain (EIP-4895), in wei.
    ///
    /// # Errors
    /// [`ExecError::Fatal`] when the database fails.
    pub fn credit(&mut self, address: Address, wei: U256) -> Result<(), ExecError> {
        let credited = self.vm.inner.ctx.journaled_state.balance_incr(address, wei);
        credited.map_err(|error| ExecError::Fatal(error.to_string()))
    }

    /// Takes what the withdrawal and consolidation queues give out in this block (EIP-7002, EIP-7251), each with its
    /// type byte before it (EIP-7685). A chain without these contracts has no requests.
    ///
    /// # Errors
    /// [`ExecError::Fatal`] when the database fails.
    pub fn requests(&mut self) -> Result<Vec<Bytes>, ExecError> {
        let queues = [
            (WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, WITHDRAWAL_REQUEST_TYPE),
            (CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_TYPE),
        ];
        let mut requests = Vec::new();
        for (queue, kind) in queues {
            let output = self.ethereum_call(queue, Bytes::new())?;
            if !output.is_empty() {
                requests.push([&[kind], output.as_ref()].concat().into());
            }
        }
        Ok(requests)
    }

    /// Makes this a pretended block: accounts are what `overrides` say, and rules that only protect real blocks are
    /// off. With `strict`, nonces and fees are checked as for real transactions.
    ///
    /// # Errors
    /// [`ExecError::Fatal`] when the database fails.
    pub fn pretend(&mut self, overrides: &Overrides, strict: bool) -> Result<(), ExecError> {
        let cfg = &mut self.vm.inner.ctx.cfg;
        cfg.disable_eip3607 = true;
        cfg.disable_block_gas_limit = true;
        cfg.disable_nonce_check = !strict;
        cfg.tx_gas_limit_cap = Some(u64::MAX);
        pretend_all(&mut self.vm, overrides)
    }

    /// Runs a transaction of a pretended block. `free` ones may offer less than the base fee.
    ///
    /// # Errors
    /// As [`BlockExecutor::transact`].
    pub fn transact_pretended(&mut self, tx: TxEnv, free: bool) -> Result<Outcome, ExecError> {
        self.vm.inner.ctx.cfg.disable_base_fee = free;
        self.transact(tx)
    }

    /// The nonce an account has now.
    ///
    /// # Errors
    /// [`ExecError::Fatal`] when the database fails.
    pub fn nonce(&mut self, address: Address) -> Result<u64, ExecError> {
        let journal = &mut self.vm.inner.ctx.journaled_state;
        if let Some(account) = journal.state.get(&address) {
            return Ok(account.info.nonce);
        }
        let account = journal.database.basic(address).map_err(|error| ExecError::Fatal(error.to_string()))?;
        Ok(account.map(|account| account.nonce).unwrap_or_default())
    }
}
