//! The gateway's law, executable.

use crate::Gateway;
use alloy_primitives::Address;
use limpid_native::{Breach, Ctx, Result};
use limpid_token::ledger_of;

/// GW-2 for one foreign token, in constant time: the wrapped token's ledger says no more than what the
/// gateway last measured, or minting is frozen.
pub fn token(cx: Ctx<'_>, token: Address) -> Result<std::result::Result<(), Breach>> {
    let record = Gateway::of(cx).record(token)?;
    let supply = ledger_of(cx, record.wrapped).total_supply()?;
    Ok(if record.frozen || supply <= record.measured {
        Ok(())
    } else {
        let evidence = format!("{supply} of {token} are wrapped, {} were measured", record.measured);
        Err(Breach { rule: "GW-2", evidence })
    })
}
