//! An Ethereum Merkle-Patricia trie: persistent, with nodes loaded on demand.
//!
//! A [`Trie`] is a value: cloning it is one reference count, changing it copies the path to the changed leaf and
//! leaves every clone as it was. A child is a node in memory or only its reference (hash, or RLP below 32 bytes);
//! the node is then read from [`NodeSource`] by its path and checked against the reference, so that a damaged or
//! missing row is an error and never another root.
//!
//! Rows are keyed by path ([`crate::keys::trie_node`]): a node that moves or goes leaves no garbage behind. Nodes
//! whose RLP is below 32 bytes live inside their parent and have no row; the root always has one.
//!
//! All keys of one trie have the same length (they are hashes), so that no key is a prefix of another and branch
//! nodes carry no value.

mod diff;
mod node;
mod proof;
mod update;

pub(crate) use self::diff::{Sources, diff};

use self::node::{Link, Node};
use crate::StateError;
use alloy_primitives::B256;
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};

/// Where nodes that are not in memory come from.
pub(crate) trait NodeSource {
    /// The row of the node at `path`: its RLP, unchecked.
    fn node(&self, path: &Nibbles) -> Result<Option<Vec<u8>>, StateError>;
}

/// A trie; see the module's documentation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trie {
    root: Option<Link>,
}

impl Trie {
    /// The trie with root hash `root`, nothing of it in memory.
    pub(crate) fn stub(root: B256) -> Self {
        Self { root: (root != EMPTY_ROOT_HASH).then(|| Link::from_hash(root)) }
    }

    pub(crate) fn root_hash(&self) -> B256 {
        self.root.as_ref().map_or(EMPTY_ROOT_HASH, Link::hash)
    }

    /// The value at `key`.
    pub(crate) fn get(&self, key: &Nibbles, source: &dyn NodeSource) -> Result<Option<Vec<u8>>, StateError> {
        let mut next = self.root.as_ref();
        let mut depth = 0;
        while let Some(link) = next {
            let rest = key.slice(depth..);
            match &**link.load(source, || key.slice(..depth))? {
                Node::Leaf { path, value } => return Ok((*path == rest).then(|| value.to_vec())),
                Node::Extension { path, child } => {
                    if !rest.starts_with(path) {
                        return Ok(None);
                    }
                    depth = depth.saturating_add(path.len());
                    next = Some(child);
                }
                Node::Branch(branch) => {
                    let Some(nibble) = rest.first() else { return Ok(None) };
                    depth = depth.saturating_add(1);
                    next = branch.child(nibble);
                }
            }
        }
        Ok(None)
    }

    /// Sets `key` to `value`, or removes it.
    ///
    /// On an error the trie must be thrown away; clones of it are unaffected.
    pub(crate) fn set(
        &mut self,
        key: &Nibbles,
        value: Option<&[u8]>,
        source: &dyn NodeSource,
    ) -> Result<(), StateError> {
        match value {
            Some(value) => update::insert(&mut self.root, key, value, source),
            // Removing what is not there must not touch a node: look first.
            None if self.get(key, source)?.is_none() => Ok(()),
            None => update::remove(&mut self.root, key, source),
        }
    }

    /// The same trie with only `levels` levels in memory. The rest must be in rows, or it is lost.
    pub(crate) fn cut_back(&self, levels: usize) -> Self {
        Self { root: self.root.as_ref().map(|link| link.cut_back(levels)) }
    }

    /// Nodes in memory.
    pub(crate) fn nodes(&self) -> usize {
        self.root.as_ref().map_or(0, Link::nodes)
    }

    /// RLP of the nodes from the root towards `key`, as in `eth_getProof`.
    pub(crate) fn proof(&self, key: &Nibbles, source: &dyn NodeSource) -> Result<Vec<Vec<u8>>, StateError> {
        proof::proof(self.root.as_ref(), key, source)
    }
}

#[cfg(test)]
mod tests;
