//! Tests of the JSON-RPC server: bytes in, bytes out, over real sockets.
#![allow(missing_docs)]

mod accounts;
mod badinput;
mod calls;
mod dev;
mod filters;
mod limpid;
mod malformed;
mod otterscan;
mod parity;
mod reads;
mod simulate;
mod socket;
mod submit;
mod subscriptions;
mod system;
mod tracers;
mod wire;
mod world;
