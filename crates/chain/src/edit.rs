//! State that a development chain's user wrote by hand, over the state that blocks made.

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, address, keccak256};
use alloy_rlp::{Decodable, RlpDecodable, RlpEncodable};
use limpid_evm::Bytecode;
use limpid_state::{Account, StateDiff, StateError, StateRead};
use std::{collections::BTreeMap, sync::Arc};

/// The account ("dev base fee" in ASCII) in whose slot 0 a development chain's user chooses the next block's base fee, in
/// wei per gas. Chosen by an edit as any other, it reaches whoever is told the block's edits, and holds for the block
/// that takes them up.
const CHOICES: Address = address!("0x0000000000000000646576206261736520666565");

/// The edit that chooses a base fee, and where it goes.
pub(crate) fn choose_base_fee(wei: u64) -> (Address, AccountEdit) {
    (CHOICES, AccountEdit { storage: [(U256::ZERO, U256::from(wei))].into(), ..AccountEdit::default() })
}

/// The base fee that edits choose for their block.
pub(crate) fn chosen_base_fee(edits: &StateDiff) -> Option<u64> {
    edits.storage.get(&CHOICES)?.get(&U256::ZERO)?.try_into().ok()
}

/// What to write into one account; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountEdit {
    /// Wei.
    pub balance: Option<U256>,
    /// Nonce.
    pub nonce: Option<u64>,
    /// Bytecode.
    pub code: Option<Bytes>,
    /// Slots.
    pub storage: BTreeMap<U256, U256>,
}

/// A state with edits over it.
#[derive(Clone)]
pub struct Edited<S> {
    below: S,
    edits: Arc<StateDiff>,
}

impl<S> Edited<S> {
    pub(crate) const fn new(below: S, edits: Arc<StateDiff>) -> Self {
        Self { below, edits }
    }
}

impl<S: StateRead> StateRead for Edited<S> {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        self.edits.accounts.get(&address).map_or_else(|| self.below.account(address), |account| Ok(*account))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        let edited = self.edits.storage.get(&address).and_then(|slots| slots.get(&slot));
        match edited {
            Some(value) => Ok(*value),
            None if self.edits.wiped.contains(&address) || self.edits.accounts.get(&address) == Some(&None) => {
                Ok(U256::ZERO)
            }
            None => self.below.storage(address, slot),
        }
    }

    fn code(&self, code_hash: B256) -> Result<Option<Bytes>, StateError> {
        let edited = self.edits.codes.get(&code_hash);
        edited.map_or_else(|| self.below.code(code_hash), |code| Ok(Some(code.clone())))
    }
}

/// Adds an edit of `address` to `edits`, over `state`, which has the earlier ones in it.
pub(crate) fn add(
    edits: &mut StateDiff,
    state: &impl StateRead,
    address: Address,
    edit: AccountEdit,
) -> Result<(), StateError> {
    let mut account = state.account(address)?.unwrap_or_default();
    account.balance = edit.balance.unwrap_or(account.balance);
    account.nonce = edit.nonce.unwrap_or(account.nonce);
    if let Some(code) = edit.code {
        account.code_hash = keccak256(&code);
        if !code.is_empty() {
            edits.codes.insert(account.code_hash, code);
        }
    }
    // An account that only has storage would be an empty one, which nothing can hold on to (EIP-161).
    if !edit.storage.is_empty() && account == Account::default() {
        account.nonce = 1;
    }
    edits.accounts.insert(address, Some(account));
    if !edit.storage.is_empty() {
        edits.storage.entry(address).or_default().extend(edit.storage);
    }
    Ok(())
}

/// The changes of `edits` and then of `block`, which was executed over them.
pub(crate) fn merge(edits: &StateDiff, block: StateDiff) -> StateDiff {
    let mut both = edits.clone();
    for address in &block.wiped {
        both.storage.remove(address);
    }
    for (address, account) in &block.accounts {
        if account.is_none() {
            both.storage.remove(address);
        }
    }
    both.wiped.extend(block.wiped);
    both.accounts.extend(block.accounts);
    for (address, slots) in block.storage {
        both.storage.entry(address).or_default().extend(slots);
    }
    both.codes.extend(block.codes);
    both
}

/// An account that edits give code that is neither in them nor in `state`.
pub(crate) fn without_code(edits: &StateDiff, state: &impl StateRead) -> Result<Option<Address>, StateError> {
    for (address, account) in &edits.accounts {
        let hash = account.unwrap_or_default().code_hash;
        let known = hash == KECCAK256_EMPTY || edits.codes.contains_key(&hash) || state.code(hash)?.is_some();
        if !known {
            return Ok(Some(*address));
        }
    }
    Ok(None)
}

/// Edits as a row.
#[derive(RlpEncodable, RlpDecodable)]
struct Row {
    accounts: Vec<AccountRow>,
    codes: Vec<Bytes>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct AccountRow {
    address: Address,
    nonce: u64,
    balance: U256,
    code_hash: B256,
    slots: Vec<U256>,
    values: Vec<U256>,
}

pub(crate) fn encode(edits: &StateDiff) -> Vec<u8> {
    let account = |(address, account): (&Address, &Option<Account>)| {
        let Account { nonce, balance, code_hash } = account.unwrap_or_default();
        let slots = edits.storage.get(address).cloned().unwrap_or_default();
        let (slots, values) = slots.into_iter().unzip();
        AccountRow { address: *address, nonce, balance, code_hash, slots, values }
    };
    let accounts = edits.accounts.iter().map(account).collect();
    alloy_rlp::encode(Row { accounts, codes: edits.codes.values().cloned().collect() })
}

pub(crate) fn decode(mut row: &[u8]) -> alloy_rlp::Result<StateDiff> {
    let row = Row::decode(&mut row)?;
    let mut edits = StateDiff::default();
    for AccountRow { address, nonce, balance, code_hash, slots, values } in row.accounts {
        edits.accounts.insert(address, Some(Account { nonce, balance, code_hash }));
        if slots.len() != values.len() {
            return Err(alloy_rlp::Error::Custom("not a value for each slot"));
        }
        if !slots.is_empty() {
            edits.storage.insert(address, slots.into_iter().zip(values).collect());
        }
    }
    if row.codes.iter().any(|code| Bytecode::new_raw_checked(code.clone()).is_err()) {
        return Err(alloy_rlp::Error::Custom("code that cannot be run"));
    }
    edits.codes = row.codes.into_iter().map(|code| (keccak256(&code), code)).collect();
    Ok(edits)
}
