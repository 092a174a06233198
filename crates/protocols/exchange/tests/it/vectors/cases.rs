//! `v2_mint_cases.json`, `v2_burn_cases.json`, `v2_swap_cases.json`: one call on a pool in a given state.

use super::{
    number, replay,
    sequences::{Pool, check_outcome},
    uint64,
};
use crate::reference::IRef;
use alloy_primitives::{Address, Bytes, U256};
use limpid_exchange::Pair;
use limpid_native::{
    Contract,
    storage::{Key, slot},
};
use serde_json::Value;

const WALLET: Address = Address::repeat_byte(0x11);
const TREASURY: Address = Address::repeat_byte(0xfe);
const TOKENS: [Address; 2] = [Address::repeat_byte(0x70), Address::repeat_byte(0x71)];
const FACTORY: Address = Address::repeat_byte(0xfa);

/// Puts a pool into the recorded state, slot by slot through the published layout: no sequence of calls
/// leads to most of these states.
fn prepare(case: &Value) -> Pool {
    let mut pool = Pool::new(FACTORY, TOKENS, WALLET, TREASURY);
    if case["fee_on"] == true {
        pool.fee(true);
    }
    let pre = &case["pre"];
    pool.give(TOKENS[0], number(&pre["balance0"]));
    pool.give(TOKENS[1], number(&pre["balance1"]));
    let reserves = number(&pre["reserve0"])
        | (number(&pre["reserve1"]) << 112usize)
        | (number(&pre["blockTimestampLast"]) << 224usize);
    let plain = [
        ("reserves", reserves),
        ("price0", number(&pre["price0CumulativeLast"])),
        ("price1", number(&pre["price1CumulativeLast"])),
        ("k_last", number(&pre["kLast"])),
        ("ledger.supply", number(&pre["totalSupply"])),
    ];
    let held = [(WALLET, "lp_wallet"), (pool.pair, "lp_pair"), (TREASURY, "lp_treasury"), (Address::ZERO, "lp_zero")];
    let pair = pool.pair;
    pool.chain
        .native(|cx| {
            for (field, value) in plain {
                cx.at(pair).sstore(slot(tag(field), 0, U256::ZERO), value)?;
            }
            for (owner, field) in held {
                let key = owner.direct().expect("an address stands unhashed");
                cx.at(pair).sstore(slot(tag("ledger.balances"), 0, key), number(&pre[field]))?;
            }
            Ok(())
        })
        .expect("a state");
    pool.chain.block.timestamp = uint64(&case["timestamp"]);
    pool
}

fn tag(field: &str) -> u8 {
    Pair::layout().iter().find(|row| row.name == field).unwrap_or_else(|| panic!("no field {field}")).tag
}

fn check(case: &Value) -> Result<(), String> {
    let mut pool = prepare(case);
    pool.check_state(&case["pre"]).map_err(|error| format!("before: {error}"))?;
    let to = pool.recipient(case);
    let outcome = match case["op"].as_str() {
        Some("mint") => {
            pool.give(TOKENS[0], number(&case["amount0"]));
            pool.give(TOKENS[1], number(&case["amount1"]));
            pool.on_pair(IRef::mintCall { to })
        }
        Some("burn") => {
            pool.give(pool.pair, number(&case["liquidity"]));
            pool.on_pair(IRef::burnCall { to })
        }
        Some("swap") => {
            pool.give(TOKENS[0], number(&case["in0"]));
            pool.give(TOKENS[1], number(&case["in1"]));
            let (out0, out1) = (number(&case["out0"]), number(&case["out1"]));
            pool.on_pair(IRef::swapCall { out0, out1, to, data: Bytes::new() })
        }
        other => return Err(format!("an operation nobody knows: {other:?}")),
    };
    check_outcome(&outcome, case)?;
    if case["post"].is_object() { pool.check_state(&case["post"]) } else { Ok(()) }
}

fn replay_cases(file: &str) {
    replay(file, |cases, tally| {
        for (index, case) in cases.iter().enumerate() {
            tally.count(&index.to_string(), check(case));
        }
    });
}

#[test]
fn v2_mint_cases() {
    replay_cases("v2_mint_cases.json");
}

#[test]
fn v2_burn_cases() {
    replay_cases("v2_burn_cases.json");
}

#[test]
fn v2_swap_cases() {
    replay_cases("v2_swap_cases.json");
}
