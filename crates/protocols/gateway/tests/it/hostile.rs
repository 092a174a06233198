//! Tokens that take fees, lie, refuse, burn gas or answer with bombs. Each call either does the honest thing
//! (GW-1, GW-3) or is refused without a trace (GW-5).

use crate::world::*;
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::{Revert, SolCall, SolError};
use limpid_abi::{IERC20, IGateway};
use limpid_evm::{Stopped, TxKind};

#[test]
fn a_fee_on_transfer_mints_and_pays_what_arrives() {
    let Some(mut world) = World::new("FeeOnTransfer") else { return };
    assert_eq!(returned::<IGateway::wrapCall>(&world.wrap(ALICE, 1_000)), units(990));
    assert_eq!((world.supply(), world.foreign(world.at.gateway)), (units(990), units(990)));
    world.audit();
    let before = world.foreign(ALICE);
    assert_eq!(returned::<IGateway::unwrapCall>(&world.unwrap(ALICE, 500)), units(495));
    assert_eq!(world.foreign(ALICE) - before, units(495));
    assert_eq!((world.supply(), world.foreign(world.at.gateway)), (units(490), units(490)));
    world.audit();
}

#[test]
fn a_fee_on_top_is_not_paid_by_other_holders() {
    let Some(mut world) = World::new("FeeOnTop") else { return };
    assert_eq!(returned::<IGateway::wrapCall>(&world.wrap(ALICE, 1_000)), units(1_000));
    let (token, taken, asked) = (world.token, units(505), units(500));
    world.refused(ALICE, world.unwrap_call(500, ALICE), IGateway::TookTooMuch { token, taken, asked });
    // Below a hundred the fee rounds to nothing: those come out.
    assert_eq!(returned::<IGateway::unwrapCall>(&world.unwrap(ALICE, 99)), units(99));
    world.audit();
}

#[test]
fn tokens_that_return_nothing_are_taken_at_their_word_and_measured() {
    let Some(mut world) = World::new("NoReturn") else { return };
    assert_eq!(returned::<IGateway::wrapCall>(&world.wrap(ALICE, 70)), units(70));
    assert_eq!(returned::<IGateway::unwrapCall>(&world.unwrap(ALICE, 30)), units(30));
    assert_eq!((world.supply(), world.foreign(world.at.gateway)), (units(40), units(40)));
}

#[test]
fn a_false_is_a_refusal_whether_it_moved_or_not() {
    let Some(mut world) = World::new("FalseReturning") else { return };
    let set = |moves, lies| IFixture::setCall { moves, lies };
    let (token, no) = (world.token, Bytes::from(U256::ZERO.to_be_bytes_vec()));
    world.must(ALICE, token, set(true, false));
    assert!(world.wrap(ALICE, 100).success);
    for moves in [false, true] {
        world.must(ALICE, token, set(moves, true));
        let refusal = || IGateway::TransferRefused { token, reason: no.clone() };
        world.refused(ALICE, world.wrap_call(10, ALICE), refusal());
        world.refused(ALICE, world.unwrap_call(10, ALICE), refusal());
    }
    // A yes that moved nothing is no better.
    world.must(ALICE, token, set(false, false));
    world.refused(ALICE, world.wrap_call(10, ALICE), IGateway::NothingMoved { token });
    world.refused(ALICE, world.unwrap_call(10, ALICE), IGateway::NothingMoved { token });
    assert_eq!((world.supply(), world.foreign(world.at.gateway)), (units(100), units(100)));
}

/// Every mood at every method: bombs, loops, nonsense, before and after registration.
#[test]
fn every_mood_at_every_method_is_refused_without_a_trace() {
    let methods = [IERC20::balanceOfCall::SELECTOR, IERC20::transferCall::SELECTOR, IERC20::transferFromCall::SELECTOR];
    for registered in [false, true] {
        for mood in 1u64..=9 {
            for method in methods {
                let Some(mut world) = World::new("Moody") else { return };
                if registered {
                    assert!(world.wrap(ALICE, 1_000).success);
                }
                let (mood, target) = (units(mood), method.into());
                world.must(ALICE, world.token, IMoody::setCall { mood, target });
                let what = format!("mood {mood}, method {method:02x?}, registered {registered}");
                let wraps = method != IERC20::transferCall::SELECTOR;
                let outcome = if wraps {
                    world.fails(ALICE, world.wrap_call(10, ALICE))
                } else if registered {
                    world.fails(ALICE, world.unwrap_call(10, ALICE))
                } else {
                    continue;
                };
                assert_eq!(outcome.stopped, Some(Stopped::Revert), "{what}: a clear refusal, not out of gas");
                assert!(outcome.output.len() < 400, "{what}: {} bytes", outcome.output.len());
                // Once it behaves again, all is as it was.
                world.must(ALICE, world.token, IMoody::setCall { mood: U256::ZERO, target });
                assert!(world.wrap(ALICE, 10).success, "{what}");
                world.audit();
            }
        }
    }
}

#[test]
fn reasons_are_cut() {
    let Some(mut world) = World::new("Moody") else { return };
    let token = world.token;
    let target = IERC20::transferFromCall::SELECTOR.into();
    world.must(ALICE, token, IMoody::setCall { mood: units(9), target });
    let reason = Revert::from("moody").abi_encode().into();
    world.refused(ALICE, world.wrap_call(1, ALICE), IGateway::TransferRefused { token, reason });
    world.must(ALICE, token, IMoody::setCall { mood: units(2), target });
    // 100,000 bytes of the token's memory, in which Solidity keeps the free pointer.
    let mut reason = vec![0; 132];
    reason[95] = 0x80;
    world.refused(ALICE, world.wrap_call(1, ALICE), IGateway::TransferRefused { token, reason: reason.into() });
}

/// A token that burns what it gets costs its caller 500,000 gas a call and no more.
#[test]
fn gas_grief_has_a_price_and_an_end() {
    let Some(mut world) = World::new("Moody") else { return };
    assert!(world.wrap(ALICE, 1_000).success);
    world.must(
        ALICE,
        world.token,
        IMoody::setCall { mood: units(3), target: IERC20::transferFromCall::SELECTOR.into() },
    );
    let outcome = world.fails(ALICE, world.wrap_call(10, ALICE));
    assert!((500_000..600_000).contains(&outcome.gas_used), "{}", outcome.gas_used);
}

/// With less gas than a call may have, a failure is nobody's answer: no token gets a wrong name for ever
/// because its first wrapper was stingy.
#[test]
fn too_little_gas_names_no_token() {
    let Some(mut world) = World::new("Honest") else { return };
    let honest = format!("Wrapped {}", "Honest Token");
    let data: Bytes = world.wrap_call(10, ALICE).abi_encode().into();
    let (mut outcomes, wrapped) = ([0; 2], world.wrapped());
    for gas in (22_000..900_000).step_by(1_500) {
        let saved = world.chain.state.clone();
        let tx = world.chain.tx(ALICE, TxKind::Call(world.at.gateway), U256::ZERO, data.clone(), gas);
        let Ok(outcome) = world.chain.run(|block| block.transact(tx)) else { continue };
        outcomes[usize::from(outcome.success)] += 1;
        if outcome.success {
            assert_eq!(world.read(wrapped, limpid_abi::IToken::nameCall {}), honest, "with {gas} gas");
        } else {
            assert!(!exists(&world, wrapped), "with {gas} gas");
        }
        world.chain.state = saved;
    }
    assert!(outcomes.iter().all(|count| *count > 20), "both happened: {outcomes:?}");
}

/// A token that lies about balances harms its own wrappers at most, and never another token's.
#[test]
fn a_liars_wrapped_token_is_worth_what_the_liar_says_and_no_other_is() {
    let Some(mut world) = World::new("Liar") else { return };
    let (liar, gateway) = (world.token, world.at.gateway);
    assert!(world.wrap(ALICE, 100).success);
    // It claims more: nothing arrives by a claim, because only what one call adds counts.
    world.must(ALICE, liar, IFixture::lieCall { about: gateway, more: U256::MAX / units(2), less: U256::ZERO });
    assert_eq!(returned::<IGateway::wrapCall>(&world.wrap(ALICE, 5)), units(5));
    // It claims less: frozen, and what is asked beyond it is short.
    world.must(ALICE, liar, IFixture::lieCall { about: gateway, more: U256::ZERO, less: units(60) });
    let (balance, supply) = (units(45), units(105));
    world.refused(ALICE, world.wrap_call(5, ALICE), IGateway::Frozen { token: liar, balance, supply });
    let needed = units(50);
    world.refused(ALICE, world.unwrap_call(50, ALICE), IGateway::Short { token: liar, balance, needed });
    // An honest token beside it knows nothing of all this.
    let honest = world.deploy("Honest", &[]);
    world.token = honest;
    world.give(ALICE, 1_000);
    world.approve(ALICE);
    assert_eq!(returned::<IGateway::wrapCall>(&world.wrap(ALICE, 300)), units(300));
    assert_eq!(returned::<IGateway::unwrapCall>(&world.unwrap(ALICE, 300)), units(300));
}

/// Balances at the edge of 256 bits overflow nothing.
#[test]
fn enormous_amounts_are_counted_or_refused() {
    let Some(mut world) = World::new("Honest") else { return };
    let all = U256::MAX - units(1_000_000);
    world.must(BOB, world.token, IFixture::giveCall { to: BOB, amount: all });
    world.approve(BOB);
    let order = |amount| IGateway::wrapCall { token: world.token, amount, to: BOB, least: U256::ZERO };
    let (wrap, gateway) = (order(all), world.at.gateway);
    assert_eq!(returned::<IGateway::wrapCall>(&world.must(BOB, gateway, wrap)), all);
    assert_eq!(returned::<IGateway::wrapCall>(&world.wrap(ALICE, 1_000_000)), units(1_000_000));
    assert_eq!(world.supply(), U256::MAX);
    world.audit();
    let unwrap = IGateway::unwrapCall { token: world.token, amount: all, to: BOB, least: all };
    world.must(BOB, gateway, unwrap);
    assert_eq!((world.supply(), world.foreign(BOB)), (units(1_000_000), all));
}
