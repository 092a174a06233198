//! How a node runs, besides the chain's rules.

use crate::{logs::LogLimits, operator::Operator, pool::PoolLimits};
use limpid_state::StoreKind;
use std::{num::NonZeroU64, time::Duration};

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mining {
    /// As soon as a transaction waits; no idle blocks. For development.
    Auto,
    /// As soon as there is work, but not more often than `busy`; an idle block after `idle`.
    Steady {
        /// Least time between blocks.
        busy: Duration,
        /// Most time between blocks.
        idle: Duration,
    },
    /// One block every so often, empty or not.
    Interval(Duration),
    /// Only when asked.
    Manual,
}

impl Mining {
    /// What DESIGN D14 says for a chain that is not for development.
    pub const STEADY: Self = Self::Steady { busy: Duration::from_millis(250), idle: Duration::from_secs(5) };
}

/// How a node runs.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// When blocks are made.
    pub mining: Mining,
    /// What the pool keeps.
    pub pool: PoolLimits,
    /// What a search for logs may cost.
    pub logs: LogLimits,
    /// Most gas of a call, estimate or trace.
    pub call_gas: u64,
    /// Most time of a call, estimate or trace.
    pub call_timeout: Duration,
    /// Threads for calls.
    pub call_threads: usize,
    /// The storage engine of a new data directory; an existing one is refused if it has another. Without: fjall, or
    /// whatever the directory has.
    pub store: Option<StoreKind>,
    /// Memory for the state, in bytes, the storage engine's part ([`limpid_state::Options::engine_share`]) included.
    pub state_cache: u64,
    /// Heights whose values are kept, the head's counted; without, all of them.
    pub history: Option<NonZeroU64>,
    /// Keep the explorer's rows ([`crate::explorer`]).
    pub explorer: bool,
    /// Who signs headers. A development chain has a key of its own; any other chain signs only with one.
    pub operator: Option<Operator>,
}

impl NodeOptions {
    /// How the state below uses its memory.
    pub(crate) fn state(&self) -> limpid_state::Options {
        let engine = limpid_state::Options::engine_share(self.state_cache);
        limpid_state::Options::with_cache(self.state_cache.saturating_sub(engine))
    }

    /// For a development chain: a block as soon as a transaction waits.
    pub fn dev() -> Self {
        Self { mining: Mining::Auto, ..Self::steady() }
    }

    /// For a chain that lasts.
    pub fn steady() -> Self {
        Self {
            mining: Mining::STEADY,
            pool: PoolLimits::default(),
            logs: LogLimits::default(),
            call_gas: 50_000_000,
            call_timeout: Duration::from_secs(5),
            call_threads: std::thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 16)),
            store: None,
            state_cache: limpid_state::Options::CACHE,
            history: None,
            explorer: true,
            operator: None,
        }
    }
}
