use crate::{Key, Result, Secret, Signer, WalletError, secret::random};
use alloy_signer_local::{
    MnemonicBuilder,
    coins_bip39::{English, Entropy, Mnemonic, Wordlist as _},
};
use std::fmt;
use zeroize::Zeroizing;

/// The phrase every development chain funds. Public: never a store of value.
pub const DEV_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// First index that BIP-32 reserves for hardened keys.
const HARDENED: u32 = 1 << 31;

/// How long a fresh phrase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordCount {
    /// 128 bits of entropy.
    Twelve,
    /// 256 bits of entropy.
    TwentyFour,
}

/// A BIP-39 recovery phrase in English, checked.
pub struct Phrase(Secret);

impl Phrase {
    /// A fresh phrase from the operating system's randomness.
    pub fn generate(words: WordCount) -> Result<Self> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        random(bytes.as_mut())?;
        let length = match words {
            WordCount::Twelve => 16,
            WordCount::TwentyFour => 32,
        };
        let taken = bytes.get(..length).unwrap_or_default();
        let entropy = Entropy::from_slice(taken).map_err(|_| WalletError::BadPhrase("unusual length"))?;
        Ok(Self(Secret::new(Mnemonic::<English>::new_from_entropy(entropy).to_phrase())))
    }

    /// Reads a phrase as typed: any blanks between words, any case.
    pub fn parse(text: &Secret) -> Result<Self> {
        let mut plain = Zeroizing::new(String::with_capacity(text.expose().len()));
        for word in text.expose().split_whitespace() {
            if !plain.is_empty() {
                plain.push(' ');
            }
            plain.extend(word.chars().map(|letter| letter.to_ascii_lowercase()));
        }
        let words = plain.split(' ').filter(|word| !word.is_empty()).count();
        if ![12, 15, 18, 21, 24].contains(&words) {
            return Err(WalletError::BadPhrase("a phrase has 12, 15, 18, 21 or 24 words"));
        }
        if plain.split(' ').any(|word| English::get_index(word).is_err()) {
            return Err(WalletError::BadPhrase("a word is not in the English BIP-39 list"));
        }
        // The library's error quotes the phrase, so it ends here.
        Mnemonic::<English>::new_from_phrase(&plain)
            .map_err(|_| WalletError::BadPhrase("the checksum is wrong: a word is mistyped or out of place"))?;
        Ok(Self(Secret::new(plain.to_string())))
    }

    /// The words, to be shown once to the person who owns them.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The private key at `m/44'/60'/0'/0/index`. `extra` is BIP-39's optional passphrase (the "25th
    /// word"): another one gives another wallet, without any error.
    pub fn key(&self, index: u32, extra: Option<&Secret>) -> Result<Key> {
        if index >= HARDENED {
            return Err(WalletError::BadIndex(index));
        }
        let mut builder = MnemonicBuilder::<English>::default().phrase(self.expose());
        if let Some(extra) = extra {
            builder = builder.password(extra.expose());
        }
        let signer = builder
            .index(index)
            .and_then(|builder| builder.build())
            .map_err(|_| WalletError::BadPhrase("no key can be derived from it"))?;
        Ok(Key::new(signer.to_bytes().0))
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase(hidden)")
    }
}

/// The development account at an index of [`DEV_MNEMONIC`]. Anybody has this key.
pub fn dev_signer(index: u32) -> Result<Signer> {
    Signer::new(&Phrase::parse(&Secret::new(DEV_MNEMONIC.to_owned()))?.key(index, None)?)
}
