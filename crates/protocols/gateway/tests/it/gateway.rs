//! What the gateway does for tokens that behave.

use crate::world::*;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{Revert, SolCall, SolError};
use limpid_abi::{IERC20, IGateway, IToken, ITokenFactory, errors};
use limpid_evm::{
    AccountInfo, Bytecode, CallKind, TxKind,
    simulate::{Options, Simulator},
};
use std::sync::Arc;

#[test]
fn a_wrap_and_an_unwrap_are_one_to_one() {
    let Some(mut world) = World::new("Honest") else { return };
    let (gateway, wrapped, token) = (world.at.gateway, world.wrapped(), world.token);
    let outcome = world.must(ALICE, gateway, world.wrap_call(400, BOB));
    assert_eq!(returned::<IGateway::wrapCall>(&outcome), units(400));
    assert_eq!(events::<IGateway::TokenRegistered>(&outcome), [IGateway::TokenRegistered { token, wrapped }]);
    let by = ALICE;
    assert_eq!(events::<IGateway::Wrapped>(&outcome), [IGateway::Wrapped { token, by, to: BOB, amount: units(400) }]);
    assert_eq!((world.foreign(ALICE), world.foreign(gateway)), (units(999_600), units(400)));
    assert_eq!((world.native(BOB), world.native(ALICE), world.supply()), (units(400), units(0), units(400)));
    world.audit();

    let outcome = world.must(BOB, gateway, world.unwrap_call(150, CAROL));
    assert_eq!(returned::<IGateway::unwrapCall>(&outcome), units(150));
    assert_eq!((world.foreign(CAROL), world.foreign(gateway)), (units(150), units(250)));
    assert_eq!((world.native(BOB), world.supply()), (units(250), units(250)));
    world.audit();
    assert!(events::<IGateway::TokenRegistered>(&outcome).is_empty());
    // The second wrap registers nothing and asks less.
    let again = world.must(ALICE, gateway, world.wrap_call(1, ALICE));
    assert!(events::<IGateway::TokenRegistered>(&again).is_empty());
    assert_eq!(world.read(gateway, IGateway::wrappedCountCall {}), units(1));
}

#[test]
fn the_wrapped_token_is_a_native_token_like_any_other() {
    let Some(mut world) = World::with("Decimals", &word(6)) else { return };
    world.wrap(ALICE, 10);
    let wrapped = world.wrapped();
    assert_eq!(world.read(wrapped, IToken::nameCall {}), "Wrapped Honest Token");
    assert_eq!(world.read(wrapped, IToken::symbolCall {}), "wHON");
    assert_eq!(world.read(wrapped, IToken::decimalsCall {}), 6);
    assert_eq!(world.read(wrapped, IToken::minterCall {}), world.at.gateway);
    assert!(world.read(world.at.token_factory, ITokenFactory::isTokenCall { account: wrapped }));
    assert_eq!(world.read(world.at.gateway, IGateway::wrappedOfCall { token: world.token }), wrapped);
    assert_eq!(world.read(world.at.gateway, IGateway::foreignOfCall { wrapped }), world.token);
    world.must(ALICE, wrapped, IToken::transferCall { to: BOB, value: units(3) });
    assert_eq!(world.native(BOB), units(3));
    let rows = world.read(world.at.gateway, IGateway::wrappedTokensCall { offset: units(0), limit: units(9) });
    let (token, supply) = (world.token, units(10));
    assert_eq!(rows, [IGateway::WrappedToken { token, wrapped, supply, measured: supply, frozen: false }]);
}

#[test]
fn nobody_else_mints_or_registers() {
    let Some(mut world) = World::new("Honest") else { return };
    world.wrap(ALICE, 10);
    let wrapped = world.wrapped();
    for caller in [ALICE, BOB] {
        let outcome = world.send(caller, wrapped, IToken::mintCall { to: caller, value: units(1) });
        assert_eq!(outcome.output, Bytes::from(IToken::OnlyMinter { caller }.abi_encode()));
    }
    // Somebody's burn of his own wrapped units leaves the gateway with more than it owes.
    world.must(ALICE, wrapped, IToken::burnCall { value: units(4) });
    assert_eq!(world.supply(), units(6));
    world.audit();
    world.wrap(ALICE, 1);
    assert_eq!(world.supply(), units(7));
}

#[test]
fn decimals_of_every_size_are_kept_and_absurd_ones_refused() {
    for decimals in [0, 6, 8, 18, 36] {
        let Some(mut world) = World::with("Decimals", &word(decimals)) else { return };
        assert!(world.wrap(ALICE, 7).success);
        assert_eq!(u64::from(world.read(world.wrapped(), IToken::decimalsCall {})), decimals);
    }
    let method = IERC20::decimalsCall::SELECTOR.into();
    for (fixture, arguments) in
        [("Decimals", word(37)), ("Decimals", word(255)), ("NoDecimals", vec![]), ("WideDecimals", vec![])]
    {
        let Some(mut world) = World::with(fixture, &arguments) else { return };
        let token = world.token;
        world.refused(ALICE, world.wrap_call(7, ALICE), IGateway::Unreadable { token, method });
    }
}

#[test]
fn names_are_read_cut_and_made_up() {
    let shown = |fixture: &str| {
        let mut world = World::new(fixture)?;
        assert!(world.wrap(ALICE, 1).success);
        let wrapped = world.wrapped();
        Some((world.read(wrapped, IToken::nameCall {}), world.read(wrapped, IToken::symbolCall {}), world.token))
    };
    let Some((name, symbol, _)) = shown("Bytes32Named") else { return };
    assert_eq!((name.as_str(), symbol.as_str()), ("Wrapped Maker", "wMKR"));
    let (name, symbol, _) = shown("LongNamed").unwrap();
    assert_eq!(name, "Wrapped A name that goes on and on, far beyond what any list cou");
    assert_eq!(symbol, "wASYMBOLTHATISLONGERTHANTHIRTYTW");
    let (name, symbol, token) = shown("Nameless").unwrap();
    assert_eq!(name, format!("Wrapped {token}"));
    assert_eq!(symbol, format!("w{}", &token.to_string()[..8]));
}

#[test]
fn limits_are_the_callers() {
    let Some(mut world) = World::new("FeeOnTransfer") else { return };
    let token = world.token;
    let wrap = IGateway::wrapCall { token, amount: units(1_000), to: ALICE, least: units(991) };
    world.refused(ALICE, wrap, IGateway::TooLittle { amount: units(990), least: units(991) });
    assert!(world.wrap(ALICE, 1_000).success);
    let unwrap = IGateway::unwrapCall { token, amount: units(900), to: BOB, least: units(892) };
    world.refused(ALICE, unwrap, IGateway::TooLittle { amount: units(891), least: units(892) });
}

#[test]
fn what_is_not_foreign_is_refused() {
    let Some(mut world) = World::new("Honest") else { return };
    world.wrap(ALICE, 10);
    let wrap = |token| IGateway::wrapCall { token, amount: units(1), to: ALICE, least: U256::ZERO };
    let natives: Vec<Address> = world.chain.rules.registry.fixed().map(|(address, _)| address).collect();
    for token in natives.into_iter().chain([world.wrapped()]) {
        world.refused(ALICE, wrap(token), IGateway::AlreadyNative { token });
    }
    for account in [ALICE, BOB, Address::ZERO, Address::with_last_byte(4), Address::repeat_byte(0x99)] {
        world.refused(ALICE, wrap(account), IGateway::NotAToken { account });
    }
    // A person that delegates to a token's code can take it away again.
    let person = AccountInfo { nonce: 1, ..AccountInfo::default() }.with_code(Bytecode::new_eip7702(world.token));
    Arc::make_mut(&mut world.chain.state).insert(CAROL, person);
    world.refused(ALICE, wrap(CAROL), IGateway::NotAToken { account: CAROL });
    // The directory's marker runs nothing: it does not even say its decimals.
    let (token, method) = (limpid_evm::registry::DIRECTORY, IERC20::decimalsCall::SELECTOR.into());
    world.refused(ALICE, wrap(token), IGateway::Unreadable { token, method });
}

#[test]
fn what_was_never_wrapped_cannot_be_unwrapped() {
    let Some(mut world) = World::new("Honest") else { return };
    let token = world.token;
    world.refused(ALICE, world.unwrap_call(1, ALICE), IGateway::NotWrapped { token });
    world.refused(ALICE, IGateway::measureCall { token }, IGateway::NotWrapped { token });
    world.wrap(ALICE, 10);
    let (sender, balance, needed) = (BOB, units(0), units(1));
    world.refused(BOB, world.unwrap_call(1, BOB), IToken::ERC20InsufficientBalance { sender, balance, needed });
    for to in [Address::ZERO, world.at.gateway, world.at.router, world.wrapped()] {
        world.refused(ALICE, world.unwrap_call(1, to), IGateway::BadReceiver { receiver: to });
    }
    world.refused(
        ALICE,
        world.wrap_call(1, world.wrapped()),
        IToken::ERC20InvalidReceiver { receiver: world.wrapped() },
    );
    world.refused(ALICE, world.wrap_call(0, ALICE), IGateway::NothingMoved { token });
    world.refused(ALICE, world.unwrap_call(0, ALICE), IGateway::NothingMoved { token });
}

#[test]
fn a_token_that_was_not_approved_says_so() {
    let Some(mut world) = World::new("Honest") else { return };
    world.give(BOB, 50);
    let reason = Revert::from("Honest: allowance").abi_encode().into();
    world.refused(BOB, world.wrap_call(50, BOB), IGateway::TransferRefused { token: world.token, reason });
}

/// A pool refuses the foreign token and takes the wrapped one.
#[test]
fn pools_take_the_wrapped_token() {
    let Some(mut world) = World::new("Honest") else { return };
    world.wrap(ALICE, 100_000);
    let (factory, weth) = (world.at.v2_factory, world.at.weth);
    let pair = |token| limpid_abi::IUniswapV2Factory::createPairCall { tokenA: token, tokenB: weth };
    let refused = world.send(ALICE, factory, pair(world.token));
    assert_eq!(refused.output, Bytes::from(errors::WrapFirst { token: world.token }.abi_encode()));
    world.must(ALICE, factory, pair(world.wrapped()));
}

#[test]
fn the_gateway_takes_no_coin() {
    let Some(mut world) = World::new("Honest") else { return };
    let (gateway, data) = (world.at.gateway, world.wrap_call(1, ALICE).abi_encode());
    let outcome = world.chain.send(ALICE, gateway, units(1), data);
    assert_eq!(outcome.output, Bytes::from(errors::NonPayable {}.abi_encode()));
    assert!(!world.chain.send(ALICE, gateway, units(1), []).success);
}

#[test]
fn a_static_call_wraps_nothing_and_asks_freely() {
    let Some(mut world) = World::new("Honest") else { return };
    world.wrap(ALICE, 10);
    assert_eq!(
        world.read(world.at.gateway, IGateway::backingCall { token: world.token }),
        IGateway::backingReturn { balance: units(10), supply: units(10) }
    );
    let token = world.token;
    world.must(ALICE, token, IERC20::transferCall { to: world.at.gateway, value: units(5) });
    let backing = world.read(world.at.gateway, IGateway::backingCall { token });
    assert_eq!((backing.balance, backing.supply), (units(15), units(10)));
    let rows = world.read(world.at.gateway, IGateway::wrappedTokensCall { offset: units(0), limit: units(1) });
    assert_eq!(rows[0].measured, units(10), "asking records nothing");
    world.must(CAROL, world.at.gateway, IGateway::measureCall { token });
    let rows = world.read(world.at.gateway, IGateway::wrappedTokensCall { offset: units(0), limit: units(1) });
    assert_eq!(rows[0].measured, units(15));
}

/// Every call to the token is a frame of its own, questions static, in the order in which they are made.
#[test]
fn foreign_calls_stand_in_the_call_tree() {
    let Some(world) = World::new("Honest") else { return };
    let data = world.wrap_call(5, ALICE).abi_encode();
    let tx = world.chain.tx(ALICE, TxKind::Call(world.at.gateway), U256::ZERO, data.into(), 16_000_000);
    let simulator =
        Simulator::new(world.chain.state.clone(), &world.chain.rules, world.chain.block.clone(), Default::default());
    let outcome = simulator.call(tx, Options { trace: limpid_evm::Tracing::CALLS, strict: true }).unwrap();
    let root = outcome.trace.unwrap();
    assert_eq!((root.to, root.error.as_deref()), (Some(world.at.gateway), None));
    let foreign: Vec<_> = root.calls.iter().filter(|call| call.to == Some(world.token)).collect();
    let made: Vec<_> =
        foreign.iter().map(|call| (call.kind.unwrap(), B256::right_padding_from(&call.input[..4]))).collect();
    let asked = |selector: [u8; 4]| (CallKind::StaticCall, B256::right_padding_from(&selector));
    assert_eq!(
        made,
        [
            asked(IERC20::decimalsCall::SELECTOR),
            asked(IERC20::nameCall::SELECTOR),
            asked(IERC20::symbolCall::SELECTOR),
            asked(IERC20::balanceOfCall::SELECTOR),
            (CallKind::Call, B256::right_padding_from(&IERC20::transferFromCall::SELECTOR)),
            asked(IERC20::balanceOfCall::SELECTOR),
        ]
    );
    assert!(foreign.iter().all(|call| call.from == world.at.gateway && call.gas <= 500_000 && call.gas_used > 0));
    assert!(root.calls.iter().any(|call| call.to == Some(world.wrapped())), "the mint has its frame");
    assert_eq!(keccak256("decimals()")[..4], IERC20::decimalsCall::SELECTOR);
}
