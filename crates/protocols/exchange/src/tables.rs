//! Which selector reaches which method.

pub(crate) mod factory {
    use crate::Factory;
    use limpid_abi::IUniswapV2Factory;

    limpid_native::dispatch! { Factory {
        view   IUniswapV2Factory::feeToCall          => |factory, _, _| factory.fee_to();
        view   IUniswapV2Factory::feeToSetterCall    => |factory, _, _| factory.fee_to_setter();
        view   IUniswapV2Factory::getPairCall        => |factory, a, _| factory.get_pair(a.tokenA, a.tokenB);
        view   IUniswapV2Factory::allPairsCall       => |factory, a, _| factory.pair_at(a.0);
        view   IUniswapV2Factory::allPairsLengthCall => |factory, _, _| factory.count();
        mutate IUniswapV2Factory::createPairCall     => |factory, a, _| factory.create_pair(a.tokenA, a.tokenB);
        mutate IUniswapV2Factory::setFeeToCall       => |factory, a, c| factory.set_fee_to(c.caller, a.0);
        mutate IUniswapV2Factory::setFeeToSetterCall => |factory, a, c| factory.set_fee_to_setter(c.caller, a.0);
    }}
}

pub(crate) mod pair {
    use crate::{Pair, SHARE_NAME, SHARE_SYMBOL, math};
    use alloy_primitives::U256;
    use limpid_abi::{IExchangePair, IUniswapV2Pair};
    use limpid_native::revert_text;
    use limpid_token::PERMIT_TYPEHASH;

    type Four = (U256, U256, U256, U256);

    impl Pair<'_> {
        fn fees_paid(&self) -> limpid_native::Result<Four> {
            let (zero, one) = (self.fees0.get()?, self.fees1.get()?);
            let wide = |number: u128| U256::from(number);
            Ok((wide(zero.makers), wide(one.makers), wide(zero.community), wide(one.community)))
        }

        fn mode_number(&self) -> limpid_native::Result<u8> {
            self.setup().map(|setup| setup.mode.number())
        }
    }

    limpid_native::dispatch! { Pair {
        view   IUniswapV2Pair::nameCall                 => |_, _, _| Ok(SHARE_NAME.to_owned());
        view   IUniswapV2Pair::symbolCall               => |_, _, _| Ok(SHARE_SYMBOL.to_owned());
        view   IUniswapV2Pair::decimalsCall             => |_, _, _| Ok(18u8);
        view   IUniswapV2Pair::totalSupplyCall          => |pair, _, _| pair.ledger.total_supply();
        view   IUniswapV2Pair::balanceOfCall            => |pair, a, _| pair.ledger.balance_of(a.owner);
        view   IUniswapV2Pair::allowanceCall            => |pair, a, _| pair.ledger.allowance(a.owner, a.spender);
        mutate IUniswapV2Pair::approveCall              => |pair, a, c| pair.approve(c.caller, a.spender, a.value);
        mutate IUniswapV2Pair::transferCall             => |pair, a, c| pair.transfer(c.caller, a.to, a.value);
        mutate IUniswapV2Pair::transferFromCall         => |pair, a, c| pair.transfer_from(c.caller, a.from, a.to, a.value);
        view   IUniswapV2Pair::DOMAIN_SEPARATORCall     => |pair, _, _| pair.domain_separator();
        view   IUniswapV2Pair::PERMIT_TYPEHASHCall      => |_, _, _| Ok(PERMIT_TYPEHASH);
        view   IUniswapV2Pair::noncesCall               => |pair, a, _| pair.ledger.nonce(a.owner);
        mutate IUniswapV2Pair::permitCall               => |pair, a, _| pair.permit(&a);
        view   IUniswapV2Pair::MINIMUM_LIQUIDITYCall    => |_, _, _| Ok(math::MINIMUM_LIQUIDITY);
        view   IUniswapV2Pair::factoryCall              => |pair, _, _| Ok(pair.cx.env(|env| env.addresses.v2_factory));
        view   IUniswapV2Pair::token0Call               => |pair, _, _| pair.setup().map(|setup| setup.token0);
        view   IUniswapV2Pair::token1Call               => |pair, _, _| pair.setup().map(|setup| setup.token1);
        view   IUniswapV2Pair::getReservesCall          => |pair, _, _| pair.reserves().map(|r| (r.reserve0, r.reserve1, r.at));
        view   IUniswapV2Pair::price0CumulativeLastCall => |pair, _, _| pair.price0.get();
        view   IUniswapV2Pair::price1CumulativeLastCall => |pair, _, _| pair.price1.get();
        view   IUniswapV2Pair::kLastCall                => |pair, _, _| pair.k_last.get();
        mutate IUniswapV2Pair::mintCall                 => |pair, a, c| pair.mint(c.caller, a.to);
        mutate IUniswapV2Pair::burnCall                 => |pair, a, c| pair.burn(c.caller, a.to).map(|[zero, one]| (zero, one));
        mutate IUniswapV2Pair::swapCall                 => |pair, a, c| pair.swap(c.caller, [a.amount0Out, a.amount1Out], a.to, &a.data);
        mutate IUniswapV2Pair::skimCall                 => |pair, a, _| pair.skim(a.to);
        mutate IUniswapV2Pair::syncCall                 => |pair, _, _| pair.sync();
        mutate IUniswapV2Pair::initializeCall           => |_, _, _| Err::<(), _>(revert_text("UniswapV2: FORBIDDEN"));
        view   IExchangePair::modeCall                  => |pair, _, _| pair.mode_number();
        view   IExchangePair::feesPaidCall              => |pair, _, _| pair.fees_paid();
    }}
}

pub(crate) mod router {
    use crate::{
        Router,
        calls::weth,
        liquidity::{Deposit, Signature, Withdrawal},
        math,
        swaps::Order,
    };
    use alloy_primitives::{Address, U256};
    use limpid_abi::IUniswapV2Router02;

    type Three = (U256, U256, U256);

    fn three(((a, b), shares): ((U256, U256), U256)) -> Three {
        (a, b, shares)
    }

    fn deposit(answer: ([U256; 2], U256)) -> Three {
        let ([a, b], shares) = answer;
        three(((a, b), shares))
    }

    const fn two([a, b]: [U256; 2]) -> (U256, U256) {
        (a, b)
    }

    const fn coin_of([_, wei]: [U256; 2]) -> U256 {
        wei
    }

    fn order(path: &[Address], to: Address, deadline: U256) -> Order<'_> {
        Order { path, to, deadline }
    }

    limpid_native::dispatch! { Router {
        view    IUniswapV2Router02::factoryCall       => |router, _, _| Ok(router.cx.env(|env| env.addresses.v2_factory));
        view    IUniswapV2Router02::WETHCall          => |router, _, _| Ok(weth(router.cx).token);
        view    IUniswapV2Router02::quoteCall         => |_, a, _| math::quote(a.amountA, a.reserveA, a.reserveB);
        view    IUniswapV2Router02::getAmountOutCall  => |_, a, _| math::amount_out(a.amountIn, a.reserveIn, a.reserveOut);
        view    IUniswapV2Router02::getAmountInCall   => |_, a, _| math::amount_in(a.amountOut, a.reserveIn, a.reserveOut);
        view    IUniswapV2Router02::getAmountsOutCall => |router, a, _| router.amounts_out(a.amountIn, &a.path);
        view    IUniswapV2Router02::getAmountsInCall  => |router, a, _| router.amounts_in(a.amountOut, &a.path);

        mutate  IUniswapV2Router02::addLiquidityCall => |router, a, c| router.add(c.caller, &Deposit {
            tokens: [a.tokenA, a.tokenB],
            desired: [a.amountADesired, a.amountBDesired],
            least: [a.amountAMin, a.amountBMin],
            to: a.to,
            deadline: a.deadline,
        }).map(deposit);
        payable IUniswapV2Router02::addLiquidityETHCall => |router, a, c| router.add_coin(c.caller, c.value, &Deposit {
            tokens: [a.token, weth(router.cx).token],
            desired: [a.amountTokenDesired, c.value],
            least: [a.amountTokenMin, a.amountETHMin],
            to: a.to,
            deadline: a.deadline,
        }).map(deposit);
        mutate  IUniswapV2Router02::removeLiquidityCall => |router, a, c| router.remove(c.caller, &Withdrawal {
            tokens: [a.tokenA, a.tokenB],
            shares: a.liquidity,
            least: [a.amountAMin, a.amountBMin],
            to: a.to,
            deadline: a.deadline,
        }).map(two);
        mutate  IUniswapV2Router02::removeLiquidityETHCall => |router, a, c| router.remove_coin(c.caller, &Withdrawal {
            tokens: [a.token, weth(router.cx).token],
            shares: a.liquidity,
            least: [a.amountTokenMin, a.amountETHMin],
            to: a.to,
            deadline: a.deadline,
        }, false).map(two);
        mutate  IUniswapV2Router02::removeLiquidityETHSupportingFeeOnTransferTokensCall => |router, a, c| router.remove_coin(c.caller, &Withdrawal {
            tokens: [a.token, weth(router.cx).token],
            shares: a.liquidity,
            least: [a.amountTokenMin, a.amountETHMin],
            to: a.to,
            deadline: a.deadline,
        }, true).map(coin_of);
        mutate  IUniswapV2Router02::removeLiquidityWithPermitCall => |router, a, c| {
            let withdrawal = Withdrawal {
                tokens: [a.tokenA, a.tokenB],
                shares: a.liquidity,
                least: [a.amountAMin, a.amountBMin],
                to: a.to,
                deadline: a.deadline,
            };
            router.permit(c.caller, &withdrawal, Signature { max: a.approveMax, v: a.v, r: a.r, s: a.s })?;
            router.remove(c.caller, &withdrawal).map(two)
        };
        mutate  IUniswapV2Router02::removeLiquidityETHWithPermitCall => |router, a, c| {
            let withdrawal = Withdrawal {
                tokens: [a.token, weth(router.cx).token],
                shares: a.liquidity,
                least: [a.amountTokenMin, a.amountETHMin],
                to: a.to,
                deadline: a.deadline,
            };
            router.permit(c.caller, &withdrawal, Signature { max: a.approveMax, v: a.v, r: a.r, s: a.s })?;
            router.remove_coin(c.caller, &withdrawal, false).map(two)
        };
        mutate  IUniswapV2Router02::removeLiquidityETHWithPermitSupportingFeeOnTransferTokensCall => |router, a, c| {
            let withdrawal = Withdrawal {
                tokens: [a.token, weth(router.cx).token],
                shares: a.liquidity,
                least: [a.amountTokenMin, a.amountETHMin],
                to: a.to,
                deadline: a.deadline,
            };
            router.permit(c.caller, &withdrawal, Signature { max: a.approveMax, v: a.v, r: a.r, s: a.s })?;
            router.remove_coin(c.caller, &withdrawal, true).map(coin_of)
        };

        mutate  IUniswapV2Router02::swapExactTokensForTokensCall =>
            |router, a, c| router.sell(c.caller, a.amountIn, a.amountOutMin, order(&a.path, a.to, a.deadline));
        mutate  IUniswapV2Router02::swapTokensForExactTokensCall =>
            |router, a, c| router.buy(c.caller, a.amountOut, a.amountInMax, order(&a.path, a.to, a.deadline));
        payable IUniswapV2Router02::swapExactETHForTokensCall =>
            |router, a, c| router.sell_coin(c.value, a.amountOutMin, order(&a.path, a.to, a.deadline));
        mutate  IUniswapV2Router02::swapTokensForExactETHCall =>
            |router, a, c| router.buy_coin(c.caller, a.amountOut, a.amountInMax, order(&a.path, a.to, a.deadline));
        mutate  IUniswapV2Router02::swapExactTokensForETHCall =>
            |router, a, c| router.sell_for_coin(c.caller, a.amountIn, a.amountOutMin, order(&a.path, a.to, a.deadline));
        payable IUniswapV2Router02::swapETHForExactTokensCall =>
            |router, a, c| router.buy_with_coin(c.caller, c.value, a.amountOut, order(&a.path, a.to, a.deadline));
        mutate  IUniswapV2Router02::swapExactTokensForTokensSupportingFeeOnTransferTokensCall =>
            |router, a, c| router.sell_measured(c.caller, a.amountIn, a.amountOutMin, order(&a.path, a.to, a.deadline));
        payable IUniswapV2Router02::swapExactETHForTokensSupportingFeeOnTransferTokensCall =>
            |router, a, c| router.sell_coin_measured(c.value, a.amountOutMin, order(&a.path, a.to, a.deadline));
        mutate  IUniswapV2Router02::swapExactTokensForETHSupportingFeeOnTransferTokensCall =>
            |router, a, c| router.sell_for_coin_measured(c.caller, a.amountIn, a.amountOutMin, order(&a.path, a.to, a.deadline));
    }}
}

pub(crate) mod exchange {
    use crate::{Exchange, OneSided};
    use alloy_primitives::Address;
    use limpid_abi::IExchange;

    limpid_native::dispatch! { Exchange {
        mutate  IExchange::depositOneTokenCall => |exchange, a, c| exchange.deposit(c.caller, &OneSided {
            token: a.tokenIn, other: a.tokenOther, amount: a.amountIn, least: a.minLiquidity, to: a.to, deadline: a.deadline,
        });
        payable IExchange::depositCoinCall => |exchange, a, c| exchange.deposit_coin(c.caller, &OneSided {
            token: Address::ZERO, other: a.tokenOther, amount: c.value, least: a.minLiquidity, to: a.to, deadline: a.deadline,
        });
        mutate  IExchange::withdrawOneTokenCall => |exchange, a, c| exchange.withdraw(c.caller, &OneSided {
            token: a.tokenOut, other: a.tokenOther, amount: a.liquidity, least: a.minAmountOut, to: a.to, deadline: a.deadline,
        });
        mutate  IExchange::withdrawCoinCall => |exchange, a, c| exchange.withdraw_coin(c.caller, &OneSided {
            token: Address::ZERO, other: a.tokenOther, amount: a.liquidity, least: a.minAmountOut, to: a.to, deadline: a.deadline,
        });
        view    IExchange::positionInfoCall => |exchange, a, _| exchange.position(a.owner, a.pair);
        view    IExchange::poolsCall        => |exchange, a, _| exchange.pools(a.offset, a.limit);
        view    IExchange::feePolicyCall    => |exchange, _, _| exchange.fee_policy();
    }}
}

pub(crate) mod fees {
    use crate::FeeLedger;
    use limpid_abi::IFeeLedger;

    limpid_native::dispatch! { FeeLedger {
        view IFeeLedger::heldCall     => |fees, a, _| fees.held(a.token);
        view IFeeLedger::heldCoinCall => |fees, _, _| fees.held_coin();
    }}
}
