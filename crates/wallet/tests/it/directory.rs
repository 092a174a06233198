//! The directory: names, never overwriting (W-2), private files (W-3).
use crate::{key, secret};
use limpid_wallet::{Cost, WalletError, Wallets};
use std::{fs, path::Path};

fn wallets(root: &Path) -> Wallets {
    Wallets::at(root.join("deep").join("wallets")).with_cost(Cost::Light)
}

fn files(root: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_wallet_is_added_listed_found_and_unlocked() {
    let root = tempfile::tempdir().unwrap();
    let wallets = wallets(root.path());
    assert!(wallets.list().unwrap().wallets.is_empty());
    let added = wallets.add("main", &key(&"11".repeat(32)), &secret("long enough")).unwrap();
    wallets.add("another", &key(&"22".repeat(32)), &secret("long enough")).unwrap();
    let names: Vec<_> = wallets.list().unwrap().wallets.into_iter().map(|wallet| wallet.name).collect();
    assert_eq!(names, ["another", "main"]);
    let by_address = wallets.find(&added.address.unwrap().to_string()).unwrap();
    assert_eq!(by_address, added);
    assert_eq!(wallets.unlock("main", &secret("long enough")).unwrap().address(), added.address.unwrap());
    assert!(matches!(wallets.unlock("main", &secret("wrong one")), Err(WalletError::WrongPassphrase(_))));
    assert!(matches!(wallets.unlock("nobody", &secret("long enough")), Err(WalletError::NotFound { .. })));
}

#[test]
fn nothing_is_ever_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let wallets = wallets(root.path());
    let first = wallets.add("main", &key(&"11".repeat(32)), &secret("long enough")).unwrap();
    let before = fs::read(&first.path).unwrap();
    for name in ["main", "MAIN"] {
        let again = wallets.add(name, &key(&"22".repeat(32)), &secret("long enough"));
        assert!(matches!(again, Err(WalletError::NameTaken(_))), "{name}");
    }
    let twin = wallets.add("twin", &key(&"11".repeat(32)), &secret("long enough"));
    assert!(matches!(twin, Err(WalletError::KeyTaken(name)) if name == "main"));
    assert_eq!(fs::read(&first.path).unwrap(), before);
    assert_eq!(files(wallets.path()), ["main.json"]);
}

/// A file that is no wallet also keeps its name.
#[test]
fn a_broken_file_is_shown_kept_and_hides_nobody() {
    let root = tempfile::tempdir().unwrap();
    let wallets = wallets(root.path());
    wallets.add("main", &key(&"11".repeat(32)), &secret("long enough")).unwrap();
    fs::write(wallets.path().join("broken.json"), "{").unwrap();
    fs::write(wallets.path().join("huge.json"), vec![b' '; 70_000]).unwrap();
    fs::write(wallets.path().join("notes.txt"), "not ours").unwrap();
    let listing = wallets.list().unwrap();
    assert_eq!((listing.wallets.len(), listing.unreadable.len()), (1, 2));
    assert!(listing.unreadable[1].reason.contains("too large"), "{}", listing.unreadable[1].reason);
    let taken = wallets.add("broken", &key(&"22".repeat(32)), &secret("long enough"));
    assert!(matches!(taken, Err(WalletError::NameTaken(_))));
    assert_eq!(fs::read(wallets.path().join("broken.json")).unwrap(), b"{");
}

/// Two at once: one wins, and the loser's key does not replace the winner's.
#[test]
fn a_race_for_a_name_has_one_winner() {
    let root = tempfile::tempdir().unwrap();
    let wallets = wallets(root.path());
    let results: Vec<_> = std::thread::scope(|scope| {
        let add = |byte: &'static str| {
            let wallets = wallets.clone();
            scope.spawn(move || wallets.add("main", &key(&byte.repeat(32)), &secret("long enough")))
        };
        let racers = [add("11"), add("22"), add("33"), add("44")];
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let winners: Vec<_> = results.iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let stored = wallets.unlock("main", &secret("long enough")).unwrap().address();
    assert_eq!(Some(stored), winners[0].address);
    assert_eq!(files(wallets.path()), ["main.json"]);
}

#[test]
fn names_are_plain() {
    let root = tempfile::tempdir().unwrap();
    let wallets = wallets(root.path());
    for name in ["", "-x", "0xabc", "a/b", "..", "a b", "é", "a.json", &"a".repeat(65)] {
        assert!(matches!(wallets.check_name(name), Err(WalletError::BadName(_))), "{name}");
    }
    assert!(wallets.check_name("my-wallet_2").is_ok());
}

#[test]
fn short_passphrases_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let short = wallets(root.path()).add("main", &key(&"11".repeat(32)), &secret("seven77"));
    assert!(matches!(short, Err(WalletError::WeakPassphrase)));
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_wallet() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    let wallets = wallets(root.path());
    let wallet = wallets.add("main", &key(&"11".repeat(32)), &secret("long enough")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&wallet.path), 0o600);
    assert_eq!(mode(wallets.path()), 0o700);
}
