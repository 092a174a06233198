//! The exchange's laws, executable.

use crate::{
    asset::Asset,
    state::{Factory, FeeLedger, Pair},
};
use alloy_primitives::{Address, U256};
use limpid_native::{Breach, Contract, Ctx, Result};

/// EX-2 for the pair at `cx`, in constant time: what the tokens' ledgers say it holds covers what the
/// pair's own reserves say.
pub fn pair(cx: Ctx<'_>) -> Result<std::result::Result<(), Breach>> {
    let contract = Pair::of(cx, cx.this());
    let (setup, reserves) = (contract.setup()?, contract.reserves()?.both());
    for (asset, reserve) in setup.assets().into_iter().zip(reserves) {
        let held = asset.balance_of(cx, cx.this())?;
        if held < reserve {
            let evidence = format!("{} holds {held} of {}, its reserve is {reserve}", cx.this(), asset.token);
            return Ok(Err(Breach { rule: "EX-2", evidence }));
        }
    }
    Ok(Ok(()))
}

/// EX-4 for one token over every pair: what the fee ledger holds covers what the pairs say they sent.
pub fn fees(cx: Ctx<'_>, token: Address) -> Result<std::result::Result<(), Breach>> {
    let address = cx.env(|env| env.addresses.fees);
    let held = FeeLedger::at(cx, address).held(token)?;
    let (factory, mut sent) = (Factory::of(cx), U256::ZERO);
    let count: u64 = factory.count()?.saturating_to();
    for index in 0..count {
        let contract = Pair::of(cx, factory.pair_at(U256::from(index))?);
        let [Asset { token: token0, .. }, Asset { token: token1, .. }] = contract.setup()?.assets();
        for (side, totals) in [(token0, &contract.fees0), (token1, &contract.fees1)] {
            if side == token {
                sent = sent.saturating_add(U256::from(totals.get()?.community));
            }
        }
    }
    Ok(if held >= sent {
        Ok(())
    } else {
        Err(Breach { rule: "EX-4", evidence: format!("holds {held} of {token}, was sent {sent}") })
    })
}
