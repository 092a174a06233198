//! limpid-wallet
