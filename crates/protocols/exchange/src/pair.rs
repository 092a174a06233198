//! A pool's entry points. Order and wording as published; see the whitepaper, sections 2 and 3.

use crate::{
    asset::{Asset, or_text},
    math::{self, FeeParts},
    state::{Basis, Factory, FeeTotals, Mode, Pair, Reserves, Setup},
};
use alloy_primitives::{Address, Bytes, U256, aliases::U112};
use limpid_abi::{IActions, IExchangePair, IUniswapV2Pair};
use limpid_math::{Round, Uq112x112, isqrt_of_product, mul_div};
use limpid_native::{
    Caller, Result, Stop, ensure, revert, revert_text,
    storage::{Place, cut, place, put},
};

/// What a swap came to, as its log shows it.
struct Filled {
    inputs: [U256; 2],
    outputs: [U256; 2],
}

impl Pair<'_> {
    /// What was fixed at creation.
    ///
    /// # Errors
    /// A bare revert where no pair stands, as a call to nothing gives.
    pub fn setup(&self) -> Result<Setup> {
        let terms = self.terms.get()?;
        if terms.token0.is_zero() {
            return Err(Stop::Revert(Bytes::new()));
        }
        Ok(terms.with(self.token1.get()?))
    }

    /// Whether a pair stands here.
    pub(crate) fn exists(&self) -> Result<bool> {
        Ok(!self.terms.get()?.token0.is_zero())
    }

    /// The reserves.
    pub fn reserves(&self) -> Result<Reserves> {
        self.reserves.get()
    }

    pub(crate) fn balances(&self, assets: [Asset; 2]) -> Result<[U256; 2]> {
        let [asset0, asset1] = assets;
        Ok([asset0.balance_of(self.cx, self.cx.this())?, asset1.balance_of(self.cx, self.cx.this())?])
    }

    /// Pays out `outputs` and checks that enough has come in before. `data` would ask for a callback,
    /// which pools here never make.
    ///
    /// # Errors
    /// `FlashSwapRefused`, and the published texts.
    pub fn swap(&mut self, by: Caller, outputs: [U256; 2], to: Address, data: &[u8]) -> Result<()> {
        ensure!(data.is_empty(), IExchangePair::FlashSwapRefused {});
        self.fill(by, &self.setup()?, outputs, to)
    }

    /// [`Self::swap`] for a caller inside this crate who knows the pair's setup.
    pub(crate) fn fill(&mut self, by: Caller, setup: &Setup, outputs: [U256; 2], to: Address) -> Result<()> {
        self.check_not_lent()?;
        let reserves = self.reserves.get()?;
        let balances = self.pay(setup, reserves, outputs, to)?;
        self.collect(by, setup, reserves, balances, outputs, to)
    }

    /// The first half of a swap: pays out.
    fn pay(&self, setup: &Setup, reserves: Reserves, outputs: [U256; 2], to: Address) -> Result<[U256; 2]> {
        let [output0, output1] = outputs;
        ensure!(!output0.is_zero() || !output1.is_zero(), "UniswapV2: INSUFFICIENT_OUTPUT_AMOUNT");
        let [left0, left1] = left_of(reserves, outputs)?;
        ensure!(!left0.is_zero() && !left1.is_zero(), "UniswapV2: INSUFFICIENT_LIQUIDITY");
        ensure!(to != setup.token0 && to != setup.token1, "UniswapV2: INVALID_TO");
        let [asset0, asset1] = setup.assets();
        Ok([self.pay_out(asset0, output0, to)?, self.pay_out(asset1, output1, to)?])
    }

    /// The second half: checks what has come in, divides its fee and keeps the rest.
    fn collect(
        &mut self,
        by: Caller,
        setup: &Setup,
        reserves: Reserves,
        balances: [U256; 2],
        outputs: [U256; 2],
        to: Address,
    ) -> Result<()> {
        let ([balance0, balance1], [left0, left1]) = (balances, left_of(reserves, outputs)?);
        let inputs = [balance0.saturating_sub(left0), balance1.saturating_sub(left1)];
        let [input0, input1] = inputs;
        ensure!(!input0.is_zero() || !input1.is_zero(), "UniswapV2: INSUFFICIENT_INPUT_AMOUNT");
        ensure!(math::keeps_k(balances, inputs, reserves.both())?, "UniswapV2: K");

        let kept = self.split_fees(setup, balances, inputs)?;
        self.update(kept, reserves)?;
        self.log_swap(by, to, &Filled { inputs, outputs })
    }

    /// Pays out `outputs` before anything has come in. Until [`Self::repay`] the pool does nothing else; an
    /// action list that leaves it so does not end.
    ///
    /// # Errors
    /// `PoolIsLent`, and the published texts.
    pub(crate) fn lend(&mut self, setup: &Setup, outputs: [U256; 2], to: Address) -> Result<()> {
        self.check_not_lent()?;
        self.pay(setup, self.reserves.get()?, outputs, to)?;
        self.cx.tstore(LENT, pack_lent(outputs)?)
    }

    /// Takes what has come in for what was lent, by the rule of every swap.
    ///
    /// # Errors
    /// `NothingLent`, and the published texts.
    pub(crate) fn repay(&mut self, by: Caller, setup: &Setup, to: Address) -> Result<()> {
        let outputs = self.lent()?;
        let outputs = outputs.ok_or_else(|| revert(IActions::NothingLent { pool: self.cx.this() }))?;
        self.cx.tstore(LENT, U256::ZERO)?;
        let (reserves, balances) = (self.reserves.get()?, self.balances(setup.assets())?);
        self.collect(by, setup, reserves, balances, outputs, to)
    }

    /// What the pool has lent in this transaction and not got back yet.
    pub(crate) fn lent(&self) -> Result<Option<[U256; 2]>> {
        let word = self.cx.tload(LENT)?;
        Ok((!word.is_zero()).then(|| LENT_PLACES.map(|place| U256::from(cut::<U112>(word, place)))))
    }

    /// AL-4: what Uniswap's lock does, which is held from payment to repayment.
    fn check_not_lent(&self) -> Result<()> {
        ensure!(self.lent()?.is_none(), IActions::PoolIsLent { pool: self.cx.this() });
        Ok(())
    }

    /// Sends an output, if there is one. Answers the pool's balance after it.
    fn pay_out(&self, asset: Asset, output: U256, to: Address) -> Result<U256> {
        if output.is_zero() {
            return asset.balance_of(self.cx, self.cx.this());
        }
        or_text(asset.send(self.cx, to, output), "UniswapV2: TRANSFER_FAILED")
    }

    fn log_swap(&self, by: Caller, to: Address, filled: &Filled) -> Result<()> {
        let ([amount0In, amount1In], [amount0Out, amount1Out]) = (filled.inputs, filled.outputs);
        self.cx.emit(IUniswapV2Pair::Swap { sender: by.address(), amount0In, amount1In, amount0Out, amount1Out, to })
    }

    /// Split mode: sends the community's part of both inputs' fees out of the reserves. Answers the
    /// balances that are left.
    fn split_fees(&mut self, setup: &Setup, balances: [U256; 2], inputs: [U256; 2]) -> Result<[U256; 2]> {
        if setup.mode != Mode::Split {
            return Ok(balances);
        }
        let ([balance0, balance1], [input0, input1]) = (balances, inputs);
        let [asset0, asset1] = setup.assets();
        let mut left = balances;
        if !input0.is_zero() {
            let parts = math::fee_parts(input0, setup.community_percent)?;
            self.fees0.set(counted(self.fees0.get()?, parts))?;
            left = [self.pay_community(asset0, parts, balance0)?, balance1];
        }
        if !input1.is_zero() {
            let parts = math::fee_parts(input1, setup.community_percent)?;
            self.fees1.set(counted(self.fees1.get()?, parts))?;
            let [left0, _] = left;
            left = [left0, self.pay_community(asset1, parts, balance1)?];
        }
        Ok(left)
    }

    /// Answers the pool's balance after it.
    fn pay_community(&self, asset: Asset, parts: FeeParts, balance: U256) -> Result<U256> {
        let FeeParts { makers, community } = parts;
        let left = if community.is_zero() {
            balance
        } else {
            let fees = self.cx.env(|env| env.addresses.fees);
            asset.send(self.cx, fees, community)?
        };
        self.cx.emit(IExchangePair::FeeSplit { token: asset.token, makers, community })?;
        Ok(left)
    }

    /// Mints shares to `to` for whatever the pool holds beyond its reserves.
    ///
    /// # Errors
    /// The published texts.
    pub fn mint(&mut self, by: Caller, to: Address) -> Result<U256> {
        self.check_not_lent()?;
        let (setup, reserves) = (self.setup()?, self.reserves.get()?);
        let balances = self.balances(setup.assets())?;
        let ([balance0, balance1], [reserve0, reserve1]) = (balances, reserves.both());
        let (amount0, amount1) = (math::minus(balance0, reserve0)?, math::minus(balance1, reserve1)?);

        let protocol_takes = self.mint_protocol_share(&setup, reserves)?;
        let supply = self.ledger.total_supply()?;
        let shares = if supply.is_zero() {
            let shares = math::first_shares(amount0, amount1)?;
            self.ledger.mint(Address::ZERO, math::MINIMUM_LIQUIDITY)?;
            shares
        } else {
            math::later_shares([amount0, amount1], reserves.both(), supply)?
        };
        ensure!(!shares.is_zero(), "UniswapV2: INSUFFICIENT_LIQUIDITY_MINTED");
        self.ledger.mint(to, shares)?;

        self.update(balances, reserves)?;
        if protocol_takes {
            self.remember_k()?;
        }
        self.record_deposit(to, shares, [amount0, amount1], balances)?;
        self.cx.emit(IUniswapV2Pair::Mint { sender: by.address(), amount0, amount1 })?;
        Ok(shares)
    }

    /// Redeems the shares that were sent to the pool itself; both tokens go to `to`.
    ///
    /// # Errors
    /// The published texts.
    pub fn burn(&mut self, by: Caller, to: Address) -> Result<[U256; 2]> {
        self.check_not_lent()?;
        let (setup, reserves) = (self.setup()?, self.reserves.get()?);
        let assets = setup.assets();
        let [balance0, balance1] = self.balances(assets)?;
        let shares = self.ledger.balance_of(self.cx.this())?;

        let protocol_takes = self.mint_protocol_share(&setup, reserves)?;
        let supply = self.ledger.total_supply()?;
        let amount0 = math::redeemed(shares, balance0, supply)?;
        let amount1 = math::redeemed(shares, balance1, supply)?;
        ensure!(!amount0.is_zero() && !amount1.is_zero(), "UniswapV2: INSUFFICIENT_LIQUIDITY_BURNED");
        self.ledger.burn(self.cx.this(), shares)?;
        self.basis.set(self.cx.this(), Basis::default())?;
        for (asset, amount) in assets.into_iter().zip([amount0, amount1]) {
            or_text(asset.send(self.cx, to, amount), "UniswapV2: TRANSFER_FAILED")?;
        }

        let left = self.balances(assets)?;
        self.update(left, reserves)?;
        if protocol_takes {
            self.remember_k()?;
        }
        self.cx.emit(IUniswapV2Pair::Burn { sender: by.address(), amount0, amount1, to })?;
        Ok([amount0, amount1])
    }

    /// Sends whatever the pool holds beyond its reserves to `to`.
    ///
    /// # Errors
    /// The published texts.
    pub fn skim(&mut self, to: Address) -> Result<()> {
        self.check_not_lent()?;
        let (setup, reserves) = (self.setup()?, self.reserves.get()?);
        for (asset, reserve) in setup.assets().into_iter().zip(reserves.both()) {
            let surplus = math::minus(asset.balance_of(self.cx, self.cx.this())?, reserve)?;
            or_text(asset.send(self.cx, to, surplus), "UniswapV2: TRANSFER_FAILED")?;
        }
        Ok(())
    }

    /// Takes the pool's balances for its reserves.
    ///
    /// # Errors
    /// `UniswapV2: OVERFLOW`.
    pub fn sync(&mut self) -> Result<()> {
        self.check_not_lent()?;
        let (setup, reserves) = (self.setup()?, self.reserves.get()?);
        let balances = self.balances(setup.assets())?;
        self.update(balances, reserves)
    }

    /// Writes the reserves and, once per second, what the price before this call adds to the
    /// accumulators: whoever moves the price cannot move its average of the time before.
    fn update(&mut self, balances: [U256; 2], before: Reserves) -> Result<()> {
        let [balance0, balance1] = balances;
        let (reserve0, reserve1) = (math::reserve(balance0)?, math::reserve(balance1)?);
        let at = seconds_modulo(self.cx.now());
        let elapsed = at.wrapping_sub(before.at);
        if elapsed != 0 && !before.reserve0.is_zero() && !before.reserve1.is_zero() {
            let price0 = Uq112x112::fraction(before.reserve1, before.reserve0)?.over(elapsed);
            let price1 = Uq112x112::fraction(before.reserve0, before.reserve1)?.over(elapsed);
            self.price0.set(self.price0.get()?.wrapping_add(price0))?;
            self.price1.set(self.price1.get()?.wrapping_add(price1))?;
        }
        self.reserves.set(Reserves { reserve0, reserve1, at })?;
        self.cx.emit(IUniswapV2Pair::Sync { reserve0, reserve1 })
    }

    /// V2 mode: mints the protocol's share of the fees since the last deposit or withdrawal. Answers
    /// whether the protocol takes one at all.
    fn mint_protocol_share(&mut self, setup: &Setup, reserves: Reserves) -> Result<bool> {
        if setup.mode != Mode::V2 {
            return Ok(false);
        }
        let policy = Factory::of(self.cx).policy.get()?;
        let k_last = self.k_last.get()?;
        if policy.fee_to.is_zero() {
            if !k_last.is_zero() {
                self.k_last.set(U256::ZERO)?;
            }
            return Ok(false);
        }
        if !k_last.is_zero() {
            let supply = self.ledger.total_supply()?;
            let shares = math::protocol_shares(supply, reserves.both(), k_last, (policy.share, policy.share_of))?;
            if !shares.is_zero() {
                self.ledger.mint(policy.fee_to, shares)?;
            }
        }
        Ok(true)
    }

    fn remember_k(&mut self) -> Result<()> {
        let [reserve0, reserve1] = self.reserves.get()?.both();
        self.k_last.set(math::times(reserve0, reserve1)?)
    }

    /// Adds a deposit to its holder's cost basis.
    fn record_deposit(&mut self, to: Address, shares: U256, amounts: [U256; 2], balances: [U256; 2]) -> Result<()> {
        let ([amount0, amount1], [balance0, balance1]) = (amounts, balances);
        let supply = self.ledger.total_supply()?;
        let root = mul_div(isqrt_of_product(balance0, balance1), shares, supply, Round::Down)?;
        let before = self.basis.get(to)?;
        self.basis.set(
            to,
            Basis {
                deposited0: before.deposited0.saturating_add(amount0.saturating_to()),
                deposited1: before.deposited1.saturating_add(amount1.saturating_to()),
                root: before.root.saturating_add(root),
            },
        )
    }
}

/// Where a pool keeps, for the rest of the transaction, what it has lent: both amounts of 112 bits each.
const LENT: U256 = U256::ONE;
const LENT_PLACES: [Place; 2] = place([14, 14]);

/// At least one of the two is not zero, and both are below reserves of 112 bits.
fn pack_lent([output0, output1]: [U256; 2]) -> Result<U256> {
    let [place0, place1] = LENT_PLACES;
    let word = put(U256::ZERO, place0, &math::reserve(output0)?);
    Ok(put(word, place1, &math::reserve(output1)?))
}

/// Reserves without what is paid out.
fn left_of(reserves: Reserves, outputs: [U256; 2]) -> Result<[U256; 2]> {
    let ([reserve0, reserve1], [output0, output1]) = (reserves.both(), outputs);
    match (reserve0.checked_sub(output0), reserve1.checked_sub(output1)) {
        (Some(left0), Some(left1)) => Ok([left0, left1]),
        _ => Err(revert_text("UniswapV2: INSUFFICIENT_LIQUIDITY")),
    }
}

/// The block's time as pools keep it.
fn seconds_modulo(seconds: u64) -> u32 {
    (seconds & u64::from(u32::MAX)) as u32
}

fn counted(totals: FeeTotals, parts: FeeParts) -> FeeTotals {
    FeeTotals {
        makers: totals.makers.saturating_add(parts.makers.saturating_to()),
        community: totals.community.saturating_add(parts.community.saturating_to()),
    }
}
