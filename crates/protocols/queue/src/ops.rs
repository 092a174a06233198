//! Scheduling, taking, parking.

use crate::{Item, Queue};
use alloy_primitives::{Address, Bytes, U256};
use limpid_abi::{IQueue, errors};
use limpid_native::{Caller, Result, ensure, revert};

/// The only park.
const PARK: u64 = 0;

/// Most items that one [`Queue::poke`] takes.
const MAX_POKE: u64 = 64;

/// What one turn of the queue came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing is due yet.
    NothingDue,
    /// The next item ran.
    Ran,
    /// The next item reverted and was parked.
    Parked,
}

impl Queue<'_> {
    /// Schedules item `id` of the calling contract for `due` seconds since 1970.
    ///
    /// # Errors
    /// `NothingToRun` when the caller's kind runs no items.
    pub fn schedule(&mut self, by: Caller, due: u64, id: u64) -> Result<()> {
        let target = by.address();
        ensure!(self.cx.due_handler(target)?.is_some(), errors::NothingToRun { target });
        let sequence = self.sequence.get()?;
        self.sequence.set(sequence.saturating_add(1))?;
        self.push(Item { due, sequence, id, target })?;
        self.cx.emit(IQueue::Scheduled { target, id, due })
    }

    /// Takes the next due item off and runs it; an item that reverts is parked.
    pub fn step(&mut self) -> Result<Step> {
        let Some(item) = self.due_item()? else { return Ok(Step::NothingDue) };
        self.pop()?;
        match self.attempt(item)? {
            Ok(()) => Ok(Step::Ran),
            Err(reason) => {
                self.park(item, reason)?;
                Ok(Step::Parked)
            }
        }
    }

    /// Parks the next due item without running it: it ran out of gas or panicked.
    pub fn park_next(&mut self) -> Result<()> {
        match self.due_item()? {
            Some(item) => {
                self.pop()?;
                self.park(item, Bytes::new())
            }
            None => Ok(()),
        }
    }

    /// Runs at most `most` due items now, as the hooks would. Answers how many were taken.
    pub fn poke(&mut self, most: u64) -> Result<u64> {
        let mut taken = 0u64;
        while taken < most.min(MAX_POKE) {
            if self.step()? == Step::NothingDue {
                break;
            }
            taken = taken.saturating_add(1);
        }
        Ok(taken)
    }

    /// Runs a parked item again. When it succeeds it leaves the park; else the call reverts with its reason.
    pub fn retry(&mut self, index: u64) -> Result<()> {
        let item = self.parked_at(index)?;
        if let Some(last) = self.parked.pop(PARK)?
            && index < self.parked.len(PARK)?
        {
            self.parked.set(PARK, index, last)?;
        }
        self.run(item)
    }

    /// How many items wait.
    pub fn length(&self) -> Result<u64> {
        self.heap_len()
    }

    /// When the next item is due; the end of time when none waits.
    pub fn next_due(&self) -> Result<u64> {
        Ok(self.peek()?.map_or(u64::MAX, |item| item.due))
    }

    /// How many items failed and wait for a retry.
    pub fn parked_count(&self) -> Result<u64> {
        self.parked.len(PARK)
    }

    /// A parked item.
    pub fn parked_item(&self, index: u64) -> Result<(Address, u64, u64)> {
        let Item { due, id, target, .. } = self.parked_at(index)?;
        Ok((target, id, due))
    }

    fn parked_at(&self, index: u64) -> Result<Item> {
        self.parked.get(PARK, index)?.ok_or_else(|| revert(errors::NoSuchItem { index: U256::from(index) }))
    }

    fn due_item(&self) -> Result<Option<Item>> {
        Ok(self.peek()?.filter(|item| item.due <= self.cx.now()))
    }

    fn attempt(&self, item: Item) -> Result<Result<(), Bytes>> {
        self.cx.attempt(|| self.run(item))
    }

    fn run(&self, item: Item) -> Result<()> {
        let target: Address = item.target;
        let handler = self.cx.due_handler(target)?.ok_or_else(|| revert(errors::NothingToRun { target }))?;
        self.cx.call(target, || IQueue::runDueCall { id: item.id }, |cx| handler(cx, item.id))?;
        self.cx.emit(IQueue::Ran { target, id: item.id })
    }

    fn park(&mut self, item: Item, reason: Bytes) -> Result<()> {
        let index = self.parked.push(PARK, item)?;
        self.cx.emit(IQueue::Parked { target: item.target, id: item.id, index, reason })
    }
}
