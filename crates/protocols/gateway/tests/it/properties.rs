//! The gateway's invariants after every step of any sequence, with a token whose balances grow, shrink and
//! cost fees (GW-1, GW-2, GW-3).

use crate::world::*;
use alloy_primitives::{Address, U256};
use limpid_abi::{IERC20, IGateway, IToken};
use proptest::prelude::*;

const PEOPLE: [Address; 3] = [ALICE, BOB, CAROL];
const FIXTURES: [&str; 5] = ["Honest", "FeeOnTransfer", "FeeOnTop", "Rebasing", "NoReturn"];

#[derive(Clone, Debug)]
enum Step {
    Wrap(usize, u64),
    Unwrap(usize, u64),
    Pass(usize, usize, u64),
    Gift(usize, u64),
    Rebase(u64),
    Measure,
}

fn step() -> impl Strategy<Value = Step> {
    let (who, amount) = (|| 0usize..3, || prop_oneof![0u64..5, 0u64..500, 0u64..200_000]);
    prop_oneof![
        4 => (who(), amount()).prop_map(|(w, a)| Step::Wrap(w, a)),
        4 => (who(), amount()).prop_map(|(w, a)| Step::Unwrap(w, a)),
        1 => (who(), who(), amount()).prop_map(|(a, b, n)| Step::Pass(a, b, n)),
        1 => (who(), amount()).prop_map(|(w, a)| Step::Gift(w, a)),
        1 => (50u64..150).prop_map(Step::Rebase),
        1 => Just(Step::Measure),
    ]
}

struct Before {
    held: U256,
    supply: U256,
    foreign: U256,
    native: U256,
}

fn look(world: &mut World, who: Address) -> Before {
    let held = world.foreign(world.at.gateway);
    Before { held, supply: world.supply(), foreign: world.foreign(who), native: world.native(who) }
}

/// `rounding`: what a balance that the token shows may be off by, because the token itself counts in shares of an index.
fn run(world: &mut World, step: &Step, rounding: U256) -> Result<(), TestCaseError> {
    let (gateway, token, wrapped) = (world.at.gateway, world.token, world.wrapped());
    match *step {
        Step::Wrap(who, amount) => {
            let who = PEOPLE[who];
            let before = look(world, who);
            let outcome = world.wrap(who, amount);
            let after = look(world, who);
            let minted = after.supply - before.supply;
            prop_assert_eq!(after.native - before.native, minted);
            prop_assert!(minted <= units(amount), "at most what was asked for");
            prop_assert!(minted <= after.held.saturating_sub(before.held), "what arrived");
            prop_assert_eq!(outcome.success, !minted.is_zero());
            prop_assert!(minted.is_zero() || after.held >= after.supply, "never minted into a shortfall");
            prop_assert!(before.foreign - after.foreign + rounding >= minted, "nobody gets more than he paid");
        }
        Step::Unwrap(who, amount) => {
            let who = PEOPLE[who];
            let before = look(world, who);
            let outcome = world.unwrap(who, amount);
            let after = look(world, who);
            let burned = before.supply - after.supply;
            prop_assert_eq!(burned, if outcome.success { units(amount) } else { U256::ZERO });
            prop_assert_eq!(before.native - after.native, burned);
            prop_assert!(before.held - after.held <= burned, "took more than was burned");
            prop_assert!(after.foreign - before.foreign <= burned + rounding);
        }
        Step::Pass(from, to, amount) => {
            world.send(PEOPLE[from], wrapped, IToken::transferCall { to: PEOPLE[to], value: units(amount) });
        }
        Step::Gift(from, amount) => {
            world.send(PEOPLE[from], token, IERC20::transferCall { to: gateway, value: units(amount) });
        }
        Step::Rebase(percent) => {
            let to = U256::from(percent) * U256::from(10).pow(U256::from(16));
            world.send(ALICE, token, IFixture::rebaseCall { to });
        }
        Step::Measure => {
            world.send(BOB, gateway, IGateway::measureCall { token });
        }
    }
    Ok(())
}

fn cases() -> u32 {
    std::env::var("LIMPID_GATEWAY_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_after_every_step(fixture in 0usize..FIXTURES.len(), steps in prop::collection::vec(step(), 1..25)) {
        let Some(mut world) = World::new(FIXTURES[fixture]) else { return Ok(()) };
        for person in [BOB, CAROL] {
            world.give(person, 100_000);
            world.approve(person);
        }
        assert!(world.wrap(ALICE, 1_000).success);
        let rounding = units(u64::from(FIXTURES[fixture] == "Rebasing"));
        for step in &steps {
            run(&mut world, step, rounding)?;
            world.audit();
        }
        let sum: U256 = PEOPLE.into_iter().map(|who| world.native(who)).sum();
        prop_assert_eq!(sum, world.supply());
    }
}
