//! `v2_router02_abi.json`: raw calldata into Router02, raw return data, logs and balances out.
//! `v2_library_math.json`: its pure functions.

use super::{Tally, address, bytes, equal, number, replay, sequences::check_logs, uint64};
use crate::{
    reference::{IRef, read, reason},
    world::{chain_at, create_token, use_v2_mode},
};
use alloy_primitives::{Address, U256, hex};
use alloy_sol_types::{SolCall, SolError, sol};
use limpid_abi::{IUniswapV2Pair, errors::WrapFirst};
use limpid_evm::{AccountInfo, Bytecode, Outcome, testkit::TestChain};
use limpid_exchange::Pair;
use limpid_native::{
    Contract,
    storage::{Key, slot},
};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

const SETTER: Address = Address::repeat_byte(0x5e);
const NATIVE_TOKENS: [&str; 3] = ["tokenA", "tokenB", "tokenC"];
/// The deflating token: foreign here.
const FOREIGN: &str = "tokenD";

struct Run {
    chain: TestChain,
    names: BTreeMap<String, Address>,
    /// Balances after the step before, ours and theirs: what is compared is their change.
    before: Option<(BTreeMap<String, U256>, BTreeMap<String, U256>)>,
}

impl Run {
    fn new(case: &Value) -> Self {
        let names: BTreeMap<String, Address> =
            case["addresses"].as_object().into_iter().flatten().map(|(name, at)| (name.clone(), address(at))).collect();
        let wallet = names["wallet"];
        let mut chain = chain_at(
            1,
            |at| {
                at.v2_factory = names["factory"];
                at.router = names["router"];
                at.weth = names["tokenW"];
            },
            &[wallet, SETTER],
        );
        use_v2_mode(&mut chain, SETTER);
        let supply = U256::from(10).pow(U256::from(40));
        for name in NATIVE_TOKENS {
            create_token(&mut chain, names[name], name, wallet, supply);
        }
        let code = Bytecode::new_raw(hex!("5f5ffd").into());
        let foreign = AccountInfo { nonce: 1, ..AccountInfo::default() }.with_code(code);
        Arc::make_mut(&mut chain.state).insert(names[FOREIGN], foreign);
        Self { chain, names, before: None }
    }

    fn named(&self, name: &str, post: &Value) -> Address {
        if let Some(pair) = name.strip_prefix("pair") {
            return address(&post["pairs"][pair]["address"]);
        }
        let name = if name == "weth" { "tokenW" } else { name };
        self.names.get(name).copied().unwrap_or_else(|| panic!("whose name is {name}?"))
    }

    /// Our balances under the recorded names, and theirs.
    fn balances(&self, post: &Value) -> (BTreeMap<String, U256>, BTreeMap<String, U256>) {
        let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
        for (token, holders) in post["balances"].as_object().into_iter().flatten() {
            if token == "D" {
                continue;
            }
            for (holder, amount) in holders.as_object().into_iter().flatten() {
                let owner = self.names[holder];
                let held = if token == "ETH" {
                    self.chain.balance(owner)
                } else {
                    read(&self.chain, self.names[&format!("token{token}")], IRef::balanceOfCall { owner })
                };
                ours.insert(format!("{token} of {holder}"), held);
                theirs.insert(format!("{token} of {holder}"), number(amount));
            }
        }
        (ours, theirs)
    }

    /// Pairs without the foreign token are untouched by its steps: absolute equality.
    fn check_pairs(&self, post: &Value) -> Result<(), String> {
        for (name, pair) in post["pairs"].as_object().into_iter().flatten() {
            if name.contains('D') {
                continue;
            }
            let at = address(&pair["address"]);
            let reserves = read(&self.chain, at, IRef::getReservesCall {});
            equal("reserve0", U256::from(reserves.r0), number(&pair["reserve0"]))?;
            equal("reserve1", U256::from(reserves.r1), number(&pair["reserve1"]))?;
            equal("totalSupply", read(&self.chain, at, IRef::totalSupplyCall {}), number(&pair["totalSupply"]))?;
            let held = read(&self.chain, at, IRef::balanceOfCall { owner: self.names["wallet"] });
            equal("lp of wallet", held, number(&pair["lp_wallet"]))?;
        }
        Ok(())
    }

    /// The rule for "not applicable": the step's calldata or its target has to do with the foreign token.
    fn touches_foreign(&self, step: &Value) -> bool {
        let needle = hex::encode(self.names[FOREIGN]);
        let target = step["to_name"].as_str().unwrap_or_default();
        target.starts_with("pair") && target.contains('D')
            || step["calldata"].as_str().unwrap_or_default().contains(&needle)
    }

    /// The rule for D4: the reference refuses a pull that goes through here, because the caller holds what
    /// is asked for and the system needs no approval.
    fn approval_is_missing(&self, step: &Value) -> bool {
        let text = step["revert"].as_str().unwrap_or_default();
        if !["TransferHelper: TRANSFER_FROM_FAILED", "ds-math-sub-underflow"].contains(&text) {
            return false;
        }
        let (from, to) = (address(&step["from"]), address(&step["to"]));
        self.chain.view(from, to, bytes(&step["calldata"])).success
    }

    /// A refused step may have moved other pools in the reference, whose path led through them too: take
    /// over the recorded reserves, so that later steps stay comparable.
    fn adopt_pairs(&mut self, post: &Value) {
        for (name, pair) in post["pairs"].as_object().into_iter().flatten() {
            if name.contains('D') {
                continue;
            }
            let at = address(&pair["address"]);
            let (reserve0, reserve1) = (number(&pair["reserve0"]), number(&pair["reserve1"]));
            let reserves = read(&self.chain, at, IRef::getReservesCall {});
            let tokens = [
                read(&self.chain, at, IUniswapV2Pair::token0Call {}),
                read(&self.chain, at, IUniswapV2Pair::token1Call {}),
            ];
            let word = reserve0 | (reserve1 << 112usize) | (U256::from(reserves.last) << 224usize);
            let tag = |field: &str| Pair::layout().into_iter().find(|row| row.name == field).expect("a field").tag;
            let (kept, held) = (tag("reserves"), tag("ledger.balances"));
            let key = at.direct().expect("an address stands unhashed");
            self.chain
                .native(|cx| {
                    cx.at(at).sstore(slot(kept, 0, U256::ZERO), word)?;
                    cx.at(tokens[0]).sstore(slot(held, 0, key), reserve0)?;
                    cx.at(tokens[1]).sstore(slot(held, 0, key), reserve1)
                })
                .expect("a state");
        }
    }

    fn send(&mut self, step: &Value) -> Outcome {
        self.chain.block.timestamp = uint64(&step["timestamp"]);
        self.chain.send(address(&step["from"]), address(&step["to"]), number(&step["value"]), bytes(&step["calldata"]))
    }

    fn step(&mut self, step: &Value, tally: &mut Tally) -> Result<(), String> {
        let post = &step["post"];
        if self.touches_foreign(step) {
            tally.not_applicable += 1;
            let outcome = self.send(step);
            if step["to_name"] == "router" {
                let refused = outcome.output.starts_with(&WrapFirst::SELECTOR);
                equal("a foreign token is refused with WrapFirst", refused && !outcome.success, true)
                    .or_else(|error| if checked_before_tokens(&outcome) { Ok(()) } else { Err(error) })?;
            }
            self.adopt_pairs(post);
        } else if self.approval_is_missing(step) {
            tally.by_design += 1;
        } else {
            let outcome = self.send(step);
            self.check(&outcome, step)?;
            self.check_pairs(post)?;
        }
        let now = self.balances(post);
        if let Some((ours, theirs)) = &self.before
            && !self.touches_foreign(step)
        {
            equal("changes of balances", changes(ours, &now.0), changes(theirs, &now.1))?;
        }
        self.before = Some(now);
        Ok(())
    }

    fn check(&self, outcome: &Outcome, step: &Value) -> Result<(), String> {
        let expected = (step["ok"] != true).then(|| step["revert"].as_str().unwrap_or_default().to_string());
        equal("refusal", reason(outcome), expected)?;
        if outcome.success {
            equal("return data", outcome.output.clone(), bytes(&step["returndata"]))?;
            check_logs(outcome, step, |name| self.named(name, &step["post"]))?;
        }
        Ok(())
    }
}

/// A deadline that passed is refused before anybody looks at the tokens.
fn checked_before_tokens(outcome: &Outcome) -> bool {
    reason(outcome).as_deref() == Some("UniswapV2Router: EXPIRED")
}

fn changes(before: &BTreeMap<String, U256>, now: &BTreeMap<String, U256>) -> BTreeMap<String, String> {
    now.iter()
        .map(|(name, now)| {
            let before = before.get(name).copied().unwrap_or_default();
            let (sign, size) = if *now >= before { ("+", *now - before) } else { ("-", before - *now) };
            (name.clone(), format!("{sign}{size}"))
        })
        .collect()
}

fn sequence(case: &Value, tally: &mut Tally) -> Result<(), String> {
    let mut run = Run::new(case);
    for (index, step) in case["steps"].as_array().into_iter().flatten().enumerate() {
        run.step(step, tally).map_err(|error| format!("step {index} {}: {error}", step["sig"]))?;
    }
    Ok(())
}

#[test]
fn v2_router02_abi() {
    replay("v2_router02_abi.json", |cases, tally| {
        for case in cases {
            let result = sequence(case, tally);
            tally.count(case["name"].as_str().unwrap_or("?"), result);
        }
    });
}

sol! {
    interface IPure {
        function quote(uint256 amountA, uint256 reserveA, uint256 reserveB) external pure returns (uint256);
        function getAmountOut(uint256 amountIn, uint256 reserveIn, uint256 reserveOut) external pure returns (uint256);
        function getAmountIn(uint256 amountOut, uint256 reserveIn, uint256 reserveOut) external pure returns (uint256);
    }
}

fn pure(chain: &TestChain, case: &Value) -> Result<(), String> {
    let (a, reserve_in, reserve_out) = (number(&case["a"]), number(&case["reserveIn"]), number(&case["reserveOut"]));
    let call = match case["fn"].as_str().unwrap_or_default() {
        "quote" => IPure::quoteCall { amountA: a, reserveA: reserve_in, reserveB: reserve_out }.abi_encode(),
        "getAmountOut" => {
            IPure::getAmountOutCall { amountIn: a, reserveIn: reserve_in, reserveOut: reserve_out }.abi_encode()
        }
        "getAmountIn" => {
            IPure::getAmountInCall { amountOut: a, reserveIn: reserve_in, reserveOut: reserve_out }.abi_encode()
        }
        other => return Err(format!("a function nobody knows: {other}")),
    };
    let router = chain.rules.registry.addresses().router;
    let outcome = chain.view(Address::ZERO, router, call);
    // The reference divides by zero and asserts with invalid opcodes and bare reverts; both are a refusal.
    if case["ok"] != true {
        let text = case["revert"].as_str().unwrap_or_default();
        let expected = if text.starts_with("INVALID") || text.is_empty() { None } else { Some(text.to_string()) };
        equal("refused", outcome.success, false)?;
        return expected.map_or(Ok(()), |text| equal("refusal", reason(&outcome), Some(text)));
    }
    equal("refusal", reason(&outcome), None)?;
    equal("answer", U256::from_be_slice(&outcome.output), number(&case["out"]))
}

#[test]
fn v2_library_math() {
    replay("v2_library_math.json", |cases, tally| {
        let chain = chain_at(1, |_| {}, &[]);
        for (index, case) in cases.iter().enumerate() {
            tally.count(&format!("{} {index}", case["fn"]), pure(&chain, case));
        }
    });
}
