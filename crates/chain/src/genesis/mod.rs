//! The genesis of a chain: everything its blocks follow from.

mod file;
mod foreign;

pub(crate) use self::file::quantity;
pub use self::foreign::{BlobLimits, Foreign, Fork, Forks};

use crate::{
    block::{Extra, HeaderStart, SealedBlock},
    fees::FeeRules,
};
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Gas limit of our blocks (DESIGN D14).
pub const GAS_LIMIT: u64 = 200_000_000;
/// Base fee of our first block, in wei per gas.
pub const INITIAL_BASE_FEE: u64 = 1_000_000_000;
/// What each dev account holds: 10,000 coins, in wei.
pub const DEV_BALANCE: U256 = U256::from_limbs([0x19e0_c9ba_b240_0000, 0x21e, 0, 0]);
/// The version of the chain's rules; free to change until the tag 1.0 (DESIGN D15).
pub const RULES_VERSION: u64 = 0;

/// The accounts of the mnemonic `test test test test test test test test test test test junk`, whose keys everybody
/// knows.
pub const DEV_ACCOUNTS: [Address; 10] = [
    address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    address!("0x90F79bf6EB2c4f870365E785982E1f101E93b906"),
    address!("0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    address!("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
    address!("0x976EA74026E726554dB657fA54763abd0C3a0aa9"),
    address!("0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
    address!("0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
    address!("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"),
];

/// An account of the genesis state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GenesisAccount {
    /// Wei.
    pub balance: U256,
    /// Nonce.
    pub nonce: u64,
    /// Bytecode.
    pub code: Bytes,
    /// Storage by slot.
    pub storage: BTreeMap<B256, B256>,
}

/// The genesis of a chain. As JSON it is the genesis file that other clients read, with our fields in
/// `config.limpid`; a file without them means Ethereum's rules and no native contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "file::GenesisFile", into = "file::GenesisFile")]
pub struct Genesis {
    /// Chain id of EIP-155.
    pub chain_id: u64,
    /// Timestamp of block 0, in seconds since 1970.
    pub timestamp: u64,
    /// Gas limit of every block.
    pub gas_limit: u64,
    /// Base fee of block 0, in wei per gas.
    pub base_fee: u64,
    /// How the base fee moves.
    pub fees: FeeRules,
    /// Whether a block must be later than its parent, as Ethereum wants, or only not earlier.
    pub rising_time: bool,
    /// Whether the native contracts and predeploys are there.
    pub natives: bool,
    /// Forks and first header of a foreign chain; `None` on ours.
    pub foreign: Option<Foreign>,
    /// A development chain: automine and the dev methods; no evidence of anything.
    pub dev: bool,
    /// Whose signatures of headers count; `None` if nobody's do.
    pub operator: Option<Address>,
    /// Accounts of the genesis state besides the native ones.
    pub alloc: BTreeMap<Address, GenesisAccount>,
}

impl Genesis {
    /// A chain with our rules and nobody in it.
    pub const fn new(chain_id: u64, timestamp: u64) -> Self {
        Self {
            chain_id,
            timestamp,
            gas_limit: GAS_LIMIT,
            base_fee: INITIAL_BASE_FEE,
            fees: FeeRules::LIMPID,
            rising_time: false,
            natives: true,
            foreign: None,
            dev: false,
            operator: None,
            alloc: BTreeMap::new(),
        }
    }

    /// A development chain: our rules, ten well-known accounts with 10,000 coins each.
    ///
    /// Its block 0 is of 1970, so that two dev chains with one id are equal; the clock counts from block 1 on.
    pub fn dev(chain_id: u64) -> Self {
        let account = GenesisAccount { balance: DEV_BALANCE, ..GenesisAccount::default() };
        Self {
            dev: true,
            operator: Some(crate::Operator::dev(chain_id).address()),
            alloc: DEV_ACCOUNTS.into_iter().map(|address| (address, account.clone())).collect(),
            ..Self::new(chain_id, 0)
        }
    }

    /// Block 0 with a given state root.
    pub fn block(&self, beneficiary: Address, state_root: B256) -> SealedBlock {
        let header = match &self.foreign {
            Some(foreign) => foreign.first_header(self.timestamp, self.gas_limit, self.base_fee),
            None => HeaderStart {
                parent_hash: B256::ZERO,
                number: 0,
                timestamp: self.timestamp,
                gas_limit: self.gas_limit,
                base_fee: self.base_fee,
                beneficiary,
            }
            .into_header(),
        };
        let header = alloy_consensus::Header { state_root, ..header };
        let withdrawals = header.withdrawals_root.map(|_| Vec::new());
        let extra = Extra { withdrawals, ..Extra::default() };
        SealedBlock { hash: header.hash_slow(), header, transactions: Vec::new(), extra }
    }

    /// Identifies the rules a data directory was written under: this genesis, its native contracts and predeploys
    /// (through `state_root`), and the version of the program's rules.
    pub fn rules_hash(&self, state_root: B256) -> B256 {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let parts: [&[u8]; 4] = [b"limpid rules ", &RULES_VERSION.to_be_bytes(), state_root.as_slice(), &json];
        keccak256(parts.concat())
    }

    /// The earliest timestamp a block over `parent` may have.
    pub const fn earliest_after(&self, parent: u64) -> u64 {
        if self.rising_time { parent.saturating_add(1) } else { parent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dev_accounts_are_spelled_right() {
        let spelled = [
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
        for (spelled, account) in spelled.into_iter().zip(DEV_ACCOUNTS) {
            assert_eq!(Address::parse_checksummed(spelled, None).unwrap(), account);
        }
        assert_eq!(DEV_BALANCE, U256::from(10_000) * U256::from(10).pow(U256::from(18)));
    }

    #[test]
    fn file_round_trip() {
        let mut genesis = Genesis::dev(31_337);
        let storage = BTreeMap::from([(B256::with_last_byte(1), B256::with_last_byte(2))]);
        let code = Bytes::from_static(&[0x60, 0]);
        genesis.alloc.insert(Address::ZERO, GenesisAccount { balance: U256::from(7), nonce: 1, code, storage });
        let json = serde_json::to_string_pretty(&genesis).unwrap();
        assert_eq!(serde_json::from_str::<Genesis>(&json).unwrap(), genesis);
        assert_ne!(genesis.rules_hash(B256::ZERO), Genesis::dev(31_337).rules_hash(B256::ZERO));
        assert_ne!(genesis.rules_hash(B256::ZERO), genesis.rules_hash(B256::with_last_byte(1)));
    }

    #[test]
    fn foreign_file_means_ethereum() {
        let json = r#"{
            "config": { "chainId": 3503995874084926, "homesteadBlock": 0, "terminalTotalDifficulty": 131072 },
            "nonce": "0x0", "timestamp": "0x5", "extraData": "0x", "gasLimit": "0x23f3e20", "difficulty": "0x20000",
            "alloc": { "0000000000000000000000000000000000000314": {
                "code": "0x60", "storage": { "0x00": "0x12" }, "balance": "0x0de0b6b3a7640000" },
                "0x0000000000000000000000000000000000000315": { "balance": "12" } },
            "baseFeePerGas": null }"#;
        let genesis: Genesis = serde_json::from_str(json).unwrap();
        assert_eq!((genesis.chain_id, genesis.timestamp), (3_503_995_874_084_926, 5));
        assert_eq!(genesis.gas_limit, 0x23f_3e20);
        assert_eq!(genesis.fees, FeeRules::ETHEREUM);
        assert_eq!(genesis.base_fee, 1_000_000_000, "EIP-1559's initial base fee");
        assert!(genesis.rising_time && !genesis.natives && !genesis.dev);
        assert_eq!(genesis.alloc.len(), 2);
        let forks = &genesis.foreign.as_ref().unwrap().forks;
        assert_eq!((forks.homestead_block, forks.london_block), (Some(0), None));
        let again = serde_json::to_string(&genesis).unwrap();
        assert_eq!(serde_json::from_str::<Genesis>(&again).unwrap(), genesis, "and back");
        assert!(!again.contains("limpid"));
        let slot = genesis.alloc[&DEV_314].storage.get(&B256::ZERO);
        assert_eq!(slot, Some(&B256::with_last_byte(0x12)));
    }

    const DEV_314: Address = address!("0x0000000000000000000000000000000000000314");

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        let cases = [
            (r#"{"config":{"chainId":0},"alloc":{},"gasLimit":1}"#, "chain id"),
            (r#"{"config":{"chainId":1},"alloc":{},"gasLimit":"0x"}"#, "gasLimit"),
            (r#"{"config":{"chainId":1,"limpid":{}},"alloc":{},"gasLimit":1000}"#, "gas limit"),
            (r#"{"config":{"chainId":1},"gasLimit":30000000}"#, "alloc"),
            (r#"{"config":{"chainId":1,"limpid":{"elasticity":0}},"alloc":{},"gasLimit":30000000}"#, "elasticity"),
            (
                r#"{"config":{"chainId":1},"gasLimit":1,"alloc":{"0x0000000000000000000000000000000000000001":
                    {"code":"0xef0100"}}}"#,
                "code of 0x0000000000000000000000000000000000000001",
            ),
            (r#"{"config":{"chainId":1,"limpid":{"elastic":4}},"alloc":{},"gasLimit":30000000}"#, "elastic"),
        ];
        for (json, word) in cases {
            let error = serde_json::from_str::<Genesis>(json).unwrap_err().to_string();
            assert!(error.contains(word), "{json}: {error}");
        }
    }
}
