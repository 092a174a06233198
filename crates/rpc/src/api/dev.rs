//! What only a development chain offers: blocks on demand, time, going back. The names are those of the tools that
//! test suites are written for.

use super::{Api, CLIENT_VERSION, state::state_at};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, Object, boolean, count, number, slot},
    types::{Quantity, RpcBlock},
};
use alloy_eips::BlockId;
use alloy_primitives::{B256, Bytes, U256};
use limpid_chain::{AccountEdit, Mining, Snapshot};
use limpid_state::StateRead;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// Blocks that `evm_mine_detailed` shows at most.
const MOST_SHOWN: usize = 1_000;
/// Bytes of a dump at most: in hex they must fit into a request.
const MOST_DUMPED: usize = 7 << 20;
/// Snapshots that are remembered; the oldest goes first.
const MOST_SNAPSHOTS: usize = 10_000;

/// Moments to go back to. No id is given twice.
#[derive(Default)]
pub(super) struct Snapshots {
    last: u64,
    kept: Vec<(u64, Snapshot)>,
}

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
    methods.blocking("anvil_dropAllTransactions", drop_all);
    methods.blocking("anvil_removePoolTransactions", drop_of);
    methods.blocking("anvil_addBalance", add_balance);
    methods.blocking("anvil_rollback", rollback);
    methods.blocking("anvil_reset", reset);
    methods.alias("hardhat_reset", "anvil_reset");
    methods.blocking("evm_mine_detailed", mine_detailed);
    methods.quick("evm_setTime", set_time);
    methods.alias("anvil_setTime", "evm_setTime");
    methods.quick("anvil_getGenesisTime", genesis_time);
    methods.quick("anvil_setLoggingEnabled", set_logging);
    methods.alias("hardhat_setLoggingEnabled", "anvil_setLoggingEnabled");
    methods.quick("anvil_setBlockTimestampInterval", set_block_interval);
    methods.quick("anvil_removeBlockTimestampInterval", remove_block_interval);
    methods.blocking("anvil_setNextBlockBaseFeePerGas", set_next_base_fee);
    methods.alias("hardhat_setNextBlockBaseFeePerGas", "anvil_setNextBlockBaseFeePerGas");
    methods.blocking("anvil_dumpState", dump);
    methods.alias("hardhat_dumpState", "anvil_dumpState");
    methods.blocking("anvil_loadState", load);
    methods.alias("hardhat_loadState", "anvil_loadState");
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
    let taken = api.node().snapshot()?;
    let mut snapshots = api.0.snapshots.lock();
    if snapshots.kept.len() >= MOST_SNAPSHOTS {
        snapshots.kept.remove(0);
    }
    snapshots.last = snapshots.last.saturating_add(1);
    let id = snapshots.last;
    snapshots.kept.push((id, taken));
    Ok(Quantity(id))
}

/// Goes back to a snapshot; it and all later ones are used up. `false` if there is none, or its block is gone.
fn revert(api: &Api, mut args: Args) -> Result<bool> {
    let id = number(&args.required("snapshot id")?, "snapshot id")?;
    args.end()?;
    let mut snapshots = api.0.snapshots.lock();
    let Some(place) = snapshots.kept.iter().position(|(known, _)| U256::from(*known) == id) else { return Ok(false) };
    let wanted = snapshots.kept.drain(place..).next();
    wanted.map_or(Ok(false), |(_, wanted)| Ok(api.node().revert(wanted)?))
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

/// From now on each block is so many seconds after the one before.
fn set_block_interval(api: &Api, mut args: Args) -> Result<()> {
    let seconds = count(&args.required("seconds")?, "seconds")?;
    args.end()?;
    Ok(api.node().set_block_interval(Some(seconds))?)
}

/// Ends that; true, as the tools expect.
fn remove_block_interval(api: &Api, args: Args) -> Result<bool> {
    args.end()?;
    api.node().set_block_interval(None)?;
    Ok(true)
}

fn set_next_base_fee(api: &Api, mut args: Args) -> Result<()> {
    let wei = count(&args.required("base fee")?, "base fee")?;
    args.end()?;
    Ok(api.node().set_next_base_fee(wei)?)
}

/// The chain as bytes that `anvil_loadState` of any node of this program takes: blocks, and what was written by hand.
fn dump(api: &Api, mut args: Args) -> Result<Bytes> {
    // Whether past states are wanted too: they always follow from the blocks.
    args.boolean_or("past states", true)?;
    args.end()?;
    Ok(api.node().dump(MOST_DUMPED)?.into())
}

/// Executes a dump's blocks; what this chain has beside them is gone.
fn load(api: &Api, mut args: Args) -> Result<bool> {
    let dump = args.bytes("dump")?;
    args.end()?;
    api.node().load(&dump)?;
    Ok(true)
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

fn drop_all(api: &Api, args: Args) -> Result<()> {
    args.end()?;
    api.node().pool().clear();
    Ok(())
}

/// Drops what waits from one sender.
fn drop_of(api: &Api, mut args: Args) -> Result<()> {
    let sender = args.address("address")?;
    args.end()?;
    let waiting = api.node().pool().content(Some(sender));
    let all = waiting.executable.into_values().chain(waiting.queued.into_values()).flatten();
    // From the end, so that nothing becomes executable on the way.
    let mut hashes: Vec<_> = all.map(|tx| (tx.nonce(), tx.hash())).collect();
    hashes.sort_unstable();
    for (_, hash) in hashes.into_iter().rev() {
        api.node().pool().remove(hash);
    }
    Ok(())
}

fn add_balance(api: &Api, mut args: Args) -> Result<()> {
    let address = args.address("address")?;
    let more = args.number("balance")?;
    args.end()?;
    let held = state_at(api, BlockId::latest())?.account(address)?.unwrap_or_default().balance;
    let balance = held.checked_add(more).ok_or_else(|| RpcError::params("the balance would exceed 2^256 - 1"))?;
    Ok(api.node().edit(address, AccountEdit { balance: Some(balance), ..AccountEdit::default() })?)
}

/// Goes back so many blocks; one unless told otherwise.
fn rollback(api: &Api, mut args: Args) -> Result<()> {
    let depth = args.optional().map_or(Ok(1), |depth| count(&depth, "depth"))?;
    args.end()?;
    let head = api.node().block_number();
    let height = head.checked_sub(depth);
    let height = height.ok_or_else(|| RpcError::params(format!("there are only {head} blocks to go back")))?;
    api.node().rewind(height)?;
    Ok(())
}

/// Goes back to the first block and forgets what waits. There is nothing to fork from.
fn reset(api: &Api, mut args: Args) -> Result<()> {
    if let Some(given) = args.optional() {
        let mut object = Object::new(given, "reset options")?;
        if object.take("forking").is_some() {
            return Err(RpcError::refused("this node does not fork other chains: reset without `forking`"));
        }
        object.end()?;
    }
    args.end()?;
    api.node().pool().clear();
    api.node().reset()?;
    api.0.snapshots.lock().kept.clear();
    Ok(())
}

/// As `evm_mine`, and gives the blocks that were made, with their transactions.
fn mine_detailed(api: &Api, args: Args) -> Result<Vec<RpcBlock>> {
    let before = api.node().block_number();
    evm_mine(api, args)?;
    let mut made = Vec::new();
    for height in before.saturating_add(1)..=api.node().block_number() {
        if made.len() >= MOST_SHOWN {
            break;
        }
        let block = api.node().block_at(height)?;
        made.extend(block.map(|block| RpcBlock::new(&block.block, true, api.node().chain_id())));
    }
    Ok(made)
}

/// Answers how many seconds the chain is ahead of the machine.
fn set_time(api: &Api, mut args: Args) -> Result<i64> {
    let timestamp = count(&args.required("timestamp")?, "timestamp")?;
    args.end()?;
    Ok(api.node().set_time(timestamp)?)
}

fn genesis_time(api: &Api, args: Args) -> Result<u64> {
    args.end()?;
    Ok(api.node().genesis().timestamp)
}

/// What is logged is chosen when the node starts; tools that ask for more or less are told that they were heard.
fn set_logging(_: &Api, mut args: Args) -> Result<()> {
    boolean(&args.required("enabled")?, "enabled")?;
    args.end()
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
