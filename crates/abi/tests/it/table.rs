//! The table: complete, unambiguous, exportable.

use alloy_json_abi::JsonAbi;
use limpid_abi::{actions, addresses::Addresses, contracts, export};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn no_selector_means_two_things() {
    let (mut functions, mut errors, mut events) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for interface in contracts().iter().flat_map(|contract| contract.interfaces).chain(actions()) {
        let abi = interface.json();
        for function in abi.functions() {
            let signature = function.signature();
            assert_eq!(*functions.entry(function.selector()).or_insert(signature.clone()), signature);
        }
        for error in abi.errors() {
            assert_eq!(*errors.entry(error.selector()).or_insert(error.signature()), error.signature());
        }
        for event in abi.events() {
            assert_eq!(*events.entry(event.selector()).or_insert(event.signature()), event.signature());
        }
    }
    assert!(functions.len() > 90, "{}", functions.len());
}

#[test]
fn fixed_addresses_differ() {
    let at = Addresses::default();
    let fixed: Vec<_> = contracts().iter().filter_map(|contract| contract.address.map(|of| of(&at))).collect();
    assert_eq!(fixed.iter().collect::<BTreeSet<_>>().len(), fixed.len());
}

#[test]
fn the_export_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let files = export(dir.path(), &Addresses::default()).unwrap();
    assert_eq!(files.iter().collect::<BTreeSet<_>>().len(), files.len(), "nothing is written twice");
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    let router = serde_json::from_str::<JsonAbi>(&read("IUniswapV2Router02.json")).unwrap();
    assert_eq!(router.functions().count(), 24);
    assert!(router.error("WrapFirst").is_some(), "the framework's refusals can be named by clients");
    assert!(read("IUniswapV2Router02.sol").contains("function swapExactTokensForTokens("));
    assert!(read("IActions.sol").contains("execute(Action[] memory actions)"), "{}", read("IActions.sol"));
    assert!(read("IExchangeActions.sol").contains("function borrow("));
    assert!(read("IGateway.sol").contains("struct WrappedToken"));
    let index: serde_json::Value = serde_json::from_str(&read("contracts.json")).unwrap();
    assert_eq!(index.as_array().unwrap().len(), contracts().len());
}

/// Selectors as Uniswap's own deployments answer them (public on every explorer).
#[test]
fn uniswap_selectors_are_uniswaps() {
    use alloy_sol_types::SolCall;
    use limpid_abi::{IUniswapV2Pair, IUniswapV2Router02};
    assert_eq!(IUniswapV2Router02::swapExactTokensForTokensCall::SELECTOR, [0x38, 0xed, 0x17, 0x39]);
    assert_eq!(IUniswapV2Router02::addLiquidityCall::SELECTOR, [0xe8, 0xe3, 0x37, 0x00]);
    assert_eq!(IUniswapV2Pair::swapCall::SELECTOR, [0x02, 0x2c, 0x0d, 0x9f]);
    assert_eq!(IUniswapV2Pair::getReservesCall::SELECTOR, [0x09, 0x02, 0xf1, 0xac]);
}
