//! WE-1 after every step of any sequence.

use crate::world::{PEOPLE, World, refusal, wei};
use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use limpid_abi::IWETH9;
use limpid_token::audit as ledger_audit;
use limpid_weth::{Weth, audit};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Deposit(usize, u64),
    Send(usize, u64),
    Withdraw(usize, u64),
    Transfer(usize, usize, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0usize..PEOPLE.len();
    let amount = || prop_oneof![0u64..3, 0u64..1_000];
    prop_oneof![
        (who(), amount()).prop_map(|(a, n)| Step::Deposit(a, n)),
        (who(), amount()).prop_map(|(a, n)| Step::Send(a, n)),
        (who(), amount()).prop_map(|(a, n)| Step::Withdraw(a, n)),
        (who(), who(), amount()).prop_map(|(a, b, n)| Step::Transfer(a, b, n)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("LIMPID_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(32)
    ))]

    #[test]
    fn every_unit_is_backed(steps in prop::collection::vec(step(), 1..50)) {
        let mut world = World::new();
        let mut model = [0u64; PEOPLE.len()];
        for step in steps {
            let (expected, outcome) = match step {
                Step::Deposit(who, amount) => {
                    model[who] += amount;
                    (true, world.send(PEOPLE[who], amount, IWETH9::depositCall {}.abi_encode()))
                }
                Step::Send(who, amount) => {
                    model[who] += amount;
                    (true, world.send(PEOPLE[who], amount, vec![]))
                }
                Step::Withdraw(who, amount) => {
                    let enough = model[who] >= amount;
                    model[who] -= if enough { amount } else { 0 };
                    (enough, world.send(PEOPLE[who], 0, IWETH9::withdrawCall { wad: wei(amount) }.abi_encode()))
                }
                Step::Transfer(from, to, amount) => {
                    let enough = model[from] >= amount;
                    if enough {
                        model[from] -= amount;
                        model[to] += amount;
                    }
                    let call = IWETH9::transferCall { dst: PEOPLE[to], wad: wei(amount) };
                    (enough, world.send(PEOPLE[from], 0, call.abi_encode()))
                }
            };
            prop_assert_eq!(outcome.success, expected, "{:?}: {:?}", step, refusal(&outcome));
            let weth = world.weth;
            let laws = world.chain.native(|cx| {
                Ok((audit(cx.at(weth))?, ledger_audit::full(&Weth::of(cx).ledger, &PEOPLE)?))
            });
            prop_assert_eq!(laws, Ok((Ok(()), Ok(()))));
            prop_assert_eq!(world.chain.balance(weth), U256::from(model.iter().sum::<u64>()));
            for (owner, units) in PEOPLE.into_iter().zip(model) {
                prop_assert_eq!(world.held(owner), wei(units));
            }
        }
    }
}
