//! The genesis file: the JSON that other clients read, with our fields in `config.limpid`.

use super::{
    GAS_LIMIT, Genesis, GenesisAccount, INITIAL_BASE_FEE,
    foreign::{FirstHeader, Foreign, Forks},
};
use crate::fees::FeeRules;
use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::collections::BTreeMap;

/// The least gas limit a chain can work with: one transaction of the largest gas limit.
const LEAST_GAS_LIMIT: u64 = alloy_eips::eip7825::MAX_TX_GAS_LIMIT_OSAKA;

#[derive(Serialize, Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
pub(super) struct GenesisFile {
    config: Config,
    #[serde(default, deserialize_with = "field::timestamp")]
    timestamp: U256,
    #[serde(deserialize_with = "field::gas_limit")]
    gas_limit: U256,
    #[serde(default, deserialize_with = "field::base_fee")]
    base_fee_per_gas: Option<U256>,
    #[serde(flatten)]
    header: FirstHeader,
    alloc: BTreeMap<Address, AccountFile>,
}

#[derive(Serialize, Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Config {
    chain_id: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limpid: Option<Limpid>,
    #[serde(flatten)]
    forks: Forks,
}

/// Misspelled fields are refused here: they would silently mean other rules.
#[derive(Serialize, Deserialize, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Limpid {
    base_fee_change_denominator: u64,
    elasticity: u64,
    base_fee_floor: u64,
    rising_time: bool,
    natives: bool,
    dev: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<Address>,
}

impl Default for Limpid {
    fn default() -> Self {
        let fees = FeeRules::LIMPID;
        Self {
            base_fee_change_denominator: fees.change_denominator,
            elasticity: fees.elasticity,
            base_fee_floor: fees.floor,
            rising_time: false,
            natives: true,
            dev: false,
            operator: None,
        }
    }
}

/// An account whose storage may be written without leading zeros.
#[derive(Serialize, Deserialize, Clone)]
struct AccountFile {
    #[serde(flatten)]
    account: Plain,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    storage: BTreeMap<Word, Word>,
}

#[derive(Serialize, Deserialize, Clone)]
struct Plain {
    #[serde(default, deserialize_with = "quantity")]
    balance: U256,
    #[serde(default, deserialize_with = "small_quantity")]
    nonce: u64,
    #[serde(default)]
    code: alloy_primitives::Bytes,
}

/// 32 bytes, written as hex of any length up to that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Word(B256);

impl Serialize for Word {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        let value = U256::from_str_radix(if digits.is_empty() { "0" } else { digits }, 16)
            .map_err(|_| D::Error::custom(format!("{text:?} is not a storage word of at most 32 bytes in hex")))?;
        Ok(Self(value.into()))
    }
}

impl TryFrom<GenesisFile> for Genesis {
    type Error = String;

    fn try_from(file: GenesisFile) -> Result<Self, String> {
        let natives = file.config.limpid.as_ref().is_some_and(|limpid| limpid.natives);
        let foreign = Foreign { header: file.header, forks: file.config.forks };
        let small = |name: &str, value: U256| {
            u64::try_from(value).map_err(|_| format!("genesis: {name} {value} is larger than 2^64 - 1"))
        };
        let genesis = Self {
            chain_id: file.config.chain_id,
            timestamp: small("timestamp", file.timestamp)?,
            gas_limit: small("gasLimit", file.gas_limit)?,
            base_fee: file.base_fee_per_gas.map_or(Ok(INITIAL_BASE_FEE), |fee| small("baseFeePerGas", fee))?,
            fees: file.config.limpid.as_ref().map_or(FeeRules::ETHEREUM, |limpid| FeeRules {
                change_denominator: limpid.base_fee_change_denominator,
                elasticity: limpid.elasticity,
                floor: limpid.base_fee_floor,
            }),
            rising_time: file.config.limpid.as_ref().is_none_or(|limpid| limpid.rising_time),
            natives,
            // Ours says nothing of the kind.
            foreign: (!natives && foreign != Foreign::default()).then_some(foreign),
            dev: file.config.limpid.as_ref().is_some_and(|limpid| limpid.dev),
            operator: file.config.limpid.as_ref().and_then(|limpid| limpid.operator),
            alloc: file.alloc.into_iter().map(|(address, account)| (address, account.into())).collect(),
        };
        check(&genesis)?;
        Ok(genesis)
    }
}

/// Values no chain could run with.
fn check(genesis: &Genesis) -> Result<(), String> {
    if genesis.chain_id == 0 || genesis.chain_id > u64::MAX / 2 - 36 {
        return Err(format!("genesis: the chain id {} is not between 1 and 2^63 - 37 (EIP-2294)", genesis.chain_id));
    }
    if genesis.natives && genesis.gas_limit < LEAST_GAS_LIMIT {
        return Err(format!(
            "genesis: the gas limit {} is below {LEAST_GAS_LIMIT}, the largest that one transaction may ask for; \
             {GAS_LIMIT} is usual",
            genesis.gas_limit
        ));
    }
    if genesis.fees.change_denominator == 0 || genesis.fees.elasticity == 0 {
        return Err("genesis: baseFeeChangeDenominator and elasticity must not be 0".to_owned());
    }
    if genesis.base_fee < genesis.fees.floor {
        return Err(format!(
            "genesis: baseFeePerGas {} is below baseFeeFloor {}",
            genesis.base_fee, genesis.fees.floor
        ));
    }
    for (address, account) in &genesis.alloc {
        if let Err(error) = limpid_evm::Bytecode::new_raw_checked(account.code.clone()) {
            return Err(format!("genesis: the code of {address} cannot be used: {error}"));
        }
    }
    Ok(())
}

impl From<Genesis> for GenesisFile {
    fn from(genesis: Genesis) -> Self {
        let foreign = genesis.foreign.unwrap_or_default();
        // What a file without our section means needs no section.
        let is_ethereum = genesis.fees == FeeRules::ETHEREUM && genesis.rising_time && !genesis.natives;
        let needs_none = is_ethereum && !genesis.dev && genesis.operator.is_none();
        let limpid = Limpid {
            base_fee_change_denominator: genesis.fees.change_denominator,
            elasticity: genesis.fees.elasticity,
            base_fee_floor: genesis.fees.floor,
            rising_time: genesis.rising_time,
            natives: genesis.natives,
            dev: genesis.dev,
            operator: genesis.operator,
        };
        Self {
            config: Config {
                chain_id: genesis.chain_id,
                limpid: (!needs_none).then_some(limpid),
                forks: foreign.forks,
            },
            header: foreign.header,
            timestamp: U256::from(genesis.timestamp),
            gas_limit: U256::from(genesis.gas_limit),
            base_fee_per_gas: Some(U256::from(genesis.base_fee)),
            alloc: genesis.alloc.into_iter().map(|(address, account)| (address, account.into())).collect(),
        }
    }
}

impl From<AccountFile> for GenesisAccount {
    fn from(file: AccountFile) -> Self {
        let Plain { balance, nonce, code } = file.account;
        Self {
            balance,
            nonce,
            code,
            storage: file.storage.into_iter().map(|(slot, value)| (slot.0, value.0)).collect(),
        }
    }
}

impl From<GenesisAccount> for AccountFile {
    fn from(account: GenesisAccount) -> Self {
        let GenesisAccount { balance, nonce, code, storage } = account;
        let storage = storage.into_iter().map(|(slot, value)| (Word(slot), Word(value))).collect();
        Self { account: Plain { balance, nonce, code }, storage }
    }
}

/// A number as JSON number, hex string or decimal string: genesis files have all three.
pub(crate) fn quantity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }
    let parsed = match Written::deserialize(deserializer)? {
        Written::Number(number) => return Ok(U256::from(number)),
        Written::Text(text) => match text.strip_prefix("0x") {
            Some(hex) => (!hex.is_empty()).then(|| U256::from_str_radix(hex, 16).ok()).flatten(),
            None => (!text.is_empty()).then(|| U256::from_str_radix(&text, 10).ok()).flatten(),
        }
        .ok_or(text),
    };
    parsed.map_err(|text| D::Error::custom(format!("{text:?} is not a number in hex (0x..) or decimal digits")))
}

/// As [`quantity`], below 2^64.
pub(super) fn small_quantity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = quantity(deserializer)?;
    u64::try_from(value).map_err(|_| D::Error::custom(format!("{value} is larger than 2^64 - 1")))
}

/// Numbers whose errors name their field.
mod field {
    use super::{Deserialize, Quantity, U256, quantity};
    use serde::{Deserializer, de::Error as _};

    macro_rules! named {
        ($name:ident, $label:literal) => {
            pub(super) fn $name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
                quantity(deserializer).map_err(|error| D::Error::custom(format!(concat!($label, ": {}"), error)))
            }
        };
    }
    named!(timestamp, "timestamp");
    named!(gas_limit, "gasLimit");

    pub(super) fn base_fee<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<U256>, D::Error> {
        Ok(Option::<Quantity>::deserialize(deserializer)?.map(|value| value.0))
    }
}

/// A number on its own, where serde wants a type.
#[derive(Deserialize)]
struct Quantity(#[serde(deserialize_with = "quantity")] U256);
