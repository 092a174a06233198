//! D4: allowances end, can be listed, and the system needs none. P-16, P-31.

use crate::world::{ANN, BOB, EVE, World, caller_code, units};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolEvent;
use limpid_abi::IToken;
use limpid_token::LONGEST_ALLOWANCE;

fn approve(spender: Address, value: u64) -> IToken::approveCall {
    IToken::approveCall { spender, value: units(value) }
}

fn take(value: u64) -> IToken::transferFromCall {
    IToken::transferFromCall { from: ANN, to: BOB, value: units(value) }
}

fn info(world: &World, owner: Address, spender: Address) -> (U256, u64) {
    let answer = world.read(IToken::allowanceInfoCall { owner, spender });
    (answer.value, answer.expiresAt)
}

fn spenders(world: &World, owner: Address) -> Vec<Address> {
    let rows = world.read(IToken::allowancesOfCall { owner, offset: U256::ZERO, limit: U256::MAX });
    assert_eq!(world.read(IToken::allowanceCountCall { owner }), U256::from(rows.len()));
    rows.iter().map(|row| row.spender).collect()
}

#[test]
fn a_persons_allowance_ends_after_thirty_days() {
    let mut world = World::new(None);
    let now = world.chain.block.timestamp;
    let outcome = world.done(ANN, approve(EVE, 100));
    let logged = IToken::Approval::decode_log(&outcome.logs[0]).unwrap();
    assert_eq!((logged.owner, logged.spender, logged.value), (ANN, EVE, units(100)), "logged exactly as given");
    assert_eq!(info(&world, ANN, EVE), (units(100), now + LONGEST_ALLOWANCE));
    world.chain.block.timestamp = now + LONGEST_ALLOWANCE;
    world.done(EVE, take(1));
    world.chain.block.timestamp += 1;
    assert_eq!(info(&world, ANN, EVE).0, U256::ZERO);
    assert!(world.refused(EVE, take(1)).starts_with("AllowanceExpired"));
    world.done(ANN, approve(EVE, 5));
    world.done(EVE, take(5));
}

#[test]
fn even_the_largest_allowance_of_a_person_ends() {
    let mut world = World::new(None);
    world.done(ANN, IToken::approveCall { spender: EVE, value: U256::MAX });
    world.done(EVE, take(10));
    assert_eq!(info(&world, ANN, EVE).0, U256::MAX, "the maximum is not counted down");
    world.chain.block.timestamp += LONGEST_ALLOWANCE + 1;
    assert!(world.refused(EVE, take(10)).starts_with("AllowanceExpired"));
}

#[test]
fn sooner_if_said_but_never_later() {
    let mut world = World::new(None);
    let now = world.chain.block.timestamp;
    let until = |end| IToken::approveUntilCall { spender: EVE, value: units(9), expiresAt: end };
    let outcome = world.done(ANN, until(now + 60));
    assert_eq!(IToken::AllowanceExpires::decode_log(&outcome.logs[1]).unwrap().expiresAt, now + 60);
    assert_eq!(info(&world, ANN, EVE).1, now + 60);
    world.done(ANN, until(u64::MAX));
    assert_eq!(info(&world, ANN, EVE).1, now + LONGEST_ALLOWANCE);
    assert!(world.refused(ANN, until(now - 1)).starts_with("ExpiryInThePast"));
}

#[test]
fn a_contracts_allowance_is_plain_erc20() {
    let mut world = World::new(None);
    let token = world.token;
    let code = caller_code(token, &IToken::approveCall { spender: EVE, value: U256::MAX });
    let robot = world.chain.deploy(ANN, code).created.expect("a contract that approves in its constructor");
    assert_eq!(info(&world, robot, EVE), (U256::MAX, 0));
    world.done(ANN, IToken::transferCall { to: robot, value: units(50) });
    world.chain.block.timestamp += 400 * 24 * 60 * 60;
    world.done(EVE, IToken::transferFromCall { from: robot, to: BOB, value: units(50) });
}

/// A person stays one when his account delegates to code and somebody else pays for the transaction.
#[test]
fn a_delegated_accounts_allowance_ends_too() {
    let mut world = World::new(None);
    let (token, code) = (world.token, Address::repeat_byte(0xcd));
    world.install(code, caller_code(token, &approve(EVE, 7)));
    let person = Address::repeat_byte(0x77);
    world.install(person, [&[0xef, 0x01, 0x00], code.as_slice()].concat());
    let now = world.chain.block.timestamp;
    assert!(world.chain.send(BOB, person, U256::ZERO, vec![]).success);
    assert_eq!(info(&world, person, EVE), (units(7), now + LONGEST_ALLOWANCE));
}

#[test]
fn the_system_needs_none_and_none_is_stored() {
    let mut world = World::new(None);
    for system in world.chain.rules.registry.addresses().all() {
        assert_eq!(info(&world, ANN, system), (U256::MAX, 0));
        let outcome = world.done(ANN, approve(system, 3));
        assert_eq!(IToken::Approval::decode_log(&outcome.logs[0]).unwrap().value, units(3));
        assert_eq!(info(&world, ANN, system), (U256::MAX, 0));
    }
    assert_eq!(spenders(&world, ANN), Vec::<Address>::new());
}

#[test]
fn a_list_names_exactly_who_may_take() {
    let mut world = World::new(None);
    let many: Vec<Address> = (1..=5).map(Address::repeat_byte).collect();
    for spender in &many {
        world.done(ANN, approve(*spender, 10));
        world.done(ANN, approve(*spender, 11));
    }
    assert_eq!(spenders(&world, ANN), many);
    world.done(ANN, approve(many[1], 0));
    assert_eq!(spenders(&world, ANN), [many[0], many[4], many[2], many[3]], "the last takes the gap");
    world.done(ANN, approve(many[4], 0));
    world.done(ANN, approve(many[3], 0));
    assert_eq!(spenders(&world, ANN), [many[0], many[2]]);
    world.done(many[0], IToken::transferFromCall { from: ANN, to: BOB, value: units(11) });
    assert_eq!(spenders(&world, ANN), [many[2]], "used up is gone");
    assert_eq!(info(&world, ANN, many[0]), (U256::ZERO, 0));
    let past_the_end = IToken::allowancesOfCall { owner: ANN, offset: U256::MAX, limit: U256::MAX };
    assert!(world.read(past_the_end).is_empty());
}

/// TK-2: without an allowance nobody takes anything, however he asks.
#[test]
fn nothing_is_taken_without_leave() {
    let mut world = World::new(None);
    assert_eq!(
        world.refused(EVE, take(1)),
        format!("ERC20InsufficientAllowance(spender: {EVE}, allowance: 0, needed: 1)")
    );
    world.done(ANN, approve(EVE, 5));
    assert!(world.refused(EVE, take(6)).starts_with("ERC20InsufficientAllowance"));
    assert!(world.refused(BOB, take(1)).starts_with("ERC20InsufficientAllowance"), "another's allowance");
    world.done(EVE, take(5));
    assert!(world.refused(EVE, take(1)).starts_with("ERC20InsufficientAllowance"));
    assert_eq!(world.read(IToken::balanceOfCall { owner: BOB }), units(5));
    let nobody = IToken::approveCall { spender: Address::ZERO, value: units(1) };
    assert!(world.refused(ANN, nobody).starts_with("ERC20InvalidSpender"));
}
