//! The block loop of a single node, on one plain thread.

use super::{HeadEvent, Inner, Mining};
use crate::{block::BlockWithReceipts, error::ChainError, ledger::Executor, pool::Refusal, workers::STACK};
use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Time without work after which the loop does what was put off.
const QUIET: Duration = Duration::from_secs(1);

/// Transactions in one block that mean that more are on their way.
const CROWD: usize = 8;

/// After such a block a development chain gathers for this long: a block costs the same for one transaction and for
/// hundreds. Whoever sends one at a time and waits for it never meets this.
const GATHER: Duration = Duration::from_millis(20);

/// Something the loop's thread does between two blocks.
pub(super) type Request = Box<dyn FnOnce(&Inner) + Send>;

/// What others tell the loop.
pub(super) struct Driver {
    control: Mutex<Control>,
    wake: Condvar,
}

struct Control {
    mining: Mining,
    /// The pool may have work.
    work: bool,
    stop: bool,
    requests: VecDeque<Request>,
    clock: Clock,
    halted: Option<String>,
    /// Halted because the store failed.
    store_failed: bool,
}

/// The chain's time, which a development chain may bend.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    /// Seconds ahead of the machine's time, or behind.
    pub(super) offset: i64,
    /// The next block's timestamp.
    pub(super) next: Option<u64>,
    /// Seconds from each block's timestamp to the next one's, whatever the time.
    pub(super) apart: Option<u64>,
}

impl Clock {
    fn now(self) -> u64 {
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
        machine.saturating_add_signed(self.offset)
    }
}

/// What the loop does next.
enum Step {
    Stop,
    Request(Request),
    Block {
        idle: bool,
    },
    /// Nothing to do for [`QUIET`].
    Tidy,
}

impl Driver {
    pub(super) const fn new(mining: Mining) -> Self {
        let control = Control {
            mining,
            work: true,
            stop: false,
            requests: VecDeque::new(),
            clock: Clock { offset: 0, next: None, apart: None },
            halted: None,
            store_failed: false,
        };
        Self { control: Mutex::new(control), wake: Condvar::new() }
    }

    /// The pool has work.
    pub(super) fn wake(&self) {
        let known = std::mem::replace(&mut self.control.lock().work, true);
        // The loop looks before it sleeps: who has been told need not be woken for every transaction.
        if !known {
            self.wake.notify_one();
        }
    }

    pub(super) fn stop(&self) {
        self.control.lock().stop = true;
        self.wake.notify_one();
    }

    /// Whether somebody wants the driver to end.
    pub(super) fn stopping(&self) -> bool {
        self.control.lock().stop
    }

    pub(super) fn halted(&self) -> Option<String> {
        self.control.lock().halted.clone()
    }

    pub(super) fn store_failed(&self) -> bool {
        self.control.lock().store_failed
    }

    pub(super) fn mining(&self) -> Mining {
        self.control.lock().mining
    }

    pub(super) fn set_mining(&self, mining: Mining) {
        let mut control = self.control.lock();
        control.mining = mining;
        control.work = true;
        drop(control);
        self.wake.notify_one();
    }

    /// Changes the clock and gives the time after that.
    pub(super) fn bend<T>(&self, change: impl FnOnce(&mut Clock) -> T) -> T {
        change(&mut self.control.lock().clock)
    }

    /// The timestamp that a block made now over one of `parent` would have.
    pub(super) fn next_timestamp(&self, parent: u64) -> u64 {
        self.bend(|clock| match (clock.next, clock.apart) {
            (Some(next), _) => next,
            (None, Some(apart)) => parent.saturating_add(apart),
            (None, None) => clock.now(),
        })
    }

    /// The chain's time in seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        self.control.lock().clock.now()
    }

    /// Has the loop's thread do something between two blocks, and waits for it.
    pub(super) fn request<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Inner) -> Result<T, ChainError> + Send + 'static,
    ) -> Result<T, ChainError> {
        let (give, take) = mpsc::sync_channel(1);
        {
            let mut control = self.control.lock();
            if control.stop || control.halted.is_some() {
                return Err(ChainError::Stopping);
            }
            control.requests.push_back(Box::new(move |inner| {
                let _ = give.send(job(inner));
            }));
        }
        self.wake.notify_one();
        take.recv().map_err(|_| ChainError::Stopping)?
    }

    fn next(&self, last_block: &Last, due: Option<u64>, untidy: bool) -> Step {
        let started = Instant::now();
        let mut control = self.control.lock();
        loop {
            if control.stop {
                return Step::Stop;
            }
            if let Some(request) = control.requests.pop_front() {
                return Step::Request(request);
            }
            let wait = match control.wait(last_block, due) {
                Wait::Block { idle } => {
                    control.work = false;
                    return Step::Block { idle };
                }
                Wait::For(time) => Some(time),
                Wait::Event => None,
            };
            let quiet = QUIET.saturating_sub(started.elapsed());
            if untidy && quiet.is_zero() {
                return Step::Tidy;
            }
            match if untidy { Some(wait.map_or(quiet, |time| time.min(quiet))) } else { wait } {
                Some(time) => drop(self.wake.wait_for(&mut control, time)),
                None => self.wake.wait(&mut control),
            }
        }
    }
}

enum Wait {
    Block { idle: bool },
    For(Duration),
    Event,
}

impl Control {
    /// With the queue's next item `due` at that second.
    fn wait(&self, last: &Last, due: Option<u64>) -> Wait {
        let since = last.at.elapsed();
        let until_due = due.map(|due| Duration::from_secs(due.saturating_sub(self.clock.now())));
        let at_due = until_due.is_some_and(|left| left.is_zero());
        match self.mining {
            Mining::Manual => Wait::Event,
            Mining::Auto if self.work && last.crowded && since < GATHER => Wait::For(GATHER.saturating_sub(since)),
            Mining::Auto if self.work || at_due => Wait::Block { idle: false },
            Mining::Auto => until_due.map_or(Wait::Event, Wait::For),
            Mining::Interval(every) if since >= every => Wait::Block { idle: true },
            Mining::Interval(every) => Wait::For(every.saturating_sub(since)),
            Mining::Steady { idle, .. } if since >= idle => Wait::Block { idle: true },
            Mining::Steady { busy, .. } if (self.work || at_due) && since >= busy => Wait::Block { idle: false },
            Mining::Steady { busy, .. } if self.work || at_due => Wait::For(busy.saturating_sub(since)),
            Mining::Steady { idle, .. } => {
                let left = idle.saturating_sub(since);
                Wait::For(until_due.map_or(left, |due| due.min(left)))
            }
        }
    }
}

/// The last block.
struct Last {
    at: Instant,
    crowded: bool,
}

/// Starts the loop.
pub(super) fn spawn(inner: Arc<Inner>) -> Result<JoinHandle<()>, ChainError> {
    let thread = thread::Builder::new().name("limpid-blocks".to_owned()).stack_size(STACK);
    thread.spawn(move || run(&inner)).map_err(|error| ChainError::Execution(format!("no thread for blocks: {error}")))
}

fn run(inner: &Inner) {
    let (mut last_block, mut untidy) = (Last { at: Instant::now(), crowded: false }, true);
    loop {
        let due = inner.next_due();
        match inner.driver.next(&last_block, due, untidy) {
            Step::Stop => break,
            Step::Tidy => {
                untidy = false;
                if let Err(error) = inner.ledger.tidy() {
                    return inner.halt_by(&error);
                }
            }
            Step::Request(request) => {
                untidy = true;
                if catch_unwind(AssertUnwindSafe(|| request(inner))).is_err() {
                    return inner.halt("a request to the block loop panicked");
                }
                if inner.ledger.is_torn() {
                    return inner.halt(&ChainError::Torn.to_string());
                }
            }
            Step::Block { idle } => match catch_unwind(AssertUnwindSafe(|| inner.produce(idle))) {
                Ok(Ok(made)) => {
                    untidy |= made.is_some();
                    if made.is_some() || idle {
                        let crowded = made.is_some_and(|made| made.block.transactions.len() >= CROWD);
                        last_block = Last { at: Instant::now(), crowded };
                    }
                }
                Ok(Err(error)) => return inner.halt_by(&error),
                Err(_) => return inner.halt("the block loop panicked"),
            },
        }
    }
    if let Err(error) = inner.ledger.tidy() {
        tracing::warn!(%error, "the next start takes longer");
    }
    inner.end("the node was stopped".to_owned());
}

impl Inner {
    /// Makes the next block; without `even_empty` only if something is in it.
    pub(super) fn produce(&self, even_empty: bool) -> Result<Option<Arc<BlockWithReceipts>>, ChainError> {
        let head = self.ledger.head();
        let mut best = self.pool.best(self.ledger.next_base_fee(&head.block.header));
        if best.is_empty() && !even_empty && self.next_due().is_none_or(|due| due > self.driver.now()) {
            return Ok(None);
        }
        let timestamp = self.driver.next_timestamp(head.block.header.timestamp);
        let executed = self.ledger.build(head.block.hash, timestamp, &mut best)?;
        for (tx, refusal) in best.into_refused() {
            if let Refusal::Invalid(reason) = refusal {
                tracing::debug!(hash = %tx.hash(), reason, "dropped from the pool");
                self.pool.remove(tx.hash());
            }
        }
        if executed.block.block.transactions.is_empty() && !even_empty {
            self.ledger.discard(executed.hash());
            // Work that is due but cannot be done must not keep the loop spinning: the next head asks again.
            *self.due.lock() = (head.block.hash, None);
            return Ok(None);
        }
        self.ledger.commit(executed.hash())?;
        self.pool.advance(Arc::new(self.ledger.state().committed()), &executed.diff().accounts);
        self.driver.bend(|clock| clock.passed(timestamp));
        if self.pool.has_work(self.ledger.next_base_fee(&executed.block.block.header)) {
            self.driver.wake();
        }
        self.head_moved(&HeadEvent::Block(executed.block.clone()));
        Ok(Some(executed.block.clone()))
    }

    /// When the work queue's next item is due, in seconds since 1970. Read again only when the head has moved.
    fn next_due(&self) -> Option<u64> {
        let head = self.ledger.head().block.hash;
        let mut known = self.due.lock();
        if known.0 != head {
            *known = (
                head,
                self.ledger.next_due().inspect_err(|error| tracing::error!(%error, "work queue")).ok().flatten(),
            );
        }
        known.1
    }

    pub(super) fn halt(&self, reason: &str) {
        tracing::error!(reason, "no more blocks");
        self.end(reason.to_owned());
    }

    /// As [`Inner::halt`]; after a failure of the store the process has no more use.
    pub(super) fn halt_by(&self, error: &ChainError) {
        self.driver.control.lock().store_failed |= error.is_of_store();
        self.halt(&error.to_string());
    }

    /// Those who wait for the loop hear that nothing comes any more.
    fn end(&self, reason: String) {
        let mut control = self.driver.control.lock();
        control.halted = Some(reason);
        control.requests.clear();
    }
}

impl Clock {
    /// A block has this timestamp: a chosen one holds from here on, as if the time had jumped there.
    fn passed(&mut self, timestamp: u64) {
        if self.next.take().is_some() {
            let now = Self::default().now();
            self.offset = i64::try_from(i128::from(timestamp).saturating_sub(i128::from(now))).unwrap_or(self.offset);
        }
    }
}
