//! A development chain as bytes, and back: its blocks and what its user wrote before each. Loading executes them again,
//! so that what comes out is the same chain or nothing.

use super::{HeadEvent, Inner, Node};
use crate::{
    block::Block,
    edit,
    error::{ChainError, damaged},
    ledger::Executor,
    rows,
};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::{Decodable, RlpDecodable, RlpEncodable};
use limpid_state::StateDiff;
use std::sync::Arc;

/// Says what the bytes are, and by which layout.
const FORMAT: u64 = 0x6c_696d_7001;

#[derive(RlpEncodable, RlpDecodable)]
struct Dump {
    format: u64,
    chain_id: u64,
    genesis: B256,
    steps: Vec<Step>,
    /// Edits over the head.
    edits: Bytes,
}

/// A block, and the edits that it took up.
#[derive(RlpEncodable, RlpDecodable)]
struct Step {
    edits: Bytes,
    block: Block,
}

fn refuse(why: impl Into<String>) -> ChainError {
    ChainError::Dump(why.into())
}

impl Node {
    /// The whole chain, at most `most` bytes. Development chains only.
    pub fn dump(&self, most: usize) -> Result<Vec<u8>, ChainError> {
        if !self.is_dev() {
            return Err(ChainError::NotDev);
        }
        self.inner().driver.request(move |inner| inner.dump(most))
    }

    /// Takes over the chain in a dump; what this chain has beside it is gone. Its blocks are executed one by one: if one
    /// fails, the chain is again what it was.
    pub fn load(&self, dump: &[u8]) -> Result<(), ChainError> {
        if !self.is_dev() {
            return Err(ChainError::NotDev);
        }
        let dump = Dump::decode(&mut &*dump)
            .ok()
            .filter(|dump| dump.format == FORMAT)
            .ok_or_else(|| refuse("this is no dump of this program: make one with anvil_dumpState"))?;
        // A chain's first block does not say its id.
        let genesis = self.header(0.into())?.map(|(hash, _)| hash);
        if genesis != Some(dump.genesis) || self.chain_id() != dump.chain_id {
            return Err(refuse(format!(
                "the dump is of another chain, with id {}: start the node with that id and its genesis",
                dump.chain_id
            )));
        }
        self.inner().driver.request(move |inner| inner.load(dump))
    }
}

/// A block and the edits before it, as a chain is made of them.
struct Link {
    edits: StateDiff,
    block: Block,
}

fn edits_in(bytes: &Bytes) -> Result<StateDiff, ChainError> {
    if bytes.is_empty() {
        return Ok(StateDiff::default());
    }
    edit::decode(bytes).map_err(|error| refuse(format!("a damaged dump: edits that cannot be read: {error}")))
}

impl Inner {
    fn dump(&self, most: usize) -> Result<Vec<u8>, ChainError> {
        let head = self.ledger.head().block.number();
        let (genesis, _) = rows::header(self.ledger.store.as_ref(), 0)?.ok_or_else(|| damaged("header"))?;
        let edits = encode(&self.ledger.edits_over(head));
        let (mut steps, mut size) = (Vec::new(), edits.len());
        for height in 0..=head {
            if height > 0 {
                let Link { edits, block } = self.link(height)?;
                let step = Step { edits: encode(&edits), block };
                size = size.saturating_add(alloy_rlp::Encodable::length(&step));
                steps.push(step);
            }
            if size > most {
                return Err(refuse(format!(
                    "the chain takes more than {} MiB, which no request carries: copy its data directory, or use `limpid \
                     db backup`",
                    most >> 20
                )));
            }
        }
        Ok(alloy_rlp::encode(Dump { format: FORMAT, chain_id: self.ledger.genesis().chain_id, genesis, steps, edits }))
    }

    fn link(&self, height: u64) -> Result<Link, ChainError> {
        let block = self.block_at(height)?.ok_or_else(|| damaged("block"))?;
        Ok(Link { edits: self.ledger.edits_of(height)?, block: block.block.unseal() })
    }

    fn load(&self, dump: Dump) -> Result<(), ChainError> {
        let head = self.ledger.head().block.number();
        let mut shared = 0u64;
        for step in &dump.steps {
            let next = shared.saturating_add(1);
            let own = rows::block_hash(self.ledger.store.as_ref(), next)?;
            if next > head || own != Some(step.block.header.hash_slow()) {
                break;
            }
            shared = next;
        }
        // Everything that can be read is read before anything is given up.
        let given = dump.steps.into_iter().skip(usize::try_from(shared).unwrap_or(usize::MAX));
        let given = given.map(|Step { edits, block }| Ok(Link { edits: edits_in(&edits)?, block }));
        let given = given.collect::<Result<Vec<_>, ChainError>>()?;
        let given_edits = edits_in(&dump.edits)?;
        let own = (shared.saturating_add(1)..=head).map(|height| self.link(height)).collect::<Result<Vec<_>, _>>()?;
        let own_edits = StateDiff::clone(&self.ledger.edits_over(head));
        let loaded = self.replace(shared, given, given_edits);
        if loaded.is_err() && !self.driver.stopping() {
            self.replace(shared, own, own_edits)?;
        }
        loaded
    }

    /// Makes `links` and the edits over them what follows block `height`.
    fn replace(&self, height: u64, links: Vec<Link>, edits: StateDiff) -> Result<(), ChainError> {
        let head = self.ledger.head().block.number();
        if height < head || !self.ledger.edits_over(head).is_empty() {
            let gone = self.ledger.rewind(height)?;
            self.head_moved(&HeadEvent::Rewound(self.ledger.head(), gone.into()));
        }
        for Link { edits, block } in links {
            if self.driver.stopping() {
                return Err(ChainError::Stopping);
            }
            self.over(edits)?;
            let executed = self.ledger.execute(&block).map_err(|error| refuse(format!("cannot load: {error}")))?;
            self.ledger.commit(executed.hash())?;
            self.head_moved(&HeadEvent::Block(executed.block.clone()));
        }
        self.over(edits)?;
        let state = Arc::new(self.state_at(self.ledger.head().block.number())?);
        self.pool.reset(state).map_err(|error| ChainError::Execution(error.to_string()))?;
        self.driver.wake();
        Ok(())
    }

    /// Puts edits over the head.
    fn over(&self, edits: StateDiff) -> Result<(), ChainError> {
        let state = self.state_at(self.ledger.head().block.number())?;
        match edit::without_code(&edits, &state)? {
            Some(address) => Err(refuse(format!("a damaged dump: the code of {address} is missing"))),
            None if edits.is_empty() => Ok(()),
            None => self.ledger.edit(edits),
        }
    }
}

fn encode(edits: &StateDiff) -> Bytes {
    if edits.is_empty() { Bytes::new() } else { edit::encode(edits).into() }
}
