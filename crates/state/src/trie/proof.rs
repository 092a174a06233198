//! Merkle proofs.

use super::{
    NodeSource,
    node::{Link, Node},
};
use crate::StateError;
use alloy_trie::Nibbles;

pub(super) fn proof(root: Option<&Link>, key: &Nibbles, source: &dyn NodeSource) -> Result<Vec<Vec<u8>>, StateError> {
    let mut nodes = Vec::new();
    let mut next = root.cloned();
    let mut depth = 0;
    while let Some(link) = next {
        let node = link.peek(source, || key.slice(..depth))?;
        // A node below 32 bytes is already written out inside its parent.
        if nodes.is_empty() || link.reference().is_hash() {
            nodes.push(node.encode().0);
        }
        let rest = key.slice(depth..);
        next = match &*node {
            Node::Leaf { .. } => None,
            Node::Extension { path, child } => {
                depth = depth.saturating_add(path.len());
                rest.starts_with(path).then(|| child.clone())
            }
            Node::Branch(branch) => {
                depth = depth.saturating_add(1);
                rest.first().and_then(|nibble| branch.child(nibble)).cloned()
            }
        };
    }
    Ok(nodes)
}
