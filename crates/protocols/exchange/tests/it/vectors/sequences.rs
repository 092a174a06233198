//! `v2_pair_sequences.json`: pair operations one after another, state and logs after each.

use super::{Tally, address, equal, number, replay, uint64};
use crate::{
    reference::{IRef, read, reason},
    world::{chain_at, create_token, use_v2_mode},
};
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::SolCall;
use limpid_evm::{Outcome, testkit::TestChain};
use serde_json::Value;

/// One pair on a chain of its own, at the recorded addresses.
pub(super) struct Pool {
    pub(super) chain: TestChain,
    pub(super) factory: Address,
    pub(super) tokens: [Address; 2],
    pub(super) pair: Address,
    pub(super) wallet: Address,
    pub(super) treasury: Address,
}

/// Who may switch the protocol fee.
const SETTER: Address = Address::repeat_byte(0x5e);

impl Pool {
    pub(super) fn new(factory: Address, tokens: [Address; 2], wallet: Address, treasury: Address) -> Self {
        let mut chain = chain_at(1, |at| at.v2_factory = factory, &[wallet, SETTER]);
        use_v2_mode(&mut chain, SETTER);
        for (token, symbol) in tokens.into_iter().zip(["TKA", "TKB"]) {
            create_token(&mut chain, token, symbol, wallet, U256::MAX);
        }
        let call = IRef::createPairCall { a: tokens[0], b: tokens[1] }.abi_encode();
        let created = chain.send(wallet, factory, U256::ZERO, call);
        let pair = IRef::createPairCall::abi_decode_returns(&created.output).expect("a pair");
        Self { chain, factory, tokens, pair, wallet, treasury }
    }

    pub(super) fn fee(&mut self, on: bool) -> Outcome {
        let to = if on { self.treasury } else { Address::ZERO };
        self.chain.send(SETTER, self.factory, U256::ZERO, IRef::setFeeToCall { to }.abi_encode())
    }

    pub(super) fn give(&mut self, token: Address, amount: U256) {
        if amount.is_zero() {
            return;
        }
        let call = IRef::transferCall { to: self.pair, value: amount }.abi_encode();
        let sent = self.chain.send(self.wallet, token, U256::ZERO, call);
        assert!(sent.success, "the gift arrives: {sent:?}");
    }

    pub(super) fn on_pair(&mut self, call: impl SolCall) -> Outcome {
        self.chain.send(self.wallet, self.pair, U256::ZERO, call.abi_encode())
    }

    fn named(&self, name: &str) -> Address {
        match name {
            "wallet" => self.wallet,
            "t0" => self.tokens[0],
            "t1" => self.tokens[1],
            "pair" => self.pair,
            other => other.parse().unwrap_or_else(|_| panic!("whose name is {other}?")),
        }
    }

    pub(super) fn recipient(&self, step: &Value) -> Address {
        step["to"].as_str().map_or(self.wallet, |name| self.named(name))
    }

    /// The recorded state against ours, field by field.
    pub(super) fn check_state(&self, state: &Value) -> Result<(), String> {
        let (chain, pair) = (&self.chain, self.pair);
        let reserves = read(chain, pair, IRef::getReservesCall {});
        let balance = |token: Address, owner: Address| read(chain, token, IRef::balanceOfCall { owner });
        equal("reserve0", U256::from(reserves.r0), number(&state["reserve0"]))?;
        equal("reserve1", U256::from(reserves.r1), number(&state["reserve1"]))?;
        equal("blockTimestampLast", U256::from(reserves.last), number(&state["blockTimestampLast"]))?;
        equal("totalSupply", read(chain, pair, IRef::totalSupplyCall {}), number(&state["totalSupply"]))?;
        equal("kLast", read(chain, pair, IRef::kLastCall {}), number(&state["kLast"]))?;
        let price0 = read(chain, pair, IRef::price0CumulativeLastCall {});
        equal("price0CumulativeLast", price0, number(&state["price0CumulativeLast"]))?;
        let price1 = read(chain, pair, IRef::price1CumulativeLastCall {});
        equal("price1CumulativeLast", price1, number(&state["price1CumulativeLast"]))?;
        equal("balance0", balance(self.tokens[0], pair), number(&state["balance0"]))?;
        equal("balance1", balance(self.tokens[1], pair), number(&state["balance1"]))?;
        equal("lp_wallet", balance(pair, self.wallet), number(&state["lp_wallet"]))?;
        equal("lp_pair", balance(pair, pair), number(&state["lp_pair"]))?;
        equal("lp_treasury", balance(pair, self.treasury), number(&state["lp_treasury"]))?;
        equal("lp_zero", balance(pair, Address::ZERO), number(&state["lp_zero"]))
    }
}

/// Success, reason and returned numbers of a recorded step.
pub(super) fn check_outcome(outcome: &Outcome, step: &Value) -> Result<(), String> {
    let expected =
        if step["ok"] == true { None } else { Some(step["revert"].as_str().unwrap_or_default().to_string()) };
    equal("refusal", reason(outcome), expected)?;
    if let (true, Value::Array(numbers)) = (outcome.success, &step["ret"]) {
        let words: Vec<U256> = outcome.output.chunks(32).map(U256::from_be_slice).collect();
        equal("returned", words, numbers.iter().map(number).collect())?;
    }
    Ok(())
}

/// Logs in order: address, topics, data. `name` turns the recorded name into an address.
pub(super) fn check_logs(outcome: &Outcome, step: &Value, name: impl Fn(&str) -> Address) -> Result<(), String> {
    let Value::Array(logs) = &step["logs"] else { return Ok(()) };
    let theirs: Vec<(Address, Vec<B256>, Bytes)> = logs
        .iter()
        .map(|log| {
            let topics = log["topics"].as_array().into_iter().flatten().map(super::word).collect();
            let data = hex::decode(log["data"].as_str().unwrap_or_default()).expect("hex");
            (name(log["address"].as_str().unwrap_or_default()), topics, data.into())
        })
        .collect();
    let ours: Vec<_> =
        outcome.logs.iter().map(|log| (log.address, log.topics().to_vec(), log.data.data.clone())).collect();
    equal("logs", ours, theirs)
}

fn sequence(case: &Value) -> Result<(), String> {
    let at = &case["addresses"];
    let tokens = [address(&at["token0"]), address(&at["token1"])];
    let mut pool = Pool::new(address(&at["factory"]), tokens, address(&at["wallet"]), address(&at["treasury"]));
    equal("pair address", pool.pair, address(&at["pair"]))?;
    pool.chain.block.timestamp = uint64(&case["start_timestamp"]);
    if case["fee_on_at_start"] == true {
        pool.fee(true);
    }
    for (index, step) in case["steps"].as_array().into_iter().flatten().enumerate() {
        if step["timestamp"].is_string() {
            pool.chain.block.timestamp = uint64(&step["timestamp"]);
        }
        run(&mut pool, step).map_err(|error| format!("step {index} {}: {error}", step["op"]))?;
    }
    Ok(())
}

fn run(pool: &mut Pool, step: &Value) -> Result<(), String> {
    let gift = |field: &str| if step[field].is_string() { number(&step[field]) } else { U256::ZERO };
    let op = step["op"].as_str().unwrap_or_default();
    if op != "warp" {
        pool.give(pool.tokens[0], gift("in0"));
        pool.give(pool.tokens[1], gift("in1"));
    }
    let to = pool.recipient(step);
    let outcome = match op {
        "warp" => return pool.check_state(&step["state"]),
        "mint" => pool.on_pair(IRef::mintCall { to }),
        "burn" => {
            pool.give(pool.pair, number(&step["liquidity"]));
            pool.on_pair(IRef::burnCall { to })
        }
        "swap" => {
            let (out0, out1) = (number(&step["out0"]), number(&step["out1"]));
            pool.on_pair(IRef::swapCall { out0, out1, to, data: Bytes::new() })
        }
        "sync" | "donate+sync" => pool.on_pair(IRef::syncCall {}),
        "donate+skim" => pool.on_pair(IRef::skimCall { to }),
        "setFeeTo" => pool.fee(step["on"] == true),
        other => return Err(format!("an operation nobody knows: {other}")),
    };
    check_outcome(&outcome, step)?;
    let (pair, factory, tokens) = (pool.pair, pool.factory, pool.tokens);
    check_logs(&outcome, step, |name| match name {
        "pair" => pair,
        "factory" => factory,
        "token0" => tokens[0],
        "token1" => tokens[1],
        other => other.parse().unwrap_or_else(|_| panic!("whose log is {other}?")),
    })?;
    pool.check_state(&step["state"])
}

#[test]
fn v2_pair_sequences() {
    replay("v2_pair_sequences.json", |cases, tally: &mut Tally| {
        for case in cases {
            tally.count(case["name"].as_str().unwrap_or("?"), sequence(case));
        }
    });
}
