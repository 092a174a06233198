//! Two tokens, a pool and traders on a node: native on ours, published bytecode on its peer.

use crate::reference::{IRef, bytecode};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind, U256, hex, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use alloy_sol_types::{SolCall, SolValue};
use limpid_abi::{ITokenFactory, addresses::Addresses};
use limpid_bench::{http::Connection, peer::Peer};
use serde_json::Value;
use std::time::Duration;

pub(crate) const CHAIN: u64 = 31_337;
const GWEI: u128 = 1_000_000_000;
const DEADLINE: U256 = U256::from_limbs([u64::MAX, 0, 0, 0]);

/// Where a node's exchange is, and who trades on it.
pub(crate) struct Scene {
    pub(crate) router: Address,
    pub(crate) tokens: [Address; 2],
    traders: Vec<PrivateKeySigner>,
}

/// Somebody whose transactions are sent one after another and waited for.
struct Owner {
    key: PrivateKeySigner,
    node: Connection,
    nonce: u64,
}

pub(crate) fn hexed(data: &[u8]) -> String {
    hex::encode_prefixed(data)
}

fn signed(key: &PrivateKeySigner, nonce: u64, to: TxKind, gas_limit: u64, input: Bytes) -> Bytes {
    let tx = TxEip1559 {
        chain_id: CHAIN,
        nonce,
        gas_limit,
        max_fee_per_gas: 20 * GWEI,
        max_priority_fee_per_gas: GWEI,
        to,
        value: U256::ZERO,
        access_list: Default::default(),
        input,
    };
    let signature = key.sign_hash_sync(&tx.signature_hash()).expect("a key signs");
    tx.into_signed(signature).encoded_2718().into()
}

/// Waits until a block holds the first `nonce` transactions of `account`.
pub(crate) fn wait_for(node: &mut Connection, account: Address, nonce: u64) {
    let wanted = Value::from(format!("{nonce:#x}"));
    for _ in 0..6_000 {
        if node.call("eth_getTransactionCount", &format!(r#"["{account}","latest"]"#)) == wanted {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("transaction {nonce} of {account} is in no block after a minute");
}

impl Owner {
    fn new(peer: &Peer) -> Self {
        let phrase = "test test test test test test test test test test test junk";
        let key = MnemonicBuilder::<English>::default().phrase(phrase).build().expect("a good phrase");
        Self { key, node: peer.connect(), nonce: 0 }
    }

    fn push(&mut self, to: TxKind, input: Vec<u8>) {
        let raw = signed(&self.key, self.nonce, to, 6_000_000, input.into());
        self.node.call("eth_sendRawTransaction", &format!(r#"["{}"]"#, hexed(&raw)));
        self.nonce += 1;
        if self.nonce.is_multiple_of(50) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        wait_for(&mut self.node, self.key.address(), self.nonce);
    }

    fn send(&mut self, to: Address, call: impl SolCall) {
        self.push(TxKind::Call(to), call.abi_encode());
    }

    fn deploy(&mut self, code: Bytes, arguments: Vec<u8>) -> Address {
        let at = self.key.address().create(self.nonce);
        self.push(TxKind::Create, [code.to_vec(), arguments].concat());
        self.settle();
        at
    }

    fn view<C: SolCall>(&mut self, to: Address, call: C) -> C::Return {
        let params = format!(r#"[{{"to":"{to}","data":"{}"}},"latest"]"#, hexed(&call.abi_encode()));
        let answer = self.node.call("eth_call", &params);
        C::abi_decode_returns(&hex::decode(answer.as_str().expect("hex")).expect("hex")).expect("an answer")
    }

    fn native(&mut self) -> (Address, [Address; 2]) {
        let at = Addresses::default();
        let tokens = ["Left", "Right"].map(|name| {
            let token = self.view(at.token_factory, ITokenFactory::nextTokenOfCall { creator: self.key.address() });
            let (name, supply) = (String::from(name), U256::from(10).pow(U256::from(30)));
            let symbol = name.clone();
            self.send(at.token_factory, ITokenFactory::createTokenCall { name, symbol, decimals: 18, supply });
            self.settle();
            token
        });
        (at.router, tokens)
    }

    fn published(&mut self) -> Option<(Address, [Address; 2])> {
        let factory = self.deploy(bytecode("v2-core", "UniswapV2Factory")?, self.key.address().abi_encode());
        let weth = self.deploy(bytecode("v2-periphery", "WETH9")?, Vec::new());
        let router = self.deploy(bytecode("v2-periphery", "UniswapV2Router02")?, (factory, weth).abi_encode());
        let supply = U256::from(10).pow(U256::from(30));
        let token = bytecode("v2-core", "ERC20")?;
        let tokens = [0, 1].map(|_| self.deploy(token.clone(), supply.abi_encode()));
        for token in tokens {
            self.send(token, IRef::approveCall { spender: router, value: U256::MAX });
        }
        self.settle();
        Some((router, tokens))
    }
}

impl Scene {
    /// Sets the scene; `None` when the published bytecode is wanted and not installed.
    pub(crate) fn set(peer: &Peer, native: bool, traders: u64) -> Option<Self> {
        let mut owner = Owner::new(peer);
        let (router, tokens) = if native { owner.native() } else { owner.published()? };
        let traders: Vec<_> = (0..traders)
            .map(|index| PrivateKeySigner::from_bytes(&keccak256(index.to_be_bytes())).expect("a key"))
            .collect();
        let (want, none, to) = (U256::from(10).pow(U256::from(26)), U256::ZERO, owner.key.address());
        let [a, b] = tokens;
        let deadline = DEADLINE;
        owner.send(
            router,
            IRef::addLiquidityCall { a, b, wantA: want, wantB: want, minA: none, minB: none, to, deadline },
        );
        for (index, trader) in traders.iter().enumerate() {
            let token = tokens[index % 2];
            let (to, value) = (trader.address(), U256::from(10).pow(U256::from(24)));
            owner.node.call("anvil_setBalance", &format!(r#"["{to}","0x3635c9adc5dea00000"]"#));
            owner.send(token, IRef::transferCall { to, value });
            if !native {
                let call = IRef::approveCall { spender: router, value: U256::MAX };
                let raw = signed(trader, 0, TxKind::Call(token), 100_000, call.abi_encode().into());
                owner.node.call("eth_sendRawTransaction", &format!(r#"["{}"]"#, hexed(&raw)));
            }
        }
        owner.settle();
        for trader in traders.iter().filter(|_| !native) {
            wait_for(&mut owner.node, trader.address(), 1);
        }
        Some(Self { router, tokens, traders })
    }

    /// Every trader's `each` signed swaps, in order, from nonce `first` on.
    pub(crate) fn swaps(&self, first: u64, each: u64) -> Vec<Vec<Bytes>> {
        let swaps = |(index, trader): (usize, &PrivateKeySigner)| {
            let mut path = self.tokens.to_vec();
            path.rotate_left(index % 2);
            (first..first + each)
                .map(|nonce| {
                    let call = IRef::swapExactTokensForTokensCall {
                        amountIn: U256::from(1_000_000_000_000_000_000u64 + nonce),
                        least: U256::ZERO,
                        path: path.clone(),
                        to: trader.address(),
                        deadline: DEADLINE,
                    };
                    signed(trader, nonce, TxKind::Call(self.router), 300_000, call.abi_encode().into())
                })
                .collect()
        };
        self.traders.iter().enumerate().map(swaps).collect()
    }

    /// A quote as `eth_call`'s parameters.
    pub(crate) fn quote(&self) -> String {
        let call = IRef::getAmountsOutCall { amountIn: U256::from(1_000_000), path: self.tokens.to_vec() };
        format!(r#"[{{"to":"{}","data":"{}"}},"latest"]"#, self.router, hexed(&call.abi_encode()))
    }

    /// Transfers of the first token as `eth_getLogs`'s parameters: those to one trader, over all blocks.
    pub(crate) fn transfers(&self) -> String {
        let (topic, to) = (keccak256("Transfer(address,address,uint256)"), self.traders[1].address().into_word());
        format!(
            r#"[{{"address":"{}","fromBlock":"0x0","toBlock":"latest","topics":["{topic}",null,"{to}"]}}]"#,
            self.tokens[0]
        )
    }

    /// Everybody who trades.
    pub(crate) fn traders(&self) -> impl Iterator<Item = Address> {
        self.traders.iter().map(|trader| trader.address())
    }
}
