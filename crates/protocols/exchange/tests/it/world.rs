//! Chains for tests: contracts where a recorded run had them, tokens where a test wants them.

use alloy_primitives::{Address, U256};
use limpid_abi::addresses::Addresses;
use limpid_evm::{Registry, Rules, registry::protocols, testkit::TestChain};
use limpid_exchange::{Factory, Policy};
use limpid_native::Contract;
use limpid_token::{TokenFactory, TokenSpec};
use std::sync::Arc;

/// The whole supply of a test token: 10^30, far from every overflow and from dust.
pub(crate) const NATIVE_SUPPLY: U256 = U256::from_limbs([0x4674_edea_4000_0000, 0x000c_9f2c_9cd0, 0, 0]);

/// A chain with this id whose fixed contracts stand where `place` puts them; `rich` hold coin.
pub(crate) fn chain_at(chain_id: u64, place: impl FnOnce(&mut Addresses), rich: &[Address]) -> TestChain {
    let mut at = Addresses::default();
    place(&mut at);
    let registry = Arc::new(Registry::new(protocols(), at));
    TestChain::new(Rules { registry, ..Rules::standard(chain_id) }, rich)
}

/// A chain of our own id, with WETH at a chosen address.
pub(crate) fn chain_with_weth(weth: Option<Address>, rich: &[Address]) -> TestChain {
    chain_at(31337, |at| at.weth = weth.unwrap_or(at.weth), rich)
}

/// A native token at a chosen address, its supply held by `owner`.
///
/// # Panics
/// When something stands there already.
pub(crate) fn create_token(chain: &mut TestChain, token: Address, symbol: &str, owner: Address, supply: U256) {
    let factory = chain.rules.registry.addresses().token_factory;
    let spec = TokenSpec { name: symbol.into(), symbol: symbol.into(), decimals: 18, supply, minter: Address::ZERO };
    chain.native(|cx| TokenFactory::at(cx, factory).create_at(token, owner, &spec)).expect("a token at a free address");
}

#[test]
fn the_supply_is_what_it_says() {
    assert_eq!(NATIVE_SUPPLY, U256::from(10).pow(U256::from(30)));
}

/// Pools created from now on follow Uniswap's own rules; `setter` may switch the protocol's share.
///
/// # Panics
/// Never on a chain with our factory.
pub(crate) fn use_v2_mode(chain: &mut TestChain, setter: Address) {
    let factory = chain.rules.registry.addresses().v2_factory;
    chain.native(|cx| Factory::at(cx, factory).configure(Policy::V2, setter)).expect("our factory");
}
