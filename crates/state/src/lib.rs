//! limpid-state
