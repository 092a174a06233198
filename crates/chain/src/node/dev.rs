//! What only a development chain does: bending time, making blocks on demand, going back.

use super::{HeadEvent, Inner, Mining, Node, driver::Clock};
use crate::{
    block::BlockWithReceipts,
    edit::{self, AccountEdit},
    error::ChainError,
    ledger::Executor,
    rows,
};
use alloy_primitives::{Address, B256};
use limpid_evm::Bytecode;
use limpid_state::StateDiff;
use std::{sync::Arc, time::Duration};

/// Blocks of one request at most.
const MAX_BLOCKS: u64 = 100_000;

/// The latest time that a chain can be moved to: some 34,000 years from 1970, so that sums of times never wrap.
const LATEST: u64 = 1 << 40;

fn check_time(asked: u64) -> Result<(), ChainError> {
    if asked > LATEST { Err(ChainError::TimeTooFar { asked, latest: LATEST }) } else { Ok(()) }
}

/// A moment of a development chain that one can go back to.
#[derive(Debug, Clone)]
pub struct Snapshot {
    height: u64,
    hash: B256,
    /// What the next block would have taken up.
    edits: Arc<StateDiff>,
    /// Seconds ahead of the machine's time.
    offset: i64,
}

impl Node {
    fn dev(&self) -> Result<&Self, ChainError> {
        if self.is_dev() { Ok(self) } else { Err(ChainError::NotDev) }
    }

    /// Makes `count` blocks, each `apart` seconds after the one before if that is given. Gives the last one.
    pub fn mine(&self, count: u64, apart: Option<u64>) -> Result<Arc<BlockWithReceipts>, ChainError> {
        self.dev()?;
        if count > MAX_BLOCKS {
            return Err(ChainError::TooManyBlocks { asked: count, most: MAX_BLOCKS });
        }
        check_time(self.head().block.header.timestamp.saturating_add(apart.unwrap_or(0).saturating_mul(count)))?;
        self.inner().driver.request(move |inner| {
            for made in 0..count {
                if inner.driver.stopping() {
                    return Err(ChainError::Stopping);
                }
                if let Some(apart) = apart.filter(|_| made > 0) {
                    let next = inner.ledger.head().block.header.timestamp.saturating_add(apart);
                    inner.driver.bend(|clock| clock.next = Some(next));
                }
                inner.produce(true)?;
            }
            Ok(inner.ledger.head())
        })
    }

    /// When blocks are made.
    pub fn mining(&self) -> Mining {
        self.inner().driver.mining()
    }

    /// Changes when blocks are made.
    pub fn set_mining(&self, mining: Mining) -> Result<(), ChainError> {
        self.dev()?.inner().driver.set_mining(mining);
        Ok(())
    }

    /// The chain's time in seconds since 1970.
    pub fn now(&self) -> u64 {
        self.inner().driver.now()
    }

    /// Sets the next block's timestamp; later blocks go on from there. It must not be before the head's.
    pub fn set_next_timestamp(&self, timestamp: u64) -> Result<(), ChainError> {
        let earliest = self.dev()?.genesis().earliest_after(self.head().block.header.timestamp);
        if timestamp < earliest {
            return Err(ChainError::Time { asked: timestamp, earliest });
        }
        check_time(timestamp)?;
        self.inner().driver.bend(|clock| clock.next = Some(timestamp));
        Ok(())
    }

    /// Sets the chain's time; it goes on from there. It must not be before the head's.
    pub fn set_time(&self, timestamp: u64) -> Result<i64, ChainError> {
        let earliest = self.dev()?.genesis().earliest_after(self.head().block.header.timestamp);
        if timestamp < earliest {
            return Err(ChainError::Time { asked: timestamp, earliest });
        }
        check_time(timestamp)?;
        let by = i64::try_from(i128::from(timestamp).saturating_sub(i128::from(self.now()))).unwrap_or_default();
        Ok(self.inner().driver.bend(|clock| {
            clock.offset = clock.offset.saturating_add(by);
            clock.offset
        }))
    }

    /// Moves the chain's time on, and gives how many seconds it is ahead of the machine's.
    pub fn increase_time(&self, by: Duration) -> Result<i64, ChainError> {
        check_time(self.dev()?.now().saturating_add(by.as_secs()))?;
        let by = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        Ok(self.inner().driver.bend(|clock| {
            clock.offset = clock.offset.saturating_add(by);
            clock.offset
        }))
    }

    /// From now on each block's timestamp is so many seconds after the one before, whatever the time; `None` ends that.
    pub fn set_block_interval(&self, apart: Option<u64>) -> Result<(), ChainError> {
        check_time(self.dev()?.now().saturating_add(apart.unwrap_or_default()))?;
        self.inner().driver.bend(|clock| clock.apart = apart);
        Ok(())
    }

    /// Chooses the next block's base fee, in wei per gas; later ones follow from it by the chain's rules.
    pub fn set_next_base_fee(&self, wei: u64) -> Result<(), ChainError> {
        let (address, choice) = edit::choose_base_fee(wei);
        self.edit(address, choice)
    }

    /// Writes into an account. Seen at the head at once, and taken up by the next block.
    ///
    /// Proofs are of the head as it was committed.
    pub fn edit(&self, address: Address, edit: AccountEdit) -> Result<(), ChainError> {
        self.dev()?;
        if let Some(code) = &edit.code
            && let Err(error) = Bytecode::new_raw_checked(code.clone())
        {
            return Err(ChainError::Code(error.to_string()));
        }
        self.inner().driver.request(move |inner| {
            let number = inner.ledger.head().block.number();
            let mut edits = StateDiff::clone(&inner.ledger.edits_over(number));
            edit::add(&mut edits, &inner.state_at(number)?, address, edit)?;
            inner.ledger.edit(edits)?;
            let state = Arc::new(inner.state_at(number)?);
            inner.pool.reset(state).map_err(|error| ChainError::Execution(error.to_string()))?;
            inner.driver.wake();
            Ok(())
        })
    }

    /// What [`Node::revert`] goes back to: the head, what was written over it, and the time.
    pub fn snapshot(&self) -> Result<Snapshot, ChainError> {
        self.dev()?.inner().driver.request(|inner| {
            let head = &inner.ledger.head().block;
            let edits = inner.ledger.edits_over(head.number());
            let mut offset = 0;
            inner.driver.bend(|clock| offset = clock.offset);
            Ok(Snapshot { height: head.number(), hash: head.hash, edits, offset })
        })
    }

    /// Takes the chain back to a snapshot; `false` if its block is no longer part of the chain. Waiting transactions
    /// stay.
    pub fn revert(&self, to: Snapshot) -> Result<bool, ChainError> {
        self.dev()?.inner().driver.request(move |inner| {
            if rows::block_hash(inner.ledger.store.as_ref(), to.height)? != Some(to.hash) {
                return Ok(false);
            }
            inner.rewind(to.height, StateDiff::clone(&to.edits))?;
            inner.driver.bend(|clock| *clock = Clock { offset: to.offset, apart: clock.apart, next: None });
            Ok(true)
        })
    }

    /// Takes the chain back to its first block and to the machine's time. Waiting transactions stay.
    pub fn reset(&self) -> Result<(), ChainError> {
        self.dev()?.inner().driver.request(|inner| {
            inner.rewind(0, StateDiff::default())?;
            inner.driver.bend(|clock| *clock = Clock::default());
            Ok(())
        })
    }

    /// Takes the chain back to `height`; later blocks are gone for good. Waiting transactions stay.
    pub fn rewind(&self, height: u64) -> Result<Arc<BlockWithReceipts>, ChainError> {
        self.dev()?.inner().driver.request(move |inner| inner.rewind(height, StateDiff::default()))
    }
}

impl Inner {
    fn rewind(&self, height: u64, edits: StateDiff) -> Result<Arc<BlockWithReceipts>, ChainError> {
        let gone = self.ledger.rewind(height)?;
        if !edits.is_empty() {
            self.ledger.edit(edits)?;
        }
        let state = Arc::new(self.state_at(height)?);
        self.pool.reset(state).map_err(|error| ChainError::Execution(error.to_string()))?;
        let head = self.ledger.head();
        self.head_moved(&HeadEvent::Rewound(head.clone(), gone.into()));
        Ok(head)
    }
}
