//! The chain that the validators start with, and what its users send: transfers of the coin and native swaps.

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use alloy_sol_types::{SolCall, SolEvent};
use limpid_abi::{ITokenFactory, IUniswapV2Router02, addresses::Addresses};
use limpid_chain::{Block, Executor, Genesis, Ledger, Recovered, ledger::rules_of, tx::EthereumTx};
use limpid_state::MemStore;
use std::{collections::VecDeque, sync::Arc};

pub(crate) const CHAIN: u64 = 7_777;
/// When the simulated time starts, in seconds since 1970.
pub(crate) const START: u64 = 1_700_000_000;
const GWEI: u128 = 1_000_000_000;
/// The first account makes the market; these trade on it.
const TRADERS: u32 = 3;

/// Who made the token and its pool.
pub(crate) fn maker() -> Address {
    Account::new(0).key.address()
}

fn coins(amount: u64) -> U256 {
    U256::from(amount) * U256::from(10).pow(U256::from(18))
}

/// A chain like any other, not a development chain.
pub(crate) fn genesis() -> Genesis {
    Genesis { alloc: Genesis::dev(CHAIN).alloc, ..Genesis::new(CHAIN, START) }
}

pub(crate) fn ledger(store: Arc<MemStore>) -> Ledger {
    Ledger::open(store, genesis(), rules_of(&genesis()), None).unwrap()
}

pub(crate) fn block_zero() -> Block {
    ledger(Arc::new(MemStore::new())).head().block.unseal()
}

struct Account {
    key: PrivateKeySigner,
    nonce: u64,
}

impl Account {
    fn new(index: u32) -> Self {
        let phrase = "test test test test test test test test test test test junk";
        let key = MnemonicBuilder::<English>::default().phrase(phrase).index(index).unwrap().build().unwrap();
        Self { key, nonce: 0 }
    }

    fn send(&mut self, to: Address, value: U256, input: Vec<u8>) -> EthereumTx {
        let tx = TxEip1559 {
            chain_id: CHAIN,
            nonce: self.nonce,
            gas_limit: if input.is_empty() { 21_000 } else { 3_000_000 },
            max_fee_per_gas: 5 * GWEI,
            max_priority_fee_per_gas: GWEI,
            to: TxKind::Call(to),
            value,
            access_list: Default::default(),
            input: input.into(),
        };
        self.nonce += 1;
        let signature = self.key.sign_hash_sync(&tx.signature_hash()).unwrap();
        tx.into_signed(signature).into()
    }
}

/// All transactions of a run, in rounds.
pub(crate) struct Scene {
    /// A token, a pool of it; then each trader swaps and pays somebody, round by round.
    pub(crate) rounds: Vec<Vec<Vec<u8>>>,
    pub(crate) router: Address,
}

impl Scene {
    pub(crate) fn new(rounds: usize) -> Self {
        let (at, deadline) = (Addresses::default(), U256::from(u64::MAX));
        let mut maker = Account::new(0);
        let create = ITokenFactory::createTokenCall {
            name: "Dollar".into(),
            symbol: "USD".into(),
            decimals: 18,
            supply: coins(1_000_000),
        };
        let create = maker.send(at.token_factory, U256::ZERO, create.abi_encode());
        let token = token_made_by(&create);
        let add = IUniswapV2Router02::addLiquidityETHCall {
            token,
            amountTokenDesired: coins(200_000),
            amountTokenMin: U256::ZERO,
            amountETHMin: U256::ZERO,
            to: maker.key.address(),
            deadline,
        };
        let add = maker.send(at.router, coins(1_000), add.abi_encode());
        let mut traders: Vec<_> = (1..=TRADERS).map(Account::new).collect();
        let mut all = vec![vec![create, add]];
        for round in 0..rounds {
            let mut txs = Vec::new();
            for (index, trader) in traders.iter_mut().enumerate() {
                let swap = IUniswapV2Router02::swapExactETHForTokensCall {
                    amountOutMin: U256::ONE,
                    path: vec![at.weth, token],
                    to: trader.key.address(),
                    deadline,
                };
                txs.push(trader.send(at.router, coins(1), swap.abi_encode()));
                let payee = Address::repeat_byte(0x40 + u8::try_from(index).unwrap());
                txs.push(trader.send(payee, U256::from(round + 1), Vec::new()));
            }
            all.push(txs);
        }
        let encoded = |round: Vec<EthereumTx>| round.iter().map(Encodable2718::encoded_2718).collect();
        Self { rounds: all.into_iter().map(encoded).collect(), router: at.router }
    }
}

/// The token's address, found by making it on a chain of its own.
fn token_made_by(create: &EthereumTx) -> Address {
    let scratch = ledger(Arc::new(MemStore::new()));
    let tx = Arc::new(Recovered::recover(create.clone().into()).unwrap());
    let executed = scratch.build(scratch.head().block.hash, START, &mut VecDeque::from([tx])).unwrap();
    let logs = executed.block.receipts.iter().flat_map(|receipt| &receipt.logs);
    let mut made = logs.filter_map(|log| ITokenFactory::TokenCreated::decode_log(log).ok());
    made.next().expect("a token was made").token
}
