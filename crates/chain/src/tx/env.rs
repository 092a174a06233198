//! From a transaction to what execution takes.

use super::Recovered;
use alloy_consensus::Transaction as _;
use alloy_eips::eip7702::{RecoveredAuthority, RecoveredAuthorization, SignedAuthorization};
use limpid_evm::{TxEnv, recover_signer};

/// What execution takes for a signed transaction; `None` for system transactions, which the hooks make themselves.
///
/// Authorities of type 4 are recovered here, by the same function as senders. An authorization nobody signed stays in
/// the list, because it is paid for, and has no effect (EIP-7702).
pub fn env(tx: &Recovered) -> Option<TxEnv> {
    let sender = tx.sender();
    let tx = tx.as_ethereum()?;
    let mut env = TxEnv {
        tx_type: tx.tx_type() as u8,
        caller: sender,
        gas_limit: tx.gas_limit(),
        gas_price: tx.max_fee_per_gas(),
        kind: tx.kind(),
        value: tx.value(),
        data: tx.input().clone(),
        nonce: tx.nonce(),
        chain_id: tx.chain_id(),
        access_list: tx.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: tx.max_priority_fee_per_gas(),
        blob_hashes: tx.blob_versioned_hashes().map(<[_]>::to_vec).unwrap_or_default(),
        max_fee_per_blob_gas: tx.max_fee_per_blob_gas().unwrap_or_default(),
        authorization_list: Vec::new(),
    };
    if let Some(authorizations) = tx.authorization_list() {
        env.set_recovered_authorization(authorizations.iter().map(recover_authority).collect());
    }
    Some(env)
}

fn recover_authority(signed: &SignedAuthorization) -> RecoveredAuthorization {
    let authority = (signed.y_parity() <= 1)
        .then(|| recover_signer(signed.signature_hash(), signed.y_parity() == 1, signed.r().into(), signed.s().into()))
        .flatten()
        .map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
    RecoveredAuthorization::new_unchecked(signed.inner().clone(), authority)
}
