//! Native contracts and predeploys: what they are and how to talk to them.

use super::types::{One, Page, Party};
use crate::api::{
    ask::Ask,
    error::{ApiError, Result},
    view::{View, What},
};
use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, Bytes, address};
use limpid_abi::Interface;
use limpid_evm::genesis::predeploys;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Contract {
    party: Party,
    name: String,
    native: bool,
    docs: &'static str,
}

#[derive(Serialize)]
pub(super) struct Detail {
    #[serde(flatten)]
    contract: Contract,
    interfaces: Vec<Described>,
    marker: Option<Bytes>,
    layout: Vec<Field>,
}

#[derive(Serialize)]
struct Described {
    name: &'static str,
    abi: JsonAbi,
    solidity: String,
}

#[derive(Serialize)]
struct Field {
    name: String,
    tag: u8,
    #[serde(rename = "type")]
    ty: String,
}

/// The name of the contract's kind in the registry, if it is native.
pub(crate) fn native_name(view: &View, address: Address) -> Result<Option<&'static str>> {
    Ok(match view.what(address)? {
        What::Native(name) => Some(name),
        What::Token => Some("token"),
        What::Pool => Some("pair"),
        _ => None,
    })
}

/// The interfaces of a kind, by its name in the registry.
pub(crate) fn described(view: &View, kind: &str) -> Option<(&'static str, &'static [Interface])> {
    let at = view.registry().addresses();
    let fixed = view.registry().fixed().find(|(_, entry)| entry.name == kind).map(|(address, _)| address);
    let found = limpid_abi::contracts().iter().find(|contract| match (contract.address, fixed) {
        (Some(stands), Some(fixed)) => stands(at) == fixed,
        (None, None) => matches!((contract.name, kind), ("Token", "token") | ("UniswapV2Pair", "pair")),
        _ => false,
    });
    found.map(|contract| (contract.name, contract.interfaces))
}

/// What a native contract does, in words.
fn docs(kind: &str) -> &'static str {
    match kind {
        "queue" => {
            "Work that the chain does by itself at its time: whoever schedules something need not come back for it."
        }
        "token-factory" => {
            "Creates native tokens, with a supply that is fixed or minted by one minter for ever recorded."
        }
        "token" => {
            "A native token: ERC-20 with permits, batches and memos. The system's own contracts need no allowance, and \
             what a person allows anybody else ends after 30 days."
        }
        "weth" => "The coin as an ERC-20 token, one for one: deposit and withdraw at any time.",
        "factory" => "Creates the exchange's pools (Uniswap V2's factory).",
        "pair" => {
            "A pool of two tokens and its share token (Uniswap V2's pair). Anybody may deposit and earns a part of every \
             trade's 0.3 %."
        }
        "router" => "Swaps along paths of pools, and deposits and withdraws liquidity (Uniswap V2's Router02).",
        "exchange" => "Deposits and withdrawals of one token, what a position is worth, and the list of pools.",
        "fees" | "fee-ledger" => "Holds the community's part of all fees.",
        "gateway" => "Wraps tokens of users' contracts one for one into native ones, which pools can hold, and back.",
        "actions" => "Lists of steps that happen together or not at all, with loans of pools within them.",
        _ => "A native contract.",
    }
}

fn predeploy(address: Address) -> (&'static str, &'static str) {
    match address {
        _ if address == address!("0x4e59b44847b379578588920ca78fbf26c0b4956c") => {
            ("CREATE2 deployer", "Deploys code to addresses that are known beforehand.")
        }
        _ if address == address!("0xcA11bde05977b3631167028862bE2a173976CA11") => ("Multicall3", "Many calls in one."),
        _ if address == address!("0x000000000022D473030F116dDEE9F6B43aC78BA3") => {
            ("Permit2", "Approvals by signature that end.")
        }
        _ if address == alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS => {
            ("Block hashes", "Hashes of the last 8,191 blocks (EIP-2935).")
        }
        _ if address == alloy_eips::eip4788::BEACON_ROOTS_ADDRESS => {
            ("Beacon roots", "Zero here: there is no beacon chain (EIP-4788).")
        }
        _ => ("Predeploy", "Code of the genesis."),
    }
}

fn contract(view: &View, address: Address) -> Result<Contract> {
    let party = Party::new(view, address)?;
    if let Some(kind) = native_name(view, address)? {
        let name = described(view, kind).map_or(kind, |(name, _)| name).to_owned();
        return Ok(Contract { party, name, native: true, docs: docs(kind) });
    }
    let known = view.natives().is_some() && predeploys().iter().any(|(at, _)| *at == address);
    if !known {
        return Err(ApiError::not_found(format!("no native contract and no predeploy stands at {address}")));
    }
    let (name, docs) = predeploy(address);
    Ok(Contract { party, name: name.to_owned(), native: false, docs })
}

pub(super) fn list(view: &View, ask: &mut Ask) -> Result<Page<Contract>> {
    let (limit, from) = ask.page(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)))?;
    ask.end()?;
    let fixed = view.registry().fixed().map(|(address, _)| address);
    let rest = if view.natives().is_some() { predeploys() } else { Vec::new() };
    let all: Vec<_> = fixed.chain(rest.into_iter().map(|(address, _)| address)).collect();
    let from = usize::try_from(from.unwrap_or_default()).unwrap_or(usize::MAX);
    let items = all.iter().skip(from).take(limit).map(|at| contract(view, *at)).collect::<Result<Vec<_>>>()?;
    let next = from.saturating_add(items.len());
    Ok(Page::new(view, items, (next < all.len()).then(|| (next as u64).to_be_bytes())))
}

pub(super) fn one(view: &View, ask: &mut Ask) -> Result<One<Detail>> {
    let address = ask.address()?;
    ask.end()?;
    let contract = contract(view, address)?;
    let kind = native_name(view, address)?;
    let interfaces = kind.and_then(|kind| described(view, kind)).map_or(&[][..], |(_, interfaces)| interfaces);
    let entry = kind.and_then(|kind| view.registry().entries().iter().find(|entry| entry.name == kind));
    let field = |row: limpid_native::LayoutField| Field { name: row.name, tag: row.tag, ty: row.ty };
    let detail = Detail {
        contract,
        interfaces: interfaces
            .iter()
            .map(|one| Described { name: one.name, abi: one.json(), solidity: one.solidity() })
            .collect(),
        marker: entry.map(|entry| Bytes::from(entry.marker().code())),
        layout: entry.map(|entry| (entry.layout)().into_iter().map(field).collect()).unwrap_or_default(),
    };
    Ok(One::new(view, detail))
}
