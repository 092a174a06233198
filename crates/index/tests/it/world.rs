//! A served node in memory with a market on it, keys, and a client that sends exactly the bytes it is given.

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use alloy_sol_types::SolCall;
use limpid_abi::{IToken, ITokenFactory, IUniswapV2Router02, addresses::Addresses};
use limpid_chain::{Genesis, Mining, Node, NodeOptions, Receipt, tx::EthereumTx};
use limpid_index::{Config, Rpc, Server};
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};
use tokio::runtime::Runtime;

pub(crate) const CHAIN: u64 = 31_337;
const GWEI: u128 = 1_000_000_000;
pub(crate) const ETHER: u64 = 1_000_000_000_000_000_000;

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
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }
}

/// What `market` made.
pub(crate) struct Market {
    pub(crate) token: Address,
    pub(crate) pool: Address,
    /// The hash of a swap of coin for tokens.
    pub(crate) swap: B256,
    /// The hash of a transaction that failed.
    pub(crate) failed: B256,
}

impl World {
    /// A development chain that makes blocks only when asked.
    pub(crate) fn new() -> Self {
        let options = NodeOptions { mining: Mining::Manual, ..NodeOptions::dev() };
        let node = Node::in_memory(Genesis::dev(CHAIN), options).unwrap();
        Self::serve(node)
    }

    pub(crate) fn serve(node: Node) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let config = Config { port: 0, ..Config::default() };
        let rpc: Rpc = Arc::new(|request| {
            let said = format!("rpc heard {}", request.method());
            Box::pin(async move { axum::response::IntoResponse::into_response(said) })
        });
        let server = runtime.block_on(Server::start(node.clone(), &config, rpc)).unwrap();
        Self { node, address: server.address(), server: Some(server), runtime }
    }

    /// Stops the server and waits for it.
    pub(crate) fn stop_server(&mut self) {
        let server = self.server.take().unwrap();
        self.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), server.stop()).await }).unwrap();
    }

    /// The bytes of a whole request, and what comes back until the other side hangs up.
    pub(crate) fn bytes(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A server that refuses may hang up before it has read everything.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let head = head.to_lowercase();
        let body = if head.contains("transfer-encoding: chunked") { unchunked(body) } else { body.to_owned() };
        Answer { status, head, body }
    }

    pub(crate) fn http(&self, method: &str, path: &str, headers: &str) -> Answer {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
        self.bytes(request.as_bytes())
    }

    /// What a path answers, which must be 200.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.http("GET", path, "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Status and code of a path that must be refused.
    #[track_caller]
    pub(crate) fn refused(&self, path: &str) -> (u16, String, String) {
        let answer = self.http("GET", path, "");
        let error = answer.json()["error"].clone();
        let text = |name: &str| error[name].as_str().unwrap_or_else(|| panic!("{path}: {}", answer.body)).to_owned();
        (answer.status, text("code"), text("message"))
    }

    /// Sends a transaction of a dev account and makes a block of it.
    #[track_caller]
    pub(crate) fn send(&self, by: u32, to: TxKind, wei: u64, input: impl Into<Bytes>) -> (B256, Receipt) {
        let signer = key(by);
        let tx = TxEip1559 {
            chain_id: CHAIN,
            nonce: self.node.pending_nonce(signer.address()).unwrap(),
            gas_limit: 3_000_000,
            max_fee_per_gas: 5 * GWEI,
            max_priority_fee_per_gas: GWEI,
            to,
            value: U256::from(wei),
            input: input.into(),
            ..TxEip1559::default()
        };
        let signature = signer.sign_hash_sync(&tx.signature_hash()).unwrap();
        let raw = EthereumTx::from(tx.into_signed(signature)).encoded_2718();
        let hash = self.node.send_raw_transaction(&raw).unwrap();
        self.node.mine(1, None).unwrap();
        (hash, self.node.receipt(hash).unwrap().expect("it is in the block").receipt)
    }

    /// A block so many seconds after the last one.
    pub(crate) fn later(&self, seconds: u64) {
        self.node.increase_time(Duration::from_secs(seconds)).unwrap();
        self.node.mine(1, None).unwrap();
    }

    /// A call that must succeed.
    #[track_caller]
    pub(crate) fn call(&self, by: u32, to: Address, wei: u64, call: &impl SolCall) -> (B256, Receipt) {
        let (hash, receipt) = self.send(by, TxKind::Call(to), wei, call.abi_encode());
        assert!(receipt.success, "{:?}", self.get(&format!("/v1/transactions/{hash}"))["item"]["failure"]);
        (hash, receipt)
    }

    /// A token, a pool of it and coin, a swap, a transfer, an allowance, and a transaction that fails.
    pub(crate) fn market(&self) -> Market {
        let at = Addresses::default();
        let whole = U256::from(ETHER);
        let create = ITokenFactory::createTokenCall {
            name: "Dollar".to_owned(),
            symbol: "USD".to_owned(),
            decimals: 18,
            supply: whole * U256::from(1_000_000),
        };
        let (_, receipt) = self.call(0, at.token_factory, 0, &create);
        let token = receipt.logs.last().map(|log| Address::from_word(log.topics()[1])).unwrap();
        let add = IUniswapV2Router02::addLiquidityETHCall {
            token,
            amountTokenDesired: whole * U256::from(1_000),
            amountTokenMin: U256::ZERO,
            amountETHMin: U256::ZERO,
            to: key(0).address(),
            deadline: U256::MAX,
        };
        let (_, receipt) = self.call(0, at.router, 10 * ETHER, &add);
        let pool = receipt.logs.last().unwrap().address;
        let swap = swap(at.weth, token, key(1).address(), U256::ZERO);
        let (swapped, _) = self.call(1, at.router, ETHER, &swap);
        let send = IToken::transferCall { to: key(2).address(), value: whole };
        self.call(0, token, 0, &send);
        let approve = IToken::approveCall { spender: key(3).address(), value: whole * U256::from(5) };
        self.call(1, token, 0, &approve);
        let greedy = swap_out(at.weth, token, key(1).address());
        let (failed, receipt) = self.send(1, TxKind::Call(at.router), ETHER, greedy);
        assert!(!receipt.success);
        Market { token, pool, swap: swapped, failed }
    }
}

/// Coin for tokens.
pub(crate) fn swap(
    weth: Address,
    token: Address,
    to: Address,
    least: U256,
) -> IUniswapV2Router02::swapExactETHForTokensCall {
    IUniswapV2Router02::swapExactETHForTokensCall {
        amountOutMin: least,
        path: vec![weth, token],
        to,
        deadline: U256::MAX,
    }
}

/// The same, asking for more than there is.
fn swap_out(weth: Address, token: Address, to: Address) -> Vec<u8> {
    swap(weth, token, to, U256::MAX >> 8).abi_encode()
}

impl Drop for World {
    fn drop(&mut self) {
        self.node.stop();
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or_default();
        if size == 0 || rest.len() < size {
            break;
        }
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}

/// The key of a dev account.
pub(crate) fn key(index: u32) -> PrivateKeySigner {
    let phrase = "test test test test test test test test test test test junk";
    MnemonicBuilder::<English>::default().phrase(phrase).index(index).unwrap().build().unwrap()
}
