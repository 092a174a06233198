//! geth's tracers on bytecode and native contracts, and access lists.

use crate::{
    limpid::{coins, pool, token},
    world::*,
};
use alloy_primitives::{Address, U256, hex};
use alloy_sol_types::SolCall;
use limpid_abi::{IUniswapV2Factory, IUniswapV2Router02, addresses::Addresses};
use serde_json::{Value, json};

const TO: Address = Address::repeat_byte(0x11);

fn name(address: Address) -> String {
    address.to_string().to_lowercase()
}

fn counted(world: &World) -> (Address, Value) {
    let counter = world.deploy(0, COUNTER);
    let receipt = world.send(&sign(call(1, counter, [1, 2, 3]), &key(0)));
    (counter, receipt)
}

/// Every frame of a call tree.
fn frames(tree: &Value) -> Vec<&Value> {
    let inner = tree["calls"].as_array().into_iter().flatten().flat_map(frames);
    std::iter::once(tree).chain(inner).collect()
}

#[test]
fn struct_logs() {
    let world = World::new();
    let (_, receipt) = counted(&world);
    let hash = &receipt["transactionHash"];
    let trace = world.ask("debug_traceTransaction", json!([hash]));
    let gas = u64::from_str_radix(receipt["gasUsed"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    assert_eq!((&trace["gas"], &trace["failed"], &trace["returnValue"]), (&json!(gas), &json!(false), &json!("0x")));
    let logs = trace["structLogs"].as_array().unwrap();
    let names: Vec<_> = logs.iter().map(|log| log["op"].as_str().unwrap()).collect();
    let expected =
        ["PUSH0", "SLOAD", "PUSH1", "ADD", "PUSH0", "SSTORE", "CALLER", "PUSH1", "PUSH0", "PUSH0", "LOG2", "STOP"];
    assert_eq!(names, expected);
    let word = |byte: u8| format!("0x{byte:064x}");
    assert_eq!(logs[1]["storage"], json!({ word(0): word(0) }));
    assert_eq!(
        logs[5],
        json!({
            "pc": 6, "op": "SSTORE", "gas": logs[5]["gas"], "gasCost": 20_000, "depth": 1, "stack": ["0x1", "0x0"],
            "storage": { word(0): word(1) }
        })
    );
    assert_eq!(logs[0]["stack"], json!([]));
    let options = json!({ "disableStack": true, "disableStorage": true, "limit": 7 });
    let bare = world.ask("debug_traceTransaction", json!([hash, options]));
    let bare = bare["structLogs"].as_array().unwrap();
    assert_eq!(bare.len(), 7);
    assert!(bare.iter().all(|log| log.get("stack").is_none() && log.get("storage").is_none()));
    let returned = world.deploy(2, &hex!("604260205260206020f3"));
    let memory = json!({ "enableMemory": true, "enableReturnData": true });
    let trace = world.ask("debug_traceCall", json!([{ "to": returned }, "latest", memory]));
    assert_eq!(trace["returnValue"], json!(word(0x42)));
    assert_eq!(trace["structLogs"][3]["memory"], json!([word(0), word(0x42)]));
    let block = world.ask("debug_traceBlockByNumber", json!(["0x2"]));
    assert_eq!((&block[0]["txHash"], block[0]["result"]["structLogs"].as_array().unwrap().len()), (hash, 12));
}

#[test]
fn halts_are_named_in_struct_logs() {
    let world = World::new();
    let options = |code: &str| json!({ "stateOverrides": { TO.to_string(): { "code": code } } });
    let last = |code: &str| {
        let trace = world.ask("debug_traceCall", json!([{ "to": TO, "gas": "0x100000" }, "latest", options(code)]));
        assert_eq!(trace["failed"], true);
        trace["structLogs"].as_array().unwrap().last().unwrap().clone()
    };
    assert_eq!((&last("0x50")["error"], &last("0x50")["op"]), (&json!("stack underflow"), &json!("POP")));
    assert_eq!(
        (&last("0x0c")["error"], &last("0x0c")["op"]),
        (&json!("invalid opcode"), &json!("opcode 0xc not defined"))
    );
    assert!(last("0x5f5ffd").get("error").is_none(), "a revert is no failure of the opcode");
}

#[test]
fn the_state_before_and_what_changed() {
    let world = World::new();
    let (counter, receipt) = counted(&world);
    let hash = &receipt["transactionHash"];
    let sender = name(key(0).address());
    let word = |byte: u8| format!("0x{byte:064x}");
    let before = world.ask("debug_traceTransaction", json!([hash, { "tracer": "prestateTracer" }]));
    assert_eq!(before[name(counter)]["storage"], json!({ word(0): word(0) }));
    assert_eq!(before[name(counter)]["code"], json!(hex::encode_prefixed(COUNTER)));
    assert_eq!(before[&sender]["nonce"], json!(1));
    let at = json!([key(0).address(), "0x1"]);
    assert_eq!(before[&sender]["balance"], world.ask("eth_getBalance", at));
    let diff = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let diff = world.ask("debug_traceTransaction", json!([hash, diff]));
    assert_eq!(diff["post"][name(counter)], json!({ "storage": { word(0): word(1) } }));
    assert!(diff["pre"][name(counter)].get("storage").is_none(), "it was zero");
    assert_eq!(diff["post"][&sender]["nonce"], json!(2));
    assert_eq!(diff["post"][&sender]["balance"], world.ask("eth_getBalance", json!([key(0).address(), "0x2"])));
}

#[test]
fn small_tracers_and_many_at_once() {
    let world = World::new();
    let (counter, receipt) = counted(&world);
    let ask = |options: Value| world.ask("debug_traceTransaction", json!([receipt["transactionHash"], options]));
    assert_eq!(ask(json!({ "tracer": "noopTracer" })), json!({}));
    let tx = call(2, counter, hex!("27dc297e00112233"));
    let other = world.send(&sign(tx, &key(0)));
    let four = world.ask("debug_traceTransaction", json!([other["transactionHash"], { "tracer": "4byteTracer" }]));
    assert_eq!(four, json!({ "0x27dc297e-4": 1 }));
    let flat = ask(json!({ "tracer": "flatCallTracer" }));
    assert_eq!((&flat[0]["action"]["to"], &flat[0]["traceAddress"]), (&json!(counter), &json!([])));
    assert_eq!(flat[0]["transactionHash"], receipt["transactionHash"]);
    let named = json!({ "callTracer": { "withLog": true }, "flatCallTracer": null, "prestateTracer": {} });
    let mux = ask(json!({ "tracer": "muxTracer", "tracerConfig": named }));
    assert_eq!(mux["flatCallTracer"], flat);
    assert_eq!(mux["callTracer"]["logs"][0]["address"], json!(counter));
    assert_eq!(mux["prestateTracer"], ask(json!({ "tracer": "prestateTracer" })));
    let (code, message) =
        world.refuse("debug_traceTransaction", json!([receipt["transactionHash"], { "tracer": "x" }]));
    assert!(code == -32000 && message.starts_with("tracer not found: offered are callTracer"), "{message}");
}

#[test]
fn native_contracts_in_every_tracer() {
    let world = World::new();
    let (a, b) = (token(&world, 0, "AAA"), token(&world, 1, "BBB"));
    pool(&world, 2, [a, b], [coins(100), coins(100)]);
    let addresses = Addresses::default();
    let head = world.ask("eth_getBlockByNumber", json!(["latest"]));
    let made = &head["transactions"][0];
    let pair = IUniswapV2Factory::getPairCall { tokenA: a, tokenB: b }.abi_encode();
    let pair = world.ask("eth_call", json!([{ "to": addresses.v2_factory, "data": hex::encode_prefixed(pair) }]));
    let pair = Address::from_slice(&hex::decode(pair.as_str().unwrap()).unwrap()[12..]);
    let tracer = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
    let tree = world.ask("debug_traceTransaction", json!([made, tracer]));
    let made_pair = frames(&tree).into_iter().find(|frame| frame["type"] == "CREATE").expect("the new pair").clone();
    assert_eq!((&made_pair["from"], &made_pair["to"]), (&json!(addresses.v2_factory), &json!(pair)));
    assert_eq!(made_pair["output"], world.ask("eth_getCode", json!([pair])));
    let logs: usize = frames(&tree).iter().filter_map(|frame| frame["logs"].as_array()).map(Vec::len).sum();
    let receipt = world.ask("eth_getTransactionReceipt", json!([made]));
    assert_eq!(logs, receipt["logs"].as_array().unwrap().len(), "each log in its frame");
    let flat = world.ask("trace_transaction", json!([made]));
    assert_eq!(flat.as_array().unwrap().len(), frames(&tree).len());
    assert_eq!(
        world.ask("ots_getContractCreator", json!([pair])),
        json!({ "hash": made, "creator": addresses.v2_factory })
    );

    let swap = IUniswapV2Router02::swapExactTokensForTokensCall {
        amountIn: coins(1),
        amountOutMin: U256::ZERO,
        path: vec![a, b],
        to: TO,
        deadline: U256::MAX,
    };
    let swap =
        json!({ "from": key(0).address(), "to": addresses.router, "data": hex::encode_prefixed(swap.abi_encode()) });
    let list = world.ask("eth_createAccessList", json!([swap]));
    assert!(list.get("error").is_none(), "{list}");
    let listed = |address: Address| {
        let item = list["accessList"].as_array().unwrap().iter().find(|item| item["address"] == json!(address));
        item.map_or(0, |item| item["storageKeys"].as_array().unwrap().len())
    };
    assert!(listed(pair) >= 3 && listed(a) >= 2 && listed(b) >= 2, "{list}");
    let before = world.ask("debug_traceCall", json!([swap, "latest", { "tracer": "prestateTracer" }]));
    assert_eq!(before[name(pair)]["storage"].as_object().unwrap().len(), listed(pair), "the slots that it reads");
    for slot in before[name(pair)]["storage"].as_object().unwrap() {
        assert_eq!(&world.ask("eth_getStorageAt", json!([pair, slot.0])), slot.1);
    }
    let steps = world.ask("debug_traceCall", json!([swap, "latest"]));
    assert_eq!((&steps["failed"], &steps["structLogs"]), (&json!(false), &json!([])), "no opcodes");
    // A refusal says why, in the frame that refused.
    let late = IUniswapV2Router02::swapExactTokensForTokensCall {
        amountIn: coins(1),
        amountOutMin: U256::MAX,
        path: vec![a, b],
        to: TO,
        deadline: U256::MAX,
    };
    let late =
        json!({ "from": key(0).address(), "to": addresses.router, "data": hex::encode_prefixed(late.abi_encode()) });
    let tree = world.ask("debug_traceCall", json!([late, "latest", tracer]));
    assert_eq!(tree["error"], "execution reverted");
    assert!(tree["revertReason"].as_str().unwrap().contains("INSUFFICIENT_OUTPUT_AMOUNT"), "{tree}");
    let list = world.ask("eth_createAccessList", json!([late]));
    assert!(list["error"].as_str().unwrap().starts_with("execution reverted"), "{list}");
    assert!(!list["accessList"].as_array().unwrap().is_empty());
}

#[test]
fn access_lists_of_bytecode() {
    let world = World::new();
    let (counter, _) = counted(&world);
    let from = key(0).address();
    let transfer = world.ask("eth_createAccessList", json!([{ "from": from, "to": TO, "value": "0xa" }, "latest"]));
    assert_eq!(transfer, json!({ "accessList": [], "gasUsed": "0x5208" }));
    let request = json!({ "from": from, "to": counter });
    let made = world.ask("eth_createAccessList", json!([request]));
    let slot = format!("0x{}", "00".repeat(32));
    assert_eq!(made["accessList"], json!([{ "address": counter, "storageKeys": [slot] }]));
    // The answer's gas is what a transaction with the list uses.
    let with = json!({ "from": from, "to": counter, "accessList": made["accessList"] });
    let trace = world.ask("debug_traceCall", json!([with, "latest", { "tracer": "callTracer" }]));
    assert_eq!(trace["gasUsed"], made["gasUsed"]);
    let failing = json!({ TO.to_string(): { "code": "0x60075450fe" } });
    let made =
        world.ask("eth_createAccessList", json!([{ "from": from, "to": TO, "gas": "0x186a0" }, "latest", failing]));
    assert_eq!((&made["error"], &made["gasUsed"]), (&json!("invalid opcode"), &json!("0x186a0")));
}

#[test]
fn blocks_given_in_their_encoding() {
    let world = World::new();
    let (_, receipt) = counted(&world);
    let raw = world.ask("debug_getRawBlock", json!(["0x2"]));
    let known = world.ask("debug_traceBlock", json!([raw]));
    assert_eq!(known, world.ask("debug_traceBlockByHash", json!([receipt["blockHash"]])));
    // The same transactions in another block over the same parent.
    let mut bytes = hex::decode(raw.as_str().unwrap()).unwrap();
    let mut block: limpid_chain::Block = alloy_rlp::Decodable::decode(&mut bytes.as_slice()).unwrap();
    block.header.timestamp += 100;
    bytes = alloy_rlp::encode(&block);
    let other = world.ask("debug_traceBlock", json!([hex::encode_prefixed(&bytes)]));
    assert_eq!(other[0]["result"], known[0]["result"]);
    block.header.parent_hash = Default::default();
    let orphan = hex::encode_prefixed(alloy_rlp::encode(&block));
    assert_eq!(world.refuse("debug_traceBlock", json!([orphan])).0, -32000);
    assert_eq!(world.refuse("debug_traceBlock", json!(["0xc0"])).0, -32602);
    let genesis = world.ask("debug_getRawBlock", json!(["0x0"]));
    assert_eq!(world.refuse("debug_traceBlock", json!([genesis])), (-32000, "genesis is not traceable".into()));
}

#[test]
fn what_cannot_be_traced() {
    let world = World::new();
    counted(&world);
    let unknown = format!("0x{}", "09".repeat(32));
    assert_eq!(world.refuse("debug_traceTransaction", json!([unknown])), (-32000, "transaction not found".into()));
    let (code, message) = world.refuse("debug_traceBlockByHash", json!([unknown]));
    assert_eq!((code, message), (-32000, format!("block {unknown} not found")));
    assert_eq!(world.refuse("debug_traceBlockByNumber", json!(["0x63"])), (-32000, "block #99 not found".into()));
    assert_eq!(world.ask("debug_getBadBlocks", json!([])), json!([]));
    // More than a million opcodes: refused in words, and the node is well.
    let spin = json!({ "stateOverrides": { TO.to_string(): { "code": "0x5b5f56" } } });
    let (code, message) = world.refuse("debug_traceCall", json!([{ "to": TO, "gas": "0x4c4b40" }, "latest", spin]));
    assert_eq!(code, -32005, "{message}");
    assert!(message.starts_with("the trace takes more than 64 MiB"), "{message}");
    let mut few = spin;
    few["limit"] = json!(3);
    let trace = world.ask("debug_traceCall", json!([{ "to": TO, "gas": "0x4c4b40" }, "latest", few]));
    assert_eq!((trace["structLogs"].as_array().unwrap().len(), &trace["failed"]), (3, &json!(true)));
}

#[test]
fn logs_have_the_index_of_their_receipt() {
    let world = World::manual();
    let raw = |tx| json!([hex::encode_prefixed(sign(tx, &key(0)))]);
    let contract = key(0).address().create(0);
    let [high, low] = u16::try_from(COUNTER.len()).unwrap().to_be_bytes();
    let mut init = vec![0x61, high, low, 0x80, 0x60, 10, 0x5f, 0x39, 0x5f, 0xf3];
    init.extend_from_slice(COUNTER);
    let create = alloy_consensus::TxEip1559 { to: alloy_primitives::TxKind::Create, ..call(0, TO, init) };
    world.ask("eth_sendRawTransaction", raw(create));
    let mut hashes = Vec::new();
    for nonce in 1..4 {
        hashes.push(world.ask("eth_sendRawTransaction", raw(call(nonce, contract, []))));
    }
    world.ask("evm_mine", json!([]));
    let with_log = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
    let block = world.ask("debug_traceBlockByNumber", json!(["0x1", with_log]));
    for (index, hash) in hashes.iter().enumerate() {
        let receipt = world.ask("eth_getTransactionReceipt", json!([hash]));
        let expected = &receipt["logs"][0]["logIndex"];
        assert_eq!(expected, &json!(format!("{index:#x}")));
        let alone = world.ask("debug_traceTransaction", json!([hash, with_log]));
        assert_eq!(&alone["logs"][0]["index"], expected);
        let at = usize::from_str_radix(&receipt["transactionIndex"].as_str().unwrap()[2..], 16).unwrap();
        assert_eq!(&block[at]["result"]["logs"][0]["index"], expected);
    }
    // A call has no receipt.
    let called = world.ask("debug_traceCall", json!([{ "to": contract }, "latest", with_log]));
    assert_eq!(called["logs"][0]["index"], "0x0");
    let state = world.ask("debug_traceTransaction", json!([hashes[0], { "tracer": "prestateTracer" }]));
    assert_eq!(state[name(contract)]["codeHash"], json!(alloy_primitives::keccak256(COUNTER)));
    assert!(state[name(key(0).address())].get("codeHash").is_none());

    // Between the transactions of the block: a call there sees what the counter had reached.
    let seen = |options: Value| {
        world.ask("debug_traceCall", json!([{ "to": contract }, "0x1", options]))["structLogs"][1]["storage"].clone()
    };
    let word = |value: u64| format!("0x{value:064x}");
    for index in 1..4u64 {
        assert_eq!(seen(json!({ "txIndex": index })), json!({ word(0): word(index - 1) }), "{index}");
    }
    assert_eq!(seen(json!({})), json!({ word(0): word(3) }));
    let refused = json!([{ "to": contract }, "0x1", { "txIndex": 4 }]);
    let (code, message) = world.refuse("debug_traceCall", refused);
    assert!(code == -32000 && message.contains("has 4 transactions"), "{message}");
}

#[test]
fn ranges_of_storage() {
    let world = World::new();
    let slots: Vec<u64> = (0..5).collect();
    for slot in &slots {
        world.ask("anvil_setStorageAt", json!([TO, format!("{slot:#x}"), format!("0x{:064x}", slot + 10)]));
    }
    world.ask("evm_mine", json!([]));
    world.ask("anvil_setStorageAt", json!([TO, "0x3", format!("0x{:064x}", 0)]));
    world.send(&sign(transfer(0, TO, 1), &key(0)));
    let word = |value: u64| alloy_primitives::B256::from(U256::from(value));
    let hashed = |slot: u64| alloy_primitives::keccak256(word(slot));
    let mut order = slots.clone();
    order.sort_by_key(|slot| hashed(*slot));
    let latest = world.ask("eth_getBlockByNumber", json!(["latest"]))["hash"].clone();
    let ask = |from: &Value, limit: u64| world.ask("debug_storageRangeAt", json!([latest, 0, TO, from, limit]));
    let zero = json!("0x00");
    let all = ask(&zero, 100);
    let expected: Vec<_> = order.iter().copied().filter(|slot| *slot != 3).collect();
    let keys: Vec<_> = all["storage"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, expected.iter().map(|slot| hashed(*slot).to_string()).collect::<Vec<_>>());
    assert_eq!(all["nextKey"], Value::Null);
    // Page by page it is the same.
    let (mut from, mut found) = (zero, Vec::new());
    while !from.is_null() {
        let page = ask(&from, 2);
        let entries = page["storage"].as_object().unwrap();
        assert!(entries.len() <= 2);
        found.extend(entries.values().map(|entry| entry["value"].clone()));
        from = page["nextKey"].clone();
    }
    assert_eq!(found, expected.iter().map(|slot| json!(word(slot + 10))).collect::<Vec<_>>());
    // Within a block: what its transactions wrote before is there, with the slot itself.
    let counter = world.deploy(1, COUNTER);
    let receipt = world.send(&sign(call(2, counter, []), &key(0)));
    let before =
        |hash: &Value| world.ask("debug_storageRangeAt", json!([hash, 0, counter, "0x0", 9]))["storage"].clone();
    assert_eq!(before(&receipt["blockHash"]), json!({}));
    let next = world.send(&sign(call(3, counter, []), &key(0)));
    assert_eq!(before(&next["blockHash"]), json!({ hashed(0).to_string(): { "key": null, "value": word(1) } }));
    for (args, code) in [
        (json!([latest, 0, TO, "0x0", 1_000_000]), -32602),
        (json!([latest, 7, TO, "0x0", 1]), -32000),
        (json!([TO, 0, TO, "0x0", 1]), -32602),
    ] {
        assert_eq!(world.refuse("debug_storageRangeAt", args.clone()).0, code, "{args}");
    }
}
