//! `limpid pool`: liquidity.
use super::trade::{at_least, parse_percent};
use crate::{
    args::{Global, Signing},
    confirm,
    error::{CliError, Result, told},
    keys::{self, Account},
    output,
    session::{self, Session},
};
use alloy_primitives::{Address, U256};
use clap::{Args, Subcommand};
use limpid_abi::{IERC20, IExchange, IExchangePair, IUniswapV2Factory, IUniswapV2Pair, IUniswapV2Router02 as Router};
use limpid_client::{
    Call, Unit, amount,
    registry::{Asset, Registry},
};
use limpid_math::{Round, mul_div};
use serde_json::{Value, json};

/// What to do with pools.
#[derive(Debug, Subcommand)]
pub enum PoolCommand {
    /// Put both sides into a pool, or one side with --one-token; makes the pool if there is none
    Add(AddArgs),
    /// Take a share out again
    Remove(RemoveArgs),
    /// All pools
    List,
    /// One pool: reserves, price, fees, and a provider's position
    Show(ShowArgs),
}

/// A deposit.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// How much of the first side, in whole coins or tokens
    #[arg(allow_negative_numbers = true)]
    amount: String,
    /// First side: a symbol or an address
    first: String,
    /// Second side: a symbol or an address
    second: String,
    /// How much of the second side; what the pool's price asks for otherwise. Needed for a new pool
    #[arg(value_name = "SECOND_AMOUNT", allow_negative_numbers = true)]
    second_amount: Option<String>,
    /// Deposit the first side only: a part of it is swapped to make both sides fit
    #[arg(long, conflicts_with = "second_amount")]
    one_token: bool,
    /// How far the pool's price may move before the deposit is refused, in percent
    #[arg(long, default_value = "0.5", value_name = "PERCENT", allow_negative_numbers = true, value_parser = parse_percent)]
    slippage: u32,
    /// Minutes after which the deposit is refused [default: 20, a day on development chains]
    #[arg(long, value_name = "MINUTES")]
    deadline: Option<u64>,
    #[command(flatten)]
    signing: Signing,
}

/// A withdrawal.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// How much of your position, such as 50% or all
    #[arg(allow_negative_numbers = true, value_parser = parse_share)]
    share: u32,
    /// First side: a symbol or an address
    first: String,
    /// Second side: a symbol or an address
    second: String,
    /// How far the pool's price may move before the withdrawal is refused, in percent
    #[arg(long, default_value = "0.5", value_name = "PERCENT", allow_negative_numbers = true, value_parser = parse_percent)]
    slippage: u32,
    /// Minutes after which the withdrawal is refused [default: 20, a day on development chains]
    #[arg(long, value_name = "MINUTES")]
    deadline: Option<u64>,
    #[command(flatten)]
    signing: Signing,
}

/// A pool.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// First side: a symbol or an address
    first: String,
    /// Second side: a symbol or an address
    second: String,
    /// Whose position to show: an address, one of your wallets, or dev:N
    #[arg(long, value_name = "ACCOUNT")]
    owner: Option<String>,
}

/// A share in basis points.
fn parse_share(text: &str) -> std::result::Result<u32, String> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(10_000);
    }
    match parse_percent(text) {
        Ok(0) => Err("that is nothing; say 50% or all".to_owned()),
        Ok(bps) => Ok(bps),
        Err(error) => Err(format!("{error}; say 50% or all")),
    }
}

/// Runs the command.
pub async fn run(command: PoolCommand, global: &Global) -> Result<()> {
    let session = Session::open(global).await?;
    let registry = session.registry().await?;
    match command {
        PoolCommand::Add(args) if args.one_token => add_one(&args, &session, &registry).await,
        PoolCommand::Add(args) => add(&args, &session, &registry).await,
        PoolCommand::Remove(args) => remove(&args, &session, &registry).await,
        PoolCommand::List => list(&session, &registry).await,
        PoolCommand::Show(args) => show(&args, &session, &registry).await,
    }
}

/// A pool as seen from two sides in the order a person named them.
struct Pool {
    pair: Address,
    sides: [Asset; 2],
    reserves: [U256; 2],
    supply: U256,
    /// The first side is the pair's token1.
    flipped: bool,
}

impl Pool {
    /// `None` in the second place when there is no such pool, or an empty one.
    async fn find(session: &Session, registry: &Registry, names: [&str; 2]) -> Result<([Asset; 2], Option<Self>)> {
        let sides = [session.asset(registry, names[0]).await?, session.asset(registry, names[1]).await?];
        let tokens = [registry.traded(&sides[0]), registry.traded(&sides[1])];
        if tokens[0] == tokens[1] {
            return told(format!("both sides are {}", session::name(&sides[0])));
        }
        let client = &session.client;
        let wanted = IUniswapV2Factory::getPairCall { tokenA: tokens[0], tokenB: tokens[1] };
        let pair = client.call(registry.addresses.v2_factory, &wanted).await?;
        if pair.is_zero() {
            return Ok((sides, None));
        }
        let reserves = client.call(pair, &IUniswapV2Pair::getReservesCall {}).await?;
        let supply = client.call(pair, &IUniswapV2Pair::totalSupplyCall {}).await?;
        if supply.is_zero() {
            return Ok((sides, None));
        }
        // Uniswap V2 orders a pair's tokens by address.
        let flipped = tokens[0] > tokens[1];
        let mut pool = Self {
            pair,
            sides: sides.clone(),
            reserves: [U256::from(reserves.reserve0), U256::from(reserves.reserve1)],
            supply,
            flipped,
        };
        pool.reserves = pool.ordered(pool.reserves);
        Ok((sides, Some(pool)))
    }

    fn ordered(&self, [zero, one]: [U256; 2]) -> [U256; 2] {
        if self.flipped { [one, zero] } else { [zero, one] }
    }

    /// Units of the second side that the pool's price asks beside an amount of the first, rounded up.
    fn beside(&self, amount: U256) -> Result<U256> {
        ratio(amount, self.reserves[1], self.reserves[0], Round::Up)
    }

    /// What a number of shares is redeemed for.
    fn redeemed(&self, shares: U256) -> Result<[U256; 2]> {
        let part = |reserve| ratio(shares, reserve, self.supply, Round::Down);
        Ok([part(self.reserves[0])?, part(self.reserves[1])?])
    }

    /// Units of the second side for one whole of the first.
    fn price_units(&self) -> Result<U256> {
        let one = U256::from(10).pow(U256::from(self.sides[0].unit.decimals));
        ratio(one, self.reserves[1], self.reserves[0], Round::Down)
    }

    /// `1 LIM = 132.91 mUSD`.
    fn price(&self) -> Result<String> {
        let second = &self.sides[1].unit;
        Ok(format!("1 {} = {}", self.sides[0].unit.symbol, second.show_short(self.price_units()?)))
    }

    /// Amounts of both sides, in the order they were named, for programs.
    fn json(&self, [first, second]: [U256; 2]) -> [Value; 2] {
        [self.sides[0].json(first), self.sides[1].json(second)]
    }
}

/// A number of a pool's shares for programs; shares are an ERC-20 of 18 decimals at the pool's address.
fn shares_json(pair: Address, shares: U256) -> Value {
    Asset { token: Some(pair), unit: Unit::new("shares", 18), name: String::new() }.json(shares)
}

/// How a pool divides its fee.
const fn mode_name(mode: u8) -> &'static str {
    if mode == 1 { "split" } else { "v2" }
}

fn ratio(amount: U256, numerator: U256, denominator: U256, round: Round) -> Result<U256> {
    mul_div(amount, numerator, denominator, round)
        .map_err(|error| CliError::Told(format!("the amounts do not fit: {error}")))
}

fn no_pool(sides: &[Asset; 2]) -> CliError {
    let [first, second] = sides.each_ref().map(session::name);
    CliError::Told(format!("there is no pool of {first} and {second}; `limpid pool list` shows the pools"))
}

async fn check_held(session: &Session, account: &Account, asset: &Asset, needs: U256) -> Result<()> {
    let held = session.held(account.address, asset).await?;
    if needs <= held {
        return Ok(());
    }
    told(format!("{} has {}, but this needs {}", account.label, asset.unit.show(held), asset.unit.show(needs)))
}

async fn add(args: &AddArgs, session: &Session, registry: &Registry) -> Result<()> {
    let (sides, pool) = Pool::find(session, registry, [&args.first, &args.second]).await?;
    let first = sides[0].unit.parse(&args.amount)?;
    let second = match (&args.second_amount, &pool) {
        (Some(text), _) => sides[1].unit.parse(text)?,
        (None, Some(pool)) => pool.beside(first)?,
        (None, None) => {
            return told(format!(
                "{}; to make it, say how much of the second side too: that sets the price",
                no_pool(&sides)
            ));
        }
    };
    // A new pool takes both amounts whole; an existing one takes what its price allows of each.
    let (takes, least) = match &pool {
        None => ([first, second], [first, second]),
        Some(pool) => {
            let fitting = pool.beside(first)?;
            let takes = if fitting <= second {
                [first, fitting]
            } else {
                [ratio(second, pool.reserves[0], pool.reserves[1], Round::Down)?, second]
            };
            (takes, [at_least(takes[0], args.slippage)?, at_least(takes[1], args.slippage)?])
        }
    };
    let account = Account::find(session, &args.signing)?;
    check_held(session, &account, &sides[0], first).await?;
    check_held(session, &account, &sides[1], second).await?;
    let mut intent = vec![
        ("deposit", session::show(&sides[0], takes[0])),
        ("and", session::show(&sides[1], takes[1])),
        ("at least", format!("{} and {}", sides[0].unit.show(least[0]), sides[1].unit.show(least[1]))),
    ];
    match &pool {
        Some(pool) => intent.push(("pool", format!("{}, {}", pool.pair, pool.price()?))),
        None => intent.push(("pool", "new: these amounts set its price".to_owned())),
    }
    let deadline = session.deadline(args.deadline).await?;
    let call = add_call(registry, &sides, [first, second], least, account.address, deadline);
    let receipt = confirm::sign_and_send(session, &account, &args.signing, intent, call).await?;
    report_position(session, registry, [&args.first, &args.second], &account, &receipt).await
}

/// The Router02 function for this pair of sides. No allowance is needed: the exchange debits its caller.
fn add_call(
    registry: &Registry,
    sides: &[Asset; 2],
    amounts: [U256; 2],
    least: [U256; 2],
    to: Address,
    deadline: U256,
) -> Call {
    let router = registry.addresses.router;
    match sides.iter().position(|asset| asset.token.is_none()) {
        Some(coin) => {
            let other = 1 - coin;
            let call = Router::addLiquidityETHCall {
                token: registry.traded(&sides[other]),
                amountTokenDesired: amounts[other],
                amountTokenMin: least[other],
                amountETHMin: least[coin],
                to,
                deadline,
            };
            Call::function(router, &call).with_value(amounts[coin])
        }
        None => {
            let call = Router::addLiquidityCall {
                tokenA: registry.traded(&sides[0]),
                tokenB: registry.traded(&sides[1]),
                amountADesired: amounts[0],
                amountBDesired: amounts[1],
                amountAMin: least[0],
                amountBMin: least[1],
                to,
                deadline,
            };
            Call::function(router, &call)
        }
    }
}

async fn add_one(args: &AddArgs, session: &Session, registry: &Registry) -> Result<()> {
    let (sides, pool) = Pool::find(session, registry, [&args.first, &args.second]).await?;
    let Some(pool) = pool else { return Err(no_pool(&sides)) };
    let amount = sides[0].unit.parse(&args.amount)?;
    let account = Account::find(session, &args.signing)?;
    check_held(session, &account, &sides[0], amount).await?;
    let (to, deadline) = (account.address, session.deadline(args.deadline).await?);
    let (exchange, other) = (registry.addresses.exchange, registry.traded(&sides[1]));
    let deposit = |least: U256| match sides[0].token {
        None => {
            let call = IExchange::depositCoinCall { tokenOther: other, minLiquidity: least, to, deadline };
            Call::function(exchange, &call).with_value(amount)
        }
        Some(token) => {
            let call = IExchange::depositOneTokenCall {
                tokenIn: token,
                tokenOther: other,
                amountIn: amount,
                minLiquidity: least,
                to,
                deadline,
            };
            Call::function(exchange, &call)
        }
    };
    // The exchange itself says how many shares it would give now.
    let trial = deposit(U256::ZERO);
    let tag = limpid_client::BlockTag::Latest;
    let answer = session.client.simulate(to, trial.to, trial.value, &trial.data, tag).await?;
    let shares = U256::try_from_be_slice(&answer).unwrap_or_default();
    let least = at_least(shares, args.slippage)?;
    let redeemed = pool.redeemed(shares)?;
    let intent = vec![
        ("deposit", session::show(&sides[0], amount)),
        ("becomes", format!("{} and {}", sides[0].unit.show_short(redeemed[0]), sides[1].unit.show_short(redeemed[1]))),
        ("shares", format!("{}, at least {}", amount::format(shares, 18), amount::format(least, 18))),
        ("pool", format!("{}, {}", pool.pair, pool.price()?)),
    ];
    let receipt = confirm::sign_and_send(session, &account, &args.signing, intent, deposit(least)).await?;
    report_position(session, registry, [&args.first, &args.second], &account, &receipt).await
}

async fn remove(args: &RemoveArgs, session: &Session, registry: &Registry) -> Result<()> {
    let (sides, pool) = Pool::find(session, registry, [&args.first, &args.second]).await?;
    let Some(pool) = pool else { return Err(no_pool(&sides)) };
    let account = Account::find(session, &args.signing)?;
    let held = session.client.call(pool.pair, &IERC20::balanceOfCall { owner: account.address }).await?;
    if held.is_zero() {
        return told(format!("{} has no share of this pool", account.label));
    }
    let shares = ratio(held, U256::from(args.share), U256::from(10_000), Round::Down)?;
    let gets = pool.redeemed(shares)?;
    if shares.is_zero() || gets.iter().any(|amount| amount.is_zero()) {
        return told("that is too small a share to withdraw");
    }
    let least = [at_least(gets[0], args.slippage)?, at_least(gets[1], args.slippage)?];
    let intent = vec![
        ("withdraw", session::show(&sides[0], gets[0])),
        ("and", session::show(&sides[1], gets[1])),
        ("at least", format!("{} and {}", sides[0].unit.show(least[0]), sides[1].unit.show(least[1]))),
        ("for shares", format!("{} of {}", amount::format(shares, 18), amount::format(held, 18))),
    ];
    let deadline = session.deadline(args.deadline).await?;
    let call = remove_call(registry, &sides, shares, least, account.address, deadline);
    let receipt = confirm::sign_and_send(session, &account, &args.signing, intent, call).await?;
    report_position(session, registry, [&args.first, &args.second], &account, &receipt).await
}

fn remove_call(
    registry: &Registry,
    sides: &[Asset; 2],
    liquidity: U256,
    least: [U256; 2],
    to: Address,
    deadline: U256,
) -> Call {
    let router = registry.addresses.router;
    match sides.iter().position(|asset| asset.token.is_none()) {
        Some(coin) => {
            let call = Router::removeLiquidityETHCall {
                token: registry.traded(&sides[1 - coin]),
                liquidity,
                amountTokenMin: least[1 - coin],
                amountETHMin: least[coin],
                to,
                deadline,
            };
            Call::function(router, &call)
        }
        None => {
            let call = Router::removeLiquidityCall {
                tokenA: registry.traded(&sides[0]),
                tokenB: registry.traded(&sides[1]),
                liquidity,
                amountAMin: least[0],
                amountBMin: least[1],
                to,
                deadline,
            };
            Call::function(router, &call)
        }
    }
}

/// The position after a deposit or a withdrawal.
async fn report_position(
    session: &Session,
    registry: &Registry,
    names: [&str; 2],
    account: &Account,
    receipt: &limpid_client::Receipt,
) -> Result<()> {
    let (_, pool) = Pool::find(session, registry, names).await?;
    let mut value = confirm::receipt_json(session, receipt);
    let Some(pool) = pool else {
        return output::emit(session.json, &value, || confirm::receipt_lines(session, receipt));
    };
    let position = position(session, registry, &pool, account.address).await?;
    value["pair"] = json!(pool.pair);
    value["position"] = position.0;
    output::emit(session.json, &value, || output::fields(&position.1) + &confirm::receipt_lines(session, receipt))
}

/// What an account has in a pool, as JSON and as lines.
async fn position(
    session: &Session,
    registry: &Registry,
    pool: &Pool,
    owner: Address,
) -> Result<(Value, Vec<(&'static str, String)>)> {
    let call = IExchange::positionInfoCall { owner, pair: pool.pair };
    let info = session.client.call(registry.addresses.exchange, &call).await?;
    let [first, second] = pool.sides.each_ref().map(|asset| asset.unit.clone());
    let text = |amounts: [U256; 2]| pool.json(pool.ordered(amounts));
    // Values are counted in token1.
    let valued = if pool.flipped { &pool.sides[0] } else { &pool.sides[1] };
    let unit = &valued.unit;
    let both = |amounts: [U256; 2]| {
        let amounts = pool.ordered(amounts);
        format!("{} and {}", first.show_short(amounts[0]), second.show_short(amounts[1]))
    };
    let (now, deposited, fees) =
        ([info.amount0, info.amount1], [info.deposited0, info.deposited1], [info.fees0, info.fees1]);
    let value = json!({
        "owner": owner, "shares": shares_json(pool.pair, info.liquidity),
        "totalShares": shares_json(pool.pair, info.totalSupply),
        "amounts": text(now), "deposited": text(deposited), "fees": text(fees),
        "value": valued.json(info.value), "heldValue": valued.json(info.heldValue),
        "impermanentLoss": valued.json(info.impermanentLoss),
    });
    let lines = vec![
        ("position of", owner.to_string()),
        ("worth", format!("{} ({})", both(now), unit.show_short(info.value))),
        ("deposited", format!("{} (now worth {})", both(deposited), unit.show_short(info.heldValue))),
        ("fees earned", both(fees)),
        ("impermanent loss", unit.show_short(info.impermanentLoss)),
    ];
    Ok((value, lines))
}

async fn list(session: &Session, registry: &Registry) -> Result<()> {
    let pools = registry.pools(&session.client).await?;
    let (mut values, mut lines) = (Vec::new(), Vec::new());
    for pool in pools {
        let mut cells = Vec::new();
        let mut sides = Vec::new();
        for (token, reserve) in [(pool.token0, pool.reserve0), (pool.token1, pool.reserve1)] {
            let found = registry.pooled(&session.client, token).await?;
            // Pools hold native tokens, which all answer; the address says what is left to say.
            let asset = found.unwrap_or_else(|| Asset {
                token: Some(token),
                unit: Unit::new(token.to_string(), 0),
                name: String::new(),
            });
            let reserve = U256::from(reserve);
            cells.push(format!("{} {}", amount::format_short(reserve, asset.unit.decimals, 4), asset.unit.symbol));
            sides.push(asset.json(reserve));
        }
        values.push(json!({
            "pair": pool.pair, "reserves": sides, "mode": mode_name(pool.mode), "shares": shares_json(pool.pair, pool.totalSupply),
        }));
        cells.push(pool.pair.to_string());
        lines.push(cells);
    }
    output::emit(session.json, &json!(values), || {
        if lines.is_empty() {
            return "No pools yet; `limpid pool add` makes one, `limpid market` plays one.".to_owned();
        }
        output::table(&["first", "second", "pool"], &lines)
    })
}

async fn show(args: &ShowArgs, session: &Session, registry: &Registry) -> Result<()> {
    let (sides, pool) = Pool::find(session, registry, [&args.first, &args.second]).await?;
    let Some(pool) = pool else { return Err(no_pool(&sides)) };
    let client = &session.client;
    let mode = client.call(pool.pair, &IExchangePair::modeCall {}).await?;
    let paid = client.call(pool.pair, &IExchangePair::feesPaidCall {}).await?;
    let makers = pool.ordered([paid.makers0, paid.makers1]);
    let community = pool.ordered([paid.community0, paid.community1]);
    let owner = args.owner.as_deref().map(|owner| keys::address(session, owner)).transpose()?;
    let position = match owner {
        Some(owner) => Some(position(session, registry, &pool, owner).await?),
        None => None,
    };
    let value = json!({
        "pair": pool.pair, "reserves": pool.json(pool.reserves), "price": sides[1].json(pool.price_units()?),
        "mode": mode_name(mode), "feesMakers": pool.json(makers), "feesCommunity": pool.json(community),
        "shares": shares_json(pool.pair, pool.supply), "position": position.as_ref().map(|(value, _)| value),
    });
    let price = pool.price()?;
    output::emit(session.json, &value, || {
        let both = |amounts: [U256; 2]| {
            format!("{} and {}", sides[0].unit.show_short(amounts[0]), sides[1].unit.show_short(amounts[1]))
        };
        let mut rows = vec![
            ("pool", pool.pair.to_string()),
            ("holds", both(pool.reserves)),
            ("price", price),
            (
                "fee",
                if mode == 1 {
                    "0.3 %, divided between makers and community".to_owned()
                } else {
                    "0.3 %, to the makers".to_owned()
                },
            ),
            ("paid to makers", both(makers)),
            ("to community", both(community)),
        ];
        if let Some((_, lines)) = position {
            rows.extend(lines);
        }
        output::fields(&rows)
    })
}
