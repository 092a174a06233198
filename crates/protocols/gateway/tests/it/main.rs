//! The gateway against tokens that behave, misbehave and attack. Their source is in tests/contracts, compiled
//! at test time by npm's solc.
#![allow(missing_docs)]

mod gateway;
mod hostile;
mod properties;
mod rebasing;
mod reentrancy;
mod world;
