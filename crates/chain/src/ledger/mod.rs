//! The chain: blocks are built or checked over any known parent, then committed in order.
//!
//! Pending blocks are kept in a tree over the committed head, because a validator must check block N+1 before N is
//! final. A commit is one batch with everything that follows from the block; forks that lost are dropped.

mod ancestry;
mod commit;
mod execute;
pub mod verify;

pub use self::commit::stored_genesis;
mod foreign;
mod simulate;

pub use self::foreign::BlockPlan;
pub use self::simulate::{SimulateError, SimulatedBlock, SimulatedCall, VirtualBlock, VirtualCall, VirtualOptions};

pub(crate) use self::commit::{genesis_row, put_genesis};

use self::ancestry::Ancestry;
use crate::{
    block::{Block, BlockWithReceipts, SealedBlock},
    error::{ChainError, damaged},
    genesis::Genesis,
    operator::Operator,
    pool::{TxRules, TxSource},
    rows,
    source::{StateSource, state_diff},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, map::B256Map};
use alloy_sol_types::SolCall;
use limpid_abi::IQueue;
use limpid_evm::{
    BlockContext, Rules, TxEnv, ValueMove,
    genesis::{Alloc, state as genesis_state},
    simulate::{Options, Overrides, Simulator},
};
use limpid_state::{Base, MemStore, Pending, StateDb, StateDiff, Store};
use parking_lot::{Mutex, RwLock};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

/// Gas of a view that the chain calls itself.
const VIEW_GAS: u64 = 1_000_000;

/// A block that was executed here.
pub struct Executed {
    /// The block and its receipts.
    pub block: Arc<BlockWithReceipts>,
    /// The coin each transaction moved inside, deeper than its own value.
    pub moves: Vec<Vec<ValueMove>>,
    /// The state after it.
    pub state: Pending,
    /// What a development chain's user wrote before it; otherwise nothing.
    pub edits: Arc<StateDiff>,
    /// What a foreign block asks of the beacon chain (EIP-7685).
    pub requests: Vec<Bytes>,
}

impl Executed {
    /// The block's hash.
    pub fn hash(&self) -> B256 {
        self.block.block.hash
    }

    /// The block's height.
    pub fn number(&self) -> u64 {
        self.block.block.number()
    }

    /// The hash of the block that it builds on.
    pub fn parent_hash(&self) -> B256 {
        self.block.block.header.parent_hash
    }

    /// What it changed.
    pub fn diff(&self) -> &StateDiff {
        self.state.diff()
    }
}

/// The seam between the chain and whoever decides on blocks: the loop of a single node, or consensus.
///
/// Blocks that are built or executed and not committed are kept, but not for ever: a fork's are dropped when another
/// block is committed at its root, and the oldest when there are too many. Whoever still has such a block can have it
/// executed again.
///
/// Every call may execute transactions, and so needs a thread with [`STACK`](crate::STACK).
pub trait Executor: Send + Sync {
    /// Builds a block over `parent` from `txs`.
    fn build(&self, parent: B256, timestamp: u64, txs: &mut dyn TxSource) -> Result<Arc<Executed>, ChainError>;

    /// Executes a block that somebody else built, and checks every field of its header. A block that is committed is
    /// not executed again: [`ChainError::AlreadyCommitted`].
    fn execute(&self, block: &Block) -> Result<Arc<Executed>, ChainError>;

    /// Makes a built or executed block the head, durably. Committing a committed block again changes nothing. After
    /// [`ChainError::Torn`], or a failure of the store, nothing is committed any more: the process must be restarted.
    fn commit(&self, hash: B256) -> Result<(), ChainError>;

    /// The committed head.
    fn head(&self) -> Arc<BlockWithReceipts>;
}

/// The chain over a store.
pub struct Ledger {
    pub(crate) genesis: Genesis,
    pub(crate) rules: Rules,
    pub(crate) state: StateDb,
    pub(crate) store: Arc<dyn Store>,
    operator: Option<Operator>,
    import: Option<rows::Import>,
    /// Whether the explorer's rows are kept.
    explorer: AtomicBool,
    pub(crate) pending: Arc<RwLock<B256Map<Arc<Executed>>>>,
    head: RwLock<Arc<BlockWithReceipts>>,
    /// What the block over the one at this height will take up, on development chains.
    edits: RwLock<(u64, Arc<StateDiff>)>,
    /// Held while the head moves.
    moving: Mutex<()>,
    /// Set before rows of another head are written, and cleared when memory says the same as they do.
    torn: AtomicBool,
}

/// The execution rules that a genesis asks for: Osaka, with the native contracts or without any.
pub fn rules_of(genesis: &Genesis) -> Rules {
    let mut rules = Rules::standard(genesis.chain_id);
    if !genesis.natives {
        rules.registry = Arc::new(limpid_evm::Registry::none());
    }
    rules
}

/// The state of block 0.
fn first_state(genesis: &Genesis, rules: &Rules) -> Result<StateDiff, ChainError> {
    let alloc = |account: &crate::genesis::GenesisAccount| Alloc {
        balance: account.balance,
        nonce: account.nonce,
        code: account.code.clone(),
        storage: account.storage.iter().map(|(slot, value)| (U256::from_be_bytes(slot.0), (*value).into())).collect(),
    };
    let accounts: BTreeMap<_, _> = genesis.alloc.iter().map(|(address, account)| (*address, alloc(account))).collect();
    let diff =
        genesis_state(rules, genesis.timestamp, &accounts).map_err(|error| ChainError::Genesis(error.to_string()))?;
    Ok(state_diff(diff))
}

/// Block 0 of a genesis.
pub(crate) fn first_block(genesis: &Genesis, rules: &Rules) -> Result<SealedBlock, ChainError> {
    let state = StateDb::open(Arc::new(MemStore::new()))?;
    let pending = state.apply(&state.committed(), first_state(genesis, rules)?)?;
    Ok(genesis.block(beneficiary(genesis, rules), pending.root()))
}

/// What identifies the rules of a data directory: see [`Genesis::rules_hash`].
pub fn rules_hash(genesis: &Genesis, rules: &Rules) -> Result<B256, ChainError> {
    let state = StateDb::open(Arc::new(MemStore::new()))?;
    let pending = state.apply(&state.committed(), first_state(genesis, rules)?)?;
    Ok(genesis.rules_hash(pending.root()))
}

impl Ledger {
    /// Opens the chain in `store`; an empty store gets block 0.
    ///
    /// `operator` signs the headers of committed blocks.
    pub fn open(
        store: Arc<dyn Store>,
        genesis: Genesis,
        rules: Rules,
        operator: Option<Operator>,
    ) -> Result<Self, ChainError> {
        Self::open_with(store, genesis, rules, operator, limpid_state::Options::default())
    }

    /// As [`Ledger::open`], with other bounds of the state's memory.
    pub fn open_with(
        store: Arc<dyn Store>,
        genesis: Genesis,
        rules: Rules,
        operator: Option<Operator>,
        options: limpid_state::Options,
    ) -> Result<Self, ChainError> {
        if let (Some(key), Some(named)) = (operator.as_ref().map(Operator::address), genesis.operator)
            && key != named
        {
            return Err(ChainError::Genesis(format!("the operator is {named}, but the key given is of {key}")));
        }
        let state = StateDb::open_with(store.clone(), options)?;
        let import = rows::import(store.as_ref())?;
        if import == Some(rows::Import::Unfinished) {
            return Err(ChainError::Import(
                "an import into this directory did not finish: delete the folder and import again".to_owned(),
            ));
        }
        if state.head().is_none() {
            check_forks(&genesis)?;
            commit::commit_genesis(&state, &genesis, &rules, operator.as_ref())?;
        }
        commit::check_genesis(store.as_ref(), &genesis)?;
        let height = state.head().map(|head| head.height).unwrap_or_default();
        let head = rows::block(store.as_ref(), height)?.ok_or_else(|| damaged("head block"))?;
        if state.head().is_none_or(|stored| stored.root != head.block.header.state_root) {
            return Err(ChainError::Damaged(format!("the state is not that of block {height}")));
        }
        Ok(Self {
            genesis,
            rules,
            state,
            store,
            operator,
            import,
            explorer: AtomicBool::new(false),
            pending: Arc::default(),
            head: RwLock::new(Arc::new(head)),
            edits: RwLock::default(),
            moving: Mutex::new(()),
            torn: AtomicBool::new(false),
        })
    }

    /// The genesis it follows from.
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The rules it executes by.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The state below the blocks.
    pub const fn state(&self) -> &StateDb {
        &self.state
    }

    /// Whose signatures stand beside the blocks.
    pub fn operator(&self) -> Option<Address> {
        self.operator.as_ref().map(Operator::address)
    }

    /// Whether the chain is a copy of a foreign one, which grows by imports alone.
    pub const fn is_imported(&self) -> bool {
        self.import.is_some()
    }

    /// Whether its blocks were taken without executing them: nothing is known of what their transactions did.
    pub fn is_copied(&self) -> bool {
        self.import == Some(rows::Import::Copied)
    }

    /// Who receives base fees and tips: the fee ledger; nobody on a chain without native contracts.
    pub fn beneficiary(&self) -> Address {
        beneficiary(&self.genesis, &self.rules)
    }

    /// Gas that a block leaves to users' transactions: its limit without the reserves of the two hooks.
    ///
    /// A rule for every block, so that crowded blocks never keep a hook from its work.
    pub const fn user_gas(&self) -> u64 {
        let reserve = if self.genesis.natives { self.rules.system_gas.saturating_mul(2) } else { 0 };
        self.genesis.gas_limit.saturating_sub(reserve)
    }

    /// What the chain allows in a transaction, for the pool before it.
    pub fn tx_rules(&self) -> TxRules {
        TxRules {
            chain_id: self.genesis.chain_id,
            block_gas: match self.is_imported() {
                true => self.head().block.header.gas_limit,
                false => self.user_gas(),
            },
            base_fee_floor: self.genesis.fees.floor,
            dev: self.genesis.dev,
        }
    }

    /// The base fee of a block over `parent`, in wei per gas. A development chain's user may have chosen the one over
    /// the head.
    pub fn next_base_fee(&self, parent: &alloy_consensus::Header) -> u64 {
        if self.genesis.dev
            && let Some(chosen) = crate::edit::chosen_base_fee(&self.edits_over(parent.number))
        {
            return chosen;
        }
        let base_fee = parent.base_fee_per_gas.unwrap_or_default();
        self.genesis.fees.next(parent.gas_used, parent.gas_limit, base_fee)
    }

    /// When the next item of the work queue is due after the head, in seconds since 1970; `None` if none waits.
    ///
    /// Executes a view, and so needs a thread with a large stack.
    pub(crate) fn next_due(&self) -> Result<Option<u64>, ChainError> {
        if !self.genesis.natives {
            return Ok(None);
        }
        let head = self.head();
        let source = self.source(self.state.committed(), head.block.hash, head.block.number());
        let block = self.context(&head.block.header);
        let simulator = Simulator::new(Arc::new(source), &self.rules, block, Overrides::new());
        let call = TxEnv {
            kind: TxKind::Call(self.rules.registry.addresses().queue),
            data: IQueue::nextDueCall {}.abi_encode().into(),
            gas_limit: VIEW_GAS,
            gas_price: 0,
            chain_id: None,
            ..TxEnv::default()
        };
        let outcome = simulator.call(call, Options::default())?;
        // A chain whose registry has no queue answers with nothing.
        let due = IQueue::nextDueCall::abi_decode_returns(&outcome.output).ok().filter(|_| outcome.success);
        Ok(due.filter(|due| *due != u64::MAX))
    }

    /// What execution must know of a header.
    pub(crate) fn context(&self, header: &alloy_consensus::Header) -> BlockContext {
        BlockContext { blob_base_fee: self.blob_base_fee(header), ..context(header) }
    }

    /// A block that is not committed.
    pub fn pending_block(&self, hash: B256) -> Option<Arc<Executed>> {
        self.pending.read().get(&hash).cloned()
    }

    /// What the block over the one at `height` will take up.
    pub(crate) fn edits_over(&self, height: u64) -> Arc<StateDiff> {
        let edits = self.edits.read();
        if edits.0 == height { edits.1.clone() } else { Arc::default() }
    }

    /// Writes into the state over the head, to be taken up by the next block. Development chains only: nobody who
    /// checks the block without being told the same edits can agree with it.
    pub fn edit(&self, edits: StateDiff) -> Result<(), ChainError> {
        if !self.genesis.dev {
            return Err(ChainError::NotDev);
        }
        *self.edits.write() = (self.head().block.number(), Arc::new(edits));
        Ok(())
    }

    /// The edits that the block at a height took up.
    pub fn edits_of(&self, height: u64) -> Result<StateDiff, ChainError> {
        rows::edits(self.store.as_ref(), height)
    }

    /// Forgets a pending block that will not be committed.
    pub(crate) fn discard(&self, hash: B256) {
        self.pending.write().remove(&hash);
    }

    /// The header of a known block and the state after it, pending or the head.
    fn parent(&self, hash: B256) -> Result<(Arc<BlockWithReceipts>, Base), ChainError> {
        if let Some(executed) = self.pending_block(hash) {
            return Ok((executed.block.clone(), Base::from(&executed.state)));
        }
        let head = self.head();
        if head.block.hash != hash {
            let head = head.block.number();
            return Err(match rows::height_of(self.store.as_ref(), hash)? {
                Some(height) => ChainError::ParentNotHead { height, parent: hash, head },
                None => ChainError::UnknownParent(hash),
            });
        }
        Ok((head, Base::from(&self.state.committed())))
    }

    /// The source for executing on `state`, which is that after block `hash` at `number`.
    pub(crate) fn source<S: limpid_state::StateRead>(&self, state: S, hash: B256, number: u64) -> StateSource<S> {
        let ancestry = Ancestry { number, hash, pending: self.pending.clone(), store: self.store.clone() };
        StateSource { state, ancestors: Arc::new(ancestry) }
    }
}

fn context(header: &alloy_consensus::Header) -> BlockContext {
    BlockContext {
        number: header.number,
        timestamp: header.timestamp,
        gas_limit: header.gas_limit,
        base_fee: header.base_fee_per_gas.unwrap_or_default(),
        beneficiary: header.beneficiary,
        prevrandao: header.mix_hash,
        parent_hash: header.parent_hash,
        parent_beacon_root: header.parent_beacon_block_root.unwrap_or_default(),
        blob_base_fee: None,
    }
}

/// Whether blocks can be made over a genesis: a foreign one that names forks must have Osaka at its start.
fn check_forks(genesis: &Genesis) -> Result<(), ChainError> {
    let Some(foreign) = &genesis.foreign else { return Ok(()) };
    let named = foreign.forks != crate::genesis::Forks::default();
    if !named || foreign.forks.is_ours(genesis.timestamp) {
        return Ok(());
    }
    let first = foreign.forks.name_at(&genesis.block(Address::ZERO, B256::ZERO).header);
    Err(ChainError::Genesis(format!(
        "its first block is of {first}, and this program executes Osaka's rules alone; `limpid import --head-state` takes \
         such a chain as it is"
    )))
}

fn beneficiary(genesis: &Genesis, rules: &Rules) -> Address {
    if genesis.natives { rules.registry.addresses().fees } else { Address::ZERO }
}

impl Executor for Ledger {
    fn build(&self, parent: B256, timestamp: u64, txs: &mut dyn TxSource) -> Result<Arc<Executed>, ChainError> {
        self.build_block(parent, timestamp, txs)
    }

    fn execute(&self, block: &Block) -> Result<Arc<Executed>, ChainError> {
        self.check_block(block)
    }

    fn commit(&self, hash: B256) -> Result<(), ChainError> {
        self.commit_block(hash, None)
    }

    fn head(&self) -> Arc<BlockWithReceipts> {
        self.head.read().clone()
    }
}
