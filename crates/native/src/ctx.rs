//! The context handed to native contracts.

use crate::{AccountCode, ActionKind, Env, Errand, Frame, Host, Kind, Mode, Result, Stop, registry::DueHandler};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent};
use std::{cell::RefCell, fmt};

/// An authenticated caller. Only the dispatcher and a contract speaking for itself can make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller(Address);

impl Caller {
    /// The caller's address.
    pub const fn address(self) -> Address {
        self.0
    }
}

/// One call to a native contract, as it arrived.
#[derive(Debug)]
pub struct Call<'a> {
    /// `msg.sender`.
    pub caller: Caller,
    /// Coin sent along, in wei. It has already arrived.
    pub value: U256,
    /// Selector and arguments.
    pub input: &'a [u8],
}

impl<'a> Call<'a> {
    /// For the dispatcher: states who calls. Everything downstream trusts it.
    pub fn authenticated(caller: Address, value: U256, input: &'a [u8]) -> Self {
        Self { caller: Caller(caller), value, input }
    }
}

/// A cheap handle on the world, bound to one contract's address and to the lifetime of one call.
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    host: &'a RefCell<dyn Host + 'a>,
    this: Address,
}

impl fmt::Debug for Ctx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx").field("this", &self.this).finish_non_exhaustive()
    }
}

impl<'a> Ctx<'a> {
    /// A context for the contract at `this`.
    pub fn new(host: &'a RefCell<dyn Host + 'a>, this: Address) -> Self {
        Self { host, this }
    }

    /// The same world seen from another contract. Opens no call; see [`Ctx::call`].
    pub const fn at(self, this: Address) -> Self {
        Self { host: self.host, this }
    }

    /// The contract's own address.
    pub const fn this(self) -> Address {
        self.this
    }

    /// The contract speaking for itself in a nested call.
    pub const fn as_caller(self) -> Caller {
        Caller(self.this)
    }

    /// Reads the block and the transaction.
    pub fn env<T>(self, read: impl FnOnce(&Env) -> T) -> T {
        read(self.host.borrow().env())
    }

    /// The block's time in seconds.
    pub fn now(self) -> u64 {
        self.env(|e| e.timestamp)
    }

    /// Charges compute that grows with input, once per turn of a loop.
    pub fn charge(self, gas: u64) -> Result<()> {
        self.host.borrow_mut().charge(gas)
    }

    /// Gas left in this frame.
    pub fn gas_left(self) -> u64 {
        self.host.borrow().gas_left()
    }

    /// Reads a raw slot of this contract. Contracts use typed handles instead.
    pub fn sload(self, slot: U256) -> Result<U256> {
        self.host.borrow_mut().sload(self.this, slot)
    }

    /// Writes a raw slot of this contract. Contracts use typed handles instead.
    pub fn sstore(self, slot: U256, value: U256) -> Result<()> {
        self.host.borrow_mut().sstore(self.this, slot, value)
    }

    /// Reads a transient slot of this contract.
    pub fn tload(self, slot: U256) -> Result<U256> {
        self.host.borrow_mut().tload(self.this, slot)
    }

    /// Writes a transient slot of this contract.
    pub fn tstore(self, slot: U256, value: U256) -> Result<()> {
        self.host.borrow_mut().tstore(self.this, slot, value)
    }

    /// Hashes, at the opcode's price.
    pub fn keccak256(self, data: &[u8]) -> Result<B256> {
        self.host.borrow_mut().keccak256(data)
    }

    /// Emits an event of this contract.
    pub fn emit(self, event: impl SolEvent) -> Result<()> {
        self.host.borrow_mut().log(self.this, event.encode_log_data())
    }

    /// Recovers a signer; `None` for a signature that no key made, or one with high s.
    pub fn recover(self, digest: B256, v: u8, r: B256, s: B256) -> Result<Option<Address>> {
        self.host.borrow_mut().recover(digest, v, r, s)
    }

    /// Coin held by an account, in wei.
    pub fn balance(self, account: Address) -> Result<U256> {
        self.host.borrow_mut().balance(account)
    }

    /// What stands at an address.
    pub fn code(self, account: Address) -> Result<AccountCode> {
        self.host.borrow_mut().code(account)
    }

    /// Whether a native contract of this kind stands at an address.
    pub fn is_native(self, account: Address, kind: Kind) -> Result<bool> {
        Ok(self.code(account)? == AccountCode::Native(kind))
    }

    /// How the contract at `account` runs queued work, if it does.
    pub fn due_handler(self, account: Address) -> Result<Option<DueHandler>> {
        self.host.borrow_mut().due_handler(account)
    }

    /// The kind of action with this selector, whichever protocol declares it.
    pub fn action(self, selector: [u8; 4]) -> Option<ActionKind> {
        self.host.borrow().action(selector)
    }

    /// Hands an errand to the dispatcher. The verbs `outward` and `inquire` do it; nobody else can.
    pub(crate) fn send_out(self, errand: Errand<Bytes>, reads: bool) -> Result<()> {
        self.host.borrow_mut().send_out(errand, reads)
    }

    /// Creates a native contract at `account`.
    pub fn create(self, account: Address, kind: Kind) -> Result<()> {
        self.host.borrow_mut().create(account, kind)
    }

    /// Moves this contract's coin to another native contract. No code runs.
    pub fn move_coin(self, to: Address, amount: U256) -> Result<()> {
        self.host.borrow_mut().move_coin(self.this, to, amount)
    }

    /// Promises this contract's coin to anybody; paid after everything else of the call, or the
    /// whole call reverts with `TransferHelper: ETH_TRANSFER_FAILED`.
    pub fn queue_payout(self, to: Address, amount: U256) -> Result<()> {
        self.host.borrow_mut().queue_payout(self.this, to, amount)
    }

    /// Calls another native contract by plain Rust, leaving a frame in the call tree.
    ///
    /// `call` describes the call for tracers, `body` does it. The callee's method takes this
    /// contract as its caller through [`Ctx::as_caller`].
    pub fn call<C: SolCall, T: Into<C::Return>>(
        self,
        target: Address,
        call: impl Fn() -> C,
        body: impl FnOnce(Ctx<'a>) -> Result<T>,
    ) -> Result<C::Return> {
        let input = || Bytes::from(call().abi_encode());
        self.host.borrow_mut().enter(Frame { caller: self.this, target, input: &input })?;
        let result = body(self.at(target)).map(Into::into);
        let mut host = self.host.borrow_mut();
        match &result {
            Ok(value) => host.exit(Ok(&|| C::abi_encode_returns(value).into())),
            Err(stop) => host.exit(Err(stop)),
        }
        drop(host);
        result
    }

    /// Runs `body` where every write is refused by the host.
    pub fn read_only<T>(self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        let before = self.host.borrow_mut().set_mode(Mode::Read);
        let result = body();
        self.host.borrow_mut().set_mode(before);
        result
    }

    /// Runs `body` so that a revert inside undoes only `body`. Out of gas and database failures
    /// still stop the caller: they must never be swallowed.
    pub fn attempt<T>(self, body: impl FnOnce() -> Result<T>) -> Result<Result<T, Bytes>> {
        self.host.borrow_mut().checkpoint();
        let result = body();
        let mut host = self.host.borrow_mut();
        match result {
            Ok(value) => {
                host.keep();
                Ok(Ok(value))
            }
            Err(stop) => {
                host.rollback();
                match stop {
                    Stop::Revert(data) => Ok(Err(data)),
                    other => Err(other),
                }
            }
        }
    }
}
