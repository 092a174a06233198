//! Which rows of the node table must change when one trie replaces another.

use super::{
    NodeSource, Trie,
    node::{Link, Node},
};
use crate::StateError;
use alloy_trie::Nibbles;

/// Reports every row to write (`Some`, the node's RLP) or to remove (`None`) so that the rows of `old` become those
/// of `new`. Subtrees both have in common are not visited; `source` must hold the rows of `old`.
pub(crate) fn diff(
    old: &Trie,
    new: &Trie,
    source: &dyn NodeSource,
    row: &mut dyn FnMut(&Nibbles, Option<Vec<u8>>),
) -> Result<(), StateError> {
    let at = |trie: &Trie| trie.root.clone().map(Cursor::Node);
    walk(at(old), at(new), Nibbles::new(), source, row)
}

/// A place in a trie: a node, or a spot within an extension's path. The latter lets tries of different shape be
/// walked nibble by nibble, in step.
enum Cursor {
    Node(Link),
    Within { rest: Nibbles, child: Link },
}

impl Cursor {
    /// The node's RLP if the node has a row of its own.
    fn row(&self, path: &Nibbles, source: &dyn NodeSource) -> Result<Option<Vec<u8>>, StateError> {
        match self {
            Self::Node(link) if link.reference().is_hash() || path.is_empty() => {
                Ok(Some(link.load(source, || *path)?.encode().0))
            }
            _ => Ok(None),
        }
    }

    fn has_row(&self, path: &Nibbles) -> bool {
        matches!(self, Self::Node(link) if link.reference().is_hash() || path.is_empty())
    }

    fn child(&self, nibble: u8, path: &Nibbles, source: &dyn NodeSource) -> Result<Option<Self>, StateError> {
        let along = |way: &Nibbles, child: &Link| {
            (way.first() == Some(nibble)).then(|| match way.len() {
                1 => Self::Node(child.clone()),
                _ => Self::Within { rest: way.slice(1..), child: child.clone() },
            })
        };
        Ok(match self {
            Self::Within { rest, child } => along(rest, child),
            Self::Node(link) => match &**link.load(source, || *path)? {
                Node::Leaf { .. } => None,
                Node::Extension { path, child } => along(path, child),
                Node::Branch(branch) => branch.child(nibble).cloned().map(Self::Node),
            },
        })
    }
}

fn walk(
    old: Option<Cursor>,
    new: Option<Cursor>,
    path: Nibbles,
    source: &dyn NodeSource,
    row: &mut dyn FnMut(&Nibbles, Option<Vec<u8>>),
) -> Result<(), StateError> {
    match (&old, &new) {
        (None, None) => return Ok(()),
        (Some(Cursor::Node(one)), Some(Cursor::Node(two))) if one.same(two) => return Ok(()),
        _ => {}
    }
    let after = new.as_ref().map(|cursor| cursor.row(&path, source)).transpose()?.flatten();
    if after.is_some() || old.as_ref().is_some_and(|cursor| cursor.has_row(&path)) {
        row(&path, after);
    }
    let below = |cursor: &Option<Cursor>, nibble| match cursor {
        Some(cursor) => cursor.child(nibble, &path, source),
        None => Ok(None),
    };
    for nibble in 0..16 {
        let (one, two) = (below(&old, nibble)?, below(&new, nibble)?);
        if one.is_some() || two.is_some() {
            let mut path = path;
            path.push(nibble);
            walk(one, two, path, source, row)?;
        }
    }
    Ok(())
}
