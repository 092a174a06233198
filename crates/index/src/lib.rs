//! The node's face for people and their tools, on the app's port: the explorer's REST (`/v1`), Etherscan's API (`/api`),
//! the node's JSON-RPC under the same origin (`/rpc`), and the web app (`/`).
//!
//! # How a request runs
//!
//! [`server`] takes connections and refuses what is no request; `v1` and `etherscan` read the parameters; a thread that may
//! block looks at the chain through one [`view`](api::view): a block, the state after it, and what the explorer knows as
//! of it ([`limpid_chain::explorer`]). [`words`] say what calls, events and failures mean. The files of the web app are put
//! into the program by `build.rs`.
//!
//! The crate knows nothing of the JSON-RPC's own: the program hands it in ([`Rpc`]).
//!
//! # Rules
//!
//! - I-1 *One block an answer*: everything in an answer is as of the block that it names; nothing lags behind the receipt.
//!   Tested in `tests/it/reads.rs`, `tests/it/index.rs`; the rows below in `limpid-chain`'s `tests/it/explorer.rs`.
//! - I-2 *Answers are as described* in `openapi.json`, no field more or less. Tested in `tests/it/schema.rs`.
//! - I-3 *Amounts are exact*: decimal text of smallest units. What is not known is null, never zero. Tested in
//!   `tests/it/schema.rs`, `src/v1/types.rs`, `src/v1/pools.rs`.
//! - I-4 *Pages by key*: a cursor says where to go on; what was given once is not given again, and no list is counted by
//!   reading it. Tested in `tests/it/reads.rs`, `tests/it/index.rs`.
//! - I-5 *Arguments first*: what is malformed or unknown is refused in words, without names of this program's insides.
//!   Tested in `tests/it/hostile.rs`, `tests/it/etherscan.rs`.
//! - I-6 *Nothing runs*: pages carry a policy that lets in scripts of this server alone; names that strangers chose are
//!   cleaned of marks that are not seen, and in CSV of what a spreadsheet would run. Tested in `tests/it/pages.rs`,
//!   `src/api/view.rs`, `src/v1/csv.rs`.
//! - I-7 *Limits on everything*: connections, heads, bodies, addresses, pages, rows read for one page, requests at once,
//!   gas of a question to a contract. Tested in `tests/it/pages.rs`, `tests/it/hostile.rs`.
//! - I-8 *Etherscan's form*: HTTP 200, its fields and none else, decimal text, hex in logs. Tested in
//!   `tests/it/etherscan.rs`.
//! - I-9 *No questions to strangers' code without an end*: a token that lies, loops or is silent costs its own row.
//!   Tested in `tests/it/index.rs`.

mod api;
mod etherscan;
mod server;
mod v1;
mod words;

pub use server::{Config, Rpc, ServeError, Server, response};
pub use v1::OPENAPI;
