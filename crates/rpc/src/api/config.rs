//! What the chain's rules are, and what this node keeps of it.

use super::Api;
use crate::{error::Result, methods::Methods, params::Args, types::Quantity};
use alloy_eips::eip7910::SystemContract;
use alloy_primitives::{Address, B256};
use limpid_chain::genesis::Forks;
use serde::Serialize;
use std::collections::BTreeMap;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("eth_config", config);
    methods.blocking("eth_capabilities", capabilities);
}

/// Names of Osaka's precompiles (EIP-7910) by the last two bytes of their addresses.
const PRECOMPILES: [(&str, u16); 18] = [
    ("ECREC", 0x01),
    ("SHA256", 0x02),
    ("RIPEMD160", 0x03),
    ("ID", 0x04),
    ("MODEXP", 0x05),
    ("BN254_ADD", 0x06),
    ("BN254_MUL", 0x07),
    ("BN254_PAIRING", 0x08),
    ("BLAKE2F", 0x09),
    ("KZG_POINT_EVALUATION", 0x0a),
    ("BLS12_G1ADD", 0x0b),
    ("BLS12_G1MSM", 0x0c),
    ("BLS12_G2ADD", 0x0d),
    ("BLS12_G2MSM", 0x0e),
    ("BLS12_PAIRING_CHECK", 0x0f),
    ("BLS12_MAP_FP_TO_G1", 0x10),
    ("BLS12_MAP_FP2_TO_G2", 0x11),
    ("P256VERIFY", 0x100),
];

#[derive(Serialize)]
struct Config {
    current: Fork,
    next: Option<Fork>,
    last: Option<Fork>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fork {
    activation_time: u64,
    blob_schedule: BlobSchedule,
    chain_id: Quantity<u64>,
    fork_id: String,
    precompiles: BTreeMap<&'static str, Address>,
    system_contracts: BTreeMap<String, Address>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobSchedule {
    target: u64,
    max: u64,
    base_fee_update_fraction: u64,
}

/// The rules in force and those to come (EIP-7910). Our own chains have Osaka's from their first block on and no blobs.
fn config(api: &Api, args: Args) -> Result<Config> {
    args.end()?;
    let node = api.node();
    let head = node.head().block.header.timestamp;
    let none = Forks::default();
    let forks = node.ledger().forks().unwrap_or(&none);
    let genesis = node.header(0.into())?.map(|(hash, _)| hash).unwrap_or_default();
    let fork = |time: u64| fork(api, forks, genesis, time);
    let (past, to_come) = forks.timed(head);
    let current = past.last().map_or(0, |fork| fork.time);
    let next = to_come.first().map(|next| fork(next.time));
    let last = to_come.last().map(|last| fork(last.time));
    Ok(Config { current: fork(current), next, last })
}

fn fork(api: &Api, forks: &Forks, genesis: B256, time: u64) -> Fork {
    let node = api.node();
    let has_blobs = node.ledger().forks().is_some();
    let blobs = forks.blobs(time);
    let schedule = BlobSchedule {
        target: if has_blobs { blobs.target_blob_count } else { 0 },
        max: if has_blobs { blobs.max_blob_count } else { 0 },
        base_fee_update_fraction: blobs.update_fraction.try_into().unwrap_or(u64::MAX),
    };
    let at = |place: u16| {
        let mut address = Address::ZERO;
        address.0[18..].copy_from_slice(&place.to_be_bytes());
        address
    };
    Fork {
        activation_time: time,
        blob_schedule: schedule,
        chain_id: Quantity(node.chain_id()),
        fork_id: alloy_primitives::hex::encode_prefixed(forks.hash(genesis, node.genesis().timestamp, time).0),
        precompiles: PRECOMPILES.into_iter().map(|(name, place)| (name, at(place))).collect(),
        system_contracts: system_contracts(api, forks),
    }
}

/// Ethereum's own contracts. On our chains nobody withdraws, consolidates or deposits.
fn system_contracts(api: &Api, forks: &Forks) -> BTreeMap<String, Address> {
    let cancun = SystemContract::cancun().into_iter();
    let all = cancun.chain(SystemContract::prague(forks.deposit_contract_address));
    let foreign = api.node().ledger().forks().is_some();
    let here =
        |kind: &SystemContract| foreign || matches!(kind, SystemContract::BeaconRoots | SystemContract::HistoryStorage);
    all.filter(|(kind, _)| here(kind)).map(|(kind, address)| (kind.to_string(), address)).collect()
}

#[derive(Serialize)]
struct Capabilities {
    head: Head,
    state: Kept,
    tx: Kept,
    logs: Kept,
    receipts: Kept,
    blocks: Kept,
    stateproofs: Kept,
}

#[derive(Serialize)]
struct Head {
    number: Quantity<u64>,
    hash: B256,
}

/// From which block on something is there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_block: Option<Quantity<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_strategy: Option<Window>,
}

/// Only so many newest blocks are kept.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    #[serde(rename = "type")]
    kind: &'static str,
    retention_blocks: Quantity<u64>,
}

impl Kept {
    const fn since(block: u64) -> Self {
        Self { disabled: false, oldest_block: Some(Quantity(block)), delete_strategy: None }
    }

    const NOTHING: Self = Self { disabled: true, oldest_block: None, delete_strategy: None };
}

fn capabilities(api: &Api, args: Args) -> Result<Capabilities> {
    args.end()?;
    let (node, head) = (api.node(), api.node().head());
    let height = head.block.number();
    let executed = if node.ledger().is_copied() { Kept::NOTHING } else { Kept::since(0) };
    let logs = if node.ledger().is_copied() { Kept::NOTHING } else { Kept::since(0) };
    let state = node.oldest_state()?;
    let proofs = state.max(height.saturating_sub(PROOFS.saturating_sub(1)));
    let window = Window { kind: "window", retention_blocks: Quantity(PROOFS) };
    Ok(Capabilities {
        head: Head { number: Quantity(height), hash: head.block.hash },
        state: Kept::since(state),
        tx: Kept::since(0),
        logs,
        receipts: executed,
        blocks: Kept::since(0),
        stateproofs: Kept { delete_strategy: Some(window), ..Kept::since(proofs) },
    })
}

/// Newest blocks whose states can be proven.
const PROOFS: u64 = 1_024;
