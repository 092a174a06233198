//! Which native contracts a chain has, and where.

use alloy_primitives::{Address, B256, address, keccak256, map::B256Map};
use limpid_abi::addresses::Addresses;
use limpid_native::{ActionKind, Entry, Kind};
use revm::primitives::hardfork::SpecId;
use std::sync::Arc;

/// Where factories' creations are recorded: slot = address, value = kind + 1. Written only by
/// [`limpid_native::Host::create`], read before native code of a created contract runs.
pub const DIRECTORY: Address = address!("0x000000000000000000000000004c696d70696400");

/// The code of the directory: a marker of kind 0, which has no entry and so runs nothing.
pub const DIRECTORY_CODE: [u8; 4] = [0xef, 0x4c, 0, 0];

/// Every native contract. Adding a protocol is its folder and one line here.
pub fn protocols() -> Vec<Entry> {
    [
        limpid_queue::entries(),
        limpid_token::entries(),
        limpid_weth::entries(),
        limpid_exchange::entries(),
        limpid_gateway::entries(),
        limpid_actions::entries(),
    ]
    .concat()
}

/// The native contracts of one chain.
#[derive(Clone)]
pub struct Registry {
    entries: Vec<Entry>,
    by_code: B256Map<Kind>,
    addresses: Addresses,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| entry.name)).finish()
    }
}

impl Registry {
    /// A registry of `entries` at `addresses`.
    pub fn new(entries: Vec<Entry>, addresses: Addresses) -> Self {
        let by_code = entries.iter().map(|entry| (keccak256(entry.marker().code()), entry.kind)).collect();
        Self { entries, by_code, addresses }
    }

    /// No native contracts at all: a foreign chain.
    pub fn none() -> Self {
        Self::new(Vec::new(), Addresses::default())
    }

    /// Every protocol at its usual address.
    pub fn standard() -> Self {
        Self::new(protocols(), Addresses::default())
    }

    /// Where the fixed contracts live.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Every entry, in registry order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of a kind.
    pub fn entry(&self, kind: Kind) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.kind == kind)
    }

    /// The kind of action with this selector, whichever protocol declares it.
    pub fn action(&self, selector: [u8; 4]) -> Option<ActionKind> {
        self.entries.iter().flat_map(|entry| entry.actions).find(|action| action.selector == selector).copied()
    }

    /// The kind whose marker hashes to this.
    pub fn kind_of_code(&self, hash: &B256) -> Option<Kind> {
        self.by_code.get(hash).copied()
    }

    /// Whether `kind` is fixed at `address` by this registry.
    pub fn is_fixed(&self, address: Address, kind: Kind) -> bool {
        self.entry(kind).and_then(|entry| entry.address).is_some_and(|at| at(&self.addresses) == address)
    }

    /// Every fixed contract with its address.
    pub fn fixed(&self) -> impl Iterator<Item = (Address, &Entry)> {
        self.entries.iter().filter_map(|entry| entry.address.map(|at| (at(&self.addresses), entry)))
    }
}

/// What a chain's execution depends on besides its blocks. Part of the rules' hash.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Chain id of EIP-155.
    pub chain_id: u64,
    /// The EVM's version.
    pub spec: SpecId,
    /// Its native contracts.
    pub registry: Arc<Registry>,
    /// Most gas that one phase's system transaction may use.
    pub system_gas: u64,
}

impl Rules {
    /// Our rules for a chain id: Osaka with every native contract.
    pub fn standard(chain_id: u64) -> Self {
        Self { chain_id, spec: SpecId::OSAKA, registry: Arc::new(Registry::standard()), system_gas: 20_000_000 }
    }
}
