//! Who answers: `web3_*`, `net_*` and the chain's id.

use super::{Api, CLIENT_VERSION};
use crate::{error::Result, methods::Methods, params::Args, types::Quantity};
use alloy_primitives::{B256, keccak256};
use std::collections::BTreeMap;

pub(super) fn register(methods: &mut Methods) {
    methods.quick("web3_clientVersion", client_version);
    methods.quick("web3_sha3", sha3);
    methods.quick("net_version", net_version);
    methods.quick("net_listening", listening);
    methods.quick("net_peerCount", peer_count);
    methods.quick("rpc_modules", modules);
    methods.quick("eth_chainId", chain_id);
    methods.quick("eth_syncing", syncing);
}

fn client_version(_: &Api, args: Args) -> Result<&'static str> {
    args.end()?;
    Ok(CLIENT_VERSION)
}

fn sha3(_: &Api, mut args: Args) -> Result<B256> {
    let data = args.bytes("data")?;
    args.end()?;
    Ok(keccak256(data))
}

fn net_version(api: &Api, args: Args) -> Result<String> {
    args.end()?;
    Ok(api.node().chain_id().to_string())
}

fn listening(_: &Api, args: Args) -> Result<bool> {
    args.end()?;
    Ok(true)
}

fn peer_count(_: &Api, args: Args) -> Result<Quantity<u64>> {
    args.end()?;
    Ok(Quantity(0))
}

/// The namespaces that are served, each in version 1.0, as geth says it.
fn modules(api: &Api, args: Args) -> Result<BTreeMap<&'static str, &'static str>> {
    args.end()?;
    let mut names = vec!["debug", "erigon", "eth", "limpid", "net", "ots", "rpc", "trace", "txpool", "web3"];
    if api.node().is_dev() {
        names.extend(["anvil", "evm", "hardhat", "personal"]);
    }
    if api.node().ledger().is_imported() {
        names.push("testing");
    }
    Ok(names.into_iter().map(|name| (name, "1.0")).collect())
}

fn chain_id(api: &Api, args: Args) -> Result<Quantity<u64>> {
    args.end()?;
    Ok(Quantity(api.node().chain_id()))
}

/// A single node is never behind itself.
fn syncing(_: &Api, args: Args) -> Result<bool> {
    args.end()?;
    Ok(false)
}
