//! Tests of the wrapped coin, on the real journal with real gas.
#![allow(missing_docs)]

mod properties;
mod weth;
mod world;
