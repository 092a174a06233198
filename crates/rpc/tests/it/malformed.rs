//! Malformed arguments: refused in words, nothing changes.

use crate::world::*;
use serde_json::{Value, json};

const WHO: &str = "0x0101010101010101010101010101010101010101";
const HASH: &str = "0x0101010101010101010101010101010101010101010101010101010101010101";

/// Every method with arguments that it takes.
pub(crate) fn methods() -> Vec<(&'static str, Vec<Value>)> {
    let call = json!({ "to": WHO });
    let trace = json!({ "tracer": "callTracer" });
    let none = Vec::new;
    vec![
        ("web3_clientVersion", none()),
        ("web3_sha3", vec![json!("0x00")]),
        ("net_version", none()),
        ("rpc_modules", none()),
        ("net_listening", none()),
        ("net_peerCount", none()),
        ("eth_chainId", none()),
        ("eth_syncing", none()),
        ("eth_accounts", none()),
        ("eth_blockNumber", none()),
        ("eth_getBlockByNumber", vec![json!("latest"), json!(true)]),
        ("eth_getBlockByHash", vec![json!(HASH), json!(true)]),
        ("eth_getHeaderByNumber", vec![json!("latest")]),
        ("erigon_getHeaderByNumber", vec![json!("latest")]),
        ("eth_getHeaderByHash", vec![json!(HASH)]),
        ("eth_getBlockReceipts", vec![json!("latest")]),
        ("eth_getBlockTransactionCountByNumber", vec![json!("0x0")]),
        ("eth_getBlockTransactionCountByHash", vec![json!(HASH)]),
        ("eth_getUncleCountByBlockNumber", vec![json!("0x0")]),
        ("eth_getUncleCountByBlockHash", vec![json!(HASH)]),
        ("eth_getUncleByBlockNumberAndIndex", vec![json!("0x0"), json!("0x0")]),
        ("eth_getUncleByBlockHashAndIndex", vec![json!(HASH), json!("0x0")]),
        ("eth_getTransactionByHash", vec![json!(HASH)]),
        ("eth_getTransactionByBlockHashAndIndex", vec![json!(HASH), json!("0x0")]),
        ("eth_getTransactionByBlockNumberAndIndex", vec![json!("0x0"), json!("0x0")]),
        ("eth_getTransactionBySenderAndNonce", vec![json!(WHO), json!("0x0")]),
        ("eth_getRawTransactionByHash", vec![json!(HASH)]),
        ("eth_getRawTransactionByBlockHashAndIndex", vec![json!(HASH), json!("0x0")]),
        ("eth_getRawTransactionByBlockNumberAndIndex", vec![json!("0x0"), json!("0x0")]),
        ("eth_getTransactionReceipt", vec![json!(HASH)]),
        ("eth_getBalance", vec![json!(WHO), json!("latest")]),
        ("eth_getCode", vec![json!(WHO), json!("latest")]),
        ("eth_getTransactionCount", vec![json!(WHO), json!("latest")]),
        ("eth_getStorageAt", vec![json!(WHO), json!("0x0"), json!("latest")]),
        ("eth_call", vec![call.clone(), json!("latest"), json!({}), json!({})]),
        ("eth_estimateGas", vec![call.clone(), json!("latest"), json!({}), json!({})]),
        ("eth_getStorageValues", vec![json!({ WHO: ["0x0"] }), json!("latest")]),
        ("eth_getProof", vec![json!(WHO), json!(["0x0"]), json!("latest")]),
        ("eth_simulateV1", vec![json!({ "blockStateCalls": [{}] }), json!("latest")]),
        ("eth_fillTransaction", vec![json!({ "to": WHO })]),
        ("eth_config", none()),
        ("eth_capabilities", none()),
        ("eth_gasPrice", none()),
        ("eth_maxPriorityFeePerGas", none()),
        ("eth_feeHistory", vec![json!("0x1"), json!("latest"), json!([50])]),
        ("eth_baseFee", none()),
        ("eth_blobBaseFee", none()),
        ("eth_getLogs", vec![json!({})]),
        ("eth_newFilter", vec![json!({})]),
        ("eth_newBlockFilter", none()),
        ("eth_newPendingTransactionFilter", vec![json!(false)]),
        ("eth_uninstallFilter", vec![json!("0x1")]),
        ("debug_traceCall", vec![call.clone(), json!("latest"), trace]),
        ("debug_getBadBlocks", none()),
        ("eth_createAccessList", vec![call.clone(), json!("latest"), json!({})]),
        ("trace_block", vec![json!("latest")]),
        ("trace_transaction", vec![json!(HASH)]),
        ("trace_get", vec![json!(HASH), json!(["0x0"])]),
        ("trace_filter", vec![json!({})]),
        ("trace_call", vec![call.clone(), json!(["trace"]), json!("latest")]),
        ("trace_callMany", vec![json!([[call, ["trace"]]]), json!("latest")]),
        ("trace_replayBlockTransactions", vec![json!("latest"), json!(["trace"])]),
        ("ots_getApiLevel", none()),
        ("ots_hasCode", vec![json!(WHO), json!("latest")]),
        ("ots_getBlockDetails", vec![json!(0)]),
        ("ots_getBlockDetailsByHash", vec![json!(HASH)]),
        ("ots_getBlockTransactions", vec![json!(0), json!(0), json!(10)]),
        ("ots_searchTransactionsBefore", vec![json!(WHO), json!(0), json!(10)]),
        ("ots_searchTransactionsAfter", vec![json!(WHO), json!(0), json!(10)]),
        ("ots_getTransactionBySenderAndNonce", vec![json!(WHO), json!(0)]),
        ("ots_getContractCreator", vec![json!(WHO)]),
        ("debug_getRawHeader", vec![json!("latest")]),
        ("debug_getRawBlock", vec![json!("latest")]),
        ("debug_getRawTransaction", vec![json!(HASH)]),
        ("debug_getRawReceipts", vec![json!("latest")]),
        ("txpool_status", none()),
        ("txpool_content", none()),
        ("txpool_contentFrom", vec![json!(WHO)]),
        ("txpool_inspect", none()),
        ("limpid_status", none()),
        ("limpid_contracts", none()),
        ("limpid_layout", none()),
        ("limpid_audit", none()),
        ("limpid_tokens", vec![json!({ "limit": 1 })]),
        ("limpid_history", vec![json!(WHO), json!({ "limit": 1 })]),
        ("limpid_blockSignature", vec![json!("latest")]),
        ("limpid_genesis", none()),
        ("limpid_rawBlocks", vec![json!("0x0"), json!(1)]),
        (
            "limpid_quote",
            vec![
                json!({ "tokenIn": WHO, "tokenOut": HASH.get(..42), "amount": "0x1", "kind": "exactIn", "maxHops": 2 }),
            ],
        ),
    ]
}

/// Things no argument of any method is.
fn nonsense() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!("0xzz"),
        json!("0x1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
        json!(-1),
        json!(1.5),
        json!("\u{0}💥"),
        json!([[]]),
        json!({ "blockHash": 7, "tracer": 7, "limit": {}, "to": 7, "fromBlock": {}, "kind": 7, "0x": {} }),
        deep,
        json!("x".repeat(100_000)),
    ]
}

#[test]
fn methods_take_what_they_take_and_no_more() {
    let world = World::new();
    for (method, good) in methods() {
        world.ask(method, Value::Array(good.clone()));
        let mut surplus = good;
        surplus.push(json!("surplus"));
        let (code, message) = world.refuse(method, Value::Array(surplus));
        assert_eq!(code, -32602, "{method}: {message}");
        assert!(message.starts_with("too many arguments"), "{method}: {message}");
    }
}

#[test]
fn nonsense_in_any_place_is_bad_parameters_in_plain_words() {
    let world = World::new();
    for (method, good) in methods() {
        for place in 0..good.len() {
            for bad in nonsense() {
                let mut args = good.clone();
                args[place] = bad.clone();
                let (code, message) = world.refuse(method, Value::Array(args));
                let context = || {
                    format!(
                        "{method} argument {place} {}: {message}",
                        bad.to_string().chars().take(60).collect::<String>()
                    )
                };
                // Naming a tracer that is not offered is understood and refused.
                let tracer = code == -32000 && message.contains("callTracer");
                assert!(code == -32602 || tracer, "{code} {}", context());
                assert!(message.len() < 400, "{}", context());
                for leak in ["::", "enum", "struct", "variant", "expected value at line"] {
                    assert!(!message.contains(leak), "{}", context());
                }
            }
        }
    }
    assert_eq!(world.node.block_number(), 0);
    assert_eq!(world.ask("eth_chainId", json!([])), "0x7a69", "the node is well");
}

#[test]
fn missing_arguments_are_named() {
    let world = World::new();
    let (code, message) = world.refuse("eth_getBalance", json!([]));
    assert_eq!((code, message.as_str()), (-32602, "missing value for required argument 0 (address)"));
    let (code, message) = world.refuse("eth_getStorageAt", json!([WHO]));
    assert_eq!((code, message.as_str()), (-32602, "missing value for required argument 1 (storage slot)"));
    assert_eq!(world.refuse("eth_sendRawTransaction", json!([null])).0, -32602);
}

#[test]
fn the_list_of_methods_is_complete() {
    // Methods that need a transaction, a filter or a subscription, and are tested with theirs.
    let elsewhere = [
        "eth_sendRawTransaction",
        "eth_sendRawTransactionSync",
        "eth_getFilterChanges",
        "eth_getFilterLogs",
        "eth_subscribe",
        "eth_unsubscribe",
        "debug_traceTransaction",
        "debug_traceBlockByNumber",
        "debug_traceBlockByHash",
        "debug_traceBlock",
        "debug_storageRangeAt",
        "trace_rawTransaction",
        "trace_replayTransaction",
        "ots_getInternalOperations",
        "ots_getTransactionError",
        "ots_traceTransaction",
    ];
    let listed: Vec<_> = methods().into_iter().map(|(name, _)| name).chain(elsewhere).collect();
    let node = node(limpid_chain::Genesis::new(CHAIN, 0), limpid_chain::Mining::Manual);
    for name in limpid_rpc::method_names(node) {
        assert!(listed.contains(&name), "{name} is in no list of tests");
    }
}
