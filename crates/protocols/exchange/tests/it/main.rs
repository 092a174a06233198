//! The exchange's tests: reference vectors, runs beside the published bytecode, fees to the wei.
#![allow(non_snake_case)] // Solidity's names in the reference's interfaces
#![allow(missing_docs)]

mod differential;
mod extras;
mod laws;
mod layouts;
mod reference;
mod split;
mod vectors;
mod world;
