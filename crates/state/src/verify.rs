//! Recomputing everything from rows, without the trie code of this crate.

use crate::{
    Account, Head, KeyRange, Order, Reader, StateDb, StateError, Table, db::stored_head, keys, nodes,
    store::Rows as TableRows,
};
use alloy_primitives::{B256, hex, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::{
    EMPTY_ROOT_HASH, HashBuilder, Nibbles,
    nodes::{RlpNode, TrieNode},
};
use std::{collections::BTreeMap, iter::Peekable};

/// What [`StateDb::verify`] counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The head that was verified; `None` if nothing is committed.
    pub head: Option<Head>,
    /// Accounts.
    pub accounts: u64,
    /// Slots that are set.
    pub slots: u64,
    /// Trie nodes with a row. They may describe an earlier height than the head.
    pub nodes: u64,
}

impl StateDb {
    /// Recomputes all roots from the flat rows; checks the code, and that the node rows are exactly the tries of the
    /// height they describe.
    ///
    /// Reads everything once: seconds per million accounts.
    pub fn verify(&self) -> Result<Report, StateError> {
        let reader = self.store.snapshot()?;
        let reader = reader.as_ref();
        let mut report = Report { head: stored_head(reader)?, accounts: 0, slots: 0, nodes: 0 };
        verify_values(reader, &mut report)?;
        verify_nodes(reader, &mut report)?;
        Ok(report)
    }
}

fn verify_values(reader: &dyn Reader, report: &mut Report) -> Result<(), StateError> {
    let mut slots = TableRows::new(reader, Table::Slots, KeyRange::all(), Order::Ascending).peekable();
    let mut builder = HashBuilder::default();
    for row in TableRows::new(reader, Table::Accounts, KeyRange::all(), Order::Ascending) {
        let (key, row) = row?;
        let owner = B256::try_from(key.as_slice()).map_err(|_| keys::damaged("account key"))?;
        let account = keys::decode_account(&row)?;
        let storage_root = storage_root(owner, &mut slots, report)?;
        if storage_root != account.storage_root {
            return Err(differs(&format!("the storage of account {owner}"), account.storage_root, storage_root));
        }
        if account.code_hash != Account::NO_CODE {
            let code = reader.get(Table::Codes, account.code_hash.as_slice())?;
            if code.is_none_or(|code| keccak256(code) != account.code_hash) {
                return Err(StateError::Damaged(format!("the code of account {owner} is missing or another")));
            }
        }
        builder.add_leaf(Nibbles::unpack(owner), &row);
        report.accounts = report.accounts.saturating_add(1);
    }
    if slots.next().transpose()?.is_some() {
        return Err(StateError::Damaged("slots of an account that does not exist".to_owned()));
    }
    let (root, expected) = (builder.root(), report.head.map_or(EMPTY_ROOT_HASH, |head| head.root));
    if root == expected { Ok(()) } else { Err(differs("all accounts", expected, root)) }
}

/// The storage root of `owner`, whose rows come next in `slots` if it has any.
fn storage_root(owner: B256, slots: &mut Peekable<TableRows<'_>>, report: &mut Report) -> Result<B256, StateError> {
    let mut builder = HashBuilder::default();
    let is_owners = |row: &Result<(Vec<u8>, Vec<u8>), _>| match row {
        Ok((key, _)) => key.starts_with(owner.as_slice()),
        Err(_) => true,
    };
    while let Some(row) = slots.next_if(is_owners) {
        let (key, row) = row?;
        let slot = key.get(32..).and_then(|slot| B256::try_from(slot).ok());
        let slot = slot.ok_or_else(|| keys::damaged("slot key"))?;
        builder.add_leaf(Nibbles::unpack(slot), &alloy_rlp::encode(keys::decode_value(&row)?));
        report.slots = report.slots.saturating_add(1);
    }
    Ok(builder.root())
}

/// Checks that the rows of the node table are those of one account trie and its storage tries, none missing and none
/// left over. Rows come in the order of their paths: a parent before its children, which are then expected.
fn verify_nodes(reader: &dyn Reader, report: &mut Report) -> Result<(), StateError> {
    let root = nodes::stored(reader)?.head.map_or(EMPTY_ROOT_HASH, |head| head.root);
    // Row key -> the hash its parent names.
    let mut expected: BTreeMap<Vec<u8>, B256> = BTreeMap::new();
    expect_root(&mut expected, None, root);
    for row in TableRows::new(reader, Table::Trie, KeyRange::all(), Order::Ascending) {
        let (key, row) = row?;
        if expected.remove(&key) != Some(keccak256(&row)) {
            return Err(StateError::Damaged(format!("node row {} is not part of the trie", hex::encode(&key))));
        }
        let node = decode_node(&row)?;
        let (owner, path) = match key.split_first() {
            Some((0, path)) => (None, path),
            Some((_, rest)) => match rest.split_at_checked(32) {
                Some((owner, path)) => (Some(B256::from_slice(owner)), path),
                None => return Err(keys::damaged("node key")),
            },
            None => return Err(keys::damaged("node key")),
        };
        expect_children(&mut expected, owner, Nibbles::from_nibbles(path), node)?;
        report.nodes = report.nodes.saturating_add(1);
    }
    match expected.len() {
        0 => Ok(()),
        missing => Err(StateError::Damaged(format!("{missing} node rows are missing"))),
    }
}

fn expect_root(expected: &mut BTreeMap<Vec<u8>, B256>, owner: Option<B256>, root: B256) {
    if root != EMPTY_ROOT_HASH {
        expected.insert(keys::trie_node(owner, &Nibbles::new()), root);
    }
}

fn expect_children(
    expected: &mut BTreeMap<Vec<u8>, B256>,
    owner: Option<B256>,
    path: Nibbles,
    node: TrieNode,
) -> Result<(), StateError> {
    let mut expect = |path: Nibbles, child: &RlpNode| match child.as_hash() {
        Some(hash) => {
            expected.insert(keys::trie_node(owner, &path), hash);
            Ok(())
        }
        None => expect_children(expected, owner, path, decode_node(child)?),
    };
    match node {
        TrieNode::EmptyRoot => Err(keys::damaged("trie node")),
        TrieNode::Extension(extension) => expect(path.join(&extension.key), &extension.child),
        TrieNode::Branch(branch) => branch.as_ref().children().try_for_each(|(nibble, child)| match child {
            Some(child) => expect(path.join(&Nibbles::from_nibbles([nibble])), child),
            None => Ok(()),
        }),
        TrieNode::Leaf(leaf) if owner.is_none() => {
            let account = keys::decode_account(&leaf.value)?;
            let owner = B256::try_from(path.join(&leaf.key).pack().as_slice());
            expect_root(expected, Some(owner.map_err(|_| keys::damaged("account leaf"))?), account.storage_root);
            Ok(())
        }
        TrieNode::Leaf(_) => Ok(()),
    }
}

fn decode_node(mut rlp: &[u8]) -> Result<TrieNode, StateError> {
    TrieNode::decode(&mut rlp).map_err(|_| keys::damaged("trie node"))
}

fn differs(what: &str, stored: B256, computed: B256) -> StateError {
    StateError::Damaged(format!("the root of {what} is stored as {stored} but the rows give {computed}"))
}
