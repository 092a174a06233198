//! What an explorer asks of all blocks and no single one tells: transfers and holders of a token, allowances of an owner,
//! swaps of a pool, how many transactions there are. Written in the block's own batch, so that there is no lag and no
//! gap, kill -9 included; taken back with the block on development chains.
//!
//! Rows stand beside [`crate::history`]'s in [`Table::AddressIndex`], each kind under a tag of its own:
//!
//! | tag | key | value |
//! |---|---|---|
//! | 3 | token, place | nothing: the transfer is read from its receipt |
//! | 4 | token, holder | its balance by the token's own transfers |
//! | 5 | holder, token | nothing |
//! | 6 | holder | how many tokens it holds |
//! | 7 | token | its first transfer, how many transfers and holders it has |
//! | 8 | place | the token whose first transfer this is |
//! | 9 | owner, token, spender, place | whether this approval was of more than zero |
//! | 10 | pool, place | sums over all of its swaps up to this one |
//! | 11 | height | transactions of all blocks up to this one |
//!
//! A place is height, position in the block and number of the log in the transaction, big-endian.
//!
//! # Rules
//!
//! - X-1 *Everything follows from receipts*: the same rows whether written block by block or rebuilt. Balances here are sums
//!   of transfers modulo 2^256, so that taking a block back is exact whatever a lying token logs. For native tokens they
//!   are the balances; others are asked what they say.
//! - X-2 *Nothing is counted by reading it all*: counts and sums are kept, pages are read by key.
//! - X-3 *All or nothing*: rows are written only while those of every block before are there. A marker row says up to
//!   which block that is; a chain that ran without it needs [`rebuild()`].
//!
//! Tested in `tests/it/explorer.rs`.

mod read;
mod rebuild;
mod write;

pub use self::{
    read::{Allowance, Explorer, FoundSwap, FoundTransfer, Holder, Listed, TokenRow},
    rebuild::{Rebuilt, rebuild},
};

pub(crate) use self::write::{Change, Indexer, put};

use crate::{
    error::{ChainError, damaged},
    rows::Position,
};
use alloy_primitives::{Address, B256, Log, U256, b256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use limpid_state::{Batch, KeyRange, Order, Reader, Table};

/// Version of the rows; another one needs a rebuild.
const VERSION: u8 = 1;
/// Row of the marker in [`Table::Misc`]: version and height.
const MARKER: &[u8] = b"explorer";

const TRANSFERS: u8 = 3;
const HOLDERS: u8 = 4;
const HELD: u8 = 5;
const HOLDINGS: u8 = 6;
const TOKEN: u8 = 7;
const TOKENS: u8 = 8;
const ALLOWANCES: u8 = 9;
const SWAPS: u8 = 10;
const TRANSACTIONS: u8 = 11;

/// keccak("Transfer(address,address,uint256)")
const TRANSFER: B256 = b256!("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
/// keccak("Approval(address,address,uint256)")
const APPROVAL: B256 = b256!("0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925");
/// keccak("Deposit(address,uint256)")
const DEPOSIT: B256 = b256!("0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c");
/// keccak("Withdrawal(address,uint256)")
const WITHDRAWAL: B256 = b256!("0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65");
/// keccak("Swap(address,uint256,uint256,uint256,uint256,address)")
const SWAP: B256 = b256!("0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822");

/// Where a log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPlace {
    /// The transaction.
    pub at: Position,
    /// The number of the log in it.
    pub log: u32,
}

impl LogPlace {
    /// Sixteen bytes that sort as places do.
    pub fn key(self) -> [u8; 16] {
        let mut key = [0; 16];
        let (at, log) = key.split_at_mut(12);
        at.copy_from_slice(&self.at.key());
        log.copy_from_slice(&self.log.to_be_bytes());
        key
    }

    /// See [`LogPlace::key`].
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let (height, rest) = key.split_first_chunk::<8>()?;
        let (index, log) = rest.split_first_chunk::<4>()?;
        let at = Position { height: u64::from_be_bytes(*height), index: u32::from_be_bytes(*index) };
        Some(Self { at, log: u32::from_be_bytes(log.try_into().ok()?) })
    }

    /// Behind every log of the blocks up to `height`.
    pub fn after(height: u64) -> Self {
        Self { at: Position { height: height.saturating_add(1), index: 0 }, log: 0 }
    }
}

/// Sums over the swaps of a pool; token0 and token1 in smallest units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct SwapSums {
    /// How many.
    pub count: u64,
    /// token0 that came in.
    pub in0: U256,
    /// token1 that came in.
    pub in1: U256,
    /// token0 that went out.
    pub out0: U256,
    /// token1 that went out.
    pub out1: U256,
}

impl SwapSums {
    /// These less `earlier` ones.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            count: self.count.saturating_sub(earlier.count),
            in0: self.in0.wrapping_sub(earlier.in0),
            in1: self.in1.wrapping_sub(earlier.in1),
            out0: self.out0.wrapping_sub(earlier.out0),
            out1: self.out1.wrapping_sub(earlier.out1),
        }
    }
}

/// What a log means here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// `units` are 1 for a token of which every one is unique, whose number is `id`.
    Transfer {
        from: Address,
        to: Address,
        units: U256,
        id: Option<U256>,
    },
    Approval {
        owner: Address,
        spender: Address,
        value: U256,
    },
    Swap {
        in0: U256,
        in1: U256,
        out0: U256,
        out1: U256,
    },
}

/// Reads a log. The wrapped coin says by events of its own that it was minted and burnt.
pub(crate) fn meaning(log: &Log, weth: Option<Address>) -> Option<Meaning> {
    let (event, indexed) = log.topics().split_first()?;
    let data = log.data.data.as_ref();
    let word = |at: usize| data.get(at..at.checked_add(32)?).map(U256::from_be_slice);
    let address = |topic: &B256| Address::from_word(*topic);
    match (*event, indexed, data.len()) {
        (TRANSFER, [from, to], 32) => {
            Some(Meaning::Transfer { from: address(from), to: address(to), units: word(0)?, id: None })
        }
        (TRANSFER, [from, to, id], 0) => {
            let id = Some(U256::from_be_bytes(id.0));
            Some(Meaning::Transfer { from: address(from), to: address(to), units: U256::ONE, id })
        }
        (DEPOSIT, [to], 32) if weth == Some(log.address) => {
            Some(Meaning::Transfer { from: Address::ZERO, to: address(to), units: word(0)?, id: None })
        }
        (WITHDRAWAL, [from], 32) if weth == Some(log.address) => {
            Some(Meaning::Transfer { from: address(from), to: Address::ZERO, units: word(0)?, id: None })
        }
        (APPROVAL, [owner, spender], 32) => {
            Some(Meaning::Approval { owner: address(owner), spender: address(spender), value: word(0)? })
        }
        (SWAP, [_, _], 128) => Some(Meaning::Swap { in0: word(0)?, in1: word(32)?, out0: word(64)?, out1: word(96)? }),
        _ => None,
    }
}

fn key(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(80);
    key.push(tag);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// Up to which block the rows are there; `None` if there are none of this version.
pub(crate) fn marker(reader: &dyn Reader) -> Result<Option<u64>, ChainError> {
    let Some(row) = reader.get(Table::Misc, MARKER)? else { return Ok(None) };
    match row.split_first() {
        Some((&VERSION, height)) => {
            height.try_into().map(|height| Some(u64::from_be_bytes(height))).map_err(|_| damaged("explorer's marker"))
        }
        _ => Ok(None),
    }
}

pub(crate) fn put_marker(batch: &mut Batch, height: u64) {
    batch.put(Table::Misc, MARKER, [&[VERSION], height.to_be_bytes().as_slice()].concat());
}

pub(crate) fn delete_marker(batch: &mut Batch) {
    batch.delete(Table::Misc, MARKER);
}

/// The rows of every kind.
fn all_rows() -> KeyRange {
    KeyRange::new([TRANSFERS], [TRANSACTIONS.saturating_add(1)])
}

/// Whether there is no row of any kind.
pub(crate) fn is_empty(reader: &dyn Reader) -> Result<bool, ChainError> {
    Ok(reader.page(Table::AddressIndex, &all_rows(), Order::Ascending, 1)?.is_empty())
}
