//! Nothing goes wrong: four validators, one chain.

use crate::world::{HONEST, Run, VALIDATORS, run, run_with};
use limpid_cluster::Timing;
use std::time::Duration;

const ALL: [usize; VALIDATORS] = [0, 1, 2, 3];

fn twenty_blocks(seed: u64) -> Run {
    let (disks, run) = run(seed, 20, HONEST, async |world| world.until_height(&ALL, 26).await);
    for validator in ALL {
        disks.seen(validator, |seen| {
            assert!(seen.refused.is_empty(), "{:?}", seen.refused);
            assert!(seen.built > 0, "each led");
        });
    }
    run
}

#[test]
fn four_validators_make_one_chain_and_the_same_seed_the_same_run() {
    let first = twenty_blocks(1);
    assert!(first.roots.len() >= 24);
    // Three traders, a swap and a transfer each, twenty rounds, none twice and none lost.
    assert_eq!((first.swaps, first.transfers), (60, 60));
    assert_eq!(twenty_blocks(1), first, "a run is a function of its seed");
    let other = twenty_blocks(2);
    assert_ne!(other.hash, first.hash, "other delays, another run");
    assert_eq!((other.swaps, other.transfers), (60, 60));
}

/// Leaders that do not wait build over blocks that are not final.
#[test]
fn blocks_over_blocks_that_are_not_final_take_nothing_twice() {
    let hurried = Timing { pace: Duration::ZERO, ..Timing::default() };
    let (disks, run) = run_with(hurried, 10, 40, HONEST, async |world| world.until_height(&ALL, 100).await);
    assert_eq!((run.swaps, run.transfers), (120, 120));
    for validator in ALL {
        disks.seen(validator, |seen| {
            assert!(seen.refused.is_empty(), "{:?}", seen.refused);
            assert!(seen.built_ahead > 0 && seen.executed_ahead > 0, "{} {}", seen.built_ahead, seen.executed_ahead);
            assert!(seen.turned_down.is_empty(), "offered again: {:?}", seen.turned_down);
        });
    }
}
