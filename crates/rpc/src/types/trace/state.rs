//! What transactions read and changed: geth's prestateTracer and Parity's stateDiff.

use super::Text;
use crate::{error::Result, types::Quantity};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use limpid_evm::tracer::{AccountState, Change, Changes};
use serde::Serialize;
use std::collections::BTreeMap;

/// The options of prestateTracer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrestateOptions {
    /// Show what changed, before and after, instead of all that was read.
    pub diff: bool,
    /// Leave code out.
    pub disable_code: bool,
    /// Leave storage out.
    pub disable_storage: bool,
    /// Show accounts that did not exist too.
    pub include_empty: bool,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Account<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Quantity<U256>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_hash: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    storage: BTreeMap<B256, B256>,
}

#[derive(Serialize)]
struct Diff<'a> {
    post: BTreeMap<Address, Account<'a>>,
    pre: BTreeMap<Address, Account<'a>>,
}

impl<'a> Account<'a> {
    fn whole(state: &'a AccountState, options: PrestateOptions) -> Self {
        Self {
            balance: Some(Quantity(state.balance)),
            code: Some(&state.code).filter(|code| !code.is_empty() && !options.disable_code),
            code_hash: code_hash(state),
            nonce: Some(state.nonce).filter(|nonce| *nonce > 0),
            storage: BTreeMap::new(),
        }
    }
}

/// Of an account with code.
fn code_hash(state: &AccountState) -> Option<B256> {
    Some(state.code_hash).filter(|hash| *hash != KECCAK256_EMPTY && !hash.is_zero())
}

/// Writes what geth's prestateTracer answers.
pub fn prestate(json: &mut Text, changes: &Changes, options: PrestateOptions) -> Result<()> {
    if options.diff {
        return json.value(&diff(changes, options));
    }
    let absent = AccountState { balance: U256::ZERO, nonce: 0, code: Bytes::new(), code_hash: B256::ZERO };
    let mut accounts = BTreeMap::new();
    for (address, change) in changes {
        let Some(state) = change.before.as_ref().or(options.include_empty.then_some(&absent)) else { continue };
        let mut account = Account::whole(state, options);
        if !options.disable_storage {
            account.storage = slots(change, |(before, _)| Some(before));
        }
        accounts.insert(*address, account);
    }
    json.value(&accounts)
}

fn slots(change: &Change, shown: impl Fn((U256, U256)) -> Option<U256>) -> BTreeMap<B256, B256> {
    let shown = change.slots.iter().filter_map(|(slot, values)| Some((B256::from(*slot), shown(*values)?.into())));
    shown.collect()
}

fn is_changed(change: &Change) -> bool {
    change.before != change.after || change.slots.values().any(|(before, after)| before != after)
}

/// Only what changed. Before: whole accounts with the slots that changed and were not zero. After: the fields that
/// changed, and the slots that are not zero; accounts that are gone are not there.
fn diff(changes: &Changes, options: PrestateOptions) -> Diff<'_> {
    let mut diff = Diff { post: BTreeMap::new(), pre: BTreeMap::new() };
    for (address, change) in changes.iter().filter(|(_, change)| is_changed(change)) {
        let differs = |(before, after): (U256, U256)| before != after && !options.disable_storage;
        if let Some(before) = &change.before {
            let mut account = Account::whole(before, options);
            account.storage =
                slots(change, |values| Some(values.0).filter(|value| differs(values) && !value.is_zero()));
            diff.pre.insert(*address, account);
        }
        if let Some(after) = &change.after {
            let before = change.before.as_ref();
            let (balance, nonce) = before.map_or((U256::ZERO, 0), |before| (before.balance, before.nonce));
            let code = before.map(|before| before.code.clone()).unwrap_or_default();
            let account = Account {
                balance: (after.balance != balance).then_some(Quantity(after.balance)),
                code: (after.code != code && !options.disable_code).then_some(&after.code),
                code_hash: code_hash(after).filter(|hash| before.and_then(code_hash) != Some(*hash)),
                nonce: (after.nonce != nonce).then_some(after.nonce),
                storage: slots(change, |values| Some(values.1).filter(|value| differs(values) && !value.is_zero())),
            };
            diff.post.insert(*address, account);
        }
    }
    diff
}

/// One value in Parity's stateDiff.
#[derive(Debug, Serialize)]
enum Delta<T> {
    #[serde(rename = "=")]
    Same,
    #[serde(rename = "+")]
    Born(T),
    #[serde(rename = "-")]
    Died(T),
    #[serde(rename = "*")]
    Changed { from: T, to: T },
}

impl<T: PartialEq> Delta<T> {
    fn new(before: Option<T>, after: Option<T>) -> Self {
        match (before, after) {
            (Some(from), Some(to)) if from != to => Self::Changed { from, to },
            (None, Some(to)) => Self::Born(to),
            (Some(from), None) => Self::Died(from),
            _ => Self::Same,
        }
    }
}

#[derive(Debug, Serialize)]
struct AccountDiff<'a> {
    balance: Delta<Quantity<U256>>,
    code: Delta<&'a Bytes>,
    nonce: Delta<Quantity<u64>>,
    storage: BTreeMap<B256, Delta<B256>>,
}

/// Writes Parity's stateDiff: the accounts that changed.
pub fn state_diff(json: &mut Text, changes: &Changes) -> Result<()> {
    let mut accounts = BTreeMap::new();
    for (address, change) in changes.iter().filter(|(_, change)| is_changed(change)) {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        let storage = change.slots.iter().filter(|(_, (from, to))| from != to).map(|(slot, (from, to))| {
            let (from, to) = (B256::from(*from), B256::from(*to));
            let delta = Delta::new(before.map(|_| from), after.map(|_| to));
            (B256::from(*slot), delta)
        });
        let account = AccountDiff {
            balance: Delta::new(
                before.map(|state| Quantity(state.balance)),
                after.map(|state| Quantity(state.balance)),
            ),
            code: Delta::new(before.map(|state| &state.code), after.map(|state| &state.code)),
            nonce: Delta::new(before.map(|state| Quantity(state.nonce)), after.map(|state| Quantity(state.nonce))),
            storage: storage.collect(),
        };
        accounts.insert(*address, account);
    }
    json.value(&accounts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const A: Address = Address::repeat_byte(0xa);
    const B: Address = Address::repeat_byte(0xb);
    const C: Address = Address::repeat_byte(0xc);

    fn state(balance: u64, nonce: u64, code: &'static [u8]) -> Option<AccountState> {
        let code = Bytes::from_static(code);
        Some(AccountState { balance: U256::from(balance), nonce, code, code_hash: B256::ZERO })
    }

    /// A pays and writes, B is only read, C is made.
    fn changes() -> Changes {
        let word = U256::from::<u64>;
        let slots = BTreeMap::from([
            (word(1), (word(5), word(0))),
            (word(2), (word(6), word(6))),
            (word(3), (word(0), word(7))),
        ]);
        BTreeMap::from([
            (A, Change { before: state(10, 1, &[]), after: state(9, 2, &[]), slots }),
            (B, Change { before: state(4, 0, &[1]), after: state(4, 0, &[1]), slots: BTreeMap::new() }),
            (
                C,
                Change {
                    before: None,
                    after: state(1, 1, &[2]),
                    slots: BTreeMap::from([(word(1), (word(0), word(8)))]),
                },
            ),
        ])
    }

    fn shown(write: impl FnOnce(&mut Text) -> Result<()>) -> Value {
        let mut text = Text::default();
        write(&mut text).unwrap();
        serde_json::from_str(text.finish().unwrap().get()).unwrap()
    }

    fn key(byte: u8) -> String {
        B256::with_last_byte(byte).to_string()
    }

    #[test]
    fn the_state_before() {
        let all = shown(|json| prestate(json, &changes(), PrestateOptions::default()));
        assert_eq!(all[B.to_string().to_lowercase()], json!({ "balance": "0x4", "code": "0x01" }));
        let a = &all[A.to_string().to_lowercase()];
        assert_eq!((&a["balance"], &a["nonce"]), (&json!("0xa"), &json!(1)));
        assert_eq!(a["storage"], json!({ key(1): key(5), key(2): key(6), key(3): key(0) }));
        assert!(all.get(C.to_string().to_lowercase()).is_none());
        let options = PrestateOptions { include_empty: true, disable_code: true, disable_storage: true, diff: false };
        let bare = shown(|json| prestate(json, &changes(), options));
        assert_eq!(bare[C.to_string().to_lowercase()], json!({ "balance": "0x0" }));
        assert_eq!(bare[B.to_string().to_lowercase()], json!({ "balance": "0x4" }));
    }

    #[test]
    fn the_difference() {
        let options = PrestateOptions { diff: true, ..PrestateOptions::default() };
        let both = shown(|json| prestate(json, &changes(), options));
        let (a, c) = (A.to_string().to_lowercase(), C.to_string().to_lowercase());
        assert_eq!(both["pre"], json!({ a.clone(): { "balance": "0xa", "nonce": 1, "storage": { key(1): key(5) } } }));
        assert_eq!(both["post"][&a], json!({ "balance": "0x9", "nonce": 2, "storage": { key(3): key(7) } }));
        assert_eq!(
            both["post"][&c],
            json!({ "balance": "0x1", "nonce": 1, "code": "0x02", "storage": { key(1): key(8) } })
        );
    }

    #[test]
    fn parity_has_signs() {
        let all = shown(|json| state_diff(json, &changes()));
        let (a, c) = (&all[A.to_string().to_lowercase()], &all[C.to_string().to_lowercase()]);
        assert_eq!(a["balance"], json!({ "*": { "from": "0xa", "to": "0x9" } }));
        assert_eq!(
            (&a["code"], &a["storage"][key(1)]),
            (&json!("="), &json!({ "*": { "from": key(5), "to": key(0) } }))
        );
        assert_eq!((&c["nonce"], &c["storage"][key(1)]), (&json!({ "+": "0x1" }), &json!({ "+": key(8) })));
        assert!(a["storage"].get(key(2)).is_none() && all.get(B.to_string().to_lowercase()).is_none());
    }
}
