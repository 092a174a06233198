//! Gas per microsecond of what native code does in loops: the ground of the table in `limpid_native::gas`.
//!
//! Each figure is a long call less a short one, so that what every transaction costs is out of it. The peer is a
//! token of published bytecode that is sent about. A loop that ran much less gas in a microsecond than bytecode
//! does would be a cheap way to keep a node busy.

#[allow(dead_code, unreachable_pub)]
#[path = "../../crates/protocols/exchange/tests/it/reference.rs"]
mod reference;

use alloy_primitives::{Address, TxKind, U256};
use alloy_sol_types::SolCall;
use limpid_abi::{IExchange, IToken, ITokenFactory, addresses::Addresses};
use limpid_bench::{measure, median, publish};
use limpid_evm::{BlockExecutor, Rules, TxEnv, testkit::TestChain};
use reference::{IRef, Reference};
use serde_json::{Map, json};

const OWNER: Address = Address::repeat_byte(0x0f);
const ROWS: u64 = 50;
const RUNS: usize = 9;
const CALLS: u32 = 300;

fn send<C: SolCall>(chain: &mut TestChain, to: Address, call: C) -> C::Return {
    let outcome = chain.send(OWNER, to, U256::ZERO, call.abi_encode());
    assert!(outcome.success, "{outcome:?}");
    C::abi_decode_returns(&outcome.output).expect("an answer")
}

/// As many tokens, pools and allowances as a listing shows.
fn scene() -> (TestChain, Address) {
    let mut chain = TestChain::new(Rules::standard(31337), &[OWNER]);
    let at = Addresses::default();
    let tokens: Vec<Address> = (0..=ROWS)
        .map(|_| {
            let (name, symbol) = ("Some token".into(), "SOME".into());
            let call = ITokenFactory::createTokenCall { name, symbol, decimals: 18, supply: U256::from(u64::MAX) };
            send(&mut chain, at.token_factory, call)
        })
        .collect();
    for pair in tokens.windows(2) {
        send(
            &mut chain,
            at.v2_factory,
            limpid_abi::IUniswapV2Factory::createPairCall { tokenA: pair[0], tokenB: pair[1] },
        );
        send(&mut chain, tokens[0], IToken::approveCall { spender: pair[1], value: U256::from(7) });
    }
    (chain, tokens[0])
}

fn call(chain: &TestChain, to: Address, data: Vec<u8>) -> TxEnv {
    chain.tx(OWNER, TxKind::Call(to), U256::ZERO, data.into(), 16_000_000)
}

/// Gas and microseconds of CPU of one such call, in a block of them.
fn cost(chain: &TestChain, tx: &TxEnv) -> (f64, f64) {
    let mut executor = BlockExecutor::new(chain.state.clone(), &chain.rules, chain.block.clone());
    let mut gas = 0;
    let mut each = |executor: &mut BlockExecutor, nonce: u64| {
        let mut tx = tx.clone();
        tx.nonce += nonce;
        gas = executor.transact(tx).expect("valid").gas_used;
    };
    each(&mut executor, 0);
    let (_, time) = measure(|| (1..=u64::from(CALLS)).for_each(|nonce| each(&mut executor, nonce)));
    (gas as f64, time.as_secs_f64() * 1e6 / f64::from(CALLS))
}

/// Gas per microsecond of what the long call does beyond the short one.
fn rate(chain: &TestChain, [long, short]: [TxEnv; 2]) -> f64 {
    median(
        (0..RUNS)
            .map(|_| {
                let ((much, longer), (little, shorter)) = (cost(chain, &long), cost(chain, &short));
                (much - little) / (longer - shorter)
            })
            .collect(),
    )
}

fn main() {
    let (mut chain, token) = scene();
    let at = Addresses::default();
    let zero = U256::ZERO;
    let people = |count: u64| (0..count).map(|n| Address::from_word(U256::from(n + 1_000).into())).collect::<Vec<_>>();
    let batch = |count: u64, values: u64| {
        let values = vec![U256::from(1); usize::try_from(values).expect("small")];
        IToken::transferBatchCall { to: people(count), values }.abi_encode()
    };
    let rows = [ROWS, 1].map(U256::from);
    let mut table = Map::new();
    let mut put = |name: &str, chain: &TestChain, calls: [TxEnv; 2]| {
        table.insert(format!("gas_per_us_{name}"), json!(rate(chain, calls)));
    };
    let allowances = |limit| IToken::allowancesOfCall { owner: OWNER, offset: zero, limit }.abi_encode();
    put("allowance_rows", &chain, rows.map(|limit| call(&chain, token, allowances(limit))));
    let tokens = |limit| ITokenFactory::tokensCall { offset: zero, limit }.abi_encode();
    put("token_rows", &chain, rows.map(|limit| call(&chain, at.token_factory, tokens(limit))));
    let pools = |limit| IExchange::poolsCall { offset: zero, limit }.abi_encode();
    put("pool_rows", &chain, rows.map(|limit| call(&chain, at.exchange, pools(limit))));
    put("batch_transfers", &chain, [ROWS, 1].map(|count| call(&chain, token, batch(count, count))));
    put("decoding", &chain, [4_000, 4].map(|count| call(&chain, token, batch(count, 0))));
    if let Some(theirs) = Reference::token(&mut chain, OWNER, U256::from(u64::MAX)) {
        let transfer = IRef::transferCall { to: Address::repeat_byte(9), value: U256::from(1) }.abi_encode();
        let nothing = chain.tx(OWNER, TxKind::Call(Address::repeat_byte(9)), zero, Default::default(), 16_000_000);
        put("bytecode_transfer", &chain, [call(&chain, theirs, transfer), nothing]);
    }
    publish("gas_rate", &table.into());
}
