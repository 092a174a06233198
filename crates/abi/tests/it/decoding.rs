//! Errors and events become readable, and malformed ones never panic.

use alloy_primitives::{B256, LogData, U256, address};
use alloy_sol_types::{Panic, PanicKind, Revert, SolError, SolEvent};
use limpid_abi::{IToken, ITokenFactory, decode, errors};

const TOKEN: alloy_primitives::Address = address!("0x00000000000000000000000000000000000000aB");

#[test]
fn errors_are_named() {
    let text = |data: Vec<u8>| decode::revert(&data).map(|decoded| decoded.to_string());
    assert_eq!(text(errors::WrapFirst { token: TOKEN }.abi_encode()).unwrap(), format!("WrapFirst(token: {TOKEN})"));
    assert_eq!(text(Revert::from("UniswapV2: K").abi_encode()).unwrap(), "UniswapV2: K");
    assert_eq!(
        text(errors::UnknownSelector { selector: [1, 2, 3, 4].into() }.abi_encode()).unwrap(),
        "UnknownSelector(selector: 0x01020304)"
    );
    assert!(text(Panic::from(PanicKind::UnderOverflow).abi_encode()).unwrap().starts_with("Panic("));
    let bad = ITokenFactory::BadText { text: "\u{7}".into() };
    assert_eq!(text(bad.abi_encode()).unwrap(), "BadText(text: \u{7})");
    assert_eq!(text(vec![0xff; 36]), None);
}

#[test]
fn events_are_named() {
    let transfer = IToken::Transfer { from: TOKEN, to: TOKEN, value: U256::from(7) };
    let decoded = decode::event(&transfer.encode_log_data()).unwrap();
    assert_eq!(decoded.to_string(), format!("Transfer(from: {TOKEN}, to: {TOKEN}, value: 7)"));
    let created = ITokenFactory::TokenCreated {
        token: TOKEN,
        creator: TOKEN,
        minter: TOKEN,
        decimals: 6,
        supply: U256::from(5),
        name: "Dollar".into(),
        symbol: "USD".into(),
    };
    let decoded = decode::event(&created.encode_log_data()).unwrap();
    assert_eq!(
        decoded.arguments.iter().map(|a| a.value.as_str()).skip(3).collect::<Vec<_>>(),
        ["6", "5", "Dollar", "USD"]
    );
}

#[test]
fn cut_and_hostile_data_is_no_answer() {
    let whole = ITokenFactory::BadText { text: "x".repeat(40) }.abi_encode();
    for length in 0..whole.len() {
        let _ = decode::revert(&whole[..length]);
    }
    let mut hostile = whole.clone();
    hostile[4..36].fill(0xff);
    assert_eq!(decode::revert(&hostile), None);
    let topics = vec![IToken::Transfer::SIGNATURE_HASH, B256::ZERO];
    assert_eq!(decode::event(&LogData::new_unchecked(topics, vec![0; 32].into())), None);
}
