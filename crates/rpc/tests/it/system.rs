//! What a block's hook did is a transaction like any other to those who ask.

use crate::world::*;
use alloy_primitives::{Address, U256, address};
use alloy_sol_types::{SolCall, sol};
use limpid_chain::{Genesis, Mining, Node, NodeOptions, ledger::rules_of};
use limpid_evm::Registry;
use limpid_native::{Contract, Ctx, Entry, Result, Slot, contract};
use limpid_queue::Queue;
use limpid_rpc::Config;
use limpid_state::MemStore;
use serde_json::{Value, json};
use std::sync::Arc;

const TIMER: Address = address!("0x00000000000000000000000000000000000c0003");
const PAYEE: Address = Address::repeat_byte(0x66);
const SYSTEM: &str = "0xfffffffffffffffffffffffffffffffffffffffe";

sol! {
    interface ITimer {
        event Rang(uint64 id);
        function schedule(uint64 due, uint64 id) external payable;
    }
}

/// A contract that exists only here: it pays 3 wei and logs when its time has come.
#[contract(name = "timer", kind = 210)]
struct Timer {
    rung: Slot<U256>,
}

limpid_native::dispatch! { Timer {
    payable ITimer::scheduleCall => |timer, call, _| timer.schedule(call.due, call.id);
}}

impl Timer<'_> {
    fn schedule(&mut self, due: u64, id: u64) -> Result<()> {
        let queue = self.cx.env(|env| env.addresses.queue);
        let me = self.cx.as_caller();
        Queue::at(self.cx.at(queue), queue).schedule(me, due, id)
    }
}

fn run_due(cx: Ctx<'_>, id: u64) -> Result<()> {
    let mut timer = Timer::at(cx, cx.this());
    let rung = timer.rung.get()? + U256::ONE;
    timer.rung.set(rung)?;
    cx.queue_payout(PAYEE, U256::from(3))?;
    cx.emit(ITimer::Rang { id })
}

/// A chain whose block 1 holds a user's transaction and the system transaction that it asked for.
fn world() -> World {
    let timer = Entry { run_due: Some(run_due), ..Entry::new::<Timer<'_>>(dispatch, Some(|_| TIMER)) };
    let mut rules = rules_of(&Genesis::dev(CHAIN));
    let entries = [limpid_evm::registry::protocols(), vec![timer]].concat();
    rules.registry = Arc::new(Registry::new(entries, rules.registry.addresses().clone()));
    let options = NodeOptions { mining: Mining::Manual, ..NodeOptions::dev() };
    let node = Node::start(Arc::new(MemStore::new()), Genesis::dev(CHAIN), rules, options).unwrap();
    let world = World::serve(node, &Config::default());
    let input = ITimer::scheduleCall { due: 0, id: 1 }.abi_encode();
    let tx = alloy_consensus::TxEip1559 { value: U256::from(10), gas_limit: 400_000, ..call(0, TIMER, input) };
    world.ask("eth_sendRawTransaction", json!([alloy_primitives::hex::encode_prefixed(sign(tx, &key(0)))]));
    world.ask("evm_mine", json!([]));
    world
}

#[test]
fn it_is_found_like_any_other() {
    let world = world();
    let block = world.ask("eth_getBlockByNumber", json!(["0x1", true]));
    let [_, system] = block["transactions"].as_array().unwrap().as_slice() else { panic!("user and system") };
    assert_eq!((&system["type"], &system["from"], &system["to"]), (&json!("0x7d"), &json!(SYSTEM), &json!(SYSTEM)));
    assert_eq!((&system["phase"], &system["height"]), (&json!("end"), &json!("0x1")));
    let hash = &system["hash"];
    assert_eq!(&world.ask("eth_getTransactionByHash", json!([hash])), system);
    assert_eq!(&world.ask("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x1"])), system);
    let raw = world.ask("eth_getRawTransactionByHash", json!([hash]));
    let raw = alloy_primitives::hex::decode(raw.as_str().unwrap()).unwrap();
    assert_eq!((raw[0], json!(alloy_primitives::keccak256(&raw))), (0x7d, hash.clone()));

    let receipt = world.ask("eth_getTransactionReceipt", json!([hash]));
    assert_eq!((&receipt["type"], &receipt["status"]), (&json!("0x7d"), &json!("0x1")));
    assert_eq!((&receipt["effectiveGasPrice"], &receipt["contractAddress"]), (&json!("0x0"), &Value::Null));
    assert_ne!(receipt["gasUsed"], "0x0");
    let logs = world.ask("eth_getLogs", json!([{ "address": TIMER, "fromBlock": "0x1" }]));
    assert_eq!(logs[0]["transactionHash"], *hash);
    assert!(receipt["logs"].as_array().unwrap().contains(&logs[0]));
    let receipts = world.ask("eth_getBlockReceipts", json!(["0x1"]));
    assert_eq!(receipts[1], receipt);
    assert_eq!(block["gasUsed"], receipt["cumulativeGasUsed"], "its gas counts");
}

#[test]
fn it_is_traced_and_in_the_history() {
    let world = world();
    let hash = world.ask("eth_getBlockByNumber", json!(["0x1"]))["transactions"][1].clone();
    let tracer = json!({ "tracer": "callTracer" });
    let tree = world.ask("debug_traceTransaction", json!([hash, tracer]));
    assert!(!tree["calls"].as_array().unwrap().is_empty(), "what it ran is in it: {tree}");
    assert_eq!(world.ask("debug_traceBlockByNumber", json!(["0x1", tracer]))[1]["result"], tree);
    assert_ne!(tree["gas"], "0x0", "its limit is what it used");
    let steps = world.ask("debug_traceTransaction", json!([hash]));
    assert_eq!((&steps["failed"], &steps["structLogs"]), (&json!(false), &json!([])));
    let changes = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let changes = world.ask("debug_traceTransaction", json!([hash, changes]));
    assert_eq!(changes["post"][PAYEE.to_string().to_lowercase()], json!({ "balance": "0x3" }));
    let list = world.ask("trace_block", json!(["0x1"]));
    let list: Vec<_> = list.as_array().unwrap().iter().filter(|one| one["transactionHash"] == hash).collect();
    assert_eq!(list[0]["action"]["from"], json!(SYSTEM));
    assert!(list.iter().any(|one| one["action"]["to"] == json!(PAYEE) && one["action"]["value"] == "0x3"));
    let replay = world.ask("trace_replayBlockTransactions", json!(["0x1", ["trace", "stateDiff", "vmTrace"]]));
    assert_eq!((&replay[1]["transactionHash"], &replay[1]["trace"][0]["action"]), (&hash, &list[0]["action"]));
    assert_eq!(replay[1]["stateDiff"][PAYEE.to_string().to_lowercase()]["balance"], json!({ "+": "0x3" }));
    let moved = world.ask("ots_getInternalOperations", json!([hash]));
    assert_eq!(moved, json!([{ "type": 0, "from": TIMER, "to": PAYEE, "value": "0x3" }]));
    let found = world.ask("ots_searchTransactionsBefore", json!([PAYEE, 0, 10]));
    assert_eq!((&found["txs"][0]["hash"], &found["receipts"][0]["type"]), (&hash, &json!("0x7d")));
    let raw = world.ask("debug_getRawBlock", json!(["0x1"]));
    assert_eq!(world.ask("debug_traceBlock", json!([raw, tracer]))[1]["result"], tree);
    let paid = world.ask("limpid_history", json!([PAYEE]))["rows"].clone();
    let row = &paid.as_array().unwrap()[0];
    assert_eq!((&row["kind"], &row["direction"], &row["amount"]), (&json!("system"), &json!("in"), &json!("0x3")));
    assert_eq!((&row["txHash"], &row["counterparty"]), (&hash, &json!(TIMER)));
    // Nobody sends one.
    let raw = world.ask("eth_getRawTransactionByHash", json!([hash]));
    assert!(world.refuse("eth_sendRawTransaction", json!([raw])).1.contains("system transactions are made by blocks"));
}
