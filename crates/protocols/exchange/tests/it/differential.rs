//! The native exchange beside Uniswap V2's published bytecode in the same EVM: the same random
//! operations on both, equal to the wei, texts of refusals included.
//!
//! `DIFFERENTIAL_OPS` sets how many (20,000 in `make test`, once a million for the record). At least
//! 70 % of operations must succeed, each kind at least 2 % of all, and the texts listed in
//! [`MUST_HIT`] must all have been seen.

use crate::reference::{IRef, Reference, read, reason};
use crate::world::{NATIVE_SUPPLY, chain_with_weth, create_token, use_v2_mode};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use limpid_evm::{Outcome, testkit::TestChain};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::collections::BTreeMap;

const USERS: [Address; 4] =
    [Address::repeat_byte(0x11), Address::repeat_byte(0x22), Address::repeat_byte(0x33), Address::repeat_byte(0x44)];
const SETTER: Address = Address::repeat_byte(0x55);
const TREASURY: Address = Address::repeat_byte(0x66);
/// Tokens 0 to 2 and, as the last one, WETH.
const TOKENS: usize = 4;
const WETH: usize = 3;
const DEADLINE: U256 = U256::from_limbs([4_000_000_000, 0, 0, 0]);

/// Refusals that a long run must have met.
const MUST_HIT: &[&str] = &[
    "UniswapV2: K",
    "UniswapV2: INSUFFICIENT_INPUT_AMOUNT",
    "UniswapV2: INSUFFICIENT_LIQUIDITY",
    "UniswapV2: INSUFFICIENT_LIQUIDITY_MINTED",
    "UniswapV2: INSUFFICIENT_LIQUIDITY_BURNED",
    "UniswapV2: INSUFFICIENT_OUTPUT_AMOUNT",
    "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT",
    "UniswapV2Router: EXCESSIVE_INPUT_AMOUNT",
    "UniswapV2Router: INSUFFICIENT_A_AMOUNT",
    "UniswapV2Router: INSUFFICIENT_B_AMOUNT",
    "UniswapV2Router: EXPIRED",
    "UniswapV2Router: INVALID_PATH",
    "UniswapV2Library: INSUFFICIENT_INPUT_AMOUNT",
    "UniswapV2Library: INSUFFICIENT_OUTPUT_AMOUNT",
    "UniswapV2Library: INSUFFICIENT_LIQUIDITY",
    "TransferHelper: TRANSFER_FROM_FAILED",
];

/// One of the two exchanges.
struct Side {
    factory: Address,
    router: Address,
    tokens: [Address; TOKENS],
    pairs: BTreeMap<(usize, usize), Address>,
}

impl Side {
    fn path(&self, path: &[usize]) -> Vec<Address> {
        path.iter().map(|&token| self.tokens[token]).collect()
    }
}

/// An operation in terms that hold on both sides.
#[derive(Clone, Debug)]
enum Op {
    AddLiquidity { a: usize, b: usize, want: [U256; 2], least: [U256; 2] },
    AddLiquidityEth { token: usize, want: U256, eth: U256, least: [U256; 2] },
    RemoveLiquidity { a: usize, b: usize, share: u64, least: [U256; 2] },
    RemoveLiquidityEth { token: usize, share: u64 },
    SellExact { path: Vec<usize>, amount: U256, limit: U256, expired: bool },
    BuyExact { path: Vec<usize>, amount: U256, limit: U256 },
    SellEth { path: Vec<usize>, amount: U256, limit: U256 },
    BuyEth { path: Vec<usize>, amount: U256, limit: U256 },
    SellForEth { path: Vec<usize>, amount: U256, limit: U256 },
    BuyWithEth { path: Vec<usize>, amount: U256, value: U256 },
    PairSwap { a: usize, b: usize, sent: [U256; 2], out: [U256; 2] },
    PairMint { a: usize, b: usize, sent: [U256; 2] },
    PairBurn { a: usize, b: usize, share: u64 },
    Skim { a: usize, b: usize, donation: U256 },
    Sync { a: usize, b: usize, donation: U256 },
    FeeSwitch { on: bool },
}

impl Op {
    const fn kind(&self) -> &'static str {
        match self {
            Self::AddLiquidity { .. } => "addLiquidity",
            Self::AddLiquidityEth { .. } => "addLiquidityETH",
            Self::RemoveLiquidity { .. } => "removeLiquidity",
            Self::RemoveLiquidityEth { .. } => "removeLiquidityETH",
            Self::SellExact { .. } => "swapExactTokensForTokens",
            Self::BuyExact { .. } => "swapTokensForExactTokens",
            Self::SellEth { .. } => "swapExactETHForTokens",
            Self::BuyEth { .. } => "swapTokensForExactETH",
            Self::SellForEth { .. } => "swapExactTokensForETH",
            Self::BuyWithEth { .. } => "swapETHForExactTokens",
            Self::PairSwap { .. } => "pair.swap",
            Self::PairMint { .. } => "pair.mint",
            Self::PairBurn { .. } => "pair.burn",
            Self::Skim { .. } => "pair.skim",
            Self::Sync { .. } => "pair.sync",
            Self::FeeSwitch { .. } => "setFeeTo",
        }
    }
}

/// Both exchanges on one chain.
struct Worlds {
    chain: TestChain,
    native: Side,
    reference: Side,
    /// What each user's coin has changed by, modulo 2^256: on the reference's side, on the native one.
    coin: [[U256; USERS.len()]; 2],
}

/// Keeps an address's place in the order of addresses, but is another address.
fn beside(address: Address) -> Address {
    let mut bytes = address.into_array();
    bytes[19] ^= 1;
    bytes.into()
}

impl Worlds {
    fn new() -> Option<Self> {
        let rich = [USERS.as_slice(), &[SETTER]].concat();
        // A first chain tells where the reference's contracts will stand.
        let mut scratch = chain_with_weth(None, &rich);
        let planned = deploy_reference(&mut scratch)?;
        let mut chain = chain_with_weth(Some(beside(planned.tokens[WETH])), &rich);
        let reference = deploy_reference(&mut chain)?;
        use_v2_mode(&mut chain, SETTER);
        let at = chain.rules.registry.addresses().clone();
        let mut tokens = reference.tokens.map(beside);
        tokens[WETH] = at.weth;
        for (index, token) in tokens.iter().enumerate().take(WETH) {
            create_token(&mut chain, *token, &format!("T{index}"), SETTER, NATIVE_SUPPLY);
        }
        let native = Side { factory: at.v2_factory, router: at.router, tokens, pairs: BTreeMap::new() };
        let mut worlds = Self { chain, native, reference, coin: Default::default() };
        worlds.hand_out();
        Some(worlds)
    }

    /// Equal wealth for every user on both sides, and the reference's approvals.
    fn hand_out(&mut self) {
        let part = NATIVE_SUPPLY / U256::from(8);
        for side in [&self.native, &self.reference] {
            for token in &side.tokens[..WETH] {
                for user in USERS {
                    let call = IRef::transferCall { to: user, value: part }.abi_encode();
                    assert!(self.chain.send(SETTER, *token, U256::ZERO, call).success);
                }
            }
            for user in USERS {
                let wei = U256::from(10).pow(U256::from(27));
                let call = IRef::depositCall {}.abi_encode();
                assert!(self.chain.send(user, side.tokens[WETH], wei, call).success);
            }
        }
        for token in self.reference.tokens {
            for user in USERS {
                self.approve(user, token);
            }
        }
    }

    fn approve(&mut self, user: Address, token: Address) {
        let call = IRef::approveCall { spender: self.reference.router, value: U256::MAX }.abi_encode();
        assert!(self.chain.send(user, token, U256::ZERO, call).success);
    }

    fn make_pair(&mut self, a: usize, b: usize) {
        let key = (a.min(b), a.max(b));
        if self.native.pairs.contains_key(&key) {
            return;
        }
        for native in [true, false] {
            let side = if native { &self.native } else { &self.reference };
            let call = IRef::createPairCall { a: side.tokens[a], b: side.tokens[b] }.abi_encode();
            let (factory, outcome) = (side.factory, self.chain.send(SETTER, side.factory, U256::ZERO, call));
            assert!(outcome.success, "createPair on {factory}: {outcome:?}");
            let pair = IRef::createPairCall::abi_decode_returns(&outcome.output).expect("an address");
            let side = if native { &mut self.native } else { &mut self.reference };
            side.pairs.insert(key, pair);
        }
        let pair = self.reference.pairs[&key];
        for user in USERS {
            self.approve(user, pair);
        }
    }

    /// Runs the operation on one side; direct pair operations send tokens first.
    fn run(&mut self, native: bool, user: Address, op: &Op) -> Outcome {
        let side = if native { &self.native } else { &self.reference };
        let (before, to, value, call) = encode(&self.chain, side, user, op);
        for (token, amount, recipient) in before {
            let call = IRef::transferCall { to: recipient, value: amount }.abi_encode();
            let sent = self.chain.send(user, token, U256::ZERO, call);
            if !sent.success {
                return sent;
            }
        }
        let from = if matches!(op, Op::FeeSwitch { .. }) { SETTER } else { user };
        let held = USERS.map(|user| self.chain.balance(user));
        let outcome = self.chain.send(from, to, value, call);
        for ((changed, user), held) in self.coin[usize::from(native)].iter_mut().zip(USERS).zip(held) {
            *changed = changed.wrapping_add(self.chain.balance(user)).wrapping_sub(held);
        }
        outcome
    }

    /// Everything that must be equal, in a fixed order.
    fn state(&self, native: bool) -> Vec<U256> {
        let side = if native { &self.native } else { &self.reference };
        let holders: Vec<Address> = USERS.into_iter().chain(side.pairs.values().copied()).collect();
        let mut state = self.coin[usize::from(native)].to_vec();
        state.extend([side.router, side.tokens[WETH]].map(|contract| self.chain.balance(contract)));
        for pair in side.pairs.values() {
            let reserves = read(&self.chain, *pair, IRef::getReservesCall {});
            state.extend([U256::from(reserves.r0), U256::from(reserves.r1), U256::from(reserves.last)]);
            state.push(read(&self.chain, *pair, IRef::totalSupplyCall {}));
            state.push(read(&self.chain, *pair, IRef::kLastCall {}));
            state.push(read(&self.chain, *pair, IRef::price0CumulativeLastCall {}));
            state.push(read(&self.chain, *pair, IRef::price1CumulativeLastCall {}));
            for owner in USERS.into_iter().chain([TREASURY, Address::ZERO, *pair]) {
                state.push(read(&self.chain, *pair, IRef::balanceOfCall { owner }));
            }
        }
        for token in side.tokens {
            for owner in &holders {
                state.push(read(&self.chain, token, IRef::balanceOfCall { owner: *owner }));
            }
        }
        state
    }
}

fn deploy_reference(chain: &mut TestChain) -> Option<Side> {
    let reference = Reference::deploy(chain, SETTER)?;
    let mut tokens = [Address::ZERO; TOKENS];
    for token in &mut tokens[..WETH] {
        *token = Reference::token(chain, SETTER, NATIVE_SUPPLY)?;
    }
    tokens[WETH] = reference.weth;
    Some(Side { factory: reference.factory, router: reference.router, tokens, pairs: BTreeMap::new() })
}

type Encoded = (Vec<(Address, U256, Address)>, Address, U256, Bytes);

fn pair_of(side: &Side, a: usize, b: usize) -> Address {
    side.pairs[&(a.min(b), a.max(b))]
}

/// Amounts given in the order (a, b), in the pair's own order.
fn sorted(side: &Side, a: usize, b: usize, amounts: [U256; 2]) -> [U256; 2] {
    if side.tokens[a] < side.tokens[b] { amounts } else { [amounts[1], amounts[0]] }
}

/// `share` millionths of what the user holds of the pair's LP token.
fn lp_part(chain: &TestChain, pair: Address, user: Address, share: u64) -> U256 {
    let held = read(chain, pair, IRef::balanceOfCall { owner: user });
    held * U256::from(share) / U256::from(1_000_000)
}

fn encode(chain: &TestChain, side: &Side, user: Address, op: &Op) -> Encoded {
    let router = |value: U256, call: Vec<u8>| (Vec::new(), side.router, value, Bytes::from(call));
    let (to, deadline) = (user, DEADLINE);
    match op.clone() {
        Op::AddLiquidity { a, b, want: [wantA, wantB], least: [minA, minB] } => {
            let (a, b) = (side.tokens[a], side.tokens[b]);
            router(U256::ZERO, IRef::addLiquidityCall { a, b, wantA, wantB, minA, minB, to, deadline }.abi_encode())
        }
        Op::AddLiquidityEth { token, want, eth, least: [minToken, minETH] } => {
            let token = side.tokens[token];
            router(eth, IRef::addLiquidityETHCall { token, want, minToken, minETH, to, deadline }.abi_encode())
        }
        Op::RemoveLiquidity { a, b, share, least: [minA, minB] } => {
            let liquidity = lp_part(chain, pair_of(side, a, b), user, share);
            let (a, b) = (side.tokens[a], side.tokens[b]);
            let call = IRef::removeLiquidityCall { a, b, liquidity, minA, minB, to, deadline };
            router(U256::ZERO, call.abi_encode())
        }
        Op::RemoveLiquidityEth { token, share } => {
            let liquidity = lp_part(chain, pair_of(side, token, WETH), user, share);
            let (token, minToken, minETH) = (side.tokens[token], U256::ZERO, U256::ZERO);
            let call = IRef::removeLiquidityETHCall { token, liquidity, minToken, minETH, to, deadline };
            router(U256::ZERO, call.abi_encode())
        }
        Op::SellExact { path, amount: amountIn, limit: least, expired } => {
            let deadline = if expired { U256::ONE } else { deadline };
            let call = IRef::swapExactTokensForTokensCall { amountIn, least, path: side.path(&path), to, deadline };
            router(U256::ZERO, call.abi_encode())
        }
        Op::BuyExact { path, amount: amountOut, limit: most } => {
            let call = IRef::swapTokensForExactTokensCall { amountOut, most, path: side.path(&path), to, deadline };
            router(U256::ZERO, call.abi_encode())
        }
        Op::SellEth { path, amount, limit: least } => {
            router(amount, IRef::swapExactETHForTokensCall { least, path: side.path(&path), to, deadline }.abi_encode())
        }
        Op::BuyEth { path, amount: amountOut, limit: most } => {
            let call = IRef::swapTokensForExactETHCall { amountOut, most, path: side.path(&path), to, deadline };
            router(U256::ZERO, call.abi_encode())
        }
        Op::SellForEth { path, amount: amountIn, limit: least } => {
            let call = IRef::swapExactTokensForETHCall { amountIn, least, path: side.path(&path), to, deadline };
            router(U256::ZERO, call.abi_encode())
        }
        Op::BuyWithEth { path, amount: amountOut, value } => {
            let call = IRef::swapETHForExactTokensCall { amountOut, path: side.path(&path), to, deadline };
            router(value, call.abi_encode())
        }
        other => encode_pair(chain, side, user, other),
    }
}

fn encode_pair(chain: &TestChain, side: &Side, to: Address, op: Op) -> Encoded {
    let gifts = |a: usize, b: usize, sent: [U256; 2]| {
        let pair = pair_of(side, a, b);
        vec![(side.tokens[a], sent[0], pair), (side.tokens[b], sent[1], pair)]
    };
    match op {
        Op::PairSwap { a, b, sent, out } => {
            let [out0, out1] = sorted(side, a, b, out);
            let call = IRef::swapCall { out0, out1, to, data: Bytes::new() }.abi_encode();
            (gifts(a, b, sent), pair_of(side, a, b), U256::ZERO, call.into())
        }
        Op::PairMint { a, b, sent } => {
            (gifts(a, b, sent), pair_of(side, a, b), U256::ZERO, IRef::mintCall { to }.abi_encode().into())
        }
        Op::PairBurn { a, b, share } => {
            let pair = pair_of(side, a, b);
            let gift = vec![(pair, lp_part(chain, pair, to, share), pair)];
            (gift, pair, U256::ZERO, IRef::burnCall { to }.abi_encode().into())
        }
        Op::Skim { a, b, donation } => {
            let gift = gifts(a, b, [donation, U256::ZERO]);
            (gift, pair_of(side, a, b), U256::ZERO, IRef::skimCall { to }.abi_encode().into())
        }
        Op::Sync { a, b, donation } => {
            let gift = gifts(a, b, [donation, U256::ZERO]);
            (gift, pair_of(side, a, b), U256::ZERO, IRef::syncCall {}.abi_encode().into())
        }
        Op::FeeSwitch { on } => {
            let call = IRef::setFeeToCall { to: if on { TREASURY } else { Address::ZERO } };
            (Vec::new(), side.factory, U256::ZERO, call.abi_encode().into())
        }
        _ => unreachable!("router operations are encoded above"),
    }
}

/// Amounts of every size: dust, round numbers, and now and then what overflows.
fn amount(rng: &mut StdRng) -> U256 {
    match rng.random_range(0..100) {
        0..4 => U256::from(rng.random_range(0u64..4)),
        4..14 => U256::from(rng.random_range(1u64..100_000)),
        14..99 => U256::from(rng.random_range(1u128..1_000_000_000_000_000_000_000)),
        _ => [U256::from(1) << 112, U256::MAX, U256::from(1) << 200][rng.random_range(0..3)],
    }
}

fn two(rng: &mut StdRng) -> (usize, usize) {
    let a = rng.random_range(0..TOKENS);
    (a, (a + rng.random_range(1..TOKENS)) % TOKENS)
}

/// A path of two to four tokens between `from` and `to` where given.
fn path(rng: &mut StdRng, from: Option<usize>, to: Option<usize>) -> Vec<usize> {
    let hops = rng.random_range(1..4);
    let mut path = vec![from.unwrap_or_else(|| rng.random_range(0..TOKENS))];
    while path.len() <= hops {
        let last = path[path.len() - 1];
        path.push((last + rng.random_range(1..TOKENS)) % TOKENS);
    }
    if let Some(to) = to {
        let end = path.len() - 1;
        path[end] = to;
        if path[end - 1] == to {
            path[end - 1] = (to + 1) % TOKENS;
        }
        path.dedup(); // the step before may now repeat its neighbour
    }
    if rng.random_range(0..60) == 0 {
        path.truncate(1);
    }
    path
}

/// A limit that is met most of the time.
fn floor(rng: &mut StdRng) -> U256 {
    if rng.random_range(0..20) == 0 { amount(rng) } else { U256::ZERO }
}

fn ceiling(rng: &mut StdRng) -> U256 {
    if rng.random_range(0..20) == 0 { amount(rng) } else { U256::MAX }
}

fn next(rng: &mut StdRng) -> Op {
    let (a, b) = two(rng);
    let token = rng.random_range(0..WETH);
    match rng.random_range(0..100) {
        0..14 => {
            let least = [floor(rng), floor(rng)];
            Op::AddLiquidity { a, b, want: [amount(rng), amount(rng)], least }
        }
        14..20 => {
            let eth = amount(rng).min(U256::from(10).pow(U256::from(24)));
            Op::AddLiquidityEth { token, want: amount(rng), eth, least: [floor(rng), floor(rng)] }
        }
        20..26 => Op::RemoveLiquidity { a, b, share: rng.random_range(0..200_000), least: [floor(rng), floor(rng)] },
        26..30 => Op::RemoveLiquidityEth { token, share: rng.random_range(0..200_000) },
        30..46 => {
            let expired = rng.random_range(0..50) == 0;
            Op::SellExact { path: path(rng, None, None), amount: amount(rng), limit: floor(rng), expired }
        }
        46..54 => Op::BuyExact { path: path(rng, None, None), amount: amount(rng) >> 8, limit: ceiling(rng) },
        54..59 => {
            let amount = amount(rng).min(U256::from(10).pow(U256::from(24)));
            Op::SellEth { path: path(rng, Some(WETH), None), amount, limit: floor(rng) }
        }
        59..63 => Op::BuyEth { path: path(rng, None, Some(WETH)), amount: amount(rng) >> 8, limit: ceiling(rng) },
        63..68 => Op::SellForEth { path: path(rng, None, Some(WETH)), amount: amount(rng), limit: floor(rng) },
        68..72 => {
            let value = U256::from(10).pow(U256::from(24));
            Op::BuyWithEth { path: path(rng, Some(WETH), None), amount: amount(rng) >> 8, value }
        }
        72..81 => pair_swap(rng, a, b),
        81..86 => Op::PairMint { a, b, sent: [small(rng), small(rng)] },
        86..89 => Op::PairBurn { a, b, share: rng.random_range(0..100_000) },
        89..93 => Op::Skim { a, b, donation: small(rng) },
        93..96 => Op::Sync { a, b, donation: small(rng) },
        _ => Op::FeeSwitch { on: rng.random() },
    }
}

fn small(rng: &mut StdRng) -> U256 {
    amount(rng).min(U256::from(10).pow(U256::from(21)))
}

/// Mostly asks for little, now and then for more than K allows.
fn pair_swap(rng: &mut StdRng, a: usize, b: usize) -> Op {
    let sent = small(rng);
    let out = sent >> rng.random_range(2usize..40);
    let (sent, out) = match rng.random_range(0..10) {
        0 => ([sent, U256::ZERO], [out, out]),
        1 => ([U256::ZERO, U256::ZERO], [U256::ZERO, out]),
        2 => ([sent, U256::ZERO], [U256::ZERO, sent << 3]),
        _ => ([sent, U256::ZERO], [U256::ZERO, out]),
    };
    Op::PairSwap { a, b, sent, out }
}

#[test]
fn equal_to_the_published_bytecode() {
    let Some(mut worlds) = Worlds::new() else { return };
    let operations = std::env::var("DIFFERENTIAL_OPS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000usize);
    let seed = std::env::var("DIFFERENTIAL_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(7u64);
    let mut rng = StdRng::seed_from_u64(seed);
    for a in 0..TOKENS {
        for b in a + 1..TOKENS {
            worlds.make_pair(a, b);
        }
    }
    let mut seen: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for turn in 0..operations {
        worlds.chain.block.timestamp += rng.random_range(0u64..3) * rng.random_range(0u64..4_000);
        let (user, op) = (USERS[rng.random_range(0..USERS.len())], next(&mut rng));
        let native = worlds.run(true, user, &op);
        let reference = worlds.run(false, user, &op);
        let context =
            || format!("turn {turn}, seed {seed}, {user}: {op:?}\nnative {native:?}\nreference {reference:?}");
        assert_eq!(reason(&native), reason(&reference), "{}", context());
        if native.success {
            assert_eq!(native.output, reference.output, "{}", context());
        }
        // Reading everything costs more than the operation; failures change nothing but gifts.
        if turn % 16 == 0 || turn + 1 == operations {
            assert_eq!(worlds.state(true), worlds.state(false), "{}", context());
        }
        let count = seen.entry(op.kind()).or_default();
        count.0 += 1;
        count.1 += usize::from(native.success);
        if let Some(reason) = reason(&native) {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    report(operations, &seen, &reasons);
}

fn report(operations: usize, seen: &BTreeMap<&str, (usize, usize)>, reasons: &BTreeMap<String, usize>) {
    let succeeded: usize = seen.values().map(|count| count.1).sum();
    println!("differential: {operations} operations, {succeeded} succeeded");
    for (kind, (tried, succeeded)) in seen {
        println!("  {kind:28} {tried:7} tried {succeeded:7} succeeded");
    }
    for (reason, count) in reasons {
        println!("  refused {count:6} times: {reason:?}");
    }
    assert!(succeeded * 100 >= operations * 70, "only {succeeded} of {operations} succeeded");
    if operations >= 5_000 {
        for (kind, (tried, _)) in seen {
            assert!(tried * 100 >= operations * 2, "{kind} is only {tried} of {operations}");
        }
        for text in MUST_HIT {
            assert!(reasons.contains_key(*text), "never refused with {text:?}");
        }
    }
}
