//! limpid-rpc
