//! limpid-native-macros
