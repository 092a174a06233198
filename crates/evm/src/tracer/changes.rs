//! What a transaction read and changed, account by account.

use crate::source::{Overlay, SourceError};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use revm::{
    Database,
    state::{AccountInfo, EvmState},
};
use std::collections::{BTreeMap, btree_map::Entry};

/// An account without its storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// Wei.
    pub balance: U256,
    /// Nonce.
    pub nonce: u64,
    /// Code; empty if there is none.
    pub code: Bytes,
    /// Its hash.
    pub code_hash: B256,
}

/// An account before and after, and its slots that were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Before; `None` if it did not exist.
    pub before: Option<AccountState>,
    /// After; `None` if it does not exist.
    pub after: Option<AccountState>,
    /// Slots that were loaded: the value before and after.
    pub slots: BTreeMap<U256, (U256, U256)>,
}

/// Every account that was loaded, changed or not.
pub type Changes = BTreeMap<Address, Change>;

/// Adds what the journal holds to `changes`, before the overlay takes it over. What was there before keeps its
/// beginning and gets a new end.
pub(crate) fn gather(changes: &mut Changes, overlay: &mut Overlay, state: &EvmState) -> Result<(), SourceError> {
    for (address, account) in state {
        let before = overlay.basic(*address)?.map(|info| snapshot(overlay, &info)).transpose()?;
        let after = if !account.is_touched() {
            before.clone()
        } else if account.is_selfdestructed() || account.is_empty() {
            None
        } else {
            Some(snapshot(overlay, &account.info)?)
        };
        let value = |value: U256| if after.is_some() { value } else { U256::ZERO };
        let slots =
            account.storage.iter().map(|(slot, cell)| (*slot, (cell.original_value, value(cell.present_value))));
        match changes.entry(*address) {
            Entry::Vacant(free) => {
                let slots = slots.collect();
                free.insert(Change { before, after, slots });
            }
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                for (slot, (first, last)) in slots {
                    known.slots.entry(slot).or_insert((first, last)).1 = last;
                }
                known.after = after;
            }
        }
    }
    Ok(())
}

/// Bytes that `changes` take when they are shown.
pub(crate) fn size(changes: &Changes) -> usize {
    let code = |state: &Option<AccountState>| state.as_ref().map_or(0, |state| state.code.len());
    let one = |change: &Change| {
        let after = if change.after == change.before { 0 } else { code(&change.after) };
        let slots = change.slots.len().saturating_mul(128);
        code(&change.before).saturating_add(after).saturating_add(slots).saturating_add(256)
    };
    changes.values().map(one).fold(0, usize::saturating_add)
}

fn snapshot(overlay: &mut Overlay, info: &AccountInfo) -> Result<AccountState, SourceError> {
    let code = match &info.code {
        Some(code) => code.original_bytes(),
        None if info.code_hash == KECCAK256_EMPTY || info.code_hash.is_zero() => Bytes::new(),
        None => overlay.code_by_hash(info.code_hash)?.original_bytes(),
    };
    Ok(AccountState { balance: info.balance, nonce: info.nonce, code, code_hash: info.code_hash })
}
