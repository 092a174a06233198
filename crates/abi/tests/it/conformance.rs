//! The published interfaces, pinned: a change of any signature, event or error is a deliberate commit of
//! `conformance.txt`.

use alloy_primitives::{hex, keccak256};
use limpid_abi::{actions, contracts};
use std::collections::BTreeSet;

/// One line an interface: its name, how much it declares, and the hash of all of it.
fn fingerprints() -> String {
    let mut lines = BTreeSet::new();
    for interface in contracts().iter().flat_map(|contract| contract.interfaces).chain(actions()) {
        let abi = interface.abi();
        let mut declared: Vec<String> = Vec::new();
        declared.extend(abi.functions().map(|f| f.full_signature()));
        declared.extend(abi.events().map(|e| e.full_signature()));
        declared.extend(abi.errors().map(|e| format!("error {}", e.signature())));
        declared.sort();
        let hash = hex::encode(keccak256(declared.join("\n")));
        lines.insert(format!("{:20} {:3} {hash}", interface.name, declared.len()));
    }
    lines.into_iter().collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn interfaces_are_what_was_published() {
    assert_eq!(fingerprints(), include_str!("conformance.txt"), "if this change is meant, commit the left side");
}
