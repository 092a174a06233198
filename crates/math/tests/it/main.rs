//! Tests of `limpid-math`.

mod against_bigint;
