//! limpid-native
