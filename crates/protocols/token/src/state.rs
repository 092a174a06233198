//! What tokens keep.

use alloy_primitives::{Address, U256};
use limpid_native::{Contract, Ctx, List, Map, Slot, Storable, component, contract, storage::Field, storage::Text};

/// What an owner lets a spender take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Storable)]
pub struct Allowance {
    /// How much is left, in smallest units; the maximum means without limit and is not counted down.
    pub value: U256,
    /// When it ends, in seconds since 1970; 0 for never.
    pub expires_at: u64,
    /// Its place in the owner's list, counted from 1; 0 when it is not there.
    pub(crate) place: u64,
}

/// Who holds how much of one token, and who may take it. The first field of every token contract.
#[component]
pub struct Ledger {
    pub(crate) balances: Map<Address, U256>,
    pub(crate) supply: Slot<U256>,
    pub(crate) allowances: Map<(Address, Address), Allowance>,
    pub(crate) spenders: List<Address, Address>,
    pub(crate) nonces: Map<Address, U256>,
}

/// The tag of the first field of every contract.
pub(crate) const FIRST_TAG: u8 = 1;

/// The ledger of the native token at `token`, whatever its kind. The caller has made sure that one
/// stands there.
pub fn ledger_of<'a>(cx: Ctx<'a>, token: Address) -> Ledger<'a> {
    Ledger::at(cx.at(token), FIRST_TAG)
}

/// What is fixed when a token is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Storable)]
pub(crate) struct Info {
    /// Decimals of the displayed unit.
    pub decimals: u8,
    /// Who may mint; zero for a fixed supply.
    pub minter: Address,
}

/// A token made by the factory.
#[contract(name = "token", kind = 2)]
pub struct Token {
    /// Balances and allowances.
    pub ledger: Ledger,
    pub(crate) info: Slot<Info>,
    pub(crate) name: Slot<Text>,
    pub(crate) symbol: Slot<Text>,
}

/// The factory of native tokens. Its one list stands under key 0.
#[contract(name = "token-factory", kind = 3)]
pub struct TokenFactory {
    pub(crate) tokens: List<u64, Address>,
    pub(crate) created: Map<Address, u64>,
    pub(crate) creators: Map<Address, Address>,
}

impl<'a> Token<'a> {
    /// The token at an address where one is known to stand.
    pub fn of(cx: Ctx<'a>, token: Address) -> Self {
        <Self as Contract<'a>>::at(cx, token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_comes_first() {
        let layout = Token::layout();
        assert_eq!(layout.first().map(|row| (row.name.as_str(), row.tag)), Some(("ledger.balances", FIRST_TAG)));
    }
}
