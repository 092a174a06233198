//! The stores: order, snapshots, the data directory, crashes.

use crate::support::{Place, RULES, account, address, check_proof, flush_after, open_at};
use alloy_primitives::B256;
use limpid_state::{
    Batch, KeyRange, Options, Order, Rows, StateDb, StateDiff, StateRead, Store, StoreError, StoreKind, StoreOptions,
    Table, open_store,
};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

on_every_store!(
    rows_are_ordered_and_bounded,
    tables_are_distinct,
    many_rows_are_paged_without_loss,
    snapshots_do_not_move,
    the_last_change_of_a_key_wins,
    impossible_keys_are_refused_whole,
);

/// What only stores on disk do.
mod engines {
    use super::{
        a_second_opening_is_refused, compacting_changes_no_row, kill_nine_loses_nothing,
        other_rules_and_other_folders_are_refused,
    };

    on_every_engine!(
        a_second_opening_is_refused,
        other_rules_and_other_folders_are_refused,
        kill_nine_loses_nothing,
        compacting_changes_no_row,
    );
}

fn put(store: &dyn Store, rows: &[(&[u8], &[u8])]) {
    let mut batch = Batch::new();
    rows.iter().for_each(|(key, value)| batch.put(Table::Misc, *key, *value));
    store.commit(&batch).expect("commits");
}

fn keys(store: &dyn Store, range: KeyRange, order: Order) -> Vec<Vec<u8>> {
    Rows::new(store, Table::Misc, range, order).map(|row| row.expect("reads").0).collect()
}

fn rows_are_ordered_and_bounded(place: &Place) {
    let store = place.open();
    let store = store.as_ref();
    put(
        store,
        &[(&[1], b"a"), (&[1, 0], b"b"), (&[1, 255], b"c"), (&[1, 255, 255], b"d"), (&[2], b"e"), (&[255, 255], b"f")],
    );
    let one = vec![vec![1], vec![1, 0], vec![1, 255], vec![1, 255, 255]];
    assert_eq!(keys(store, KeyRange::prefix(&[1]), Order::Ascending), one);
    let backwards: Vec<_> = one.iter().rev().cloned().collect();
    assert_eq!(keys(store, KeyRange::prefix(&[1]), Order::Descending), backwards);
    assert_eq!(keys(store, KeyRange::prefix(&[255]), Order::Ascending), [vec![255, 255]]);
    assert_eq!(keys(store, KeyRange::all(), Order::Ascending).len(), 6);
    assert_eq!(keys(store, KeyRange::new([1, 0], [2]), Order::Ascending).len(), 3);
    assert!(keys(store, KeyRange::new([2], [1]), Order::Ascending).is_empty(), "a range that is upside down");
    assert_eq!(store.page(Table::Misc, &KeyRange::all(), Order::Descending, 1).expect("reads").len(), 1);
    assert!(store.page(Table::Headers, &KeyRange::all(), Order::Ascending, 9).expect("reads").is_empty());
    let last =
        |prefix: &[u8], key: &[u8]| store.last_at_or_below(Table::Misc, prefix, key).expect("reads").map(|row| row.0);
    assert_eq!(last(&[1], &[1, 254]), Some(vec![1, 0]));
    assert_eq!(last(&[1], &[1, 255]), Some(vec![1, 255]));
    assert_eq!(last(&[2], &[1, 255]), None);
    assert_eq!(last(&[3], &[3, 0]), None, "a smaller key without the prefix does not count");
}

fn tables_are_distinct(place: &Place) {
    let names: std::collections::BTreeSet<_> = Table::ALL.iter().map(|table| table.name()).collect();
    assert_eq!(names.len(), Table::ALL.len());
    let store = place.open();
    let store = store.as_ref();
    let mut batch = Batch::new();
    Table::ALL.iter().for_each(|table| batch.put(*table, *b"key", table.name()));
    store.commit(&batch).expect("commits");
    for table in Table::ALL {
        assert_eq!(store.get(table, b"key").expect("reads"), Some(table.name().into()));
    }
}

fn many_rows_are_paged_without_loss(place: &Place) {
    let store = place.open();
    let store = store.as_ref();
    let mut batch = Batch::new();
    (0..1000u32).for_each(|number| batch.put(Table::Misc, number.to_be_bytes(), *b"x"));
    store.commit(&batch).expect("commits");
    let all: Vec<Vec<u8>> = (0..1000u32).map(|number| number.to_be_bytes().to_vec()).collect();
    assert_eq!(keys(store, KeyRange::all(), Order::Ascending), all);
    assert_eq!(keys(store, KeyRange::all(), Order::Descending), all.into_iter().rev().collect::<Vec<_>>());
}

fn snapshots_do_not_move(place: &Place) {
    let store = place.open();
    let store = store.as_ref();
    put(store, &[(b"a", b"1"), (b"b", b"1")]);
    let before = store.snapshot().expect("a snapshot");
    let mut batch = Batch::new();
    batch.put(Table::Misc, *b"a", *b"2");
    batch.delete(Table::Misc, *b"b");
    batch.put(Table::Misc, *b"c", *b"2");
    store.commit(&batch).expect("commits");
    let after = store.snapshot().expect("a snapshot");
    put(store, &[(b"a", b"3")]);
    let get = |reader: &dyn limpid_state::Reader, key: &[u8]| reader.get(Table::Misc, key).expect("reads");
    assert_eq!(get(before.as_ref(), b"a"), Some(b"1".to_vec()));
    assert_eq!(get(before.as_ref(), b"b"), Some(b"1".to_vec()));
    assert_eq!(get(before.as_ref(), b"c"), None);
    let rows = before.page(Table::Misc, &KeyRange::all(), Order::Descending, 9).expect("reads");
    assert_eq!(rows, [(b"b".to_vec(), b"1".to_vec()), (b"a".to_vec(), b"1".to_vec())]);
    assert_eq!((get(after.as_ref(), b"a"), get(after.as_ref(), b"b")), (Some(b"2".to_vec()), None));
    assert_eq!(get(store, b"a"), Some(b"3".to_vec()));
}

fn the_last_change_of_a_key_wins(place: &Place) {
    let store = place.open();
    let store = store.as_ref();
    let mut batch = Batch::new();
    batch.put(Table::Misc, *b"a", *b"1");
    batch.delete(Table::Misc, *b"a");
    batch.delete(Table::Misc, *b"b");
    batch.put(Table::Misc, *b"b", *b"2");
    assert_eq!(batch.len(), 2);
    store.commit(&batch).expect("commits");
    assert_eq!(keys(store, KeyRange::all(), Order::Ascending), [b"b".to_vec()]);
}

fn impossible_keys_are_refused_whole(place: &Place) {
    let store = place.open();
    let store = store.as_ref();
    for key in [vec![], vec![1; limpid_state::MAX_KEY_LEN + 1]] {
        let mut batch = Batch::new();
        batch.put(Table::Headers, *b"good", *b"1");
        batch.put(Table::Misc, key, *b"1");
        assert!(matches!(store.commit(&batch), Err(StoreError::KeyLength { table: "misc", .. })));
        assert_eq!(store.get(Table::Headers, b"good").expect("reads"), None, "nothing of the batch is there");
    }
    assert_eq!(store.get(Table::Misc, &[]).expect("an empty key has no row"), None);
}

fn disk(place: &Place) -> (&Path, StoreKind) {
    match place {
        Place::Disk(dir, kind) => (dir.path(), *kind),
        Place::Memory(_) => panic!("a place on disk"),
    }
}

fn a_second_opening_is_refused(place: &Place) {
    let (path, kind) = disk(place);
    let first = place.open();
    let error = open_at(path, kind).err().expect("opened twice");
    assert!(error.to_string().contains("in use by another process"), "{error}");
    let error = limpid_state::open_existing(path).err().expect("opened twice");
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    drop(first);
    place.open();
}

fn other_rules_and_other_folders_are_refused(place: &Place) {
    let (path, kind) = disk(place);
    put(place.open().as_ref(), &[(b"a", b"1")]);
    let options = StoreOptions { kind: Some(kind), ..StoreOptions::default() };
    let error = open_store(path, B256::repeat_byte(8), options).err().expect("other rules");
    assert!(matches!(error, StoreError::OtherRules { .. }) && error.to_string().contains("other rules"), "{error}");
    assert_eq!(place.open().get(Table::Misc, b"a").expect("reads"), Some(b"1".to_vec()), "unharmed");
    let other = StoreKind::ALL.into_iter().find(|other| *other != kind).expect("another engine");
    let error = open_at(path, other).err().expect("another engine");
    assert_eq!(
        error.to_string(),
        format!(
            "the data directory {} was made with --store {kind} and cannot be opened with {other}; leave --store out, \
             or name another --datadir",
            path.display()
        )
    );
    let options = StoreOptions::default();
    assert_eq!(open_store(path, RULES, options).expect("the directory knows").kind(), Some(kind));
    let (format, store) = limpid_state::open_existing(path).expect("opens");
    assert_eq!((format.kind, format.rules), (kind, RULES));
    assert_eq!(store.get(Table::Misc, b"a").expect("reads"), Some(b"1".to_vec()), "unharmed");
    drop(store);
    std::fs::remove_file(path.join("format")).expect("removes");
    assert!(matches!(open_at(path, kind), Err(StoreError::NotOurs { .. })));
    assert!(matches!(limpid_state::open_existing(path), Err(StoreError::NotOurs { .. })));
    let file = tempfile::NamedTempFile::new().expect("a file");
    assert!(matches!(open_at(file.path(), kind), Err(StoreError::Io { .. })));
    let empty = tempfile::tempdir().expect("a directory");
    assert!(matches!(limpid_state::open_existing(empty.path()), Err(StoreError::NotOurs { .. })));
    assert_eq!(std::fs::read_dir(empty.path()).expect("lists").count(), 0, "nothing was put there");
}

fn block(height: u64) -> StateDiff {
    let mut diff = StateDiff::default();
    for number in 0..20 {
        diff.accounts.insert(address((height * 7 + number) % 100), Some(account(height, number)));
    }
    diff
}

fn extend(db: &StateDb) -> u64 {
    let height = db.head().map_or(1, |head| head.height + 1);
    let pending = db.apply(&db.committed(), block(height)).expect("applies");
    db.commit(&pending, height, |batch| batch.put(Table::Headers, height.to_be_bytes(), *b"header")).expect("commits");
    height
}

/// Runs as a child process of the next test only.
#[test]
#[ignore = "started by kill_nine_loses_nothing"]
fn crash_child() {
    let Ok(dir) = std::env::var("STATE_CRASH_DIR") else { return };
    let kind = std::env::var("STATE_CRASH_STORE").expect("a store").parse().expect("a known store");
    let store = open_at(Path::new(&dir), kind).expect("opens");
    let db = StateDb::open_with(store, flush_after(100)).expect("opens");
    loop {
        println!("acknowledged {}", extend(&db));
        let mut batch = Batch::new();
        if db.prepare_prune(Some(50), 100, &mut batch).expect("prunes") {
            db.store().commit(&batch).expect("stores");
        }
    }
}

/// `STATE_KILLS` sets how often the process is killed.
fn kills() -> u64 {
    std::env::var("STATE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

fn kill_nine_loses_nothing(place: &Place) {
    let (path, kind) = disk(place);
    let mut head = 0;
    for kill in 0..kills() {
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["store::crash_child", "--exact", "--ignored", "--nocapture"])
            .env("STATE_CRASH_DIR", path)
            .env("STATE_CRASH_STORE", kind.name())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let heights = lines.map_while(Result::ok).filter_map(|line| line.rsplit_once("acknowledged ")?.1.parse().ok());
        let acknowledged: u64 = heights.take(5 + (kill * 37 % 90) as usize).last().expect("it commits");
        assert!(matches!(open_at(path, kind), Err(StoreError::InUse { .. })));
        child.kill().expect("dies");
        child.wait().expect("is gone");
        let db = place.state(Options::default());
        let found = db.head().expect("a head").height;
        assert!(acknowledged > head && found >= acknowledged, "{found} is below the acknowledged {acknowledged}");
        assert!(db.store().get(Table::Headers, &found.to_be_bytes()).expect("reads").is_some(), "all of the batch");
        db.verify().expect("verifies");
        for height in found.saturating_sub(40).max(1)..=found {
            let state = db.at(height).expect("past states answer");
            let newest = address(height * 7 % 100);
            assert_eq!(state.account(newest).expect("reads"), Some(account(height, 0)));
            check_proof(state.root(), &db.proof(newest, &[], height).expect("proves"));
        }
        head = found;
    }
}

/// Cuts the last journal inside its last batch.
fn tear(dir: &Path) {
    let journals = std::fs::read_dir(dir.join("tables")).expect("lists").map(|entry| entry.expect("an entry").path());
    let journal = journals.filter(|path| path.extension().is_some_and(|end| end == "jnl")).max().expect("a journal");
    let bytes = std::fs::read(&journal).expect("reads");
    let end = bytes.iter().rposition(|byte| *byte != 0).expect("a batch");
    let file = std::fs::OpenOptions::new().write(true).open(&journal).expect("opens");
    file.set_len(end as u64 - 10).expect("cuts");
}

#[test]
fn a_torn_batch_is_gone_whole() {
    let place = Place::on(StoreKind::Fjall);
    let (path, _) = disk(&place);
    let db = place.state(Options::default());
    for _ in 0..5 {
        extend(&db);
    }
    let last = db.head().expect("a head").height;
    drop(db);
    tear(path);
    let db = place.state(Options::default());
    assert_eq!(db.head().map(|head| head.height), Some(last - 1));
    assert_eq!(db.store().get(Table::Headers, &last.to_be_bytes()).expect("reads"), None);
    db.verify().expect("verifies");
    assert_eq!(extend(&db), last);
    drop(db);
    assert_eq!(place.state(Options::default()).head().map(|head| head.height), Some(last));
}

fn compacting_changes_no_row(place: &Place) {
    let (path, kind) = disk(place);
    let big = |number: u32| (number.to_be_bytes().to_vec(), vec![number as u8; 2_000]);
    for round in 0..5 {
        let mut batch = Batch::new();
        (0..2_000).for_each(|number| batch.put(Table::Misc, big(number).0, big(number + round).1));
        place.open().commit(&batch).expect("commits");
    }
    let mut batch = Batch::new();
    (500..2_000u32).for_each(|number| batch.delete(Table::Misc, number.to_be_bytes()));
    place.open().commit(&batch).expect("commits");
    let mut steps = Vec::new();
    let format = limpid_state::compact(path, &mut |done, of| steps.push((done, of))).expect("compacts");
    assert_eq!(format.kind, kind);
    assert!(steps.first().is_some_and(|(done, _)| *done == 0) && steps.last().is_some_and(|(done, of)| done == of));
    assert!(size(path) < 3_000_000, "{} bytes for 1 MB of rows", size(path));
    let store = place.open();
    assert_eq!(keys(store.as_ref(), KeyRange::all(), Order::Ascending).len(), 500);
    assert_eq!(store.get(Table::Misc, &big(9).0).expect("reads"), Some(big(13).1));
}

/// Bytes of the files, without fjall's journals: they are written over and over, whatever is in the tables.
fn size(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).expect("lists").map(|entry| entry.expect("an entry"));
    entries
        .filter(|entry| entry.path().extension().is_none_or(|end| end != "jnl"))
        .map(|entry| if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().expect("a file").len() })
        .sum()
}
