//! A token beside a simple model of it, step by step.

use crate::world::{ANN, PEOPLE, SUPPLY, World, refusal, units};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use limpid_abi::IToken;
use limpid_token::{LONGEST_ALLOWANCE, audit, ledger_of};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Transfer(usize, usize, u64),
    Take(usize, usize, usize, u64),
    Approve(usize, usize, u64),
    ApproveUntil(usize, usize, u64, u64),
    Mint(usize, u64),
    Burn(usize, u64),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0usize..PEOPLE.len();
    let amount = || prop_oneof![0u64..4, 0u64..2_000, 900_000u64..1_100_000];
    prop_oneof![
        4 => (who(), who(), amount()).prop_map(|(a, b, n)| Step::Transfer(a, b, n)),
        5 => (who(), who(), who(), amount()).prop_map(|(a, b, c, n)| Step::Take(a, b, c, n)),
        4 => (who(), who(), amount()).prop_map(|(a, b, n)| Step::Approve(a, b, n)),
        2 => (who(), who(), amount(), 0u64..100).prop_map(|(a, b, n, t)| Step::ApproveUntil(a, b, n, t)),
        1 => (who(), amount()).prop_map(|(a, n)| Step::Mint(a, n)),
        1 => (who(), amount()).prop_map(|(a, n)| Step::Burn(a, n)),
        1 => prop_oneof![1u64..100, Just(LONGEST_ALLOWANCE)].prop_map(Step::Wait),
    ]
}

#[derive(Default)]
struct Model {
    balances: BTreeMap<usize, u64>,
    allowances: BTreeMap<(usize, usize), (u64, u64)>,
}

impl Model {
    fn balance(&self, who: usize) -> u64 {
        self.balances.get(&who).copied().unwrap_or(0)
    }

    fn move_units(&mut self, from: usize, to: usize, amount: u64) -> bool {
        if self.balance(from) < amount {
            return false;
        }
        *self.balances.entry(from).or_default() -= amount;
        *self.balances.entry(to).or_default() += amount;
        true
    }

    fn allow(&mut self, owner: usize, spender: usize, amount: u64, end: u64) {
        self.allowances.insert((owner, spender), (amount, end));
        self.allowances.retain(|_, (amount, _)| *amount != 0);
    }

    /// Whether the step succeeds; changes the model when it does.
    fn apply(&mut self, step: &Step, now: u64) -> bool {
        match *step {
            Step::Transfer(from, to, amount) => self.move_units(from, to, amount),
            Step::Take(by, from, to, amount) => {
                let (allowed, end) = self.allowances.get(&(from, by)).copied().unwrap_or((0, u64::MAX));
                if now > end || allowed < amount || !self.move_units(from, to, amount) {
                    return false;
                }
                if amount > 0 {
                    self.allow(from, by, allowed - amount, end);
                }
                true
            }
            Step::Approve(owner, spender, amount) => {
                self.allow(owner, spender, amount, now + LONGEST_ALLOWANCE);
                true
            }
            Step::ApproveUntil(owner, spender, amount, seconds) => {
                self.allow(owner, spender, amount, now + seconds);
                true
            }
            Step::Mint(by, amount) => {
                if by == 0 {
                    *self.balances.entry(1).or_default() += amount;
                }
                by == 0
            }
            Step::Burn(by, amount) => {
                if self.balance(by) < amount {
                    return false;
                }
                *self.balances.entry(by).or_default() -= amount;
                true
            }
            Step::Wait(_) => true,
        }
    }
}

fn encode(step: &Step, now: u64) -> Option<(Address, Vec<u8>)> {
    Some(match *step {
        Step::Transfer(from, to, amount) => {
            (PEOPLE[from], IToken::transferCall { to: PEOPLE[to], value: units(amount) }.abi_encode())
        }
        Step::Take(by, from, to, amount) => {
            let call = IToken::transferFromCall { from: PEOPLE[from], to: PEOPLE[to], value: units(amount) };
            (PEOPLE[by], call.abi_encode())
        }
        Step::Approve(owner, spender, amount) => {
            (PEOPLE[owner], IToken::approveCall { spender: PEOPLE[spender], value: units(amount) }.abi_encode())
        }
        Step::ApproveUntil(owner, spender, amount, seconds) => {
            let (spender, value) = (PEOPLE[spender], units(amount));
            (PEOPLE[owner], IToken::approveUntilCall { spender, value, expiresAt: now + seconds }.abi_encode())
        }
        Step::Mint(by, amount) => (PEOPLE[by], IToken::mintCall { to: PEOPLE[1], value: units(amount) }.abi_encode()),
        Step::Burn(by, amount) => (PEOPLE[by], IToken::burnCall { value: units(amount) }.abi_encode()),
        Step::Wait(_) => return None,
    })
}

fn compare(world: &mut World, model: &Model) -> Result<(), TestCaseError> {
    let token = world.token;
    let law = world.chain.native(|cx| audit::full(&ledger_of(cx, token), &PEOPLE)).expect("reads");
    prop_assert_eq!(law, Ok(()));
    let now = world.chain.block.timestamp;
    for (index, owner) in PEOPLE.into_iter().enumerate() {
        prop_assert_eq!(world.read(IToken::balanceOfCall { owner }), units(model.balance(index)));
        let rows = world.read(IToken::allowancesOfCall { owner, offset: U256::ZERO, limit: U256::MAX });
        let listed: BTreeMap<Address, (U256, u64)> =
            rows.iter().map(|row| (row.spender, (row.value, row.expiresAt))).collect();
        prop_assert_eq!(listed.len(), rows.len(), "nobody twice");
        let expected: BTreeMap<Address, (U256, u64)> = model
            .allowances
            .iter()
            .filter(|((of, _), _)| *of == index)
            .map(|((_, spender), (value, end))| (PEOPLE[*spender], (units(*value), *end)))
            .collect();
        prop_assert_eq!(&listed, &expected);
        for (spender, (value, end)) in listed {
            let answer = world.read(IToken::allowanceCall { owner, spender });
            prop_assert_eq!(answer, if now > end { U256::ZERO } else { value });
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("LIMPID_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(24)
    ))]

    /// TK-1, TK-2, TK-4: balances, allowances and lists are the model's after every step.
    #[test]
    fn a_token_is_its_model(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new(Some(ANN));
        let mut model = Model::default();
        model.balances.insert(0, SUPPLY.to());
        for step in steps {
            if let Step::Wait(seconds) = step {
                world.chain.block.timestamp += seconds;
            }
            let now = world.chain.block.timestamp;
            let expected = model.apply(&step, now);
            if let Some((by, data)) = encode(&step, now) {
                let token = world.token;
                let outcome = world.chain.send(by, token, U256::ZERO, data);
                prop_assert_eq!(outcome.success, expected, "{:?}: {:?}", step, refusal(&outcome));
            }
            compare(&mut world, &model)?;
        }
    }
}
