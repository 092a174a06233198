//! Nodes, links between them, and their RLP.

use super::NodeSource;
use crate::StateError;
use alloy_primitives::{B256, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::{
    Nibbles, TrieMask,
    nodes::{BranchNodeRef, ExtensionNodeRef, LeafNodeRef, RlpNode, TrieNode},
};
use std::sync::{Arc, OnceLock};

/// A node in memory. Nodes are shared between tries and never change once shared.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Leaf { path: Nibbles, value: Box<[u8]> },
    Extension { path: Nibbles, child: Link },
    Branch(Branch),
}

/// A branch: at least two children, held without gaps in the order of their nibbles.
#[derive(Debug, Clone, Default)]
pub(super) struct Branch {
    mask: u16,
    children: Vec<Link>,
}

impl Branch {
    fn slot(&self, nibble: u8) -> (bool, usize) {
        let bit = 1u16.checked_shl(nibble.into()).unwrap_or(0);
        let below = self.mask & bit.wrapping_sub(1);
        (self.mask & bit != 0, below.count_ones() as usize)
    }

    pub(super) fn child(&self, nibble: u8) -> Option<&Link> {
        let (set, slot) = self.slot(nibble);
        self.children.get(slot).filter(|_| set)
    }

    pub(super) fn child_mut(&mut self, nibble: u8) -> Option<&mut Link> {
        let (set, slot) = self.slot(nibble);
        self.children.get_mut(slot).filter(|_| set)
    }

    /// Adds a child where there is none.
    pub(super) fn add(&mut self, nibble: u8, link: Link) {
        let (set, slot) = self.slot(nibble);
        debug_assert!(!set && nibble < 16);
        self.mask |= 1u16.checked_shl(nibble.into()).unwrap_or(0);
        self.children.insert(slot.min(self.children.len()), link);
    }

    pub(super) fn remove(&mut self, nibble: u8) {
        let (set, slot) = self.slot(nibble);
        if set && slot < self.children.len() {
            self.children.remove(slot);
            self.mask &= !1u16.checked_shl(nibble.into()).unwrap_or(0);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, &Link)> {
        (0u8..16).filter(|nibble| self.slot(*nibble).0).zip(&self.children)
    }

    /// The only child, if there is just one.
    pub(super) fn single(&self) -> Option<(u8, &Link)> {
        self.iter().next().filter(|_| self.children.len() == 1)
    }
}

impl Node {
    fn cut_back(&self, levels: usize) -> Self {
        match self {
            Self::Leaf { .. } => self.clone(),
            Self::Extension { path, child } => Self::Extension { path: *path, child: child.cut_back(levels) },
            Self::Branch(branch) => {
                let children = branch.children.iter().map(|child| child.cut_back(levels)).collect();
                Self::Branch(Branch { mask: branch.mask, children })
            }
        }
    }

    pub(super) fn encode(&self) -> (Vec<u8>, RlpNode) {
        // A full branch has 532 bytes.
        let mut rlp = Vec::with_capacity(if matches!(self, Self::Branch(_)) { 544 } else { 128 });
        let reference = match self {
            Self::Leaf { path, value } => LeafNodeRef::new(path, value).rlp(&mut rlp),
            Self::Extension { path, child } => ExtensionNodeRef::new(path, child.reference()).rlp(&mut rlp),
            Self::Branch(branch) => {
                let stack: Vec<RlpNode> = branch.children.iter().map(|link| link.reference().clone()).collect();
                BranchNodeRef::new(&stack, TrieMask::new(branch.mask)).rlp(&mut rlp)
            }
        };
        (rlp, reference)
    }

    fn decode(rlp: &[u8]) -> Result<Self, alloy_rlp::Error> {
        let mut rest = rlp;
        let node = TrieNode::decode(&mut rest)?;
        if !rest.is_empty() {
            return Err(alloy_rlp::Error::UnexpectedLength);
        }
        match node {
            TrieNode::EmptyRoot => Err(alloy_rlp::Error::Custom("empty node")),
            TrieNode::Leaf(leaf) => Ok(Self::Leaf { path: leaf.key, value: leaf.value.into() }),
            TrieNode::Extension(extension) => {
                Ok(Self::Extension { path: extension.key, child: Link::from_reference(extension.child)? })
            }
            TrieNode::Branch(branch) => {
                let children = branch.stack.into_iter().map(Link::from_reference).collect::<Result<_, _>>()?;
                Ok(Self::Branch(Branch { mask: branch.state_mask.get(), children }))
            }
        }
    }
}

/// An edge to a node: its reference, the node itself, or both. What is missing is found once and kept; it is
/// determined by what is there, so sharing a link between threads and tries is safe.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    reference: OnceLock<RlpNode>,
    node: OnceLock<Arc<Node>>,
}

impl Link {
    /// A node with this hash, not in memory.
    pub(super) fn from_hash(hash: B256) -> Self {
        Self { reference: RlpNode::word_rlp(&hash).into(), node: OnceLock::new() }
    }

    /// A child as its parent's RLP names it; one below 32 bytes is written out there in full.
    fn from_reference(reference: RlpNode) -> Result<Self, alloy_rlp::Error> {
        let node = if reference.is_hash() { OnceLock::new() } else { Arc::new(Node::decode(&reference)?).into() };
        Ok(Self { reference: reference.into(), node })
    }

    pub(super) fn reference(&self) -> &RlpNode {
        self.reference.get_or_init(|| match self.node.get() {
            Some(node) => node.encode().1,
            // Every constructor sets one of the two.
            None => RlpNode::default(),
        })
    }

    /// The keccak hash of the node's RLP.
    pub(super) fn hash(&self) -> B256 {
        let reference = self.reference();
        reference.as_hash().unwrap_or_else(|| keccak256(reference))
    }

    /// Whether both lead to the same node, and so to the same subtree.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self.node.get(), other.node.get()) {
            (Some(one), Some(two)) if Arc::ptr_eq(one, two) => true,
            _ => self.reference() == other.reference(),
        }
    }

    /// The same link with only `levels` levels of nodes in memory.
    pub(super) fn cut_back(&self, levels: usize) -> Self {
        let reference = self.reference();
        let node = match self.node.get() {
            // A node inside its parent's RLP has no row to be read from again.
            Some(node) if !reference.is_hash() => Some(node.clone()),
            Some(node) if levels > 0 => Some(Arc::new(node.cut_back(levels.saturating_sub(1)))),
            _ => None,
        };
        Self { reference: reference.clone().into(), node: node.map_or_else(OnceLock::new, OnceLock::from) }
    }

    /// Nodes in memory from here on.
    pub(super) fn nodes(&self) -> usize {
        let below = match self.node.get().map(|node| &**node) {
            None => return 0,
            Some(Node::Leaf { .. }) => 0,
            Some(Node::Extension { child, .. }) => child.nodes(),
            Some(Node::Branch(branch)) => {
                branch.children.iter().fold(0usize, |sum, child| sum.saturating_add(child.nodes()))
            }
        };
        below.saturating_add(1)
    }

    /// The node, read from `source` and checked against the reference if it is not in memory.
    pub(super) fn load(
        &self,
        source: &dyn NodeSource,
        path: impl FnOnce() -> Nibbles,
    ) -> Result<&Arc<Node>, StateError> {
        if let Some(node) = self.node.get() {
            return Ok(node);
        }
        let path = path();
        let rlp = source.node(&path)?.ok_or(StateError::MissingNode { path })?;
        if keccak256(&rlp) != self.hash() {
            return Err(StateError::WrongNode { path });
        }
        let node = Node::decode(&rlp).map_err(|_| StateError::WrongNode { path })?;
        Ok(self.node.get_or_init(|| Arc::new(node)))
    }

    /// As [`Link::load`], but leaves the memory as it is: for readers, whose number nothing bounds.
    pub(super) fn peek(
        &self,
        source: &dyn NodeSource,
        path: impl FnOnce() -> Nibbles,
    ) -> Result<Arc<Node>, StateError> {
        match self.node.get() {
            Some(node) => Ok(node.clone()),
            None => self.clone().load(source, path).cloned(),
        }
    }

    /// The node, ready to be changed: unshared, and the reference forgotten.
    pub(super) fn change(
        &mut self,
        source: &dyn NodeSource,
        path: impl FnOnce() -> Nibbles,
    ) -> Result<&mut Node, StateError> {
        self.load(source, path)?;
        self.reference.take();
        let node = self.node.get_mut().ok_or(StateError::Internal("a loaded node is absent"))?;
        Ok(Arc::make_mut(node))
    }
}

impl From<Node> for Link {
    fn from(node: Node) -> Self {
        Self { reference: OnceLock::new(), node: Arc::new(node).into() }
    }
}
