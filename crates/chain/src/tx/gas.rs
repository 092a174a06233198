//! Gas that a transaction needs before its first instruction (Osaka).

use super::Transaction;

/// Gas that every transaction uses at least (yellow paper, G_transaction).
pub(crate) const LEAST_GAS: u64 = 21_000;
/// Cost of a creation on top (EIP-2).
const CREATE: u64 = 32_000;
/// Cost of a calldata token: a zero byte is one, any other byte four (EIP-2028).
const TOKEN: u64 = 4;
/// Cost of a calldata token in the floor (EIP-7623).
const FLOOR_TOKEN: u64 = 10;
/// Cost of 32 bytes of init code (EIP-3860).
const INIT_CODE_WORD: u64 = 2;
/// Cost of an address in an access list (EIP-2930).
const ACCESS_ADDRESS: u64 = 2_400;
/// Cost of a slot in an access list (EIP-2930).
const ACCESS_SLOT: u64 = 1_900;
/// Cost of an authorization (EIP-7702).
const AUTHORIZATION: u64 = 25_000;

/// What a gas limit must cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntrinsicGas {
    /// Charged before execution.
    pub initial: u64,
    /// Charged at least, whatever execution needs (EIP-7623).
    pub floor: u64,
}

impl IntrinsicGas {
    /// The least gas limit that is valid.
    pub fn required(&self) -> u64 {
        self.initial.max(self.floor)
    }
}

/// The gas a transaction needs before its first instruction.
pub fn intrinsic_gas(tx: &Transaction) -> IntrinsicGas {
    let input = tx.input();
    let zeros = count(input.iter().filter(|byte| **byte == 0).count());
    let tokens = count(input.len()).saturating_sub(zeros).saturating_mul(4).saturating_add(zeros);
    let mut initial = LEAST_GAS.saturating_add(tokens.saturating_mul(TOKEN));
    if tx.kind().is_create() {
        let words = count(input.len().div_ceil(32));
        initial = initial.saturating_add(CREATE).saturating_add(words.saturating_mul(INIT_CODE_WORD));
    }
    if let Some(list) = tx.access_list() {
        let slots = list.iter().map(|item| item.storage_keys.len()).fold(0usize, usize::saturating_add);
        initial = initial
            .saturating_add(count(list.len()).saturating_mul(ACCESS_ADDRESS))
            .saturating_add(count(slots).saturating_mul(ACCESS_SLOT));
    }
    initial = initial.saturating_add(count(tx.authorizations().len()).saturating_mul(AUTHORIZATION));
    IntrinsicGas { initial, floor: LEAST_GAS.saturating_add(tokens.saturating_mul(FLOOR_TOKEN)) }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
