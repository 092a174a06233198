//! The node's JSON-RPC: Ethereum's methods, subscriptions, and the `limpid_*` namespace, over HTTP and WebSocket on one
//! port.
//!
//! # How a request runs
//!
//! [`server`] takes bytes and answers what is no request at all; [`methods`] finds the method and the thread for it;
//! [`params`] reads the arguments; a function of [`api`] asks [`limpid_chain::Node`]; [`types`] are the answers.
//! Methods that read the store run on threads that may block, and execution runs on the node's own threads with large
//! stacks, so that nothing heavy ever holds up the runtime.
//!
//! # Rules
//!
//! - R-1 *Codes by the book.* -32700, -32600, -32601, -32602 as JSON-RPC 2.0 has them; 3 with data for reverts; -32000
//!   for what Ethereum's nodes refuse; -32005 for limits; 4444 for history that is not here ([`error`]). Tested in
//!   `tests/it/wire.rs`, `tests/it/calls.rs`, `tests/it/simulate.rs`, and by the execution-apis suite
//!   (`bin/limpid/tests/it/execution_apis`).
//! - R-2 *Arguments first.* Every argument is read before anything happens; what is malformed changes nothing, and the
//!   message names the argument, never a type of this program. Tested in `tests/it/malformed.rs`,
//!   `tests/it/badinput.rs`.
//! - R-3 *Limits on everything.* Sizes of requests and answers, batches, connections, subscriptions, filters, log
//!   searches, gas and time of calls; a request's head and body have to come in time. Tested in `tests/it/wire.rs`,
//!   `tests/it/filters.rs`, `tests/it/calls.rs`, `tests/it/badinput.rs`.
//! - R-4 *Development methods only on development chains*, and with them every key: on others the node signs for nobody.
//!   Tested in `tests/it/dev.rs`, `tests/it/accounts.rs`.
//! - R-5 *Blocks are pushed in order, none twice, none left out*, however slow the subscriber. Logs of blocks that a
//!   development chain takes back are pushed again as removed. Tested in `tests/it/subscriptions.rs`,
//!   `tests/it/filters.rs`.
//! - R-6 *System transactions look like transactions*: every field that clients demand is there. Tested in
//!   `types/transaction.rs`.
//! - R-7 *A trace is whole or refused.* Traces are the block executed again; what would take more than its share of
//!   memory or time is refused in words, never cut short, and two are made at once. Tested in `tests/it/tracers.rs`,
//!   `tests/it/parity.rs`, `tests/it/otterscan.rs`.

pub mod api;
pub mod error;
mod events;
mod methods;
pub mod params;
mod revert;
pub mod server;
pub mod types;

pub use api::{Api, CLIENT_VERSION};
pub use jsonrpsee::server::HttpBody;
pub use server::{Config, Handler, Observer, ServeError, Server};

/// The names of all methods that a node offers, sorted.
pub fn method_names(node: limpid_chain::Node) -> Vec<&'static str> {
    let api = Api::new(node);
    let mut methods = methods::Methods::new(api.clone());
    api::register(&mut methods, &api);
    let mut names: Vec<_> = methods.finish().method_names().collect();
    names.sort_unstable();
    names
}
