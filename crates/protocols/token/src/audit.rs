//! The ledger's law, executable.

use crate::{ledger::Sum, state::Ledger};
use alloy_primitives::{Address, U256};
use limpid_native::{Breach, Result};

/// TK-1 over every holder there is: the sum of balances is the supply. `holders` names each once; a
/// balance that it misses shows as a breach.
///
/// The whole scan is for tests and for auditors outside the chain: balances are kept by address and no
/// contract can list them.
pub fn full(ledger: &Ledger<'_>, holders: &[Address]) -> Result<std::result::Result<(), Breach>> {
    let sum = holders.iter().try_fold(U256::ZERO, |sum, holder| sum.plus(ledger.balance_of(*holder)?))?;
    let supply = ledger.total_supply()?;
    Ok(if sum == supply {
        Ok(())
    } else {
        Err(Breach { rule: "TK-1", evidence: format!("balances sum to {sum}, the supply is {supply}") })
    })
}
