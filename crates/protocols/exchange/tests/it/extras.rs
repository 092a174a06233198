//! One-token deposits and withdrawals, positions, and what only native tokens may do.

use crate::{
    reference::{IRef, read},
    world::{NATIVE_SUPPLY, chain_at, create_token, use_v2_mode},
};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use limpid_abi::{
    IExchange, IExchangePair, IUniswapV2Pair as Pair, IUniswapV2Router02 as Router, addresses::Addresses, decode,
};
use limpid_evm::{AccountInfo, Bytecode, Outcome, testkit::TestChain};
use limpid_exchange::math;
use std::sync::Arc;

const ANN: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb2);
const TOKENS: [Address; 2] = [Address::repeat_byte(0x70), Address::repeat_byte(0x71)];
const FOREIGN: Address = Address::repeat_byte(0xfe);
const DEADLINE: U256 = U256::from_limbs([4_000_000_000, 0, 0, 0]);

struct Market {
    chain: TestChain,
    at: Addresses,
}

fn ether(whole: u64) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(18))
}

fn refusal(outcome: &Outcome) -> Option<String> {
    (!outcome.success).then(|| decode::revert(&outcome.output).map_or_else(String::new, |decoded| decoded.to_string()))
}

impl Market {
    /// A pool of 1,000 of both tokens and one of 1,000 coins and 1,000 of the first, both `ANN`'s.
    fn new(v2: bool) -> Self {
        let mut chain = chain_at(31337, |_| {}, &[ANN, BOB]);
        let at = chain.rules.registry.addresses().clone();
        if v2 {
            use_v2_mode(&mut chain, Address::ZERO);
        }
        for (index, token) in TOKENS.into_iter().enumerate() {
            create_token(&mut chain, token, &format!("T{index}"), ANN, NATIVE_SUPPLY);
            let call = IRef::transferCall { to: BOB, value: ether(1_000_000) };
            assert!(chain.send(ANN, token, U256::ZERO, call.abi_encode()).success);
        }
        let mut market = Self { chain, at };
        let [a, b] = TOKENS;
        let (wantA, wantB, zero) = (ether(1_000), ether(1_000), U256::ZERO);
        let call = IRef::addLiquidityCall { a, b, wantA, wantB, minA: zero, minB: zero, to: ANN, deadline: DEADLINE };
        assert_eq!(refusal(&market.send(ANN, market.at.router, zero, call)), None);
        let (token, want, minToken, minETH) = (TOKENS[0], ether(1_000), zero, zero);
        let call = IRef::addLiquidityETHCall { token, want, minToken, minETH, to: ANN, deadline: DEADLINE };
        assert_eq!(refusal(&market.send(ANN, market.at.router, ether(1_000), call)), None);
        market
    }

    fn send(&mut self, by: Address, to: Address, value: U256, call: impl SolCall) -> Outcome {
        self.chain.send(by, to, value, call.abi_encode())
    }

    fn pair(&self, a: Address, b: Address) -> Address {
        read(&self.chain, self.at.v2_factory, IRef::getPairCall { a, b })
    }

    fn held(&self, token: Address, owner: Address) -> U256 {
        read(&self.chain, token, IRef::balanceOfCall { owner })
    }

    fn position(&self, owner: Address) -> IExchange::Position {
        let pair = self.pair(TOKENS[0], TOKENS[1]);
        read(&self.chain, self.at.exchange, IExchange::positionInfoCall { owner, pair })
    }

    fn deposit(&mut self, amountIn: U256, minLiquidity: U256) -> Outcome {
        let ([tokenIn, tokenOther], to) = (TOKENS, BOB);
        let call =
            IExchange::depositOneTokenCall { tokenIn, tokenOther, amountIn, minLiquidity, to, deadline: DEADLINE };
        self.send(BOB, self.at.exchange, U256::ZERO, call)
    }

    fn withdraw(&mut self, by: Address, liquidity: U256, minAmountOut: U256) -> Outcome {
        let ([tokenOut, tokenOther], to) = (TOKENS, by);
        let call =
            IExchange::withdrawOneTokenCall { tokenOut, tokenOther, liquidity, minAmountOut, to, deadline: DEADLINE };
        self.send(by, self.at.exchange, U256::ZERO, call)
    }

    fn sell(&mut self, by: Address, path: [Address; 2], amountIn: U256) -> Outcome {
        let (least, path, to) = (U256::ZERO, path.to_vec(), by);
        let call = IRef::swapExactTokensForTokensCall { amountIn, least, path, to, deadline: DEADLINE };
        self.send(by, self.at.router, U256::ZERO, call)
    }
}

/// The formula's swap leaves nothing worth mentioning over, in either mode, and gets more shares than its
/// neighbours would.
#[test]
fn a_one_token_deposit_fits() {
    for v2 in [false, true] {
        for whole in [1u64, 30, 1_000, 100_000] {
            let mut market = Market::new(v2);
            let before = TOKENS.map(|token| market.held(token, BOB));
            let outcome = market.deposit(ether(whole), U256::ZERO);
            assert_eq!(refusal(&outcome), None);
            let after = TOKENS.map(|token| market.held(token, BOB));
            let spent = before[0] - after[0];
            assert!(spent <= ether(whole) && ether(whole) - spent <= ether(whole) / U256::from(1_000_000_000u64));
            assert!(after[1] >= before[1] && after[1] - before[1] <= ether(whole) / U256::from(1_000_000_000u64));
            let shares = IExchange::depositOneTokenCall::abi_decode_returns(&outcome.output).unwrap();
            assert_eq!(market.held(market.pair(TOKENS[0], TOKENS[1]), BOB), shares);
            for token in TOKENS {
                assert_eq!(market.held(token, market.at.exchange), U256::ZERO);
            }
        }
    }
}

/// The root of the quadratic against its neighbours, by brute force on plain numbers.
#[test]
fn the_swapped_part_is_the_best_one() {
    let (reserve, amount) = (U256::from(1_000_000_000u64), U256::from(300_000_000u64));
    for percent in [0u8, 60, 100] {
        let shares = |sold: U256| {
            let bought = math::amount_out(sold, reserve, reserve).unwrap();
            let community = math::fee_parts(sold, percent).unwrap().community;
            let (reserve_in, reserve_out) = (reserve + sold - community, reserve - bought);
            math::later_shares([amount - sold, bought], [reserve_in, reserve_out], reserve).unwrap()
        };
        let best = math::zap_swap(amount, reserve, percent).unwrap();
        for step in [10u64, 1_000, 100_000, 10_000_000] {
            let step = U256::from(step);
            assert!(shares(best) + U256::ONE >= shares(best + step), "{percent}: more");
            assert!(shares(best) + U256::ONE >= shares(best - step), "{percent}: less");
        }
    }
}

#[test]
fn limits_and_deadlines_are_kept() {
    let mut market = Market::new(false);
    assert!(refusal(&market.deposit(ether(1), ether(1))).unwrap().starts_with("TooLittle"));
    assert!(market.deposit(ether(10), ether(4)).success);
    let shares = market.held(market.pair(TOKENS[0], TOKENS[1]), BOB);
    assert!(refusal(&market.withdraw(BOB, shares, ether(10))).unwrap().starts_with("TooLittle"));
    market.chain.block.timestamp = 4_000_000_001;
    assert!(refusal(&market.deposit(ether(1), U256::ZERO)).unwrap().starts_with("Expired"));
    assert!(refusal(&market.withdraw(BOB, shares, U256::ZERO)).unwrap().starts_with("Expired"));
}

/// In and out again costs the fee and never pays; nothing stays behind.
#[test]
fn a_one_token_round_trip_costs_the_fee() {
    for v2 in [false, true] {
        let mut market = Market::new(v2);
        let before = market.held(TOKENS[0], BOB);
        assert!(market.deposit(ether(10), U256::ZERO).success);
        let shares = market.held(market.pair(TOKENS[0], TOKENS[1]), BOB);
        assert_eq!(refusal(&market.withdraw(BOB, shares, ether(9))), None);
        let lost = before - market.held(TOKENS[0], BOB);
        assert!(
            lost > ether(10) * U256::from(2) / U256::from(1_000)
                && lost < ether(10) * U256::from(5) / U256::from(1_000)
        );
        assert_eq!(market.held(TOKENS[0], market.at.exchange), U256::ZERO);
    }
}

#[test]
fn coin_goes_in_and_comes_out() {
    let mut market = Market::new(false);
    let before = market.chain.balance(BOB);
    let (tokenOther, to, deadline) = (TOKENS[0], BOB, DEADLINE);
    let call = IExchange::depositCoinCall { tokenOther, minLiquidity: ether(4), to, deadline };
    assert_eq!(refusal(&market.send(BOB, market.at.exchange, ether(10), call)), None);
    let pair = market.pair(TOKENS[0], market.at.weth);
    let liquidity = market.held(pair, BOB);
    assert!(before - market.chain.balance(BOB) > ether(10) - U256::from(1_000_000_000u64));
    let call = IExchange::withdrawCoinCall { tokenOther, liquidity, minAmountOut: ether(9), to, deadline };
    assert_eq!(refusal(&market.send(BOB, market.at.exchange, U256::ZERO, call)), None);
    let lost = before - market.chain.balance(BOB);
    assert!(lost > U256::ZERO && lost < ether(10) / U256::from(100));
    assert_eq!(market.chain.balance(market.at.exchange), U256::ZERO);
    assert_eq!(market.held(market.at.weth, market.at.exchange), U256::ZERO);
}

/// P-16 and D3: what is not a native token or not a pair is refused by name, wherever it is given.
#[test]
fn foreign_tokens_and_foreign_pairs_are_refused() {
    let mut market = Market::new(false);
    let info = AccountInfo { nonce: 1, ..AccountInfo::default() }.with_code(Bytecode::new_raw(vec![0x00].into()));
    Arc::make_mut(&mut market.chain.state).insert(FOREIGN, info);
    let wrap_first = format!("WrapFirst(token: {FOREIGN})");
    let (exchange, factory, zero) = (market.at.exchange, market.at.v2_factory, U256::ZERO);
    for (tokenIn, tokenOther) in [(FOREIGN, TOKENS[0]), (TOKENS[0], FOREIGN)] {
        let call = IExchange::depositOneTokenCall {
            tokenIn,
            tokenOther,
            amountIn: ether(1),
            minLiquidity: zero,
            to: BOB,
            deadline: DEADLINE,
        };
        assert_eq!(refusal(&market.send(BOB, exchange, zero, call)).unwrap(), wrap_first);
        let call = IRef::createPairCall { a: tokenIn, b: tokenOther };
        assert_eq!(refusal(&market.send(BOB, factory, zero, call)).unwrap(), wrap_first);
        assert_eq!(refusal(&market.sell(BOB, [tokenIn, tokenOther], ether(1))).unwrap(), wrap_first);
    }
    let call = IExchange::positionInfoCall { owner: BOB, pair: FOREIGN };
    let said = refusal(&market.chain.view(BOB, exchange, call.abi_encode())).unwrap();
    assert_eq!(said, format!("NotAPair(account: {FOREIGN})"));
    let same = IExchange::depositOneTokenCall {
        tokenIn: TOKENS[0],
        tokenOther: TOKENS[0],
        amountIn: ether(1),
        minLiquidity: zero,
        to: BOB,
        deadline: DEADLINE,
    };
    assert!(refusal(&market.send(BOB, exchange, zero, same)).unwrap().starts_with("BadTokens"));
}

/// A marker copied to an address that no factory made is no native token: the code alone proves nothing.
#[test]
fn a_copied_marker_is_foreign() {
    use limpid_native::{Contract, Marker};
    let mut market = Market::new(false);
    let marker = Marker { kind: limpid_token::Token::KIND, version: 0 };
    let code = Bytecode::new_raw(marker.code().to_vec().into());
    let info = AccountInfo { nonce: 1, ..AccountInfo::default() }.with_code(code);
    Arc::make_mut(&mut market.chain.state).insert(FOREIGN, info);
    let call = IRef::createPairCall { a: FOREIGN, b: TOKENS[0] };
    let outcome = market.send(BOB, market.at.v2_factory, U256::ZERO, call);
    assert_eq!(refusal(&outcome).unwrap(), format!("WrapFirst(token: {FOREIGN})"));
}

/// Pools of pool shares work, and take the shares' cost basis along.
#[test]
fn shares_can_be_pooled() {
    let mut market = Market::new(false);
    let share = market.pair(TOKENS[0], TOKENS[1]);
    let basis = market.position(ANN);
    let (wantA, wantB, zero) = (ether(10), ether(10), U256::ZERO);
    let (a, b, to, deadline) = (share, TOKENS[0], ANN, DEADLINE);
    let call = IRef::addLiquidityCall { a, b, wantA, wantB, minA: zero, minB: zero, to, deadline };
    assert_eq!(refusal(&market.send(ANN, market.at.router, zero, call)), None);
    let nested = market.pair(share, TOKENS[0]);
    assert_eq!(market.held(share, nested), ether(10));
    let (mine, theirs) = (market.position(ANN), market.position(nested));
    assert_eq!(mine.deposited0 + theirs.deposited0, basis.deposited0);
    assert_eq!(refusal(&market.sell(ANN, [share, TOKENS[0]], ether(1))), None);
    let out = market.held(share, nested);
    assert!(out > ether(10) && out < ether(11) + ether(1));
}

/// What fees have earned and what the price's move has cost, against figures worked out by hand.
#[test]
fn a_position_tells_fees_from_the_prices_move() {
    let mut market = Market::new(true);
    let start = market.position(ANN);
    assert_eq!((start.deposited0, start.deposited1), (ether(1_000), ether(1_000)));
    assert_eq!((start.fees0, start.impermanentLoss), (U256::ZERO, start.heldValue - start.value));
    for _ in 0..20 {
        assert!(market.sell(BOB, TOKENS, ether(100)).success);
        let back = market.held(TOKENS[1], BOB) - ether(1_000_000);
        assert!(market.sell(BOB, [TOKENS[1], TOKENS[0]], back).success);
    }
    let after = market.position(ANN);
    // Each trade moves 100/1,100 of the pool, at 0.3 % of 1,000 of both tokens: forty times 0.27 in all.
    let earned = after.fees0 + after.fees1;
    assert!(earned > ether(108) / U256::from(10) && earned < ether(110) / U256::from(10), "{earned}");
    assert!(after.impermanentLoss < ether(1));
    assert!(market.sell(BOB, TOKENS, ether(1_000)).success);
    let moved = market.position(ANN);
    // The price falls to a quarter: 2√r/(1 + r) − 1 = −20 % of what holding is worth.
    let share = moved.impermanentLoss * U256::from(1_000) / moved.heldValue;
    assert!(share > U256::from(190) && share < U256::from(205), "{share}");
    assert!(moved.value <= moved.heldValue - moved.impermanentLoss + moved.fees1 * U256::from(2) + ether(1));
}

#[test]
fn shares_carry_what_they_cost() {
    let mut market = Market::new(false);
    let before = market.position(ANN);
    let pair = before.pair;
    let half = before.liquidity / U256::from(2);
    assert!(market.send(ANN, pair, U256::ZERO, IRef::transferCall { to: BOB, value: half }).success);
    let (mine, his) = (market.position(ANN), market.position(BOB));
    assert_eq!(mine.deposited0 + his.deposited0, before.deposited0);
    assert!(his.deposited0 >= ether(499) && his.deposited0 <= ether(500));
    assert!(market.send(BOB, pair, U256::ZERO, IRef::transferCall { to: BOB, value: half }).success);
    assert_eq!(market.position(BOB).deposited0, his.deposited0, "a transfer to oneself changes nothing");
    assert!(market.withdraw(BOB, half, U256::ZERO).success);
    assert_eq!((market.position(BOB).deposited0, market.position(BOB).liquidity), (U256::ZERO, U256::ZERO));
    assert_eq!(market.position(pair).deposited0, U256::ZERO, "what was redeemed leaves no basis with the pool");
}

#[test]
fn pools_and_the_policy_are_listed() {
    let market = Market::new(false);
    let call = IExchange::poolsCall { offset: U256::ZERO, limit: U256::MAX };
    let pools = read(&market.chain, market.at.exchange, call);
    assert_eq!(pools.len(), 2);
    assert_eq!(pools[0].pair, market.pair(TOKENS[0], TOKENS[1]));
    assert_eq!(pools[0].mode, 1);
    let policy = read(&market.chain, market.at.exchange, IExchange::feePolicyCall {});
    assert_eq!((policy.mode, policy.makersPercent, policy.communityPercent), (1, 40, 60));
    assert_eq!(read(&market.chain, pools[1].pair, IExchangePair::modeCall {}), 1);
}

/// No key can switch anything: the fee setter of a standard chain is nobody.
#[test]
fn nobody_can_switch_the_fee() {
    let mut market = Market::new(false);
    for by in [ANN, BOB, Address::ZERO] {
        let outcome = market.send(by, market.at.v2_factory, U256::ZERO, IRef::setFeeToCall { to: BOB });
        assert!(by.is_zero() || refusal(&outcome).unwrap() == "UniswapV2: FORBIDDEN");
    }
}

/// The variants that measure what arrives keep their minimum too: exactly what comes out passes, 1 more does not.
#[test]
fn measured_swaps_keep_their_minimum() {
    let mut market = Market::new(false);
    let (weth, router, [token, other]) = (market.at.weth, market.at.router, TOKENS);
    let (amountIn, to, deadline, zero) = (ether(1), BOB, DEADLINE, U256::ZERO);
    let quote = |market: &Market, path: &[Address]| {
        let path = path.to_vec();
        *read(&market.chain, router, Router::getAmountsOutCall { amountIn, path }).last().expect("an output")
    };
    for more in [true, false] {
        let least = |market: &Market, path: &[Address]| quote(market, path) + U256::from(u8::from(more));
        let path = vec![token, other];
        let amountOutMin = least(&market, &path);
        let tokens = Router::swapExactTokensForTokensSupportingFeeOnTransferTokensCall {
            amountIn,
            amountOutMin,
            path,
            to,
            deadline,
        };
        let tokens = market.send(BOB, router, zero, tokens);
        let path = vec![token, weth];
        let amountOutMin = least(&market, &path);
        let coin = Router::swapExactTokensForETHSupportingFeeOnTransferTokensCall {
            amountIn,
            amountOutMin,
            path,
            to,
            deadline,
        };
        let coin = market.send(BOB, router, zero, coin);
        let path = vec![weth, token];
        let amountOutMin = least(&market, &path);
        let sold = Router::swapExactETHForTokensSupportingFeeOnTransferTokensCall { amountOutMin, path, to, deadline };
        let sold = market.send(BOB, router, amountIn, sold);
        for outcome in [tokens, coin, sold] {
            let refused = more.then(|| "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT".to_owned());
            assert_eq!(refusal(&outcome), refused);
        }
    }
}

#[test]
fn coin_that_does_not_fit_comes_back_to_its_sender() {
    let mut market = Market::new(false);
    let (router, weth) = (market.at.router, market.at.weth);
    let (before, wrapped) = (market.chain.balance(BOB), market.held(weth, market.pair(TOKENS[0], weth)));
    let (token, want, minToken, minETH) = (TOKENS[0], ether(1), U256::ZERO, U256::ZERO);
    let call = IRef::addLiquidityETHCall { token, want, minToken, minETH, to: ANN, deadline: DEADLINE };
    assert_eq!(refusal(&market.send(BOB, router, ether(3), call)), None);
    assert_eq!(market.chain.balance(BOB), before - ether(1), "the pool stands at one to one");
    assert_eq!(market.held(weth, market.pair(TOKENS[0], weth)), wrapped + ether(1));
    assert_eq!(market.chain.balance(router), U256::ZERO);
}

#[test]
fn a_pool_is_created_once() {
    let mut market = Market::new(false);
    let [a, b] = TOKENS;
    for (a, b) in [(a, b), (b, a)] {
        let factory = market.at.v2_factory;
        let outcome = market.send(BOB, factory, U256::ZERO, IRef::createPairCall { a, b });
        assert_eq!(refusal(&outcome), Some("UniswapV2: PAIR_EXISTS".to_owned()));
    }
}

#[test]
fn shares_are_taken_with_their_owners_leave_alone() {
    let mut market = Market::new(false);
    let pair = market.pair(TOKENS[0], TOKENS[1]);
    let take = |value: u64| Pair::transferFromCall { from: ANN, to: BOB, value: U256::from(value) };
    let none = || Some("ds-math-sub-underflow".to_owned());
    assert_eq!(refusal(&market.send(BOB, pair, U256::ZERO, take(1))), none());
    let leave = Pair::approveCall { spender: BOB, value: U256::from(10) };
    assert_eq!(refusal(&market.send(ANN, pair, U256::ZERO, leave)), None);
    assert_eq!(refusal(&market.send(BOB, pair, U256::ZERO, take(11))), none());
    assert_eq!(refusal(&market.send(BOB, pair, U256::ZERO, take(10))), None);
    assert_eq!(refusal(&market.send(BOB, pair, U256::ZERO, take(1))), none());
    assert_eq!(market.held(pair, BOB), U256::from(10));
}
