//! limpid-chain
