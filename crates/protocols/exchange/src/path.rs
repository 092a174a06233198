//! From tokens to pools: sorting, CREATE2 addresses, and amounts along a path.

use crate::{
    asset::Asset,
    math,
    state::{Pair, Setup},
};
use alloy_primitives::{Address, B256, U256, b256, keccak256};
use limpid_native::{Ctx, Result, Stop, ensure};

/// Hash of the pair's creation code on Ethereum, which SDKs and routers carry: pools stand where they
/// compute them, although no such code runs here.
pub const INIT_CODE_HASH: B256 = b256!("0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f");

/// The lower address first.
pub fn sorted(a: Address, b: Address) -> (Address, Address) {
    if a < b { (a, b) } else { (b, a) }
}

fn create2_input(factory: Address, salt: B256) -> [u8; 85] {
    let mut bytes = [0xff; 85];
    let parts: [(usize, &[u8]); 3] = [(1, factory.as_slice()), (21, salt.as_slice()), (53, INIT_CODE_HASH.as_slice())];
    for (at, part) in parts {
        if let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..part.len())) {
            place.copy_from_slice(part);
        }
    }
    bytes
}

/// Where the pool of two sorted tokens stands: CREATE2 of the registered factory.
pub(crate) fn find_pair(cx: Ctx<'_>, token0: Address, token1: Address) -> Result<Address> {
    let factory = cx.env(|env| env.addresses.v2_factory);
    let salt = cx.keccak256([token0.into_array(), token1.into_array()].as_flattened())?;
    cx.keccak256(&create2_input(factory, salt)).map(Address::from_word)
}

/// The same for anybody outside a native call: wallets, indexers, tests.
pub fn compute_pair_address(factory: Address, token_a: Address, token_b: Address) -> Address {
    let (token0, token1) = sorted(token_a, token_b);
    Address::from_word(keccak256(create2_input(
        factory,
        keccak256([token0.into_array(), token1.into_array()].as_flattened()),
    )))
}

/// One pool of a path, seen from the token that goes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leg {
    pub(crate) pair: Address,
    setup: Setup,
    /// Whether the token that goes in is token0.
    zero_in: bool,
}

impl Leg {
    /// The pool of two tokens.
    ///
    /// # Errors
    /// The library's published texts; `WrapFirst` for a token that is not native; a bare revert when the
    /// tokens are, but have no pool.
    pub(crate) fn find(cx: Ctx<'_>, token_in: Address, token_out: Address) -> Result<Self> {
        match Self::look(cx, token_in, token_out)? {
            Some(leg) => Ok(leg),
            None => {
                Asset::resolve(cx, token_in)?;
                Asset::resolve(cx, token_out)?;
                Err(Stop::Revert(Default::default()))
            }
        }
    }

    /// As [`Self::find`], or `None` when there is no pool.
    pub(crate) fn look(cx: Ctx<'_>, token_in: Address, token_out: Address) -> Result<Option<Self>> {
        ensure!(token_in != token_out, "UniswapV2Library: IDENTICAL_ADDRESSES");
        let (token0, token1) = sorted(token_in, token_out);
        ensure!(!token0.is_zero(), "UniswapV2Library: ZERO_ADDRESS");
        let pair = find_pair(cx, token0, token1)?;
        // The address is made of both tokens, so the pair's own record of token1 need not be read.
        let terms = Pair::of(cx, pair).terms.get()?;
        Ok((terms.token0 == token0).then_some(Self { pair, setup: terms.with(token1), zero_in: token0 == token_in }))
    }

    pub(crate) const fn setup(&self) -> &Setup {
        &self.setup
    }

    pub(crate) const fn asset_in(&self) -> Asset {
        let [asset0, asset1] = self.setup.assets();
        if self.zero_in { asset0 } else { asset1 }
    }

    pub(crate) const fn asset_out(&self) -> Asset {
        let [asset0, asset1] = self.setup.assets();
        if self.zero_in { asset1 } else { asset0 }
    }

    /// Puts a pair of figures (incoming token first) into the pool's order, or back.
    pub(crate) fn order<T>(&self, figures: [T; 2]) -> [T; 2] {
        let [first, second] = figures;
        if self.zero_in { [first, second] } else { [second, first] }
    }

    /// The same pool seen from the other token.
    pub(crate) const fn reversed(&self) -> Self {
        Self { zero_in: !self.zero_in, ..*self }
    }

    /// Reserves, incoming token first.
    pub(crate) fn reserves(&self, cx: Ctx<'_>) -> Result<[U256; 2]> {
        Ok(self.order(Pair::of(cx, self.pair).reserves()?.both()))
    }
}

/// The pools of a path.
///
/// # Errors
/// `UniswapV2Library: INVALID_PATH` below two tokens, and as [`Leg::find`].
pub(crate) fn legs(cx: Ctx<'_>, path: &[Address]) -> Result<Vec<Leg>> {
    ensure!(path.len() >= 2, "UniswapV2Library: INVALID_PATH");
    path.iter().zip(path.iter().skip(1)).map(|(from, to)| Leg::find(cx, *from, *to)).collect()
}

/// What selling `amount_in` gives at every token of the path.
pub(crate) fn amounts_out(cx: Ctx<'_>, amount_in: U256, legs: &[Leg]) -> Result<Vec<U256>> {
    let mut amounts = Vec::with_capacity(legs.len().saturating_add(1));
    amounts.push(amount_in);
    let mut amount = amount_in;
    for leg in legs {
        let [reserve_in, reserve_out] = leg.reserves(cx)?;
        amount = math::amount_out(amount, reserve_in, reserve_out)?;
        amounts.push(amount);
    }
    Ok(amounts)
}

/// What buying `amount_out` takes at every token of the path.
pub(crate) fn amounts_in(cx: Ctx<'_>, amount_out: U256, legs: &[Leg]) -> Result<Vec<U256>> {
    let mut amounts = Vec::with_capacity(legs.len().saturating_add(1));
    amounts.push(amount_out);
    let mut amount = amount_out;
    for leg in legs.iter().rev() {
        let [reserve_in, reserve_out] = leg.reserves(cx)?;
        amount = math::amount_in(amount, reserve_in, reserve_out)?;
        amounts.push(amount);
    }
    amounts.reverse();
    Ok(amounts)
}

/// When a call was refused and a token of its path is foreign, says that instead: the user's remedy is
/// to wrap it, whatever else was wrong. Costs nothing when the call succeeds.
pub(crate) fn blame_foreign<T>(cx: Ctx<'_>, path: &[Address], result: Result<T>) -> Result<T> {
    if let Err(Stop::Revert(_)) = &result {
        for token in path.iter().filter(|token| !token.is_zero()) {
            Asset::resolve(cx, *token)?;
        }
    }
    result
}
