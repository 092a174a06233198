//! The trie alone, against alloy's builder and published vectors.
//!
//! Short keys make what hashed keys hardly ever make: extensions everywhere, nodes inside their parents, collapses
//! of every kind.

use super::{NodeSource, Sources, Trie, diff};
use crate::StateError;
use alloy_primitives::{B256, Bytes, hex, keccak256};
use alloy_trie::{HashBuilder, Nibbles, proof::verify_proof};
use proptest::{collection::vec, prelude::*};
use std::{collections::BTreeMap, io::Read, path::PathBuf};

#[derive(Default)]
struct Table(BTreeMap<Vec<u8>, Vec<u8>>);

impl NodeSource for Table {
    fn node(&self, path: &Nibbles) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.0.get(&path.to_vec()).cloned())
    }
}

impl Table {
    fn update(&mut self, old: &Trie, new: &Trie) {
        let mut rows = Vec::new();
        diff(old, new, Sources { old: self, new: self }, &mut |path, before, row| {
            assert_eq!(before.as_ref(), self.0.get(&path.to_vec()));
            rows.push((path.to_vec(), row));
        })
        .expect("all rows are there");
        for (path, row) in rows {
            match row {
                Some(row) => self.0.insert(path, row),
                None => self.0.remove(&path),
            };
        }
    }
}

fn built_root(model: &BTreeMap<Nibbles, Vec<u8>>) -> B256 {
    let mut builder = HashBuilder::default();
    model.iter().for_each(|(key, value)| builder.add_leaf(*key, value));
    builder.root()
}

type Step = Vec<(Nibbles, Option<Vec<u8>>)>;

/// Plays steps on tries that only live in rows between steps, and on one that stays in memory.
fn play(steps: Vec<Step>) {
    let mut table = Table::default();
    let mut model = BTreeMap::new();
    let mut resident = Trie::default();
    for step in steps {
        let stored = Trie::stub(resident.root_hash());
        let mut loaded = stored.clone();
        let before = resident.clone();
        let before_root = before.root_hash();
        for (key, value) in &step {
            resident.set(key, value.as_deref(), &table).expect("sets");
            loaded.set(key, value.as_deref(), &table).expect("sets");
            match value {
                Some(value) => model.insert(*key, value.clone()),
                None => model.remove(key),
            };
        }
        assert_eq!(resident.root_hash(), built_root(&model));
        assert_eq!(loaded.root_hash(), built_root(&model));
        assert_eq!(before.root_hash(), before_root, "a clone must not change");
        // Both ways of getting here ask for the same rows.
        let mut other = Table(table.0.clone());
        other.update(&before, &resident);
        table.update(&stored, &loaded);
        assert_eq!(other.0, table.0);
        let mut nodes = BTreeMap::new();
        let mut add = |path: &Nibbles, _, row: Option<Vec<u8>>| drop(nodes.insert(path.to_vec(), row.expect("a node")));
        diff(&Trie::default(), &resident, Sources { old: &table, new: &table }, &mut add).expect("all rows are there");
        assert_eq!(table.0, nodes, "rows are exactly the nodes of the trie");
        check_reads(&table, &resident, &model, &step);
        if model.len() % 3 == 0 {
            resident = resident.cut_back(model.len() % 5);
        }
    }
}

fn check_reads(table: &Table, trie: &Trie, model: &BTreeMap<Nibbles, Vec<u8>>, step: &Step) {
    let stub = Trie::stub(trie.root_hash());
    for (key, _) in step {
        let value = model.get(key).cloned();
        assert_eq!(stub.get(key, table).expect("reads"), value);
        let proof: Vec<Bytes> = trie.proof(key, table).expect("proves").into_iter().map(Bytes::from).collect();
        // alloy's checker does not hash a root below 32 bytes, which no trie of hashed keys has.
        if proof.first().is_none_or(|root| root.len() >= 32) {
            verify_proof(trie.root_hash(), *key, value, &proof).expect("the proof holds");
        }
    }
}

/// Few different keys, so that removals mostly find theirs and shapes change all the time.
fn key(length: usize) -> impl Strategy<Value = Nibbles> {
    vec(0u8..2, length).prop_map(|nibbles| Nibbles::from_nibbles(&nibbles))
}

fn steps(length: usize) -> impl Strategy<Value = Vec<Step>> {
    let value = prop_oneof![2 => vec(any::<u8>(), 1..5), 1 => vec(any::<u8>(), 30..40)];
    let change = (key(length), proptest::option::weighted(0.5, value));
    vec(vec(change, 0..12), 1..20)
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn short_keys(steps in steps(5)) {
        play(steps);
    }

    #[test]
    fn middling_keys(steps in steps(8)) {
        play(steps);
    }

    /// Keys that differ in their last nibbles only: long extensions that are split and joined.
    #[test]
    fn long_shared_prefixes(steps in steps(5), at in 0usize..59) {
        let pad = |key: Nibbles| {
            let mut long = Nibbles::from_nibbles(vec![7; at]);
            long.extend(&key);
            long.extend(&Nibbles::from_nibbles(vec![9; 59 - at]));
            long
        };
        let longer = |step: Step| step.into_iter().map(|(key, value)| (pad(key), value)).collect();
        play(steps.into_iter().map(longer).collect());
    }
}

#[test]
fn damaged_rows_are_errors() {
    let mut table = Table::default();
    let mut trie = Trie::default();
    let key = |number: u64| Nibbles::unpack(keccak256(number.to_be_bytes()));
    for number in 0..200 {
        trie.set(&key(number), Some(&[1; 40]), &table).expect("sets");
    }
    table.update(&Trie::default(), &trie);
    let root = trie.root_hash();
    for path in table.0.keys().cloned().collect::<Vec<_>>() {
        let whole = table.0.get(&path).cloned().expect("the row");
        let mut flipped = whole.clone();
        *flipped.last_mut().expect("a byte") ^= 1;
        table.0.insert(path.clone(), flipped);
        let read_all =
            |table: &Table| (0..200).try_for_each(|number| Trie::stub(root).get(&key(number), table).map(drop));
        assert!(matches!(read_all(&table), Err(StateError::WrongNode { .. })), "flipped byte at {path:?}");
        table.0.remove(&path);
        assert!(matches!(read_all(&table), Err(StateError::MissingNode { .. })), "no row at {path:?}");
        table.0.insert(path, whole);
    }
}

/// A file of the Ethereum tests' archive, or `None`, said aloud, if the data is not there.
fn vectors(file: &str) -> Option<serde_json::Value> {
    let data = std::env::var_os("LIMPID_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let archive = data.join("chain/ethereum_tests_small.tar.gz");
    let Ok(packed) = std::fs::File::open(&archive) else {
        eprintln!("SKIPPED: no vectors at {} (set LIMPID_DATA)", archive.display());
        return None;
    };
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut tar).expect("the archive unpacks");
    let mut rest = tar.as_slice();
    // A tar entry: 512 bytes of header (name first, size in octal at 124), then the file, padded to 512.
    while rest.len() >= 512 {
        let (header, body) = rest.split_at(512);
        let text = |range: std::ops::Range<usize>| {
            String::from_utf8_lossy(&header[range]).trim_matches(['\0', ' ']).to_owned()
        };
        let size = usize::from_str_radix(&text(124..136), 8).unwrap_or(0);
        if text(0..100).ends_with(file) {
            return Some(serde_json::from_slice(&body[..size]).expect("JSON"));
        }
        rest = body.get(size.next_multiple_of(512)..).unwrap_or_default();
    }
    panic!("{file} is not in {}", archive.display());
}

fn bytes(text: &str) -> Vec<u8> {
    text.strip_prefix("0x").map_or_else(|| text.as_bytes().to_vec(), |hex| hex::decode(hex).expect("hex"))
}

#[test]
fn ethereum_secure_trie_vectors() {
    let mut cases = 0;
    for file in ["trieanyorder_secureTrie", "trietest_secureTrie", "hex_encoded_securetrie_test"] {
        let Some(vectors) = vectors(&format!("TrieTests/{file}.json")) else { return };
        for (name, case) in vectors.as_object().expect("cases by name") {
            let mut trie = Trie::default();
            let entries: Vec<(&str, Option<&str>)> = match &case["in"] {
                serde_json::Value::Array(list) => {
                    list.iter().map(|pair| (pair[0].as_str().expect("a key"), pair[1].as_str())).collect()
                }
                map => {
                    map.as_object().expect("a map").iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
                }
            };
            for (key, value) in entries {
                let value = value.map(bytes);
                trie.set(&Nibbles::unpack(keccak256(bytes(key))), value.as_deref(), &Table::default()).expect("sets");
            }
            let root: B256 = case["root"].as_str().expect("a root").parse().expect("a hash");
            assert_eq!(trie.root_hash(), root, "{file}: {name}");
            cases += 1;
        }
    }
    assert!(cases >= 13, "only {cases} cases found");
}
