//! The list.

use crate::Actions;
use alloy_primitives::{Bytes, U256};
use limpid_abi::IActions;
use limpid_native::{Caller, Result, Session, actions::COIN, ensure, gas, revert};

/// Most actions of one list.
pub const MOST_ACTIONS: usize = 32;

impl Actions<'_> {
    /// Runs the actions in order, then demands that nothing is left. Answers what each answered.
    ///
    /// # Errors
    /// `TooManyActions`, `UnknownAction`, `NotSettled`, `NotRepaid`, `BadCalldata` for arguments that are not
    /// what the kind takes, and what the actions answer.
    pub fn execute(&mut self, by: Caller, coin: U256, list: &[IActions::Action]) -> Result<Vec<Bytes>> {
        let (given, most) = (U256::from(list.len()), U256::from(MOST_ACTIONS));
        ensure!(given <= most, IActions::TooManyActions { given, most });
        let mut session = Session::new(by);
        session.receive(COIN, coin)?;
        let mut results = Vec::with_capacity(list.len());
        for action in list {
            self.cx.charge(gas::ACTION)?;
            let kind = self.cx.action(action.kind.0);
            let kind = kind.ok_or_else(|| revert(IActions::UnknownAction { kind: action.kind }))?;
            results.push((kind.run)(self.cx, &mut session, &action.data)?);
        }
        session.finish(self.cx)?;
        Ok(results)
    }
}
