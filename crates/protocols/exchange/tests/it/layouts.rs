//! Where every native contract keeps its state, pinned: a changed kind, tag or type is a deliberate commit
//! of `layouts.txt`, because other people's tools read these slots.

use limpid_evm::registry::protocols;
use std::fmt::Write;

fn layouts() -> String {
    let mut text = String::new();
    for entry in protocols() {
        writeln!(text, "{} kind {} version {}", entry.name, entry.kind.0, entry.version).expect("a string");
        for row in (entry.layout)() {
            writeln!(text, "  {:3} {} {}", row.tag, row.name, row.ty).expect("a string");
        }
    }
    text
}

#[test]
fn layouts_are_what_was_published() {
    assert_eq!(layouts(), include_str!("layouts.txt"), "if this change is meant, commit the left side");
}
