//! The node: a chain, its pool, its block loop and its call threads behind one handle that is cheap to clone.

mod calls;
mod dev;
mod driver;
mod dump;
mod fees;
mod follow;
mod options;
mod pending;
mod query;
mod recent;
mod slots;
mod traces;
mod upkeep;
mod view;

pub use self::{
    calls::{BlockOverride, CallError, CallOptions},
    dev::Snapshot,
    follow::FollowError,
    options::{Mining, NodeOptions},
    slots::{SlotEntry, SlotPage},
    traces::Traced,
    view::{FeeHistory, FoundReceipt, FoundTx, Place, StateView},
};

use self::{driver::Driver, recent::Recent};
use crate::{
    block::BlockWithReceipts,
    error::ChainError,
    feed::{Feed, Subscription},
    genesis::Genesis,
    ledger::{Executor, Ledger, rules_hash, rules_of},
    pool::{Pool, PoolError},
    tx::{Recovered, Transaction, UnsignedTx},
    workers::Workers,
};
use alloy_primitives::{Address, B256};
use limpid_evm::Rules;
use limpid_state::{MemStore, Report, Store, StoreOptions, open_store};
use parking_lot::{Condvar, Mutex};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// The head moved.
#[derive(Debug, Clone)]
pub enum HeadEvent {
    /// A block was committed.
    Block(Arc<BlockWithReceipts>),
    /// A development chain went back to the first block; the others are gone, oldest first. Of those only blocks with
    /// logs are named, and of many the newest.
    Rewound(Arc<BlockWithReceipts>, Arc<[Arc<BlockWithReceipts>]>),
}

impl HeadEvent {
    /// The block that is the head now.
    pub const fn head(&self) -> &Arc<BlockWithReceipts> {
        match self {
            Self::Block(block) | Self::Rewound(block, _) => block,
        }
    }
}

/// A running node. The last clone that is dropped stops it.
#[derive(Clone)]
pub struct Node(Arc<Running>);

/// Stops the threads when the last handle goes.
struct Running {
    inner: Arc<Inner>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the handle and the block loop share.
pub(crate) struct Inner {
    ledger: Ledger,
    pool: Pool,
    options: NodeOptions,
    workers: Workers,
    driver: Driver,
    recent: Mutex<Recent>,
    heads: Feed<HeadEvent>,
    admitted: Feed<Arc<Recovered>>,
    /// When the work queue's next item is due after which block.
    due: Mutex<(B256, Option<u64>)>,
    preview: pending::Preview,
    /// Height of the head, for those who wait for a receipt.
    progress: (Mutex<u64>, Condvar),
}

impl Node {
    /// Opens or creates the data directory `path`.
    ///
    /// Refused if another process has it open, or if it was written under other rules.
    pub fn open(path: impl AsRef<Path>, genesis: Genesis, options: NodeOptions) -> Result<Self, ChainError> {
        let rules = rules_of(&genesis);
        let (path, hash) = (path.as_ref(), rules_hash(&genesis, &rules)?);
        let engine = limpid_state::Options::engine_share(options.state_cache);
        let store = open_store(path, hash, StoreOptions { kind: options.store, cache: engine })?;
        Self::start_in(store, genesis, rules, options, Some((path.to_path_buf(), hash)))
    }

    /// A node that forgets everything when it stops.
    pub fn in_memory(genesis: Genesis, options: NodeOptions) -> Result<Self, ChainError> {
        let rules = rules_of(&genesis);
        Self::start(Arc::new(MemStore::new()), genesis, rules, options)
    }

    /// A node over any store and with any native contracts.
    pub fn start(
        store: Arc<dyn Store>,
        genesis: Genesis,
        rules: Rules,
        options: NodeOptions,
    ) -> Result<Self, ChainError> {
        Self::start_in(store, genesis, rules, options, None)
    }

    /// `folder` is where requests for backups are looked for, with the hash of its rules.
    fn start_in(
        store: Arc<dyn Store>,
        genesis: Genesis,
        rules: Rules,
        options: NodeOptions,
        folder: Option<(PathBuf, B256)>,
    ) -> Result<Self, ChainError> {
        let operator = options.operator.clone().or_else(|| genesis.dev.then(|| crate::Operator::dev(genesis.chain_id)));
        let ledger = Ledger::open_with(store, genesis, rules, operator, options.state())?;
        if options.explorer && !ledger.keep_explorer()? && !ledger.is_copied() {
            tracing::warn!("this chain ran without the explorer's index: stop the node and run `limpid index rebuild`");
        }
        let pool = Pool::new(ledger.tx_rules(), options.pool.clone(), Arc::new(ledger.state().committed()));
        let workers = Workers::start(options.call_threads).map_err(|error| ChainError::Execution(error.to_string()))?;
        let head = ledger.head();
        let inner = Arc::new(Inner {
            // A copy makes no blocks.
            driver: Driver::new(if ledger.is_imported() { Mining::Manual } else { options.mining }),
            recent: Mutex::new(Recent::new(head.clone())),
            progress: (Mutex::new(head.block.number()), Condvar::new()),
            due: Mutex::new((B256::ZERO, None)),
            preview: pending::Preview::default(),
            heads: Feed::default(),
            admitted: Feed::default(),
            ledger,
            pool,
            workers,
            options,
        });
        let blocks = driver::spawn(inner.clone())?;
        // From here on a failure stops the first thread.
        let running = Running { inner, threads: Mutex::new(vec![blocks]) };
        let upkeep = upkeep::spawn(running.inner.clone(), folder)?;
        running.threads.lock().push(upkeep);
        Ok(Self(Arc::new(running)))
    }

    fn inner(&self) -> &Inner {
        &self.0.inner
    }

    /// The chain itself.
    pub fn ledger(&self) -> &Ledger {
        &self.inner().ledger
    }

    /// The transactions that wait.
    pub fn pool(&self) -> &Pool {
        &self.inner().pool
    }

    /// The genesis the chain follows from.
    pub fn genesis(&self) -> &Genesis {
        self.ledger().genesis()
    }

    /// The rules it executes by.
    pub fn rules(&self) -> &Rules {
        self.ledger().rules()
    }

    /// Chain id of EIP-155.
    pub fn chain_id(&self) -> u64 {
        self.genesis().chain_id
    }

    /// Whether this is a development chain.
    pub fn is_dev(&self) -> bool {
        self.genesis().dev
    }

    /// Admits an encoded transaction (EIP-2718), and gives its hash.
    pub fn send_raw_transaction(&self, raw: &[u8]) -> Result<B256, PoolError> {
        self.admitted(self.inner().pool.add_raw(raw)?)
    }

    /// Admits a transaction, and gives its hash.
    pub fn send_transaction(&self, tx: Transaction) -> Result<B256, PoolError> {
        self.admitted(self.inner().pool.add(tx)?)
    }

    /// Admits a transaction of `sender` that nobody signed, and gives its hash. On development chains only.
    pub fn send_impersonated(&self, tx: UnsignedTx, sender: Address) -> Result<B256, PoolError> {
        self.admitted(self.inner().pool.add_impersonated(tx, sender)?)
    }

    fn admitted(&self, admitted: crate::pool::Admitted) -> Result<B256, PoolError> {
        if admitted.executable {
            self.inner().driver.wake();
        }
        self.inner().admitted.tell(&admitted.tx);
        Ok(admitted.tx.hash())
    }

    /// The nonce a sender's next transaction takes, with its executable waiting ones counted.
    pub fn pending_nonce(&self, sender: Address) -> Result<u64, ChainError> {
        if let Some(nonce) = self.inner().pool.pending_nonce(sender) {
            return Ok(nonce);
        }
        use limpid_state::StateRead;
        let account = self.inner().state_at(self.block_number())?.account(sender)?;
        Ok(account.map(|account| account.nonce).unwrap_or_default())
    }

    /// Calls `listener` whenever the head moves. It runs on the block loop's thread and must not wait.
    pub fn on_head(&self, listener: impl Fn(&HeadEvent) + Send + Sync + 'static) -> Subscription {
        self.inner().heads.subscribe(listener)
    }

    /// Calls `listener` for every transaction that is admitted, on the thread that sent it.
    pub fn on_transaction(&self, listener: impl Fn(&Arc<Recovered>) + Send + Sync + 'static) -> Subscription {
        self.inner().admitted.subscribe(listener)
    }

    /// Waits until a transaction is in a block, at most `timeout`.
    pub fn wait_for_receipt(&self, hash: B256, timeout: Duration) -> Result<Option<FoundReceipt>, ChainError> {
        let deadline = Instant::now().checked_add(timeout);
        let (height, moved) = &self.inner().progress;
        loop {
            let before = *height.lock();
            if let Some(found) = self.receipt(hash)? {
                return Ok(Some(found));
            }
            let mut now = height.lock();
            while *now == before {
                let timed_out = match deadline {
                    Some(deadline) => moved.wait_until(&mut now, deadline).timed_out(),
                    None => {
                        moved.wait(&mut now);
                        false
                    }
                };
                if timed_out {
                    return Ok(None);
                }
            }
        }
    }

    /// Why the node makes no more blocks, if it had to stop: a failing disk, a damaged directory.
    pub fn halted(&self) -> Option<String> {
        self.inner().driver.halted()
    }

    /// Whether it had to stop because the store failed, as on a full disk. Nothing that was acknowledged is lost: once
    /// the cause is gone the node goes on after a restart.
    pub fn store_failed(&self) -> bool {
        self.inner().driver.store_failed()
    }

    /// Recomputes the whole state from its rows and compares roots. Reads everything once.
    pub fn verify(&self) -> Result<Report, ChainError> {
        Ok(self.ledger().state().verify()?)
    }

    /// Stops making blocks and waits for the one that is being made. Handles can still be read from.
    pub fn stop(&self) {
        self.0.stop();
    }
}

impl Running {
    fn stop(&self) {
        self.inner.driver.stop();
        self.inner.hurry();
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != std::thread::current().id()) {
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Inner {
    /// The head moved to a committed block.
    fn head_moved(&self, event: &HeadEvent) {
        let head = event.head();
        {
            let mut recent = self.recent.lock();
            match event {
                HeadEvent::Block(block) => recent.push(block.clone()),
                HeadEvent::Rewound(block, _) => *recent = Recent::new(block.clone()),
            }
        }
        *self.progress.0.lock() = head.block.number();
        self.progress.1.notify_all();
        self.heads.tell(event);
    }
}
