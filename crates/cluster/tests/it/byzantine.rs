//! One validator of four lies.

use crate::{scene::START, watch::Lie, world::run};

#[test]
fn a_block_with_a_wrong_state_root_gets_no_vote() {
    let lies = [Lie::StateRoot, Lie::None, Lie::None, Lie::None];
    let (disks, run) = run(8, 20, lies, async |world| world.until_height(&[0, 1, 2, 3], 26).await);
    assert_eq!((run.swaps, run.transfers), (60, 60), "the others make the chain");
    for validator in 1..4 {
        disks.seen(validator, |seen| {
            assert!(!seen.refused.is_empty(), "it led, and was refused");
            for (hash, reason) in &seen.refused {
                assert!(reason.contains("state_root is 0xbb"), "{reason}");
                assert!(seen.committed.iter().all(|block| block.block.hash != *hash));
            }
        });
    }
}

#[test]
fn a_block_from_the_future_gets_no_vote() {
    let lies = [Lie::None, Lie::Future, Lie::None, Lie::None];
    let (disks, _) = run(9, 20, lies, async |world| world.until_height(&[0, 1, 2, 3], 16).await);
    disks.seen(1, |seen| assert!(seen.known > seen.committed.len(), "it led, and in vain"));
    disks.seen(0, |seen| {
        assert!(seen.refused.is_empty(), "no proof, no verdict: {:?}", seen.refused);
        let latest = seen.committed.iter().map(|block| block.block.header.timestamp).max().unwrap();
        assert!(latest < START + 600, "{latest}");
    });
}
