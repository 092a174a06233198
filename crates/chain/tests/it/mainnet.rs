//! Roots, hashes, senders and base fees of real blocks, from `LIMPID_DATA/chain`. Skipped loudly without it.

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bloom, Log, hex};
use alloy_rlp::Decodable;
use flate2::read::GzDecoder;
use limpid_chain::{
    Receipt, Recovered, Transaction,
    block::{logs_bloom, receipts_root, transactions_root},
    fees::FeeRules,
    tx::EthereumTx,
};
use std::{collections::BTreeMap, fs::File, io::Read, path::PathBuf};

fn data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LIMPID_DATA").map_or_else(|| PathBuf::from("../../../shared/data"), PathBuf::from);
    let path = root.join("chain").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("LIMPID_REQUIRE_VECTORS").is_none(),
        "LIMPID_REQUIRE_VECTORS is set, but {} is missing",
        path.display()
    );
    eprintln!("SKIPPED: {} is missing; set LIMPID_DATA", path.display());
    None
}

fn unzip(path: &PathBuf) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Name and content of every file of a tar archive.
fn files(tar: &[u8]) -> Vec<(String, &[u8])> {
    let (mut at, mut found) = (0, Vec::new());
    while let Some(header) = tar.get(at..at + 512).filter(|header| header[0] != 0) {
        let text = |range: std::ops::Range<usize>| {
            String::from_utf8_lossy(&header[range]).trim_end_matches(['\0', ' ']).trim().to_owned()
        };
        let size = usize::from_str_radix(&text(124..136), 8).unwrap();
        found.push((text(0..100), &tar[at + 512..at + 512 + size]));
        at += 512 + size.div_ceil(512) * 512;
    }
    found
}

struct MainnetBlock {
    header: Header,
    transactions: Vec<Transaction>,
    receipts: Vec<Receipt>,
}

fn block(yaml: &str) -> MainnetBlock {
    let field = |name: &str| {
        let line = yaml.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap();
        hex::decode(line.trim_matches(['"', ' '])).unwrap()
    };
    let header = Header::decode(&mut field("header").as_slice()).unwrap();
    let body = field("body");
    let mut body = alloy_rlp::Header::decode_bytes(&mut body.as_slice(), true).unwrap();
    let transactions = Vec::<Transaction>::decode(&mut body).unwrap();
    let receipts = field("receipts");
    let mut receipts = alloy_rlp::Header::decode_bytes(&mut receipts.as_slice(), true).unwrap();
    let mut decoded = Vec::new();
    while !receipts.is_empty() {
        let before = decoded.last().map_or(0, |receipt: &Receipt| receipt.cumulative_gas_used);
        decoded.push(receipt(&mut receipts, before));
    }
    MainnetBlock { header, transactions, receipts: decoded }
}

/// The network's form of a receipt, eth/69: type, status, gas, logs; no bloom.
fn receipt(buf: &mut &[u8], before: u64) -> Receipt {
    let mut fields = alloy_rlp::Header::decode_bytes(buf, true).unwrap();
    let tx_type = u8::decode(&mut fields).unwrap();
    let success = bool::decode(&mut fields).unwrap();
    let cumulative_gas_used = u64::decode(&mut fields).unwrap();
    let logs = Vec::<Log>::decode(&mut fields).unwrap();
    let mut bloom = Bloom::ZERO;
    logs.iter().for_each(|log| bloom.accrue_log(log));
    Receipt {
        tx_type,
        success,
        cumulative_gas_used,
        logs,
        bloom,
        gas_used: cumulative_gas_used - before,
        effective_gas_price: 0,
        created: None,
        first_log_index: 0,
    }
}

#[test]
fn roots_and_base_fees_of_mainnet_blocks() {
    let Some(path) = data("portal_mainnet_blocks_rlp.tar.gz") else { return };
    let tar = unzip(&path);
    let mut headers = BTreeMap::new();
    let mut transactions = 0;
    for (name, content) in files(&tar).into_iter().filter(|(name, _)| name.contains("block-data")) {
        let MainnetBlock { header, transactions: txs, receipts } = block(std::str::from_utf8(content).unwrap());
        assert_eq!(transactions_root(&txs), header.transactions_root, "{name}");
        assert_eq!(receipts_root(&receipts), header.receipts_root, "{name}");
        assert_eq!(logs_bloom(&receipts), header.logs_bloom, "{name}");
        for receipt in &receipts {
            let mut encoded = Vec::new();
            receipt.encode_consensus(&mut encoded);
            let before = receipt.cumulative_gas_used - receipt.gas_used;
            assert_eq!(Receipt::decode_consensus(&encoded, before).unwrap(), *receipt, "{name}");
        }
        transactions += txs.len();
        headers.insert(header.number, header);
    }
    assert!(transactions > 1_600, "{transactions} transactions");
    let mut pairs = 0;
    for (number, header) in &headers {
        let Some(parent) = headers.get(&(number - 1)) else { continue };
        assert_eq!(parent.hash_slow(), header.parent_hash);
        let next = FeeRules::ETHEREUM.next(parent.gas_used, parent.gas_limit, parent.base_fee_per_gas.unwrap());
        assert_eq!(Some(next), header.base_fee_per_gas, "{number}");
        pairs += 1;
    }
    assert!(pairs >= 3, "{pairs} pairs of blocks");
}

#[derive(serde::Deserialize)]
struct Expected {
    hash: B256,
    from: Address,
}

#[test]
fn senders_and_hashes_of_mainnet_transactions() {
    let Some(folder) = data("blocks_rpc") else { return };
    let mut checked = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if !path.to_string_lossy().ends_with("0.json.gz") {
            continue;
        }
        let block: serde_json::Value = serde_json::from_slice(&unzip(&path)).unwrap();
        for tx in block["transactions"].as_array().unwrap() {
            let expected: Expected = serde_json::from_value(tx.clone()).unwrap();
            let tx: EthereumTx = serde_json::from_value(tx.clone()).unwrap();
            let recovered = Recovered::recover(tx.into()).unwrap();
            assert_eq!((recovered.hash(), recovered.sender()), (expected.hash, expected.from));
            checked += 1;
        }
    }
    assert!(checked > 500, "{checked} transactions");
}
