//! How much memory the state takes, and for how long earlier nodes are kept.

/// Heights of which proofs are given unless told otherwise: the head's and those before it.
pub const PROOF_WINDOW: u64 = 1_024;

/// Bytes of a trie node in memory with the link to it; measured over a trie of a million accounts.
const NODE_BYTES: u64 = 300;
/// Bytes of a cached account, and of a cached slot, with the room that a hash table leaves free.
const ACCOUNT_BYTES: u64 = 190;
const SLOT_BYTES: u64 = 110;

/// Bounds of memory and of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Changed accounts and slots after which node rows are written with a block. 0 writes them with every block.
    pub flush_after: usize,
    /// Nodes that may gather in memory before all but the upper levels are let go.
    pub nodes_in_memory: usize,
    /// Accounts of the head in memory.
    pub accounts_in_memory: usize,
    /// Slots of the head in memory.
    pub slots_in_memory: usize,
    /// Heights of which proofs can be given; the head counts as one.
    pub proofs: u64,
}

impl Options {
    /// Memory unless told otherwise, in bytes.
    pub const CACHE: u64 = 1 << 30;

    /// At most `bytes` of memory for the state, the storage engine's share ([`Options::engine_share`]) not counted.
    ///
    /// Of it a fifth is for values, the rest for trie nodes. What a block and the rows that wait to be written need
    /// comes on top: with very little memory rows are written with every block.
    pub fn with_cache(bytes: u64) -> Self {
        let count = |bytes: u64, each: u64| usize::try_from(bytes / each).unwrap_or(usize::MAX);
        let (values, nodes) = (bytes / 5, count(bytes.saturating_sub(bytes / 5), NODE_BYTES));
        Self {
            // A changed slot or account needs about five nodes; those that wait take a fifth of the room at most.
            flush_after: (nodes / 25).min(10_000),
            nodes_in_memory: nodes,
            accounts_in_memory: count(values / 2, ACCOUNT_BYTES),
            slots_in_memory: count(values / 2, SLOT_BYTES),
            proofs: PROOF_WINDOW,
        }
    }

    /// The storage engine's part of a cache of `bytes`: a quarter.
    pub const fn engine_share(bytes: u64) -> u64 {
        bytes / 4
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::with_cache(Self::CACHE.saturating_sub(Self::engine_share(Self::CACHE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_divided() {
        let usual = Options::default();
        assert_eq!(usual.flush_after, 10_000);
        assert!(usual.nodes_in_memory > 2_000_000, "{usual:?}");
        for bytes in [0, 1, 1_000, 1 << 20, 1 << 30, 1 << 40] {
            let Options { nodes_in_memory, accounts_in_memory, slots_in_memory, .. } = Options::with_cache(bytes);
            let used = nodes_in_memory as u64 * NODE_BYTES
                + accounts_in_memory as u64 * ACCOUNT_BYTES
                + slots_in_memory as u64 * SLOT_BYTES;
            assert!(used <= bytes, "{used} of {bytes}");
        }
        assert_eq!(Options::with_cache(0).flush_after, 0);
    }
}
