//! Encodings: every type there and back, one encoding each, hashes of their own.

use crate::support::{every_type, key, stranger};
use alloy_consensus::Header;
use alloy_eips::{Decodable2718, eip2718::Encodable2718, eip4895::Withdrawal};
use alloy_primitives::{Address, Bloom, Log, keccak256};
use alloy_rlp::{Decodable, Encodable};
use limpid_chain::{
    Block, Receipt, Recovered, SystemTx, Transaction,
    block::Extra,
    tx::{Phase, SYSTEM_SENDER, SYSTEM_TX_TYPE},
};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn all() -> Vec<Transaction> {
    let users = every_type(0, Address::repeat_byte(7), &key(0), &stranger(9)).into_iter().map(Transaction::from);
    let system = [Phase::Begin, Phase::End].map(|phase| SystemTx { height: 300, phase }.into());
    users.chain(system).collect()
}

#[test]
fn transactions_there_and_back() {
    for tx in all() {
        let encoded = tx.encoded_2718();
        assert_eq!(encoded.len(), tx.encode_2718_len());
        assert_eq!(Transaction::decode_2718_exact(&encoded).unwrap(), tx);
        assert_eq!(tx.hash(), keccak256(&encoded), "{:#x}", tx.tx_type());
        let mut longer = encoded.clone();
        longer.push(0);
        assert!(Transaction::decode_2718_exact(&longer).is_err(), "trailing bytes");
        assert!(Transaction::decode_2718_exact(&encoded[..encoded.len() - 1]).is_err(), "cut short");
    }
}

#[test]
fn a_legacy_transaction_has_one_encoding() {
    let legacy = all().remove(0).encoded_2718();
    let typed = [&[0], legacy.as_slice()].concat();
    assert!(Transaction::decode_2718_exact(&typed).is_err());
}

#[test]
fn system_transactions() {
    let of = |height, phase| Transaction::from(SystemTx { height, phase });
    assert_eq!(of(300, Phase::End).encoded_2718(), [0x7d, 0xc4, 0x82, 0x01, 0x2c, 0x01]);
    assert_eq!(of(0, Phase::Begin).encoded_2718(), [0x7d, 0xc2, 0x80, 0x80]);
    assert!(Transaction::decode_2718_exact(&[0x7d, 0xc2, 0x80, 0x02]).is_err(), "there are two phases");
    assert!(Transaction::decode_2718_exact(&[0x7d, 0xc3, 0x80, 0x01, 0x01]).is_err(), "and two fields");
    let hashes: BTreeSet<_> =
        (0..50).flat_map(|height| [Phase::Begin, Phase::End].map(|phase| of(height, phase).hash())).collect();
    assert_eq!(hashes.len(), 100);
    let recovered = Recovered::recover(of(3, Phase::End)).unwrap();
    assert_eq!((recovered.sender(), recovered.tx_type()), (SYSTEM_SENDER, SYSTEM_TX_TYPE));
}

#[test]
fn senders() {
    for tx in every_type(0, Address::repeat_byte(7), &key(3), &stranger(9)) {
        assert_eq!(Recovered::recover(tx.into()).unwrap().sender(), key(3).address());
    }
}

#[test]
fn blocks_there_and_back() {
    let header = Header {
        number: 300,
        base_fee_per_gas: Some(1),
        withdrawals_root: Some(Default::default()),
        ..Default::default()
    };
    let block = Block { header, transactions: all(), extra: Extra::default() };
    let encoded = alloy_rlp::encode(&block);
    assert_eq!(encoded.len(), block.length());
    assert_eq!(Block::decode(&mut encoded.as_slice()).unwrap(), block);
    // A typed transaction without its byte string is another encoding of the same block.
    let typed = block.transactions[2].encoded_2718();
    assert!(Transaction::decode(&mut typed.as_slice()).is_err());
    for cut in [1, 10, encoded.len() - 1] {
        assert!(Block::decode(&mut &encoded[..cut]).is_err());
    }
    // What only foreign chains have.
    let withdrawal = Withdrawal { index: 1, validator_index: 2, address: Address::repeat_byte(3), amount: 4 };
    let ommers = vec![Header { number: 299, ..Header::default() }];
    for extra in [
        Extra { ommers: ommers.clone(), withdrawals: None },
        Extra { ommers, withdrawals: Some(vec![withdrawal]) },
        Extra { ommers: vec![], withdrawals: None },
    ] {
        let block = Block { extra, ..block.clone() };
        let encoded = alloy_rlp::encode(&block);
        assert_eq!(encoded.len(), block.length());
        assert_eq!(Block::decode(&mut encoded.as_slice()).unwrap(), block);
    }
}

proptest! {
    #[test]
    fn receipts_there_and_back(
        tx_type in prop::sample::select(vec![0u8, 1, 2, 3, 4, SYSTEM_TX_TYPE]),
        success: bool,
        before in 0u64..1 << 40,
        gas_used in 21_000u64..1 << 40,
        logs in prop::collection::vec((any::<[u8; 20]>(), prop::collection::vec(any::<[u8; 32]>(), 0..5), any::<Vec<u8>>()), 0..4),
    ) {
        let log = |(address, topics, data): ([u8; 20], Vec<[u8; 32]>, Vec<u8>)| {
            Log::new_unchecked(address.into(), topics.into_iter().map(Into::into).collect(), data.into())
        };
        let logs: Vec<_> = logs.into_iter().map(log).collect();
        let bloom = logs.iter().fold(Bloom::ZERO, |mut bloom, log| { bloom.accrue_log(log); bloom });
        let receipt = Receipt {
            tx_type, success, cumulative_gas_used: before + gas_used, logs, bloom, gas_used,
            effective_gas_price: 0, created: None, first_log_index: 0,
        };
        let mut encoded = Vec::new();
        receipt.encode_consensus(&mut encoded);
        prop_assert_eq!(Receipt::decode_consensus(&encoded, before).unwrap(), receipt);
        encoded.push(0);
        prop_assert!(Receipt::decode_consensus(&encoded, before).is_err());
    }

    /// Arbitrary bytes are an error or a transaction with exactly that encoding; never a panic.
    #[test]
    fn nonsense_never_decodes_to_something_else(bytes: Vec<u8>) {
        if let Ok(tx) = Transaction::decode_2718_exact(&bytes) {
            prop_assert_eq!(tx.encoded_2718(), bytes);
        }
    }
}
