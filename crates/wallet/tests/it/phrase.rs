//! BIP-39 and BIP-44 against published accounts.
use crate::secret;
use limpid_wallet::{DEV_MNEMONIC, Phrase, Signer, WalletError, WordCount, dev_signer};

fn address(phrase: &str, index: u32, extra: Option<&str>) -> String {
    let extra = extra.map(secret);
    let key = Phrase::parse(&secret(phrase)).unwrap().key(index, extra.as_ref()).unwrap();
    Signer::new(&key).unwrap().address().to_string()
}

/// The ten accounts that Hardhat and anvil print.
#[test]
fn the_development_accounts_are_the_well_known_ones() {
    let expected = [
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
        "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
        "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
        "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
        "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
        "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
        "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
    ];
    for (index, expected) in (0..).zip(expected) {
        assert_eq!(dev_signer(index).unwrap().address().to_string(), expected);
    }
}

/// BIP-39's all-zero entropy, 12 and 24 words: the accounts every wallet shows for them.
#[test]
fn published_phrases_give_published_accounts() {
    let twelve = format!("{}about", "abandon ".repeat(11));
    assert_eq!(address(&twelve, 0, None), "0x9858EfFD232B4033E47d90003D41EC34EcaEda94");
    let twenty_four = format!("{}art", "abandon ".repeat(23));
    assert_eq!(address(&twenty_four, 0, None), "0xF278cF59F82eDcf871d630F28EcC8056f25C1cdb");
    assert_ne!(address(&twelve, 0, Some("TREZOR")), address(&twelve, 0, None));
}

#[test]
fn a_phrase_may_be_typed_carelessly() {
    let typed = "  Test test TEST test\ttest test\ntest test test test test   junk\n";
    assert_eq!(Phrase::parse(&secret(typed)).unwrap().expose(), DEV_MNEMONIC);
}

#[test]
fn a_wrong_phrase_is_refused_with_its_reason() {
    let reason = |text: &str| match Phrase::parse(&secret(text)) {
        Err(WalletError::BadPhrase(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason("").contains("12, 15"));
    assert!(reason("test test test").contains("12, 15"));
    assert!(reason(&DEV_MNEMONIC.replace("junk", "junky")).contains("list"));
    assert!(reason(&DEV_MNEMONIC.replace("junk", "test")).contains("checksum"));
}

#[test]
fn fresh_phrases_have_their_length_and_are_valid() {
    for (count, words) in [(WordCount::Twelve, 12), (WordCount::TwentyFour, 24)] {
        let (first, second) = (Phrase::generate(count).unwrap(), Phrase::generate(count).unwrap());
        assert_eq!(first.expose().split(' ').count(), words);
        assert!(Phrase::parse(&secret(first.expose())).is_ok());
        assert_ne!(first.expose(), second.expose());
    }
}

#[test]
fn hardened_indices_are_refused() {
    let phrase = Phrase::parse(&secret(DEV_MNEMONIC)).unwrap();
    assert!(phrase.key((1 << 31) - 1, None).is_ok());
    assert!(matches!(phrase.key(1 << 31, None), Err(WalletError::BadIndex(_))));
}
