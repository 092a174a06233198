//! `limpid db`: a chain's folder checked, compacted, backed up and restored; what is refused leaves everything as it was.
use crate::{Home, Node};
use std::{fs, path::Path};

const TO: &str = "0x00000000000000000000000000000000000000ff";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A chain with three blocks, on redb; with what else `run` does while it runs.
fn chain(run: impl FnOnce(&Home)) -> Node {
    let mut node = Node::start_with(&["--store", "redb", "--state-cache", "64MB"]);
    for _ in 0..3 {
        node.home.ok(&["send", "1", "LIM", TO, "--from", "dev:0", "--yes"]);
    }
    run(&node.home);
    node.stop();
    node
}

#[test]
fn a_chain_is_checked_copied_and_comes_back() {
    let node = chain(|home| {
        let chain = home.path("chain");
        let made = home.json(&["db", "backup", text(&home.path("hot")), "--datadir", text(&chain)]);
        assert_eq!((&made["whileRunning"], &made["height"]), (&true.into(), &3.into()), "{made}");
        for command in ["verify", "compact"] {
            let told = home.fails(&["db", command, "--datadir", text(&chain)]);
            assert!(told.contains("in use by a running node; stop it first"), "{told}");
        }
    });
    let home = &node.home;
    let chain = home.path("chain");
    let found = home.json(&["db", "verify", "--datadir", text(&chain)]);
    assert_eq!((&found["store"], &found["blocks"], &found["transactions"]), (&"redb".into(), &4.into(), &3.into()));
    assert_eq!(found["recomputedRoots"], 3);
    assert!(home.ok(&["db", "verify", "--datadir", text(&chain)]).contains("Everything agrees."));
    let smaller = home.json(&["db", "compact", "--datadir", text(&chain)]);
    assert!(smaller["bytes"].as_u64() <= smaller["bytesBefore"].as_u64(), "{smaller}");
    let made = home.json(&["db", "backup", text(&home.path("cold")), "--datadir", text(&chain)]);
    assert_eq!((&made["whileRunning"], &made["stateRoot"]), (&false.into(), &found["stateRoot"]));
    for (file, store) in [("hot", "fjall"), ("cold", "redb")] {
        let copy = home.path(store);
        let restored =
            home.json(&["db", "restore", text(&home.path(file)), "--datadir", text(&copy), "--store", store]);
        assert_eq!(restored["verified"]["stateRoot"], found["stateRoot"], "{restored}");
        assert_eq!(home.json(&["db", "verify", "--datadir", text(&copy)])["store"], store);
        assert_eq!(fs::read(copy.join("genesis.json")).unwrap(), fs::read(chain.join("genesis.json")).unwrap());
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let node = chain(|_| {});
    let home = &node.home;
    let (chain, file, copy) = (home.path("chain"), home.path("backup"), home.path("copy"));
    home.ok(&["db", "backup", text(&file), "--datadir", text(&chain)]);
    let entries = || fs::read_dir(home.dir.path()).unwrap().count();
    let before = entries();
    let refused = |args: &[&str], why: &str| {
        let told = home.fails(&[&["db"], args].concat());
        assert!(told.contains(why), "{args:?}: {told}");
        assert_eq!(entries(), before, "{args:?} left something behind");
    };
    let (chain, file, copy) = (text(&chain), text(&file), text(&copy));
    refused(&["backup", file, "--datadir", chain], "exists already");
    refused(&["backup", text(&home.path("no/folder")), "--datadir", chain], "No such file or directory");
    refused(&["restore", file, "--datadir", chain], "is not empty");
    refused(&["restore", text(&home.path("none")), "--datadir", copy], "none: No such file or directory");
    refused(&["restore", text(&home.path("node.log")), "--datadir", copy], "is no backup");
    refused(&["verify", "--datadir", copy], "there is no chain in it");
    refused(&["backup", text(&home.path("other")), "--datadir", copy], "there is no chain in it");
    let whole = fs::read(file).unwrap();
    fs::write(file, &whole[..whole.len() / 2]).unwrap();
    refused(&["restore", file, "--datadir", copy], "is damaged: it ends too early; use another copy");
    // An empty folder will do, and stays if the backup does not.
    fs::create_dir(copy).unwrap();
    let before = entries();
    assert!(home.fails(&["db", "restore", file, "--datadir", copy]).contains("is damaged"));
    assert_eq!((entries(), fs::read_dir(copy).unwrap().count()), (before, 0));
    fs::write(file, whole).unwrap();
    home.ok(&["db", "restore", file, "--datadir", copy]);
    let told = home.fails(&["node", "--dev", "--http-port", "0", "--datadir", chain, "--store", "fjall"]);
    assert!(told.contains("was made with --store redb and cannot be opened with fjall"), "{told}");
    let told = home.fails(&["node", "--dev", "--state-cache", "much"]);
    assert!(told.contains("write it as 512MB or 2GB"), "{told}");
    // The engine's own file cut in half.
    let engine = home.path("chain/tables/limpid.redb");
    let bytes = fs::read(&engine).unwrap();
    fs::write(&engine, &bytes[..bytes.len() / 2]).unwrap();
    let told = home.fails(&["db", "verify", "--datadir", chain]);
    assert!(told.contains("storage engine"), "{told}");
}
