//! Transactions on the wire.

use super::Quantity;
use alloy_consensus::transaction::Recovered as Signed;
use alloy_primitives::{Address, B256, Bytes, U256};
use limpid_chain::{
    Recovered, Transaction,
    node::Place,
    tx::{EthereumTx, Phase, SYSTEM_SENDER, SYSTEM_TX_TYPE, SystemTx},
};
use serde::Serialize;

/// A transaction of `eth_getTransactionByHash` and of blocks in full.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant, reason = "system transactions are at most two in a block")]
pub enum RpcTransaction {
    /// Signed by a user.
    Ethereum(alloy_rpc_types_eth::Transaction<EthereumTx>),
    /// What a block's hook did.
    System(SystemTransaction),
}

/// The chain's own transaction. It carries the fields that clients demand of every transaction; nobody signed it, so
/// its signature is all zeros.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemTransaction {
    #[serde(rename = "type")]
    kind: Quantity<u8>,
    hash: B256,
    nonce: Quantity<u64>,
    block_hash: B256,
    block_number: Quantity<u64>,
    block_timestamp: Quantity<u64>,
    transaction_index: Quantity<u64>,
    from: Address,
    to: Address,
    value: Quantity<U256>,
    gas: Quantity<u64>,
    gas_price: Quantity<u64>,
    input: Bytes,
    chain_id: Quantity<u64>,
    /// The block whose hook this is; part of the hash.
    height: Quantity<u64>,
    /// `begin` before the first transaction, `end` after the last one; part of the hash.
    phase: &'static str,
    v: Quantity<u64>,
    r: Quantity<u64>,
    s: Quantity<u64>,
    y_parity: Quantity<u64>,
}

impl RpcTransaction {
    /// A transaction, in a block or waiting.
    pub fn new(tx: &Recovered, place: Option<Place>, chain_id: u64) -> Self {
        match tx.tx() {
            Transaction::Ethereum(signed) => Self::Ethereum(alloy_rpc_types_eth::Transaction {
                effective_gas_price: Some(match place {
                    Some(place) => tx.effective_gas_price(place.base_fee),
                    None => tx.max_fee_per_gas(),
                }),
                inner: Signed::new_unchecked(signed.clone(), tx.sender()),
                block_hash: place.map(|place| place.block_hash),
                block_number: place.map(|place| place.at.height),
                block_timestamp: place.map(|place| place.timestamp),
                transaction_index: place.map(|place| place.at.index.into()),
            }),
            Transaction::System(system) => Self::System(SystemTransaction::new(system, place, chain_id)),
        }
    }
}

impl SystemTransaction {
    fn new(tx: &SystemTx, place: Option<Place>, chain_id: u64) -> Self {
        let zero = Quantity(0);
        Self {
            kind: Quantity(SYSTEM_TX_TYPE),
            hash: tx.hash(),
            nonce: zero,
            block_hash: place.map(|place| place.block_hash).unwrap_or_default(),
            block_number: Quantity(tx.height),
            block_timestamp: Quantity(place.map(|place| place.timestamp).unwrap_or_default()),
            transaction_index: Quantity(place.map(|place| place.at.index.into()).unwrap_or_default()),
            from: SYSTEM_SENDER,
            to: SYSTEM_SENDER,
            value: Quantity(U256::ZERO),
            gas: zero,
            gas_price: zero,
            input: Bytes::new(),
            chain_id: Quantity(chain_id),
            height: Quantity(tx.height),
            phase: match tx.phase {
                Phase::Begin => "begin",
                Phase::End => "end",
            },
            v: zero,
            r: zero,
            s: zero,
            y_parity: zero,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy};
    use alloy_eips::eip7702::{Authorization, SignedAuthorization};
    use alloy_primitives::{Signature, TxKind};
    use limpid_chain::Position;
    use serde_json::{Value, json};

    const PLACE: Place = Place {
        at: Position { height: 16, index: 1 },
        block_hash: B256::repeat_byte(9),
        timestamp: 1_584_000_000,
        base_fee: 100,
    };

    fn shown(tx: impl Into<Transaction>, place: Option<Place>) -> Value {
        let tx = Recovered::recover(tx.into()).unwrap();
        serde_json::to_value(RpcTransaction::new(&tx, place, 31_337)).unwrap()
    }

    fn signed<T: SignableTransaction<Signature>>(tx: T) -> alloy_consensus::Signed<T> {
        // Any r that is a point's coordinate recovers to some sender.
        tx.into_signed(Signature::new(U256::ONE, U256::ONE, false))
    }

    #[test]
    fn dynamic_fees() {
        let tx = TxEip1559 {
            chain_id: 31_337,
            nonce: 3,
            gas_limit: 21_000,
            max_fee_per_gas: 250,
            max_priority_fee_per_gas: 7,
            to: TxKind::Call(Address::repeat_byte(1)),
            ..TxEip1559::default()
        };
        let found = shown(EthereumTx::from(signed(tx.clone())), Some(PLACE));
        for (field, expected) in [
            ("type", "0x2"),
            ("nonce", "0x3"),
            ("gas", "0x5208"),
            ("gasPrice", "0x6b"),
            ("maxFeePerGas", "0xfa"),
            ("maxPriorityFeePerGas", "0x7"),
            ("chainId", "0x7a69"),
            ("blockNumber", "0x10"),
            ("blockTimestamp", "0x5e69ec00"),
            ("transactionIndex", "0x1"),
            ("value", "0x0"),
            ("input", "0x"),
            ("yParity", "0x0"),
            ("v", "0x0"),
            ("r", "0x1"),
        ] {
            assert_eq!(found[field], json!(expected), "{field}");
        }
        assert_eq!(found["accessList"], json!([]));
        let waiting = shown(EthereumTx::from(signed(tx)), None);
        assert_eq!(waiting["gasPrice"], json!("0xfa"), "what it may pay at most");
        for field in ["blockHash", "blockNumber", "transactionIndex"] {
            assert_eq!(waiting[field], Value::Null, "{field}");
            assert!(waiting.as_object().unwrap().contains_key(field));
        }
    }

    #[test]
    fn the_other_types() {
        let legacy = shown(EthereumTx::from(signed(TxLegacy { gas_price: 300, ..TxLegacy::default() })), Some(PLACE));
        assert_eq!((&legacy["type"], &legacy["gasPrice"]), (&json!("0x0"), &json!("0x12c")));
        assert!(legacy.get("chainId").is_none(), "an unprotected one has no chain");
        assert_eq!(legacy["v"], json!("0x1b"));
        assert_eq!(legacy["to"], Value::Null, "a creation");
        let listed = shown(EthereumTx::from(signed(TxEip2930 { gas_price: 300, ..TxEip2930::default() })), Some(PLACE));
        assert_eq!((&listed["type"], &listed["accessList"]), (&json!("0x1"), &json!([])));
        let inner = Authorization { chain_id: U256::from(1), address: Address::ZERO, nonce: 2 };
        let authorization_list = vec![SignedAuthorization::new_unchecked(inner, 1, U256::from(2), U256::from(3))];
        let delegating =
            shown(EthereumTx::from(signed(TxEip7702 { authorization_list, ..TxEip7702::default() })), Some(PLACE));
        let expected = json!([{ "chainId": "0x1", "address": Address::ZERO, "nonce": "0x2", "yParity": "0x1", "r": "0x2", "s": "0x3" }]);
        assert_eq!((&delegating["type"], &delegating["authorizationList"]), (&json!("0x4"), &expected));
    }

    #[test]
    fn system_transactions_have_every_field_that_clients_demand() {
        let tx = SystemTx { height: 16, phase: Phase::End };
        let found = shown(tx, Some(PLACE));
        assert_eq!(found["type"], json!("0x7d"));
        assert_eq!(found["from"], json!("0xfffffffffffffffffffffffffffffffffffffffe"));
        assert_eq!((&found["phase"], &found["height"]), (&json!("end"), &json!("0x10")));
        assert_eq!(found["hash"], json!(tx.hash()));
        for field in ["nonce", "value", "gas", "gasPrice", "r", "s", "v", "yParity"] {
            assert_eq!(found[field], json!("0x0"), "{field}");
        }
        assert_eq!(found["input"], json!("0x"));
    }
}
