//! A chain with three native tokens, pools among them and with the coin, and short ways to write lists.

use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_sol_types::{SolCall, SolError};
use limpid_abi::{IActions, IERC20, IUniswapV2Factory, IUniswapV2Router02, addresses::Addresses};
use limpid_evm::{BlockExecutor, Outcome, Rules, StateDiff, Stopped, testkit::TestChain};
use limpid_native::Contract;
use limpid_token::{TokenFactory, TokenSpec};
use std::{collections::BTreeMap, sync::Arc};

pub(crate) const PEOPLE: [Address; 3] =
    [Address::repeat_byte(0x11), Address::repeat_byte(0x22), Address::repeat_byte(0x33)];
pub(crate) const TOKENS: [Address; 3] =
    [Address::repeat_byte(0x70), Address::repeat_byte(0x71), Address::repeat_byte(0x72)];
/// The pools by their tokens' numbers; every one starts with 10,000,000 of each.
pub(crate) const POOLS: [(usize, usize); 3] = [(0, 1), (1, 2), (0, 2)];
pub(crate) const POOL_SIZE: u64 = 10_000_000;
pub(crate) const DEADLINE: U256 = U256::from_limbs([4_000_000_000, 0, 0, 0]);
pub(crate) const ZERO: U256 = U256::ZERO;

pub(crate) fn units(amount: u64) -> U256 {
    U256::from(amount)
}

pub(crate) struct World {
    pub(crate) chain: TestChain,
    pub(crate) at: Addresses,
}

/// One action from the call of its published function.
pub(crate) fn action<C: SolCall>(call: C) -> IActions::Action {
    IActions::Action { kind: C::SELECTOR.into(), data: call.abi_encode()[4..].to_vec().into() }
}

impl World {
    pub(crate) fn new() -> Self {
        let mut chain = TestChain::new(Rules::standard(31_337), &PEOPLE);
        let at = chain.rules.registry.addresses().clone();
        for (index, token) in TOKENS.into_iter().enumerate() {
            let spec = TokenSpec {
                name: format!("Token {index}"),
                symbol: format!("T{index}"),
                decimals: 18,
                supply: units(10).pow(units(30)),
                minter: Address::ZERO,
            };
            chain
                .native(|cx| TokenFactory::at(cx, at.token_factory).create_at(token, PEOPLE[0], &spec))
                .expect("a token");
        }
        let mut world = Self { chain, at };
        for token in TOKENS {
            for person in &PEOPLE[1..] {
                world.must(PEOPLE[0], token, IERC20::transferCall { to: *person, value: units(10).pow(units(24)) });
            }
        }
        for (a, b) in POOLS {
            world.add(TOKENS[a], TOKENS[b]);
        }
        let (token, to, deadline) = (TOKENS[0], PEOPLE[0], DEADLINE);
        let call = IUniswapV2Router02::addLiquidityETHCall {
            token,
            amountTokenDesired: units(POOL_SIZE),
            amountTokenMin: ZERO,
            amountETHMin: ZERO,
            to,
            deadline,
        };
        assert!(world.chain.send(PEOPLE[0], world.at.router, units(POOL_SIZE), call.abi_encode()).success);
        for pool in world.pools() {
            world.must(PEOPLE[0], pool, IERC20::transferCall { to: PEOPLE[1], value: units(1_000_000) });
        }
        world
    }

    /// The same chain once more; what happens on one does not happen on the other.
    pub(crate) fn fork(&self) -> Self {
        let mut chain = TestChain::new(self.chain.rules.clone(), &[]);
        (chain.state, chain.block) = (self.chain.state.clone(), self.chain.block.clone());
        Self { chain, at: self.at.clone() }
    }

    fn add(&mut self, a: Address, b: Address) {
        let call = IUniswapV2Router02::addLiquidityCall {
            tokenA: a,
            tokenB: b,
            amountADesired: units(POOL_SIZE),
            amountBDesired: units(POOL_SIZE),
            amountAMin: ZERO,
            amountBMin: ZERO,
            to: PEOPLE[0],
            deadline: DEADLINE,
        };
        self.must(PEOPLE[0], self.at.router, call);
    }

    pub(crate) fn pool(&self, a: Address, b: Address) -> Address {
        self.read(self.at.v2_factory, IUniswapV2Factory::getPairCall { tokenA: a, tokenB: b })
    }

    /// The four pools.
    pub(crate) fn pools(&self) -> Vec<Address> {
        let tokens = POOLS.map(|(a, b)| self.pool(TOKENS[a], TOKENS[b]));
        tokens.into_iter().chain([self.pool(TOKENS[0], self.at.weth)]).collect()
    }

    #[track_caller]
    pub(crate) fn must<C: SolCall>(&mut self, from: Address, to: Address, call: C) -> Outcome {
        let outcome = self.chain.send(from, to, ZERO, call.abi_encode());
        assert!(outcome.success, "{}: {outcome:?}", C::SIGNATURE);
        outcome
    }

    #[track_caller]
    pub(crate) fn read<C: SolCall>(&self, to: Address, call: C) -> C::Return {
        let outcome = self.chain.view(Address::ZERO, to, call.abi_encode());
        assert!(outcome.success, "{}: {outcome:?}", C::SIGNATURE);
        C::abi_decode_returns(&outcome.output).expect("an answer")
    }

    pub(crate) fn held(&self, token: Address, owner: Address) -> U256 {
        self.read(token, IERC20::balanceOfCall { owner })
    }

    /// Runs a list and keeps what it did.
    pub(crate) fn run(&mut self, by: Address, coin: u64, actions: Vec<IActions::Action>) -> (Outcome, StateDiff) {
        let data = IActions::executeCall { actions }.abi_encode();
        let tx = self.chain.tx(by, TxKind::Call(self.at.actions), units(coin), data.into(), 16_000_000);
        let mut block = BlockExecutor::new(self.chain.state.clone(), &self.chain.rules, self.chain.block.clone());
        let outcome = block.transact(tx).expect("a valid transaction");
        let diff = block.finish();
        Arc::make_mut(&mut self.chain.state).apply(&diff);
        self.chain.block.number += 1;
        (outcome, diff)
    }

    /// A list that succeeds; answers its results.
    #[track_caller]
    pub(crate) fn ok(&mut self, by: Address, coin: u64, actions: Vec<IActions::Action>) -> Vec<Bytes> {
        let (outcome, _) = self.run(by, coin, actions);
        assert!(outcome.success, "{:?}", limpid_abi::decode::revert(&outcome.output));
        IActions::executeCall::abi_decode_returns(&outcome.output).expect("results")
    }

    /// A list that is refused with this error and leaves no trace (AL-6).
    #[track_caller]
    pub(crate) fn refused(&mut self, by: Address, coin: u64, actions: Vec<IActions::Action>, error: impl SolError) {
        let (outcome, diff) = self.run(by, coin, actions);
        assert_eq!(outcome.stopped, Some(Stopped::Revert), "{outcome:?}");
        let said = || limpid_abi::decode::revert(&outcome.output);
        assert_eq!(outcome.output, Bytes::from(error.abi_encode()), "{:?}", said());
        untouched(by, &outcome, &diff);
    }

    /// What the list's contract holds: every token, every pool's shares, wrapped coin and coin (AL-1).
    pub(crate) fn left_behind(&self) -> Vec<U256> {
        let tokens = TOKENS.into_iter().chain(self.pools()).chain([self.at.weth]);
        let mut held: Vec<_> = tokens.map(|token| self.held(token, self.at.actions)).collect();
        held.push(self.chain.balance(self.at.actions));
        held
    }

    /// EX-2 of every pool, EX-4 of every token, WE-1.
    #[track_caller]
    pub(crate) fn audit(&mut self) {
        for pool in self.pools() {
            let found = self.chain.native(|cx| limpid_exchange::audit::pair(cx.at(pool))).expect("readable");
            assert_eq!(found, Ok(()));
        }
        for token in TOKENS.into_iter().chain([self.at.weth]) {
            let found = self.chain.native(|cx| limpid_exchange::audit::fees(cx, token)).expect("readable");
            assert_eq!(found, Ok(()));
        }
    }

    /// Every slot of every native contract that a list can touch.
    pub(crate) fn native_state(&self) -> BTreeMap<Address, BTreeMap<U256, U256>> {
        let fixed = self.chain.rules.registry.fixed().map(|(address, _)| address);
        let all = fixed.chain(TOKENS).chain(self.pools());
        all.map(|address| (address, self.chain.state.slots(address))).collect()
    }
}

#[track_caller]
pub(crate) fn untouched(sender: Address, outcome: &Outcome, diff: &StateDiff) {
    assert!(outcome.logs.is_empty() && outcome.moves.is_empty(), "{outcome:?}");
    assert!(diff.storage.is_empty() && diff.codes.is_empty() && diff.wiped.is_empty(), "{diff:?}");
    let touched: Vec<_> = diff.accounts.keys().collect();
    assert!(touched.is_empty() || touched == [&sender], "{diff:?}");
}
