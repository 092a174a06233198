//! limpid-client
