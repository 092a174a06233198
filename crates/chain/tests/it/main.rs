//! Tests of the chain: what blocks encode to, what the pool admits, that two executors agree, that a committed block
//! is never lost, and that nothing stalls.

mod blocks;
mod codec;
mod crash;
mod dump;
mod explorer;
mod follow;
mod history;
mod impersonated;
mod import;
mod mainnet;
mod mining;
mod pool;
mod replay;
mod speed;
mod support;
mod system;
mod torn;
mod upkeep;
