//! What the chain knows of a native contract: one [`Entry`] drives its address, code marker,
//! dispatch, genesis, ABI and published layout.

use crate::{ActionKind, Call, Ctx, Result};
use alloy_primitives::{Address, Bytes};
use limpid_abi::addresses::Addresses;

/// A kind of native contract, stable for ever once released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub u8);

/// The code of a native account: `0xEF 0x4C kind version`.
///
/// Users cannot deploy code that starts with 0xEF (EIP-3541); 0x4C keeps clear of 0xEF01, which
/// EIP-7702 claims; distinct bytes per kind give each kind its own code hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The contract's kind.
    pub kind: Kind,
    /// The version of its rules.
    pub version: u8,
}

impl Marker {
    /// The marker's bytes.
    pub const fn code(self) -> [u8; 4] {
        [0xef, 0x4c, self.kind.0, self.version]
    }
}

/// A contract struct, bound to an address.
pub trait Contract<'a>: Sized {
    /// Its kind.
    const KIND: Kind;

    /// Its name in traces and exports.
    const NAME: &'static str;

    /// The contract at `address`.
    fn at(cx: Ctx<'a>, address: Address) -> Self;

    /// Its published storage layout.
    fn layout() -> Vec<LayoutField>;
}

/// One field of a published storage layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutField {
    /// The field's name; components join with a dot.
    pub name: String,
    /// The first byte of its slot keys.
    pub tag: u8,
    /// Its Rust type, as written.
    pub ty: String,
}

/// A broken invariant with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The invariant's number, such as `EX-2`.
    pub rule: &'static str,
    /// What was found.
    pub evidence: String,
}

/// Runs one item of a contract's queued work, by the contract's own numbering.
pub type DueHandler = fn(Ctx<'_>, u64) -> Result<()>;

/// Everything the chain needs to know of one kind of native contract.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its kind.
    pub kind: Kind,
    /// The version of its rules.
    pub version: u8,
    /// Its name in traces and exports.
    pub name: &'static str,
    /// Its fixed address, or `None` for contracts that a factory creates.
    pub address: Option<fn(&Addresses) -> Address>,
    /// Answers a call.
    pub dispatch: fn(Ctx<'_>, &Call<'_>) -> Result<Bytes>,
    /// Writes its first state in the genesis block.
    pub genesis: fn(Ctx<'_>) -> Result<()>,
    /// Checks its invariants in constant time.
    pub audit: fn(Ctx<'_>) -> Result<std::result::Result<(), Breach>>,
    /// Runs one due item of the work queue; `None` when it queues none. See `limpid_evm::hooks`.
    pub run_due: Option<DueHandler>,
    /// What it adds to action lists.
    pub actions: &'static [ActionKind],
    /// Whether its methods may hand errands to the dispatcher, which then runs foreign code. True for the
    /// gateway alone.
    pub foreign: bool,
    /// Its published storage layout.
    pub layout: fn() -> Vec<LayoutField>,
}

impl Entry {
    /// An entry with nothing at genesis, nothing to audit and no queued work.
    pub fn new<'a, C: Contract<'a>>(
        dispatch: fn(Ctx<'_>, &Call<'_>) -> Result<Bytes>,
        address: Option<fn(&Addresses) -> Address>,
    ) -> Self {
        Self {
            kind: C::KIND,
            version: 0,
            name: C::NAME,
            address,
            dispatch,
            genesis: |_| Ok(()),
            audit: |_| Ok(Ok(())),
            run_due: None,
            actions: &[],
            foreign: false,
            layout: C::layout,
        }
    }

    /// The code of its accounts.
    pub const fn marker(&self) -> Marker {
        Marker { kind: self.kind, version: self.version }
    }
}
