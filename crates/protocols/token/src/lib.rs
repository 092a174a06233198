//! limpid-token
