//! Tests of `limpid-abi`.

mod conformance;
mod decoding;
mod table;
