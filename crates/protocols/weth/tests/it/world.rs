//! A chain and short words for calling the wrapped coin.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use limpid_abi::{IWETH9, decode};
use limpid_evm::{AccountInfo, Bytecode, Outcome, Rules, testkit::TestChain};
use std::sync::Arc;

pub(crate) const ANN: Address = Address::repeat_byte(0xa1);
pub(crate) const BOB: Address = Address::repeat_byte(0xb2);
pub(crate) const EVE: Address = Address::repeat_byte(0xe3);
pub(crate) const PEOPLE: [Address; 3] = [ANN, BOB, EVE];

pub(crate) struct World {
    pub(crate) chain: TestChain,
    pub(crate) weth: Address,
}

pub(crate) fn wei(number: u64) -> U256 {
    U256::from(number)
}

pub(crate) fn refusal(outcome: &Outcome) -> Option<String> {
    if outcome.success {
        return None;
    }
    Some(decode::revert(&outcome.output).map_or_else(|| outcome.output.to_string(), |decoded| decoded.to_string()))
}

impl World {
    pub(crate) fn new() -> Self {
        let chain = TestChain::new(Rules::standard(31337), &PEOPLE);
        let weth = chain.rules.registry.addresses().weth;
        Self { chain, weth }
    }

    pub(crate) fn send(&mut self, by: Address, value: u64, data: impl Into<Bytes>) -> Outcome {
        self.chain.send(by, self.weth, wei(value), data)
    }

    #[track_caller]
    pub(crate) fn done(&mut self, by: Address, value: u64, call: impl SolCall) -> Outcome {
        let outcome = self.send(by, value, call.abi_encode());
        assert_eq!(refusal(&outcome), None);
        outcome
    }

    #[track_caller]
    pub(crate) fn refused(&mut self, by: Address, value: u64, call: impl SolCall) -> String {
        refusal(&self.send(by, value, call.abi_encode())).expect("a refusal")
    }

    pub(crate) fn held(&self, owner: Address) -> U256 {
        self.read(IWETH9::balanceOfCall { owner })
    }

    #[track_caller]
    pub(crate) fn read<C: SolCall>(&self, call: C) -> C::Return {
        let outcome = self.chain.view(EVE, self.weth, call.abi_encode());
        assert_eq!(refusal(&outcome), None);
        C::abi_decode_returns(&outcome.output).expect("decodes")
    }

    pub(crate) fn install(&mut self, at: Address, code: impl Into<Bytes>) {
        let info = AccountInfo { nonce: 1, ..AccountInfo::default() }.with_code(Bytecode::new_raw(code.into()));
        Arc::make_mut(&mut self.chain.state).insert(at, info);
    }
}
