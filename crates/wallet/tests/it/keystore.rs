//! The keystore format: the official vectors of ethereum/tests (KeyStoreTests/basic_tests.json), our
//! own files, and files that lie (W-4).
use crate::{key, secret};
use limpid_wallet::{Cost, Keystore, Signer, WalletError};
use serde_json::{Value, json};

const VECTORS: &str = include_str!("vectors/keystores.json");

fn open(file: &Value, password: &str) -> limpid_wallet::Result<Signer> {
    let keystore = Keystore::parse("vector", file.to_string().as_bytes())?;
    Signer::new(&keystore.open("vector", &secret(password))?)
}

#[test]
fn the_official_vectors_open() {
    let vectors: serde_json::Map<String, Value> = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(vectors.len(), 5);
    for (name, vector) in &vectors {
        let text = |field: &str| vector[field].as_str().unwrap();
        let signer = open(&vector["json"], text("password")).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(signer.address(), Signer::new(&key(text("priv"))).unwrap().address(), "{name}");
        let wrong = open(&vector["json"], "not the password");
        assert!(matches!(wrong, Err(WalletError::WrongPassphrase(_))), "{name}");
    }
}

#[test]
fn what_we_write_has_the_standard_layout_and_opens() {
    let (original, passphrase) = (key(&"42".repeat(32)), secret("correct horse"));
    let text = Keystore::seal(&original, &passphrase, Cost::Light).unwrap().to_json().unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["version"], 3);
    assert_eq!(file["crypto"]["cipher"], "aes-128-ctr");
    assert_eq!(file["crypto"]["kdf"], "scrypt");
    assert_eq!(file["crypto"]["kdfparams"]["dklen"], 32);
    let id = file["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "4"));
    let signer = open(&file, "correct horse").unwrap();
    assert_eq!(file["address"].as_str().unwrap(), hex::encode(signer.address()));
    assert_eq!(signer.address(), Signer::new(&original).unwrap().address());
}

#[test]
fn no_two_files_of_one_key_look_alike() {
    let seal = || Keystore::seal(&key(&"42".repeat(32)), &secret("correct horse"), Cost::Light).unwrap();
    let (first, second) = (seal().to_json().unwrap(), seal().to_json().unwrap());
    let field = |text: &str, name: &str| serde_json::from_str::<Value>(text).unwrap()["crypto"][name].clone();
    for name in ["ciphertext", "cipherparams", "mac"] {
        assert_ne!(field(&first, name), field(&second, name), "{name}");
    }
}

#[test]
fn files_that_lie_are_refused_before_any_work() {
    let text = Keystore::seal(&key(&"42".repeat(32)), &secret("correct horse"), Cost::Light).unwrap();
    let good: Value = serde_json::from_str(&text.to_json().unwrap()).unwrap();
    let cases = [
        ("/version", json!(1)),
        ("/crypto/cipher", json!("aes-256-gcm")),
        ("/crypto/cipherparams/iv", json!("00")),
        ("/crypto/ciphertext", json!("00")),
        ("/crypto/ciphertext", json!("zz")),
        ("/crypto/kdf", json!("argon2")),
        ("/crypto/kdfparams/dklen", json!(16)),
        ("/crypto/kdfparams/n", json!(0)),
        ("/crypto/kdfparams/n", json!(4095)),
        ("/crypto/kdfparams/n", json!(1u64 << 40)),
        ("/crypto/kdfparams/n", json!(1u64 << 63)),
        ("/crypto/kdfparams/r", json!(0)),
        ("/crypto/kdfparams/r", json!(u32::MAX)),
        ("/crypto/kdfparams/p", json!(0)),
        ("/crypto/kdfparams/p", json!(u32::MAX)),
        ("/crypto/kdfparams/salt", json!("00".repeat(300))),
        ("/address", json!("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")),
        ("/address", json!("nonsense")),
    ];
    for (field, lie) in cases {
        let mut file = good.clone();
        *file.pointer_mut(field).unwrap() = lie.clone();
        // The initialisation vector is looked at once the passphrase has proven right.
        match open(&file, "correct horse") {
            Err(WalletError::Malformed { .. }) => {}
            other => panic!("{field} = {lie}: {other:?}"),
        }
    }
    let cut = &good.to_string()[..200];
    assert!(matches!(Keystore::parse("cut", cut.as_bytes()), Err(WalletError::Malformed { .. })));
}

#[test]
fn pbkdf2_lies_are_refused_too() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    for (field, lie) in [("c", json!(0)), ("c", json!(u32::MAX)), ("prf", json!("hmac-md5")), ("dklen", json!(64))] {
        let mut file = vectors["test1"]["json"].clone();
        file["crypto"]["kdfparams"][field] = lie.clone();
        assert!(matches!(open(&file, "testpassword"), Err(WalletError::Malformed { .. })), "{field} = {lie}");
    }
}

#[test]
fn a_flipped_bit_is_noticed() {
    let sealed = Keystore::seal(&key(&"42".repeat(32)), &secret("correct horse"), Cost::Light).unwrap();
    let mut file: Value = serde_json::from_str(&sealed.to_json().unwrap()).unwrap();
    let mut bytes = hex::decode(file["crypto"]["ciphertext"].as_str().unwrap()).unwrap();
    bytes[7] ^= 1;
    file["crypto"]["ciphertext"] = json!(hex::encode(bytes));
    assert!(matches!(open(&file, "correct horse"), Err(WalletError::WrongPassphrase(_))));
}
