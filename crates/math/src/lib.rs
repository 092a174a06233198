//! limpid-math
