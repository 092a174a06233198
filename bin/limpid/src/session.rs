use crate::{
    args::Global,
    error::{Result, told},
    keys::{self, Wallet},
};
use alloy_primitives::{Address, U256};
use limpid_client::{
    BlockTag, Client, ClientError, Unit,
    registry::{Asset, Registry},
};
use limpid_wallet::Wallets;

/// Chain id of a development chain, for nodes that do not say what they are.
const DEV_CHAIN_ID: u64 = 31_337;

/// A node, and what is known of its chain.
pub struct Session {
    /// The node.
    pub client: Client,
    /// The native coin's unit.
    pub coin: Unit,
    /// A development chain.
    pub dev: bool,
    /// JSON on standard output.
    pub json: bool,
    /// The keystore folder.
    pub wallets: Wallets,
}

impl Session {
    /// Connects.
    pub async fn open(global: &Global) -> Result<Self> {
        let client = Client::new(&global.rpc)?;
        let (coin, dev) = match client.status().await {
            Ok(status) => (Unit::new(status.coin.symbol, status.coin.decimals), status.dev),
            // Another Ethereum node: reading and sending work all the same.
            Err(ClientError::NoSuchMethod { .. }) => (Unit::new("ETH", 18), client.chain_id().await? == DEV_CHAIN_ID),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { client, coin, dev, json: global.json, wallets: Wallet::folder(global)? })
    }

    /// The chain's tokens.
    pub async fn registry(&self) -> Result<Registry> {
        Ok(Registry::load(&self.client, self.coin.clone()).await?)
    }

    /// The asset that a symbol or an address means.
    pub async fn asset(&self, registry: &Registry, wanted: &str) -> Result<Asset> {
        if wanted.parse::<Address>().is_ok() && !keys::has_good_checksum(wanted) {
            return told(format!("`{wanted}` is mistyped: its capital letters do not fit its digits (EIP-55)"));
        }
        Ok(registry.resolve(&self.client, wanted).await??)
    }

    /// An amount of the native coin for programs.
    pub fn coin_json(&self, value: U256) -> serde_json::Value {
        coin_json(&self.coin, value)
    }

    /// How much of an asset an account holds.
    pub async fn held(&self, account: Address, asset: &Asset) -> Result<U256> {
        Ok(match asset.token {
            None => self.client.balance(account).await?,
            Some(token) => self.client.call(token, &limpid_abi::IERC20::balanceOfCall { owner: account }).await?,
        })
    }

    /// The time, on the chain's clock, at which an order ends: after the minutes asked for, or 20. On a
    /// development chain a day, because a market in compressed time moves the clock by hours.
    pub async fn deadline(&self, minutes: Option<u64>) -> Result<U256> {
        let minutes = minutes.unwrap_or(if self.dev { 24 * 60 } else { 20 });
        let head = self.client.block(BlockTag::Latest).await?.map_or(0, |block| block.timestamp);
        let wall =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        // The next block's time is at least both.
        Ok(U256::from(head.max(wall).saturating_add(minutes.saturating_mul(60))))
    }
}

/// An amount of a native coin for programs.
pub fn coin_json(coin: &Unit, value: U256) -> serde_json::Value {
    Asset { token: None, unit: coin.clone(), name: String::new() }.json(value)
}

/// `12.5 mUSD (0x..)`: a symbol alone is no identity.
pub fn show(asset: &Asset, amount: U256) -> String {
    match asset.token {
        Some(token) => format!("{} ({token})", asset.unit.show(amount)),
        None => asset.unit.show(amount),
    }
}

/// `mUSD 0x..`.
pub fn name(asset: &Asset) -> String {
    match asset.token {
        Some(token) => format!("{} {token}", asset.unit.symbol),
        None => asset.unit.symbol.clone(),
    }
}
