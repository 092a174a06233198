//! N-6: calldata is decoded canonically and within bounds, after it was paid for.

use crate::{
    probe::{IProbe, PROBE},
    scene::*,
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use limpid_abi::errors;
use proptest::prelude::*;

fn word(value: impl Into<U256>) -> [u8; 32] {
    value.into().to_be_bytes()
}

fn calldata(selector: [u8; 4], words: &[[u8; 32]]) -> Vec<u8> {
    [&selector[..], &words.concat()].concat()
}

#[track_caller]
fn refused(data: Vec<u8>) {
    assert_reverts(&chain().send(ALICE, PROBE, U256::ZERO, data), errors::BadCalldata {});
}

fn take(words: &[[u8; 32]]) -> Vec<u8> {
    calldata(IProbe::takeCall::SELECTOR, words)
}

fn lists(words: &[[u8; 32]]) -> Vec<u8> {
    calldata(IProbe::takeListsCall::SELECTOR, words)
}

#[test]
fn canonical_arguments_are_taken() {
    let mut chain = chain();
    let who = word(U256::from_be_slice(CAROL.as_slice()));
    assert_ok(&chain.send(ALICE, PROBE, U256::ZERO, take(&[who, word(U256::from(255)), word(U256::from(1))])));
    let call = IProbe::takeListsCall { a: vec![wei(1); 3], b: vec![vec![1; 40].into(), vec![].into()] };
    let outcome = chain.send(ALICE, PROBE, U256::ZERO, call.abi_encode());
    assert_ok(&outcome);
    assert_eq!(U256::from_be_slice(&outcome.output), wei(5));
}

#[test]
fn dirty_high_bytes_are_refused() {
    let one = word(U256::from(1));
    let who = word(U256::from_be_slice(CAROL.as_slice()));
    for bit in [160, 161, 200, 255] {
        refused(take(&[word(U256::from_be_slice(CAROL.as_slice()) | (U256::from(1) << bit)), one, one]));
    }
    refused(take(&[who, word(U256::from(256)), one]));
    refused(take(&[who, one, word(U256::from(2))]));
    refused(take(&[who, one, word(U256::MAX)]));
}

#[test]
fn truncated_and_overlong_arguments_are_refused() {
    let whole = take(&[word(U256::from(1)); 3]);
    for length in 4..whole.len() {
        refused(whole[..length].to_vec());
    }
    let bytes = IProbe::takeBytesCall { data: vec![7; 33].into() }.abi_encode();
    for length in [4, 35, 36, 67, 68, 100, bytes.len() - 32, bytes.len() - 1] {
        refused(bytes[..length].to_vec());
    }
    let mut dirty = bytes.clone();
    *dirty.last_mut().unwrap() = 1;
    refused(dirty); // padding that is not zero
}

#[test]
fn aliased_offsets_are_refused() {
    let n = |value: u64| word(U256::from(value));
    // Both lists at one place.
    refused(lists(&[n(0x40), n(0x40), n(0)]));
    // An offset into the head, and one past the end.
    refused(lists(&[n(0), n(0x40), n(0)]));
    refused(lists(&[n(0x40), n(0x4000), n(0), n(0)]));
    // 1,000 entries of the inner list that are all the same 992 bytes: the known bomb.
    let mut words = vec![n(0x40), n(0x60), n(0), n(1000)];
    words.extend(std::iter::repeat_n(n(1000 * 32), 1000));
    words.push(n(992));
    words.extend(std::iter::repeat_n(n(0), 31));
    refused(lists(&words));
}

#[test]
fn huge_lengths_are_refused_cheaply() {
    for length in [U256::MAX, U256::from(u64::MAX), U256::from(u32::MAX), U256::from(1) << 255] {
        refused(calldata(IProbe::takeBytesCall::SELECTOR, &[word(U256::from(0x20)), word(length)]));
        refused(lists(&[word(U256::from(0x40)), word(U256::from(0x60)), word(U256::ZERO), word(length)]));
        refused(lists(&[word(length), word(U256::from(0x60)), word(U256::ZERO), word(U256::ZERO)]));
    }
}

#[test]
fn decoding_is_bounded_and_paid_for_first() {
    // More than a mebibyte of bytes, canonically encoded: refused by the memory limit.
    let chain = chain();
    let large = IProbe::takeBytesCall { data: vec![0; (1 << 20) + 64].into() }.abi_encode();
    let run = |data: Vec<u8>, gas| {
        let tx = chain.tx(ALICE, limpid_evm::TxKind::Call(PROBE), U256::ZERO, data.into(), gas);
        simulator(&chain, Default::default()).call(tx, Default::default())
    };
    assert_reverts(&run(large.clone(), 1 << 40).unwrap(), errors::BadCalldata {});
    let small = IProbe::takeBytesCall { data: vec![0; 1 << 16].into() }.abi_encode();
    let native = run(small.clone(), 1 << 40).unwrap();
    assert_ok(&native);
    // Three gas a word on top of the transaction's own price for calldata.
    let words = (small.len() as u64).div_ceil(32);
    let plain = |data: &[u8]| 21_000 + data.iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum::<u64>();
    let floor = 21_000 + data_tokens(&small) * 10;
    assert_eq!(native.gas_used, (plain(&small) + 3 * words).max(floor));
}

fn data_tokens(data: &[u8]) -> u64 {
    data.iter().map(|byte| if *byte == 0 { 1 } else { 4 }).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever is accepted is exactly what its arguments encode to.
    #[test]
    fn only_canonical_calldata_is_accepted(
        words in prop::collection::vec(prop_oneof![
            Just(0u64), Just(1), Just(0x20), Just(0x40), Just(0x60), Just(0x80), 0..300u64,
        ], 0..9),
        cut in 0..32usize,
    ) {
        let words: Vec<_> = words.into_iter().map(|value| word(U256::from(value))).collect();
        let mut data = lists(&words);
        data.truncate(data.len().saturating_sub(if cut < 28 { 0 } else { cut }).max(4));
        let outcome = chain().send(ALICE, PROBE, U256::ZERO, data.clone());
        if outcome.success {
            let decoded = IProbe::takeListsCall::abi_decode(&data).unwrap();
            prop_assert_eq!(decoded.abi_encode(), data);
        } else {
            prop_assert_eq!(outcome.output, alloy_sol_types::SolError::abi_encode(&errors::BadCalldata {}));
        }
    }
}

#[test]
fn an_address_argument_is_the_address() {
    let outcome = chain().send(ALICE, PROBE, U256::ZERO, IProbe::classifyCall { account: Address::ZERO }.abi_encode());
    assert_ok(&outcome);
}
