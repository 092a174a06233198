//! Which rows of the node table must change when one trie replaces another.

use super::{
    NodeSource, Trie,
    node::{Link, Node},
};
use crate::StateError;
use alloy_trie::Nibbles;

/// Called with a row's path, what it was (`None` if it was not there), and what it becomes (`None` removes it).
pub(crate) type OnRow<'a> = dyn FnMut(&Nibbles, Option<Vec<u8>>, Option<Vec<u8>>) + 'a;

/// Where the nodes of two tries come from that are not in memory.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) old: &'a dyn NodeSource,
    pub(crate) new: &'a dyn NodeSource,
}

/// Reports every row to write (the node's RLP) or to remove so that the rows of `old` become those of `new`. Subtrees
/// both have in common are not visited.
pub(crate) fn diff(old: &Trie, new: &Trie, sources: Sources<'_>, row: &mut OnRow<'_>) -> Result<(), StateError> {
    let (old, new) = (old.root.as_ref().map(Cursor::Node), new.root.as_ref().map(Cursor::Node));
    walk(old, new, Nibbles::new(), sources, row)
}

/// A place in a trie: a node, or a spot within an extension's path. The latter lets tries of different shape be
/// walked nibble by nibble, in step.
#[derive(Clone, Copy)]
enum Cursor<'a> {
    Node(&'a Link),
    Within { rest: Nibbles, child: &'a Link },
}

impl<'a> Cursor<'a> {
    /// Whether there is a node here, with a row of its own.
    fn has_row(self, path: &Nibbles) -> bool {
        matches!(self, Self::Node(link) if link.reference().is_hash() || path.is_empty())
    }

    /// The node's RLP, if it has a row.
    fn row(self, path: &Nibbles, source: &dyn NodeSource) -> Result<Option<Vec<u8>>, StateError> {
        match self {
            Self::Node(link) if self.has_row(path) => Ok(Some(link.load(source, || *path)?.encode().0)),
            _ => Ok(None),
        }
    }

    fn child(self, nibble: u8, path: &Nibbles, source: &dyn NodeSource) -> Result<Option<Self>, StateError> {
        Ok(match self {
            Self::Within { rest, child } => along(&rest, child, nibble),
            Self::Node(link) => match &**link.load(source, || *path)? {
                Node::Leaf { .. } => None,
                Node::Extension { path, child } => along(path, child, nibble),
                Node::Branch(branch) => branch.child(nibble).map(Self::Node),
            },
        })
    }
}

/// One step along an extension's path.
fn along<'a>(way: &Nibbles, child: &'a Link, nibble: u8) -> Option<Cursor<'a>> {
    (way.first() == Some(nibble)).then(|| match way.len() {
        1 => Cursor::Node(child),
        _ => Cursor::Within { rest: way.slice(1..), child },
    })
}

fn walk(
    old: Option<Cursor<'_>>,
    new: Option<Cursor<'_>>,
    path: Nibbles,
    sources: Sources<'_>,
    row: &mut OnRow<'_>,
) -> Result<(), StateError> {
    match (old, new) {
        (None, None) => return Ok(()),
        (Some(Cursor::Node(one)), Some(Cursor::Node(two))) if one.same(two) => return Ok(()),
        _ => {}
    }
    let before = old.map_or(Ok(None), |cursor| cursor.row(&path, sources.old))?;
    let after = new.map_or(Ok(None), |cursor| cursor.row(&path, sources.new))?;
    if before.is_some() || after.is_some() {
        row(&path, before, after);
    }
    for nibble in 0..16 {
        let one = old.map_or(Ok(None), |cursor| cursor.child(nibble, &path, sources.old))?;
        let two = new.map_or(Ok(None), |cursor| cursor.child(nibble, &path, sources.new))?;
        if one.is_some() || two.is_some() {
            let mut path = path;
            path.push(nibble);
            walk(one, two, path, sources, row)?;
        }
    }
    Ok(())
}
