//! Signatures against published ones (W-5, W-6).
use crate::key;
use alloy_consensus::{
    TxEip1559, TxEip4844, TxEip7702, TxEnvelope, TxLegacy, TypedTransaction, transaction::SignerRecoverable as _,
};
use alloy_eips::{eip2718::Decodable2718 as _, eip7702::Authorization};
use alloy_primitives::{Address, B256, TxKind, U256, address, b256, hex, keccak256};
use limpid_wallet::{Signer, WalletError, dev_signer};
use proptest::prelude::*;

/// The example of EIP-155.
fn eip155() -> TxLegacy {
    TxLegacy {
        chain_id: Some(1),
        nonce: 9,
        gas_price: 20_000_000_000,
        gas_limit: 21_000,
        to: TxKind::Call(address!("3535353535353535353535353535353535353535")),
        value: U256::from(1_000_000_000_000_000_000u64),
        input: Default::default(),
    }
}

#[test]
fn the_example_of_eip_155_to_the_byte() {
    let signed = Signer::new(&key(&"46".repeat(32))).unwrap().sign_transaction(eip155().into()).unwrap();
    let expected = hex!(
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a0"
        "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a0"
        "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    );
    assert_eq!(signed.raw.as_ref(), expected);
    assert_eq!(signed.hash, keccak256(expected));
}

/// The example "Mail" of EIP-712.
#[test]
fn the_example_of_eip_712() {
    let signer = Signer::new(&key(&hex::encode(keccak256("cow")))).unwrap();
    assert_eq!(signer.address(), address!("CD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"));
    let signature = signer
        .sign_typed(
            b256!("f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"),
            b256!("c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"),
        )
        .unwrap();
    assert_eq!(B256::from(signature.r()), b256!("4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d"));
    assert_eq!(B256::from(signature.s()), b256!("07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562"));
    assert!(signature.v());
}

/// The documented example of web3.js `accounts.sign`.
#[test]
fn a_personal_message() {
    let signer = Signer::new(&key("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")).unwrap();
    let signature = signer.sign_message(b"Some data").unwrap();
    assert_eq!(
        hex::encode(signature.as_bytes()),
        "b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd\
         6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c"
    );
}

fn sender(raw: &[u8]) -> Address {
    TxEnvelope::decode_2718(&mut &raw[..]).unwrap().recover_signer().unwrap()
}

#[test]
fn every_supported_type_recovers_to_its_signer() {
    let signer = dev_signer(3).unwrap();
    let authorization = Authorization { chain_id: U256::from(31337), address: Address::repeat_byte(7), nonce: 4 };
    let authorization = dev_signer(4).unwrap().sign_authorization(authorization).unwrap();
    let transactions: [TypedTransaction; 3] = [
        eip155().into(),
        TxEip1559 { chain_id: 31337, max_fee_per_gas: 5, ..Default::default() }.into(),
        TxEip7702 { chain_id: 31337, authorization_list: vec![authorization], ..Default::default() }.into(),
    ];
    for transaction in transactions {
        let signed = signer.sign_transaction(transaction).unwrap();
        assert_eq!(sender(&signed.raw), signer.address());
        assert_eq!(keccak256(&signed.raw), signed.hash);
    }
}

#[test]
fn replayable_and_blob_transactions_are_refused() {
    let signer = dev_signer(0).unwrap();
    let anywhere = TxLegacy { chain_id: None, ..eip155() };
    assert!(matches!(signer.sign_transaction(anywhere.into()), Err(WalletError::NoChainId)));
    let blobs = TypedTransaction::from(TxEip4844::default());
    assert!(matches!(signer.sign_transaction(blobs), Err(WalletError::Blobs)));
    let everywhere = Authorization { chain_id: U256::ZERO, address: Address::ZERO, nonce: 0 };
    assert!(matches!(signer.sign_authorization(everywhere), Err(WalletError::NoChainId)));
}

#[test]
fn keys_outside_the_curve_are_refused() {
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for bad in [&"00".repeat(32), order] {
        assert!(matches!(Signer::new(&key(bad)), Err(WalletError::BadKey)));
    }
}

proptest! {
    #[test]
    fn signatures_are_low_s_and_deterministic(message in prop::collection::vec(any::<u8>(), 0..64)) {
        let signer = dev_signer(1).unwrap();
        let signature = signer.sign_message(&message).unwrap();
        let half = U256::from_be_bytes(hex!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"));
        prop_assert!(signature.s() <= half);
        prop_assert_eq!(signature, signer.sign_message(&message).unwrap());
    }
}
