//! The stores: order, snapshots, the data directory, crashes.

use crate::support::{RULES, account, address, fjall, flush_after, mem};
use alloy_primitives::B256;
use limpid_state::{Batch, FjallStore, KeyRange, Order, Rows, StateDb, StateDiff, Store, StoreError, Table};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

fn both(test: impl Fn(&dyn Store)) {
    test(&mem().0);
    let dir = tempfile::tempdir().expect("a directory");
    test(fjall(dir.path()).as_ref());
}

fn put(store: &dyn Store, rows: &[(&[u8], &[u8])]) {
    let mut batch = Batch::new();
    rows.iter().for_each(|(key, value)| batch.put(Table::Misc, *key, *value));
    store.commit(&batch).expect("commits");
}

fn keys(store: &dyn Store, range: KeyRange, order: Order) -> Vec<Vec<u8>> {
    Rows::new(store, Table::Misc, range, order).map(|row| row.expect("reads").0).collect()
}

#[test]
fn rows_are_ordered_and_bounded() {
    both(|store| {
        put(
            store,
            &[
                (&[1], b"a"),
                (&[1, 0], b"b"),
                (&[1, 255], b"c"),
                (&[1, 255, 255], b"d"),
                (&[2], b"e"),
                (&[255, 255], b"f"),
            ],
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
        let last = |prefix: &[u8], key: &[u8]| {
            store.last_at_or_below(Table::Misc, prefix, key).expect("reads").map(|row| row.0)
        };
        assert_eq!(last(&[1], &[1, 254]), Some(vec![1, 0]));
        assert_eq!(last(&[1], &[1, 255]), Some(vec![1, 255]));
        assert_eq!(last(&[2], &[1, 255]), None);
        assert_eq!(last(&[3], &[3, 0]), None, "a smaller key without the prefix does not count");
    });
}

#[test]
fn tables_are_distinct() {
    let names: std::collections::BTreeSet<_> = Table::ALL.iter().map(|table| table.name()).collect();
    assert_eq!(names.len(), Table::ALL.len());
    both(|store| {
        let mut batch = Batch::new();
        Table::ALL.iter().for_each(|table| batch.put(*table, *b"key", table.name()));
        store.commit(&batch).expect("commits");
        for table in Table::ALL {
            assert_eq!(store.get(table, b"key").expect("reads"), Some(table.name().into()));
        }
    });
}

#[test]
fn many_rows_are_paged_without_loss() {
    both(|store| {
        let mut batch = Batch::new();
        (0..1000u32).for_each(|number| batch.put(Table::Misc, number.to_be_bytes(), *b"x"));
        store.commit(&batch).expect("commits");
        let all: Vec<Vec<u8>> = (0..1000u32).map(|number| number.to_be_bytes().to_vec()).collect();
        assert_eq!(keys(store, KeyRange::all(), Order::Ascending), all);
        assert_eq!(keys(store, KeyRange::all(), Order::Descending), all.into_iter().rev().collect::<Vec<_>>());
    });
}

#[test]
fn snapshots_do_not_move() {
    both(|store| {
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
    });
}

#[test]
fn the_last_change_of_a_key_wins() {
    both(|store| {
        let mut batch = Batch::new();
        batch.put(Table::Misc, *b"a", *b"1");
        batch.delete(Table::Misc, *b"a");
        batch.delete(Table::Misc, *b"b");
        batch.put(Table::Misc, *b"b", *b"2");
        assert_eq!(batch.len(), 2);
        store.commit(&batch).expect("commits");
        assert_eq!(keys(store, KeyRange::all(), Order::Ascending), [b"b".to_vec()]);
    });
}

#[test]
fn impossible_keys_are_refused_whole() {
    both(|store| {
        for key in [vec![], vec![1; limpid_state::MAX_KEY_LEN + 1]] {
            let mut batch = Batch::new();
            batch.put(Table::Headers, *b"good", *b"1");
            batch.put(Table::Misc, key, *b"1");
            assert!(matches!(store.commit(&batch), Err(StoreError::KeyLength { table: "misc", .. })));
            assert_eq!(store.get(Table::Headers, b"good").expect("reads"), None, "nothing of the batch is there");
        }
        assert_eq!(store.get(Table::Misc, &[]).expect("an empty key has no row"), None);
    });
}

#[test]
fn a_second_opening_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = fjall(dir.path());
    let Err(error) = FjallStore::open(dir.path(), RULES) else { panic!("opened twice") };
    assert!(error.to_string().contains("in use by another process"), "{error}");
    drop(first);
    fjall(dir.path());
}

#[test]
fn other_rules_and_other_folders_are_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    put(fjall(dir.path()).as_ref(), &[(b"a", b"1")]);
    let Err(error) = FjallStore::open(dir.path(), B256::repeat_byte(8)) else { panic!("other rules") };
    assert!(matches!(error, StoreError::OtherRules { .. }) && error.to_string().contains("other rules"), "{error}");
    assert_eq!(fjall(dir.path()).get(Table::Misc, b"a").expect("reads"), Some(b"1".to_vec()), "unharmed");
    std::fs::remove_file(dir.path().join("format")).expect("removes");
    assert!(matches!(FjallStore::open(dir.path(), RULES), Err(StoreError::NotOurs { .. })));
    let file = tempfile::NamedTempFile::new().expect("a file");
    assert!(matches!(FjallStore::open(file.path(), RULES), Err(StoreError::Io { .. })));
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
    let db = StateDb::open_with(fjall(Path::new(&dir)), flush_after(100)).expect("opens");
    loop {
        println!("acknowledged {}", extend(&db));
    }
}

#[test]
fn kill_nine_loses_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut head = 0;
    for blocks in [5, 40, 12] {
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["store::crash_child", "--exact", "--ignored", "--nocapture"])
            .env("STATE_CRASH_DIR", dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let heights = lines.map_while(Result::ok).filter_map(|line| line.rsplit_once("acknowledged ")?.1.parse().ok());
        let acknowledged: u64 = heights.take(blocks).last().expect("it commits");
        assert!(matches!(FjallStore::open(dir.path(), RULES), Err(StoreError::InUse { .. })));
        child.kill().expect("dies");
        child.wait().expect("is gone");
        let db = StateDb::open(fjall(dir.path())).expect("opens after the crash");
        let found = db.head().expect("a head").height;
        assert!(acknowledged > head && found >= acknowledged, "{found} is below the acknowledged {acknowledged}");
        assert!(db.store().get(Table::Headers, &found.to_be_bytes()).expect("reads").is_some(), "all of the batch");
        db.verify().expect("verifies");
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
    let dir = tempfile::tempdir().expect("a directory");
    let db = StateDb::open(fjall(dir.path())).expect("opens");
    for _ in 0..5 {
        extend(&db);
    }
    let last = db.head().expect("a head").height;
    drop(db);
    tear(dir.path());
    let db = StateDb::open(fjall(dir.path())).expect("opens");
    assert_eq!(db.head().map(|head| head.height), Some(last - 1));
    assert_eq!(db.store().get(Table::Headers, &last.to_be_bytes()).expect("reads"), None);
    db.verify().expect("verifies");
    assert_eq!(extend(&db), last);
    drop(db);
    let db = StateDb::open(Arc::new(FjallStore::open(dir.path(), RULES).expect("opens"))).expect("opens");
    assert_eq!(db.head().map(|head| head.height), Some(last));
}
