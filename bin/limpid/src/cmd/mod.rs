//! One file a command.
pub mod abi;
pub mod balance;
pub mod chain;
pub mod completions;
pub mod db;
pub mod gateway;
pub mod history;
pub mod market;
pub mod node;
pub mod pool;
pub mod quote;
pub mod send;
pub mod status;
pub mod swap;
pub mod token;
pub mod trade;
pub mod wallet;
