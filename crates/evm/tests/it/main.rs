//! Tests of execution: native frames, payouts, hooks, gas, call trees, state diffs and simulation, on a
//! contract that exists only here ([`probe`]) and on bytecode assembled by hand ([`bytecode`]).

#![allow(unreachable_pub, missing_docs)] // a test binary has no interface

mod bytecode;
mod calldata;
mod errands;
mod executor;
mod framework;
mod gas;
mod hooks;
mod panics;
mod payouts;
mod probe;
mod scene;
mod selectors;
mod simulate;
mod tracer;
mod tree;
