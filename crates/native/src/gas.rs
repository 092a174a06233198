//! What compute costs where no opcode's price says it: one table, checked by `bench/benches/gas_rate.rs`.
//!
//! Storage, logs, hashes and transfers cost what the EVM's own parameters say. A loop's turn costs these besides,
//! so that no loop is a cheaper way to keep a node busy than bytecode is. Measured together: published bytecode
//! runs some 1,700 gas in a microsecond (a Uniswap V2 swap) to 4,500 (a token transfer); rows of listings
//! 15,000 to 18,000, batch transfers 13,000, decoding calldata 10,000.

/// One row of a listing: reading the key, building the row and its ABI encoding.
pub const ROW: u64 = 100;

/// One 32-byte word of calldata, charged before it is decoded (CALLDATACOPY's price).
pub const DECODE_WORD: u64 = 3;

/// One action of a list: finding its kind and keeping its answer.
pub const ACTION: u64 = 200;
