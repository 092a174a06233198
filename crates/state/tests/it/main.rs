//! Integration tests of the state crate.

mod commit;
mod fuzz;
mod store;
mod support;
