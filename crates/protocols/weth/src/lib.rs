//! limpid-weth
