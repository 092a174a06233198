//! Web3 Secret Storage, version 3: scrypt or PBKDF2-HMAC-SHA256, then AES-128-CTR under a keccak MAC.

use crate::{Key, Result, Secret, Signer, WalletError, secret::random};
use aes::Aes128;
use alloy_primitives::{Address, Keccak256};
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit as _, StreamCipher as _},
};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A real file is under 1 KiB.
pub(crate) const MAX_FILE_BYTES: u64 = 64 * 1024;
const CIPHER: &str = "aes-128-ctr";
const KEY_BYTES: usize = 32;
/// Refuse files that would take more memory than this to open: 128 * n * r bytes.
const MAX_SCRYPT_BYTES: u64 = 1 << 30;
/// Refuse files that would take minutes to open.
const MAX_SCRYPT_LANES: u32 = 16;
const MAX_PBKDF2_ROUNDS: u32 = 20_000_000;
const MAX_SALT_BYTES: usize = 256;

/// What opening a file costs its owner, and an attacker for every guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// scrypt n = 2^18, r = 8, p = 1: 256 MiB and about a second. What files on disk use.
    Standard,
    /// scrypt n = 2^12, r = 8, p = 6: for tests and keys that are worth nothing.
    Light,
}

/// One key, encrypted. Holds no secret: the ciphertext needs the passphrase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Keystore {
    /// The account, without `0x`; optional in the format, always written by us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
    /// A random UUID.
    #[serde(default)]
    id: String,
    version: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    #[serde(with = "hex::serde")]
    ciphertext: Vec<u8>,
    #[serde(flatten)]
    kdf: Kdf,
    #[serde(with = "hex::serde")]
    mac: Vec<u8>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct CipherParams {
    #[serde(with = "hex::serde")]
    iv: Vec<u8>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kdf", content = "kdfparams", rename_all = "lowercase")]
enum Kdf {
    Scrypt {
        dklen: u32,
        n: u64,
        p: u32,
        r: u32,
        #[serde(with = "hex::serde")]
        salt: Vec<u8>,
    },
    Pbkdf2 {
        c: u32,
        dklen: u32,
        prf: String,
        #[serde(with = "hex::serde")]
        salt: Vec<u8>,
    },
}

/// Why a file did not open.
pub(crate) enum OpenError {
    /// The MAC differs: another passphrase, or a damaged file.
    Passphrase,
    /// The file is not what the format says.
    Malformed(&'static str),
}

impl Keystore {
    /// Encrypts a key under a passphrase.
    pub fn seal(key: &Key, passphrase: &Secret, cost: Cost) -> Result<Self> {
        let address = Signer::new(key)?.address();
        let (mut salt, mut iv, mut id) = ([0u8; 32], [0u8; 16], [0u8; 16]);
        random(&mut salt)?;
        random(&mut iv)?;
        random(&mut id)?;
        let (n, p) = match cost {
            Cost::Standard => (1 << 18, 1),
            Cost::Light => (1 << 12, 6),
        };
        let kdf = Kdf::Scrypt { dklen: 32, n, p, r: 8, salt: salt.to_vec() };
        let malformed = |reason| WalletError::Malformed { file: "the new keystore".to_owned(), reason };
        let derived = kdf.derive(passphrase).map_err(malformed)?;
        let mut ciphertext = key.bytes().to_vec();
        apply_cipher(&derived, &iv, &mut ciphertext).map_err(malformed)?;
        let mac = mac(&derived, &ciphertext).to_vec();
        let cipherparams = CipherParams { iv: iv.to_vec() };
        Ok(Self {
            address: Some(hex::encode(address)),
            crypto: Crypto { cipher: CIPHER.to_owned(), cipherparams, ciphertext, kdf, mac },
            id: uuid_v4(id),
            version: 3,
        })
    }

    /// Reads the JSON; says what is wrong without quoting it.
    pub fn parse(file: &str, json: &[u8]) -> Result<Self> {
        let malformed = |reason| WalletError::Malformed { file: file.to_owned(), reason };
        let keystore: Self = serde_json::from_slice(json).map_err(|_| malformed("not keystore JSON"))?;
        if keystore.version != 3 {
            return Err(malformed("only version 3 is supported"));
        }
        Ok(keystore)
    }

    /// The JSON text, as other wallets read it.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self)
            .map_err(|_| WalletError::Malformed { file: "the new keystore".to_owned(), reason: "cannot be written" })
    }

    /// The address the file names. Proven only by opening it.
    pub fn address(&self) -> Option<Address> {
        let text = self.address.as_deref()?;
        text.strip_prefix("0x").unwrap_or(text).parse().ok()
    }

    /// Decrypts; `name` is for messages.
    pub fn open(&self, name: &str, passphrase: &Secret) -> Result<Key> {
        self.decrypt(passphrase).map_err(|error| match error {
            OpenError::Passphrase => WalletError::WrongPassphrase(name.to_owned()),
            OpenError::Malformed(reason) => WalletError::Malformed { file: name.to_owned(), reason },
        })
    }

    fn decrypt(&self, passphrase: &Secret) -> std::result::Result<Key, OpenError> {
        let crypto = &self.crypto;
        if crypto.cipher != CIPHER {
            return Err(OpenError::Malformed("only the cipher aes-128-ctr is supported"));
        }
        if crypto.ciphertext.len() != KEY_BYTES {
            return Err(OpenError::Malformed("the encrypted key is not 32 bytes"));
        }
        let derived = crypto.kdf.derive(passphrase).map_err(OpenError::Malformed)?;
        if mac(&derived, &crypto.ciphertext).as_slice() != crypto.mac.as_slice() {
            return Err(OpenError::Passphrase);
        }
        let mut plain = Zeroizing::new([0u8; KEY_BYTES]);
        plain.copy_from_slice(&crypto.ciphertext);
        apply_cipher(&derived, &crypto.cipherparams.iv, plain.as_mut_slice()).map_err(OpenError::Malformed)?;
        let key = Key::new(*plain);
        let signer = Signer::new(&key).map_err(|_| OpenError::Malformed("holds no valid key"))?;
        if self.address.is_some() && self.address() != Some(signer.address()) {
            return Err(OpenError::Malformed("the address it names is not its key's"));
        }
        Ok(key)
    }
}

impl Kdf {
    /// 32 bytes: the cipher's key, then the MAC's.
    fn derive(&self, passphrase: &Secret) -> std::result::Result<Zeroizing<[u8; 32]>, &'static str> {
        let mut derived = Zeroizing::new([0u8; 32]);
        let (dklen, salt) = match self {
            Self::Scrypt { dklen, salt, .. } | Self::Pbkdf2 { dklen, salt, .. } => (*dklen, salt),
        };
        if dklen != 32 {
            return Err("dklen is not 32");
        }
        if salt.len() > MAX_SALT_BYTES {
            return Err("the salt is too long");
        }
        let password = passphrase.expose().as_bytes();
        match self {
            Self::Scrypt { n, p, r, .. } => {
                if !n.is_power_of_two() || *n < 2 {
                    return Err("scrypt's n is not a power of two");
                }
                let memory = n.checked_mul(u64::from(*r)).and_then(|blocks| blocks.checked_mul(128));
                if memory.is_none_or(|bytes| bytes > MAX_SCRYPT_BYTES) || *p > MAX_SCRYPT_LANES {
                    return Err("scrypt's parameters ask for more memory or time than we give");
                }
                crate::scrypt::derive(password, salt, (*n, *r, *p), &mut derived)?;
            }
            Self::Pbkdf2 { c, prf, .. } => {
                if prf != "hmac-sha256" {
                    return Err("only the prf hmac-sha256 is supported");
                }
                if *c == 0 || *c > MAX_PBKDF2_ROUNDS {
                    return Err("pbkdf2's rounds are out of bounds");
                }
                pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, *c, derived.as_mut_slice());
            }
        }
        Ok(derived)
    }
}

fn apply_cipher(derived: &[u8; 32], iv: &[u8], data: &mut [u8]) -> std::result::Result<(), &'static str> {
    let (key, _) = derived.split_at(16);
    let mut cipher =
        Ctr128BE::<Aes128>::new_from_slices(key, iv).map_err(|_| "the initialisation vector is not 16 bytes")?;
    cipher.try_apply_keystream(data).map_err(|_| "the encrypted key is too long")
}

fn mac(derived: &[u8; 32], ciphertext: &[u8]) -> [u8; 32] {
    let (_, key) = derived.split_at(16);
    let mut hasher = Keccak256::new();
    hasher.update(key);
    hasher.update(ciphertext);
    hasher.finalize().0
}

/// RFC 4122 version 4, from 16 random bytes.
fn uuid_v4(mut bytes: [u8; 16]) -> String {
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let digits = hex::encode(bytes);
    let mut text = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if [8, 12, 16, 20].contains(&place) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}
