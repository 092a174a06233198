//! A validator, wired together: consensus, the archive of agreed blocks, and the chain.

use crate::{
    application::Chain,
    block::{AgreedBlock, Digest},
    execution::Execution,
    finality::{Finality, commit_all},
    transactions::Transactions,
};
use commonware_broadcast::buffered;
use commonware_consensus::{
    marshal::{self, core::Actor, resolver::p2p as backfill, standard::Inline, standard::Standard},
    simplex::{
        self,
        config::{Floor, ForwardPolicy, SkipBudget, SkipPolicy},
        elector::RoundRobin,
        scheme::ed25519::Scheme,
    },
    types::{Epoch, FixedEpocher, ViewDelta},
};
use commonware_cryptography::{
    Digestible, Sha256,
    certificate::{ConstantProvider, Verifier},
    ed25519::PublicKey,
};
use commonware_p2p::{Blocker, Provider, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::{Clock, Handle, Metrics, Spawner, Storage, buffer::paged::CacheRef};
use commonware_storage::{archive::prunable, translator::EightCap};
use commonware_utils::{NZDuration, NZU16, NZU64, NZUsize};
use limpid_chain::{Block, Executor};
use rand_core::CryptoRng;
use std::{
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

/// Messages that wait for one part of a validator.
const MAILBOX: NonZeroUsize = NZUsize!(1_024);
/// Bytes that are read or written at once.
const BUFFER: NonZeroUsize = NZUsize!(1 << 16);
/// Blocks in a section of an archive.
const SECTION: NonZeroU64 = NZU64!(1_024);
/// Final blocks that are handed over before the first of them is committed.
const MAX_UNCOMMITTED: NonZeroUsize = NZUsize!(8);
/// Blocks of each peer that are kept in memory before they are agreed on.
const BROADCAST_DEPTH: usize = 16;
/// Views whose messages are kept.
const VIEWS_KEPT: ViewDelta = ViewDelta::new(128);
/// Missing blocks that are asked for at once.
const MAX_REPAIR: NonZeroUsize = NZUsize!(64);
/// A peer that does not answer a request for this long is not waited for.
const FETCH_TIMEOUT: Duration = Duration::from_secs(1);
/// Before a failed request is repeated.
const FETCH_RETRY: Duration = Duration::from_millis(50);

/// How long a validator waits.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// A leader, before it builds.
    pub pace: Duration,
    /// For a leader's proposal.
    pub leader: Duration,
    /// From a proposal to its certificate.
    pub certification: Duration,
}

impl Default for Timing {
    /// A block each quarter of a second, and views that end within a few.
    fn default() -> Self {
        Self { pace: Duration::from_millis(250), leader: Duration::from_secs(1), certification: Duration::from_secs(2) }
    }
}

/// One channel of the network.
pub type Channel<S, R> = (S, R);

/// The channels between validators.
pub struct Channels<S, R> {
    /// Votes.
    pub votes: Channel<S, R>,
    /// Certificates made of votes.
    pub certificates: Channel<S, R>,
    /// Requests for certificates.
    pub resolver: Channel<S, R>,
    /// Requests for blocks.
    pub backfill: Channel<S, R>,
    /// Proposed blocks.
    pub broadcast: Channel<S, R>,
}

/// What a validator is made of.
pub struct Validator<B, P> {
    /// Its key and the set of validators.
    pub scheme: Scheme,
    /// Its public key.
    pub public_key: PublicKey,
    /// Who shuts misbehaving peers out.
    pub blocker: B,
    /// Who the peers are.
    pub peers: P,
    /// Block 0.
    pub genesis: Block,
    /// Its chain.
    pub executor: Arc<dyn Executor>,
    /// What it proposes.
    pub transactions: Arc<dyn Transactions>,
    /// Begins the names of what it stores; the same after a restart.
    pub partition: String,
    /// How long it waits.
    pub timing: Timing,
}

/// Starts a validator. Everything it does ends when the task that this gives ends or is aborted.
pub fn start<E, B, P, S, R>(context: E, validator: Validator<B, P>, channels: Channels<S, R>) -> Handle<()>
where
    E: Clock + CryptoRng + Spawner + Storage + Metrics,
    B: Blocker<PublicKey = PublicKey>,
    P: Provider<PublicKey = PublicKey>,
    S: Sender<PublicKey = PublicKey>,
    R: Receiver<PublicKey = PublicKey>,
{
    context.spawn(move |context| async move { run(context, validator, channels).await })
}

type Archive<E, V> = prunable::Archive<EightCap, E, Digest, V>;
type Certificate = simplex::types::Finalization<Scheme, Digest>;
type Agreeing<E> = Inline<E, Scheme, Chain, AgreedBlock, FixedEpocher>;
type EngineConfig<E, B> =
    simplex::Config<Scheme, RoundRobin<Sha256>, B, Digest, Agreeing<E>, Agreeing<E>, Agreeing<E>, Sequential>;

async fn run<E, B, P, S, R>(context: E, validator: Validator<B, P>, channels: Channels<S, R>)
where
    E: Clock + CryptoRng + Spawner + Storage + Metrics,
    B: Blocker<PublicKey = PublicKey>,
    P: Provider<PublicKey = PublicKey>,
    S: Sender<PublicKey = PublicKey>,
    R: Receiver<PublicKey = PublicKey>,
{
    let pages = CacheRef::new(NZU16!(4_084), NZUsize!(1_024));
    let genesis = AgreedBlock::new(validator.genesis.clone()).digested();
    let execution = Execution::new(validator.executor.clone());
    let epochs = FixedEpocher::new(NZU64!(u64::MAX));

    let certificates =
        archive_config(&validator.partition, "certificates", validator.scheme.certificate_codec_config(), &pages);
    let Ok(certificates): Result<Archive<E, Certificate>, _> =
        prunable::Archive::init(context.child("certificates"), certificates).await
    else {
        return tracing::error!("this validator stops: its certificates cannot be read");
    };
    let blocks = archive_config(&validator.partition, "blocks", (), &pages);
    let Ok(blocks): Result<Archive<E, Arc<AgreedBlock>>, _> =
        prunable::Archive::init(context.child("blocks"), blocks).await
    else {
        return tracing::error!("this validator stops: its agreed blocks cannot be read");
    };
    let (marshal, mailbox, _) = Actor::<_, Standard<AgreedBlock>, _, _, _, _, _>::init(
        context.child("marshal"),
        certificates,
        blocks,
        marshal::Config {
            provider: ConstantProvider::<Scheme, Epoch>::new(validator.scheme.clone()),
            epocher: epochs.clone(),
            start: marshal::Start::Genesis(genesis.clone()),
            partition_prefix: validator.partition.clone(),
            mailbox_size: MAILBOX,
            view_retention: VIEWS_KEPT,
            prunable_items_per_section: SECTION,
            page_cache: pages.clone(),
            replay_buffer: BUFFER,
            key_write_buffer: BUFFER,
            value_write_buffer: BUFFER,
            block_codec_config: (),
            max_repair: MAX_REPAIR,
            max_pending_acks: MAX_UNCOMMITTED,
            strategy: Sequential,
        },
    )
    .await;

    let (broadcast, buffer) = buffered::Engine::new(context.child("broadcast"), broadcast_config(&validator));
    broadcast.start(channels.broadcast);
    let requests = backfill::init(context.child("backfill"), backfill_config(&validator), channels.backfill);
    let (finality, finals) = Finality::new();
    let transactions = validator.transactions.clone();
    let committing = execution.clone();
    let committer =
        context.child("commit").spawn(move |_| async move { commit_all(finals, committing, transactions).await });
    marshal.start(finality, buffer, requests);

    let chain = Chain { execution, transactions: validator.transactions.clone(), pace: validator.timing.pace };
    let inline = Inline::new(context.child("chain"), chain, mailbox, epochs);
    let config = engine_config(validator, inline, genesis.digest(), pages);
    let engine = simplex::Engine::new(context.child("simplex"), config);
    let engine = engine.start(channels.votes, channels.certificates, channels.resolver);
    // Whichever ends first ends the validator: nobody votes who cannot commit.
    futures::future::select(engine, committer).await;
}

fn archive_config<C>(partition: &str, what: &str, codec: C, pages: &CacheRef) -> prunable::Config<EightCap, C> {
    prunable::Config {
        translator: EightCap,
        metadata_partition: format!("{partition}-{what}-metadata"),
        key_partition: format!("{partition}-{what}-keys"),
        key_page_cache: pages.clone(),
        value_partition: format!("{partition}-{what}-values"),
        compression: None,
        codec_config: codec,
        items_per_section: SECTION,
        key_write_buffer: BUFFER,
        value_write_buffer: BUFFER,
        replay_buffer: BUFFER,
    }
}

fn broadcast_config<B, P>(validator: &Validator<B, P>) -> buffered::Config<PublicKey, (), P, Sequential>
where
    P: Provider<PublicKey = PublicKey>,
{
    buffered::Config {
        public_key: validator.public_key.clone(),
        mailbox_size: MAILBOX,
        deque_size: BROADCAST_DEPTH,
        priority: false,
        codec_config: (),
        peer_provider: validator.peers.clone(),
        strategy: Sequential,
    }
}

fn backfill_config<B, P>(validator: &Validator<B, P>) -> backfill::Config<PublicKey, P, B>
where
    B: Blocker<PublicKey = PublicKey>,
    P: Provider<PublicKey = PublicKey>,
{
    backfill::Config {
        public_key: validator.public_key.clone(),
        peer_provider: validator.peers.clone(),
        blocker: validator.blocker.clone(),
        mailbox_size: MAILBOX,
        fetch_timeout: NZDuration!(FETCH_TIMEOUT),
        fetch_retry_delay: FETCH_RETRY,
        priority_requests: false,
        priority_responses: false,
    }
}

fn engine_config<E, B, P>(
    validator: Validator<B, P>,
    inline: Agreeing<E>,
    genesis: Digest,
    pages: CacheRef,
) -> EngineConfig<E, B>
where
    E: Clock + Spawner + Metrics,
    B: Blocker<PublicKey = PublicKey>,
{
    let Timing { leader, certification, .. } = validator.timing;
    simplex::Config {
        scheme: validator.scheme,
        elector: RoundRobin::<Sha256>::default(),
        blocker: validator.blocker,
        automaton: inline.clone(),
        relay: inline.clone(),
        reporter: inline,
        strategy: Sequential,
        partition: format!("{}-votes", validator.partition),
        mailbox_size: MAILBOX,
        epoch: Epoch::zero(),
        floor: Floor::Genesis(genesis),
        replay_buffer: BUFFER,
        write_buffer: BUFFER,
        page_cache: pages,
        leader_timeout: leader,
        certification_timeout: certification,
        timeout_retry: certification,
        view_retention: VIEWS_KEPT,
        // A validator that was silent for so long is not waited for when it leads.
        skip: SkipPolicy::Enabled { timeout: leader.saturating_mul(10), budget: SkipBudget::Participants },
        fetch_timeout: NZDuration!(FETCH_TIMEOUT),
        fetch_retry_delay: FETCH_RETRY,
        forward: ForwardPolicy::SilentLeader,
        track_historical_votes: false,
    }
}
