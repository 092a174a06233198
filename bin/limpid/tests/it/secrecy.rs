//! L-1: no secret in output, errors or files.
use crate::{Home, read};
use std::{fs, path::Path};

const KEY: &str = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";

/// Everything below a folder, as text.
fn files(dir: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &files(&path);
        } else {
            text += &String::from_utf8_lossy(&fs::read(&path).unwrap());
        }
    }
    text.to_lowercase()
}

#[test]
fn an_imported_key_appears_nowhere() {
    let home = Home::new();
    let mut shown = String::new();
    for (name, input) in [
        ("good", KEY.to_owned()),
        ("again", KEY.to_owned()),
        ("cut", KEY[..60].to_owned()),
        ("long", format!("{KEY}00")),
    ] {
        let output = home.run(&["wallet", "import", name], &input);
        shown += &String::from_utf8_lossy(&output.stdout);
        shown += &String::from_utf8_lossy(&output.stderr);
    }
    shown += &home.ok(&["wallet", "list"]);
    assert!(shown.contains("already here as wallet `good`"), "{shown}");
    fs::remove_file(home.path("passphrase")).unwrap();
    for text in [shown.to_lowercase(), files(home.dir.path())] {
        assert!(!text.contains(&KEY[..16]) && !text.contains("correct horse"), "{text}");
    }
}

/// Without a terminal a fresh phrase is not printed: standard output may be a log.
#[test]
fn a_fresh_phrase_goes_only_where_it_was_asked_to() {
    let home = Home::new();
    let file = home.path("phrase");
    let output = home.run(&["wallet", "new", "main", "--words", "24", "--phrase-file", file.to_str().unwrap()], "");
    assert!(output.status.success());
    let phrase = read(&file);
    assert_eq!(phrase.split_whitespace().count(), 24);
    fs::remove_file(&file).unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr)
        + &files(home.dir.path());
    let words: Vec<&str> = phrase.split_whitespace().collect();
    for three in words.windows(3) {
        assert!(!shown.contains(&three.join(" ")));
    }
    // The file that was written is the key that was stored.
    fs::write(&file, &phrase).unwrap();
    let told = home.fails(&["wallet", "import", "twin", "--secret-file", file.to_str().unwrap()]);
    assert!(told.contains("already here as wallet `main`"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_phrase_file_is_private_and_new() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let file = home.path("phrase");
    home.ok(&["wallet", "new", "main", "--phrase-file", file.to_str().unwrap()]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = read(&file);
    home.fails(&["wallet", "new", "other", "--phrase-file", file.to_str().unwrap()]);
    assert_eq!(read(&file), before);
    assert_eq!(home.json(&["wallet", "list"])["wallets"].as_array().unwrap().len(), 1);
}

/// There is no option that takes a secret itself.
#[test]
fn no_argument_takes_a_secret() {
    let home = Home::new();
    for command in [&["wallet", "new"][..], &["wallet", "import"], &["send"], &["swap"]] {
        let help = home.ok(&[command, &["--help"]].concat());
        for option in ["--key", "--private-key", "--mnemonic", "--phrase ", "--passphrase ", "--password"] {
            assert!(!help.contains(option), "{command:?} {option}");
        }
    }
}
