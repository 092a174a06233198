//! What only a development chain offers.

use crate::world::*;
use alloy_primitives::Address;
use limpid_chain::{Genesis, Mining};
use limpid_rpc::Config;
use serde_json::{Value, json};

const WHO: Address = Address::repeat_byte(0x33);

#[test]
fn a_chain_that_lasts_has_none_of_it() {
    let dev = limpid_rpc::method_names(node(Genesis::dev(CHAIN), Mining::Manual));
    let lasting = node(Genesis::new(CHAIN, 0), Mining::Manual);
    let names = limpid_rpc::method_names(lasting.clone());
    let world = World::serve(lasting, &Config::default());
    let only_dev: Vec<_> = dev.into_iter().filter(|name| !names.contains(name)).collect();
    assert!(only_dev.contains(&"evm_revert") && only_dev.contains(&"anvil_setBalance") && only_dev.len() > 20);
    for name in only_dev {
        assert!(["evm_", "anvil_", "hardhat_"].iter().any(|space| name.starts_with(space)), "{name}");
        assert_eq!(world.refuse(name, json!([])).0, -32601, "{name}");
    }
}

#[test]
fn blocks_and_time_on_demand() {
    let world = World::manual();
    let latest = || world.ask("eth_getBlockByNumber", json!(["latest"]));
    let time =
        |block: &Value| u64::from_str_radix(block["timestamp"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    assert_eq!(world.ask("evm_mine", json!([])), "0x0");
    let start = time(&latest());
    world.ask("evm_setNextBlockTimestamp", json!([start + 1_000]));
    world.ask("evm_mine", json!([]));
    assert_eq!(time(&latest()), start + 1_000);
    world.ask("evm_mine", json!([start + 2_000]));
    assert_eq!(time(&latest()), start + 2_000);
    world.ask("evm_increaseTime", json!([86_400]));
    world.ask("hardhat_mine", json!(["0x3", "0xa"]));
    assert!(time(&latest()) >= start + 2_000 + 86_400 + 20);
    assert_eq!(latest()["number"], "0x6");
    let (code, message) = world.refuse("evm_setNextBlockTimestamp", json!([start]));
    assert!(code == -32000, "{message}");
    world.ask("evm_mine", json!([{ "blocks": 2 }]));
    assert_eq!(latest()["number"], "0x8");
}

#[test]
fn going_back_and_editing() {
    let world = World::new();
    let first = world.ask("evm_snapshot", json!([]));
    world.send(&sign(transfer(0, WHO, 5), &key(0)));
    let second = world.ask("evm_snapshot", json!([]));
    world.send(&sign(transfer(1, WHO, 5), &key(0)));
    assert_eq!(world.ask("evm_revert", json!([second])), true);
    assert_eq!(world.ask("eth_getBalance", json!([WHO])), "0x5");
    assert_eq!(world.ask("evm_revert", json!([first])), true);
    assert_eq!(world.ask("evm_revert", json!([second])), false, "used up");
    assert_eq!(
        (world.ask("eth_getBalance", json!([WHO])), world.ask("eth_blockNumber", json!([]))),
        (json!("0x0"), json!("0x0"))
    );

    world.ask("hardhat_setBalance", json!([WHO, "0x64"]));
    world.ask("anvil_setNonce", json!([WHO, "0x7"]));
    world.ask("anvil_setCode", json!([WHO, "0x6000"]));
    assert_eq!(world.ask("anvil_setStorageAt", json!([WHO, "0x1", format!("0x{:064x}", 9)])), true);
    world.ask("evm_mine", json!([]));
    assert_eq!(world.ask("eth_getBalance", json!([WHO])), "0x64");
    assert_eq!(world.ask("eth_getTransactionCount", json!([WHO])), "0x7");
    assert_eq!(world.ask("eth_getCode", json!([WHO])), "0x6000");
    assert_eq!(world.ask("eth_getStorageAt", json!([WHO, "0x1"])), format!("0x{:064x}", 9));
    assert_eq!(world.refuse("anvil_setBalance", json!([WHO])).0, -32602);
}

#[test]
fn mining_modes() {
    let world = World::new();
    assert_eq!(world.ask("anvil_getAutomine", json!([])), true);
    assert_eq!(world.ask("evm_setAutomine", json!([false])), true);
    assert_eq!(world.ask("anvil_getAutomine", json!([])), false);
    assert_eq!(world.ask("evm_setIntervalMining", json!([1])), true);
    assert_eq!(world.ask("anvil_getIntervalMining", json!([])), 1);
    eventually("a block by itself", || (world.node.block_number() > 0).then_some(()));
    world.ask("evm_setIntervalMining", json!([0]));
    let info = world.ask("anvil_nodeInfo", json!([]));
    assert_eq!(info["environment"]["chainId"], 31_337);
    assert_eq!(world.ask("hardhat_metadata", json!([]))["clientVersion"], world.ask("web3_clientVersion", json!([])));
    let raw = alloy_primitives::hex::encode_prefixed(sign(transfer(0, WHO, 5), &key(0)));
    let hash = world.ask("eth_sendRawTransaction", json!([raw]));
    assert_eq!(world.ask("anvil_dropTransaction", json!([hash])), hash);
    assert_eq!(world.ask("anvil_dropTransaction", json!([hash])), Value::Null);
}
