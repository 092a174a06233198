//! What only a development chain offers: blocks on demand, time, going back. The names are those of the tools that
//! test suites are written for.

use super::{Api, CLIENT_VERSION};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, Object, boolean, count, number, slot},
    types::Quantity,
};
use alloy_primitives::{B256, U256};
use limpid_chain::{AccountEdit, Mining};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// Snapshots that are remembered; the oldest goes first.
const MOST_SNAPSHOTS: usize = 10_000;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("evm_mine", evm_mine);
    methods.blocking("anvil_mine", mine);
    methods.alias("hardhat_mine", "anvil_mine");
    methods.quick("evm_setNextBlockTimestamp", set_next_timestamp);
    methods.alias("anvil_setNextBlockTimestamp", "evm_setNextBlockTimestamp");
    methods.quick("evm_increaseTime", increase_time);
    methods.alias("anvil_increaseTime", "evm_increaseTime");
    methods.blocking("evm_snapshot", snapshot);
    methods.alias("anvil_snapshot", "evm_snapshot");
    methods.blocking("evm_revert", revert);
    methods.alias("anvil_revert", "evm_revert");
    methods.quick("evm_setAutomine", set_automine);
    methods.alias("anvil_setAutomine", "evm_setAutomine");
    methods.quick("anvil_getAutomine", automine);
    methods.alias("hardhat_getAutomine", "anvil_getAutomine");
    methods.quick("evm_setIntervalMining", set_interval);
    methods.alias("anvil_setIntervalMining", "evm_setIntervalMining");
    methods.quick("anvil_getIntervalMining", interval);
    methods.blocking("anvil_setBalance", set_balance);
    methods.alias("hardhat_setBalance", "anvil_setBalance");
    methods.blocking("anvil_setNonce", set_nonce);
    methods.alias("hardhat_setNonce", "anvil_setNonce");
    methods.blocking("anvil_setCode", set_code);
    methods.alias("hardhat_setCode", "anvil_setCode");
    methods.blocking("anvil_setStorageAt", set_storage);
    methods.alias("hardhat_setStorageAt", "anvil_setStorageAt");
    methods.quick("anvil_dropTransaction", drop_transaction);
    methods.alias("hardhat_dropTransaction", "anvil_dropTransaction");
    methods.quick("anvil_nodeInfo", node_info);
    methods.quick("anvil_metadata", metadata);
    methods.alias("hardhat_metadata", "anvil_metadata");
}

/// One block, at a timestamp if one is given; or `{ timestamp, blocks }`.
fn evm_mine(api: &Api, mut args: Args) -> Result<String> {
    let (mut timestamp, mut blocks) = (None, 1);
    match args.optional() {
        None => {}
        Some(given @ Value::Object(_)) => {
            let mut object = Object::new(given, "mining options")?;
            timestamp = object.read("timestamp", count)?;
            blocks = object.read("blocks", count)?.unwrap_or(1);
        }
        Some(given) => timestamp = Some(count(&given, "timestamp")?),
    }
    args.end()?;
    if let Some(timestamp) = timestamp {
        api.node().set_next_timestamp(timestamp)?;
    }
    api.node().mine(blocks, None)?;
    Ok("0x0".to_owned())
}

/// Several blocks, so many seconds apart.
fn mine(api: &Api, mut args: Args) -> Result<()> {
    let blocks = args.optional().map_or(Ok(1), |blocks| count(&blocks, "blocks"))?;
    let apart = args.optional().map(|apart| count(&apart, "seconds between blocks")).transpose()?;
    args.end()?;
    api.node().mine(blocks, apart)?;
    Ok(())
}

fn set_next_timestamp(api: &Api, mut args: Args) -> Result<()> {
    let timestamp = count(&args.required("timestamp")?, "timestamp")?;
    args.end()?;
    Ok(api.node().set_next_timestamp(timestamp)?)
}

/// Answers how many seconds the chain is ahead of the machine.
fn increase_time(api: &Api, mut args: Args) -> Result<i64> {
    let seconds = count(&args.required("seconds")?, "seconds")?;
    args.end()?;
    Ok(api.node().increase_time(Duration::from_secs(seconds))?)
}

/// A snapshot is a height: every state of the past is there anyway.
fn snapshot(api: &Api, args: Args) -> Result<Quantity<u64>> {
    args.end()?;
    let mut snapshots = api.0.snapshots.lock();
    if snapshots.len() >= MOST_SNAPSHOTS {
        snapshots.remove(0);
    }
    let id = snapshots.last().map_or(0, |(id, _)| *id).saturating_add(1);
    snapshots.push((id, api.node().block_number()));
    Ok(Quantity(id))
}

/// Goes back to a snapshot; it and all later ones are used up.
fn revert(api: &Api, mut args: Args) -> Result<bool> {
    let id = number(&args.required("snapshot id")?, "snapshot id")?;
    args.end()?;
    let mut snapshots = api.0.snapshots.lock();
    let Some(place) = snapshots.iter().position(|(known, _)| U256::from(*known) == id) else { return Ok(false) };
    let height = snapshots.get(place).map(|(_, height)| *height).unwrap_or_default();
    api.node().rewind(height)?;
    snapshots.truncate(place);
    Ok(true)
}

fn set_automine(api: &Api, mut args: Args) -> Result<bool> {
    let on = boolean(&args.required("automine")?, "automine")?;
    args.end()?;
    api.node().set_mining(if on { Mining::Auto } else { Mining::Manual })?;
    Ok(true)
}

fn automine(api: &Api, args: Args) -> Result<bool> {
    args.end()?;
    Ok(api.node().mining() == Mining::Auto)
}

/// A block every so many seconds; 0 ends that and leaves blocks to be asked for.
fn set_interval(api: &Api, mut args: Args) -> Result<bool> {
    let seconds = count(&args.required("seconds")?, "seconds")?;
    args.end()?;
    let mining = if seconds == 0 { Mining::Manual } else { Mining::Interval(Duration::from_secs(seconds)) };
    api.node().set_mining(mining)?;
    Ok(true)
}

fn interval(api: &Api, args: Args) -> Result<Option<u64>> {
    args.end()?;
    Ok(match api.node().mining() {
        Mining::Interval(every) => Some(every.as_secs()),
        _ => None,
    })
}

fn set_balance(api: &Api, mut args: Args) -> Result<()> {
    let address = args.address("address")?;
    let balance = args.number("balance")?;
    args.end()?;
    Ok(api.node().edit(address, AccountEdit { balance: Some(balance), ..AccountEdit::default() })?)
}

fn set_nonce(api: &Api, mut args: Args) -> Result<()> {
    let address = args.address("address")?;
    let nonce = count(&args.required("nonce")?, "nonce")?;
    args.end()?;
    Ok(api.node().edit(address, AccountEdit { nonce: Some(nonce), ..AccountEdit::default() })?)
}

fn set_code(api: &Api, mut args: Args) -> Result<()> {
    let address = args.address("address")?;
    let code = args.bytes("code")?;
    args.end()?;
    Ok(api.node().edit(address, AccountEdit { code: Some(code), ..AccountEdit::default() })?)
}

fn set_storage(api: &Api, mut args: Args) -> Result<bool> {
    let address = args.address("address")?;
    let key = slot(&args.required("storage slot")?, "storage slot")?;
    let value = slot(&args.required("value")?, "value")?;
    args.end()?;
    api.node().edit(address, AccountEdit { storage: [(key, value)].into(), ..AccountEdit::default() })?;
    Ok(true)
}

/// Answers the hash of what was dropped, null if it did not wait.
fn drop_transaction(api: &Api, mut args: Args) -> Result<Option<B256>> {
    let hash = args.hash("transaction hash")?;
    args.end()?;
    Ok(api.node().pool().remove(hash).then_some(hash))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeInfo {
    current_block_number: Quantity<u64>,
    current_block_timestamp: u64,
    current_block_hash: B256,
    hard_fork: &'static str,
    transaction_order: &'static str,
    environment: Environment,
    fork_config: ForkConfig,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Environment {
    base_fee: Quantity<u64>,
    chain_id: u64,
    gas_limit: Quantity<u64>,
    gas_price: Quantity<u64>,
}

#[derive(Serialize)]
struct ForkConfig {}

fn node_info(api: &Api, args: Args) -> Result<NodeInfo> {
    args.end()?;
    let (node, head) = (api.node(), api.node().head());
    let base_fee = Quantity(node.next_base_fee());
    Ok(NodeInfo {
        current_block_number: Quantity(head.block.number()),
        current_block_timestamp: head.block.header.timestamp,
        current_block_hash: head.block.hash,
        hard_fork: "osaka",
        transaction_order: "fees",
        environment: Environment {
            base_fee,
            chain_id: node.chain_id(),
            gas_limit: Quantity(head.block.header.gas_limit),
            gas_price: base_fee,
        },
        fork_config: ForkConfig {},
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    client_version: &'static str,
    chain_id: u64,
    instance_id: B256,
    latest_block_number: u64,
    latest_block_hash: B256,
}

fn metadata(api: &Api, args: Args) -> Result<Metadata> {
    args.end()?;
    let head = api.node().head();
    let genesis =
        api.node().header(0.into())?.map(|(hash, _)| hash).ok_or_else(|| RpcError::internal(&"no genesis"))?;
    Ok(Metadata {
        client_version: CLIENT_VERSION,
        chain_id: api.node().chain_id(),
        instance_id: genesis,
        latest_block_number: head.block.number(),
        latest_block_hash: head.block.hash,
    })
}
