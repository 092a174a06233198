//! Ethereum's precompiles, which a simulation may move to other addresses or take away.

use crate::vm::Context;
use alloy_primitives::{
    Address,
    map::{AddressMap, AddressSet},
};
use revm::{
    handler::{EthPrecompiles, PrecompileProvider},
    interpreter::{CallInputs, InterpreterResult},
    primitives::hardfork::SpecId,
};

/// The precompiles of a machine. Outside simulations they stand where Ethereum has them.
#[derive(Clone, Debug)]
pub(crate) struct Precompiles {
    ethereum: EthPrecompiles,
    /// What answers at an address instead of what stands there: the precompile of another address, or none.
    moved: AddressMap<Option<Address>>,
}

impl Precompiles {
    pub(crate) fn new(spec: SpecId) -> Self {
        Self { ethereum: EthPrecompiles::new(spec), moved: AddressMap::default() }
    }

    /// The usual address of the precompile that answers at `address`.
    fn at(&self, address: &Address) -> Option<Address> {
        match self.moved.get(address) {
            Some(instead) => *instead,
            None => self.ethereum.contains(address).then_some(*address),
        }
    }

    /// Whether a precompile answers at `address`.
    pub(crate) fn answers(&self, address: &Address) -> bool {
        self.at(address).is_some()
    }

    /// `address` is an account like any other from now on.
    pub(crate) fn take(&mut self, address: Address) -> Option<Address> {
        let found = self.at(&address);
        if found.is_some() {
            self.moved.insert(address, None);
        }
        found
    }

    /// The precompile usually at `original` answers at `to` too.
    pub(crate) fn put(&mut self, to: Address, original: Address) {
        self.moved.insert(to, Some(original));
    }
}

impl PrecompileProvider<Context> for Precompiles {
    type Output = InterpreterResult;

    fn set_spec(&mut self, spec: SpecId) -> bool {
        PrecompileProvider::<Context>::set_spec(&mut self.ethereum, spec)
    }

    fn run(&mut self, context: &mut Context, inputs: &CallInputs) -> Result<Option<InterpreterResult>, String> {
        if self.moved.is_empty() {
            return self.ethereum.run(context, inputs);
        }
        match self.at(&inputs.bytecode_address) {
            None => Ok(None),
            Some(original) if original == inputs.bytecode_address => self.ethereum.run(context, inputs),
            Some(original) => self.ethereum.run(context, &CallInputs { bytecode_address: original, ..inputs.clone() }),
        }
    }

    /// Those of Ethereum: what a simulation moves is no warmer and no colder for it.
    fn warm_addresses(&self) -> &AddressSet {
        self.ethereum.warm_addresses()
    }
}
