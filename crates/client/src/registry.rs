//! The chain's tokens and pools, and what a person may call them.
//!
//! A symbol is chosen by a token's creator and is no identity. A symbol therefore names a token only
//! while exactly one token carries it; the coin's and the wrapped coin's own symbols cannot be taken: a token
//! that calls itself like one of them, or like it to the eye, is shown as `LIM [not the coin]` everywhere.

use crate::{
    amount::Unit,
    client::Client,
    error::{ClientError, Result, printable},
};
use alloy_primitives::{Address, U256};
use limpid_abi::{IERC20, IExchange, ITokenFactory, addresses::Addresses};
use serde_json::{Value, json};

/// Tokens and pools are read in pages of the contracts' own limit.
const PAGE: u64 = 50;
/// More than this are not loaded: names then need addresses.
const MOST: u64 = 5_000;

/// One thing that can be held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// `None` is the native coin.
    pub token: Option<Address>,
    /// Symbol and decimals.
    pub unit: Unit,
    /// Full name.
    pub name: String,
}

impl Asset {
    /// An amount of it for programs ([`Unit::json`]) with its identity: `asset` is the token's address, `null`
    /// for the coin.
    pub fn json(&self, value: U256) -> Value {
        let mut json = self.unit.json(value);
        if let Some(fields) = json.as_object_mut() {
            fields.insert("asset".to_owned(), json!(self.token));
        }
        json
    }
}

/// What can be named on a chain.
#[derive(Clone, Debug)]
pub struct Registry {
    /// Where the fixed contracts are.
    pub addresses: Addresses,
    coin: Asset,
    wrapped: Asset,
    tokens: Vec<Asset>,
    complete: bool,
}

/// Why a name means no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No token carries it.
    #[error("no token is called `{0}`; `limpid token list` shows the tokens, or give an address")]
    Unknown(String),
    /// Several tokens carry it.
    #[error("`{symbol}` is the symbol of {count} tokens: {addresses}; give the address of the one you mean")]
    Ambiguous {
        /// The symbol.
        symbol: String,
        /// How many.
        count: usize,
        /// The first of them.
        addresses: String,
    },
    /// The address is no token.
    #[error("{0} is no token of this chain: it does not answer as an ERC-20")]
    NotAToken(Address),
    /// The chain has more tokens than are loaded.
    #[error("this chain has too many tokens to find one by symbol; give the address of `{0}`")]
    TooMany(String),
}

impl Registry {
    /// Loads the tokens of the chain's factory. `coin` is the native coin's unit.
    pub async fn load(client: &Client, coin: Unit) -> Result<Self> {
        let addresses = Addresses::default();
        let (mut tokens, mut offset, mut complete) = (Vec::new(), 0, false);
        while offset < MOST {
            let call = ITokenFactory::tokensCall { offset: U256::from(offset), limit: U256::from(PAGE) };
            let page = match client.call(addresses.token_factory, &call).await {
                // Another Ethereum chain: its tokens have addresses only.
                Err(ClientError::NotThatContract { .. }) => Vec::new(),
                other => other?,
            };
            let loaded = page.len() as u64;
            tokens.extend(page.into_iter().map(|info| Asset {
                token: Some(info.token),
                unit: Unit::new(printable(&info.symbol), info.decimals),
                name: printable(&info.name),
            }));
            if loaded < PAGE {
                complete = true;
                break;
            }
            offset += PAGE;
        }
        Ok(Self::new(addresses, coin, tokens, complete))
    }

    fn new(addresses: Addresses, coin: Unit, mut tokens: Vec<Asset>, complete: bool) -> Self {
        let wrapped = Asset {
            token: Some(addresses.weth),
            unit: Unit::new("WETH", 18),
            name: format!("Wrapped {}", coin.symbol),
        };
        let coin = Asset { token: None, name: "native coin".to_owned(), unit: coin };
        for token in &mut tokens {
            expose(&mut token.unit.symbol, &coin, &wrapped);
        }
        Self { addresses, coin, wrapped, tokens, complete }
    }

    /// The native coin.
    pub const fn coin(&self) -> &Asset {
        &self.coin
    }

    /// Every token known, the wrapped coin first.
    pub fn tokens(&self) -> impl Iterator<Item = &Asset> {
        std::iter::once(&self.wrapped).chain(&self.tokens)
    }

    /// The coin and its wrapped form.
    pub const fn own(&self) -> [&Asset; 2] {
        [&self.coin, &self.wrapped]
    }

    /// The tokens whose symbol could be taken for this one, the coin and its wrapped form left out.
    pub fn twins<'a>(&'a self, symbol: &'a str) -> impl Iterator<Item = &'a Asset> {
        self.tokens.iter().filter(move |asset| looks_like(&asset.unit.symbol, symbol))
    }

    /// What a pool's token is called: its wrapped coin is the coin, which is what goes in and out of it.
    pub async fn pooled(&self, client: &Client, token: Address) -> Result<Option<Asset>> {
        self.at(client, (token != self.addresses.weth).then_some(token)).await
    }

    /// What trades in pools for an asset: the coin trades as its wrapped form.
    pub fn traded(&self, asset: &Asset) -> Address {
        asset.token.unwrap_or(self.addresses.weth)
    }

    /// The asset at an address; `None` is the coin. Asks the contract if it is no factory token.
    pub async fn at(&self, client: &Client, token: Option<Address>) -> Result<Option<Asset>> {
        let Some(address) = token else { return Ok(Some(self.coin.clone())) };
        if let Some(known) = self.tokens().find(|asset| asset.token == Some(address)) {
            return Ok(Some(known.clone()));
        }
        if client.code(address).await?.is_empty() {
            return Ok(None);
        }
        let symbol = client.call(address, &IERC20::symbolCall {}).await;
        let decimals = client.call(address, &IERC20::decimalsCall {}).await;
        let (Ok(symbol), Ok(decimals)) = (symbol, decimals) else { return Ok(None) };
        let name = client.call(address, &IERC20::nameCall {}).await.unwrap_or_default();
        let mut unit = Unit::new(printable(&symbol), decimals);
        expose(&mut unit.symbol, &self.coin, &self.wrapped);
        Ok(Some(Asset { token: Some(address), unit, name: printable(&name) }))
    }

    /// The asset that a person means by a symbol or an address.
    pub async fn resolve(&self, client: &Client, wanted: &str) -> Result<std::result::Result<Asset, NameError>> {
        let Ok(address) = wanted.parse::<Address>() else { return Ok(self.by_symbol(wanted).cloned()) };
        Ok(self.at(client, Some(address)).await?.ok_or(NameError::NotAToken(address)))
    }

    /// By symbol: exact first, then without regard to case.
    fn by_symbol(&self, wanted: &str) -> std::result::Result<&Asset, NameError> {
        for own in [&self.coin, &self.wrapped] {
            if own.unit.symbol.eq_ignore_ascii_case(wanted) {
                return Ok(own);
            }
        }
        if !self.complete {
            return Err(NameError::TooMany(wanted.to_owned()));
        }
        let exact: Vec<_> = self.tokens.iter().filter(|asset| asset.unit.symbol == wanted).collect();
        let loose: Vec<_> = self.tokens.iter().filter(|asset| asset.unit.symbol.eq_ignore_ascii_case(wanted)).collect();
        match (exact.as_slice(), loose.as_slice()) {
            ([one], _) | ([], [one]) => Ok(one),
            ([], []) => Err(NameError::Unknown(wanted.to_owned())),
            ([], many) | (many, _) => Err(NameError::Ambiguous {
                symbol: wanted.to_owned(),
                count: many.len(),
                addresses: many
                    .iter()
                    .take(5)
                    .filter_map(|asset| asset.token)
                    .map(|at| at.to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// Every pool, in order of creation.
    pub async fn pools(&self, client: &Client) -> Result<Vec<IExchange::Pool>> {
        let (mut pools, mut offset) = (Vec::new(), 0);
        while offset < MOST {
            let call = IExchange::poolsCall { offset: U256::from(offset), limit: U256::from(PAGE) };
            let page = client.call(self.addresses.exchange, &call).await?;
            let loaded = page.len() as u64;
            pools.extend(page);
            if loaded < PAGE {
                break;
            }
            offset += PAGE;
        }
        Ok(pools)
    }
}

/// Says so in the symbol when a token calls itself like the coin or its wrapped form.
fn expose(symbol: &mut String, coin: &Asset, wrapped: &Asset) {
    for (own, what) in [(coin, "coin"), (wrapped, "wrapped coin")] {
        if looks_like(symbol, &own.unit.symbol) {
            symbol.push_str(&format!(" [not the {what}]"));
            return;
        }
    }
}

/// Whether a hurried reader takes one symbol for the other: only letters and digits count, case does not, and a
/// foreign letter that is drawn like a Latin one counts as that.
pub fn looks_like(one: &str, other: &str) -> bool {
    let skeleton = |text: &str| -> String {
        text.chars().flat_map(char::to_uppercase).map(latin).filter(|letter| letter.is_alphanumeric()).collect()
    };
    skeleton(one) == skeleton(other)
}

/// The Latin capital that a Greek, Cyrillic or full-width capital is drawn like.
fn latin(letter: char) -> char {
    const DRAWN_ALIKE: [(&str, char); 17] = [
        ("ΑА", 'A'),
        ("ΒВ", 'B'),
        ("ϹС", 'C'),
        ("ΕЕ", 'E'),
        ("ΗН", 'H'),
        ("ΙІӀⅠ", 'I'),
        ("Ј", 'J'),
        ("ΚК", 'K'),
        ("Ⅼ", 'L'),
        ("ΜМⅯ", 'M'),
        ("Ν", 'N'),
        ("ΟО", 'O'),
        ("ΡР", 'P'),
        ("Ѕ", 'S'),
        ("ΤТ", 'T'),
        ("Ԝ", 'W'),
        ("ΧХ", 'X'),
    ];
    if ('Ａ'..='Ｚ').contains(&letter) {
        return char::from_u32(letter as u32 - 'Ａ' as u32 + 'A' as u32).unwrap_or(letter);
    }
    DRAWN_ALIKE.iter().find(|(drawn, _)| drawn.contains(letter)).map_or(letter, |(_, latin)| *latin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(byte: u8, symbol: &str) -> Asset {
        Asset { token: Some(Address::repeat_byte(byte)), unit: Unit::new(symbol, 18), name: String::new() }
    }

    fn registry(complete: bool) -> Registry {
        let tokens =
            vec![token(1, "ABC"), token(2, "DUP"), token(3, "DUP"), token(4, "abc"), token(5, "LIM"), token(6, "Usd")];
        Registry::new(Addresses::default(), Unit::new("LIM", 18), tokens, complete)
    }

    #[test]
    fn a_symbol_names_a_token_only_while_it_is_unique() {
        let registry = registry(true);
        let found = |name: &str| registry.by_symbol(name).map(|asset| asset.token);
        assert_eq!(found("ABC"), Ok(Some(Address::repeat_byte(1))));
        assert_eq!(found("abc"), Ok(Some(Address::repeat_byte(4))));
        assert_eq!(found("USD"), Ok(Some(Address::repeat_byte(6))));
        assert!(matches!(found("Abc"), Err(NameError::Ambiguous { count: 2, .. })));
        assert!(matches!(found("dup"), Err(NameError::Ambiguous { count: 2, .. })));
        assert!(matches!(found("XYZ"), Err(NameError::Unknown(_))));
    }

    /// A token called LIM or WETH cannot pose as the coin.
    #[test]
    fn the_coins_symbols_cannot_be_taken() {
        let registry = registry(true);
        assert_eq!(registry.by_symbol("lim").unwrap().token, None);
        assert_eq!(registry.by_symbol("weth").unwrap().token, Some(registry.addresses.weth));
        let shown: Vec<_> = registry.tokens().map(|asset| asset.unit.symbol.as_str()).collect();
        assert_eq!(shown, ["WETH", "ABC", "DUP", "DUP", "abc", "LIM [not the coin]", "Usd"]);
        let foreign = Registry::new(Addresses::default(), Unit::new("LIM", 18), vec![token(1, "ＷЕТН ")], true);
        assert_eq!(foreign.tokens().last().unwrap().unit.symbol, "ＷЕТН  [not the wrapped coin]");
    }

    #[test]
    fn symbols_that_a_hurried_reader_takes_for_each_other() {
        for twin in ["LIM", "lim", "Lim ", "L.I.M", "L\u{200b}IM", "LІМ", "ＬＩＭ", "ＬΙⅯ"] {
            assert!(looks_like(twin, "LIM"), "{twin}");
        }
        for other in ["LIMO", "LI", "L1M", "", "LÍM"] {
            assert!(!looks_like(other, "LIM"), "{other}");
        }
        assert_eq!(registry(true).twins("Dup").count(), 2);
    }

    /// With tokens left unread, a second one of the same symbol could hide.
    #[test]
    fn an_incomplete_list_names_nothing() {
        assert!(matches!(registry(false).by_symbol("ABC"), Err(NameError::TooMany(_))));
        assert!(registry(false).by_symbol("LIM").is_ok());
    }
}
