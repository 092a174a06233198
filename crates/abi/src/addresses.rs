//! Where the fixed native contracts live.
//!
//! The exchange and WETH stand at Ethereum's mainnet addresses, which the SDKs carry as defaults. All
//! others stand at `0x…4c696d706964NN`: the ASCII of "Limpid" and a number.

use alloy_primitives::{Address, address};

/// The fixed addresses of one chain. A parameter, so that tests can stand contracts where recorded
/// reference runs had them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Uniswap V2 factory.
    pub v2_factory: Address,
    /// Uniswap V2 Router02.
    pub router: Address,
    /// WETH9 over the native coin.
    pub weth: Address,
    /// The work queue of the hooks.
    pub queue: Address,
    /// The factory of native tokens.
    pub token_factory: Address,
    /// The fee ledger: the community's part of trading fees, base fees and tips.
    pub fees: Address,
    /// Our exchange's extras: one-token deposit, position views, fee split.
    pub exchange: Address,
    /// Wraps foreign ERC-20s into native tokens.
    pub gateway: Address,
    /// Runs action lists.
    pub actions: Address,
}

impl Addresses {
    /// Every fixed contract.
    pub const fn all(&self) -> [Address; 9] {
        [
            self.v2_factory,
            self.router,
            self.weth,
            self.queue,
            self.token_factory,
            self.fees,
            self.exchange,
            self.gateway,
            self.actions,
        ]
    }

    /// Whether a fixed contract stands at `account`: users need not approve those (they debit only the
    /// caller whom the dispatcher has authenticated).
    pub fn is_system(&self, account: Address) -> bool {
        self.all().contains(&account)
    }
}

impl Default for Addresses {
    fn default() -> Self {
        Self {
            v2_factory: address!("0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"),
            router: address!("0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D"),
            weth: address!("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"),
            queue: address!("0x000000000000000000000000004c696d70696401"),
            token_factory: address!("0x000000000000000000000000004c696d70696402"),
            fees: address!("0x000000000000000000000000004c696d70696403"),
            exchange: address!("0x000000000000000000000000004c696d70696404"),
            gateway: address!("0x000000000000000000000000004c696d70696405"),
            actions: address!("0x000000000000000000000000004c696d70696406"),
        }
    }
}
