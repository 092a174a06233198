//! A native swap beside Uniswap V2's Router02 bytecode: the same calldata, the same revm, blocks of 500
//! transactions with gas and logs on. Signatures, roots and disk are other benches' business.

#[path = "../../crates/protocols/exchange/tests/it/reference.rs"]
#[allow(dead_code)]
mod reference;

use alloy_primitives::{Address, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::SolCall;
use limpid_abi::{ITokenFactory, addresses::Addresses};
use limpid_bench::{measure, median, publish};
use limpid_evm::{BlockExecutor, Rules, TxEnv, testkit::TestChain};
use reference::{IRef, Reference};
use serde_json::json;

const OWNER: Address = Address::repeat_byte(0x0f);
const USERS: u64 = 1_000;
const BLOCK: u64 = 500;
const BLOCKS: u64 = 20;
const RUNS: usize = 7;
const DEADLINE: U256 = U256::from_limbs([u64::MAX, 0, 0, 0]);

struct Market {
    router: Address,
    tokens: [Address; 2],
}

fn user(index: u64) -> Address {
    Address::from_slice(&keccak256(index.to_be_bytes())[12..])
}

fn send(chain: &mut TestChain, from: Address, to: Address, call: impl SolCall) -> Bytes {
    let outcome = chain.send(from, to, U256::ZERO, call.abi_encode());
    assert!(outcome.success, "{outcome:?}");
    outcome.output
}

fn native(chain: &mut TestChain) -> Market {
    let at = Addresses::default();
    let tokens = ["Left", "Right"].map(|name| {
        let call = ITokenFactory::createTokenCall {
            name: name.into(),
            symbol: name.into(),
            decimals: 18,
            supply: U256::from(10).pow(U256::from(30)),
        };
        ITokenFactory::createTokenCall::abi_decode_returns(&send(chain, OWNER, at.token_factory, call))
            .expect("address")
    });
    Market { router: at.router, tokens }
}

fn published(chain: &mut TestChain) -> Option<Market> {
    let reference = Reference::deploy(chain, OWNER)?;
    let supply = U256::from(10).pow(U256::from(30));
    let tokens = [Reference::token(chain, OWNER, supply)?, Reference::token(chain, OWNER, supply)?];
    Some(Market { router: reference.router, tokens })
}

/// Liquidity, and for every user some of both tokens and the approvals that the reference needs.
fn open(chain: &mut TestChain, market: &Market, approve: bool) {
    let part = U256::from(10).pow(U256::from(24));
    let everyone: Vec<Address> = std::iter::once(OWNER).chain((0..USERS).map(user)).collect();
    for holder in everyone {
        for token in market.tokens {
            if holder != OWNER {
                send(chain, OWNER, token, IRef::transferCall { to: holder, value: part });
            }
            if approve {
                send(chain, holder, token, IRef::approveCall { spender: market.router, value: U256::MAX });
            }
        }
    }
    let (want, none) = (U256::from(10).pow(U256::from(26)), U256::ZERO);
    let [a, b] = market.tokens;
    let call = IRef::addLiquidityCall {
        a,
        b,
        wantA: want,
        wantB: want,
        minA: none,
        minB: none,
        to: OWNER,
        deadline: DEADLINE,
    };
    send(chain, OWNER, market.router, call);
}

/// One block's transactions: every user in turn, both directions.
fn transactions(chain: &TestChain, market: &Market, block: u64) -> Vec<TxEnv> {
    (0..BLOCK)
        .map(|index| {
            let number = block * BLOCK + index;
            let mut path = market.tokens.to_vec();
            if number % 2 == 1 {
                path.reverse();
            }
            let to = user(number % USERS);
            let call = IRef::swapExactTokensForTokensCall {
                amountIn: U256::from(1_000_000_000_000_000_000u64 + number),
                least: U256::ZERO,
                path,
                to,
                deadline: DEADLINE,
            };
            let mut tx = chain.tx(to, TxKind::Call(market.router), U256::ZERO, call.abi_encode().into(), 400_000);
            tx.gas_price = 10;
            tx
        })
        .collect()
}

/// Microseconds of CPU a swap, and its gas.
fn run(chain: &mut TestChain, market: &Market) -> (f64, u64) {
    let (mut spent, mut gas) = (0f64, 0u64);
    for block in 0..BLOCKS {
        chain.block.timestamp += 1;
        let txs = transactions(chain, market, block);
        let mut executor = BlockExecutor::new(chain.state.clone(), &chain.rules, chain.block.clone());
        let (diff, time) = measure(|| {
            for tx in txs {
                let outcome = executor.transact(tx).expect("valid");
                assert!(outcome.success && outcome.logs.len() >= 4, "{outcome:?}");
                gas = outcome.gas_used;
            }
            executor.finish()
        });
        std::sync::Arc::make_mut(&mut chain.state).apply(&diff);
        chain.block.number += 1;
        spent += time.as_secs_f64();
    }
    (spent * 1e6 / (BLOCK * BLOCKS) as f64, gas)
}

fn main() {
    let rich: Vec<Address> = std::iter::once(OWNER).chain((0..USERS).map(user)).collect();
    let mut chain = TestChain::new(Rules::standard(31337), &rich);
    let ours = native(&mut chain);
    let Some(theirs) = published(&mut chain) else { return };
    open(&mut chain, &ours, false);
    open(&mut chain, &theirs, true);
    let (mut native_us, mut reference_us, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut native_gas, mut reference_gas) = (0, 0);
    for _ in 0..RUNS {
        let (us, gas) = run(&mut chain, &ours);
        let (peer_us, peer_gas) = run(&mut chain, &theirs);
        (native_gas, reference_gas) = (gas, peer_gas);
        native_us.push(us);
        reference_us.push(peer_us);
        ratios.push(peer_us / us);
    }
    publish(
        "native_swap",
        &json!({
            "native_swap_vs_uniswap_v2_bytecode": median(ratios),
            "native_swap_cpu_us": median(native_us),
            "uniswap_v2_bytecode_swap_cpu_us": median(reference_us),
            "native_swap_gas": native_gas,
            "uniswap_v2_bytecode_swap_gas": reference_gas,
        }),
    );
}
