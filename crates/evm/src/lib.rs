//! limpid-evm
