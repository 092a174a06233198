//! `limpid node --follow URL`: the blocks that another node makes, every one executed here.
use super::NodeArgs;
use crate::{
    error::{CliError, Result, told},
    output,
};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::{Bytes, Signature};
use alloy_rlp::Decodable as _;
use limpid_chain::{Block, Genesis, Node, Subscription, node::FollowError};
use limpid_client::{BlockTag, Client, ClientError, api::RawBlock};
use serde_json::json;
use std::{fs, path::PathBuf, time::Duration};
use tokio::{sync::mpsc, time::sleep};

/// Blocks asked for at once.
const PAGE: u32 = 64;
/// How often a follower that has all blocks looks for the next one.
const POLL: Duration = Duration::from_millis(250);
/// Empty looks after which it makes sure that the source is still on the same chain.
const CHECK_EVERY: u32 = 40;
/// Longest wait for a source that does not answer.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Transactions that wait to be handed on.
const WAITING: usize = 4_096;

/// The genesis that a source says it follows from. Whoever does not trust it passes --genesis.
pub fn genesis_of(url: &str) -> Result<Genesis> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let value = runtime.block_on(async { Client::new(url)?.genesis().await })?;
    serde_json::from_value(value).map_err(|error| CliError::Told(format!("the genesis that {url} gives: {error}")))
}

/// A node that takes its blocks from another.
pub struct Follower {
    node: Node,
    source: Client,
    evidence: PathBuf,
    handed_on: mpsc::Receiver<Bytes>,
    /// Hands on as long as it lives.
    _transactions: Subscription,
}

impl Follower {
    /// Checks that the source follows from the same genesis, if it answers; then nothing is done yet.
    pub async fn new(node: &Node, args: &NodeArgs, url: &str) -> Result<Self> {
        let source = Client::new(url)?;
        let own = node.block_at(0).map_err(|error| CliError::Told(error.to_string()))?.map(|block| block.block.hash);
        match source.block(BlockTag::Number(0)).await {
            Ok(theirs) if theirs.as_ref().map(|block| block.hash) != own => {
                return told(format!(
                    "{url} follows from another genesis than the chain in {}: name another --datadir, or another node",
                    args.datadir.display()
                ));
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the node to follow does not answer yet"),
        }
        // Transactions sent here are put into blocks there.
        let (hand_on, handed_on) = mpsc::channel(WAITING);
        let transactions = node.on_transaction(move |tx| {
            if hand_on.try_send(tx.encoded_2718().into()).is_err() {
                tracing::warn!(hash = %tx.hash(), "a transaction is not handed on: too many wait");
            }
        });
        let evidence = args.datadir.join("evidence");
        Ok(Self { node: node.clone(), source, evidence, handed_on, _transactions: transactions })
    }

    /// Follows until a block is refused, for ever otherwise.
    pub async fn run(mut self) {
        let mut wait = POLL;
        let mut empty = 0;
        loop {
            tokio::select! {
                biased;
                Some(raw) = self.handed_on.recv() => {
                    if let Err(error) = self.source.send_encoded(&raw).await {
                        tracing::warn!(%error, "a transaction was not taken by the node that is followed");
                    }
                    continue;
                }
                () = sleep(if empty == 0 { Duration::ZERO } else { wait }) => {}
            }
            match self.step(empty >= CHECK_EVERY).await {
                Ok(Step::Taken) => (wait, empty) = (POLL, 0),
                Ok(Step::Nothing) => (wait, empty) = (POLL, if empty >= CHECK_EVERY { 1 } else { empty + 1 }),
                Ok(Step::Refused) => break,
                Err(error) => {
                    if wait == POLL {
                        tracing::warn!(%error, "cannot get blocks; trying again");
                    }
                    (wait, empty) = ((wait * 2).min(LONGEST_WAIT), empty.max(1));
                }
            }
        }
        // What is served stays what was checked; nothing is taken over any more.
        std::future::pending::<()>().await;
    }

    async fn step(&self, check: bool) -> std::result::Result<Step, ClientError> {
        let head = self.node.head();
        let (height, hash) = (head.block.number(), head.block.hash);
        let blocks = self.source.raw_blocks(height + 1, PAGE).await?;
        if blocks.is_empty() {
            if check
                && let Some(theirs) = self.source.block(BlockTag::Number(height)).await?
                && theirs.hash != hash
            {
                let given = self.source.raw_blocks(height, 1).await?;
                self.refuse(height, given.first(), &format!("it has block {} where this node has {hash}", theirs.hash));
                return Ok(Step::Refused);
            }
            return Ok(Step::Nothing);
        }
        for given in blocks {
            let expected = self.node.block_number() + 1;
            let Some((block, signature)) = decode(&given) else {
                self.refuse(expected, Some(&given), "it is no block");
                return Ok(Step::Refused);
            };
            let node = self.node.clone();
            let taken = tokio::task::spawn_blocking(move || node.follow(block, signature)).await;
            match taken {
                Ok(Ok(block)) => tracing::info!(height = block.block.number(), hash = %block.block.hash, "block"),
                Ok(Err(error)) if error.is_evidence() => {
                    self.refuse_block(expected, &given, &error).await?;
                    return Ok(Step::Refused);
                }
                Ok(Err(error)) => {
                    self.node.halt(&error.to_string());
                    return Ok(Step::Refused);
                }
                Err(error) => {
                    self.node.halt(&format!("executing block {expected} panicked: {error}"));
                    return Ok(Step::Refused);
                }
            }
        }
        Ok(Step::Taken)
    }

    /// A block that does not build on ours comes from a source with another block at our height: that one, signed, is
    /// the better evidence.
    async fn refuse_block(
        &self,
        height: u64,
        given: &RawBlock,
        error: &FollowError,
    ) -> std::result::Result<(), ClientError> {
        self.refuse(height, Some(given), &error.to_string());
        let below = height.saturating_sub(1);
        if let Some(theirs) = self.source.raw_blocks(below, 1).await?.first()
            && let Some((block, _)) = decode(theirs)
            && block.header.hash_slow() != self.node.head().block.hash
        {
            self.keep(below, theirs, "it is another block than this node's at its height");
        }
        Ok(())
    }

    fn refuse(&self, height: u64, given: Option<&RawBlock>, reason: &str) {
        let url = self.source.url();
        let kept = given.and_then(|given| self.keep(height, given, reason));
        let kept = kept.map_or_else(String::new, |file| format!("; the evidence is in {}", file.display()));
        let reason = format!("block {height} of {url} was refused: {reason}{kept}");
        output::tell(&format!("Error: {reason}\nThis node serves what it has checked, and takes nothing more.\n"));
        self.node.halt(&reason);
    }

    /// Writes down what a stranger needs to see who gave what: the block as it came, its signature, and ours.
    fn keep(&self, height: u64, given: &RawBlock, reason: &str) -> Option<PathBuf> {
        let decoded = decode(given);
        let hash = decoded.as_ref().map(|(block, _)| block.header.hash_slow());
        let signer = decoded.as_ref().and_then(|(block, signature)| {
            limpid_chain::header_signer(self.node.chain_id(), block.header.hash_slow(), signature.as_ref()?)
        });
        let own = self.node.block_at(height).ok().flatten().map(|block| {
            let hash = block.block.hash;
            let signature = self.node.signature(hash).ok().flatten().map(|one| Bytes::from(one.as_bytes()));
            json!({ "hash": hash, "block": Bytes::from(alloy_rlp::encode(block.block.unseal())), "signature": signature })
        });
        let value = json!({
            "reason": reason, "source": self.source.url(), "chainId": self.node.chain_id(), "height": height,
            "operator": self.node.genesis().operator, "own": own,
            "refused": { "hash": hash, "block": given.block, "signature": given.signature, "signer": signer },
        });
        let name = hash.map_or_else(|| "unreadable".to_owned(), |hash| hash.to_string());
        let file = self.evidence.join(format!("{height}-{name}.json"));
        let text = serde_json::to_string_pretty(&value).unwrap_or_default() + "\n";
        match fs::create_dir_all(&self.evidence).and_then(|()| fs::write(&file, text)) {
            Ok(()) => Some(file),
            Err(error) => {
                tracing::error!(%error, file = %file.display(), "the evidence could not be written");
                None
            }
        }
    }
}

enum Step {
    Taken,
    Nothing,
    Refused,
}

fn decode(given: &RawBlock) -> Option<(Block, Option<Signature>)> {
    let mut bytes = given.block.as_ref();
    let block = Block::decode(&mut bytes).ok().filter(|_| bytes.is_empty())?;
    let signature = match &given.signature {
        Some(raw) => Some(Signature::from_raw(raw).ok()?),
        None => None,
    };
    Some((block, signature))
}
