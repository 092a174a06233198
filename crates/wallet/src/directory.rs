use crate::{Cost, Key, Keystore, Result, Secret, Signer, WalletError, keystore::MAX_FILE_BYTES, secret::random};
use alloy_primitives::Address;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
};

const MIN_PASSPHRASE: usize = 8;
const EXTENSION: &str = "json";

/// A directory of keystore files, `NAME.json` each.
#[derive(Clone, Debug)]
pub struct Wallets {
    root: PathBuf,
    cost: Cost,
}

/// One wallet, without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletInfo {
    /// The file's name without its extension.
    pub name: String,
    /// As written in the file; proven when it is unlocked. `None` if the file does not say.
    pub address: Option<Address>,
    /// The keystore file.
    pub path: PathBuf,
}

/// A file in the directory that is no keystore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// Why it cannot be used.
    pub reason: String,
}

/// What a directory holds, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Usable wallets.
    pub wallets: Vec<WalletInfo>,
    /// Other `.json` files: one bad file hides no wallet.
    pub unreadable: Vec<Unreadable>,
}

impl Wallets {
    /// A directory that need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), cost: Cost::Standard }
    }

    /// `~/.limpid/wallets`; `None` when the user has no home directory.
    pub fn default_path() -> Option<PathBuf> {
        let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty())?;
        Some(home.join(".limpid").join("wallets"))
    }

    /// The same directory with another cost for new files.
    #[must_use]
    pub fn with_cost(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }

    /// Where the files are.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Every wallet, sorted by name.
    pub fn list(&self) -> Result<Listing> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Listing::default()),
            Err(error) => return Err(WalletError::io(&self.root, error)),
        };
        let mut listing = Listing::default();
        for entry in entries {
            let path = entry.map_err(|error| WalletError::io(&self.root, error))?.path();
            let Some(name) = wallet_name(&path) else { continue };
            match read(&path, &name) {
                Ok(keystore) => listing.wallets.push(WalletInfo { name, address: keystore.address(), path }),
                Err(error) => listing.unreadable.push(Unreadable { path, reason: error.to_string() }),
            }
        }
        listing.wallets.sort_by(|a, b| a.name.cmp(&b.name));
        listing.unreadable.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(listing)
    }

    /// Finds a wallet by name or by address.
    pub fn find(&self, wanted: &str) -> Result<WalletInfo> {
        let address: Option<Address> = wanted.parse().ok();
        self.list()?
            .wallets
            .into_iter()
            .find(|wallet| wallet.name == wanted || (address.is_some() && wallet.address == address))
            .ok_or_else(|| WalletError::NotFound { wanted: wanted.to_owned(), directory: self.root.clone() })
    }

    /// Fails when a new wallet could not take this name, so that nobody types a phrase in vain.
    pub fn check_name(&self, name: &str) -> Result<()> {
        let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
        // `0x..` would read as an address, a leading `-` as an option.
        if name.is_empty() || name.len() > 64 || !letters || name.starts_with('-') || name.starts_with("0x") {
            return Err(WalletError::BadName(name.to_owned()));
        }
        // Some file systems do not tell `Main` from `main`.
        let taken = self.list()?.wallets.into_iter().any(|wallet| wallet.name.eq_ignore_ascii_case(name));
        if taken || self.file(name).exists() {
            return Err(WalletError::NameTaken(name.to_owned()));
        }
        Ok(())
    }

    /// Fails when the passphrase protects nothing.
    pub fn check_passphrase(passphrase: &Secret) -> Result<()> {
        if passphrase.expose().chars().count() < MIN_PASSPHRASE {
            return Err(WalletError::WeakPassphrase);
        }
        Ok(())
    }

    /// Stores a key under a new name.
    pub fn add(&self, name: &str, key: &Key, passphrase: &Secret) -> Result<WalletInfo> {
        self.check_name(name)?;
        Self::check_passphrase(passphrase)?;
        let address = Signer::new(key)?.address();
        if let Some(twin) = self.list()?.wallets.into_iter().find(|wallet| wallet.address == Some(address)) {
            return Err(WalletError::KeyTaken(twin.name));
        }
        let json = Keystore::seal(key, passphrase, self.cost)?.to_json()?;
        create_private_dir(&self.root)?;
        let path = self.file(name);
        write_new(&self.root, &path, json.as_bytes()).map_err(|error| match error {
            WalletError::Io { source, .. } if source.kind() == ErrorKind::AlreadyExists => {
                WalletError::NameTaken(name.to_owned())
            }
            other => other,
        })?;
        Ok(WalletInfo { name: name.to_owned(), address: Some(address), path })
    }

    /// Opens a wallet, found by name or address.
    pub fn unlock(&self, wanted: &str, passphrase: &Secret) -> Result<Signer> {
        let wallet = self.find(wanted)?;
        let keystore = read(&wallet.path, &wallet.name)?;
        Signer::new(&keystore.open(&wallet.name, passphrase)?)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.root.join(format!("{name}.{EXTENSION}"))
    }
}

/// Files we own end in `.json`; geth's have no extension and start with `UTC--`.
fn wallet_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    if name.starts_with('.') || !path.is_file() {
        return None;
    }
    match path.extension() {
        Some(extension) if extension == EXTENSION => path.file_stem()?.to_str().map(str::to_owned),
        _ => name.starts_with("UTC--").then(|| name.to_owned()),
    }
}

fn read(path: &Path, name: &str) -> Result<Keystore> {
    let file = File::open(path).map_err(|error| WalletError::io(path, error))?;
    let mut json = Vec::new();
    // One byte over the limit is enough to see that it is exceeded.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut json).map_err(|error| WalletError::io(path, error))?;
    if u64::try_from(json.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        return Err(WalletError::Malformed { file: name.to_owned(), reason: "the file is too large" });
    }
    Keystore::parse(name, &json)
}

fn create_private_dir(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| WalletError::io(path, error))
}

/// W-2: whole and synced under a temporary name first; a hard link is the one step that either gives
/// the final name or fails because somebody else has it.
fn write_new(directory: &Path, path: &Path, content: &[u8]) -> Result<()> {
    let mut tag = [0u8; 8];
    random(&mut tag)?;
    let temporary = directory.join(format!(".new-{}", hex::encode(tag)));
    let written = write_private(&temporary, content)
        .and_then(|()| fs::hard_link(&temporary, path))
        .and_then(|()| File::open(directory)?.sync_all());
    let removed = fs::remove_file(&temporary);
    written.map_err(|error| WalletError::io(path, error))?;
    removed.map_err(|error| WalletError::io(temporary, error))
}

fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
