//! Action lists: each kind, each refusal, loans, and the laws over random lists.
#![allow(missing_docs)]
#![allow(non_snake_case)] // Solidity's names

mod laws;
mod lists;
mod loans;
mod world;
