//! The accounts and slots that an execution touches: what an access list (EIP-2930) is made of.

use alloy_primitives::{Address, U256};
use revm::{
    bytecode::opcode,
    interpreter::{
        Interpreter,
        interpreter_types::{InputsTr, Jumps},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts that were touched, with their slots that were.
///
/// Reverted frames count too: what they loaded is warm only inside them, but a list that covers them makes them cheaper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accesses(pub BTreeMap<Address, BTreeSet<U256>>);

impl Accesses {
    pub(crate) fn account(&mut self, account: Address) {
        self.0.entry(account).or_default();
    }

    pub(crate) fn slot(&mut self, account: Address, slot: U256) {
        self.0.entry(account).or_default().insert(slot);
    }

    pub(super) fn before(&mut self, interpreter: &Interpreter) {
        let word = |from_top| interpreter.stack.peek(from_top).ok();
        let account = match interpreter.bytecode.opcode() {
            opcode::SLOAD | opcode::SSTORE => {
                if let Some(slot) = word(0) {
                    self.slot(interpreter.input.target_address(), slot);
                }
                None
            }
            opcode::EXTCODECOPY
            | opcode::EXTCODEHASH
            | opcode::EXTCODESIZE
            | opcode::BALANCE
            | opcode::SELFDESTRUCT => word(0),
            opcode::CALL | opcode::CALLCODE | opcode::DELEGATECALL | opcode::STATICCALL => word(1),
            _ => None,
        };
        if let Some(word) = account {
            self.account(Address::from_word(word.into()));
        }
    }
}
