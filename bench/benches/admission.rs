//! What it costs to admit a signed native swap (decode, checks, recovery of the sender, insertion), beside the recovery
//! alone, which no node can do without. 1.0 would mean that everything else is free.

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Signature, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use limpid_abi::{IUniswapV2Router02, addresses::Addresses};
use limpid_bench::{measure, median, publish};
use limpid_chain::{Genesis, GenesisAccount, Mining, Node, NodeOptions};
use serde_json::json;

const CHAIN: u64 = 31_337;
const GWEI: u128 = 1_000_000_000;
const SENDERS: u64 = 200;
const EACH: u64 = 50;
const RUNS: usize = 9;

struct Signed {
    raw: Vec<u8>,
    hash: B256,
    signature: Signature,
}

fn sender(index: u64) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256(index.to_be_bytes())).expect("a hash is a key")
}

fn swap(key: &PrivateKeySigner, nonce: u64) -> Signed {
    let call = IUniswapV2Router02::swapExactTokensForTokensCall {
        amountIn: U256::from(1_000 + nonce),
        amountOutMin: U256::ZERO,
        path: vec![Address::repeat_byte(1), Address::repeat_byte(2)],
        to: key.address(),
        deadline: U256::MAX,
    };
    let tx = TxEip1559 {
        chain_id: CHAIN,
        nonce,
        gas_limit: 200_000,
        max_fee_per_gas: 20 * GWEI,
        max_priority_fee_per_gas: GWEI,
        to: TxKind::Call(Addresses::default().router),
        value: U256::ZERO,
        access_list: Default::default(),
        input: call.abi_encode().into(),
    };
    let hash = tx.signature_hash();
    let signature = key.sign_hash_sync(&hash).expect("a key signs");
    Signed { raw: tx.into_signed(signature).encoded_2718(), hash, signature }
}

fn main() {
    let senders: Vec<_> = (0..SENDERS).map(sender).collect();
    let mut genesis = Genesis::dev(CHAIN);
    for sender in &senders {
        let account = GenesisAccount { balance: U256::from(10u128.pow(21)), ..GenesisAccount::default() };
        genesis.alloc.insert(sender.address(), account);
    }
    let signed: Vec<_> = (0..EACH).flat_map(|nonce| senders.iter().map(move |key| swap(key, nonce))).collect();
    let count = signed.len() as f64;
    let [mut bare, mut admitted] = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        let ((), time) = measure(|| {
            for (place, one) in signed.iter().enumerate() {
                let (r, s) = (one.signature.r().into(), one.signature.s().into());
                let found = limpid_evm::recover_signer(one.hash, one.signature.v(), r, s);
                assert_eq!(found, Some(senders[place % senders.len()].address()));
            }
        });
        bare.push(time.as_secs_f64());
        let folder = tempfile::tempdir().expect("a folder");
        let options = NodeOptions { mining: Mining::Manual, ..NodeOptions::dev() };
        let node = Node::open(folder.path(), genesis.clone(), options).expect("a node");
        let ((), time) = measure(|| {
            for one in &signed {
                node.send_raw_transaction(&one.raw).expect("a good transaction");
            }
        });
        admitted.push(time.as_secs_f64());
        assert_eq!(node.pool().status().0, signed.len(), "all wait");
        node.stop();
    }
    let ratio = median(bare.iter().zip(&admitted).map(|(bare, admitted)| bare / admitted).collect());
    publish(
        "admission",
        &json!({
            "admission_vs_bare_recovery": ratio,
            "admission_cpu_us": median(admitted) * 1e6 / count,
            "bare_recovery_cpu_us": median(bare) * 1e6 / count,
        }),
    );
}
