//! Integration tests of the state crate.
//!
//! That they notice was tried by breaking the code, one thing at a time, and seeing a test fail: the check of a loaded
//! node's hash, collapsing branches and joining extensions, removing node rows, each generation check of the cache, each
//! part of a wipe (rows, cache, layer), the parent and height checks of `prepare`, both checks of `publish`, history
//! rows of deletes, what a rewind removes, the storage tries whose rows lag, the replay on opening, cutting the chain of
//! committed layers, isolation of snapshots, the directory's lock and format, every refusal of a bad diff or key, each
//! part of `verify`, the order of rows, and the durable write.

#[macro_use]
mod support;

mod backup;
mod commit;
mod fuzz;
mod genesis;
mod proofs;
mod prune;
mod store;
mod verify;
