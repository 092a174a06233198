//! What the answers are made of.

use crate::api::{
    error::Result,
    view::{COIN, View, What},
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, I256, U256, hex};
use limpid_chain::{history::Cursor, node::Place};
use serde::{Serialize, Serializer};

/// A block that something is in, or as of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Block {
    pub(crate) number: u64,
    pub(crate) hash: B256,
    pub(crate) timestamp: u64,
}

impl Block {
    pub(crate) fn new(hash: B256, header: &Header) -> Self {
        Self { number: header.number, hash, timestamp: header.timestamp }
    }

    /// The block that an answer is as of.
    pub(crate) fn of(view: &View) -> Self {
        let block = &view.head().block;
        Self::new(block.hash, &block.header)
    }
}

impl From<Place> for Block {
    fn from(place: Place) -> Self {
        Self { number: place.at.height, hash: place.block_hash, timestamp: place.timestamp }
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Page<T> {
    pub(crate) block: Block,
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    pub(crate) fn new(view: &View, items: Vec<T>, next: Option<impl AsRef<[u8]>>) -> Self {
        Self { block: Block::of(view), items, next: next.map(hex::encode) }
    }

    /// A list that is short enough to be given whole.
    pub(crate) fn whole(view: &View, items: Vec<T>) -> Self {
        Self::new(view, items, None::<[u8; 0]>)
    }
}

/// One thing.
#[derive(Debug, Serialize)]
pub(crate) struct One<T> {
    pub(crate) block: Block,
    pub(crate) item: T,
}

impl<T> One<T> {
    pub(crate) fn new(view: &View, item: T) -> Self {
        Self { block: Block::of(view), item }
    }
}

/// An exact quantity of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Amount {
    units: Units,
    pub(crate) decimals: Option<u8>,
    pub(crate) symbol: Option<String>,
    asset: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<Units>,
}

/// Decimal text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Units(String);

impl Serialize for Units {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// An address with its checksum (EIP-55).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown(pub(crate) Address);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Amount {
    /// Coin, in wei.
    pub(crate) fn coin(wei: U256) -> Self {
        let (symbol, decimals) = COIN;
        let (units, symbol) = (Units(wei.to_string()), Some(symbol.to_owned()));
        Self { units, decimals: Some(decimals), symbol, asset: None, token_id: None }
    }

    /// Coin, or a token in its smallest units.
    pub(crate) fn of(view: &View, asset: Option<Address>, units: U256) -> Result<Self> {
        let Some(token) = asset else { return Ok(Self::coin(units)) };
        let info = view.token(token)?;
        Ok(Self {
            units: Units(units.to_string()),
            decimals: info.decimals,
            symbol: info.symbol.clone(),
            asset: Some(Shown(token)),
            token_id: None,
        })
    }

    /// One token of which every one is unique.
    pub(crate) fn unique(view: &View, token: Address, id: U256) -> Result<Self> {
        let one = Self::of(view, Some(token), U256::ONE)?;
        Ok(Self { decimals: Some(0), token_id: Some(Units(id.to_string())), ..one })
    }

    /// More or less of something.
    pub(crate) fn change(view: &View, asset: Option<Address>, change: I256) -> Result<Self> {
        let amount = Self::of(view, asset, change.unsigned_abs())?;
        Ok(if change.is_negative() { Self { units: Units(format!("-{}", amount.units.0)), ..amount } } else { amount })
    }

    /// As people read it: whole units, exactly.
    pub(crate) fn words(&self) -> String {
        let whole = whole_units(&self.units.0, self.decimals.unwrap_or_default());
        let symbol = self.symbol.clone().or_else(|| self.asset.map(|asset| format!("of {}", short(asset.0))));
        match (&self.token_id, symbol) {
            (Some(id), symbol) => format!("{} #{}", symbol.unwrap_or_default(), id.0),
            (None, Some(symbol)) => format!("{whole} {symbol}"),
            (None, None) => whole,
        }
    }

    /// Smallest units as text.
    pub(crate) fn units(&self) -> &str {
        &self.units.0
    }

    /// Whole units as exact text.
    pub(crate) fn whole(&self) -> String {
        whole_units(&self.units.0, self.decimals.unwrap_or_default())
    }
}

/// Smallest units as whole ones, exactly, without zeros at the end.
pub(crate) fn whole_units(units: &str, decimals: u8) -> String {
    let (sign, digits) = units.strip_prefix('-').map_or(("", units), |digits| ("-", digits));
    let places = usize::from(decimals);
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// The beginning and the end of an address.
pub(crate) fn short(address: Address) -> String {
    let text = address.to_string();
    format!("{}…{}", &text[..6], &text[38..])
}

/// Somebody or something with an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Party {
    address: Shown,
    kind: &'static str,
    label: Option<String>,
    label_by: Option<&'static str>,
}

impl Party {
    pub(crate) fn new(view: &View, address: Address) -> Result<Self> {
        let (mut label, mut by) = (None, Some("protocol"));
        let kind = match view.what(address)? {
            What::Nothing | What::Account if address.is_zero() => {
                label = Some("nobody".to_owned());
                "none"
            }
            What::Nothing => "none",
            What::Account => "account",
            What::Delegated(_) => "delegated",
            What::Contract => "contract",
            What::System => {
                label = Some("the chain itself".to_owned());
                "system"
            }
            What::Native(name) => {
                label = Some(native_label(name).to_owned());
                "native"
            }
            What::Token => {
                (label, by) = (view.token(address)?.symbol.clone(), Some("creator"));
                "token"
            }
            What::Pool => {
                (label, by) = (pool_label(view, address)?, Some("creator"));
                "pool"
            }
        };
        let label_by = label.as_ref().and(by);
        Ok(Self { address: Shown(address), kind, label, label_by })
    }

    /// Somebody who is known to be a token; a user's contract says itself what it is called.
    pub(crate) fn token(view: &View, address: Address) -> Result<Self> {
        let party = Self::new(view, address)?;
        if party.kind != "contract" {
            return Ok(party);
        }
        let label = view.token(address)?.symbol.clone();
        let label_by = label.as_ref().and(Some("creator"));
        Ok(Self { kind: "token", label, label_by, ..party })
    }

    pub(crate) fn maybe(view: &View, address: Option<Address>) -> Result<Option<Self>> {
        address.map(|address| Self::new(view, address)).transpose()
    }

    /// What to call it in a sentence.
    pub(crate) fn words(&self) -> String {
        self.label.clone().unwrap_or_else(|| short(self.address.0))
    }

    pub(crate) const fn kind(&self) -> &'static str {
        self.kind
    }
}

fn pool_label(view: &View, pool: Address) -> Result<Option<String>> {
    let Some([zero, one]) = view.token(pool)?.pair else { return Ok(None) };
    let name = |token| -> Result<String> { Ok(view.token(token)?.symbol.clone().unwrap_or_else(|| short(token))) };
    Ok(Some(format!("{}/{} pool", name(zero)?, name(one)?)))
}

/// What people call a native contract.
pub(crate) fn native_label(name: &str) -> &str {
    match name {
        "queue" => "Work queue",
        "token-factory" => "Token factory",
        "weth" => "Wrapped coin",
        "factory" => "Pool factory",
        "router" => "Router",
        "exchange" => "Exchange",
        "fees" | "fee-ledger" => "Fee ledger",
        "gateway" => "Gateway",
        "actions" => "Action lists",
        other => other,
    }
}

/// A place in an account's history, as cursors have it.
pub(crate) fn cursor(at: Option<Cursor>) -> Option<Vec<u8>> {
    at.as_ref().map(crate::api::ask::cursor_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_as_people_read_them() {
        for (units, decimals, whole) in [
            ("0", 18, "0"),
            ("1", 0, "1"),
            ("1", 18, "0.000000000000000001"),
            ("1500000", 6, "1.5"),
            ("-1500000", 6, "-1.5"),
            ("1000000", 6, "1"),
            ("123", 2, "1.23"),
        ] {
            assert_eq!(whole_units(units, decimals), whole);
        }
    }
}
