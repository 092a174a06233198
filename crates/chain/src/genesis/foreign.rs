//! What a genesis of a foreign Ethereum chain says besides accounts: its first header, its forks, its blobs.

use super::file::{quantity, small_quantity};
use alloy_consensus::{EMPTY_ROOT_HASH, Header};
use alloy_eips::{eip2124::ForkHash, eip7685::EMPTY_REQUESTS_HASH, eip7840::BlobParams};
use alloy_primitives::{Address, B64, B256, Bytes, U256};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use std::collections::{BTreeMap, BTreeSet};

/// The rules of a foreign chain, as geth's genesis file has them. A file that says none of this is run under Osaka's
/// rules from its first block on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foreign {
    /// The first header's own fields.
    pub header: FirstHeader,
    /// When rules changed.
    pub forks: Forks,
}

/// What a foreign genesis chooses for its first header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FirstHeader {
    #[serde(deserialize_with = "nonce", skip_serializing_if = "is_default")]
    nonce: B64,
    #[serde(skip_serializing_if = "is_default")]
    extra_data: Bytes,
    #[serde(deserialize_with = "quantity", skip_serializing_if = "is_default")]
    difficulty: U256,
    #[serde(skip_serializing_if = "is_default")]
    mix_hash: B256,
    #[serde(skip_serializing_if = "is_default")]
    coinbase: Address,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Nonces are written as quantities, or as eight bytes.
fn nonce<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<B64, D::Error> {
    small_quantity(deserializer).map(|nonce| B64::from(nonce.to_be_bytes()))
}

/// Heights and times at which a foreign chain's rules change. Absent ones never come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the names are those of Ethereum's forks")]
pub struct Forks {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homestead_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dao_fork_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eip150_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eip155_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eip158_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byzantium_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constantinople_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub petersburg_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub istanbul_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muir_glacier_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub berlin_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub london_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrow_glacier_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gray_glacier_block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge_netsplit_block: Option<u64>,
    /// Not always a number of 64 bits; only compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal_total_difficulty: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shanghai_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancun_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prague_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub osaka_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpo1_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpo2_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpo3_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpo4_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpo5_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amsterdam_time: Option<u64>,
    /// Blobs per block, by fork.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub blob_schedule: BTreeMap<String, BlobLimits>,
    /// Where validators deposit (EIP-6110); mainnet's if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposit_contract_address: Option<Address>,
}

/// Blobs per block in one fork (EIP-7840).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobLimits {
    /// What the price aims at.
    pub target: u64,
    /// The limit.
    pub max: u64,
    /// How fast the price moves.
    pub base_fee_update_fraction: u64,
}

/// A set of rules by its name, and since when it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fork {
    /// Its usual name.
    pub name: &'static str,
    /// Seconds since 1970; 0 for those that came at a height.
    pub time: u64,
}

impl Forks {
    fn by_height(&self) -> [(&'static str, Option<u64>); 13] {
        [
            ("Homestead", self.homestead_block),
            ("Tangerine Whistle", self.eip150_block),
            ("Spurious Dragon", self.eip155_block.max(self.eip158_block)),
            ("Byzantium", self.byzantium_block),
            ("Constantinople", self.constantinople_block),
            ("Petersburg", self.petersburg_block),
            ("Istanbul", self.istanbul_block),
            ("Muir Glacier", self.muir_glacier_block),
            ("Berlin", self.berlin_block),
            ("London", self.london_block),
            ("Arrow Glacier", self.arrow_glacier_block),
            ("Gray Glacier", self.gray_glacier_block),
            ("Paris", self.merge_netsplit_block),
        ]
    }

    fn by_time(&self) -> [(&'static str, &'static str, Option<u64>); 10] {
        [
            ("Shanghai", "shanghai", self.shanghai_time),
            ("Cancun", "cancun", self.cancun_time),
            ("Prague", "prague", self.prague_time),
            ("Osaka", "osaka", self.osaka_time),
            ("BPO1", "bpo1", self.bpo1_time),
            ("BPO2", "bpo2", self.bpo2_time),
            ("BPO3", "bpo3", self.bpo3_time),
            ("BPO4", "bpo4", self.bpo4_time),
            ("BPO5", "bpo5", self.bpo5_time),
            ("Amsterdam", "amsterdam", self.amsterdam_time),
        ]
    }

    /// The forks of a time at or before `timestamp`, and those after it; each sorted by time.
    pub fn timed(&self, timestamp: u64) -> (Vec<Fork>, Vec<Fork>) {
        let mut forks: Vec<_> =
            self.by_time().into_iter().filter_map(|(name, _, time)| time.map(|time| Fork { name, time })).collect();
        forks.sort_by_key(|fork| fork.time);
        forks.into_iter().partition(|fork| fork.time <= timestamp)
    }

    /// The rules a block runs by, in one word.
    pub fn name_at(&self, header: &Header) -> &'static str {
        if let Some(fork) = self.timed(header.timestamp).0.last() {
            return fork.name;
        }
        if header.difficulty.is_zero() && header.number > 0 {
            return "Paris";
        }
        let active = |height: Option<u64>| height.is_some_and(|height| height <= header.number);
        self.by_height().into_iter().rev().find(|(_, height)| active(*height)).map_or("Frontier", |(name, _)| name)
    }

    /// Whether a block with this timestamp runs by the rules of this program: Osaka's, with any blob schedule.
    pub fn is_ours(&self, timestamp: u64) -> bool {
        let active = |time: Option<u64>| time.is_some_and(|time| time <= timestamp);
        active(self.osaka_time) && !active(self.amsterdam_time)
    }

    /// The blob limits in force at `timestamp`; Osaka's usual ones if the file has none.
    pub fn blobs(&self, timestamp: u64) -> BlobParams {
        let active = self.by_time().into_iter().filter(|(_, _, time)| time.is_some_and(|time| time <= timestamp));
        let mut params = BlobParams::osaka();
        for (_, key, _) in active {
            params = match key {
                "shanghai" | "amsterdam" => params,
                "cancun" => BlobParams::cancun(),
                "prague" => BlobParams::prague(),
                "osaka" => BlobParams::osaka(),
                "bpo1" => BlobParams::bpo1(),
                "bpo2" => BlobParams::bpo2(),
                _ => params,
            };
            if let Some(limits) = self.blob_schedule.get(key) {
                params.target_blob_count = limits.target;
                params.max_blob_count = limits.max;
                params.update_fraction = limits.base_fee_update_fraction.into();
            }
        }
        params
    }

    /// Names the rules of a chain with this genesis at `timestamp` (EIP-2124, EIP-6122).
    pub fn hash(&self, genesis: B256, genesis_time: u64, timestamp: u64) -> ForkHash {
        let heights = self.by_height().into_iter().map(|(_, height)| height);
        let heights = heights.chain([self.dao_fork_block, self.eip158_block]).flatten().filter(|height| *height > 0);
        let heights: BTreeSet<_> = heights.collect();
        let times = self.by_time().into_iter().filter_map(|(_, _, time)| time);
        let times: BTreeSet<_> = times.filter(|time| *time > genesis_time && *time <= timestamp).collect();
        let mut hash = ForkHash::from(genesis);
        for change in heights.into_iter().chain(times) {
            hash += change;
        }
        hash
    }
}

impl Foreign {
    /// The first header, without its state root.
    pub(super) fn first_header(&self, timestamp: u64, gas_limit: u64, base_fee: u64) -> Header {
        let FirstHeader { nonce, extra_data, difficulty, mix_hash, coinbase } = self.header.clone();
        let active = |at: Option<u64>, now: u64| at.is_some_and(|at| at <= now);
        let cancun = active(self.forks.cancun_time, timestamp);
        let shanghai = active(self.forks.shanghai_time, timestamp);
        Header {
            timestamp,
            gas_limit,
            nonce,
            extra_data,
            difficulty,
            mix_hash,
            beneficiary: coinbase,
            base_fee_per_gas: active(self.forks.london_block, 0).then_some(base_fee),
            withdrawals_root: shanghai.then_some(EMPTY_ROOT_HASH),
            blob_gas_used: cancun.then_some(0),
            excess_blob_gas: cancun.then_some(0),
            parent_beacon_block_root: cancun.then_some(B256::ZERO),
            requests_hash: active(self.forks.prague_time, timestamp).then_some(EMPTY_REQUESTS_HASH),
            ..Header::default()
        }
    }
}
