//! From a call object to a transaction that waits for its signature.

use super::{CallRequest, Price};
use alloy_consensus::{TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy};
use limpid_chain::tx::UnsignedTx;
use limpid_evm::TxKind;

impl CallRequest {
    /// The transaction that this asks for, with `cap` and `tip` as prices in wei per gas unless it names a gas price.
    /// Its nonce and gas limit are those of the request, or 0.
    pub fn unsigned(&self, cap: u128, tip: u128) -> UnsignedTx {
        let (chain_id, value, input) = (self.chain_id, self.value, self.input.clone());
        let (nonce, gas_limit) = (self.nonce.unwrap_or_default(), self.gas.unwrap_or_default());
        let access_list = self.access_list.clone().unwrap_or_default();
        let (to, kind) = (self.to.unwrap_or_default(), self.to.map_or(TxKind::Create, TxKind::Call));
        let (max_fee_per_gas, max_priority_fee_per_gas) = (cap, tip);
        if !self.authorizations.is_empty() {
            let authorization_list = self.authorizations.clone();
            return UnsignedTx::Eip7702(TxEip7702 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to,
                value,
                access_list,
                authorization_list,
                input,
            });
        }
        if !self.blobs.is_empty() {
            return UnsignedTx::Eip4844(TxEip4844 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to,
                value,
                access_list,
                blob_versioned_hashes: self.blobs.clone(),
                max_fee_per_blob_gas: self.max_blob_fee,
                input,
            });
        }
        match (self.price, &self.access_list) {
            (Price::Legacy(gas_price), None) => UnsignedTx::Legacy(TxLegacy {
                chain_id: Some(chain_id),
                nonce,
                gas_price,
                gas_limit,
                to: kind,
                value,
                input,
            }),
            (Price::Legacy(gas_price), Some(_)) => UnsignedTx::Eip2930(TxEip2930 {
                chain_id,
                nonce,
                gas_price,
                gas_limit,
                to: kind,
                value,
                access_list,
                input,
            }),
            _ => UnsignedTx::Eip1559(TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to: kind,
                value,
                access_list,
                input,
            }),
        }
    }
}
