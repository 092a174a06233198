//! Integration tests of the state crate.

mod commit;
mod fuzz;
mod genesis;
mod store;
mod support;
mod verify;
