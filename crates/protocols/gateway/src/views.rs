//! What anybody may ask of the gateway without the token being asked.

use crate::{Gateway, state::TOKENS};
use alloy_primitives::{Address, U256};
use limpid_abi::IGateway;
use limpid_native::Result;
use limpid_token::ledger_of;

/// Most rows of one listing.
const MOST_ROWS: u64 = 50;

impl Gateway<'_> {
    /// Where the wrapped token of `token` stands, or will.
    pub fn wrapped_of(&self, token: Address) -> Result<Address> {
        self.place_of(token)
    }

    /// The foreign token behind a wrapped one; zero when there is none.
    pub fn foreign_of(&self, wrapped: Address) -> Result<Address> {
        self.foreign.get(wrapped)
    }

    /// How many tokens have been wrapped.
    pub fn count(&self) -> Result<U256> {
        self.tokens.len(TOKENS).map(U256::from)
    }

    /// Tokens `offset ..`, in order of registration.
    pub fn wrapped_tokens(&self, offset: U256, limit: U256) -> Result<Vec<IGateway::WrappedToken>> {
        self.tokens.page(TOKENS, (offset, limit), MOST_ROWS, |token| {
            let record = self.records.get(token)?;
            Ok(IGateway::WrappedToken {
                token,
                wrapped: record.wrapped,
                supply: ledger_of(self.cx, record.wrapped).total_supply()?,
                measured: record.measured,
                frozen: record.frozen,
            })
        })
    }
}
