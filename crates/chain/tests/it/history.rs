//! The history of an address, and finding logs.

use crate::support::*;
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, U256};
use limpid_chain::{
    Node,
    history::{Direction, Entry, EntryKind},
    logs::{LogError, LogFilter},
};

const TO: Address = Address::repeat_byte(0x11);

fn all(node: &Node, address: Address) -> Vec<Entry> {
    node.history(address, None, 1_000).unwrap().entries
}

/// What an entry says besides where it stands.
fn gist(entry: &Entry) -> (EntryKind, Direction, Option<Address>, U256, bool) {
    (entry.kind, entry.direction, entry.counterparty, entry.quantity, entry.success)
}

#[test]
fn both_sides_of_a_transaction() {
    let node = node();
    let me = key(0).address();
    let found = send(&node, &raw(transfer(0, TO, 5), &key(0)));
    let fee = U256::from(found.receipt.effective_gas_price) * U256::from(found.receipt.gas_used);
    let [out] = all(&node, me).try_into().unwrap();
    assert_eq!(gist(&out), (EntryKind::Transaction, Direction::Out, Some(TO), U256::from(5), true));
    assert_eq!((out.fee, out.timestamp), (fee, found.place.timestamp));
    assert_eq!((out.tx_hash, out.cursor.at), (found.tx.hash(), found.place.at));
    let [into] = all(&node, TO).try_into().unwrap();
    assert_eq!(gist(&into), (EntryKind::Transaction, Direction::In, Some(me), U256::from(5), true));
    send(&node, &raw(transfer(1, me, 6), &key(0)));
    let [own, _] = all(&node, me).try_into().unwrap();
    assert_eq!(gist(&own), (EntryKind::Transaction, Direction::Own, Some(me), U256::from(6), true));
}

#[test]
fn creations() {
    let node = node();
    let (me, created) = (key(0).address(), key(0).address().create(0));
    send(&node, &raw(deploy(0, &counter()), &key(0)));
    let broken = TxEip1559 { input: vec![0xfe].into(), ..deploy(1, &[]) };
    assert!(!send(&node, &raw(broken, &key(0))).receipt.success);
    let [failed, made] = all(&node, me).try_into().unwrap();
    assert_eq!(gist(&made), (EntryKind::Transaction, Direction::Out, Some(created), U256::ZERO, true));
    assert_eq!(gist(&failed), (EntryKind::Transaction, Direction::Out, None, U256::ZERO, false));
    assert_eq!(all(&node, created).len(), 1);
}

#[test]
fn coin_that_moves_inside() {
    let node = node();
    let (me, middle) = (key(0).address(), key(0).address().create(0));
    send(&node, &raw(deploy(0, &forwarder()), &key(0)));
    let tx = TxEip1559 { value: U256::from(9), input: TO.into_word().into(), ..call(1, middle) };
    let found = send(&node, &raw(tx, &key(0)));
    let [inside] = all(&node, TO).try_into().unwrap();
    assert_eq!(gist(&inside), (EntryKind::Move, Direction::In, Some(middle), U256::from(9), true));
    assert_eq!(inside.fee, U256::ZERO);
    let [out, into, _created] = all(&node, middle).try_into().unwrap();
    assert_eq!(gist(&out), (EntryKind::Move, Direction::Out, Some(TO), U256::from(9), true));
    assert_eq!(gist(&into), (EntryKind::Transaction, Direction::In, Some(me), U256::from(9), true));
    let [moved] = node.moves(found.place.at).unwrap().try_into().unwrap();
    assert_eq!((moved.from, moved.to, moved.amount), (middle, TO, U256::from(9)));
    assert_replays(&node);
}

/// Runtime that logs Transfer(caller, calldata word 0, 7): token transfers as ERC-20 logs them.
fn mover() -> Vec<u8> {
    let topic = alloy_primitives::keccak256("Transfer(address,address,uint256)");
    let mut code = vec![0x60, 7, 0x5f, 0x52, 0x5f, 0x35, 0x33, 0x7f]; // MSTORE(0, 7), CALLDATALOAD(0), CALLER, PUSH32
    code.extend_from_slice(topic.as_slice());
    code.extend_from_slice(&[0x60, 32, 0x5f, 0xa3, 0x00]); // LOG3(0, 32, topic, caller, word)
    code
}

#[test]
fn token_transfers() {
    let node = node();
    let (me, token) = (key(0).address(), key(0).address().create(0));
    send(&node, &raw(deploy(0, &mover()), &key(0)));
    send(&node, &raw(TxEip1559 { input: TO.into_word().into(), ..call(1, token) }, &key(0)));
    let [into] = all(&node, TO).try_into().unwrap();
    assert_eq!(gist(&into), (EntryKind::Token, Direction::In, Some(me), U256::from(7), true));
    assert_eq!(into.asset, Some(token));
    // Burning: the zero address has no entry of its own.
    send(&node, &raw(TxEip1559 { input: B256::ZERO.into(), ..call(2, token) }, &key(0)));
    assert_eq!(all(&node, Address::ZERO), []);
    let newest = all(&node, me).remove(0);
    assert_eq!(gist(&newest), (EntryKind::Token, Direction::Out, Some(Address::ZERO), U256::from(7), true));
}

#[test]
fn pages_are_whole_and_newest_first() {
    let node = manual_node();
    for nonce in 0..45 {
        node.send_raw_transaction(&raw(transfer(nonce, TO, nonce), &key(0))).unwrap();
        if nonce % 10 == 9 {
            node.mine(1, None).unwrap();
        }
    }
    node.mine(1, None).unwrap();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = node.history(TO, before, 7).unwrap();
        seen.extend(page.entries.iter().map(|entry| entry.quantity.to::<u64>()));
        before = page.next;
        if before.is_none() {
            break;
        }
        assert_eq!(page.entries.len(), 7);
    }
    assert_eq!(seen, (0..45).rev().collect::<Vec<_>>());
    let exact = node.history(TO, None, 45).unwrap();
    assert_eq!((exact.entries.len(), exact.next), (45, None), "a page that ends with the last entry says so");
    assert_eq!(node.history(stranger(99).address(), None, 7).unwrap().entries, []);
}

fn node_with_logs() -> (Node, [Address; 2]) {
    let node = manual_node();
    let contracts = [key(0).address().create(0), key(0).address().create(1)];
    for nonce in 0..2 {
        node.send_raw_transaction(&raw(deploy(nonce, &counter()), &key(0))).unwrap();
    }
    node.mine(1, None).unwrap();
    for nonce in 0..6 {
        let contract = contracts[usize::from(nonce % 3 == 0)];
        node.send_raw_transaction(&raw(call(nonce, contract), &key(1))).unwrap();
        node.mine(2, None).unwrap();
    }
    (node, contracts)
}

#[test]
fn logs_by_address_and_topic() {
    let (node, [often, seldom]) = node_with_logs();
    let head = node.block_number();
    let find = |addresses: Vec<Address>, topics: Vec<Vec<B256>>| {
        let found = node.logs(&LogFilter { addresses, topics }, 0, head).unwrap();
        found.into_iter().map(|log| log.at.height).collect::<Vec<_>>()
    };
    let topic = |byte: u8| B256::with_last_byte(byte);
    let caller = key(1).address().into_word();
    let everything = find(vec![], vec![]);
    assert_eq!(everything, [2, 4, 6, 8, 10, 12]);
    assert_eq!(find(vec![often], vec![]), [4, 6, 10, 12]);
    assert_eq!(find(vec![seldom], vec![]), [2, 8]);
    assert_eq!(find(vec![often, seldom], vec![vec![topic(0x42)]]), everything);
    assert_eq!(find(vec![], vec![vec![], vec![caller]]), everything);
    assert_eq!(find(vec![seldom], vec![vec![topic(1), topic(0x42)], vec![caller]]), [2, 8]);
    assert_eq!(find(vec![], vec![vec![topic(1)]]), Vec::<u64>::new());
    assert_eq!(find(vec![], vec![vec![], vec![], vec![]]), Vec::<u64>::new(), "fewer topics than asked about");
    assert_eq!(find(vec![stranger(3).address()], vec![]), Vec::<u64>::new());
    let some = node.logs(&LogFilter::default(), 4, 8).unwrap();
    assert_eq!(some.iter().map(|log| (log.at.height, log.log_index)).collect::<Vec<_>>(), [(4, 0), (6, 0), (8, 0)]);
}

/// The index finds what reading every block finds, also where one transaction logs the address and another the topic.
#[test]
fn the_index_leaves_no_log_out() {
    let (node, contracts) = node_with_logs();
    for nonce in 0..9u64 {
        let to = contracts[usize::from(nonce % 2 == 0)];
        for who in [2, 3].into_iter().filter(|who| nonce % u64::from(*who) == 0) {
            let next = node.pending_nonce(key(who).address()).unwrap();
            node.send_raw_transaction(&raw(call(next, to), &key(who))).unwrap();
        }
        if nonce % 3 == 2 {
            node.mine(1, None).unwrap();
        }
    }
    let head = node.block_number();
    let blocks: Vec<_> = (0..=head).map(|height| node.block_at(height).unwrap().unwrap()).collect();
    let addresses = [vec![], vec![contracts[0]], vec![contracts[1]], contracts.to_vec()];
    let callers = [1, 2, 3].map(|who| key(who).address().into_word());
    let topics = [vec![], vec![B256::with_last_byte(0x42)]];
    let by = [vec![], vec![callers[0]], vec![callers[1]], vec![callers[1], callers[2]]];
    let mut seen = 0;
    for addresses in &addresses {
        for (topic, caller) in topics.iter().flat_map(|topic| by.iter().map(move |caller| (topic, caller))) {
            let filter = LogFilter { addresses: addresses.clone(), topics: vec![topic.clone(), caller.clone()] };
            let all: Vec<_> = blocks.iter().flat_map(|block| filter.select(block)).collect();
            seen += usize::from(!all.is_empty());
            assert_eq!(node.logs(&filter, 0, head).unwrap(), all, "{filter:?}");
            let some: Vec<_> = all.into_iter().filter(|log| (5..head).contains(&log.at.height)).collect();
            assert_eq!(node.logs(&filter, 5, head - 1).unwrap(), some, "{filter:?}");
        }
    }
    assert!(seen > 20, "{seen} of 32 filters find something");
}

#[test]
fn searches_have_limits() {
    let (node, _) = node_with_logs();
    let head = node.block_number();
    let everything = LogFilter::default();
    let limits = limpid_chain::logs::LogLimits { logs: 3, ..Default::default() };
    assert!(matches!(node.logs(&everything, 3, 2), Err(LogError::Reversed { .. })));
    assert!(matches!(node.logs(&everything, 0, head + 1), Err(LogError::Future { .. })));
    let search = |limits| {
        let genesis = node.genesis().clone();
        let options = limpid_chain::NodeOptions { logs: limits, ..limpid_chain::NodeOptions::dev() };
        let store = node.ledger().state().store().clone();
        let other = Node::start(store, genesis, node.rules().clone(), options).unwrap();
        other.logs(&everything, 0, head).unwrap_err().to_string()
    };
    assert!(search(limits).contains("more than 3 results; narrow the block range: 0 to 7 fits"));
    let limits = limpid_chain::logs::LogLimits { transactions: 2, ..Default::default() };
    assert!(search(limits).contains("reads more than 2 transactions"));
    let limits = limpid_chain::logs::LogLimits { range: 5, ..Default::default() };
    assert!(search(limits).contains("maximum block range: 5"));
}

#[test]
fn fees_for_wallets() {
    let node = manual_node();
    for (nonce, tip) in [(0, 1), (1, 2), (2, 9)] {
        let tx = TxEip1559 { max_priority_fee_per_gas: tip, ..transfer(nonce, TO, 1) };
        node.send_raw_transaction(&raw(tx, &key(0))).unwrap();
    }
    node.mine(1, None).unwrap();
    let history = node.fee_history(10, 1, &[0, 3_000, 5_000, 10_000]).unwrap();
    assert_eq!((history.oldest, history.base_fees.len(), history.gas.len()), (0, 3, 2));
    assert_eq!(history.gas[1], (63_000, 200_000_000));
    assert_eq!(history.tips, [vec![0, 0, 0, 0], vec![1, 1, 2, 9]]);
    assert_eq!(history.base_fees[2], node.next_base_fee());
    assert_eq!(node.suggested_tip().unwrap(), 2);
}
