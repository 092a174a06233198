//! A chain with a token, and short words for calling it.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use limpid_abi::{ITokenFactory, decode};
use limpid_evm::{AccountInfo, Bytecode, Outcome, Rules, testkit::TestChain};
use std::sync::Arc;

pub(crate) const ANN: Address = Address::repeat_byte(0xa1);
pub(crate) const BOB: Address = Address::repeat_byte(0xb2);
pub(crate) const EVE: Address = Address::repeat_byte(0xe3);
pub(crate) const PEOPLE: [Address; 3] = [ANN, BOB, EVE];
pub(crate) const SUPPLY: U256 = U256::from_limbs([1_000_000, 0, 0, 0]);

pub(crate) struct World {
    pub(crate) chain: TestChain,
    pub(crate) token: Address,
}

pub(crate) fn units(number: u64) -> U256 {
    U256::from(number)
}

/// Calldata of an outcome's success or what its refusal says.
pub(crate) fn refusal(outcome: &Outcome) -> Option<String> {
    if outcome.success {
        return None;
    }
    Some(decode::revert(&outcome.output).map_or_else(|| outcome.output.to_string(), |decoded| decoded.to_string()))
}

impl World {
    /// `ANN` holds the whole supply; with a minter the token is mintable.
    pub(crate) fn new(minter: Option<Address>) -> Self {
        let mut chain = TestChain::new(Rules::standard(31337), &PEOPLE);
        let factory = chain.rules.registry.addresses().token_factory;
        let (name, symbol, decimals, supply) = ("Test Dollar".to_owned(), "TUSD".to_owned(), 6, SUPPLY);
        let data = match minter {
            Some(minter) => {
                ITokenFactory::createMintableTokenCall { name, symbol, decimals, supply, minter }.abi_encode()
            }
            None => ITokenFactory::createTokenCall { name, symbol, decimals, supply }.abi_encode(),
        };
        let outcome = chain.send(ANN, factory, U256::ZERO, data);
        let token = ITokenFactory::createTokenCall::abi_decode_returns(&outcome.output).expect("a token");
        Self { chain, token }
    }

    pub(crate) fn call(&mut self, by: Address, call: impl SolCall) -> Outcome {
        self.chain.send(by, self.token, U256::ZERO, call.abi_encode())
    }

    /// Calls and demands success.
    #[track_caller]
    pub(crate) fn done(&mut self, by: Address, call: impl SolCall) -> Outcome {
        let outcome = self.call(by, call);
        assert_eq!(refusal(&outcome), None);
        outcome
    }

    /// Calls and demands a refusal, answering what it says.
    #[track_caller]
    pub(crate) fn refused(&mut self, by: Address, call: impl SolCall) -> String {
        refusal(&self.call(by, call)).expect("a refusal")
    }

    #[track_caller]
    pub(crate) fn read<C: SolCall>(&self, call: C) -> C::Return {
        let outcome = self.chain.view(EVE, self.token, call.abi_encode());
        assert_eq!(refusal(&outcome), None);
        C::abi_decode_returns(&outcome.output).expect("decodes")
    }

    pub(crate) fn install(&mut self, at: Address, code: impl Into<Bytes>) {
        let info = AccountInfo { nonce: 1, ..AccountInfo::default() }.with_code(Bytecode::new_raw(code.into()));
        Arc::make_mut(&mut self.chain.state).insert(at, info);
    }
}

/// Code that makes one call and stops: as runtime code a robot, as creation code a constructor.
pub(crate) fn caller_code(target: Address, call: &impl SolCall) -> Vec<u8> {
    let data = call.abi_encode();
    let [high, low] = u16::try_from(data.len()).expect("short").to_be_bytes();
    let mut code = vec![0x61, high, low, 0x60, 0, 0x5f, 0x39]; // CODECOPY the calldata to memory 0
    code.extend([0x5f, 0x5f, 0x61, high, low, 0x5f, 0x5f, 0x73]);
    code.extend(target.as_slice());
    code.extend([0x5a, 0xf1, 0x00]); // CALL, STOP
    code[4] = u8::try_from(code.len()).expect("short");
    code.extend(data);
    code
}
