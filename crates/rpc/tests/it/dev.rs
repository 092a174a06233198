//! What only a development chain offers.

use crate::world::*;
use alloy_primitives::{Address, U256};
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
        let of_dev = ["evm_", "anvil_", "hardhat_", "eth_send", "eth_sign", "personal_"];
        assert!(of_dev.iter().any(|space| name.starts_with(space)), "{name}");
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
    assert_ne!(world.ask("evm_snapshot", json!([])), first, "no id is given twice");
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
fn starting_over() {
    let world = World::manual();
    let raw = |nonce| alloy_primitives::hex::encode_prefixed(sign(transfer(nonce, WHO, 5), &key(0)));
    let waiting = || world.ask("txpool_status", json!([]))["pending"].clone();
    for nonce in 0..3 {
        world.ask("eth_sendRawTransaction", json!([raw(nonce)]));
    }
    world.ask("anvil_removePoolTransactions", json!([key(1).address()]));
    assert_eq!(waiting(), "0x3", "those of somebody else stay");
    world.ask("anvil_removePoolTransactions", json!([key(0).address()]));
    assert_eq!(waiting(), "0x0");
    world.ask("eth_sendRawTransaction", json!([raw(0)]));
    let made = world.ask("evm_mine_detailed", json!([{ "blocks": 2 }]));
    assert_eq!(made[0]["transactions"][0]["value"], "0x5");
    assert_eq!(
        (&made[0]["number"], &made[1]["number"], made.as_array().unwrap().len()),
        (&json!("0x1"), &json!("0x2"), 2)
    );
    world.ask("anvil_rollback", json!([]));
    assert_eq!(world.ask("eth_blockNumber", json!([])), "0x1");
    assert_eq!(world.refuse("anvil_rollback", json!([2])).0, -32602);
    world.ask("anvil_addBalance", json!([WHO, "0x64"]));
    assert_eq!(world.ask("eth_getBalance", json!([WHO])), "0x69");
    assert_eq!(world.refuse("anvil_addBalance", json!([WHO, U256::MAX])).0, -32602);
    world.ask("eth_sendRawTransaction", json!([raw(1)]));
    assert_eq!(world.refuse("hardhat_reset", json!([{ "forking": { "jsonRpcUrl": "http://x" } }])).0, -32000);
    world.ask("hardhat_reset", json!([]));
    assert_eq!((world.ask("eth_blockNumber", json!([])), waiting()), (json!("0x0"), json!("0x0")));
    assert_eq!(world.ask("eth_getBalance", json!([WHO])), "0x0");
    world.ask("eth_sendRawTransaction", json!([raw(0)]));
    world.ask("anvil_dropAllTransactions", json!([]));
    assert_eq!(waiting(), "0x0");
    world.ask("evm_setTime", json!([4_000_000_000u64]));
    world.ask("evm_mine", json!([]));
    let time = world.ask("eth_getBlockByNumber", json!(["latest"]))["timestamp"].as_str().unwrap().to_owned();
    assert!(u64::from_str_radix(&time[2..], 16).unwrap() >= 4_000_000_000);
    assert_eq!(world.refuse("anvil_setTime", json!([1])).0, -32000);
    assert_eq!(world.ask("anvil_getGenesisTime", json!([])), 0);
    assert_eq!(world.ask("hardhat_setLoggingEnabled", json!([true])), Value::Null);
    assert_eq!(world.ask("rpc_modules", json!([]))["anvil"], "1.0");
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

#[test]
fn fees_time_and_the_whole_chain() {
    let world = World::manual();
    world.ask("hardhat_setNextBlockBaseFeePerGas", json!(["0x3b9aca07"]));
    assert_eq!(world.ask("eth_baseFee", json!([])), "0x3b9aca07");
    world.ask("anvil_setBlockTimestampInterval", json!([77]));
    world.ask("anvil_mine", json!([2]));
    let block = |height: u64| world.ask("eth_getBlockByNumber", json!([format!("{height:#x}")]));
    assert_eq!(block(1)["baseFeePerGas"], "0x3b9aca07");
    let time = |height: u64| u64::from_str_radix(&block(height)["timestamp"].as_str().unwrap()[2..], 16).unwrap();
    assert_eq!(time(2), time(1) + 77);
    assert_eq!(world.ask("anvil_removeBlockTimestampInterval", json!([])), true);
    let dump = world.ask("anvil_dumpState", json!([]));
    let hash = block(2)["hash"].clone();
    world.ask("anvil_reset", json!([]));
    assert_eq!(world.ask("hardhat_loadState", json!([dump])), true);
    assert_eq!(block(2)["hash"], hash);
    let other = World::manual();
    other.ask("anvil_loadState", json!([dump]));
    assert_eq!(other.ask("eth_getBlockByNumber", json!(["latest"]))["hash"], hash);
    assert_eq!(world.refuse("anvil_loadState", json!(["0x1234"])).0, -32000);
}

#[test]
fn what_cannot_be_sound_says_what_to_do_instead() {
    let world = World::manual();
    for (name, word) in [
        ("anvil_setChainId", "--chain-id"),
        ("evm_setBlockGasLimit", "genesis"),
        ("anvil_setBlockGasLimit", "genesis"),
        ("hardhat_setCoinbase", "fee ledger"),
        ("anvil_setMinGasPrice", "anvil_setNextBlockBaseFeePerGas"),
        ("anvil_impersonateSignature", "anvil_impersonateAccount"),
        ("anvil_reorg", "anvil_rollback"),
        ("anvil_setERC20Allowance", "impersonate"),
        ("anvil_getBlobsByTransactionHash", "no blobs"),
        ("hardhat_setPrevRandao", "parent"),
    ] {
        let (code, message) = world.refuse(name, json!(["0x1"]));
        assert!(code == -32000 && message.contains(word), "{name}: {message}");
    }
}

#[test]
fn a_snapshot_is_of_edits_and_time_too() {
    let world = World::manual();
    let now = || {
        let block = world.ask("eth_getBlockByNumber", json!(["latest"]));
        u64::from_str_radix(block["timestamp"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    };
    world.ask("anvil_setBalance", json!([WHO, "0x64"]));
    world.ask("evm_mine", json!([]));
    let before = now();
    world.ask("anvil_setBalance", json!([WHO, "0x65"]));
    let taken = world.ask("evm_snapshot", json!([]));
    world.ask("anvil_setBalance", json!([WHO, "0x66"]));
    world.ask("evm_increaseTime", json!([1_000_000]));
    world.ask("evm_mine", json!([]));
    assert!(now() >= before + 1_000_000);
    assert_eq!(world.ask("evm_revert", json!([taken])), true);
    assert_eq!(world.ask("eth_getBalance", json!([WHO])), "0x65");
    world.ask("evm_mine", json!([]));
    assert!(now() < before + 500_000, "time goes back with it");
    // A snapshot whose block is gone is none, even when the chain is as high again.
    let taken = world.ask("evm_snapshot", json!([]));
    world.ask("anvil_rollback", json!([1]));
    assert_eq!(world.ask("evm_revert", json!([taken])), false);
    let taken = world.ask("evm_snapshot", json!([]));
    world.ask("anvil_rollback", json!([1]));
    world.ask("anvil_setBalance", json!([WHO, "0x1"]));
    world.ask("anvil_mine", json!([3]));
    assert_eq!(world.ask("evm_revert", json!([taken])), false);
    world.ask("evm_increaseTime", json!([1_000_000]));
    world.ask("anvil_reset", json!([]));
    world.ask("evm_mine", json!([]));
    assert!(now() < before + 500_000, "a chain that begins again begins now");
}

#[test]
fn code_that_cannot_run_is_no_override() {
    let world = World::new();
    for code in ["0xef01", "0xef0100"] {
        let call = json!([{ "to": WHO }, "latest", { WHO.to_string(): { "code": code } }]);
        let (number, words) = world.refuse("eth_call", call);
        assert!(number == -32602 && words.contains("cannot be used"), "{number} {words}");
    }
}
