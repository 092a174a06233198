//! What this node is: status, contracts, layouts, the operator's signatures.

use super::super::{Api, CLIENT_VERSION};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, block_id},
    types::Quantity,
};
use alloy_primitives::{Address, B256, Bytes};
use limpid_evm::genesis::predeploys;
use limpid_native::Entry;
use serde::Serialize;

pub(super) fn register(methods: &mut Methods) {
    methods.quick("limpid_status", status);
    methods.quick("limpid_contracts", contracts);
    methods.quick("limpid_layout", layout);
    methods.blocking("limpid_blockSignature", block_signature);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    client_version: &'static str,
    chain_id: Quantity<u64>,
    dev: bool,
    coin: Coin,
    head: Head,
    next_base_fee: Quantity<u64>,
    pending: usize,
    queued: usize,
    rules_hash: B256,
    uptime_seconds: u64,
    /// Why there are no more blocks; absent while all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    halted: Option<String>,
}

#[derive(Serialize)]
struct Coin {
    symbol: &'static str,
    decimals: u8,
}

#[derive(Serialize)]
struct Head {
    number: Quantity<u64>,
    hash: B256,
    timestamp: Quantity<u64>,
}

fn status(api: &Api, args: Args) -> Result<Status> {
    args.end()?;
    let (node, head) = (api.node(), api.node().head());
    let (pending, queued) = node.pool().status();
    Ok(Status {
        client_version: CLIENT_VERSION,
        chain_id: Quantity(node.chain_id()),
        dev: node.is_dev(),
        coin: Coin { symbol: "LIM", decimals: 18 },
        head: Head {
            number: Quantity(head.block.number()),
            hash: head.block.hash,
            timestamp: Quantity(head.block.header.timestamp),
        },
        next_base_fee: Quantity(node.next_base_fee()),
        pending,
        queued,
        rules_hash: api.rules_hash(),
        uptime_seconds: api.0.started.elapsed().as_secs(),
        halted: node.halted(),
    })
}

#[derive(Serialize)]
struct Contract {
    name: &'static str,
    address: Address,
    native: bool,
    /// Number of the native contract's kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<u8>,
    summary: &'static str,
}

fn contracts(api: &Api, args: Args) -> Result<Vec<Contract>> {
    args.end()?;
    let registry = &api.node().rules().registry;
    let natives = registry.fixed().map(|(address, entry)| Contract {
        name: entry.name,
        address,
        native: true,
        kind: Some(entry.kind.0),
        summary: native_summary(entry.name),
    });
    let rest = if registry.entries().is_empty() { Vec::new() } else { predeploys() };
    let rest = rest.into_iter().map(|(address, _)| {
        let (name, summary) = predeploy(address);
        Contract { name, address, native: false, kind: None, summary }
    });
    Ok(natives.chain(rest).collect())
}

fn native_summary(name: &str) -> &'static str {
    match name {
        "queue" => "work that the chain does by itself at its time",
        "token-factory" => "creates native tokens",
        "weth" => "the coin as an ERC-20 token, fully backed",
        "factory" => "creates the exchange's pools (Uniswap V2 factory)",
        "router" => "swaps and liquidity (Uniswap V2 Router02)",
        "exchange" => "one-token deposits, positions, lists of pools",
        "fee-ledger" | "fees" => "the community's part of fees",
        "gateway" => "wraps tokens of user contracts into native ones, and back",
        "actions" => "lists of steps that happen together or not at all",
        _ => "native contract",
    }
}

fn predeploy(address: Address) -> (&'static str, &'static str) {
    use alloy_primitives::address;
    match address {
        _ if address == address!("0x4e59b44847b379578588920ca78fbf26c0b4956c") => {
            ("create2-deployer", "deploys code to addresses known beforehand")
        }
        _ if address == address!("0xcA11bde05977b3631167028862bE2a173976CA11") => ("multicall3", "many calls in one"),
        _ if address == address!("0x000000000022D473030F116dDEE9F6B43aC78BA3") => {
            ("permit2", "approvals by signature that end")
        }
        _ if address == alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS => {
            ("block-hashes", "hashes of the last 8,191 blocks (EIP-2935)")
        }
        _ if address == alloy_eips::eip4788::BEACON_ROOTS_ADDRESS => {
            ("beacon-roots", "zero here: there is no beacon chain (EIP-4788)")
        }
        _ => ("predeploy", "code of the genesis"),
    }
}

#[derive(Serialize)]
struct Layout {
    name: &'static str,
    kind: u8,
    version: u8,
    /// The code of its accounts.
    code: Bytes,
    /// Where it stands; null for contracts that a factory creates.
    address: Option<Address>,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Field {
    name: String,
    /// First byte of its slot keys.
    tag: u8,
    #[serde(rename = "type")]
    ty: String,
}

fn layout(api: &Api, args: Args) -> Result<Vec<Layout>> {
    args.end()?;
    let registry = &api.node().rules().registry;
    let layout = |entry: &Entry| Layout {
        name: entry.name,
        kind: entry.kind.0,
        version: entry.version,
        code: entry.marker().code().into(),
        address: entry.address.map(|at| at(registry.addresses())),
        fields: (entry.layout)().into_iter().map(|row| Field { name: row.name, tag: row.tag, ty: row.ty }).collect(),
    };
    Ok(registry.entries().iter().map(layout).collect())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlockSignature {
    number: Quantity<u64>,
    hash: B256,
    /// 65 bytes: r, s, v over keccak(0x19 "Limpid block" || chain id as 32 bytes || block hash).
    signature: Bytes,
    /// Who made it.
    signer: Option<Address>,
}

/// The operator's signature of a block; null if nobody signed it.
fn block_signature(api: &Api, mut args: Args) -> Result<Option<BlockSignature>> {
    let id = block_id(&args.required("block")?)?;
    args.end()?;
    let (hash, header) = api.node().header(id)?.ok_or_else(|| RpcError::refused("header not found"))?;
    Ok(api.node().signature(hash)?.map(|signature| BlockSignature {
        number: Quantity(header.number),
        hash,
        signature: signature.as_bytes().into(),
        signer: limpid_chain::header_signer(api.node().chain_id(), hash, &signature),
    }))
}
