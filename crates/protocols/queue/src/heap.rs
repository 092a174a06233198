//! A binary min-heap in storage.

use crate::{Item, Queue};
use limpid_native::Result;

/// The only heap.
const HEAP: u64 = 0;

/// Deeper than any heap that 64-bit indices can name.
const MAX_LEVELS: u32 = 64;

impl Queue<'_> {
    pub(crate) fn peek(&self) -> Result<Option<Item>> {
        self.heap.get(HEAP, 0)
    }

    pub(crate) fn heap_len(&self) -> Result<u64> {
        self.heap.len(HEAP)
    }

    /// Adds an item, lifting it over every later one on its way to the root.
    pub(crate) fn push(&mut self, item: Item) -> Result<()> {
        let mut at = self.heap.push(HEAP, item)?;
        for _ in 0..MAX_LEVELS {
            let Some(parent) = at.checked_sub(1).map(|above| above / 2) else { break };
            let Some(above) = self.heap.get(HEAP, parent)? else { break };
            if above.rank() <= item.rank() {
                break;
            }
            self.heap.set(HEAP, at, above)?;
            self.heap.set(HEAP, parent, item)?;
            at = parent;
        }
        Ok(())
    }

    /// Takes the earliest item off, letting the last one sink from the root.
    pub(crate) fn pop(&mut self) -> Result<Option<Item>> {
        let Some(first) = self.peek()? else { return Ok(None) };
        let Some(last) = self.heap.pop(HEAP)? else { return Ok(None) };
        if self.heap_len()? == 0 {
            return Ok(Some(first));
        }
        self.heap.set(HEAP, 0, last)?;
        let mut at = 0u64;
        for _ in 0..MAX_LEVELS {
            let Some((child, below)) = self.earlier_child(at)? else { break };
            if last.rank() <= below.rank() {
                break;
            }
            self.heap.set(HEAP, at, below)?;
            self.heap.set(HEAP, child, last)?;
            at = child;
        }
        Ok(Some(first))
    }

    fn earlier_child(&self, parent: u64) -> Result<Option<(u64, Item)>> {
        let left = parent.saturating_mul(2).saturating_add(1);
        let right = left.saturating_add(1);
        let Some(first) = self.heap.get(HEAP, left)? else { return Ok(None) };
        Ok(Some(match self.heap.get(HEAP, right)? {
            Some(second) if second.rank() < first.rank() => (right, second),
            _ => (left, first),
        }))
    }
}
