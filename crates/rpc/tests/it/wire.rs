//! JSON-RPC 2.0 and HTTP by the book, and the limits of one client.

use crate::{socket::Socket, world::*};
use limpid_chain::{Genesis, Mining};
use limpid_rpc::{Config, ServeError, Server};
use serde_json::{Value, json};

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}"))
}

#[test]
fn codes_by_the_book() {
    let world = World::new();
    let cases = [
        ("{\"jsonrpc\": \"2.0\", \"id\": 1,", -32700),
        ("nonsense", -32700),
        ("", -32700),
        ("[", -32700),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600),
        ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"eth_chainId\"}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"eth_chainId\"}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"eth_chainId\"}", -32600),
        ("[]", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_noSuchMethod\"}", -32601),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_subscribe\",\"params\":[\"newHeads\"]}", -32601),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":{\"a\":1}}", -32602),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[1]}", -32602),
    ];
    for (body, expected) in cases {
        assert_eq!(code(&world.post(body).json()), expected, "{body}");
    }
    let missing = world.call("eth_noSuchMethod", json!([]));
    assert_eq!(missing["error"]["message"], "the method eth_noSuchMethod does not exist/is not available");
}

#[test]
fn ids_come_back_as_they_were() {
    let world = World::new();
    for id in [json!(0), json!(18_446_744_073_709_551_615u64), json!("a\"b"), json!(null)] {
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": "eth_chainId" }).to_string();
        let answer = world.post(&body).json();
        assert_eq!((&answer["id"], &answer["result"]), (&id, &json!("0x7a69")));
    }
    let notification = world.post("{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}");
    assert_eq!((notification.status, notification.body.as_str()), (200, "null"), "nobody asked for an answer");
}

#[test]
fn batches_answer_in_order_and_one_bad_entry_costs_itself() {
    let world = World::new();
    let body = json!([
        { "jsonrpc": "2.0", "id": "a", "method": "eth_chainId" },
        1,
        { "jsonrpc": "2.0", "id": "b", "method": "eth_nope" },
        { "jsonrpc": "2.0", "id": "c", "method": "eth_getBalance", "params": ["0x1"] },
        { "jsonrpc": "2.0", "id": "d", "method": "eth_subscribe", "params": ["newHeads"] },
        { "jsonrpc": "2.0", "id": "e", "method": "eth_blockNumber", "params": [] },
    ]);
    let answers = world.post(&body.to_string()).json();
    let ids: Vec<_> = answers.as_array().unwrap().iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(ids, [json!("a"), json!(null), json!("b"), json!("c"), json!("d"), json!("e")]);
    let codes: Vec<_> = [1, 2, 3, 4].iter().map(|place: &usize| code(&answers[*place])).collect();
    assert_eq!(codes, [-32600, -32601, -32602, -32601]);
    assert_eq!((&answers[0]["result"], &answers[5]["result"]), (&json!("0x7a69"), &json!("0x0")));
}

#[test]
fn limits() {
    let config = Config { request_size: 10_000, batch: 3, subscriptions: 2, response_size: 2_000, ..Config::default() };
    let world = World::serve(node(Genesis::dev(CHAIN), Mining::Auto), &config);
    let one = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId" });
    assert_eq!(world.post(&json!([one, one, one]).to_string()).json().as_array().unwrap().len(), 3);
    assert_eq!(code(&world.post(&json!([one, one, one, one]).to_string()).json()), -32010);

    let large = world.post(&format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\"}}", "x".repeat(20_000)));
    assert_eq!((large.status, code(&large.json())), (413, -32007));
    assert_eq!(code(&world.call("limpid_layout", json!([]))), -32008, "the answer is larger than allowed");

    let mut socket = Socket::connect(world.address);
    for _ in 0..2 {
        socket.ask("eth_subscribe", json!(["newHeads"]));
    }
    assert_eq!(code(&socket.call("eth_subscribe", json!(["newHeads"]))), -32006);
    socket.write(&"x".repeat(20_000));
    assert_eq!(code(&socket.read().unwrap()), -32007);
    assert_eq!(socket.ask("eth_chainId", json!([])), "0x7a69", "and the connection goes on");
}

#[test]
fn connections_are_counted() {
    let config = Config { connections: 2, ..Config::default() };
    let world = World::serve(node(Genesis::dev(CHAIN), Mining::Auto), &config);
    let first = Socket::connect(world.address);
    let _second = Socket::connect(world.address);
    assert_eq!(world.post("{}").status, 429);
    drop(first);
    eventually("a free place", || (world.post("{}").status == 200).then_some(()));
}

#[test]
fn large_answers_are_given() {
    let world = World::new();
    // 50,000 zero bytes of code, 1,000 times: 100 MB would be too much, 20 MB is not.
    let code = format!("0x{}", "00".repeat(10_000));
    world.ask("anvil_setCode", json!(["0x00000000000000000000000000000000000000aa", code]));
    let one = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getCode", "params": ["0x00000000000000000000000000000000000000aa"] });
    let answer = world.post(&Value::Array(vec![one; 1_000]).to_string());
    assert!(answer.body.len() > 20_000_000);
    assert_eq!(answer.json().as_array().unwrap().len(), 1_000);
}

#[test]
fn any_page_may_ask_and_people_get_a_word() {
    let world = World::new();
    let preflight = world.http(
        "OPTIONS",
        "origin: https://example.org\r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type\r\n",
        b"",
    );
    assert_eq!(preflight.status, 200);
    for name in ["origin", "methods", "headers"] {
        assert!(preflight.head.contains(&format!("access-control-allow-{name}: *")), "{}", preflight.head);
    }
    let get = world.http("GET", "", b"");
    assert!(get.status == 200 && get.body.contains("JSON-RPC port of a Limpid node"));
    assert_eq!(world.http("PUT", "", b"").status, 405);
    assert_eq!(world.http("POST", "content-type: text/plain\r\n", b"{}").status, 415);
}

#[test]
fn one_port_for_both_and_a_clean_end() {
    let mut world = World::new();
    let mut socket = Socket::connect(world.address);
    assert_eq!(socket.ask("eth_chainId", json!([])), world.ask("eth_chainId", json!([])));
    assert_eq!(code(&socket.call("eth_noSuchMethod", json!([]))), -32601);
    socket.write("{\"jsonrpc\":");
    assert_eq!(code(&socket.read().unwrap()), -32700);
    world.stop_server();
    assert!(socket.read().is_none(), "the server hangs up");
    assert!(std::net::TcpStream::connect(world.address).is_err());
}

#[test]
fn a_taken_port_is_named() {
    let world = World::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config { port: world.address.port(), ..Config::default() };
    let error = runtime.block_on(Server::start(world.node.clone(), &config)).unwrap_err();
    assert!(matches!(error, ServeError::InUse(at) if at == world.address));
    assert!(error.to_string().contains("--http-port"), "{error}");
}

/// Names that were told, and whether it went well.
#[derive(Default)]
struct Told(std::sync::Mutex<Vec<(&'static str, bool)>>);

impl limpid_rpc::Observer for Told {
    fn answered(&self, method: &'static str, _: std::time::Duration, ok: bool) {
        self.0.lock().unwrap().push((method, ok));
    }
}

#[test]
fn every_answer_is_observed_alone_in_a_batch_and_on_a_socket() {
    let told = std::sync::Arc::new(Told::default());
    let node = node(limpid_chain::Genesis::dev(CHAIN), limpid_chain::Mining::Manual);
    let world = World::observed(node, &Config::default(), Some(told.clone()));
    let seen = || std::mem::take(&mut *told.0.lock().unwrap());
    world.ask("eth_chainId", json!([]));
    assert_eq!(seen(), [("eth_chainId", true)]);
    let one = |method: &str| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": [] });
    let batch = json!([one("eth_chainId"), one("eth_getBalance"), one("eth_nonsense"), one("eth_call")]).to_string();
    let in_batch = [("eth_chainId", true), ("eth_getBalance", false), ("eth_call", false), ("batch", true)];
    assert_eq!(world.post(&batch).json().as_array().unwrap().len(), 4);
    assert_eq!(seen(), in_batch);
    let mut socket = crate::socket::Socket::connect(world.address);
    socket.ask("eth_blockNumber", json!([]));
    assert_eq!(seen(), [("eth_blockNumber", true)]);
    socket.write(&batch);
    assert_eq!(socket.read().unwrap().as_array().unwrap().len(), 4);
    assert_eq!(seen(), in_batch);
}
