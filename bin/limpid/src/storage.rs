//! What a node keeps, where, and in how much memory: options of every command that runs a chain.

use clap::Args;
use limpid_chain::NodeOptions;
use limpid_state::StoreKind;
use std::num::NonZeroU64;

/// Options of the storage.
#[derive(Debug, Args)]
pub struct Storage {
    /// Storage engine of a new data folder: fjall (quick commits) or redb (quick reads). A folder keeps the one it was
    /// made with [default: fjall]
    #[arg(long, env = "LIMPID_STORE", value_name = "ENGINE")]
    store: Option<StoreKind>,
    /// Memory for the state, such as 512MB or 2GB
    #[arg(long, env = "LIMPID_STATE_CACHE", value_name = "BYTES", default_value = "1GB", value_parser = bytes)]
    state_cache: u64,
    /// Keep the values of the newest N blocks only [default: of all blocks]
    #[arg(long, env = "LIMPID_HISTORY", value_name = "N")]
    history: Option<NonZeroU64>,
}

impl Storage {
    /// The node's options with these.
    pub fn over(&self, options: NodeOptions) -> NodeOptions {
        NodeOptions { store: self.store, state_cache: self.state_cache, history: self.history, ..options }
    }
}

/// A number of bytes with a unit: B, KB, MB, GB or TB, each 1,024 times the one before.
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text} is not a size; write it as 512MB or 2GB");
    let upper = text.trim().to_ascii_uppercase();
    let end = upper.find(|char: char| !char.is_ascii_digit()).unwrap_or(upper.len());
    let (number, unit) = upper.split_at(end);
    let shift = match unit.trim() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(1 << shift).ok_or_else(wrong)
}

/// The same in words.
pub fn size(bytes: u64) -> String {
    let units = [(40, "TB"), (30, "GB"), (20, "MB"), (10, "KB")];
    match units.into_iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => format!("{}.{} {unit}", bytes >> shift, ((bytes >> (shift - 10)) & 1_023) * 10 / 1_024),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, value) in
            [("0", 0), ("17", 17), ("1kb", 1 << 10), ("512MB", 512 << 20), ("2 GiB", 2 << 30), ("1T", 1 << 40)]
        {
            assert_eq!(bytes(text), Ok(value));
        }
        for text in ["", "MB", "1.5GB", "-1", "1XB", "99999999999TB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
        assert_eq!([5, 2_048, 3 << 19, 7 << 30].map(size), ["5 B", "2.0 KB", "1.5 MB", "7.0 GB"]);
    }
}
