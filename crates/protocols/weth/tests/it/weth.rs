//! Wrapping, unwrapping, and what is refused.

use crate::world::{ANN, BOB, EVE, World, refusal, wei};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolEvent};
use limpid_abi::{IERC20, IWETH9};

#[test]
fn coin_goes_in_by_call_and_by_plain_transfer() {
    let mut world = World::new();
    let outcome = world.done(ANN, 5, IWETH9::depositCall {});
    assert_eq!(outcome.logs.len(), 1, "a Deposit and no Transfer");
    let logged = IWETH9::Deposit::decode_log(&outcome.logs[0]).unwrap();
    assert_eq!((logged.dst, logged.wad), (ANN, wei(5)));
    assert!(world.send(ANN, 2, vec![]).success);
    assert_eq!(world.held(ANN), wei(7));
    assert_eq!(world.chain.balance(world.weth), wei(7));
    assert_eq!(world.read(IWETH9::totalSupplyCall {}), wei(7));
}

#[test]
fn coin_comes_out_to_whoever_unwraps() {
    let mut world = World::new();
    world.done(ANN, 10, IWETH9::depositCall {});
    let before = world.chain.balance(ANN);
    let outcome = world.done(ANN, 0, IWETH9::withdrawCall { wad: wei(4) });
    let logged = IWETH9::Withdrawal::decode_log(&outcome.logs[0]).unwrap();
    assert_eq!((logged.src, logged.wad, outcome.logs.len()), (ANN, wei(4), 1));
    assert_eq!(world.chain.balance(ANN), before + wei(4));
    assert_eq!((world.held(ANN), world.chain.balance(world.weth)), (wei(6), wei(6)));
    let said = world.refused(ANN, 0, IWETH9::withdrawCall { wad: wei(7) });
    assert_eq!(said, format!("ERC20InsufficientBalance(sender: {ANN}, balance: 6, needed: 7)"));
}

/// A payee that refuses undoes the whole call, the burn included.
#[test]
fn a_payee_that_refuses_keeps_his_wrapped_coin() {
    let mut world = World::new();
    let robot = Address::repeat_byte(0x99);
    world.done(ANN, 10, IWETH9::depositCall {});
    world.done(ANN, 0, IWETH9::transferCall { dst: robot, wad: wei(10) });
    // Forwards any calldata to the wrapped coin and hands on a refusal; refuses coin without calldata.
    let mut code = vec![0x36, 0x60, 0x07, 0x57, 0x5f, 0x5f, 0xfd, 0x5b]; // CALLDATASIZE ? on : REVERT
    code.extend([0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x5f, 0x36, 0x5f, 0x5f, 0x73]); // CALLDATACOPY, CALL ..
    code.extend(world.weth.as_slice());
    code.extend([0x5a, 0xf1, 0x3d, 0x5f, 0x5f, 0x3e]); // RETURNDATACOPY
    let good = u8::try_from(code.len() + 6).unwrap();
    code.extend([0x60, good, 0x57, 0x3d, 0x5f, 0xfd, 0x5b, 0x00]); // success ? STOP : REVERT with it
    world.install(robot, code);
    let call = IWETH9::withdrawCall { wad: wei(10) }.abi_encode();
    let outcome = world.chain.send(EVE, robot, U256::ZERO, call);
    assert_eq!(refusal(&outcome).unwrap(), "TransferHelper: ETH_TRANSFER_FAILED");
    assert_eq!((world.held(robot), world.chain.balance(world.weth)), (wei(10), wei(10)));
}

/// P-32: WETH9's silent fallback has let stolen `permit`s pass; here an unknown call is refused.
#[test]
fn an_unknown_call_is_refused_with_its_coin() {
    let mut world = World::new();
    let permit = [0xd5, 0x05, 0xac, 0xcf, 0, 0];
    let outcome = world.send(ANN, 3, permit.to_vec());
    assert_eq!(refusal(&outcome).unwrap(), "UnknownSelector(selector: 0xd505accf)");
    assert_eq!(world.chain.balance(world.weth), U256::ZERO);
    let said = world.refused(ANN, 3, IWETH9::transferCall { dst: BOB, wad: wei(0) });
    assert_eq!(said, "NonPayable()");
}

#[test]
fn wrapped_coin_moves_like_any_token() {
    let mut world = World::new();
    world.done(ANN, 10, IWETH9::depositCall {});
    let outcome = world.done(ANN, 0, IWETH9::transferCall { dst: BOB, wad: wei(3) });
    assert!(IERC20::Transfer::decode_log(&outcome.logs[0]).is_ok());
    let take = |wad| IWETH9::transferFromCall { src: ANN, dst: EVE, wad: wei(wad) };
    assert!(world.refused(EVE, 0, take(1)).starts_with("ERC20InsufficientAllowance"));
    world.done(ANN, 0, IWETH9::approveCall { guy: EVE, wad: wei(2) });
    world.done(EVE, 0, take(2));
    assert!(world.refused(EVE, 0, take(1)).starts_with("ERC20InsufficientAllowance"));
    world.done(ANN, 0, take(1));
    assert_eq!((world.held(ANN), world.held(BOB), world.held(EVE)), (wei(4), wei(3), wei(3)));
    let weth = world.weth;
    for nobody in [Address::ZERO, weth] {
        let said = world.refused(ANN, 0, IWETH9::transferCall { dst: nobody, wad: wei(1) });
        assert!(said.starts_with("ERC20InvalidReceiver"));
    }
}

#[test]
fn the_system_needs_no_allowance() {
    let world = World::new();
    let router = world.chain.rules.registry.addresses().router;
    assert_eq!(world.read(IWETH9::allowanceCall { owner: ANN, spender: router }), U256::MAX);
    assert_eq!(world.read(IWETH9::allowanceCall { owner: ANN, spender: EVE }), U256::ZERO);
}
