use crate::{Result, WalletError};
use rand::TryRngCore as _;
use std::fmt;
use zeroize::Zeroizing;

/// Text that must not be seen: a passphrase, a phrase or a key as typed. Wiped on drop.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller's copy is this one.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Do not print, log or store it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Without the line ending that a file or a pipe leaves.
    #[must_use]
    pub fn trimmed_line(&self) -> Self {
        Self::new(self.0.trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// 32 secret bytes: a private key. Wiped on drop.
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A private key as hex, `0x` optional, blanks around it ignored. Whether it is in the curve's
    /// range is checked by [`crate::Signer::new`].
    pub fn from_hex(text: &Secret) -> Result<Self> {
        let text = text.expose().trim();
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let mut bytes = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(digits, bytes.as_mut()).map_err(|_| WalletError::BadKey)?;
        Ok(Self(bytes))
    }

    /// A fresh key from the operating system's generator, in the curve's range.
    pub fn generate() -> Result<Self> {
        loop {
            let mut bytes = Zeroizing::new([0u8; 32]);
            random(bytes.as_mut())?;
            let key = Self(bytes);
            // One in 2^128 is out of range.
            if crate::Signer::new(&key).is_ok() {
                return Ok(key);
            }
        }
    }

    /// The secret bytes, for the one who signs with them or writes them where only their owner reads.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// As [`Self::from_hex`] reads it, with `0x`.
    pub fn to_hex(&self) -> Secret {
        let digits = Zeroizing::new(hex::encode(self.0.as_slice()));
        Secret::new(format!("0x{}", digits.as_str()))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

/// Fills a buffer from the operating system's generator.
pub(crate) fn random(buffer: &mut [u8]) -> Result<()> {
    rand::rngs::OsRng.try_fill_bytes(buffer).map_err(|error| WalletError::Randomness(error.to_string()))
}
