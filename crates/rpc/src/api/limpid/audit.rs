//! The contracts' own laws, checked by anyone who asks.

use super::{super::Api, quote::all_pools};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::Args,
    types::Quantity,
};
use alloy_primitives::{Address, B256, U256};
use limpid_chain::node::StateView;
use limpid_evm::{AccountInfo, BlockContext, Source, SourceError, simulate::Simulator};
use limpid_gateway::Gateway;
use limpid_native::{Breach, Ctx};
use limpid_state::StateRead;
use serde::Serialize;
use std::{collections::BTreeSet, sync::Arc};

/// Gas of one check: far more than any needs, and an end for one that goes astray.
const CHECK_GAS: u64 = 100_000_000;
/// Pairs times tokens up to which the fee ledger is compared with every pair.
const MOST_VISITS: usize = 100_000;
/// Wrapped tokens up to which each is checked.
const MOST_TOKENS: usize = 10_000;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("limpid_audit", audit);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Audit {
    /// The block whose state was checked.
    number: Quantity<u64>,
    hash: B256,
    /// Whether every check held.
    ok: bool,
    checks: Vec<Check>,
    /// What was left out, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<String>,
}

#[derive(Serialize)]
struct Check {
    contract: &'static str,
    address: Address,
    /// The token that the check is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Address>,
    ok: bool,
    /// The rule that is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
}

impl Check {
    fn new(contract: &'static str, address: Address, token: Option<Address>, found: Found) -> Self {
        let breach = found.err();
        let (ok, rule) = (breach.is_none(), breach.as_ref().map(|breach| breach.rule));
        Self { contract, address, token, ok, rule, evidence: breach.map(|breach| breach.evidence) }
    }
}

type Found = std::result::Result<(), Breach>;

/// Every check of every contract on the head's state.
fn audit(api: &Api, args: Args) -> Result<Audit> {
    args.end()?;
    let head = api.node().head();
    let registry = api.node().rules().registry.clone();
    let state = api.node().state(head.block.hash.into())?.ok_or_else(|| RpcError::refused("header not found"))?;
    let block = BlockContext {
        number: head.block.number(),
        timestamp: head.block.header.timestamp,
        gas_limit: head.block.header.gas_limit,
        ..BlockContext::default()
    };
    let simulator = Simulator::new(Arc::new(AtRest(state)), api.node().rules(), block, Default::default());
    let look = |address: Address, body: &dyn Fn(Ctx<'_>) -> limpid_native::Result<Found>| {
        simulator.inspect(address, CHECK_GAS, body).map_err(|error| RpcError::execution(&error))
    };
    let mut checks = Vec::new();
    for (address, entry) in registry.fixed() {
        checks.push(Check::new(entry.name, address, None, look(address, &|cx| (entry.audit)(cx))?));
    }
    let pools = if registry.entries().is_empty() { Vec::new() } else { all_pools(api, head.block.hash)? };
    for entry in registry.entries().iter().filter(|entry| entry.name == "pair") {
        for pool in &pools {
            checks.push(Check::new(entry.name, pool.pair, None, look(pool.pair, &|cx| (entry.audit)(cx))?));
        }
    }
    let tokens: BTreeSet<_> = pools.iter().flat_map(|pool| [pool.token0, pool.token1]).collect();
    let mut skipped = Vec::new();
    if tokens.len().saturating_mul(pools.len()) > MOST_VISITS {
        skipped.push(format!(
            "EX-4 for each of {} tokens over {} pairs: too much for one request",
            tokens.len(),
            pools.len()
        ));
    } else {
        let ledger = registry.addresses().fees;
        for token in tokens {
            let found = look(ledger, &|cx| limpid_exchange::audit::fees(cx, token))?;
            checks.push(Check::new("fees", ledger, Some(token), found));
        }
    }
    if !registry.entries().is_empty() {
        let gateway = registry.addresses().gateway;
        for token in wrapped(&simulator, gateway, &mut skipped)? {
            let found = look(gateway, &|cx| limpid_gateway::audit::token(cx, token))?;
            checks.push(Check::new("gateway", gateway, Some(token), found));
        }
    }
    let ok = checks.iter().all(|check| check.ok);
    Ok(Audit { number: Quantity(head.block.number()), hash: head.block.hash, ok, checks, skipped })
}

/// The foreign tokens that the gateway has wrapped, the first [`MOST_TOKENS`] of them.
fn wrapped(simulator: &Simulator, gateway: Address, skipped: &mut Vec<String>) -> Result<Vec<Address>> {
    let mut tokens = Vec::new();
    loop {
        let from = U256::from(tokens.len());
        let page = simulator.inspect(gateway, CHECK_GAS, |cx| Gateway::of(cx).wrapped_tokens(from, U256::MAX));
        let page = page.map_err(|error| RpcError::execution(&error))?;
        if page.is_empty() {
            return Ok(tokens);
        }
        if tokens.len() >= MOST_TOKENS {
            skipped
                .push(format!("GW-2 of the wrapped tokens after the first {}: too many for one request", tokens.len()));
            return Ok(tokens);
        }
        tokens.extend(page.into_iter().map(|row| row.token));
    }
}

/// The state after a block, with no block after it.
struct AtRest(StateView);

impl Source for AtRest {
    fn account(&self, address: Address) -> std::result::Result<Option<AccountInfo>, SourceError> {
        let account = self.0.account(address).map_err(failed)?;
        Ok(account.map(|account| AccountInfo {
            nonce: account.nonce,
            balance: account.balance,
            code_hash: account.code_hash,
            code: None,
            ..AccountInfo::default()
        }))
    }

    fn storage(&self, address: Address, slot: U256) -> std::result::Result<U256, SourceError> {
        self.0.storage(address, slot).map_err(failed)
    }

    fn code(&self, hash: B256) -> std::result::Result<alloy_primitives::Bytes, SourceError> {
        let code = self.0.code(hash).map_err(failed)?;
        code.ok_or_else(|| SourceError(format!("no code with hash {hash}")))
    }

    /// No law depends on the hash of a block.
    fn block_hash(&self, _: u64) -> std::result::Result<B256, SourceError> {
        Ok(B256::ZERO)
    }
}

fn failed(error: impl std::fmt::Display) -> SourceError {
    SourceError(error.to_string())
}
