//! Balances that change by themselves: gains are nobody's, losses freeze minting (GW-2, GW-3).

use crate::world::*;
use alloy_primitives::U256;
use limpid_abi::{IERC20, IGateway};

/// The index at which a share is worth `percent` hundredths.
fn index(percent: u64) -> IFixture::rebaseCall {
    IFixture::rebaseCall { to: U256::from(percent) * U256::from(10).pow(U256::from(16)) }
}

#[test]
fn gains_stay_unclaimed() {
    let Some(mut world) = World::new("Rebasing") else { return };
    world.wrap(ALICE, 1_000);
    world.must(ALICE, world.token, index(200));
    assert_eq!((world.foreign(world.at.gateway), world.supply()), (units(2_000), units(1_000)));
    // A new wrapper gets one for one, as everybody, and takes no more out than he put in.
    world.give(BOB, 500);
    world.approve(BOB);
    assert_eq!(returned::<IGateway::wrapCall>(&world.wrap(BOB, 600)), units(600));
    assert_eq!(returned::<IGateway::unwrapCall>(&world.unwrap(BOB, 600)), units(600));
    assert_eq!((world.foreign(world.at.gateway), world.supply()), (units(2_000), units(1_000)));
    assert_eq!(returned::<IGateway::unwrapCall>(&world.unwrap(ALICE, 1_000)), units(1_000));
    assert_eq!((world.foreign(world.at.gateway), world.supply()), (units(1_000), units(0)));
    world.audit();
}

#[test]
fn gifts_mint_nothing() {
    let Some(mut world) = World::new("Honest") else { return };
    world.wrap(ALICE, 10);
    world.must(ALICE, world.token, IERC20::transferCall { to: world.at.gateway, value: units(500) });
    assert_eq!(returned::<IGateway::wrapCall>(&world.wrap(ALICE, 1)), units(1));
    assert_eq!(world.supply(), units(11));
}

/// GW-1: not even what arrives in the same call, beyond what was asked for.
#[test]
fn a_gain_on_the_way_mints_nothing() {
    let Some(mut world) = World::new("Generous") else { return };
    assert_eq!(returned::<IGateway::wrapCall>(&world.wrap(ALICE, 1_000)), units(1_000));
    assert_eq!((world.foreign(world.at.gateway), world.supply()), (units(1_100), units(1_000)));
    world.audit();
}

#[test]
fn a_shortfall_freezes_minting_and_says_so() {
    let Some(mut world) = World::new("Rebasing") else { return };
    let (gateway, token) = (world.at.gateway, world.token);
    world.wrap(ALICE, 1_000);
    world.must(ALICE, token, index(90));
    let (balance, supply) = (units(900), units(1_000));
    world.refused(ALICE, world.wrap_call(100, ALICE), IGateway::Frozen { token, balance, supply });
    let outcome = world.must(BOB, gateway, IGateway::measureCall { token });
    assert_eq!(events::<IGateway::Shortfall>(&outcome), [IGateway::Shortfall { token, balance, supply }]);
    assert_eq!(returned::<IGateway::measureCall>(&outcome), IGateway::measureReturn { balance, supply });
    world.audit();
    assert!(events::<IGateway::Shortfall>(&world.must(BOB, gateway, IGateway::measureCall { token })).is_empty());
    // It grows again: said, and minting goes on.
    world.must(ALICE, token, index(100));
    let outcome = world.wrap(ALICE, 100);
    assert_eq!(returned::<IGateway::wrapCall>(&outcome), units(100));
    let covered = IGateway::Covered { token, balance: units(1_100), supply: units(1_100) };
    assert_eq!(events::<IGateway::Covered>(&outcome), [covered]);
    world.audit();
}

#[test]
fn unwrapping_in_a_shortfall_is_first_come_and_never_more_than_is_there() {
    let Some(mut world) = World::new("Rebasing") else { return };
    let (gateway, token) = (world.at.gateway, world.token);
    world.wrap(ALICE, 600);
    world.must(ALICE, gateway, world.wrap_call(400, BOB));
    world.must(ALICE, token, index(50)); // 500 left for 1,000
    let outcome = world.unwrap(ALICE, 300);
    assert_eq!(returned::<IGateway::unwrapCall>(&outcome), units(300));
    let (balance, supply) = (units(200), units(700));
    assert_eq!(events::<IGateway::Shortfall>(&outcome), [IGateway::Shortfall { token, balance, supply }]);
    world.audit();
    let needed = units(400);
    world.refused(BOB, world.unwrap_call(400, BOB), IGateway::Short { token, balance, needed });
    assert_eq!(returned::<IGateway::unwrapCall>(&world.unwrap(BOB, 200)), units(200));
    assert_eq!((world.foreign(gateway), world.supply()), (units(0), units(500)));
    world.audit();
}

/// The audit sees a ledger that says more than was measured.
#[test]
fn the_audit_finds_what_is_missing() {
    let Some(mut world) = World::new("Honest") else { return };
    world.wrap(ALICE, 10);
    let (token, wrapped) = (world.token, world.wrapped());
    world.chain.native(|cx| limpid_token::ledger_of(cx, wrapped).mint(BOB, units(1))).unwrap();
    let found = world.chain.native(|cx| limpid_gateway::audit::token(cx, token)).unwrap();
    let breach = found.unwrap_err();
    assert_eq!((breach.rule, breach.evidence), ("GW-2", format!("11 of {token} are wrapped, 10 were measured")));
}
