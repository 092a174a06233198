//! Where execution reads state from, and the overlay in which a block's changes gather.

use crate::types::StateDiff;
use alloy_primitives::{
    Address, B256, Bytes, U256,
    map::{AddressMap, B256Map, HashMap, U256Map},
};
use revm::{
    Database,
    database_interface::DBErrorMarker,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode, EvmState},
};
use std::{collections::BTreeMap, sync::Arc};
use thiserror::Error;

/// The state database failed.
#[derive(Clone, Debug, Error)]
#[error("{0}")]
pub struct SourceError(pub String);

impl DBErrorMarker for SourceError {}

/// A consistent state to execute on. Implementations answer the same for ever.
pub trait Source: Send + Sync {
    /// An account, or `None` when there is none. Its `code` may be left out.
    fn account(&self, address: Address) -> Result<Option<AccountInfo>, SourceError>;

    /// A storage slot; zero when untouched.
    fn storage(&self, address: Address, slot: U256) -> Result<U256, SourceError>;

    /// Code by its hash.
    fn code(&self, hash: B256) -> Result<Bytes, SourceError>;

    /// The hash of one of the last 256 blocks; zero for others.
    fn block_hash(&self, number: u64) -> Result<B256, SourceError>;
}

/// A state in memory, for genesis and tests.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    accounts: AddressMap<AccountInfo>,
    storage: AddressMap<U256Map<U256>>,
    codes: B256Map<Bytes>,
}

impl MemorySource {
    /// Adds or replaces an account with its code.
    pub fn insert(&mut self, address: Address, info: AccountInfo) {
        if let Some(code) = &info.code {
            self.codes.insert(info.code_hash, code.original_bytes());
        }
        self.accounts.insert(address, info);
    }

    /// Applies a block's changes.
    pub fn apply(&mut self, diff: &StateDiff) {
        for address in &diff.wiped {
            self.storage.remove(address);
        }
        for (address, account) in &diff.accounts {
            match account {
                Some(info) => {
                    self.accounts.insert(*address, info.clone());
                }
                None => {
                    self.accounts.remove(address);
                    self.storage.remove(address);
                }
            }
        }
        for (address, slots) in &diff.storage {
            let stored = self.storage.entry(*address).or_default();
            for (slot, value) in slots {
                if value.is_zero() {
                    stored.remove(slot);
                } else {
                    stored.insert(*slot, *value);
                }
            }
        }
        self.codes.extend(diff.codes.iter().map(|(hash, code)| (*hash, code.clone())));
    }

    /// Every slot of an account, sorted.
    pub fn slots(&self, address: Address) -> BTreeMap<U256, U256> {
        self.storage.get(&address).into_iter().flatten().map(|(slot, value)| (*slot, *value)).collect()
    }
}

impl Source for MemorySource {
    fn account(&self, address: Address) -> Result<Option<AccountInfo>, SourceError> {
        Ok(self.accounts.get(&address).cloned())
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, SourceError> {
        Ok(self.storage.get(&address).and_then(|slots| slots.get(&slot)).copied().unwrap_or_default())
    }

    fn code(&self, hash: B256) -> Result<Bytes, SourceError> {
        self.codes.get(&hash).cloned().ok_or_else(|| SourceError(format!("no code with hash {hash}")))
    }

    fn block_hash(&self, _number: u64) -> Result<B256, SourceError> {
        Ok(B256::ZERO)
    }
}

/// One account as a block sees it.
#[derive(Clone, Debug)]
struct Entry {
    info: Option<AccountInfo>,
    original: Option<AccountInfo>,
    storage: U256Map<Cell>,
    /// Nothing of the source's storage counts any more.
    wiped: bool,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    value: U256,
    original: U256,
}

/// A source with the changes of the transactions executed so far on top.
pub struct Overlay {
    source: Arc<dyn Source>,
    accounts: AddressMap<Entry>,
    codes: B256Map<Bytecode>,
    hashes: HashMap<u64, B256>,
}

impl std::fmt::Debug for Overlay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overlay").field("accounts", &self.accounts.len()).finish_non_exhaustive()
    }
}

impl Overlay {
    /// An overlay without changes.
    pub fn new(source: Arc<dyn Source>) -> Self {
        Self { source, accounts: AddressMap::default(), codes: B256Map::default(), hashes: HashMap::default() }
    }

    fn entry(&mut self, address: Address) -> Result<&mut Entry, SourceError> {
        use alloy_primitives::map::Entry as Slot;
        match self.accounts.entry(address) {
            Slot::Occupied(found) => Ok(found.into_mut()),
            Slot::Vacant(free) => {
                let info = self.source.account(address)?;
                let wiped = info.is_none();
                Ok(free.insert(Entry { original: info.clone(), info, storage: U256Map::default(), wiped }))
            }
        }
    }

    /// Replaces an account outright; for simulations with overrides and for genesis.
    pub fn set_account(&mut self, address: Address, info: AccountInfo) -> Result<(), SourceError> {
        if let Some(code) = &info.code {
            self.codes.insert(info.code_hash, code.clone());
        }
        self.entry(address)?.info = Some(info);
        Ok(())
    }

    /// Replaces one slot; for simulations with overrides.
    pub fn set_storage(&mut self, address: Address, slot: U256, value: U256) -> Result<(), SourceError> {
        let original = self.storage(address, slot)?;
        self.entry(address)?.storage.insert(slot, Cell { value, original });
        Ok(())
    }

    /// Drops an account's storage; for simulations that override all of it.
    pub fn wipe_storage(&mut self, address: Address) -> Result<(), SourceError> {
        let entry = self.entry(address)?;
        entry.wiped = true;
        entry.storage.clear();
        Ok(())
    }

    /// Takes over what transactions changed. The journal read every one of these accounts from here, so
    /// none is new to the overlay.
    pub fn commit(&mut self, changes: EvmState) {
        for (address, account) in changes {
            if !account.is_touched() {
                continue;
            }
            if let Some(code) = &account.info.code
                && account.info.code_hash != KECCAK_EMPTY
            {
                self.codes.entry(account.info.code_hash).or_insert_with(|| code.clone());
            }
            debug_assert!(self.accounts.contains_key(&address), "{address} was never read");
            let unread = Entry { info: None, original: None, storage: U256Map::default(), wiped: true };
            let entry = self.accounts.entry(address).or_insert(unread);
            if account.is_selfdestructed() || account.is_empty() {
                *entry =
                    Entry { info: None, original: entry.original.take(), storage: U256Map::default(), wiped: true };
                continue;
            }
            if account.is_created() {
                entry.storage.clear();
                entry.wiped = true;
            }
            entry.info = Some(account.info);
            for (slot, value) in account.storage {
                let cell = entry
                    .storage
                    .entry(slot)
                    .or_insert(Cell { value: value.original_value, original: value.original_value });
                cell.value = value.present_value;
            }
        }
    }

    /// What differs from the source, sorted.
    pub fn into_diff(self) -> StateDiff {
        let mut diff = StateDiff::default();
        for (address, entry) in self.accounts {
            if !same(entry.info.as_ref(), entry.original.as_ref()) {
                diff.accounts.insert(address, entry.info.clone().map(AccountInfo::without_code));
            }
            if entry.wiped && entry.original.is_some() {
                diff.wiped.insert(address);
            }
            let fresh = entry.wiped;
            let slots: BTreeMap<_, _> = entry
                .storage
                .into_iter()
                .filter(|(_, cell)| if fresh { !cell.value.is_zero() } else { cell.value != cell.original })
                .map(|(slot, cell)| (slot, cell.value))
                .collect();
            if !slots.is_empty() {
                diff.storage.insert(address, slots);
            }
            if let Some(info) = entry.info
                && entry.original.is_none_or(|before| before.code_hash != info.code_hash)
                && let Some(code) = self.codes.get(&info.code_hash)
            {
                diff.codes.insert(info.code_hash, code.original_bytes());
            }
        }
        diff
    }
}

fn same(a: Option<&AccountInfo>, b: Option<&AccountInfo>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.balance == b.balance && a.nonce == b.nonce && a.code_hash == b.code_hash,
        (None, None) => true,
        _ => false,
    }
}

impl Database for Overlay {
    type Error = SourceError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, SourceError> {
        Ok(self.entry(address)?.info.clone())
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, SourceError> {
        if let Some(code) = self.codes.get(&hash) {
            return Ok(code.clone());
        }
        let stored = self.source.code(hash)?;
        let code = Bytecode::new_raw_checked(stored).map_err(|error| SourceError(format!("code {hash}: {error}")))?;
        self.codes.insert(hash, code.clone());
        Ok(code)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, SourceError> {
        let entry = self.entry(address)?;
        if let Some(cell) = entry.storage.get(&slot) {
            return Ok(cell.value);
        }
        if entry.wiped {
            return Ok(U256::ZERO);
        }
        let value = self.source.storage(address, slot)?;
        self.entry(address)?.storage.insert(slot, Cell { value, original: value });
        Ok(value)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, SourceError> {
        if let Some(hash) = self.hashes.get(&number) {
            return Ok(*hash);
        }
        let hash = self.source.block_hash(number)?;
        self.hashes.insert(number, hash);
        Ok(hash)
    }
}
