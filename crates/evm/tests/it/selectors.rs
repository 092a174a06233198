//! Selector fuzz: every method of every native contract with words at the edges. Whatever arrives, native
//! code never panics, never leaves part of a change, and coin never appears or disappears. Beside people and
//! native contracts, the addresses that are passed around hold foreign tokens, one of which calls back.
//!
//! `LIMPID_FUZZ_CASES` raises the number of calls (default 3,000).

use crate::{
    bytecode::{Asm, sequence},
    probe::{CHILD, IProbe, OTHER, PROBE},
    scene::*,
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use limpid_abi::{IActions, IGateway};
use limpid_evm::{BlockExecutor, ExecError, Rules, Source, Stopped, TxKind, registry::DIRECTORY, testkit::TestChain};
use std::collections::BTreeSet;
use words::{Action, Words};

/// One method that can be called, and the types of its arguments.
#[derive(Clone, Debug)]
struct Method {
    at: Address,
    selector: [u8; 4],
    arguments: Vec<String>,
}

/// The published methods of fixed contracts, and those of what factories make, for no address yet.
fn published(rules: &Rules) -> (Vec<Method>, Vec<Method>) {
    let (mut fixed, mut made) = (Vec::new(), Vec::new());
    for contract in limpid_abi::contracts() {
        let at = contract.address.map(|at| at(rules.registry.addresses()));
        let methods = if at.is_some() { &mut fixed } else { &mut made };
        for interface in contract.interfaces {
            methods.extend(interface.abi().functions().map(|method| Method {
                at: at.unwrap_or_default(),
                selector: method.selector().0,
                arguments: method.inputs.iter().map(|input| input.ty.clone()).collect(),
            }));
        }
    }
    (fixed, made)
}

/// The probes' methods, without those whose purpose is to panic.
fn probes() -> Vec<Method> {
    let abi = IProbe::abi::contract();
    let methods = abi.functions().filter(|method| !method.name.to_lowercase().contains("boom"));
    methods
        .flat_map(|method| {
            let arguments: Vec<_> = method.inputs.iter().map(|input| input.ty.clone()).collect();
            [PROBE, OTHER].map(|at| Method { at, selector: method.selector().0, arguments: arguments.clone() })
        })
        .collect()
}

/// Words at the edges of every type, and the addresses that exist.
mod words {
    use super::{Address, Bytes, U256};

    /// A kind of action and the types of its arguments.
    #[derive(Clone, Debug)]
    pub(super) struct Action {
        pub(super) kind: [u8; 4],
        pub(super) arguments: Vec<String>,
    }

    pub(super) struct Words {
        state: u64,
        pub(super) known: Vec<Address>,
        pub(super) actions: Vec<Action>,
    }

    impl Words {
        pub(super) fn new(seed: u64, known: Vec<Address>, actions: Vec<Action>) -> Self {
            Self { state: seed, known, actions }
        }

        pub(super) fn below(&mut self, limit: u64) -> u64 {
            // splitmix64: the same words on every machine.
            self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) % limit
        }

        pub(super) fn word(&mut self) -> U256 {
            let bits = [0, 1, 8, 31, 32, 63, 64, 111, 112, 127, 128, 159, 160, 255];
            let power = U256::from(1) << bits[self.below(bits.len() as u64) as usize];
            match self.below(8) {
                0 => U256::ZERO,
                1 => U256::MAX,
                2 => power,
                3 => power.wrapping_sub(U256::from(1)),
                4 => U256::from(self.below(4) * 32),
                5 => U256::from(self.below(1000)),
                _ => {
                    let pick = self.below(self.known.len() as u64) as usize;
                    U256::from_be_slice(self.known[pick].as_slice())
                }
            }
        }

        /// A value of a type at its edges: its head, and its tail when it is dynamic.
        fn argument(&mut self, ty: &str) -> (U256, Option<Vec<u8>>) {
            let masked = |word: U256, bits: usize| {
                if bits >= 256 { word } else { word & ((U256::from(1) << bits) - U256::from(1)) }
            };
            if ty == "tuple[]" {
                return (U256::ZERO, Some(self.list()));
            }
            if let Some(element) = ty.strip_suffix("[]") {
                let length = self.below(4);
                let mut tail = U256::from(length).to_be_bytes::<32>().to_vec();
                for _ in 0..length {
                    tail.extend(self.argument(element).0.to_be_bytes::<32>());
                }
                return (U256::ZERO, Some(tail));
            }
            match ty {
                "bytes" | "string" => {
                    let length = self.below(70);
                    let mut tail = U256::from(length).to_be_bytes::<32>().to_vec();
                    tail.extend((0..length).map(|index| b'a' + (index % 26) as u8));
                    tail.resize(tail.len().next_multiple_of(32), 0);
                    (U256::ZERO, Some(tail))
                }
                "bool" => (U256::from(self.below(2)), None),
                "address" => {
                    let pick = self.below(self.known.len() as u64) as usize;
                    (U256::from_be_slice(self.known[pick].as_slice()), None)
                }
                _ => {
                    let bits = ty.strip_prefix("uint").and_then(|bits| bits.parse().ok()).unwrap_or(256);
                    (masked(self.word(), bits), None)
                }
            }
        }

        /// The actions of a list, encoded as `(bytes4, bytes)[]`.
        fn list(&mut self) -> Vec<u8> {
            let count = if self.actions.is_empty() { 0 } else { self.below(6) };
            let (mut offsets, mut tuples) = (Vec::new(), Vec::new());
            for _ in 0..count {
                let pick = self.below(self.actions.len() as u64) as usize;
                let Action { kind, arguments } = self.actions[pick].clone();
                let mut data = self.body(&arguments);
                offsets.extend(U256::from(count as usize * 32 + tuples.len()).to_be_bytes::<32>());
                tuples.extend(kind.into_iter().chain([0; 28]));
                tuples.extend(U256::from(64).to_be_bytes::<32>());
                tuples.extend(U256::from(data.len()).to_be_bytes::<32>());
                data.resize(data.len().next_multiple_of(32), 0);
                tuples.extend(data);
            }
            [U256::from(count).to_be_bytes::<32>().to_vec(), offsets, tuples].concat()
        }

        pub(super) fn calldata(&mut self, selector: [u8; 4], arguments: &[String]) -> Bytes {
            [&selector[..], &self.body(arguments)].concat().into()
        }

        /// Mostly canonical arguments; sometimes one word is another, every dynamic one lies in the same
        /// place, or the end is missing.
        fn body(&mut self, arguments: &[String]) -> Vec<u8> {
            let values: Vec<_> = arguments.iter().map(|ty| self.argument(ty)).collect();
            let (mut head, mut tail) = (Vec::new(), Vec::new());
            let aliased = self.below(16) == 0;
            for (word, dynamic) in values {
                let offset = U256::from(arguments.len() * 32 + if aliased { 0 } else { tail.len() });
                head.extend((if dynamic.is_some() { offset } else { word }).to_be_bytes::<32>());
                tail.extend(dynamic.unwrap_or_default());
            }
            let mut body = [head, tail].concat();
            match self.below(8) {
                0 if !body.is_empty() => {
                    let at = self.below(body.len() as u64 / 32) as usize * 32;
                    body[at..at + 32].copy_from_slice(&self.word().to_be_bytes::<32>());
                }
                1 => body.truncate(self.below(body.len() as u64 + 1) as usize),
                _ => {}
            }
            body
        }
    }
}

const FOREIGN: Address = Address::repeat_byte(0xf0);
const INTRUDER: Address = Address::repeat_byte(0xf1);

/// A token with one pot, told apart by how long its calldata is: `transferFrom` adds to it and `transfer` takes
/// from it, both without asking anybody. The balance of whoever asks is the pot; everybody else's is what
/// the pot leaves of 2^256. Its decimals are 6, which is also all that it says of its names.
fn foreign_token() -> Bytes {
    let answer = |word: &[u8]| [word, &[0x5f, 0x52, 0x60, 32, 0x5f, 0xf3]].concat();
    let pull = [&[0x60, 68, 0x35, 0x5f, 0x54, 0x01, 0x5f, 0x55][..], &answer(&[0x60, 1])].concat();
    let push = [&[0x60, 36, 0x35, 0x5f, 0x54, 0x03, 0x5f, 0x55][..], &answer(&[0x60, 1])].concat();
    let own = answer(&[0x5f, 0x54]);
    let others = answer(&[0x5f, 0x54, 0x19]);
    let when = |asm: Asm, length: u8, code: &[u8]| asm.op(&[0x60, length, 0x36, 0x18]).unless(code);
    let asm = when(when(Asm::default(), 100, &pull), 68, &push);
    let asm = when(asm, 4, &answer(&[0x60, 6]));
    asm.op(&[0x33, 0x60, 4, 0x35, 0x18]).unless(&own).op(&others).code()
}

/// What the intruder calls whenever it is called.
fn wrap_of_itself() -> Vec<u8> {
    IGateway::wrapCall { token: INTRUDER, amount: wei(1), to: INTRUDER, least: U256::ZERO }.abi_encode()
}

fn kinds_of_actions() -> Vec<Action> {
    let functions =
        limpid_abi::actions().iter().flat_map(|interface| interface.abi().functions().cloned().collect::<Vec<_>>());
    functions
        .map(|function| Action {
            kind: function.selector().0,
            arguments: function.inputs.iter().map(|input| input.ty.clone()).collect(),
        })
        .collect()
}

/// Most contracts made on the way that are called too.
const MAX_MADE: usize = 12;

/// Calls methods at random on a chain that keeps what succeeded. What a call makes is called too, by `made`.
fn fuzz(chain: &mut TestChain, mut methods: Vec<Method>, made: &[Method], mut words: Words, cases: u64) -> Reached {
    let mut reached = Reached::default();
    for _ in 0..cases {
        let method = &methods[words.below(methods.len() as u64) as usize];
        let data = words.calldata(method.selector, &method.arguments);
        let value = if words.below(4) == 0 { U256::from(words.below(3)) } else { U256::ZERO };
        let gas = if words.below(5) == 0 { 21_000 + words.below(100_000) } else { 3_000_000 };
        let tx = chain.tx(ALICE, TxKind::Call(method.at), value, data.clone(), gas);
        let mut block = BlockExecutor::new(chain.state.clone(), &chain.rules, chain.block.clone());
        let outcome = match block.transact(tx) {
            Ok(outcome) => outcome,
            Err(ExecError::Invalid(_)) => continue,
            Err(other) => panic!("{other}: {method:?} {data}"),
        };
        let diff = block.finish();
        assert_ne!(outcome.stopped, Some(Stopped::Panic), "{method:?} {data} with {value} wei and {gas} gas");
        assert!(outcome.gas_used <= gas);
        let held = |address: &Address| chain.state.account(*address).unwrap().map(|a| a.balance).unwrap_or_default();
        let before: U256 = diff.accounts.keys().map(held).sum();
        let after: U256 = diff.accounts.values().flatten().map(|account| account.balance).sum();
        assert_eq!(before, after, "coin changed: {method:?} {data}");
        if outcome.success {
            reached.successes += 1;
            reached.methods.insert(method.selector);
            for address in diff.storage.get(&DIRECTORY).into_iter().flat_map(|slots| slots.keys()) {
                let at = Address::from_word((*address).into());
                if reached.children < MAX_MADE && !made.is_empty() {
                    reached.children += 1;
                    words.known.push(at);
                    methods.extend(made.iter().map(|method| Method { at, ..method.clone() }));
                }
            }
            std::sync::Arc::make_mut(&mut chain.state).apply(&diff);
        } else {
            assert!(diff.storage.is_empty() && diff.codes.is_empty() && outcome.logs.is_empty(), "{method:?} {data}");
            std::sync::Arc::make_mut(&mut chain.state).apply(&diff);
        }
    }
    // The chain goes on as if nothing had been tried.
    assert!(chain.send(ALICE, Address::repeat_byte(0xee), wei(1), []).success);
    reached
}

/// How far a run came.
#[derive(Default)]
struct Reached {
    successes: u64,
    children: usize,
    /// The methods that succeeded at least once.
    methods: BTreeSet<[u8; 4]>,
}

fn cases() -> u64 {
    std::env::var("LIMPID_FUZZ_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(3_000)
}

#[test]
fn probes_survive_any_calldata() {
    let mut chain = chain();
    let child = Address::repeat_byte(0xc1);
    assert_ok(&call(&mut chain, IProbe::makeCall { child, kind: CHILD.0 }));
    let known = vec![ALICE, BOB, CAROL, PROBE, OTHER, child, Address::ZERO];
    let successes = fuzz(&mut chain, probes(), &[], Words::new(1, known, Vec::new()), cases()).successes;
    assert!(successes * 20 > cases(), "{successes} of {} succeeded: too few to mean anything", cases());
}

#[test]
fn published_contracts_survive_any_calldata() {
    let rules = Rules::standard(31_337);
    let (methods, made) = published(&rules);
    let mut known: Vec<Address> = rules.registry.fixed().map(|(address, _)| address).collect();
    let gateway = rules.registry.addresses().gateway;
    known.extend([ALICE, BOB, CAROL, Address::ZERO, FOREIGN, INTRUDER]);
    let mut chain = TestChain::new(rules, &[ALICE, BOB]);
    put_code(&mut chain, FOREIGN, foreign_token());
    put_code(&mut chain, INTRUDER, sequence(&[(gateway, wrap_of_itself(), U256::ZERO)]));
    let methods_there = methods.iter().chain(&made).map(|method| method.selector).collect::<BTreeSet<_>>().len();
    let reached = fuzz(&mut chain, methods, &made, Words::new(2, known, kinds_of_actions()), cases());
    let Reached { successes, children, methods } = reached;
    println!("{} calls, {successes} succeeded, {} of {methods_there} methods at least once", cases(), methods.len());
    assert!(successes * 20 > cases(), "{successes} of {} succeeded", cases());
    assert!(children > 0 || cases() < 1_000, "tokens and pairs were never made");
    for (name, selector) in [("wrap", IGateway::wrapCall::SELECTOR), ("execute", IActions::executeCall::SELECTOR)] {
        assert!(methods.contains(&selector) || cases() < 20_000, "{name} never succeeded");
    }
}
