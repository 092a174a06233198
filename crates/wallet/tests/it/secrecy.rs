//! W-1: no secret in any text this crate makes, or in any file it writes.
use crate::secret;
use limpid_wallet::{Cost, Key, Keystore, Phrase, Secret, Signer, Wallets, WordCount};
use std::{fmt::Debug, fs};

const KEY: &str = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
const PASSPHRASE: &str = "a passphrase nobody should see";

fn shown(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

fn assert_hidden(text: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!text.contains(secret), "`{secret}` shows in: {text}");
    }
}

#[test]
fn debug_output_and_errors_hide_keys_phrases_and_passphrases() {
    let phrase = Phrase::generate(WordCount::Twelve).unwrap();
    let words: Vec<&str> = phrase.expose().split(' ').filter(|word| word.len() > 4).collect();
    let key = Key::from_hex(&secret(KEY)).unwrap();
    let signer = Signer::new(&key).unwrap();
    let keystore = Keystore::seal(&key, &secret(PASSPHRASE), Cost::Light).unwrap();

    let mut text = shown(&secret(PASSPHRASE)) + &shown(&key) + &shown(&phrase) + &shown(&signer) + &shown(&keystore);
    text += &shown(&phrase.key(0, None));
    // A mistyped phrase and a cut key are secrets as well.
    let mistyped = format!("{} {PASSPHRASE}", phrase.expose());
    for wrong in [phrase.expose().replacen(words[0], "abandon", 1), mistyped, format!("{} zzz", phrase.expose())] {
        if let Err(error) = Phrase::parse(&Secret::new(wrong)) {
            text += &format!("{error} {error:?}");
        }
    }
    let error = Key::from_hex(&secret(&KEY[..63])).unwrap_err();
    text += &format!("{error} {error:?}");
    let error = keystore.open("main", &secret("another passphrase")).unwrap_err();
    text += &format!("{error} {error:?}");

    assert_hidden(&text, &[KEY, &KEY[..16], PASSPHRASE, "another passphrase"]);
    // A word can be part of our own messages; three in a row cannot.
    let trail: Vec<&str> = phrase.expose().split(' ').collect();
    for three in trail.windows(3) {
        assert_hidden(&text, &[&three.join(" ")]);
    }
    assert!(text.contains(&signer.address().to_string()), "the address is meant to show");
}

#[test]
fn files_hold_no_secret_in_clear() {
    let root = tempfile::tempdir().unwrap();
    let wallets = Wallets::at(root.path()).with_cost(Cost::Light);
    wallets.add("main", &Key::from_hex(&secret(KEY)).unwrap(), &secret(PASSPHRASE)).unwrap();
    for entry in fs::read_dir(root.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert_hidden(&String::from_utf8_lossy(&bytes).to_lowercase(), &[KEY, PASSPHRASE]);
        let raw = hex::decode(KEY).unwrap();
        assert!(!bytes.windows(32).any(|window| window == raw));
    }
}
