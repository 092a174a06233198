//! What the gateway keeps.

use alloy_primitives::{Address, U256};
use limpid_native::{Contract, Ctx, List, Map, Storable, contract};

/// What is known of one foreign token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Storable)]
pub struct Record {
    /// What the gateway held of it when it last looked, in smallest units.
    pub measured: U256,
    /// Its wrapped token; zero for a token that nobody has wrapped.
    pub wrapped: Address,
    /// Whether the gateway then held less than the supply.
    pub frozen: bool,
}

/// The gateway. Its one list stands under key 0.
#[contract(name = "gateway", kind = 10)]
pub struct Gateway {
    pub(crate) tokens: List<u64, Address>,
    pub(crate) records: Map<Address, Record>,
    pub(crate) foreign: Map<Address, Address>,
}

/// The only list.
pub(crate) const TOKENS: u64 = 0;

impl<'a> Gateway<'a> {
    /// The chain's one gateway.
    pub fn of(cx: Ctx<'a>) -> Self {
        let address = cx.env(|env| env.addresses.gateway);
        Self::at(cx, address)
    }

    /// What is known of a foreign token.
    pub fn record(&self, token: Address) -> limpid_native::Result<Record> {
        self.records.get(token)
    }
}
