//! Crashes and partitions.

use crate::{
    watch::{BROKEN_FROM, Lie},
    world::{Disks, HONEST, World, run, runner},
};
use commonware_runtime::Runner;
use std::time::Duration;

#[test]
fn a_validator_that_crashed_comes_back_at_its_head() {
    run(3, 30, HONEST, async |world| {
        world.until_height(&[0, 1, 2, 3], 6).await;
        world.kill(0).await;
        let stopped_at = world.height(0);
        // A dead leader costs a view each time; the others go on.
        world.until_height(&[1, 2, 3], stopped_at + 8).await;
        assert_eq!(world.height(0), stopped_at);
        world.boot(0).await;
        world.until_height(&[0, 1, 2, 3], stopped_at + 20).await;
        // `Watched::commit` saw every height once, over both lives.
    });
}

#[test]
fn a_crash_at_any_moment_costs_nothing_committed() {
    run(4, 30, HONEST, async |world| {
        for moment in 0..6u64 {
            let validator = usize::try_from(moment % 4).unwrap();
            world.pass(Duration::from_millis(700 + 130 * moment)).await;
            let before = world.height(validator);
            world.kill(validator).await;
            world.pass(Duration::from_millis(400)).await;
            world.boot(validator).await;
            world.until_height(&[0, 1, 2, 3], before + 3).await;
        }
    });
}

#[test]
fn a_cluster_without_power_goes_on_where_it_was() {
    let ((disks, heights), checkpoint) = runner(5).start_and_recover(|context| async move {
        let mut world = World::start(context, Disks::new(30, HONEST)).await;
        world.until_height(&[0, 1, 2, 3], 8).await;
        for validator in 0..4 {
            world.kill(validator).await;
        }
        let heights = [0, 1, 2, 3].map(|one| world.height(one));
        (world.disks, heights)
    });
    let (_, run) = commonware_runtime::deterministic::Runner::from(checkpoint).start(|context| async move {
        let mut world = World::start(context, disks).await;
        assert_eq!([0, 1, 2, 3].map(|one| world.height(one)), heights);
        world.until_height(&[0, 1, 2, 3], 20).await;
        world.check().await
    });
    assert!(run.roots.len() >= 20);
}

#[test]
fn without_a_quorum_nothing_is_committed_and_the_healed_cluster_goes_on() {
    run(6, 30, HONEST, async |world| {
        world.until_height(&[0, 1, 2, 3], 6).await;
        world.cut(&[0, 1]).await;
        world.pass(Duration::from_secs(2)).await;
        let (heights, known) = state(world);
        world.pass(Duration::from_secs(30)).await;
        assert_eq!(state(world).0, heights, "two of four decide nothing");
        let waiting = known.iter().zip(heights).filter(|(known, height)| **known as u64 > *height).count();
        assert!(waiting > 0, "blocks were executed that are not final: {known:?} {heights:?}");
        world.heal(&[0, 1]).await;
        world.until_height(&[0, 1, 2, 3], heights.into_iter().max().unwrap() + 10).await;
    });
}

fn state(world: &World) -> ([u64; 4], [usize; 4]) {
    let known = [0, 1, 2, 3].map(|one| world.disks.seen(one, |seen| seen.known));
    ([0, 1, 2, 3].map(|one| world.height(one)), known)
}

#[test]
fn who_was_cut_off_catches_up() {
    run(7, 40, HONEST, async |world| {
        world.until_height(&[0, 1, 2, 3], 6).await;
        world.cut(&[3]).await;
        world.until_height(&[0, 1, 2], 20).await;
        let behind = world.height(3);
        assert!(behind < 10, "{behind}");
        world.heal(&[3]).await;
        world.until_height(&[0, 1, 2, 3], 32).await;
    });
}

#[test]
fn who_cannot_commit_stops_and_takes_nobody_along() {
    let lies = [Lie::None, Lie::None, Lie::BrokenStore, Lie::None];
    run(11, 30, lies, async |world| {
        world.until_height(&[0, 1, 3], BROKEN_FROM + 8).await;
        assert_eq!(world.height(2), BROKEN_FROM - 1);
        assert!(world.is_over(2), "it votes no more");
        world.kill(2).await;
        world.repair(2);
        world.boot(2).await;
        // What was final and not committed comes again.
        world.until_height(&[0, 1, 2, 3], BROKEN_FROM + 20).await;
    });
}
