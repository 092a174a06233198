//! limpid-market
