//! Sending as somebody else, on development chains: a transaction of an impersonated account names its sender instead of
//! being signed ([`limpid_chain::Recovered::impersonated`]), so that whoever executes the block again agrees with it.

use super::Api;
use crate::{
    error::{LIMIT, Result, RpcError},
    methods::Methods,
    params::{Args, boolean},
};
use alloy_primitives::{Address, map::AddressSet};
use limpid_chain::tx::SYSTEM_SENDER;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Accounts that are impersonated at once.
const MOST: usize = 10_000;

pub(super) fn register(methods: &mut Methods) {
    methods.quick("anvil_impersonateAccount", impersonate);
    methods.alias("hardhat_impersonateAccount", "anvil_impersonateAccount");
    methods.quick("anvil_stopImpersonatingAccount", stop);
    methods.alias("hardhat_stopImpersonatingAccount", "anvil_stopImpersonatingAccount");
    methods.quick("anvil_autoImpersonateAccount", everybody);
    methods.alias("hardhat_autoImpersonateAccount", "anvil_autoImpersonateAccount");
}

/// Who may send without a signature.
#[derive(Debug, Default)]
pub(super) struct Impersonated {
    accounts: Mutex<AddressSet>,
    everybody: AtomicBool,
}

impl Impersonated {
    /// Whether this account may.
    pub(super) fn allows(&self, account: Address) -> bool {
        self.everybody.load(Ordering::Relaxed) || self.accounts.lock().contains(&account)
    }

    /// Those that were named, sorted.
    pub(super) fn all(&self) -> Vec<Address> {
        let mut all: Vec<_> = self.accounts.lock().iter().copied().collect();
        all.sort_unstable();
        all
    }
}

fn impersonate(api: &Api, mut args: Args) -> Result<()> {
    let account = args.address("address")?;
    args.end()?;
    if account == SYSTEM_SENDER {
        return Err(RpcError::refused(format!(
            "{account} is the chain itself: only the hooks of blocks send from there"
        )));
    }
    let mut accounts = api.0.impersonated.accounts.lock();
    if accounts.len() >= MOST && !accounts.contains(&account) {
        let message = format!("{MOST} accounts are impersonated: stop some, or use anvil_autoImpersonateAccount");
        return Err(RpcError::new(LIMIT, message));
    }
    accounts.insert(account);
    Ok(())
}

fn stop(api: &Api, mut args: Args) -> Result<()> {
    let account = args.address("address")?;
    args.end()?;
    api.0.impersonated.accounts.lock().remove(&account);
    Ok(())
}

fn everybody(api: &Api, mut args: Args) -> Result<()> {
    let on = boolean(&args.required("enabled")?, "enabled")?;
    args.end()?;
    api.0.impersonated.everybody.store(on, Ordering::Relaxed);
    Ok(())
}
