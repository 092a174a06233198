//! What wrapped coin keeps.

use limpid_native::{Contract, Ctx, contract};
use limpid_token::Ledger;

/// The wrapped native coin.
#[contract(name = "weth", kind = 4)]
pub struct Weth {
    /// Balances and allowances.
    pub ledger: Ledger,
}

impl<'a> Weth<'a> {
    /// The chain's one wrapped coin.
    pub fn of(cx: Ctx<'a>) -> Self {
        let address = cx.env(|env| env.addresses.weth);
        Self::at(cx, address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_comes_first() {
        let layout = Weth::layout();
        assert_eq!(layout.first().map(|row| (row.name.as_str(), row.tag)), Some(("ledger.balances", 1)));
    }
}
