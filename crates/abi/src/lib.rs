//! limpid-abi
