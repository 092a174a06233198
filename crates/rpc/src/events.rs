//! What the node tells, for those who wait in tokio.

use alloy_primitives::B256;
use limpid_chain::{BlockWithReceipts, HeadEvent, Node, Recovered, Subscription};
use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::broadcast;

/// Blocks that a slow subscriber may be behind; whoever is further behind reads them from the chain instead.
const BLOCKS_BEHIND: usize = 64;
/// Admitted transactions that a slow subscriber may be behind; whoever is further behind misses some.
const TRANSACTIONS_BEHIND: usize = 1_024;
/// Blocks with logs that a development chain took back and that are kept for filters.
const KEPT_GONE: usize = 256;
/// Hashes of admitted transactions that are kept for filters.
const KEPT_HASHES: usize = 32_768;

/// Blocks and admitted transactions as they come. One listener on the node, however many subscribers there are.
pub(crate) struct Events {
    heads: broadcast::Sender<HeadEvent>,
    admitted: broadcast::Sender<Arc<Recovered>>,
    hashes: Arc<Mutex<Hashes>>,
    gone: Arc<Mutex<Gone>>,
    _listeners: [Subscription; 2],
}

/// The latest admitted transactions, numbered.
#[derive(Debug, Default)]
struct Hashes {
    next: u64,
    kept: VecDeque<B256>,
}

/// Blocks that a development chain took back, numbered.
#[derive(Default)]
struct Gone {
    next: u64,
    kept: VecDeque<Arc<BlockWithReceipts>>,
}

impl Gone {
    fn push(&mut self, blocks: &[Arc<BlockWithReceipts>]) {
        for block in blocks {
            if self.kept.len() >= KEPT_GONE {
                self.kept.pop_front();
            }
            self.kept.push_back(block.clone());
            self.next = self.next.saturating_add(1);
        }
    }
}

impl Hashes {
    fn push(&mut self, hash: B256) {
        if self.kept.len() >= KEPT_HASHES {
            self.kept.pop_front();
        }
        self.kept.push_back(hash);
        self.next = self.next.saturating_add(1);
    }

    fn since(&self, from: u64) -> Vec<B256> {
        let missing = usize::try_from(self.next.saturating_sub(from)).unwrap_or(usize::MAX);
        let skip = self.kept.len().saturating_sub(missing);
        self.kept.iter().skip(skip).copied().collect()
    }
}

impl Events {
    /// Listens to `node` from now on.
    pub(crate) fn new(node: &Node) -> Self {
        let (heads, admitted) = (broadcast::Sender::new(BLOCKS_BEHIND), broadcast::Sender::new(TRANSACTIONS_BEHIND));
        let hashes = Arc::new(Mutex::new(Hashes::default()));
        let gone = Arc::new(Mutex::new(Gone::default()));
        let (to_heads, to_admitted, to_hashes) = (heads.clone(), admitted.clone(), hashes.clone());
        let to_gone = gone.clone();
        let _listeners = [
            node.on_head(move |event| {
                if let HeadEvent::Rewound(_, gone) = event {
                    to_gone.lock().push(gone);
                }
                // An error only says that nobody listens.
                drop(to_heads.send(event.clone()));
            }),
            node.on_transaction(move |tx| {
                to_hashes.lock().push(tx.hash());
                drop(to_admitted.send(tx.clone()));
            }),
        ];
        Self { heads, admitted, hashes, gone, _listeners }
    }

    /// Every move of the head from now on.
    pub(crate) fn heads(&self) -> broadcast::Receiver<HeadEvent> {
        self.heads.subscribe()
    }

    /// Every transaction that is admitted from now on.
    pub(crate) fn admitted(&self) -> broadcast::Receiver<Arc<Recovered>> {
        self.admitted.subscribe()
    }

    /// How many blocks were taken back so far.
    pub(crate) fn gone_so_far(&self) -> u64 {
        self.gone.lock().next
    }

    /// The blocks taken back since `from`, and how many there were so far. The oldest are missing when there were too
    /// many.
    pub(crate) fn gone_since(&self, from: u64) -> (Vec<Arc<BlockWithReceipts>>, u64) {
        let gone = self.gone.lock();
        let missing = usize::try_from(gone.next.saturating_sub(from)).unwrap_or(usize::MAX);
        let skip = gone.kept.len().saturating_sub(missing);
        (gone.kept.iter().skip(skip).cloned().collect(), gone.next)
    }

    /// Where the list of admitted transactions ends now.
    pub(crate) fn admitted_so_far(&self) -> u64 {
        self.hashes.lock().next
    }

    /// The transactions admitted since `from`, and where the list ends now. The oldest are missing when there were too
    /// many.
    pub(crate) fn admitted_since(&self, from: u64) -> (Vec<B256>, u64) {
        let hashes = self.hashes.lock();
        (hashes.since(from), hashes.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_since_a_place() {
        let mut hashes = Hashes::default();
        for byte in 0..5 {
            hashes.push(B256::repeat_byte(byte));
        }
        assert_eq!(hashes.since(3), [B256::repeat_byte(3), B256::repeat_byte(4)]);
        assert!(hashes.since(5).is_empty());
        assert_eq!(hashes.since(0).len(), 5);
        for _ in 0..KEPT_HASHES {
            hashes.push(B256::ZERO);
        }
        assert_eq!(hashes.since(0).len(), KEPT_HASHES, "the oldest are gone, and memory is bounded");
    }
}
