//! Insert and remove.

use super::{
    NodeSource,
    node::{Branch, Link, Node},
};
use crate::StateError;
use alloy_trie::Nibbles;

/// Sets `key` to `value`.
pub(super) fn insert(
    root: &mut Option<Link>,
    key: &Nibbles,
    value: &[u8],
    source: &dyn NodeSource,
) -> Result<(), StateError> {
    match root {
        Some(link) => insert_below(link, key, 0, value, source),
        None => {
            *root = Some(leaf(*key, value));
            Ok(())
        }
    }
}

fn insert_below(
    link: &mut Link,
    key: &Nibbles,
    depth: usize,
    value: &[u8],
    source: &dyn NodeSource,
) -> Result<(), StateError> {
    let node = link.change(source, || key.slice(..depth))?;
    let rest = key.slice(depth..);
    match node {
        Node::Leaf { path, value: old } if *path == rest => {
            *old = value.into();
            Ok(())
        }
        Node::Leaf { path, value: old } => {
            let shared = path.common_prefix_length(&rest);
            let (old_nibble, old_rest) = split(path, shared)?;
            let (nibble, rest_of_key) = split(&rest, shared)?;
            let mut branch = Branch::default();
            branch.add(old_nibble, Node::Leaf { path: old_rest, value: std::mem::take(old) }.into());
            branch.add(nibble, leaf(rest_of_key, value));
            *node = under_extension(rest.slice(..shared), branch);
            Ok(())
        }
        Node::Extension { path, child } => {
            let shared = path.common_prefix_length(&rest);
            if shared == path.len() {
                return insert_below(child, key, depth.saturating_add(shared), value, source);
            }
            let (old_nibble, old_rest) = split(path, shared)?;
            let (nibble, rest_of_key) = split(&rest, shared)?;
            let child = std::mem::take(child);
            let old = if old_rest.is_empty() { child } else { Node::Extension { path: old_rest, child }.into() };
            let mut branch = Branch::default();
            branch.add(old_nibble, old);
            branch.add(nibble, leaf(rest_of_key, value));
            *node = under_extension(rest.slice(..shared), branch);
            Ok(())
        }
        Node::Branch(branch) => {
            let (nibble, rest_of_key) = split(&rest, 0)?;
            match branch.child_mut(nibble) {
                Some(child) => insert_below(child, key, depth.saturating_add(1), value, source),
                None => {
                    branch.add(nibble, leaf(rest_of_key, value));
                    Ok(())
                }
            }
        }
    }
}

/// Removes `key`, which is there.
pub(super) fn remove(root: &mut Option<Link>, key: &Nibbles, source: &dyn NodeSource) -> Result<(), StateError> {
    let Some(link) = root else { return Err(NOT_THERE) };
    if remove_below(link, key, 0, source)? {
        *root = None;
    }
    Ok(())
}

/// Removes `key` below `link`; `true` if nothing is left there, and the link must go.
fn remove_below(link: &mut Link, key: &Nibbles, depth: usize, source: &dyn NodeSource) -> Result<bool, StateError> {
    let node = link.change(source, || key.slice(..depth))?;
    let rest = key.slice(depth..);
    match node {
        Node::Leaf { path, .. } => {
            if *path != rest {
                return Err(NOT_THERE);
            }
            return Ok(true);
        }
        Node::Extension { path, child } => {
            if !rest.starts_with(path) || remove_below(child, key, depth.saturating_add(path.len()), source)? {
                return Err(NOT_THERE);
            }
        }
        Node::Branch(branch) => {
            let (nibble, _) = split(&rest, 0)?;
            let child = branch.child_mut(nibble).ok_or(NOT_THERE)?;
            if remove_below(child, key, depth.saturating_add(1), source)? {
                branch.remove(nibble);
            }
        }
    }
    normalise(node, &key.slice(..depth), source)?;
    Ok(false)
}

/// Restores the canonical shape of a node below which a leaf was removed: no branch with one child, no extension
/// that leads to a leaf or an extension.
fn normalise(node: &mut Node, path: &Nibbles, source: &dyn NodeSource) -> Result<(), StateError> {
    let (prefix, child) = match node {
        Node::Leaf { .. } => return Ok(()),
        Node::Extension { path, child } => (*path, child.clone()),
        Node::Branch(branch) => match branch.single() {
            Some((nibble, child)) => (Nibbles::from_nibbles_unchecked([nibble]), child.clone()),
            None => return Ok(()),
        },
    };
    *node = match &**child.load(source, || path.join(&prefix))? {
        Node::Leaf { path, value } => Node::Leaf { path: prefix.join(path), value: value.clone() },
        Node::Extension { path, child } => Node::Extension { path: prefix.join(path), child: child.clone() },
        Node::Branch(_) => Node::Extension { path: prefix, child },
    };
    Ok(())
}

const NOT_THERE: StateError = StateError::Internal("a key that is to be removed is not in the trie");

fn leaf(path: Nibbles, value: &[u8]) -> Link {
    Node::Leaf { path, value: value.into() }.into()
}

fn under_extension(path: Nibbles, branch: Branch) -> Node {
    if path.is_empty() { Node::Branch(branch) } else { Node::Extension { path, child: Node::Branch(branch).into() } }
}

/// The nibble at `at` and what follows it.
fn split(path: &Nibbles, at: usize) -> Result<(u8, Nibbles), StateError> {
    let nibble = path.get(at).ok_or(StateError::Internal("keys of a trie differ in length"))?;
    Ok((nibble, path.slice(at.saturating_add(1)..)))
}
