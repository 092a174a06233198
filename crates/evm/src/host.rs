//! [`Host`] over revm's journal: the same gas, warmth, refunds and reverts as opcodes.

use crate::{
    recorder::{Closed, Mark, Opened},
    registry::{DIRECTORY, Registry},
    signature::recover_signer,
    tracer::Accesses,
    types::CallKind,
    vm::Context,
};
use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256, keccak256};
use limpid_abi::errors;
use limpid_native::{
    AccountCode, ActionKind, DueHandler, Env, Errand, Fatal, Frame, Host, Kind, Marker, Mode, Result, Stop,
    errand::MOST_FOREIGN_CALLS, revert, revert_text,
};
use revm::{
    Database,
    context_interface::{
        JournalTr,
        cfg::gas_params::GasParams,
        journaled_state::{JournalCheckpoint, JournalLoadError, account::JournaledAccountTr},
    },
    interpreter::Gas,
    state::Bytecode,
};
use std::{fmt::Display, sync::Arc};

/// Most native calls inside each other.
pub(crate) const MAX_NATIVE_DEPTH: usize = 8;

/// SSTORE and the like need more than a transfer's stipend (EIP-2200).
const STIPEND: u64 = 2300;
/// KECCAK256's static price.
const KECCAK_BASE: u64 = 30;
/// LOG's static price.
const LOG_BASE: u64 = 375;
/// TLOAD and TSTORE (EIP-1153).
const TRANSIENT: u64 = 100;
/// Longest input and most inputs whose hashes are remembered.
const MEMO_LENGTH: usize = 128;
const MEMO_ENTRIES: usize = 4096;
/// Most accounts of a frame that are remembered as warm; a longer list would cost more than it saves.
const MAX_WARM: usize = 16;
/// The ECRECOVER precompile's price.
const ECRECOVER: u64 = 3000;

/// Coin that native code promised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payout {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) amount: U256,
}

/// An errand that native code handed over.
pub(crate) struct Sent {
    pub(crate) errand: Errand<Bytes>,
    /// Nothing may be written, by the calls or by the second step.
    pub(crate) reads: bool,
}

/// What is left to do when native code has finished.
#[derive(Default)]
pub(crate) struct Left {
    pub(crate) payouts: Vec<Payout>,
    pub(crate) errand: Option<Sent>,
}

/// One native frame's view of the chain.
pub(crate) struct EvmHost<'a> {
    pub(crate) ctx: &'a mut Context,
    pub(crate) gas: Gas,
    pub(crate) left: Left,
    env: Env,
    registry: Arc<Registry>,
    params: GasParams,
    mode: Mode,
    fixed_read: bool,
    locked: bool,
    foreign: bool,
    depth: usize,
    opened: Vec<u64>,
    /// Accounts that this frame has loaded: warm until something is rolled back.
    warm: Vec<Address>,
    points: Vec<Point>,
}

/// What a rollback returns to.
struct Point {
    journal: JournalCheckpoint,
    payouts: usize,
    refund: i64,
    mark: Mark,
}

/// How a frame may touch the world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    /// The frame is static.
    pub(crate) read_only: bool,
    /// Payouts or foreign calls are running.
    pub(crate) locked: bool,
    /// Native frames below this one.
    pub(crate) depth: usize,
    /// Its contract may hand over errands to foreign code.
    pub(crate) foreign: bool,
}

impl<'a> EvmHost<'a> {
    pub(crate) fn new(ctx: &'a mut Context, registry: Arc<Registry>, gas: Gas, rights: Rights) -> Self {
        let env = Env {
            timestamp: ctx.block.timestamp.saturating_to(),
            number: ctx.block.number.saturating_to(),
            chain_id: ctx.cfg.chain_id,
            origin: ctx.tx.caller,
            addresses: registry.addresses().clone(),
        };
        let params = ctx.cfg.gas_params.clone();
        let mode = if rights.read_only { Mode::Read } else { Mode::Write };
        Self {
            ctx,
            gas,
            left: Left::default(),
            env,
            registry,
            params,
            mode,
            fixed_read: rights.read_only,
            locked: rights.locked,
            foreign: rights.foreign,
            depth: rights.depth,
            opened: Vec::new(),
            warm: Vec::with_capacity(8),
            points: Vec::new(),
        }
    }

    /// N-2: no write passes here in a static frame, a view, or while payouts or foreign calls run.
    fn may_write(&self) -> Result<()> {
        if self.locked {
            return Err(revert(errors::Locked {}));
        }
        match self.mode {
            Mode::Write => Ok(()),
            Mode::Read => Err(revert(errors::StaticCallNotAllowed {})),
        }
    }

    /// Charges an account access: warm before the load, the cold surcharge only if the load was cold.
    fn access(&mut self, account: Address) -> Result<()> {
        self.charge(self.params.warm_storage_read_cost())?;
        self.touch_cold(account)
    }

    /// Loads an account, charging only the cold surcharge, which must be affordable before the load.
    fn touch_cold(&mut self, account: Address) -> Result<()> {
        if let Some(accesses) = self.accesses() {
            accesses.account(account);
        }
        if self.warm.contains(&account) {
            return Ok(());
        }
        let surcharge = self.params.cold_account_additional_cost();
        let skip = self.gas.remaining() < surcharge;
        let cold = match self.ctx.journaled_state.load_account_info_skip_cold_load(account, false, skip) {
            Ok(load) => load.is_cold,
            Err(error) => return Err(load_error(error)),
        };
        if cold {
            self.charge(surcharge)?;
        }
        if self.warm.len() < MAX_WARM {
            self.warm.push(account);
        }
        Ok(())
    }
}

impl EvmHost<'_> {
    /// Where accesses are noted, if anybody wants to know: native code runs no opcodes to look at.
    fn accesses(&mut self) -> Option<&mut Accesses> {
        self.ctx.chain.watcher.as_mut()?.accesses.as_mut()
    }
}

pub(crate) fn fatal(error: impl Display) -> Stop {
    Stop::Fatal(Fatal::from_database(error))
}

fn load_error<E: Display>(error: JournalLoadError<E>) -> Stop {
    match error {
        JournalLoadError::DBError(error) => fatal(error),
        JournalLoadError::ColdLoadSkipped => Stop::OutOfGas,
    }
}

impl Host for EvmHost<'_> {
    fn env(&self) -> &Env {
        &self.env
    }

    fn charge(&mut self, gas: u64) -> Result<()> {
        if self.gas.record_regular_cost(gas) { Ok(()) } else { Err(Stop::OutOfGas) }
    }

    fn gas_left(&self) -> u64 {
        self.gas.remaining()
    }

    fn set_mode(&mut self, mode: Mode) -> Mode {
        let before = self.mode;
        if !self.fixed_read {
            self.mode = mode;
        }
        before
    }

    fn sload(&mut self, account: Address, slot: U256) -> Result<U256> {
        if let Some(accesses) = self.accesses() {
            accesses.slot(account, slot);
        }
        self.charge(self.params.warm_storage_read_cost())?;
        self.touch_cold(account)?;
        let surcharge = self.params.cold_storage_additional_cost();
        let skip = self.gas.remaining() < surcharge;
        let load = self.ctx.journaled_state.sload_skip_cold_load(account, slot, skip).map_err(load_error)?;
        if load.is_cold {
            self.charge(surcharge)?;
        }
        Ok(load.data)
    }

    fn sstore(&mut self, account: Address, slot: U256, value: U256) -> Result<()> {
        self.may_write()?;
        if let Some(accesses) = self.accesses() {
            accesses.slot(account, slot);
        }
        if self.gas.remaining() <= STIPEND {
            return Err(Stop::OutOfGas);
        }
        self.charge(self.params.sstore_static_gas())?;
        self.touch_cold(account)?;
        let skip = self.gas.remaining() < self.params.cold_storage_cost();
        let load = self.ctx.journaled_state.sstore_skip_cold_load(account, slot, value, skip).map_err(load_error)?;
        self.charge(self.params.sstore_dynamic_gas(true, &load.data, load.is_cold))?;
        self.gas.record_refund(self.params.sstore_refund(true, &load.data));
        Ok(())
    }

    fn tload(&mut self, account: Address, slot: U256) -> Result<U256> {
        self.charge(TRANSIENT)?;
        Ok(self.ctx.journaled_state.tload(account, slot))
    }

    fn tstore(&mut self, account: Address, slot: U256, value: U256) -> Result<()> {
        self.may_write()?;
        self.charge(TRANSIENT)?;
        self.ctx.journaled_state.tstore(account, slot, value);
        Ok(())
    }

    fn log(&mut self, account: Address, data: LogData) -> Result<()> {
        self.may_write()?;
        let topics = u8::try_from(data.topics().len()).unwrap_or(u8::MAX);
        self.charge(LOG_BASE.saturating_add(self.params.log_cost(topics, data.data.len() as u64)))?;
        self.ctx.journaled_state.log(Log { address: account, data });
        Ok(())
    }

    fn keccak256(&mut self, data: &[u8]) -> Result<B256> {
        self.charge(KECCAK_BASE.saturating_add(self.params.keccak256_cost(data.len())))?;
        let known = &mut self.ctx.chain.hashes;
        if let Some(hash) = known.get(data) {
            return Ok(*hash);
        }
        let hash = keccak256(data);
        if data.len() <= MEMO_LENGTH && known.len() < MEMO_ENTRIES {
            known.insert(data.to_vec(), hash);
        }
        Ok(hash)
    }

    fn recover(&mut self, digest: B256, v: u8, r: B256, s: B256) -> Result<Option<Address>> {
        self.charge(ECRECOVER)?;
        Ok(match v {
            27 | 28 => recover_signer(digest, v == 28, r, s),
            _ => None,
        })
    }

    fn balance(&mut self, account: Address) -> Result<U256> {
        self.access(account)?;
        Ok(self.ctx.journaled_state.load_account(account).map_err(fatal)?.info.balance)
    }

    fn code(&mut self, account: Address) -> Result<AccountCode> {
        self.access(account)?;
        classify(self.ctx, &self.registry, account)
    }

    fn create(&mut self, account: Address, kind: Kind) -> Result<()> {
        self.may_write()?;
        let entry = self.registry.entry(kind).ok_or_else(|| revert(errors::UnknownKind { kind: kind.0 }))?;
        let marker = entry.marker();
        self.charge(self.params.create_cost().saturating_add(self.params.code_deposit_cost(marker.code().len())))?;
        self.access(account)?;
        let info = &self.ctx.journaled_state.load_account_with_code(account).map_err(fatal)?.info;
        if info.nonce != 0 || !info.is_empty_code_hash() {
            return Err(revert(errors::AlreadyExists { account }));
        }
        self.sstore(DIRECTORY, directory_slot(account), U256::from(kind.0).saturating_add(U256::ONE))?;
        install(self.ctx, account, marker)?;
        let journal = &self.ctx.journaled_state;
        self.ctx.chain.recorder.sync_logs(journal.logs());
        self.ctx.chain.recorder.created(account, || Bytes::copy_from_slice(&marker.code()));
        Ok(())
    }

    fn move_coin(&mut self, from: Address, to: Address, amount: U256) -> Result<()> {
        self.may_write()?;
        self.access(to)?;
        self.charge(self.params.transfer_value_cost())?;
        if !matches!(classify(self.ctx, &self.registry, to)?, AccountCode::Native(_)) {
            return Err(revert_text("coin moves between native contracts only"));
        }
        if self.ctx.journaled_state.transfer(from, to, amount).map_err(fatal)?.is_some() {
            return Err(revert_text("insufficient coin"));
        }
        self.ctx.chain.recorder.moved(from, to, amount, CallKind::Call);
        Ok(())
    }

    fn queue_payout(&mut self, from: Address, to: Address, amount: U256) -> Result<()> {
        self.may_write()?;
        self.left.payouts.push(Payout { from, to, amount });
        Ok(())
    }

    /// N-3: one errand a frame, of a contract registered for it, with nothing else of the call open.
    fn send_out(&mut self, errand: Errand<Bytes>, reads: bool) -> Result<()> {
        let nothing_open = self.opened.is_empty() && self.points.is_empty() && self.left.payouts.is_empty();
        let first = self.left.errand.is_none() && errand.calls.len() <= MOST_FOREIGN_CALLS;
        if !(self.foreign && nothing_open && first) {
            return Err(revert(errors::ForeignCodeNotAllowed {}));
        }
        if !reads {
            self.may_write()?;
        }
        self.left.errand = Some(Sent { errand, reads });
        Ok(())
    }

    fn action(&self, selector: [u8; 4]) -> Option<ActionKind> {
        self.registry.action(selector)
    }

    fn due_handler(&mut self, account: Address) -> Result<Option<DueHandler>> {
        Ok(match self.code(account)? {
            AccountCode::Native(kind) => self.registry.entry(kind).and_then(|entry| entry.run_due),
            _ => None,
        })
    }

    fn enter(&mut self, frame: Frame<'_>) -> Result<()> {
        self.access(frame.target)?;
        if self.depth.saturating_add(self.opened.len()).saturating_add(1) > MAX_NATIVE_DEPTH {
            return Err(revert(errors::CallDepth {}));
        }
        let gas = self.gas.remaining();
        self.opened.push(gas);
        let opened = Opened {
            kind: if self.mode == Mode::Read { CallKind::StaticCall } else { CallKind::Call },
            from: frame.caller,
            to: Some(frame.target),
            value: U256::ZERO,
            gas,
        };
        self.ctx.chain.recorder.sync_logs(self.ctx.journaled_state.logs());
        self.ctx.chain.recorder.open(opened, frame.input);
        Ok(())
    }

    fn exit(&mut self, outcome: std::result::Result<&dyn Fn() -> Bytes, &Stop>) {
        let gas = self.opened.pop().unwrap_or_default();
        let recorder = &mut self.ctx.chain.recorder;
        recorder.sync_logs(self.ctx.journaled_state.logs());
        let gas_used = gas.saturating_sub(self.gas.remaining());
        let (success, output, error) = match outcome {
            Ok(output) => (true, if recorder.tracing() { output() } else { Bytes::new() }, None),
            Err(Stop::Revert(data)) => (false, data.clone(), Some("execution reverted".into())),
            Err(Stop::OutOfGas) => (false, Bytes::new(), Some("out of gas".into())),
            Err(Stop::Fatal(_)) => (false, Bytes::new(), Some("database failure".into())),
        };
        recorder.close(Closed { success, gas_used, output, error, created: None });
    }

    fn checkpoint(&mut self) {
        self.ctx.chain.recorder.sync_logs(self.ctx.journaled_state.logs());
        self.points.push(Point {
            journal: self.ctx.journaled_state.checkpoint(),
            payouts: self.left.payouts.len(),
            refund: self.gas.refunded(),
            mark: self.ctx.chain.recorder.mark(),
        });
    }

    fn keep(&mut self) {
        self.points.pop();
        self.ctx.journaled_state.checkpoint_commit();
    }

    fn rollback(&mut self) {
        if let Some(point) = self.points.pop() {
            self.ctx.journaled_state.checkpoint_revert(point.journal);
            self.warm.clear();
            self.left.payouts.truncate(point.payouts);
            self.gas.set_refund(point.refund);
            self.ctx.chain.recorder.undo(point.mark);
        }
    }
}

pub(crate) fn directory_slot(account: Address) -> U256 {
    U256::from_be_slice(account.as_slice())
}

/// What stands at an account, looking at its own code alone (V-1).
pub(crate) fn classify(ctx: &mut Context, registry: &Registry, account: Address) -> Result<AccountCode> {
    let info = &ctx.journaled_state.load_account_with_code(account).map_err(fatal)?.info;
    if info.is_empty_code_hash() {
        return Ok(AccountCode::Empty);
    }
    if info.code.as_ref().is_some_and(Bytecode::is_eip7702) {
        return Ok(AccountCode::Delegated);
    }
    let Some(kind) = registry.kind_of_code(&info.code_hash) else { return Ok(AccountCode::Bytecode) };
    Ok(if is_native(ctx, registry, account, kind)? { AccountCode::Native(kind) } else { AccountCode::Bytecode })
}

/// Whether an account with a kind's marker is a native contract: fixed, or recorded by a factory.
pub(crate) fn is_native(ctx: &mut Context, registry: &Registry, account: Address, kind: Kind) -> Result<bool> {
    if registry.is_fixed(account, kind) {
        return Ok(true);
    }
    Ok(recorded(ctx, account)? == U256::from(kind.0).saturating_add(U256::ONE))
}

/// What the directory holds for an account. Looks without warming: whether an address is native is a
/// question of the protocol's, and asking it must not change what later opcodes cost.
fn recorded(ctx: &mut Context, account: Address) -> Result<U256> {
    let slot = directory_slot(account);
    let journal = &mut ctx.journaled_state;
    match journal.inner.state.get(&DIRECTORY).and_then(|directory| directory.storage.get(&slot)) {
        Some(written) => Ok(written.present_value()),
        None => journal.database.storage(DIRECTORY, slot).map_err(fatal),
    }
}

/// Writes a native account: nonce 1 and the marker. The only function that does.
pub(crate) fn install(ctx: &mut Context, account: Address, marker: Marker) -> Result<()> {
    let mut loaded = ctx.journaled_state.load_account_mut(account).map_err(fatal)?;
    loaded.touch();
    if loaded.nonce() == 0 {
        loaded.bump_nonce();
    }
    loaded.set_code_and_hash_slow(Bytecode::new_raw(Bytes::copy_from_slice(&marker.code())));
    Ok(())
}
