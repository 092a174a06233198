//! Backups: what comes back is what went in, from any engine into any other, and nothing else is taken for a backup.

use crate::support::{Place, RULES, account, address, commit_diff, flush_after, rewind};
use alloy_primitives::U256;
use limpid_state::{
    Batch, KeyRange, Options, Order, Reader, Row, Rows, StateDb, StateDiff, Store, StoreKind, Table,
    backup::{self, Backup, BackupError, Reading},
};
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};
use tempfile::TempDir;

on_every_store!(
    every_row_comes_back,
    a_backup_is_of_one_moment,
    a_cut_or_changed_backup_is_refused,
    a_running_node_makes_a_backup_when_asked,
);

fn filled(place: &Place) -> StateDb {
    let db = place.state(flush_after(50));
    for height in 1..=40 {
        let mut diff = StateDiff::default();
        diff.accounts.extend((0..20).map(|number| (address(number + height % 3), Some(account(height, number)))));
        diff.storage.insert(address(5), [(U256::from(height % 7), U256::from(height))].into());
        commit_diff(&db, diff, height);
    }
    let mut batch = Batch::new();
    batch.put(Table::Bodies, *b"a large row", vec![7; 3 << 20]);
    batch.put(Table::Bodies, *b"an empty row", *b"");
    db.store().commit(&batch).expect("stores");
    db
}

fn everything(reader: &dyn Reader) -> Vec<(Table, Row)> {
    let rows = |table| Rows::new(reader, table, KeyRange::all(), Order::Ascending);
    Table::ALL.into_iter().flat_map(|table| rows(table).map(move |row| (table, row.expect("reads")))).collect()
}

fn file() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a backup");
    (dir, path)
}

fn save(store: &dyn Store, path: &Path) -> Result<Backup, BackupError> {
    backup::write(store.snapshot().expect("a snapshot").as_ref(), RULES, path, &mut |_| true)
}

fn every_row_comes_back(place: &Place) {
    let (dir, path) = file();
    let db = filled(place);
    let made = save(db.store().as_ref(), &path).expect("saves");
    assert_eq!((made.rules, Some(made.head)), (RULES, db.head()));
    assert_eq!(made.bytes, std::fs::metadata(&path).expect("a file").len());
    assert_eq!(std::fs::read_dir(dir.path()).expect("lists").count(), 1, "nothing else is left");
    assert!(matches!(save(db.store().as_ref(), &path), Err(BackupError::Exists(_))));
    for kind in StoreKind::ALL {
        let other = Place::on(kind);
        let reading = Reading::open(&path).expect("opens");
        assert_eq!((reading.backup().rules, reading.backup().head), (RULES, made.head));
        assert_eq!(reading.restore(other.open().as_ref(), &mut |_| {}).expect("restores"), made);
        assert!(everything(other.open().as_ref()) == everything(db.store().as_ref()));
        let restored = other.state(Options::default());
        assert_eq!(restored.verify().expect("verifies").head, db.head());
        rewind(&restored, 30);
    }
}

/// Changes the store as soon as the first row was copied.
fn a_backup_is_of_one_moment(place: &Place) {
    let (_dir, path) = file();
    let db = filled(place);
    let before = everything(db.store().as_ref());
    let mut height = 40;
    let snapshot = db.store().snapshot().expect("a snapshot");
    backup::write(snapshot.as_ref(), RULES, &path, &mut |_| {
        height += 1;
        commit_diff(
            &db,
            StateDiff { accounts: [(address(900), Some(account(1, height)))].into(), ..StateDiff::default() },
            height,
        );
        true
    })
    .expect("saves");
    assert!(height > 50, "blocks were made meanwhile");
    let other = Place::memory();
    Reading::open(&path).expect("opens").restore(other.open().as_ref(), &mut |_| {}).expect("restores");
    assert!(everything(other.open().as_ref()) == before);
}

fn a_cut_or_changed_backup_is_refused(place: &Place) {
    let (dir, path) = file();
    let db = filled(place);
    save(db.store().as_ref(), &path).expect("saves");
    let whole = std::fs::read(&path).expect("reads");
    let damaged = dir.path().join("damaged");
    let refused = |bytes: &[u8]| {
        std::fs::write(&damaged, bytes).expect("writes");
        let read =
            Reading::open(&damaged).and_then(|reading| reading.restore(&limpid_state::MemStore::new(), &mut |_| {}));
        read.expect_err("refused").to_string()
    };
    for part in 0..40 {
        let cut = whole.len() * part / 40;
        assert!(refused(&whole[..cut]).contains(if cut < 100 { "is no backup" } else { "ends too early" }), "at {cut}");
        let mut changed = whole.clone();
        changed[cut] ^= 1;
        let error = refused(&changed);
        assert!(error.contains("is no backup") || error.contains("is damaged"), "{error}");
    }
    assert!(refused(&whole[..whole.len() - 1]).contains("ends too early"));
    assert!(refused(&[whole.as_slice(), b"x"].concat()).contains("something follows its end"));
    assert!(refused(b"something else\n").contains("does not begin as one"));
    assert!(Reading::open(dir.path()).err().expect("a folder").to_string().contains("not a file"));
    assert!(Reading::open(&dir.path().join("nothing")).err().expect("no file").to_string().contains("nothing"));
    let stopped = backup::write(
        db.store().snapshot().expect("a snapshot").as_ref(),
        RULES,
        &damaged.with_extension("2"),
        &mut |_| false,
    );
    assert!(matches!(stopped, Err(BackupError::Stopped)));
    assert_eq!(std::fs::read_dir(dir.path()).expect("lists").count(), 2, "and nothing is left of it");
}

fn a_running_node_makes_a_backup_when_asked(place: &Place) {
    let (dir, path) = file();
    let folder = tempfile::tempdir().expect("a directory");
    let db = filled(place);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                backup::serve(folder.path(), RULES, || Ok(db.store().snapshot()?), &|| true);
                thread::sleep(std::time::Duration::from_millis(20));
            }
        });
        let made = backup::ask(folder.path(), &path, &mut |_| {}).expect("asked and made");
        assert_eq!(Some(made.head), db.head());
        let error = backup::ask(folder.path(), &path, &mut |_| {}).expect_err("there already");
        assert!(matches!(error, BackupError::Exists(_)));
        let nowhere = dir.path().join("no/such/folder");
        let error = backup::ask(folder.path(), &nowhere, &mut |_| {}).expect_err("nowhere").to_string();
        assert!(error.contains("no/such/folder") && error.contains("No such file"), "{error}");
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 0, "nothing is left of the requests");
    let other = Place::memory();
    Reading::open(&path).expect("opens").restore(other.open().as_ref(), &mut |_| {}).expect("restores");
    assert!(everything(other.open().as_ref()) == everything(db.store().as_ref()));
}
