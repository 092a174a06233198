//! A chain in memory for tests: the real journal, real gas, real receipts; no blocks to store.
//!
//! Every crate tests its native contracts here, so that there is no second, more forgiving world.

use crate::{
    executor::{BlockExecutor, block_env},
    frame::guarded,
    genesis::{self, Alloc},
    host::Rights,
    registry::Rules,
    simulate::{Options, Simulator},
    source::{MemorySource, Overlay},
    types::{BlockContext, ExecError, Outcome},
    vm::Vm,
};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use limpid_native::{Ctx, Stop};
use revm::{context::TxEnv, context_interface::JournalTr, interpreter::Gas};
use std::{collections::BTreeMap, sync::Arc};

/// One chain. Each sent transaction is a block of its own.
#[derive(Debug)]
pub struct TestChain {
    /// The state after the last transaction.
    pub state: Arc<MemorySource>,
    /// The rules it runs by.
    pub rules: Rules,
    /// The block that the next transaction stands in.
    pub block: BlockContext,
    /// Gas price of sent transactions; zero by default, so that balances stay round.
    pub gas_price: u128,
}

impl TestChain {
    /// A chain with these rules, where each account of `rich` holds 10^30 wei.
    ///
    /// # Panics
    /// When genesis fails: the test cannot go on.
    pub fn new(rules: Rules, rich: &[Address]) -> Self {
        let wealth = U256::from(10).pow(U256::from(30));
        let alloc: BTreeMap<_, _> =
            rich.iter().map(|address| (*address, Alloc { balance: wealth, ..Alloc::default() })).collect();
        let timestamp = 1_700_000_000;
        let mut state = MemorySource::default();
        #[allow(clippy::expect_used)] // test code
        state.apply(&genesis::state(&rules, timestamp, &alloc).expect("genesis"));
        let block = BlockContext {
            number: 1,
            timestamp,
            gas_limit: 1_000_000_000,
            beneficiary: rules.registry.addresses().fees,
            ..BlockContext::default()
        };
        Self { state: Arc::new(state), rules, block, gas_price: 0 }
    }

    /// Sends a call and keeps what it did.
    pub fn send(&mut self, from: Address, to: Address, value: U256, data: impl Into<Bytes>) -> Outcome {
        self.transact(from, TxKind::Call(to), value, data.into(), 16_000_000)
    }

    /// Deploys bytecode.
    pub fn deploy(&mut self, from: Address, code: impl Into<Bytes>) -> Outcome {
        self.transact(from, TxKind::Create, U256::ZERO, code.into(), 16_000_000)
    }

    /// Sends any transaction and keeps what it did.
    ///
    /// # Panics
    /// When the transaction is invalid: a mistake of the test.
    #[allow(clippy::expect_used)] // test code
    pub fn transact(&mut self, from: Address, kind: TxKind, value: U256, data: Bytes, gas_limit: u64) -> Outcome {
        let tx = self.tx(from, kind, value, data, gas_limit);
        self.run(|block| block.transact(tx)).expect("a valid transaction")
    }

    /// A transaction with the sender's next nonce.
    pub fn tx(&self, from: Address, kind: TxKind, value: U256, data: Bytes, gas_limit: u64) -> TxEnv {
        use crate::source::Source;
        let nonce = self.state.account(from).ok().flatten().map(|account| account.nonce).unwrap_or_default();
        TxEnv {
            caller: from,
            kind,
            value,
            data,
            gas_limit,
            nonce,
            gas_price: self.gas_price,
            chain_id: Some(self.rules.chain_id),
            ..TxEnv::default()
        }
    }

    /// Runs part of a block and keeps what it did.
    ///
    /// # Errors
    /// What `work` answers.
    pub fn run<T>(&mut self, work: impl FnOnce(&mut BlockExecutor) -> Result<T, ExecError>) -> Result<T, ExecError> {
        let mut block = BlockExecutor::new(self.state.clone(), &self.rules, self.block.clone());
        let result = work(&mut block)?;
        let diff = block.finish();
        Arc::make_mut(&mut self.state).apply(&diff);
        self.block.number = self.block.number.saturating_add(1);
        Ok(result)
    }

    /// Calls without keeping anything.
    ///
    /// # Panics
    /// When the call is invalid: a mistake of the test.
    #[allow(clippy::expect_used)] // test code
    pub fn view(&self, from: Address, to: Address, data: impl Into<Bytes>) -> Outcome {
        let tx = self.tx(from, TxKind::Call(to), U256::ZERO, data.into(), 16_000_000);
        Simulator::new(self.state.clone(), &self.rules, self.block.clone(), BTreeMap::new())
            .call(tx, Options::default())
            .expect("a valid call")
    }

    /// Runs native code directly, as no transaction can, and keeps what it did: for setting a scene.
    ///
    /// # Errors
    /// What `body` answers; nothing is kept then.
    ///
    /// # Panics
    /// When the state in memory fails or `body` panics.
    #[allow(clippy::expect_used)] // test code
    pub fn native<T>(&mut self, body: impl for<'c> FnOnce(Ctx<'c>) -> limpid_native::Result<T>) -> Result<T, Stop> {
        let mut vm = Vm::new(Overlay::new(self.state.clone()), &self.rules, block_env(&self.block));
        let rights = Rights { read_only: false, locked: false, depth: 0, foreign: false };
        let (result, ..) = guarded(&mut vm, Gas::new(1_000_000_000), rights, body).expect("no database failure");
        let value = result?;
        let changes = vm.inner.ctx.journaled_state.finalize();
        vm.inner.ctx.journaled_state.database.commit(changes);
        let diff = vm.inner.ctx.journaled_state.database.into_diff();
        Arc::make_mut(&mut self.state).apply(&diff);
        Ok(value)
    }

    /// An account's coin in wei.
    pub fn balance(&self, account: Address) -> U256 {
        use crate::source::Source;
        self.state.account(account).ok().flatten().map(|account| account.balance).unwrap_or_default()
    }
}
