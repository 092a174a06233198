//! A served node in memory, keys, and a client that sends exactly the bytes it is given.

use alloy_consensus::{SignableTransaction, TxEip1559, transaction::RlpEcdsaEncodableTx};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256, hex};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use limpid_chain::{Genesis, Mining, Node, NodeOptions, tx::EthereumTx};
use limpid_rpc::{Config, Observer, Server};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

pub(crate) const CHAIN: u64 = 31_337;
pub(crate) const GWEI: u128 = 1_000_000_000;

/// A node and its server.
pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) address: SocketAddr,
    server: Option<Server>,
    runtime: Runtime,
}

/// An answer of HTTP.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }
}

impl World {
    /// A development chain that makes a block as soon as a transaction waits.
    pub(crate) fn new() -> Self {
        Self::serve(node(Genesis::dev(CHAIN), Mining::Auto), &Config::default())
    }

    /// A development chain that makes blocks only when asked.
    pub(crate) fn manual() -> Self {
        Self::serve(node(Genesis::dev(CHAIN), Mining::Manual), &Config::default())
    }

    pub(crate) fn serve(node: Node, config: &Config) -> Self {
        Self::observed(node, config, None)
    }

    /// Tells `observer` of every answer.
    pub(crate) fn observed(node: Node, config: &Config, observer: Option<Arc<dyn Observer>>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let config = Config { port: 0, ..config.clone() };
        let server = runtime.block_on(Server::start_observed(node.clone(), &config, observer)).unwrap();
        Self { node, address: server.address(), server: Some(server), runtime }
    }

    /// Stops the server and waits for it.
    pub(crate) fn stop_server(&mut self) {
        let server = self.server.take().unwrap();
        self.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), server.stop()).await }).unwrap();
    }

    pub(crate) fn post(&self, body: &str) -> Answer {
        self.http("POST", "content-type: application/json\r\n", body.as_bytes())
    }

    pub(crate) fn http(&self, method: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "{method} / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        // A server that refuses a body by its length may hang up before it has read it.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// The answer to a request from another address of this machine.
    #[cfg(target_os = "linux")]
    pub(crate) fn post_from(&self, from: [u8; 4], body: &str) -> String {
        let socket = async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind((from, 0).into()).unwrap();
            socket.connect(self.address).await.unwrap().into_std().unwrap()
        };
        let mut stream = self.runtime.block_on(socket);
        stream.set_nonblocking(false).unwrap();
        let head = "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
        stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The whole answer to a request.
    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        self.post(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()).json()
    }

    /// The result of a request that must succeed.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, params: Value) -> Value {
        let mut answer = self.call(method, params);
        assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
        answer["result"].take()
    }

    /// Code and message of a request that must fail.
    #[track_caller]
    pub(crate) fn refuse(&self, method: &str, params: Value) -> (i64, String) {
        let answer = self.call(method, params.clone());
        let error = answer.get("error").unwrap_or_else(|| panic!("{method} {params} was answered: {answer}"));
        (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
    }

    /// Sends and waits: gives the receipt.
    #[track_caller]
    pub(crate) fn send(&self, raw: &[u8]) -> Value {
        let hash = self.ask("eth_sendRawTransaction", json!([hex::encode_prefixed(raw)]));
        eventually("a receipt", || {
            Some(self.ask("eth_getTransactionReceipt", json!([hash]))).filter(|it| !it.is_null())
        })
    }

    /// Deploys runtime code and gives its address.
    #[track_caller]
    pub(crate) fn deploy(&self, nonce: u64, runtime: &[u8]) -> Address {
        let [high, low] = u16::try_from(runtime.len()).unwrap().to_be_bytes();
        // PUSH2 len, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN
        let mut init = vec![0x61, high, low, 0x80, 0x60, 10, 0x5f, 0x39, 0x5f, 0xf3];
        init.extend_from_slice(runtime);
        let tx = TxEip1559 {
            to: TxKind::Create,
            gas_limit: 1_000_000,
            input: init.into(),
            ..transfer(nonce, Address::ZERO, 0)
        };
        let receipt = self.send(&sign(tx, &key(0)));
        assert_eq!(receipt["status"], "0x1");
        receipt["contractAddress"].as_str().unwrap().parse().unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.node.stop();
    }
}

pub(crate) fn node(genesis: Genesis, mining: Mining) -> Node {
    Node::in_memory(genesis, NodeOptions { mining, ..NodeOptions::dev() }).unwrap()
}

/// The key of a dev account.
pub(crate) fn key(index: u32) -> PrivateKeySigner {
    let phrase = "test test test test test test test test test test test junk";
    MnemonicBuilder::<English>::default().phrase(phrase).index(index).unwrap().build().unwrap()
}

/// A transfer with roomy fees.
pub(crate) fn transfer(nonce: u64, to: Address, wei: u64) -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 5 * GWEI,
        max_priority_fee_per_gas: GWEI,
        to: TxKind::Call(to),
        value: U256::from(wei),
        ..TxEip1559::default()
    }
}

/// A call with calldata.
pub(crate) fn call(nonce: u64, to: Address, input: impl Into<Bytes>) -> TxEip1559 {
    TxEip1559 { gas_limit: 1_000_000, input: input.into(), ..transfer(nonce, to, 0) }
}

pub(crate) fn sign<T>(tx: T, by: &PrivateKeySigner) -> Vec<u8>
where
    EthereumTx: From<alloy_consensus::Signed<T>>,
    T: SignableTransaction<Signature> + RlpEcdsaEncodableTx,
{
    let signature = by.sign_hash_sync(&tx.signature_hash()).unwrap();
    EthereumTx::from(tx.into_signed(signature)).encoded_2718()
}

/// Runtime that logs one event (topics 0x42 and the caller) and adds 1 to slot 0.
pub(crate) const COUNTER: &[u8] = &[
    0x5f, 0x54, 0x60, 1, 0x01, 0x5f, 0x55, // SSTORE(0, SLOAD(0) + 1)
    0x33, 0x60, 0x42, 0x5f, 0x5f, 0xa2, 0x00, // LOG2(0, 0, 0x42, CALLER), STOP
];

/// Runtime that reverts with whatever it was called with.
pub(crate) const REVERTER: &[u8] = &[0x36, 0x5f, 0x5f, 0x37, 0x36, 0x5f, 0xfd];

/// Asks until there is an answer; fails after a minute.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
