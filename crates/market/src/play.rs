//! The play itself: setting up, hour after hour, the reckoning.

use crate::{
    Feed, MarketError,
    actors::{Actor, FUNDER, Role, cast},
    arbitrage::{Side, Trade, deviation_ppm},
    calendar,
    clock::Clock,
    feed::{Candle, PRICE_DECIMALS, Price},
    plan::{Plan, value},
    report::{ActorRow, Hour, Observer, Opening, Summary},
    rng::Rng,
    venue::{Activity, Amounts, DOLLAR_NAME, DOLLAR_SYMBOL, Venue},
};
use alloy_primitives::U256;
use limpid_client::{BlockTag, Call, Client, ClientError, Unit, registry::Asset};
use limpid_math::{Round, mul_div};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Chain id of a development chain, for nodes that do not say what they are.
const DEV_CHAIN_ID: u64 = 31_337;
const HOUR: u64 = 3_600;
/// A market takes half of what its funder and its actors have, so that another can follow.
const BUDGET_PARTS: u64 = 2;
/// Below this much coin (in wei) no market makes sense.
const LEAST_BUDGET: u64 = 10_000_000_000_000_000_000;
/// One in this many parts of the budget is every actor's money for fees.
const FEE_PARTS: u64 = 500;
/// After a trade the fee on it leaves a small rest; a visitor's trade may leave more.
const ARBITRAGE_PASSES: u32 = 4;
/// A rest below this part of the pool is not worth a transaction.
const DUST_PARTS: u64 = 100_000;

/// How to play.
#[derive(Clone, Debug)]
pub struct Options {
    /// Of the traders' dice.
    pub seed: u64,
    /// Real time instead of compressed time.
    pub live: bool,
    /// The native coin's unit.
    pub coin: Unit,
    /// Set to end the play early: the hour in play is closed and the reckoning made.
    pub stop: Arc<AtomicBool>,
}

/// Plays a feed against a node until its end.
pub async fn play(
    client: &Client,
    feed: &Feed,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Summary, MarketError> {
    let mut market = Market::open(client, feed, options).await?;
    observer.opening(&market.opening(feed, options))?;
    let Candle { start: first, open: mut last, .. } = *feed.candles.first().ok_or(MarketError::Range)?;
    let mut clock = if options.live {
        Clock::live(Arc::clone(&options.stop))
    } else {
        let head = client.block(BlockTag::Latest).await?.ok_or(MarketError::Inconsistent("no latest block"))?;
        Clock::compressed(head.timestamp)
    };
    let mut candles = feed.candles.iter().peekable();
    while let Some(candle) = candles.next() {
        market.play_candle(candle, first, &mut clock).await?;
        let hour = candle.start / HOUR;
        let stops = options.stop.load(Ordering::Relaxed);
        if stops || candles.peek().is_none_or(|next| next.start / HOUR != hour) {
            let hour = market.close_hour(hour * HOUR, candle.close).await?;
            observer.hour(&hour)?;
        }
        last = candle.close;
        if stops {
            break;
        }
    }
    let summary = market.reckon(feed, last).await?;
    observer.summary(&summary)?;
    Ok(summary)
}

struct Market<'a> {
    venue: Venue<'a>,
    actors: Vec<Actor>,
    /// What each actor began with, in the order of `actors`.
    started: Vec<Amounts>,
    /// The pool's fee totals before this play: makers', community's.
    fees_before: (Amounts, Amounts),
    coin: Unit,
    rng: Rng,
    totals: Totals,
}

/// Sums over the hours.
#[derive(Default)]
struct Totals {
    hours: u64,
    swaps: u64,
    volume: U256,
    fees_makers: U256,
    fees_community: U256,
    max_error_ppm: u64,
    max_error_at: u64,
}

impl<'a> Market<'a> {
    async fn open(client: &'a Client, feed: &Feed, options: &Options) -> Result<Self, MarketError> {
        let chain_id = client.chain_id().await?;
        let dev = match client.status().await {
            Ok(status) => status.dev,
            Err(ClientError::NoSuchMethod { .. }) => chain_id == DEV_CHAIN_ID,
            Err(error) => return Err(error.into()),
        };
        if !dev {
            return Err(MarketError::NotADevChain(chain_id));
        }
        let mut actors = cast()?;
        for actor in &mut actors {
            actor.nonce = client.nonce(actor.address(), BlockTag::Pending).await?;
        }
        let venue = Venue::new(client, chain_id, client.fees().await?);
        let mut market = Self {
            venue,
            actors,
            started: Vec::new(),
            fees_before: Default::default(),
            coin: options.coin.clone(),
            rng: Rng::new(options.seed),
            totals: Totals::default(),
        };
        let played_before = market.clear_up().await?;
        let plan = market.fund(feed, &options.coin).await?;
        market.hand_out_dollars(&plan, played_before).await?;
        market.stock_pool(&plan, feed).await?;
        Ok(market)
    }

    /// After an earlier play on this chain its makers take their shares out again. False if there was none.
    async fn clear_up(&mut self) -> Result<bool, MarketError> {
        let Self { venue, actors, .. } = self;
        let issuer = actors.first().ok_or(MarketError::Inconsistent("no issuer"))?.address();
        if !venue.find_dollar(issuer).await? {
            return Ok(false);
        }
        if venue.find_pair().await? {
            for maker in actors.iter_mut().filter(|actor| actor.role == Role::Maker) {
                let shares = venue.shares_of(maker.address()).await?;
                if !shares.is_zero() {
                    venue.remove_liquidity(maker, shares).await?;
                }
            }
        }
        Ok(true)
    }

    /// Gives every actor its coin, from the last development account.
    async fn fund(&mut self, feed: &Feed, coin: &Unit) -> Result<Plan, MarketError> {
        let client = self.venue.client;
        let signer = limpid_wallet::dev_signer(FUNDER)?;
        let nonce = client.nonce(signer.address(), BlockTag::Pending).await?;
        let mut funder =
            Actor { name: "funder".to_owned(), role: Role::Issuer, signer, nonce, purse: Amounts::default() };
        let mut balances = Vec::new();
        for actor in &self.actors {
            balances.push(client.balance(actor.address()).await?);
        }
        let own = client.balance(funder.address()).await?;
        let all = balances.iter().fold(own, |sum, balance| sum.saturating_add(*balance));
        let budget = all / U256::from(BUDGET_PARTS);
        let short = |needs: U256| MarketError::NoFunds {
            account: funder.address(),
            has: coin.show(own),
            needs: coin.show(needs),
        };
        if budget < U256::from(LEAST_BUDGET) {
            return Err(short(U256::from(LEAST_BUDGET * BUDGET_PARTS)));
        }
        let plan = Plan::new(budget, feed)?;
        let wanted: Vec<U256> = self
            .actors
            .iter()
            .map(|actor| {
                let share = match actor.role {
                    Role::Issuer => U256::ZERO,
                    Role::Maker => plan.pool_coin / U256::from(3),
                    Role::Trader => plan.trader_coin / U256::from(3),
                    Role::Arbitrageur => plan.arbitrage_coin / U256::from(2),
                };
                share.saturating_add(budget / U256::from(FEE_PARTS))
            })
            .collect();
        let missing: Vec<U256> = wanted.iter().zip(&balances).map(|(want, have)| want.saturating_sub(*have)).collect();
        let needs = missing.iter().fold(self.venue.fee_reserve(), |sum, part| sum.saturating_add(*part));
        if needs > own {
            return Err(short(needs));
        }
        let for_fees = budget / U256::from(FEE_PARTS);
        for ((actor, amount), had) in self.actors.iter_mut().zip(missing).zip(balances) {
            actor.purse.coin = had.saturating_add(amount).saturating_sub(for_fees);
            if !amount.is_zero() {
                self.venue.act(&mut funder, "funding an actor", Call::transfer(actor.address(), amount)).await?;
            }
        }
        Ok(plan)
    }

    /// Makes as many dollars as the plan needs and gives every actor what it lacks of them.
    async fn hand_out_dollars(&mut self, plan: &Plan, played_before: bool) -> Result<(), MarketError> {
        let Self { venue, actors, .. } = self;
        let (mut shares, mut stock) = (Vec::new(), U256::ZERO);
        for actor in actors.iter() {
            let wanted = dollars_for(actor.role, plan);
            let has = if played_before { venue.wallet_of(actor.address()).await?.dollar } else { U256::ZERO };
            if actor.role == Role::Issuer {
                stock = has;
            } else if wanted > has {
                shares.push((actor.address(), wanted - has));
            }
        }
        let needs = shares.iter().fold(plan.for_visitors(), |sum, (_, share)| sum.saturating_add(*share));
        let missing = needs.saturating_sub(stock);
        let issuer = actors.first_mut().ok_or(MarketError::Inconsistent("no issuer"))?;
        if !played_before {
            venue.create_dollar(issuer, missing).await?;
        } else if !missing.is_zero() {
            venue.mint_dollars(issuer, missing).await?;
        }
        if !shares.is_empty() {
            venue.hand_out(issuer, &shares).await?;
        }
        for actor in &mut self.actors {
            let wallet = self.venue.wallet_of(actor.address()).await?;
            actor.purse.dollar = wallet.dollar;
            self.started.push(wallet);
        }
        Ok(())
    }

    /// Lets the makers fill the pool. What visitors left in it is brought to the first price before.
    async fn stock_pool(&mut self, plan: &Plan, feed: &Feed) -> Result<(), MarketError> {
        if !self.venue.pair.is_zero() {
            self.arbitrage(feed.candles.first().ok_or(MarketError::Range)?.open).await?;
        }
        let thirds = U256::from(3);
        let deposit = Amounts { coin: plan.pool_coin / thirds, dollar: plan.pool_dollars / thirds };
        for maker in self.actors.iter_mut().filter(|actor| actor.role == Role::Maker) {
            self.venue.add_liquidity(maker, deposit).await?;
        }
        if !self.venue.find_pair().await? {
            return Err(MarketError::Inconsistent("the factory knows no pair after the first deposit"));
        }
        self.fees_before = self.venue.fees_paid().await?;
        self.venue.begin().await
    }

    fn opening(&self, feed: &Feed, options: &Options) -> Opening {
        Opening {
            source: feed.source.clone(),
            periods: feed.candles.len(),
            skipped: feed.skipped.clone(),
            from: feed.candles.first().map_or(0, |candle| candle.start),
            to: feed.candles.last().map_or(0, |candle| candle.start.saturating_add(candle.length)),
            chain_id: self.venue.chain_id,
            seed: options.seed,
            live: options.live,
            coin: self.coin(),
            dollar: self.dollar(),
            pair: self.venue.pair,
            router: self.venue.addresses.router,
        }
    }

    fn coin(&self) -> Asset {
        Asset { token: None, unit: self.coin.clone(), name: "native coin".to_owned() }
    }

    fn dollar(&self) -> Asset {
        let unit = Unit::new(DOLLAR_SYMBOL, PRICE_DECIMALS);
        Asset { token: Some(self.venue.dollar), unit, name: DOLLAR_NAME.to_owned() }
    }

    /// Four prices of a period at its start, thirds and end; traders move the pool before each.
    async fn play_candle(&mut self, candle: &Candle, first: u64, clock: &mut Clock) -> Result<(), MarketError> {
        let begin = candle.start.saturating_sub(first);
        let last = candle.length.saturating_sub(1);
        for (third, price) in (0u64..).zip(candle.path()) {
            clock.advance(self.venue.client, begin.saturating_add(last * third / 3)).await?;
            for _ in 0..self.rng.between(1, 2) {
                self.trade_at_random().await?;
            }
            self.arbitrage(price).await?;
        }
        Ok(())
    }

    /// A trader swaps 0.02 % to 0.4 % of the pool, either way, as far as its wallet goes.
    async fn trade_at_random(&mut self) -> Result<(), MarketError> {
        let side = if self.rng.one_in(2) { Side::SellCoin } else { Side::BuyCoin };
        let size = U256::from(self.rng.between(2, 40));
        let pick = self.rng.between(0, 2);
        let (pool, _) = self.venue.reserves().await?.sides(side);
        let Some(place) = usize::try_from(pick).ok() else { return Ok(()) };
        let Self { venue, actors, .. } = self;
        let Some(trader) = actors.iter_mut().filter(|actor| actor.role == Role::Trader).nth(place) else {
            return Ok(());
        };
        let has = spendable(trader, side);
        let amount_in = (pool.saturating_mul(size) / U256::from(10_000)).min(has / U256::from(4));
        if amount_in.is_zero() {
            return Ok(());
        }
        venue.swap(trader, "trading", Trade { side, amount_in }, U256::ZERO).await
    }

    /// Arbitrageurs, richest first, until nothing more is to be earned.
    async fn arbitrage(&mut self, real: Price) -> Result<(), MarketError> {
        for _ in 0..ARBITRAGE_PASSES {
            let reserves = self.venue.reserves().await?;
            let Some(best) = reserves.arbitrage(real) else { break };
            if best.amount_in < reserves.sides(best.side).0 / U256::from(DUST_PARTS) {
                break;
            }
            let (mut most, mut place) = (U256::ZERO, None);
            for (index, actor) in self.actors.iter().enumerate() {
                if actor.role == Role::Arbitrageur {
                    let has = spendable(actor, best.side);
                    if has > most {
                        (most, place) = (has, Some(index));
                    }
                }
            }
            let Some(actor) = place.and_then(|index| self.actors.get_mut(index)) else { break };
            let trade = Trade { amount_in: best.amount_in.min(most), ..best };
            // Never at a loss: what comes out is worth what went in, or the swap reverts.
            let least = match trade.side {
                Side::SellCoin => value(trade.amount_in, real)?,
                Side::BuyCoin => mul_div(trade.amount_in, U256::from(10).pow(U256::from(18)), real.0, Round::Down)
                    .map_err(|_| MarketError::Range)?,
            };
            match self.venue.swap(actor, "arbitrage", trade, least).await {
                // A visitor was faster; look again.
                Ok(()) | Err(MarketError::Step { source: ClientError::Reverted(_), .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Now and then a maker takes some of its liquidity out, or puts some back.
    async fn rebalance_a_maker(&mut self) -> Result<(), MarketError> {
        if !self.rng.one_in(6) {
            return Ok(());
        }
        let (removes, percent) = (self.rng.one_in(2), U256::from(self.rng.between(10, 30)));
        let part = |amount: U256| amount.saturating_mul(percent) / U256::from(100);
        let Self { venue, actors, .. } = self;
        // The last maker only: the others show what holding through everything gives.
        let Some(maker) = actors.iter_mut().rfind(|actor| actor.role == Role::Maker) else { return Ok(()) };
        let (coin, dollar) = (part(maker.purse.coin), part(maker.purse.dollar));
        if removes {
            let shares = part(venue.shares_of(maker.address()).await?);
            if !shares.is_zero() {
                venue.remove_liquidity(maker, shares).await?;
            }
        } else if !coin.is_zero() && !dollar.is_zero() {
            venue.add_liquidity(maker, Amounts { coin, dollar }).await?;
        }
        Ok(())
    }

    async fn close_hour(&mut self, start: u64, real: Price) -> Result<Hour, MarketError> {
        let pool = self.venue.reserves().await?.price().ok_or(MarketError::Inconsistent("the pool is empty"))?;
        let error_ppm = deviation_ppm(pool, real).ok_or(MarketError::Range)?;
        self.rebalance_a_maker().await?;
        let Activity { swaps, volume, makers, community } = self.venue.activity().await?;
        let (fees_makers, fees_community) = (worth(makers, real)?, worth(community, real)?);
        let totals = &mut self.totals;
        totals.hours += 1;
        totals.swaps += swaps;
        totals.volume = totals.volume.saturating_add(volume);
        totals.fees_makers = totals.fees_makers.saturating_add(fees_makers);
        totals.fees_community = totals.fees_community.saturating_add(fees_community);
        if error_ppm > totals.max_error_ppm {
            (totals.max_error_ppm, totals.max_error_at) = (error_ppm, start);
        }
        self.venue.refresh_fees().await?;
        Ok(Hour { start, real, pool, error_ppm, swaps, volume, fees_makers, fees_community })
    }

    /// Who has what, coin valued at the last real price that was played.
    async fn reckon(&mut self, feed: &Feed, last: Price) -> Result<Summary, MarketError> {
        let first = feed.candles.first().ok_or(MarketError::Range)?.open;
        let (mut rows, mut now, mut deposited, mut earned) =
            (Vec::new(), Amounts::default(), Amounts::default(), Amounts::default());
        for (actor, started) in self.actors.iter().zip(&self.started) {
            let mut row = ActorRow {
                name: actor.name.clone(),
                address: actor.address(),
                started: *started,
                wallet: self.venue.wallet_of(actor.address()).await?,
                position: Amounts::default(),
                worth: U256::ZERO,
                held: worth(*started, last)?,
            };
            if actor.role == Role::Maker {
                let position = self.venue.position_of(actor.address()).await?;
                row.position = position.now;
                now = now.plus(position.now);
                deposited = deposited.plus(position.deposited);
                earned = earned.plus(position.fees);
            }
            row.worth = worth(row.wallet.plus(row.position), last)?;
            rows.push(row);
        }
        let (makers_fees, community_fees) = self.venue.fees_paid().await?;
        let (makers_before, community_before) = self.fees_before;
        let pool_price = self.venue.reserves().await?.price().ok_or(MarketError::Inconsistent("the pool is empty"))?;
        let totals = &self.totals;
        Ok(Summary {
            source: feed.source.clone(),
            hours: totals.hours,
            swaps: totals.swaps,
            volume: totals.volume,
            max_error_ppm: totals.max_error_ppm,
            max_error_at: calendar::format(totals.max_error_at),
            first_price: first,
            last_price: last,
            pool_price,
            fees_makers: totals.fees_makers,
            fees_community: totals.fees_community,
            makers_fees: makers_fees.minus(makers_before),
            community_fees: community_fees.minus(community_before),
            coin: self.coin(),
            dollar: self.dollar(),
            pair: self.venue.pair,
            positions_worth: worth(now, last)?,
            positions_held: worth(deposited, last)?,
            positions_fees: worth(earned, last)?,
            actors: rows,
        })
    }
}

/// An actor's part of a plan's dollars.
fn dollars_for(role: Role, plan: &Plan) -> U256 {
    match role {
        Role::Issuer => U256::ZERO,
        Role::Maker => plan.pool_dollars / U256::from(3),
        Role::Trader => plan.trader_dollars / U256::from(3),
        Role::Arbitrageur => plan.arbitrage_dollars / U256::from(2),
    }
}

/// What an actor can put into a swap.
const fn spendable(actor: &Actor, side: Side) -> U256 {
    match side {
        Side::SellCoin => actor.purse.coin,
        Side::BuyCoin => actor.purse.dollar,
    }
}

/// Dollars for coin and dollars together, at a price.
fn worth(amounts: Amounts, price: Price) -> Result<U256, MarketError> {
    Ok(value(amounts.coin, price)?.saturating_add(amounts.dollar))
}
