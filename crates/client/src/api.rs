//! The `limpid_*` JSON-RPC namespace: requests and answers as they are on the wire.
//!
//! Field names are camelCase. Quantities are 0x-prefixed hex without leading zeros, as in Ethereum's
//! own methods; counts that are no chain quantity (hops, basis points, limits) are JSON numbers. A
//! field that does not apply is `null` or absent. New fields may be added; readers ignore unknown ones.
//!
//! Tokens, pools and positions are read from the contracts themselves (see [`crate::registry`]).
//!
//! | method | parameters | answer |
//! |---|---|---|
//! | `limpid_status` | none | [`Status`] |
//! | `limpid_contracts` | none | [`Contract`]`[]` |
//! | `limpid_history` | address, [`HistoryQuery`] (optional) | [`HistoryPage`] |
//! | `limpid_quote` | [`QuoteRequest`] | [`Quote`] |
//! | `limpid_genesis` | none | the chain's genesis file |
//! | `limpid_rawBlocks` | first height, number (a JSON number) | [`RawBlock`]`[]`, fewer where the chain or the answer ends |

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};

/// `limpid_status`: what this node is and where its chain stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Name and version, as `web3_clientVersion`.
    pub client_version: String,
    /// EIP-155 chain id.
    #[serde(with = "alloy_serde::quantity")]
    pub chain_id: u64,
    /// A development chain: public keys hold the money, and dev methods can rewrite state.
    pub dev: bool,
    /// The native coin.
    pub coin: Coin,
    /// The latest block.
    pub head: Head,
    /// Base fee of the next block, wei per gas.
    #[serde(with = "alloy_serde::quantity")]
    pub next_base_fee: u128,
    /// Transactions that the next block can take.
    pub pending: u64,
    /// Transactions that wait for an earlier nonce.
    pub queued: u64,
    /// Hash of the rules this node runs; two nodes with the same hash agree on every block.
    pub rules_hash: B256,
    /// Seconds since the node started.
    pub uptime_seconds: u64,
    /// Why there are no more blocks; absent while all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halted: Option<String>,
}

/// The native coin's name and unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coin {
    /// `LIM`.
    pub symbol: String,
    /// 18.
    pub decimals: u8,
}

/// A block in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Height.
    #[serde(with = "alloy_serde::quantity")]
    pub number: u64,
    /// Block hash.
    pub hash: B256,
    /// Unix seconds.
    #[serde(with = "alloy_serde::quantity")]
    pub timestamp: u64,
}

/// One row of `limpid_contracts`: a native contract or a predeployed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Short name, `router` or `weth`.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// True for Rust contracts, false for predeployed bytecode.
    pub native: bool,
    /// What it does, in one line.
    pub summary: String,
}

/// Second parameter of `limpid_history`. Absent: the newest rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistoryQuery {
    /// [`HistoryPage::next`] of the page before: rows older than it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Most rows to answer; 50 when absent, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Answer of `limpid_history`: newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// What happened to the address.
    pub rows: Vec<HistoryRow>,
    /// Cursor for the next, older page; absent on the last one. Opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One effect of one transaction on one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryRow {
    /// Height.
    #[serde(with = "alloy_serde::quantity")]
    pub block: u64,
    /// The block's time, Unix seconds.
    #[serde(with = "alloy_serde::quantity")]
    pub timestamp: u64,
    /// The transaction.
    pub tx_hash: B256,
    /// Which way, seen from the address asked about.
    pub direction: Direction,
    /// The other side; absent for a contract creation that failed, or a system effect.
    pub counterparty: Option<Address>,
    /// The token that moved; `null` is the native coin.
    pub asset: Option<Address>,
    /// How much of it, in the asset's smallest unit. Zero for a plain call.
    pub amount: U256,
    /// Fee in wei that **this address** paid for the transaction; shown on its first row only, so that
    /// a column of fees adds up.
    pub fee: U256,
    /// What kind of effect.
    pub kind: HistoryKind,
    /// False: the transaction failed; only its fee was paid.
    pub success: bool,
    /// Which one, for tokens of which every one is unique; `amount` is then 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<U256>,
}

/// Direction of a history row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the address.
    In,
    /// From the address.
    Out,
    /// Both ends are the address.
    #[serde(rename = "self")]
    Own,
}

/// Kind of a history row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HistoryKind {
    /// The transaction itself, with its coin value (which may be zero).
    Transaction,
    /// The transaction created a contract.
    Create,
    /// Coin moved inside the transaction.
    Internal,
    /// A token moved (ERC-20 `Transfer`).
    Token,
    /// The chain's own work (a system transaction).
    System,
}

/// The parameter of `limpid_quote`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuoteRequest {
    /// What is sold. The native coin trades as WETH.
    pub token_in: Address,
    /// What is bought.
    pub token_out: Address,
    /// Units of `tokenIn` for exact in, of `tokenOut` for exact out.
    pub amount: U256,
    /// Which side `amount` fixes.
    pub kind: QuoteKind,
    /// Most pools in a row, 1 to 4; 4 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_hops: Option<u8>,
}

/// Which side of a trade is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QuoteKind {
    /// The amount paid is fixed, the amount received is what the pools give.
    ExactIn,
    /// The amount received is fixed, the amount paid is what the pools ask.
    ExactOut,
}

/// Answer of `limpid_quote`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Best first; empty when no pools connect the two tokens.
    pub routes: Vec<Route>,
}

/// One way through the pools, priced at the latest block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// Tokens, from `tokenIn` to `tokenOut`.
    pub path: Vec<Address>,
    /// Units of each token on the path: first what is paid, last what is received.
    pub amounts: Vec<U256>,
    /// How far the trade's own size pushes its price from the pools' current one, in basis points,
    /// without the pools' fee.
    pub price_impact_bps: u32,
}

/// One row of `limpid_rawBlocks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawBlock {
    /// RLP, as `debug_getRawBlock` gives it.
    pub block: Bytes,
    /// The operator's signature of the header hash: r, s, v. `None` if nobody signed.
    pub signature: Option<Bytes>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The wire form is a promise to other programs: a change here is a change of the API.
    #[test]
    fn the_wire_form_is_pinned() {
        let row = HistoryRow {
            block: 258,
            timestamp: 1_584_000_000,
            tx_hash: B256::repeat_byte(1),
            direction: Direction::Own,
            counterparty: None,
            asset: Some(Address::repeat_byte(2)),
            amount: U256::from(10),
            fee: U256::ZERO,
            kind: HistoryKind::Token,
            success: true,
            token_id: None,
        };
        let expected = json!({
            "block": "0x102", "timestamp": "0x5e69ec00", "txHash": format!("0x{}", "01".repeat(32)),
            "direction": "self", "counterparty": null, "asset": format!("0x{}", "02".repeat(20)),
            "amount": "0xa", "fee": "0x0", "kind": "token", "success": true,
        });
        assert_eq!(serde_json::to_value(&row).unwrap(), expected);
        assert_eq!(serde_json::from_value::<HistoryRow>(expected).unwrap(), row);

        let request = json!({
            "tokenIn": format!("0x{}", "01".repeat(20)), "tokenOut": format!("0x{}", "02".repeat(20)),
            "amount": "0x64", "kind": "exactOut", "maxHops": 2,
        });
        let parsed: QuoteRequest = serde_json::from_value(request.clone()).unwrap();
        assert_eq!((parsed.kind, parsed.max_hops), (QuoteKind::ExactOut, Some(2)));
        assert_eq!(serde_json::to_value(&parsed).unwrap(), request);

        let route = Route { path: vec![], amounts: vec![U256::from(7)], price_impact_bps: 12 };
        let expected = json!({ "routes": [{ "path": [], "amounts": ["0x7"], "priceImpactBps": 12 }] });
        assert_eq!(serde_json::to_value(Quote { routes: vec![route] }).unwrap(), expected);
    }

    #[test]
    fn a_mistyped_field_is_an_error() {
        assert!(serde_json::from_value::<HistoryQuery>(json!({ "befor": "x" })).is_err());
        assert_eq!(serde_json::from_value::<HistoryQuery>(json!({})).unwrap(), HistoryQuery::default());
    }
}
