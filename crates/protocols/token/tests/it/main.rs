//! Tests of native tokens, on the real journal with real gas.
#![allow(missing_docs)]

mod allowances;
mod permits;
mod properties;
mod tokens;
mod world;
