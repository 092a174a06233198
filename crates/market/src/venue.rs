//! The pool on the chain, and how actors reach it.

use crate::{
    MarketError,
    actors::Actor,
    arbitrage::{Reserves, Side, Trade},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, TxKind, U256};
use alloy_sol_types::SolEvent;
use limpid_abi::{
    IERC20, IExchange, IExchangePair, IToken, ITokenFactory, IUniswapV2Factory, IUniswapV2Pair, IUniswapV2Router02,
    addresses::Addresses,
};
use limpid_client::{Call, Client, LogQuery, Receipt, fees::Fees};
use std::time::Duration;

/// Enough for every call of this crate; what is not used is not paid.
const GAS_LIMIT: u64 = 3_000_000;
/// A development node seals at once; anything slower has a reason worth telling.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(60);

/// The play moves the chain's clock itself, by hours: no deadline would mean anything.
const NO_DEADLINE: U256 = U256::MAX;
/// The factory's own limit of a page, and how many pages are looked through for the dollar token.
const TOKEN_PAGE: u64 = 50;
const TOKEN_PAGES: u64 = 100;

/// The dollar token's name, on chain and in reports.
pub(crate) const DOLLAR_NAME: &str = "Market Dollar";
pub(crate) const DOLLAR_SYMBOL: &str = "mUSD";

/// A node with our pool on it.
pub(crate) struct Venue<'a> {
    pub(crate) client: &'a Client,
    pub(crate) addresses: Addresses,
    pub(crate) chain_id: u64,
    pub(crate) dollar: Address,
    pub(crate) pair: Address,
    coin_is_token0: bool,
    pub(crate) fees: Fees,
    /// First block whose events have not been read.
    unread: u64,
}

/// What the pool did since it was last read, by its own events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) swaps: u64,
    /// Dollars that changed sides in swaps.
    pub(crate) volume: U256,
    pub(crate) makers: Amounts,
    pub(crate) community: Amounts,
}

/// Coin and dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Smallest units of the coin.
    pub coin: U256,
    /// Smallest units of the dollar token.
    pub dollar: U256,
}

impl<'a> Venue<'a> {
    pub(crate) fn new(client: &'a Client, chain_id: u64, fees: Fees) -> Self {
        Self {
            client,
            addresses: Addresses::default(),
            chain_id,
            dollar: Address::ZERO,
            pair: Address::ZERO,
            coin_is_token0: false,
            fees,
            unread: 0,
        }
    }

    /// Signs, sends and waits; a failure says who did what.
    pub(crate) async fn act(&self, actor: &mut Actor, what: &'static str, call: Call) -> Result<Receipt, MarketError> {
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: actor.nonce,
            gas_limit: GAS_LIMIT,
            max_fee_per_gas: self.fees.max_fee,
            max_priority_fee_per_gas: self.fees.tip,
            to: call.to.map_or(TxKind::Create, TxKind::Call),
            value: call.value,
            access_list: Default::default(),
            input: call.data,
        };
        let signed = actor.signer.sign_transaction(transaction.clone().into())?;
        let step = |source| MarketError::Step { actor: actor.name.clone(), what, source };
        let hash = self.client.send_raw(&signed).await.map_err(step)?;
        actor.nonce += 1;
        let receipt = self.client.wait(hash, RECEIPT_TIMEOUT).await.map_err(step)?;
        if !receipt.succeeded() {
            return Err(step(self.client.why_failed(&transaction, &receipt).await));
        }
        self.settle(&mut actor.purse, &receipt);
        Ok(receipt)
    }

    /// Books what a transaction moved between its sender and the pool, by the pool's events.
    fn settle(&self, purse: &mut Amounts, receipt: &Receipt) {
        for (_, swap) in receipt.events::<IUniswapV2Pair::Swap>() {
            *purse = purse
                .minus(self.ordered(swap.amount0In, swap.amount1In))
                .plus(self.ordered(swap.amount0Out, swap.amount1Out));
        }
        for (_, deposit) in receipt.events::<IUniswapV2Pair::Mint>() {
            *purse = purse.minus(self.ordered(deposit.amount0, deposit.amount1));
        }
        for (_, withdrawal) in receipt.events::<IUniswapV2Pair::Burn>() {
            *purse = purse.plus(self.ordered(withdrawal.amount0, withdrawal.amount1));
        }
    }

    /// Coin that some transactions can cost at most.
    pub(crate) fn fee_reserve(&self) -> U256 {
        self.fees.max_cost(GAS_LIMIT).saturating_mul(U256::from(4))
    }

    pub(crate) async fn refresh_fees(&mut self) -> Result<(), MarketError> {
        self.fees = self.client.fees().await?;
        Ok(())
    }

    /// Takes up the dollar token and the pool of an earlier play, so that a chain has one of each. False if there
    /// was none.
    pub(crate) async fn find_dollar(&mut self, issuer: Address) -> Result<bool, MarketError> {
        for page in 0..TOKEN_PAGES {
            let call =
                ITokenFactory::tokensCall { offset: U256::from(page * TOKEN_PAGE), limit: U256::from(TOKEN_PAGE) };
            let tokens = self.client.call(self.addresses.token_factory, &call).await?;
            let own = tokens
                .iter()
                .find(|token| token.creator == issuer && token.minter == issuer && token.symbol == DOLLAR_SYMBOL);
            if let Some(own) = own {
                self.set_dollar(own.token);
                return Ok(true);
            }
            if (tokens.len() as u64) < TOKEN_PAGE {
                break;
            }
        }
        Ok(false)
    }

    fn set_dollar(&mut self, dollar: Address) {
        self.dollar = dollar;
        // Uniswap V2 orders a pair's tokens by address.
        self.coin_is_token0 = self.addresses.weth < dollar;
    }

    /// The issuer can make more of it: a later play on the same chain may need more.
    pub(crate) async fn create_dollar(&mut self, issuer: &mut Actor, supply: U256) -> Result<(), MarketError> {
        let create = ITokenFactory::createMintableTokenCall {
            name: DOLLAR_NAME.to_owned(),
            symbol: DOLLAR_SYMBOL.to_owned(),
            decimals: 18,
            supply,
            minter: issuer.address(),
        };
        let receipt = self
            .act(issuer, "creating the dollar token", Call::function(self.addresses.token_factory, &create))
            .await?;
        let created = receipt
            .events::<ITokenFactory::TokenCreated>()
            .find(|(emitter, _)| *emitter == self.addresses.token_factory)
            .ok_or(MarketError::Inconsistent("the token factory logged no TokenCreated"))?;
        self.set_dollar(created.1.token);
        Ok(())
    }

    pub(crate) async fn mint_dollars(&self, issuer: &mut Actor, value: U256) -> Result<(), MarketError> {
        let call = Call::function(self.dollar, &IToken::mintCall { to: issuer.address(), value });
        self.act(issuer, "making dollars", call).await?;
        Ok(())
    }

    pub(crate) async fn hand_out(&self, issuer: &mut Actor, shares: &[(Address, U256)]) -> Result<(), MarketError> {
        let (to, values) = shares.iter().copied().unzip();
        let call = Call::function(self.dollar, &IToken::transferBatchCall { to, values });
        self.act(issuer, "handing out dollars", call).await?;
        Ok(())
    }

    /// Adds to the pool at its present ratio; the first call makes the pool.
    pub(crate) async fn add_liquidity(&self, maker: &mut Actor, amounts: Amounts) -> Result<(), MarketError> {
        let add = IUniswapV2Router02::addLiquidityETHCall {
            token: self.dollar,
            amountTokenDesired: amounts.dollar,
            amountTokenMin: U256::ZERO,
            amountETHMin: U256::ZERO,
            to: maker.address(),
            deadline: NO_DEADLINE,
        };
        let call = Call::function(self.addresses.router, &add).with_value(amounts.coin);
        self.act(maker, "adding liquidity", call).await?;
        Ok(())
    }

    pub(crate) async fn remove_liquidity(&self, maker: &mut Actor, shares: U256) -> Result<(), MarketError> {
        let remove = IUniswapV2Router02::removeLiquidityETHCall {
            token: self.dollar,
            liquidity: shares,
            amountTokenMin: U256::ZERO,
            amountETHMin: U256::ZERO,
            to: maker.address(),
            deadline: NO_DEADLINE,
        };
        self.act(maker, "removing liquidity", Call::function(self.addresses.router, &remove)).await?;
        Ok(())
    }

    /// Finds the pool; false if there is none yet.
    pub(crate) async fn find_pair(&mut self) -> Result<bool, MarketError> {
        let wanted = IUniswapV2Factory::getPairCall { tokenA: self.dollar, tokenB: self.addresses.weth };
        self.pair = self.client.call(self.addresses.v2_factory, &wanted).await?;
        Ok(!self.pair.is_zero())
    }

    /// From here on everything that happens in the pool belongs to this play.
    pub(crate) async fn begin(&mut self) -> Result<(), MarketError> {
        self.unread = self.client.block_number().await? + 1;
        Ok(())
    }

    fn ordered(&self, zero: U256, one: U256) -> Amounts {
        if self.coin_is_token0 { Amounts { coin: zero, dollar: one } } else { Amounts { coin: one, dollar: zero } }
    }

    pub(crate) async fn reserves(&self) -> Result<Reserves, MarketError> {
        let answer = self.client.call(self.pair, &IUniswapV2Pair::getReservesCall {}).await?;
        let held = self.ordered(U256::from(answer.reserve0), U256::from(answer.reserve1));
        Ok(Reserves { coin: held.coin, dollar: held.dollar })
    }

    pub(crate) async fn shares_of(&self, owner: Address) -> Result<U256, MarketError> {
        Ok(self.client.call(self.pair, &IUniswapV2Pair::balanceOfCall { owner }).await?)
    }

    pub(crate) async fn wallet_of(&self, owner: Address) -> Result<Amounts, MarketError> {
        let dollar = self.client.call(self.dollar, &IERC20::balanceOfCall { owner }).await?;
        Ok(Amounts { coin: self.client.balance(owner).await?, dollar })
    }

    /// What a maker's shares are redeemed for, and the part of it that fees have earned.
    pub(crate) async fn position_of(&self, owner: Address) -> Result<Position, MarketError> {
        let call = IExchange::positionInfoCall { owner, pair: self.pair };
        let info = self.client.call(self.addresses.exchange, &call).await?;
        Ok(Position {
            now: self.ordered(info.amount0, info.amount1),
            deposited: self.ordered(info.deposited0, info.deposited1),
            fees: self.ordered(info.fees0, info.fees1),
        })
    }

    /// The pool's own totals of fees since its creation: makers', community's.
    pub(crate) async fn fees_paid(&self) -> Result<(Amounts, Amounts), MarketError> {
        let paid = self.client.call(self.pair, &IExchangePair::feesPaidCall {}).await?;
        Ok((self.ordered(paid.makers0, paid.makers1), self.ordered(paid.community0, paid.community1)))
    }

    /// A swap of an exact input, at whatever the pool gives: nobody trades against a play market.
    pub(crate) async fn swap(
        &self,
        actor: &mut Actor,
        what: &'static str,
        trade: Trade,
        least: U256,
    ) -> Result<(), MarketError> {
        let (weth, to) = (self.addresses.weth, actor.address());
        let call = match trade.side {
            Side::SellCoin => {
                let path = vec![weth, self.dollar];
                let swap = IUniswapV2Router02::swapExactETHForTokensCall {
                    amountOutMin: least,
                    path,
                    to,
                    deadline: NO_DEADLINE,
                };
                Call::function(self.addresses.router, &swap).with_value(trade.amount_in)
            }
            Side::BuyCoin => {
                let path = vec![self.dollar, weth];
                let swap = IUniswapV2Router02::swapExactTokensForETHCall {
                    amountIn: trade.amount_in,
                    amountOutMin: least,
                    path,
                    to,
                    deadline: NO_DEADLINE,
                };
                Call::function(self.addresses.router, &swap)
            }
        };
        self.act(actor, what, call).await?;
        Ok(())
    }

    /// Reads the pool's events since the last time, everybody's included.
    pub(crate) async fn activity(&mut self) -> Result<Activity, MarketError> {
        let to_block = self.client.block_number().await?;
        let mut activity = Activity::default();
        if to_block < self.unread {
            return Ok(activity);
        }
        let signatures = vec![IUniswapV2Pair::Swap::SIGNATURE_HASH, IExchangePair::FeeSplit::SIGNATURE_HASH];
        let query = LogQuery { from_block: self.unread, to_block, address: vec![self.pair], topics: vec![signatures] };
        for log in self.client.logs(&query).await? {
            if let Some(swap) = log.decode::<IUniswapV2Pair::Swap>() {
                let (paid, given) =
                    (self.ordered(swap.amount0In, swap.amount1In), self.ordered(swap.amount0Out, swap.amount1Out));
                activity.swaps += 1;
                activity.volume = activity.volume.saturating_add(paid.dollar.max(given.dollar));
            } else if let Some(split) = log.decode::<IExchangePair::FeeSplit>() {
                activity.makers.add(split.token == self.dollar, split.makers);
                activity.community.add(split.token == self.dollar, split.community);
            }
        }
        self.unread = to_block + 1;
        Ok(activity)
    }
}

/// A maker's place in the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) now: Amounts,
    pub(crate) deposited: Amounts,
    pub(crate) fees: Amounts,
}

impl Amounts {
    fn add(&mut self, is_dollar: bool, amount: U256) {
        let place = if is_dollar { &mut self.dollar } else { &mut self.coin };
        *place = place.saturating_add(amount);
    }

    /// Both differences, at least zero.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self { coin: self.coin.saturating_sub(other.coin), dollar: self.dollar.saturating_sub(other.dollar) }
    }

    /// Both sums.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { coin: self.coin.saturating_add(other.coin), dollar: self.dollar.saturating_add(other.dollar) }
    }
}
