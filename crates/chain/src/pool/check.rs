//! What can be said about a transaction without any state.

use super::PoolError;
use crate::tx::{Transaction, intrinsic_gas};
use alloy_eips::{Decodable2718, eip7825::MAX_TX_GAS_LIMIT_OSAKA};

/// Largest encoded transaction, in bytes (as in geth).
pub const MAX_TX_SIZE: usize = 128 * 1024;
/// Largest init code, in bytes (EIP-3860).
pub const MAX_INIT_CODE: usize = 49_152;

/// What the chain allows in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxRules {
    /// The chain's id.
    pub chain_id: u64,
    /// Gas that a block leaves to transactions.
    pub block_gas: u64,
    /// The base fee never falls below this, in wei per gas.
    pub base_fee_floor: u64,
    /// A development chain: takes legacy transactions without a chain id, and transactions of impersonated senders.
    pub dev: bool,
}

/// Decodes a transaction as `eth_sendRawTransaction` gets it.
pub(super) fn decode(raw: &[u8]) -> Result<Transaction, PoolError> {
    if raw.len() > MAX_TX_SIZE {
        return Err(PoolError::Oversized { size: raw.len(), limit: MAX_TX_SIZE });
    }
    match raw.first() {
        // Type 3 as wallets send it carries its blobs and would be malformed here.
        Some(ty @ (0 | 3 | 5..=0x7f)) => Err(PoolError::TypeNotSupported { ty: *ty }),
        _ => Transaction::decode_2718_exact(raw).map_err(|error| PoolError::Malformed(error.to_string())),
    }
}

/// Everything a transaction must satisfy whatever the state.
pub(super) fn check(tx: &Transaction, rules: &TxRules) -> Result<(), PoolError> {
    if !matches!(tx.tx_type(), 0 | 1 | 2 | 4) {
        return Err(PoolError::TypeNotSupported { ty: tx.tx_type() });
    }
    match tx.chain_id() {
        Some(have) if have != rules.chain_id => return Err(PoolError::WrongChain { have, want: rules.chain_id }),
        None if !rules.dev => return Err(PoolError::Unprotected),
        _ => {}
    }
    if tx.nonce() == u64::MAX {
        return Err(PoolError::NonceMax);
    }
    let (tip, cap) = (tx.max_tip_per_gas(), tx.max_fee_per_gas());
    if tip > cap {
        return Err(PoolError::TipAboveCap { tip, cap });
    }
    if cap < rules.base_fee_floor.into() {
        return Err(PoolError::Underpriced { cap, floor: rules.base_fee_floor });
    }
    if tx.kind().is_create() && tx.input().len() > MAX_INIT_CODE {
        return Err(PoolError::InitCodeSize { size: tx.input().len(), limit: MAX_INIT_CODE });
    }
    if tx.tx_type() == 4 && tx.authorizations().is_empty() {
        return Err(PoolError::NoAuthorizations);
    }
    check_gas(tx, rules)
}

fn check_gas(tx: &Transaction, rules: &TxRules) -> Result<(), PoolError> {
    let have = tx.gas_limit();
    let needed = intrinsic_gas(tx);
    if have < needed.initial {
        return Err(PoolError::IntrinsicGas { have, want: needed.initial });
    }
    if have < needed.floor {
        return Err(PoolError::FloorGas { have, want: needed.floor });
    }
    if have > MAX_TX_GAS_LIMIT_OSAKA {
        return Err(PoolError::GasCap { cap: MAX_TX_GAS_LIMIT_OSAKA, have });
    }
    if have > rules.block_gas {
        return Err(PoolError::BlockGasLimit { have, limit: rules.block_gas });
    }
    Ok(())
}
