//! The methods.

mod access_list;
mod accounts;
mod blocks;
mod calls;
mod config;
mod debug;
mod dev;
mod fees;
mod fill;
mod filters;
mod gate;
mod identity;
mod impersonate;
mod limpid;
mod logs;
mod otterscan;
mod parity;
mod proofs;
mod raw;
mod refused;
mod simulate;
mod state;
mod submit;
mod subscribe;
mod testing;
mod tracer;
mod transactions;
mod txpool;

use crate::{
    error::{Result, RpcError},
    events::Events,
    methods::Methods,
};
use alloy_eips::BlockId;
use alloy_primitives::B256;
use filters::Filters;
use limpid_chain::{BlockWithReceipts, Node};
use parking_lot::Mutex;
use std::{sync::Arc, time::Instant};

/// What methods work with; cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    node: Node,
    started: Instant,
    events: Events,
    filters: Filters,
    /// Moments to which `evm_revert` can go back, oldest first.
    snapshots: Mutex<dev::Snapshots>,
    pools: limpid::PoolCache,
    traces: gate::Gate,
    impersonated: impersonate::Impersonated,
    /// Held while a transaction gets its nonce and goes to the pool: two must not get the same.
    numbering: Mutex<()>,
    rules_hash: B256,
}

/// What this program is, as `web3_clientVersion` says it.
pub const CLIENT_VERSION: &str = concat!("limpid/v", env!("CARGO_PKG_VERSION"));

impl Api {
    /// The methods of a node.
    pub fn new(node: Node) -> Self {
        let events = Events::new(&node);
        // Opening the node computed it already, so it can be computed; a chain nobody can identify shows zeros.
        let rules_hash = limpid_chain::ledger::rules_hash(node.genesis(), node.rules()).unwrap_or_default();
        Self(Arc::new(Inner {
            node,
            started: Instant::now(),
            events,
            filters: Filters::default(),
            snapshots: Mutex::default(),
            pools: limpid::PoolCache::default(),
            traces: gate::Gate::default(),
            impersonated: impersonate::Impersonated::default(),
            numbering: Mutex::default(),
            rules_hash,
        }))
    }

    /// The node that answers.
    pub fn node(&self) -> &Node {
        &self.0.node
    }

    fn events(&self) -> &Events {
        &self.0.events
    }

    /// Hash of the rules the chain runs by.
    fn rules_hash(&self) -> B256 {
        self.0.rules_hash
    }

    fn filters(&self) -> &Filters {
        &self.0.filters
    }

    /// A block that must be there.
    fn block(&self, id: BlockId) -> Result<Arc<BlockWithReceipts>> {
        self.node().block(id)?.ok_or_else(|| RpcError::refused("header not found"))
    }
}

/// Every method of a node; those that rewrite a chain only if it is a development chain.
pub(crate) fn register(methods: &mut Methods, api: &Api) {
    let dev = api.node().is_dev();
    identity::register(methods);
    accounts::register(methods, dev);
    blocks::register(methods);
    transactions::register(methods);
    state::register(methods);
    proofs::register(methods);
    calls::register(methods);
    simulate::register(methods);
    fill::register(methods);
    config::register(methods);
    fees::register(methods);
    submit::register(methods);
    logs::register(methods);
    filters::register(methods);
    subscribe::register(methods);
    access_list::register(methods);
    debug::register(methods);
    raw::register(methods);
    parity::register(methods);
    otterscan::register(methods);
    txpool::register(methods);
    limpid::register(methods);
    if dev {
        dev::register(methods);
        impersonate::register(methods);
        refused::register(methods);
    }
    if api.node().ledger().is_imported() {
        testing::register(methods);
    }
}
