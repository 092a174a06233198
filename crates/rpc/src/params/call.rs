//! Call objects: what `eth_call`, gas estimates and traces are asked to run.

use super::{object::Object, value};
use crate::error::{Result, RpcError};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, RecoveredAuthority, RecoveredAuthorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use limpid_evm::{TxEnv, TxKind, recover_signer};
use serde_json::Value;

/// Most entries of an access list, keys included, and of an authorization list: each costs thousands of gas, so a real
/// transaction has far fewer.
const MOST_ENTRIES: usize = 20_000;

/// Most blobs of a call: far more than a block may hold.
const MOST_BLOBS: usize = 128;

/// What the caller offers per gas, in wei.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Price {
    /// Nothing: the call is free.
    #[default]
    None,
    /// A gas price, as legacy transactions have it.
    Legacy(u128),
    /// A fee cap and a tip (EIP-1559); either may be absent.
    Dynamic {
        /// Fee cap.
        cap: Option<u128>,
        /// Tip.
        tip: Option<u128>,
    },
}

/// A call object. Fields that are absent take the method's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallRequest {
    /// The chain it is for.
    pub chain_id: u64,
    /// The caller; the zero address if absent.
    pub from: Address,
    /// The callee; a creation if absent.
    pub to: Option<Address>,
    /// Gas limit.
    pub gas: Option<u64>,
    /// What is paid per gas.
    pub price: Price,
    /// Wei sent along.
    pub value: U256,
    /// The caller's nonce.
    pub nonce: Option<u64>,
    /// Calldata or init code.
    pub input: Bytes,
    /// Access list (EIP-2930).
    pub access_list: Option<AccessList>,
    /// Authorizations (EIP-7702).
    pub authorizations: Vec<SignedAuthorization>,
    /// Hashes of blobs (EIP-4844), for foreign chains.
    pub blobs: Vec<B256>,
    /// Most the caller pays per unit of blob gas, in wei.
    pub max_blob_fee: u128,
}

impl CallRequest {
    /// Reads a call object for a chain.
    pub fn parse(given: Value, chain_id: u64) -> Result<Self> {
        let mut object = Object::new(given, "transaction")?;
        if object.take("blobs").is_some() {
            return Err(RpcError::params("blobs themselves are never executed: pass their blobVersionedHashes"));
        }
        let blob_hash = |given: Value| value::hash(&given, "transaction.blobVersionedHashes");
        if let Some(wanted) = object.quantity_u64("chainId")?.filter(|wanted| *wanted != chain_id) {
            return Err(RpcError::params(format!("chainId does not match node's (have={wanted}, want={chain_id})")));
        }
        let (data, input) = (object.bytes("data")?, object.bytes("input")?);
        if data.is_some() && input.is_some() && data != input {
            return Err(RpcError::params(
                "both \"data\" and \"input\" are set and not equal: use \"input\" to pass transaction call data",
            ));
        }
        let request = Self {
            chain_id,
            from: object.address("from")?.unwrap_or_default(),
            to: object.address("to")?,
            gas: object.quantity_u64("gas")?,
            price: price(&mut object)?,
            value: object.quantity("value")?.unwrap_or_default(),
            nonce: object.quantity_u64("nonce")?,
            input: input.or(data).unwrap_or_default(),
            access_list: access_list(&mut object)?,
            authorizations: object.list("authorizationList", authorization)?.unwrap_or_default(),
            blobs: object.list("blobVersionedHashes", blob_hash)?.unwrap_or_default(),
            max_blob_fee: object.quantity_u128("maxFeePerBlobGas")?.unwrap_or_default(),
        };
        if request.blobs.len() > MOST_BLOBS {
            return Err(RpcError::params(format!("blobVersionedHashes has more than {MOST_BLOBS} entries")));
        }
        if request.authorizations.len() > MOST_ENTRIES {
            return Err(RpcError::params(format!("authorizationList has more than {MOST_ENTRIES} entries")));
        }
        if request.to.is_none() && !request.authorizations.is_empty() {
            return Err(RpcError::params("a transaction with authorizations must have a recipient (to)"));
        }
        Ok(request)
    }

    /// Most the caller pays per gas in a block with `base_fee`, in wei; 0 if the call is free.
    pub fn max_fee(&self, base_fee: u64) -> u128 {
        match self.price {
            Price::None => 0,
            Price::Legacy(price) => price,
            Price::Dynamic { cap: Some(cap), .. } => cap,
            // A tip on its own: room for the base fee to double.
            Price::Dynamic { cap: None, tip } => match tip.unwrap_or_default() {
                0 => 0,
                tip => tip.saturating_add(u128::from(base_fee).saturating_mul(2)),
            },
        }
    }

    /// What execution takes, with `gas` as the limit.
    pub fn env(&self, gas: u64, base_fee: u64) -> Result<TxEnv> {
        let cap = self.max_fee(base_fee);
        let tip = match self.price {
            Price::Dynamic { tip, .. } => Some(tip.unwrap_or_default()),
            _ => None,
        };
        if tip.is_some_and(|tip| tip > cap) {
            return Err(RpcError::refused(format!(
                "max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: {}, maxFeePerGas: {cap}",
                tip.unwrap_or_default()
            )));
        }
        if cap > 0 && cap < u128::from(base_fee) {
            return Err(RpcError::refused(format!(
                "max fee per gas less than block base fee: address {}, maxFeePerGas: {cap}, baseFee: {base_fee}",
                self.from
            )));
        }
        let tx_type = match (&self.authorizations[..], tip, &self.access_list) {
            ([_, ..], _, _) => 4,
            _ if !self.blobs.is_empty() => 3,
            (_, Some(_), _) => 2,
            (_, _, Some(_)) => 1,
            _ => 0,
        };
        let mut env = TxEnv {
            tx_type,
            caller: self.from,
            gas_limit: gas,
            gas_price: cap,
            kind: self.to.map_or(TxKind::Create, TxKind::Call),
            value: self.value,
            data: self.input.clone(),
            nonce: self.nonce.unwrap_or_default(),
            chain_id: Some(self.chain_id),
            access_list: self.access_list.clone().unwrap_or_default(),
            gas_priority_fee: tip,
            blob_hashes: self.blobs.clone(),
            max_fee_per_blob_gas: self.max_blob_fee,
            ..TxEnv::default()
        };
        env.set_recovered_authorization(self.authorizations.iter().map(recover).collect());
        Ok(env)
    }
}

fn price(object: &mut Object) -> Result<Price> {
    let legacy = object.quantity_u128("gasPrice")?;
    let cap = object.quantity_u128("maxFeePerGas")?;
    let tip = object.quantity_u128("maxPriorityFeePerGas")?;
    match (legacy, cap, tip) {
        (None, None, None) => Ok(Price::None),
        (Some(price), None, None) => Ok(Price::Legacy(price)),
        (None, cap, tip) => Ok(Price::Dynamic { cap, tip }),
        _ => Err(RpcError::params("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")),
    }
}

fn access_list(object: &mut Object) -> Result<Option<AccessList>> {
    let mut entries = 0usize;
    let items = object.list("accessList", |item| {
        let mut item = Object::new(item, "accessList")?;
        let address = item.address("address")?;
        let address = item.need("address", address)?;
        let key = |key: Value| value::hash(&key, "accessList.storageKeys");
        let storage_keys = item.list("storageKeys", key)?.unwrap_or_default();
        entries = entries.saturating_add(storage_keys.len()).saturating_add(1);
        if entries > MOST_ENTRIES {
            return Err(RpcError::params(format!("accessList has more than {MOST_ENTRIES} entries")));
        }
        Ok(AccessListItem { address, storage_keys })
    })?;
    Ok(items.map(AccessList))
}

fn authorization(given: Value) -> Result<SignedAuthorization> {
    let mut object = Object::new(given, "authorizationList")?;
    let chain_id = object.quantity("chainId")?;
    let address = object.address("address")?;
    let nonce = object.quantity_u64("nonce")?;
    let parity = match object.quantity_u64("yParity")? {
        Some(parity) => Some(parity),
        None => object.quantity_u64("v")?,
    };
    let (r, s) = (object.quantity("r")?, object.quantity("s")?);
    let inner = Authorization {
        chain_id: object.need("chainId", chain_id)?,
        address: object.need("address", address)?,
        nonce: object.need("nonce", nonce)?,
    };
    let parity = object.need("yParity", parity)?;
    let parity = u8::try_from(parity).map_err(|_| RpcError::params("authorizationList.yParity is above 255"))?;
    Ok(SignedAuthorization::new_unchecked(inner, parity, object.need("r", r)?, object.need("s", s)?))
}

/// An authorization nobody signed is paid for and has no effect (EIP-7702).
fn recover(signed: &SignedAuthorization) -> RecoveredAuthorization {
    let authority = (signed.y_parity() <= 1)
        .then(|| recover_signer(signed.signature_hash(), signed.y_parity() == 1, signed.r().into(), signed.s().into()))
        .flatten()
        .map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
    RecoveredAuthorization::new_unchecked(signed.inner().clone(), authority)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TO: &str = "0x00000000000000000000000000000000000a11ce";

    fn parse(given: Value) -> Result<CallRequest> {
        CallRequest::parse(given, 31_337)
    }

    #[test]
    fn input_and_data_are_one() {
        for given in [json!({ "input": "0x01" }), json!({ "data": "0x01" }), json!({ "data": "0x01", "input": "0x01" })]
        {
            assert_eq!(parse(given).unwrap().input, Bytes::from_static(&[1]));
        }
        assert_eq!(parse(json!({ "data": "0x01", "input": "0x02" })).unwrap_err().code, -32602);
        assert_eq!(parse(json!({})).unwrap(), CallRequest { chain_id: 31_337, ..CallRequest::default() });
    }

    #[test]
    fn the_type_follows_from_the_fields() {
        let authorization =
            json!({ "chainId": "0x7a69", "address": TO, "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1" });
        let cases = [
            (json!({ "to": TO }), 0),
            (json!({ "to": TO, "gasPrice": "0x3b9aca00" }), 0),
            (json!({ "to": TO, "accessList": [] }), 1),
            (json!({ "to": TO, "maxFeePerGas": "0x3b9aca00" }), 2),
            (json!({ "to": TO, "authorizationList": [authorization] }), 4),
        ];
        for (given, expected) in cases {
            assert_eq!(parse(given.clone()).unwrap().env(100_000, 1_000_000_000).unwrap().tx_type, expected, "{given}");
        }
    }

    #[test]
    fn prices() {
        let env = |given: Value| parse(given).unwrap().env(21_000, 100);
        assert_eq!(env(json!({ "to": TO })).unwrap().gas_price, 0, "free");
        assert_eq!(env(json!({ "to": TO, "maxPriorityFeePerGas": "0x5" })).unwrap().gas_price, 205);
        assert_eq!(env(json!({ "to": TO, "maxPriorityFeePerGas": "0x0" })).unwrap().gas_price, 0);
        let error = env(json!({ "to": TO, "maxFeePerGas": "0x63" })).unwrap_err();
        assert!(error.message.starts_with("max fee per gas less than block base fee"), "{error}");
        let error = env(json!({ "to": TO, "maxFeePerGas": "0x64", "maxPriorityFeePerGas": "0x65" })).unwrap_err();
        assert!(error.message.starts_with("max priority fee per gas higher"), "{error}");
        assert!(parse(json!({ "gasPrice": "0x1", "maxFeePerGas": "0x1" })).is_err());
    }

    #[test]
    fn lists() {
        let key = format!("0x{}", "07".repeat(32));
        let request =
            parse(json!({ "accessList": [{ "address": TO, "storageKeys": [key] }, { "address": TO }] })).unwrap();
        let list = request.access_list.unwrap();
        assert_eq!(list.0[0].storage_keys, [B256::repeat_byte(7)]);
        assert!(list.0[1].storage_keys.is_empty());
        let refused = [
            json!({ "accessList": {} }),
            json!({ "accessList": [{ "storageKeys": [] }] }),
            json!({ "accessList": [{ "address": TO, "storageKeys": ["0x1"] }] }),
            json!({ "authorizationList": [{}] }),
            json!({ "authorizationList": [1] }),
            json!({ "blobs": ["0x"] }),
            json!({ "blobVersionedHashes": ["0x"] }),
            json!({ "chainId": "0x1" }),
            json!({ "from": "0x1" }),
            json!({ "value": 1 }),
            json!("0x"),
            json!([]),
        ];
        for given in refused {
            assert_eq!(parse(given.clone()).unwrap_err().code, -32602, "{given}");
        }
        assert!(parse(json!({ "unknown": 1, "type": "0x2" })).is_ok(), "fields of other tools are left alone");
    }
}
