//! limpid-exchange
