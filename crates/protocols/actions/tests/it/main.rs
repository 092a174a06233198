//! Action lists: each kind, each refusal, loans, and the laws over random lists.
#![allow(missing_docs)]

mod laws;
mod lists;
mod loans;
mod world;
