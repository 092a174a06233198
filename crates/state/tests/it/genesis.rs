//! Published genesis blocks: from an allocation to the state root in the header.

use crate::support::in_memory;
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use limpid_state::{Account, StateDiff};
use serde_json::Value;
use std::{io::Read, path::PathBuf};

const FILE: &str = "GenesisTests/basic_genesis_tests.json";
/// Where the state root lies in the RLP of a block: two list headers of 3 bytes, parent and ommers hash, beneficiary.
const STATE_ROOT_AT: usize = 3 + 3 + 33 + 33 + 21 + 1;

/// The genesis vectors, or `None`, said aloud, if the data is not there.
fn vectors() -> Option<Value> {
    let data = std::env::var_os("LIMPID_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let archive = data.join("chain/ethereum_tests_small.tar.gz");
    let Ok(packed) = std::fs::File::open(&archive) else {
        eprintln!("SKIPPED: no vectors at {} (set LIMPID_DATA)", archive.display());
        return None;
    };
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut tar).expect("the archive unpacks");
    let at = tar.windows(FILE.len()).position(|bytes| bytes == FILE.as_bytes()).expect("the file is there");
    // A tar entry: 512 bytes of header (name first, size in octal at 124), then the file.
    let size = String::from_utf8_lossy(&tar[at + 124..at + 135]).into_owned();
    let size = usize::from_str_radix(size.trim_matches(['\0', ' ']), 8).expect("octal");
    Some(serde_json::from_slice(&tar[at + 512..at + 512 + size]).expect("JSON"))
}

fn number(value: &Value) -> U256 {
    value.as_str().expect("a string").parse().expect("a number")
}

fn allocation(alloc: &Value) -> StateDiff {
    let mut diff = StateDiff::default();
    for (address, entry) in alloc.as_object().expect("accounts") {
        let address: Address = address.parse().expect("an address");
        let balance = entry.get("balance").or_else(|| entry.get("wei")).map_or(U256::ZERO, number);
        let mut account = Account { balance, ..Account::default() };
        if let Some(code) = entry.get("code").and_then(Value::as_str) {
            let code = Bytes::from(hex::decode(code).expect("hex"));
            account.code_hash = keccak256(&code);
            diff.codes.insert(account.code_hash, code);
        }
        if let Some(storage) = entry.get("storage").and_then(Value::as_object) {
            let slots = storage.iter().map(|(slot, value)| (slot.parse().expect("a slot"), number(value)));
            diff.storage.insert(address, slots.collect());
        }
        diff.accounts.insert(address, Some(account));
    }
    diff
}

#[test]
fn state_roots_of_published_genesis_blocks() {
    let Some(vectors) = vectors() else { return };
    let mut checked = 0;
    for (name, case) in vectors.as_object().expect("cases by name") {
        let block = hex::decode(case["result"].as_str().expect("a block")).expect("hex");
        let root = B256::from_slice(&block[STATE_ROOT_AT..STATE_ROOT_AT + 32]);
        let db = in_memory();
        let pending = db.apply(&db.committed(), allocation(&case["alloc"])).expect("applies");
        assert_eq!(pending.root(), root, "{name}");
        db.commit(&pending, 0, |_| {}).expect("commits");
        assert_eq!(db.verify().expect("verifies").accounts as usize, case["alloc"].as_object().expect("a map").len());
        checked += 1;
    }
    assert_eq!(checked, 3);
}
