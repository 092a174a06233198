//! Layout of this crate's rows. Heights are 8 bytes big-endian, so that they sort.

use crate::{KeyRange, StateError, db::Head};
use alloy_primitives::{B256, U256, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::{Nibbles, TrieAccount};

/// Meta row: height and root of the head.
pub(crate) const HEAD: &[u8] = b"head";
/// Meta row: height and root that the rows of the node table describe.
pub(crate) const NODES: &[u8] = b"nodes";
/// Meta row: the first height with state.
pub(crate) const FIRST: &[u8] = b"first";

/// Node of the account trie, or of an account's storage trie: a tag, the owner, then one byte a nibble.
pub(crate) fn trie_node(owner: Option<B256>, path: &Nibbles) -> Vec<u8> {
    let mut key = Vec::with_capacity(path.len().saturating_add(33));
    match owner {
        None => key.push(0),
        Some(owner) => {
            key.push(1);
            key.extend_from_slice(owner.as_slice());
        }
    }
    key.extend(path.iter());
    key
}

/// Meta row: height and place in its record of changes up to which history was pruned.
pub(crate) const PRUNED: &[u8] = b"pruned";
/// Meta row: height below which there are no checkpoints and no nodes that only they needed.
pub(crate) const NODES_PRUNED: &[u8] = b"nodes_pruned";
/// Prefix of meta rows: heights whose tries can be read, with their roots.
pub(crate) const CHECKPOINT: &[u8] = b"checkpoint/";
/// Ends a node's path in the keys of earlier nodes; greater than any nibble, so that no path is part of another.
const PATH_END: u8 = 0x10;
/// Tag of the lists of earlier nodes by height; different from those of [`trie_node`].
const LIST: u8 = 2;

/// Meta row of a checkpoint.
pub(crate) fn checkpoint(height: u64) -> Vec<u8> {
    [CHECKPOINT, &height.to_be_bytes()].concat()
}

/// The node with row key `node` as it was until the flush at `height`.
pub(crate) fn earlier_node(node: &[u8], height: u64) -> Vec<u8> {
    [node, &[PATH_END], &height.to_be_bytes()].concat()
}

/// What the node with row key `node` was replaced by or removed at, after `height`: the first row of this range is the
/// node as it was at `height`.
pub(crate) fn earlier_nodes_after(node: &[u8], height: u64) -> KeyRange {
    KeyRange::new(earlier_node(node, height.saturating_add(1)), [node, &[PATH_END.saturating_add(1)]].concat())
}

/// A part of the list of nodes that the flush at `height` kept.
pub(crate) fn earlier_list(height: u64, part: u32) -> Vec<u8> {
    [&[LIST], height.to_be_bytes().as_slice(), &part.to_be_bytes()].concat()
}

/// The lists of the flushes from `from` to before `to`.
pub(crate) fn earlier_lists(from: u64, to: Option<u64>) -> KeyRange {
    let start = [&[LIST], from.to_be_bytes().as_slice()].concat();
    KeyRange::new(
        start,
        to.map_or_else(|| vec![LIST.saturating_add(1)], |to| [&[LIST], to.to_be_bytes().as_slice()].concat()),
    )
}

/// The height in the key of a list.
pub(crate) fn list_height(key: &[u8]) -> Result<u64, StateError> {
    key.get(1..9).map_or_else(|| Err(damaged("list of earlier nodes")), decode_height)
}

/// Keys of node rows, each after its length: they have at most 97 bytes.
pub(crate) fn encode_list<'a>(nodes: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let mut row = Vec::new();
    for node in nodes {
        row.push(u8::try_from(node.len()).unwrap_or(u8::MAX));
        row.extend_from_slice(node);
    }
    row
}

pub(crate) fn decode_list(mut row: &[u8]) -> Result<Vec<&[u8]>, StateError> {
    let mut nodes = Vec::new();
    while let Some((length, rest)) = row.split_first() {
        let (node, rest) =
            rest.split_at_checked(usize::from(*length)).ok_or_else(|| damaged("list of earlier nodes"))?;
        nodes.push(node);
        row = rest;
    }
    Ok(nodes)
}

/// Meta row: the root at a height.
pub(crate) fn root_at(height: u64) -> Vec<u8> {
    [b"root/".as_slice(), &height.to_be_bytes()].concat()
}

/// Row of a slot.
pub(crate) fn slot(owner: B256, slot: B256) -> [u8; 64] {
    let mut key = [0; 64];
    let (left, right) = key.split_at_mut(32);
    left.copy_from_slice(owner.as_slice());
    right.copy_from_slice(slot.as_slice());
    key
}

/// History row of `key`, an account's or a slot's.
pub(crate) fn at_height(key: &[u8], height: u64) -> Vec<u8> {
    [key, &height.to_be_bytes()].concat()
}

/// Hash under which a slot is stored.
pub(crate) fn hashed_slot(slot: U256) -> B256 {
    keccak256(slot.to_be_bytes::<32>())
}

/// A slot's value as a row: big-endian without leading zeros; empty if zero.
pub(crate) fn encode_value(value: U256) -> Vec<u8> {
    value.to_be_bytes_trimmed_vec()
}

pub(crate) fn decode_value(row: &[u8]) -> Result<U256, StateError> {
    U256::try_from_be_slice(row).ok_or_else(|| damaged("slot value"))
}

/// An account's row, which is also its trie leaf.
pub(crate) fn encode_account(account: &TrieAccount) -> Vec<u8> {
    alloy_rlp::encode(account)
}

pub(crate) fn decode_account(mut row: &[u8]) -> Result<TrieAccount, StateError> {
    let account = TrieAccount::decode(&mut row).map_err(|_| damaged("account"))?;
    if row.is_empty() { Ok(account) } else { Err(damaged("account")) }
}

pub(crate) fn encode_head(head: &Head) -> Vec<u8> {
    [head.height.to_be_bytes().as_slice(), head.root.as_slice()].concat()
}

pub(crate) fn decode_head(row: &[u8]) -> Result<Head, StateError> {
    let (height, root) = row.split_first_chunk().ok_or_else(|| damaged("head"))?;
    let root = B256::try_from(root).map_err(|_| damaged("head"))?;
    Ok(Head { height: u64::from_be_bytes(*height), root })
}

pub(crate) fn decode_height(row: &[u8]) -> Result<u64, StateError> {
    row.try_into().map(u64::from_be_bytes).map_err(|_| damaged("height"))
}

pub(crate) fn encode_pruned(height: u64, place: u64) -> Vec<u8> {
    [height.to_be_bytes(), place.to_be_bytes()].concat()
}

pub(crate) fn decode_pruned(row: &[u8]) -> Result<(u64, u64), StateError> {
    let (height, place) = row.split_first_chunk().ok_or_else(|| damaged("record of pruning"))?;
    Ok((u64::from_be_bytes(*height), decode_height(place)?))
}

pub(crate) fn decode_root(row: &[u8]) -> Result<B256, StateError> {
    B256::try_from(row).map_err(|_| damaged("root"))
}

/// What a height changed: hashes of accounts, and slots as owner and slot hash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) accounts: Vec<B256>,
    pub(crate) slots: Vec<(B256, B256)>,
}

impl Changed {
    /// The number of accounts (4 bytes), the accounts, the slots.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let accounts = u32::try_from(self.accounts.len()).unwrap_or(u32::MAX);
        let mut row = accounts.to_be_bytes().to_vec();
        self.accounts.iter().for_each(|account| row.extend_from_slice(account.as_slice()));
        self.slots.iter().for_each(|(owner, key)| row.extend(slot(*owner, *key)));
        row
    }

    pub(crate) fn decode(row: &[u8]) -> Result<Self, StateError> {
        let (count, rest) = row.split_first_chunk().ok_or_else(|| damaged("changes"))?;
        let length = (u32::from_be_bytes(*count) as usize).saturating_mul(32);
        let (accounts, slots) = rest.split_at_checked(length).ok_or_else(|| damaged("changes"))?;
        let (slots, left_over) = slots.as_chunks::<64>();
        if !left_over.is_empty() {
            return Err(damaged("changes"));
        }
        let halves = |row: &[u8; 64]| {
            let (owner, slot) = row.split_at(32);
            (B256::from_slice(owner), B256::from_slice(slot))
        };
        Ok(Self {
            accounts: accounts.chunks_exact(32).map(B256::from_slice).collect(),
            slots: slots.iter().map(halves).collect(),
        })
    }
}

pub(crate) fn damaged(row: &str) -> StateError {
    StateError::Damaged(format!("a row that is no {row}"))
}
