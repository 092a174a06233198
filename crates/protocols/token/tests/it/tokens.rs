//! Creation, supply, transfers and their refusals.

use crate::world::{ANN, BOB, EVE, SUPPLY, World, caller_code, refusal, units};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolEvent};
use limpid_abi::{IToken, ITokenFactory};

fn create(world: &mut World, name: &str, symbol: &str, decimals: u8) -> Option<String> {
    let factory = world.chain.rules.registry.addresses().token_factory;
    let call = ITokenFactory::createTokenCall { name: name.into(), symbol: symbol.into(), decimals, supply: SUPPLY };
    refusal(&world.chain.send(EVE, factory, U256::ZERO, call.abi_encode()))
}

#[test]
fn a_token_is_what_its_creator_said() {
    let world = World::new(None);
    assert_eq!(world.read(IToken::nameCall {}), "Test Dollar");
    assert_eq!(world.read(IToken::symbolCall {}), "TUSD");
    assert_eq!(world.read(IToken::decimalsCall {}), 6);
    assert_eq!(world.read(IToken::totalSupplyCall {}), SUPPLY);
    assert_eq!(world.read(IToken::balanceOfCall { owner: ANN }), SUPPLY);
    assert_eq!(world.read(IToken::minterCall {}), Address::ZERO);
}

#[test]
fn names_and_decimals_have_limits() {
    let mut world = World::new(None);
    assert_eq!(create(&mut world, "", "A", 18).unwrap(), "BadText(text: )");
    assert!(create(&mut world, &"n".repeat(65), "A", 18).unwrap().starts_with("BadText"));
    for hidden in ["bell\u{7}", "L\u{200b}IM", "\u{202e}MIL"] {
        assert!(create(&mut world, hidden, "A", 18).unwrap().starts_with("BadText"));
        assert!(create(&mut world, "A", hidden, 18).unwrap().starts_with("BadText"));
    }
    assert!(create(&mut world, "Name", &"s".repeat(33), 18).unwrap().starts_with("BadText"));
    assert_eq!(create(&mut world, "Name", "A", 37).unwrap(), "BadDecimals(decimals: 37)");
    assert_eq!(create(&mut world, &"n".repeat(64), &"s".repeat(32), 36), None);
}

#[test]
fn the_factory_lists_every_token_where_it_said_it_would_stand() {
    let mut world = World::new(None);
    let factory = world.chain.rules.registry.addresses().token_factory;
    let read = |world: &World, data: Vec<u8>| world.chain.view(EVE, factory, data).output;
    let next = read(&world, ITokenFactory::nextTokenOfCall { creator: EVE }.abi_encode());
    let next = ITokenFactory::nextTokenOfCall::abi_decode_returns(&next).unwrap();
    assert_eq!(create(&mut world, "Second", "TWO", 2), None);
    let rows = read(&world, ITokenFactory::tokensCall { offset: U256::ZERO, limit: U256::MAX }.abi_encode());
    let rows = ITokenFactory::tokensCall::abi_decode_returns(&rows).unwrap();
    assert_eq!(rows.iter().map(|row| row.token).collect::<Vec<_>>(), [world.token, next]);
    assert_eq!((rows[1].name.as_str(), rows[1].decimals, rows[1].creator), ("Second", 2, EVE));
    let again = read(&world, ITokenFactory::nextTokenOfCall { creator: EVE }.abi_encode());
    assert_ne!(ITokenFactory::nextTokenOfCall::abi_decode_returns(&again).unwrap(), next);
}

/// P-21, TK-5: nobody mints a fixed supply, and only the minter another.
#[test]
fn only_the_minter_mints() {
    let mint = |to| IToken::mintCall { to, value: units(5) };
    assert_eq!(World::new(None).refused(ANN, mint(ANN)), "SupplyIsFixed()");
    let mut world = World::new(Some(BOB));
    assert_eq!(world.refused(ANN, mint(ANN)), format!("OnlyMinter(caller: {ANN})"));
    world.done(BOB, mint(EVE));
    assert_eq!(world.read(IToken::balanceOfCall { owner: EVE }), units(5));
    assert_eq!(world.read(IToken::totalSupplyCall {}), SUPPLY + units(5));
    let flood = IToken::mintCall { to: EVE, value: U256::MAX };
    assert!(world.refused(BOB, flood).starts_with("Panic"), "a supply beyond 256 bits");
    world.done(EVE, IToken::burnCall { value: units(5) });
    assert_eq!(world.read(IToken::totalSupplyCall {}), SUPPLY);
    assert!(world.refused(EVE, IToken::burnCall { value: units(1) }).starts_with("ERC20InsufficientBalance"));
}

#[test]
fn nobody_receives_where_nobody_is() {
    let mut world = World::new(None);
    let token = world.token;
    for receiver in [Address::ZERO, token] {
        let said = world.refused(ANN, IToken::transferCall { to: receiver, value: units(1) });
        assert_eq!(said, format!("ERC20InvalidReceiver(receiver: {receiver})"));
    }
    let said = world.refused(BOB, IToken::transferCall { to: ANN, value: units(1) });
    assert_eq!(said, format!("ERC20InsufficientBalance(sender: {BOB}, balance: 0, needed: 1)"));
}

#[test]
fn a_batch_happens_whole_or_not_at_all() {
    let mut world = World::new(None);
    let batch = |to: Vec<Address>, values: Vec<u64>| IToken::transferBatchCall {
        to,
        values: values.into_iter().map(units).collect(),
    };
    let outcome = world.done(ANN, batch(vec![BOB, EVE, BOB], vec![1, 2, 3]));
    assert_eq!(outcome.logs.len(), 3);
    assert_eq!(world.read(IToken::balanceOfCall { owner: BOB }), units(4));
    assert!(world.refused(ANN, batch(vec![BOB, EVE], vec![1, 2_000_000])).starts_with("ERC20InsufficientBalance"));
    assert_eq!(world.read(IToken::balanceOfCall { owner: BOB }), units(4), "the first transfer is undone");
    assert_eq!(world.refused(ANN, batch(vec![BOB], vec![])), "LengthMismatch(left: 1, right: 0)");
    assert_eq!(world.refused(ANN, batch(vec![BOB; 201], vec![0; 201])), "TooMany(given: 201, most: 200)");
}

#[test]
fn a_memo_follows_its_transfer() {
    let mut world = World::new(None);
    let memo = B256::repeat_byte(7);
    let outcome = world.done(ANN, IToken::transferWithMemoCall { to: BOB, value: units(9), memo });
    assert!(IToken::Transfer::decode_log(&outcome.logs[0]).is_ok());
    let logged = IToken::Memo::decode_log(&outcome.logs[1]).unwrap();
    assert_eq!((logged.from, logged.to, logged.memo, logged.value), (ANN, BOB, memo, units(9)));
}

/// Contracts hold and move tokens like anybody.
#[test]
fn contracts_move_what_is_theirs() {
    let mut world = World::new(None);
    let robot = Address::repeat_byte(0x99);
    let token = world.token;
    world.install(robot, caller_code(token, &IToken::transferCall { to: EVE, value: units(4) }));
    world.done(ANN, IToken::transferCall { to: robot, value: units(10) });
    assert!(world.chain.send(BOB, robot, U256::ZERO, vec![]).success);
    assert_eq!(world.read(IToken::balanceOfCall { owner: robot }), units(6));
    assert_eq!(world.read(IToken::balanceOfCall { owner: EVE }), units(4));
}
