//! Reference vectors: recorded runs of published code, replayed case by case.
//!
//! Files come from `LIMPID_VECTORS` (default `../shared/vectors` beside the project). Every case of every
//! file runs; what is not comparable is decided per step by a rule, never by a list of ids. The table of
//! what each file came to is committed in `table.txt` and printed by `make vectors`.

mod cases;
mod permit;
mod reentrancy;
mod router;
mod routes;
mod sequences;

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde_json::Value;
use std::{path::PathBuf, str::FromStr};

/// What one file came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) total: usize,
    pub(crate) passed: usize,
    /// Steps that differ by a decision (D3, D4), each by a rule.
    pub(crate) by_design: usize,
    /// Steps that touch a foreign token: they must refuse with `WrapFirst`.
    pub(crate) not_applicable: usize,
    pub(crate) failures: Vec<String>,
}

impl Tally {
    /// Counts one case by its key and what checking it answered.
    pub(crate) fn count(&mut self, key: &str, result: Result<(), String>) {
        self.total += 1;
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => self.failures.push(format!("{key}: {error}")),
        }
    }
}

/// The cases of a file, or `None` with a loud word when the folder is not there.
///
/// # Panics
/// When it is missing although `LIMPID_REQUIRE_VECTORS=1`.
fn cases(file: &str) -> Option<Vec<Value>> {
    let root = std::env::var_os("LIMPID_VECTORS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/vectors"), PathBuf::from);
    let path = root.join("amm").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        let required = std::env::var("LIMPID_REQUIRE_VECTORS").is_ok_and(|value| value == "1");
        assert!(!required, "{} is missing", path.display());
        eprintln!("SKIPPED: {file} is not there; set LIMPID_VECTORS to the folder of reference vectors");
        return None;
    };
    let mut json: Value = serde_json::from_str(&text).expect("a vector file is JSON");
    let Value::Array(cases) = json["cases"].take() else { panic!("{file} has no cases") };
    Some(cases)
}

/// Replays a file, prints its row and fails on any failed case or on a row that differs from the
/// committed table (unless the file has another number of cases: then all must simply pass).
fn replay(file: &str, check: impl FnOnce(&[Value], &mut Tally)) {
    let Some(cases) = cases(file) else { return };
    let mut tally = Tally::default();
    check(&cases, &mut tally);
    println!(
        "vectors {file:28} total {:5} passed {:5} failed {:3} by-design steps {:3} not-applicable steps {:3}",
        tally.total,
        tally.passed,
        tally.failures.len(),
        tally.by_design,
        tally.not_applicable
    );
    for failure in tally.failures.iter().take(12) {
        println!("  FAILED {failure}");
    }
    assert!(tally.failures.is_empty(), "{} cases of {file} failed", tally.failures.len());
    assert_eq!(tally.total, cases.len(), "every case ran");
    let row = include_str!("table.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|row| row.first() == Some(&file))
        .unwrap_or_else(|| panic!("{file} is not in table.txt"));
    let numbers: Vec<usize> = row[1..5].iter().map(|number| number.parse().expect("a number")).collect();
    if numbers[0] == tally.total {
        let measured = vec![tally.total, tally.passed, tally.by_design, tally.not_applicable];
        assert_eq!(numbers, measured, "table.txt differs for {file}");
    }
}

fn number(value: &Value) -> U256 {
    U256::from_str(value.as_str().unwrap_or_else(|| panic!("a decimal string, not {value}"))).expect("a number")
}

fn uint64(value: &Value) -> u64 {
    number(value).to::<u64>()
}

fn address(value: &Value) -> Address {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("an address, not {value}"))
}

fn word(value: &Value) -> B256 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("a word, not {value}"))
}

fn bytes(value: &Value) -> Bytes {
    hex::decode(value.as_str().unwrap_or_default()).expect("hex").into()
}

/// Equality with both sides in the message.
fn equal<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, theirs: T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: ours {ours:?}, reference {theirs:?}")) }
}
