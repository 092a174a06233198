//! `reentrancy_scenarios.json`: the theft of April 2020 and re-entry into a pair, replayed on the native
//! exchange. Whatever the attacker's contract tries while it is being paid, balances and reserves are
//! those of the same trades made honestly one after another (P-01, P-02).

use super::{Tally, equal, number, replay};
use crate::{
    reference::{IRef, read},
    world::{chain_at, create_token, use_v2_mode},
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolError};
use limpid_abi::IExchangePair::FlashSwapRefused;
use limpid_evm::{AccountInfo, Bytecode, Source, testkit::TestChain};
use serde_json::Value;
use std::sync::Arc;

const OWNER: Address = Address::repeat_byte(0x0f);
const TOKEN: Address = Address::repeat_byte(0x70);
const ATTACKER: Address = Address::repeat_byte(0xa7);
const DEADLINE: U256 = U256::from_limbs([4_000_000_000, 0, 0, 0]);
/// Gas that the attacker's hook spends on its nested call, of the 50,000 it gets.
const HOOK_GAS: u16 = 20_000;

/// A contract that forwards `target ‖ calldata` when called with data, and when paid coin calls `target`
/// with `nested`, counting in slot 0 how often that succeeded and in slot 1 how often it failed.
fn attacker(target: Address, nested: &[u8]) -> Bytes {
    let forward: &[u8] = &[
        0x60, 0x14, 0x36, 0x03, 0x80, 0x60, 0x14, 0x5f, 0x37, // copy calldata[20..] to memory, size on the stack
        0x5f, 0x5f, 0x82, 0x5f, 0x34, 0x5f, 0x35, 0x60, 0x60, 0x1c, 0x5a, 0xf1, // CALL target with value
        0x3d, 0x5f, 0x5f, 0x3e, // copy return data
    ];
    let mut code = vec![0x36, 0x61, 0, 0, 0x57]; // CALLDATASIZE PUSH2 forward JUMPI
    // The hook: CODECOPY the nested calldata, CALL with HOOK_GAS, then slot[!ok] += 1.
    let size = u16::try_from(nested.len()).expect("short calldata").to_be_bytes();
    code.extend([0x61, size[0], size[1], 0x61, 0, 0, 0x5f, 0x39]); // PUSH2 size PUSH2 offset PUSH0 CODECOPY
    let offset_at = code.len() - 4;
    code.extend([0x5f, 0x5f, 0x61, size[0], size[1], 0x5f, 0x5f, 0x73]);
    code.extend(target.as_slice());
    code.push(0x61);
    code.extend(HOOK_GAS.to_be_bytes());
    code.push(0xf1);
    code.extend([0x15, 0x80, 0x54, 0x60, 0x01, 0x01, 0x90, 0x55, 0x00]); // ISZERO DUP1 SLOAD 1 ADD SWAP1 SSTORE STOP
    let forward_at = u16::try_from(code.len()).expect("short code").to_be_bytes();
    code[2..4].copy_from_slice(&forward_at);
    code.push(0x5b);
    code.extend(forward);
    let ok_at = code.len() + 6;
    code.extend([0x60, u8::try_from(ok_at).expect("short code"), 0x57, 0x3d, 0x5f, 0xfd]);
    code.extend([0x5b, 0x3d, 0x5f, 0xf3]);
    let data_at = u16::try_from(code.len()).expect("short code").to_be_bytes();
    code[offset_at..offset_at + 2].copy_from_slice(&data_at);
    code.extend(nested);
    code.into()
}

fn install(chain: &mut TestChain, at: Address, code: Bytes) {
    let info = AccountInfo { nonce: 1, ..AccountInfo::default() }.with_code(Bytecode::new_raw(code));
    Arc::make_mut(&mut chain.state).insert(at, info);
}

fn sell(amount: U256, weth: Address, to: Address) -> Vec<u8> {
    let path = vec![TOKEN, weth];
    IRef::swapExactTokensForETHCall { amountIn: amount, least: U256::ZERO, path, to, deadline: DEADLINE }.abi_encode()
}

/// Sells through a contract that sells again from inside every payout.
fn coin_hook(case: &Value) -> Result<(), String> {
    let mut chain = chain_at(31337, |_| {}, &[OWNER]);
    use_v2_mode(&mut chain, OWNER);
    let at = chain.rules.registry.addresses().clone();
    create_token(&mut chain, TOKEN, "HOOK", OWNER, U256::from(10).pow(U256::from(40)));
    let (coin, tokens) = (number(&case["eth_reserve"]), number(&case["token_reserve"]));
    let (to, minToken, minETH, deadline) = (OWNER, U256::ZERO, U256::ZERO, DEADLINE);
    let call = IRef::addLiquidityETHCall { token: TOKEN, want: tokens, minToken, minETH, to, deadline };
    assert!(chain.send(OWNER, at.router, coin, call.abi_encode()).success);
    let (each, depth) = (number(&case["sell_each"]), number(&case["nested_depth"]).to::<u64>());
    let payload = sell(each, at.weth, ATTACKER);
    install(&mut chain, ATTACKER, attacker(at.router, &payload));
    let sold = each * U256::from(depth + 1);
    let give = IRef::transferCall { to: ATTACKER, value: sold }.abi_encode();
    assert!(chain.send(OWNER, TOKEN, U256::ZERO, give).success);
    for _ in 0..=depth {
        let through = [at.router.as_slice(), &payload].concat();
        let outcome = chain.send(OWNER, ATTACKER, U256::ZERO, through);
        equal("the honest sale goes through", outcome.success, true)?;
    }
    let honest = &case["honest_sequential"];
    equal("coin gained", chain.balance(ATTACKER), number(&honest["trader_eth_gained"]))?;
    let left = read(&chain, TOKEN, IRef::balanceOfCall { owner: ATTACKER });
    equal("tokens left", left, number(&honest["trader_token_left"]))?;
    let pair = read(&chain, at.v2_factory, IRef::getPairCall { a: TOKEN, b: at.weth });
    let held = |token: Address| read(&chain, token, IRef::balanceOfCall { owner: pair });
    equal("coin reserve", held(at.weth), number(&honest["post"]["eth_reserve"]))?;
    equal("token reserve", held(TOKEN), number(&honest["post"]["token_reserve"]))?;
    let count = |slot: u64| chain.state.storage(ATTACKER, U256::from(slot)).expect("state in memory");
    equal("nested calls that succeeded", count(0), U256::ZERO)?;
    equal("nested calls that were refused", count(1), U256::from(depth + 1))
}

/// A pair calls nobody back: with data it refuses, without it the trade is the honest one.
fn pair_callback(case: &Value) -> Result<(), String> {
    let mut chain = chain_at(31337, |_| {}, &[OWNER]);
    use_v2_mode(&mut chain, OWNER);
    let factory = chain.rules.registry.addresses().v2_factory;
    let other = Address::repeat_byte(0x71);
    for (token, symbol) in [(TOKEN, "ONE"), (other, "TWO")] {
        create_token(&mut chain, token, symbol, OWNER, U256::from(10).pow(U256::from(40)));
    }
    let made = chain.send(OWNER, factory, U256::ZERO, IRef::createPairCall { a: TOKEN, b: other }.abi_encode());
    let pair = IRef::createPairCall::abi_decode_returns(&made.output).expect("a pair");
    let give = |chain: &mut TestChain, token: Address, value: U256| {
        let call = IRef::transferCall { to: pair, value }.abi_encode();
        assert!(chain.send(OWNER, token, U256::ZERO, call).success);
    };
    give(&mut chain, TOKEN, number(&case["reserve0"]));
    give(&mut chain, other, number(&case["reserve1"]));
    assert!(chain.send(OWNER, pair, U256::ZERO, IRef::mintCall { to: OWNER }.abi_encode()).success);
    give(&mut chain, TOKEN, number(&case["in0"]));
    let swap = |data: Bytes| IRef::swapCall { out0: U256::ZERO, out1: number(&case["out1"]), to: ATTACKER, data };
    install(&mut chain, ATTACKER, attacker(pair, &IRef::syncCall {}.abi_encode()));
    let refused = chain.send(OWNER, pair, U256::ZERO, swap(Bytes::from_static(b"\x01")).abi_encode());
    equal("a callback is refused by name", refused.output.to_vec(), FlashSwapRefused {}.abi_encode())?;
    let honest = chain.send(OWNER, pair, U256::ZERO, swap(Bytes::new()).abi_encode());
    equal("the honest swap", honest.success, case["outer_ok"] == true)?;
    let after = read(&chain, pair, IRef::getReservesCall {});
    let recorded: Vec<U256> = case["reserves_after"].as_array().into_iter().flatten().map(number).collect();
    equal("reserves", vec![U256::from(after.r0), U256::from(after.r1)], recorded)
}

#[test]
fn reentrancy_scenarios() {
    replay("reentrancy_scenarios.json", |cases, tally: &mut Tally| {
        for (index, case) in cases.iter().enumerate() {
            let result = match case["kind"].as_str() {
                Some("v1_tokensToSend_reentrancy") => coin_hook(case),
                Some("v2_reentry_from_callback") => pair_callback(case),
                other => Err(format!("a kind nobody knows: {other:?}")),
            };
            tally.count(&format!("{} {index}", case["kind"]), result);
        }
    });
}
