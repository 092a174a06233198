//! Four validators, their network and their stores, in the simulator.

use crate::{
    scene::{self, START, Scene},
    watch::{Lie, Seen, Watched},
};
use alloy_primitives::{B256, keccak256};
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_cryptography::{Signer, ed25519};
use commonware_p2p::simulated::{self, Link, Network, Oracle};
use commonware_runtime::{
    Clock, Handle, Quota, Runner, Supervisor,
    deterministic::{self, Context},
};
use commonware_utils::{NZU32, NZUsize, TryCollect, ordered::Set, probability};
use limpid_chain::{Executor, Ledger, Pool, PoolLimits};
use limpid_cluster::{Channels, PoolTransactions, Timing, Validator, start};
use limpid_state::MemStore;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

pub(crate) const VALIDATORS: usize = 4;
const NAMESPACE: &[u8] = b"limpid-cluster-tests";
const STEP: Duration = Duration::from_millis(50);
/// Virtual time after which a run that does not get on fails.
const PATIENCE: Duration = Duration::from_secs(600);

type Key = ed25519::PublicKey;

/// What outlives a validator's process, and what the tests noted about it.
struct Host {
    key: ed25519::PrivateKey,
    store: Arc<MemStore>,
    seen: Arc<Mutex<Seen>>,
    lie: Lie,
    starts: usize,
    running: Option<Running>,
}

struct Running {
    task: Handle<()>,
    ledger: Arc<Ledger>,
    pool: Arc<Pool>,
}

/// The hosts' disks: everything that survives when all the power goes.
pub(crate) struct Disks {
    hosts: Vec<Host>,
    scene: Scene,
    fed: usize,
    timing: Timing,
}

impl Disks {
    pub(crate) fn new(rounds: usize, lies: [Lie; VALIDATORS]) -> Self {
        let mut keys: Vec<_> = (0..VALIDATORS as u64).map(ed25519::PrivateKey::from_seed).collect();
        keys.sort_by_key(Signer::public_key);
        let host = |(key, lie)| Host {
            key,
            store: Arc::new(MemStore::new()),
            seen: Arc::default(),
            lie,
            starts: 0,
            running: None,
        };
        Self {
            hosts: keys.into_iter().zip(lies).map(host).collect(),
            scene: Scene::new(rounds),
            fed: 0,
            timing: Timing::default(),
        }
    }

    /// What a validator did so far.
    pub(crate) fn seen<T>(&self, validator: usize, read: impl FnOnce(&Seen) -> T) -> T {
        read(&self.hosts[validator].seen.lock().unwrap())
    }
}

/// A cluster that runs.
pub(crate) struct World {
    pub(crate) context: Context,
    pub(crate) disks: Disks,
    oracle: Oracle<Key, Context>,
}

/// A simulator that starts at the scene's time.
pub(crate) fn runner(seed: u64) -> deterministic::Runner {
    let config = deterministic::Config::new()
        .with_seed(seed)
        .with_cycle(Duration::from_micros(500))
        .with_start_time(UNIX_EPOCH + Duration::from_secs(START));
    deterministic::Runner::new(config)
}

fn link() -> Link {
    Link { latency: Duration::from_millis(10), jitter: Duration::from_millis(3), success_rate: probability!(1.0) }
}

impl World {
    /// A network with a link between any two, and every validator started.
    pub(crate) async fn start(context: Context, disks: Disks) -> Self {
        let peers: Vec<_> = disks.hosts.iter().map(|host| host.key.public_key()).collect();
        let config = simulated::Config {
            max_size: 16 << 20,
            max_peers_per_set: NZUsize!(VALIDATORS),
            disconnect_on_block: true,
            tracked_peer_sets: NZUsize!(1),
        };
        let (network, oracle) = Network::new_with_peers(context.child("network"), config, peers).await;
        network.start();
        let mut world = Self { context, disks, oracle };
        for (from, to) in world.pairs(|_, _| true) {
            world.oracle.add_link(from, to, link()).await.unwrap();
        }
        for validator in 0..VALIDATORS {
            world.boot(validator).await;
        }
        world
    }

    fn pairs(&self, wanted: impl Fn(usize, usize) -> bool) -> Vec<(Key, Key)> {
        let key = |index: usize| self.disks.hosts[index].key.public_key();
        let all = (0..VALIDATORS).flat_map(|from| (0..VALIDATORS).map(move |to| (from, to)));
        all.filter(|(from, to)| from != to && wanted(*from, *to)).map(|(from, to)| (key(from), key(to))).collect()
    }

    /// Starts a validator on its store. Its pool is empty, as after any start; users send again.
    pub(crate) async fn boot(&mut self, validator: usize) {
        let peers: Set<Key> = self.disks.hosts.iter().map(|host| host.key.public_key()).try_collect().unwrap();
        let host = &mut self.disks.hosts[validator];
        assert!(host.running.is_none());
        let ledger = Arc::new(scene::ledger(host.store.clone()));
        let pool = Arc::new(Pool::new(ledger.tx_rules(), PoolLimits::default(), Arc::new(ledger.state().committed())));
        let me = host.key.public_key();
        let control = self.oracle.control(me.clone());
        let quota = Quota::per_second(NZU32!(10_000));
        let setup = Validator {
            scheme: Scheme::signer(NAMESPACE, peers, host.key.clone()).unwrap(),
            public_key: me,
            blocker: control.clone(),
            peers: self.oracle.manager(),
            genesis: scene::block_zero(),
            executor: Arc::new(Watched { ledger: ledger.clone(), seen: host.seen.clone(), lie: host.lie }),
            transactions: Arc::new(PoolTransactions::new(ledger.clone(), pool.clone())),
            partition: format!("validator-{validator}"),
            timing: self.disks.timing,
        };
        let channels = Channels {
            votes: control.register(0, quota).await.unwrap(),
            certificates: control.register(1, quota).await.unwrap(),
            resolver: control.register(2, quota).await.unwrap(),
            backfill: control.register(3, quota).await.unwrap(),
            broadcast: control.register(4, quota).await.unwrap(),
        };
        let context =
            self.context.child("validator").with_attribute("index", validator).with_attribute("start", host.starts);
        host.starts += 1;
        host.running = Some(Running { task: start(context, setup, channels), ledger, pool });
        self.send_again(validator);
    }

    /// Ends a validator without a word. What it had not committed is gone.
    pub(crate) async fn kill(&mut self, validator: usize) {
        let running = self.disks.hosts[validator].running.take().expect("it runs");
        running.task.abort();
        let _ = running.task.await;
        self.context.sleep(STEP).await;
        assert_eq!(Arc::strong_count(&running.ledger), 1, "nothing of the validator is left");
    }

    /// Whether nothing of a validator that was started is left: it ended by itself.
    pub(crate) fn is_over(&self, validator: usize) -> bool {
        let running = self.disks.hosts[validator].running.as_ref().expect("it was started");
        Arc::strong_count(&running.ledger) == 1
    }

    /// Its store works again, and nobody lies.
    pub(crate) fn repair(&mut self, validator: usize) {
        self.disks.hosts[validator].lie = Lie::None;
    }

    /// Cuts every link between `group` and the others.
    pub(crate) async fn cut(&self, group: &[usize]) {
        for (from, to) in self.pairs(|from, to| group.contains(&from) != group.contains(&to)) {
            self.oracle.remove_link(from, to).await.unwrap();
        }
    }

    pub(crate) async fn heal(&self, group: &[usize]) {
        for (from, to) in self.pairs(|from, to| group.contains(&from) != group.contains(&to)) {
            self.oracle.add_link(from, to, link()).await.unwrap();
        }
    }

    pub(crate) fn height(&self, validator: usize) -> u64 {
        self.disks.seen(validator, |seen| seen.committed.len() as u64)
    }

    /// Lets time pass until `done`, while users send a round for each height.
    pub(crate) async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let mut waited = Duration::ZERO;
        while !done(self) {
            assert!(waited < PATIENCE, "{what}: heights {:?}", [0, 1, 2, 3].map(|one| self.height(one)));
            self.feed();
            self.context.sleep(STEP).await;
            waited += STEP;
        }
    }

    /// Until each of these validators has committed `height`.
    pub(crate) async fn until_height(&mut self, validators: &[usize], height: u64) {
        self.until(&format!("height {height}"), |world| validators.iter().all(|one| world.height(*one) >= height))
            .await;
    }

    pub(crate) async fn pass(&mut self, time: Duration) {
        let end = self.context.current() + time;
        self.until("time", |world| world.context.current() >= end).await;
    }

    fn feed(&mut self) {
        let highest = (0..VALIDATORS).map(|one| self.height(one)).max().unwrap() as usize;
        while self.disks.fed <= highest && self.disks.fed < self.disks.scene.rounds.len() {
            self.disks.fed += 1;
            (0..VALIDATORS).for_each(|validator| self.send(validator, self.disks.fed - 1));
        }
    }

    fn send_again(&self, validator: usize) {
        (0..self.disks.fed).for_each(|round| self.send(validator, round));
    }

    fn send(&self, validator: usize, round: usize) {
        if let Some(running) = &self.disks.hosts[validator].running {
            // Refused is what is known or in the chain already.
            self.disks.scene.rounds[round].iter().for_each(|raw| drop(running.pool.add_raw(raw)));
        }
    }

    /// Ends the run and checks it: one chain, which a stranger executes to the same roots, with all that was sent up
    /// to some height in it. Gives a hash of the whole run: of every message, task and clock reading, and of the chain.
    pub(crate) async fn check(mut self) -> (Disks, Run) {
        let run = self.outcome();
        for validator in 0..VALIDATORS {
            if let Some(running) = &self.disks.hosts[validator].running {
                let report = running.ledger.state().verify().unwrap();
                assert_eq!(report.head.unwrap().root, running.ledger.head().block.header.state_root);
            }
            if self.disks.hosts[validator].running.is_some() {
                self.kill(validator).await;
            }
            let reopened = scene::ledger(self.disks.hosts[validator].store.clone());
            let head = reopened.head();
            let last = self.disks.seen(validator, |seen| seen.committed.last().cloned());
            assert_eq!(last.map(|last| last.block.hash), Some(head.block.hash), "the store's head");
        }
        (self.disks, run)
    }

    fn outcome(&self) -> Run {
        let chains: Vec<Vec<_>> =
            (0..VALIDATORS).map(|one| self.disks.seen(one, |seen| seen.committed.clone())).collect();
        let longest = chains.iter().max_by_key(|chain| chain.len()).unwrap();
        for (validator, chain) in chains.iter().enumerate() {
            for (ours, theirs) in chain.iter().zip(longest) {
                assert_eq!(ours, theirs, "validator {validator} at height {}", ours.block.number());
            }
        }
        let stranger = scene::ledger(Arc::new(MemStore::new()));
        for block in longest {
            let executed = stranger.execute(&block.block.unseal()).unwrap();
            assert_eq!(executed.block, *block);
            stranger.commit(executed.hash()).unwrap();
        }
        let (mut swaps, mut transfers) = (0, 0);
        for (tx, receipt) in longest.iter().flat_map(|block| block.block.transactions.iter().zip(&block.receipts)) {
            assert!(receipt.success, "every transaction of the scene succeeds");
            let swap = tx.kind().to() == Some(&self.disks.scene.router) && tx.sender() != scene::maker();
            swaps += usize::from(swap);
            transfers += usize::from(tx.input().is_empty());
        }
        let roots = longest.iter().map(|block| block.block.header.state_root).collect();
        let heads = longest.last().unwrap().block.hash;
        let hash = keccak256([self.context.auditor().state().as_bytes(), heads.as_slice()].concat());
        Run { hash, roots, swaps, transfers }
    }
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) hash: B256,
    /// State roots from height 1.
    pub(crate) roots: Vec<B256>,
    pub(crate) swaps: usize,
    pub(crate) transfers: usize,
}

/// Runs a cluster through `script`, and checks it.
pub(crate) fn run<F>(seed: u64, rounds: usize, lies: [Lie; VALIDATORS], script: F) -> (Disks, Run)
where
    F: AsyncFnOnce(&mut World),
{
    run_with(Timing::default(), seed, rounds, lies, script)
}

/// As [`run`], with another pace.
pub(crate) fn run_with<F>(timing: Timing, seed: u64, rounds: usize, lies: [Lie; VALIDATORS], script: F) -> (Disks, Run)
where
    F: AsyncFnOnce(&mut World),
{
    runner(seed).start(|context| async move {
        let mut world = World::start(context, Disks { timing, ..Disks::new(rounds, lies) }).await;
        script(&mut world).await;
        world.check().await
    })
}

pub(crate) const HONEST: [Lie; VALIDATORS] = [Lie::None; VALIDATORS];
