//! Selector fuzz: every method of every native contract with words at the edges. Whatever arrives, native
//! code never panics, never leaves part of a change, and coin never appears or disappears.
//!
//! `LIMPID_FUZZ_CASES` raises the number of calls (default 3,000).

use crate::{
    probe::{CHILD, IProbe, OTHER, PROBE},
    scene::*,
};
use alloy_primitives::{Address, Bytes, U256};
use limpid_evm::{BlockExecutor, ExecError, Rules, Source, Stopped, TxKind, registry::DIRECTORY, testkit::TestChain};
use words::Words;

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

    pub(super) struct Words {
        state: u64,
        pub(super) known: Vec<Address>,
    }

    impl Words {
        pub(super) fn new(seed: u64, known: Vec<Address>) -> Self {
            Self { state: seed, known }
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

        /// Mostly canonical calldata; sometimes one word of it is another, or its end is missing.
        pub(super) fn calldata(&mut self, selector: [u8; 4], arguments: &[String]) -> Bytes {
            let values: Vec<_> = arguments.iter().map(|ty| self.argument(ty)).collect();
            let (mut head, mut tail) = (Vec::new(), Vec::new());
            for (word, dynamic) in values {
                let offset = U256::from(arguments.len() * 32 + tail.len());
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
            [&selector[..], &body].concat().into()
        }
    }
}

/// Most contracts made on the way that are called too.
const MAX_MADE: usize = 12;

/// Calls methods at random on a chain that keeps what succeeded. What a call makes is called too, by `made`.
fn fuzz(
    chain: &mut TestChain,
    mut methods: Vec<Method>,
    made: &[Method],
    known: Vec<Address>,
    seed: u64,
    cases: u64,
) -> (u64, usize) {
    let mut words = Words::new(seed, known);
    let (mut successes, mut children) = (0, 0);
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
            successes += 1;
            for address in diff.storage.get(&DIRECTORY).into_iter().flat_map(|slots| slots.keys()) {
                let at = Address::from_word((*address).into());
                if children < MAX_MADE && !made.is_empty() {
                    children += 1;
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
    (successes, children)
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
    let (successes, _) = fuzz(&mut chain, probes(), &[], known, 1, cases());
    assert!(successes * 20 > cases(), "{successes} of {} succeeded: too few to mean anything", cases());
}

#[test]
fn published_contracts_survive_any_calldata() {
    let rules = Rules::standard(31_337);
    let (methods, made) = published(&rules);
    let mut known: Vec<Address> = rules.registry.fixed().map(|(address, _)| address).collect();
    known.extend([ALICE, BOB, CAROL, Address::ZERO]);
    let mut chain = TestChain::new(rules, &[ALICE, BOB]);
    let (successes, children) = fuzz(&mut chain, methods, &made, known, 2, cases());
    assert!(successes * 20 > cases(), "{successes} of {} succeeded", cases());
    assert!(children > 0 || cases() < 1_000, "tokens and pairs were never made");
}
