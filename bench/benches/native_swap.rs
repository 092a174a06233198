//! A native swap beside Uniswap V2's Router02 bytecode: the same calldata, the same revm, blocks of 500
//! transactions with gas and logs on. Signatures, roots and disk are other benches' business.
//!
//! `native_swap` is a pool in V2 mode, which does what the bytecode does; `native_split_swap` is the default
//! mode, which besides pays the community's part of the fee out and logs how the fee was divided.

#[allow(dead_code, unreachable_pub)]
#[path = "../../crates/protocols/exchange/tests/it/reference.rs"]
mod reference;

use alloy_primitives::{Address, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::SolCall;
use limpid_abi::{ITokenFactory, addresses::Addresses};
use limpid_bench::{measure, median, publish};
use limpid_evm::{BlockExecutor, Rules, TxEnv, testkit::TestChain};
use limpid_exchange::{Factory, Policy};
use limpid_native::Contract;
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

/// Pools created from now on follow Uniswap's own rules, so that both sides do the same work.
fn use_v2_mode(chain: &mut TestChain) {
    let factory = Addresses::default().v2_factory;
    chain.native(|cx| Factory::at(cx, factory).configure(Policy::V2, Address::ZERO)).expect("our factory");
}

fn main() {
    let rich: Vec<Address> = std::iter::once(OWNER).chain((0..USERS).map(user)).collect();
    let mut chain = TestChain::new(Rules::standard(31337), &rich);
    let split = native(&mut chain);
    open(&mut chain, &split, false);
    use_v2_mode(&mut chain);
    let alike = native(&mut chain);
    open(&mut chain, &alike, false);
    let Some(theirs) = published(&mut chain) else { return };
    open(&mut chain, &theirs, true);
    let [mut split_us, mut alike_us, mut their_us] = [Vec::new(), Vec::new(), Vec::new()];
    let [mut split_gas, mut alike_gas, mut their_gas] = [0; 3];
    for _ in 0..RUNS {
        for (market, times, gas) in [
            (&split, &mut split_us, &mut split_gas),
            (&alike, &mut alike_us, &mut alike_gas),
            (&theirs, &mut their_us, &mut their_gas),
        ] {
            let (us, used) = run(&mut chain, market);
            times.push(us);
            *gas = used;
        }
    }
    let ratio = |ours: &[f64]| median(their_us.iter().zip(ours).map(|(theirs, ours)| theirs / ours).collect());
    publish(
        "native_swap",
        &json!({
            "native_swap_vs_uniswap_v2_bytecode": ratio(&alike_us),
            "native_split_swap_vs_uniswap_v2_bytecode": ratio(&split_us),
            "native_swap_cpu_us": median(alike_us),
            "native_split_swap_cpu_us": median(split_us),
            "uniswap_v2_bytecode_swap_cpu_us": median(their_us.clone()),
            "native_swap_gas": alike_gas,
            "native_split_swap_gas": split_gas,
            "uniswap_v2_bytecode_swap_gas": their_gas,
        }),
    );
}
