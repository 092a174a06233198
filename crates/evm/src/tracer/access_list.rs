//! The access list that makes a call cheapest to run: `eth_createAccessList`.

use super::{Accesses, Tracing};
use crate::{
    simulate::{Options, Simulator},
    types::{ExecError, Outcome},
    vm::Context,
};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, TxKind, U256};
use revm::{
    Database,
    context::{TxEnv, transaction::AuthorizationTr},
    context_interface::Transaction,
    handler::PrecompileProvider,
};
use std::collections::{BTreeMap, BTreeSet};

/// Most times that a call is run to find its list. What a list changes is gas; only code that looks at its gas keeps
/// touching something new, and each time it does its list is longer.
const MAX_RUNS: usize = 16;

type Touched = BTreeMap<Address, BTreeSet<U256>>;

impl Simulator {
    /// The accounts and slots that a call touches, sorted, and what the call does with that list.
    ///
    /// The caller, the callee, precompiles and authorities of EIP-7702 are warm anyway and are in the list only with
    /// slots. The call is run with its own list until that no longer grows.
    ///
    /// # Errors
    /// As [`Simulator::call`].
    pub fn access_list(&self, tx: TxEnv, strict: bool) -> Result<(AccessList, Outcome), ExecError> {
        let options = Options { trace: Tracing { accesses: true, ..Tracing::NONE }, strict };
        let warm = self.always_warm(&tx)?;
        let mut touched = Touched::new();
        for item in &tx.access_list.0 {
            touched
                .entry(item.address)
                .or_default()
                .extend(item.storage_keys.iter().map(|key| U256::from_be_bytes(key.0)));
        }
        for run in 1usize.. {
            let list = list_of(&touched);
            // A list needs a type that has one.
            let tx_type = if list.0.is_empty() { tx.tx_type } else { tx.tx_type.max(1) };
            let outcome = self.call(TxEnv { access_list: list.clone(), tx_type, ..tx.clone() }, options)?;
            let Accesses(found) = outcome.details.accesses.clone().unwrap_or_default();
            let known = touched.clone();
            for (account, slots) in found {
                if !slots.is_empty() || !warm.contains(&account) {
                    touched.entry(account).or_default().extend(slots);
                }
            }
            if touched == known || run >= MAX_RUNS {
                return Ok((list, outcome));
            }
        }
        Err(ExecError::Fatal("an access list without end".into()))
    }

    /// Accounts that cost nothing extra with or without a list.
    fn always_warm(&self, tx: &TxEnv) -> Result<BTreeSet<Address>, ExecError> {
        let mut vm = self.machine(Options::default())?;
        let mut warm: BTreeSet<_> =
            PrecompileProvider::<Context>::warm_addresses(&vm.inner.precompiles).iter().copied().collect();
        warm.insert(tx.caller);
        warm.insert(match tx.kind {
            TxKind::Call(to) => to,
            TxKind::Create => {
                let sender = vm.inner.ctx.journaled_state.database.basic(tx.caller);
                let sender = sender.map_err(|error| ExecError::Fatal(error.to_string()))?;
                tx.caller.create(sender.map(|sender| sender.nonce).unwrap_or_default())
            }
        });
        let authorities = tx.authorization_list().filter_map(|signed| signed.authority());
        warm.extend(authorities);
        Ok(warm)
    }
}

fn list_of(touched: &Touched) -> AccessList {
    let item = |(address, slots): (&Address, &BTreeSet<U256>)| AccessListItem {
        address: *address,
        storage_keys: slots.iter().map(|slot| B256::from(*slot)).collect(),
    };
    AccessList(touched.iter().map(item).collect())
}
