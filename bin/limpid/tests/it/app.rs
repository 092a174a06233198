//! The app's port of a running node.
use crate::{Home, Node};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

/// What a path on the app's port answers: status and body.
fn ask(node: &Node, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", node.app_port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = "host: localhost\r\nconnection: close\r\ncontent-type: application/json";
    let request = format!("{method} {path} HTTP/1.1\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn json(node: &Node, path: &str) -> Value {
    let (status, body) = ask(node, "GET", path, "");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn one_port_for_everything_a_page_needs() {
    let mut node = Node::start();
    let status = json(&node, "/v1/status");
    assert_eq!((status["chainId"].as_u64(), status["features"]["index"].as_bool()), (Some(31_337), Some(true)));
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": [] }).to_string();
    let (_, answer) = ask(&node, "POST", "/rpc", &call);
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["result"], "0x7a69");
    let proxied = json(&node, "/api?module=proxy&action=eth_blockNumber");
    assert_eq!(proxied["result"], "0x0");
    // WebSocket, as far as the handshake.
    let mut stream = TcpStream::connect(("127.0.0.1", node.app_port)).unwrap();
    let upgrade = "GET /rpc HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(upgrade.as_bytes()).unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 101");
    // A page that stays open does not keep the node from stopping.
    assert_eq!(node.terminate(), Some(0));
}

#[test]
fn a_chain_that_ran_without_its_index_is_told_and_helped() {
    let mut node = Node::start_with(&["--no-index"]);
    node.create_token("Dollar", "USD");
    assert_eq!(json(&node, "/v1/status")["features"]["index"], false);
    let (status, body) = ask(&node, "GET", "/v1/tokens", "");
    assert!(status == 503 && body.contains("limpid index rebuild"), "{status} {body}");
    let folder = node.home.path("chain");
    let folder = folder.to_str().unwrap();
    let busy = node.home.fails(&["index", "rebuild", "--datadir", folder]);
    assert!(busy.contains("stop it first"), "{busy}");
    node.terminate();
    let home: Home = node.into_home();
    let told = home.json(&["index", "rebuild", "--datadir", folder]);
    assert_eq!((told["from"].as_u64(), told["transactions"].as_u64()), (Some(0), Some(1)));
    let again = home.ok(&["index", "rebuild", "--datadir", folder]);
    assert!(again.contains("complete already"), "{again}");
    let node = Node::start_in(home, &["--dev"]);
    let tokens = json(&node, "/v1/tokens");
    assert_eq!(tokens["items"][0]["symbol"], "USD");
}
