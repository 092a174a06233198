//! The community's part of fees.

use crate::{asset::Asset, state::FeeLedger};
use alloy_primitives::{Address, U256};
use limpid_native::Result;

impl FeeLedger<'_> {
    /// Smallest units of a token held for the community.
    ///
    /// # Errors
    /// `WrapFirst` for a token that is not native.
    pub fn held(&self, token: Address) -> Result<U256> {
        Asset::resolve(self.cx, token)?.balance_of(self.cx, self.cx.this())
    }

    /// Wei of coin held for the community: base fees and tips.
    pub fn held_coin(&self) -> Result<U256> {
        self.cx.balance(self.cx.this())
    }
}
