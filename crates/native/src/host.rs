//! The one door between native contracts and the chain.

use crate::{ActionKind, Errand, Kind, Result, registry::DueHandler};
use alloy_primitives::{Address, B256, Bytes, LogData, U256};
use limpid_abi::addresses::Addresses;

/// What a native call may know of its block and transaction.
#[derive(Clone, Debug)]
pub struct Env {
    /// Seconds since 1970, of the block.
    pub timestamp: u64,
    /// Height of the block.
    pub number: u64,
    /// Chain id of EIP-155.
    pub chain_id: u64,
    /// The signer of the transaction. Never to be used as authority, only to tell a person from a contract.
    pub origin: Address,
    /// Where the fixed native contracts of this chain live.
    pub addresses: Addresses,
}

/// What the current frame may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A STATICCALL or a `view` method: every write is refused.
    Read,
    /// Writes are allowed.
    Write,
}

/// What stands at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountCode {
    /// No code: a plain account, or nothing yet.
    Empty,
    /// An account that delegated to code (EIP-7702): a person.
    Delegated,
    /// EVM bytecode.
    Bytecode,
    /// A native contract, registered or recorded by its factory.
    Native(Kind),
}

/// One native call made by a native contract, as tracers show it.
pub struct Frame<'a> {
    /// The calling contract.
    pub caller: Address,
    /// The called contract.
    pub target: Address,
    /// Makes the calldata; only run when somebody traces.
    pub input: &'a dyn Fn() -> Bytes,
}

/// The chain as native contracts see it. `limpid-evm` implements it over revm's journal.
///
/// Every method that costs an opcode's work charges that opcode's gas from the active schedule.
pub trait Host {
    /// The block and the transaction.
    fn env(&self) -> &Env;

    /// Charges `gas` for compute.
    fn charge(&mut self, gas: u64) -> Result<()>;

    /// Gas left in the current frame.
    fn gas_left(&self) -> u64;

    /// Sets what the frame may do, answering what it could before. A static frame stays `Read`.
    fn set_mode(&mut self, mode: Mode) -> Mode;

    /// Reads a slot; SLOAD's gas.
    fn sload(&mut self, account: Address, slot: U256) -> Result<U256>;

    /// Writes a slot; SSTORE's gas, refund and stipend sentry. Refused in `Read` mode.
    fn sstore(&mut self, account: Address, slot: U256, value: U256) -> Result<()>;

    /// Reads a transient slot; TLOAD's gas.
    fn tload(&mut self, account: Address, slot: U256) -> Result<U256>;

    /// Writes a transient slot; TSTORE's gas. Refused in `Read` mode.
    fn tstore(&mut self, account: Address, slot: U256, value: U256) -> Result<()>;

    /// Emits a log; LOG's gas. Refused in `Read` mode.
    fn log(&mut self, account: Address, data: LogData) -> Result<()>;

    /// Hashes; KECCAK256's gas.
    fn keccak256(&mut self, data: &[u8]) -> Result<B256>;

    /// Recovers a signer as ECRECOVER does, at its price, but refuses high-s signatures (EIP-2).
    fn recover(&mut self, digest: B256, v: u8, r: B256, s: B256) -> Result<Option<Address>>;

    /// Coin held by an account, in wei; BALANCE's gas.
    fn balance(&mut self, account: Address) -> Result<U256>;

    /// What stands at an address; EXTCODEHASH's gas.
    fn code(&mut self, account: Address) -> Result<AccountCode>;

    /// Creates a native contract: nonce 1 and its marker as code; CREATE2's gas.
    /// Reverts when something already stands there.
    fn create(&mut self, account: Address, kind: Kind) -> Result<()>;

    /// Moves coin between two native contracts' accounts; no code runs.
    fn move_coin(&mut self, from: Address, to: Address, amount: U256) -> Result<()>;

    /// Promises coin of `from` to `to`. Made by the dispatcher after everything else of this call,
    /// with 50,000 gas and native writes locked.
    fn queue_payout(&mut self, from: Address, to: Address, amount: U256) -> Result<()>;

    /// Takes an errand to foreign code, to be run by the dispatcher when this frame's native code has
    /// finished. Refused unless the frame's contract is registered for it, and outside nested calls and
    /// attempts; `reads` makes every call of it static.
    fn send_out(&mut self, errand: Errand<Bytes>, reads: bool) -> Result<()>;

    /// The kind of action with this selector.
    fn action(&self, selector: [u8; 4]) -> Option<ActionKind>;

    /// How the contract at `account` runs queued work, if it does; EXTCODEHASH's gas.
    fn due_handler(&mut self, account: Address) -> Result<Option<DueHandler>>;

    /// Opens a nested native call: account-access gas, depth at most 8, a frame in the call tree.
    fn enter(&mut self, frame: Frame<'_>) -> Result<()>;

    /// Closes what [`Host::enter`] opened.
    fn exit(&mut self, outcome: std::result::Result<&dyn Fn() -> Bytes, &crate::Stop>);

    /// Marks a point that [`Host::rollback`] can return to; points nest.
    fn checkpoint(&mut self);

    /// Keeps everything since the last checkpoint.
    fn keep(&mut self);

    /// Undoes everything since the last checkpoint; gas stays spent.
    fn rollback(&mut self);
}
