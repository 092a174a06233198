//! Taking over another node's blocks: executed here, signed by the operator, or refused with nothing changed.

use crate::support::*;
use alloy_primitives::{Address, B256, U256};
use limpid_chain::{
    Block, BlockFault, ChainError, Genesis, GenesisAccount, Mining, Node, NodeOptions, Operator, node::FollowError,
};
use std::{thread, time::Duration};

const TO: Address = Address::repeat_byte(0x11);

fn genesis(operator: &Operator) -> Genesis {
    let account = GenesisAccount { balance: U256::from(10u128.pow(20)), ..GenesisAccount::default() };
    Genesis {
        operator: Some(operator.address()),
        alloc: [(key(0).address(), account)].into(),
        ..Genesis::new(CHAIN, 1_700_000_000)
    }
}

/// A node that makes blocks, with six of them, and one that follows.
fn two_nodes() -> (Operator, Node, Node) {
    let operator = Operator::new(&[7; 32]).unwrap();
    let mining = Mining::Interval(Duration::from_millis(20));
    let leads = NodeOptions { mining, operator: Some(operator.clone()), ..NodeOptions::steady() };
    let leader = Node::in_memory(genesis(&operator), leads).unwrap();
    send(&leader, &raw(transfer(0, TO, 1), &key(0)));
    while leader.block_number() < 6 {
        thread::sleep(Duration::from_millis(10));
    }
    let follows = NodeOptions { mining: Mining::Manual, ..NodeOptions::steady() };
    let follower = Node::in_memory(genesis(&operator), follows).unwrap();
    (operator, leader, follower)
}

fn block(node: &Node, height: u64) -> (B256, Block) {
    let found = node.block_at(height).unwrap().unwrap();
    (found.block.hash, found.block.unseal())
}

#[test]
fn a_follower_has_the_blocks_the_state_and_the_signatures() {
    let (_, leader, follower) = two_nodes();
    for height in 1..=6 {
        let (hash, block) = block(&leader, height);
        let signature = leader.signature(hash).unwrap();
        assert!(signature.is_some());
        assert_eq!(follower.follow(block, signature).unwrap().block.hash, hash);
        assert_eq!(follower.signature(hash).unwrap(), signature);
    }
    assert_eq!(follower.block_at(6).unwrap(), leader.block_at(6).unwrap(), "receipts too");
    assert_eq!(balance(&follower, TO), U256::from(1));
    assert_replays(&follower);
}

#[test]
fn what_is_not_the_operators_or_not_the_rules_is_refused_and_changes_nothing() {
    let (operator, leader, follower) = two_nodes();
    let sign = |block: &Block, by: &Operator| Some(by.sign(CHAIN, block.header.hash_slow()));
    let (_, good) = block(&leader, 1);
    let refused = |block: Block, signature| {
        let error = follower.follow(block, signature).unwrap_err();
        assert!(error.is_evidence(), "{error}");
        assert_eq!(follower.block_number(), 0);
        error
    };

    // The operator signed a state that execution does not give.
    let mut lie = good.clone();
    lie.header.state_root = B256::repeat_byte(1);
    let error = refused(lie.clone(), sign(&lie, &operator));
    let is_root = |reason: &BlockFault| matches!(reason, BlockFault::Field { field: "state_root", .. });
    assert!(matches!(&error, FollowError::Chain(ChainError::Invalid { reason, .. }) if is_root(reason)), "{error}");

    let stranger = Operator::new(&[9; 32]).unwrap();
    for (signature, signer) in [(None, None), (sign(&good, &stranger), Some(stranger.address()))] {
        let error = refused(good.clone(), signature);
        assert!(matches!(error, FollowError::Signer { signer: found, .. } if found == signer), "{error}");
    }
    // A signature of another block is nobody's of this one.
    assert!(matches!(refused(good.clone(), sign(&lie, &operator)), FollowError::Signer { .. }));

    let (_, later) = block(&leader, 2);
    let error = refused(later.clone(), sign(&later, &operator));
    assert!(matches!(error, FollowError::Chain(ChainError::UnknownParent(_))), "{error}");

    follower.follow(good.clone(), sign(&good, &operator)).unwrap();
    assert_eq!(follower.block_number(), 1);
    follower.halt("tested");
    assert_eq!(follower.halted().as_deref(), Some("tested"));
    let error = follower.follow(later.clone(), sign(&later, &operator)).unwrap_err();
    assert!(!error.is_evidence(), "{error}");
}
