//! Tests of `limpid-abi`.

mod decoding;
mod table;
