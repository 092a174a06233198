//! Creating native tokens.

use crate::state::{Info, Token, TokenFactory};
use alloy_primitives::{Address, B256, U256};
use limpid_abi::ITokenFactory;
use limpid_native::{Caller, Contract, Marker, Result, ensure, revert, storage::Text};

/// The only list.
const TOKENS: u64 = 0;
const LONGEST_NAME: usize = 64;
const LONGEST_SYMBOL: usize = 32;
/// Most decimals of a native token.
pub const MOST_DECIMALS: u8 = 36;
/// Most rows of one listing.
const MOST_ROWS: u64 = 50;

/// What a new token is to be.
#[derive(Clone, Debug)]
pub struct TokenSpec {
    /// Its name: 1 to 64 bytes without hidden characters.
    pub name: String,
    /// Its symbol: 1 to 32 bytes without hidden characters.
    pub symbol: String,
    /// Decimals of the displayed unit, at most 36.
    pub decimals: u8,
    /// Smallest units minted to the creator.
    pub supply: U256,
    /// Who may mint more; zero for nobody, ever.
    pub minter: Address,
}

fn text(text: &str, longest: usize) -> Result<Text> {
    let refusal = || revert(ITokenFactory::BadText { text: text.chars().take(longest).collect() });
    if text.is_empty() || text.len() > longest || text.chars().any(limpid_abi::text::is_hidden) {
        return Err(refusal());
    }
    Text::new(text).ok_or_else(refusal)
}

impl TokenFactory<'_> {
    /// Creates a token whose whole, final supply belongs to the caller.
    ///
    /// # Errors
    /// `BadText`, `BadDecimals`.
    pub fn create_fixed(&mut self, by: Caller, call: &ITokenFactory::createTokenCall) -> Result<Address> {
        let spec = TokenSpec {
            name: call.name.clone(),
            symbol: call.symbol.clone(),
            decimals: call.decimals,
            supply: call.supply,
            minter: Address::ZERO,
        };
        self.create(by.address(), &spec)
    }

    /// Creates a token that a minter may mint for ever.
    ///
    /// # Errors
    /// `NoMinter`, `BadText`, `BadDecimals`.
    pub fn create_mintable(&mut self, by: Caller, call: &ITokenFactory::createMintableTokenCall) -> Result<Address> {
        ensure!(!call.minter.is_zero(), ITokenFactory::NoMinter {});
        let spec = TokenSpec {
            name: call.name.clone(),
            symbol: call.symbol.clone(),
            decimals: call.decimals,
            supply: call.supply,
            minter: call.minter,
        };
        self.create(by.address(), &spec)
    }

    fn create(&mut self, creator: Address, spec: &TokenSpec) -> Result<Address> {
        let token = self.next_token_of(creator)?;
        let created = self.created.get(creator)?;
        self.created.set(creator, created.saturating_add(1))?;
        self.create_at(token, creator, spec)?;
        Ok(token)
    }

    /// Creates a token at a chosen address: for the gateway, genesis and tests; no selector leads here with
    /// an address that its caller chose.
    pub fn create_at(&mut self, token: Address, creator: Address, spec: &TokenSpec) -> Result<()> {
        let (name, symbol) = (text(&spec.name, LONGEST_NAME)?, text(&spec.symbol, LONGEST_SYMBOL)?);
        ensure!(spec.decimals <= MOST_DECIMALS, ITokenFactory::BadDecimals { decimals: spec.decimals });
        self.cx.create(token, Token::KIND)?;
        self.tokens.push(TOKENS, token)?;
        self.creators.set(token, creator)?;
        let mut contract = Token::of(self.cx, token);
        contract.info.set(Info { decimals: spec.decimals, minter: spec.minter })?;
        contract.name.set(name)?;
        contract.symbol.set(symbol)?;
        contract.ledger.mint(creator, spec.supply)?;
        self.cx.emit(ITokenFactory::TokenCreated {
            token,
            creator,
            minter: spec.minter,
            decimals: spec.decimals,
            supply: spec.supply,
            name: spec.name.clone(),
            symbol: spec.symbol.clone(),
        })
    }

    /// Where the next token of `creator` will stand: CREATE2 from this factory, with the creator and
    /// the number of tokens he has created as the salt, so that nobody else can take the place.
    pub fn next_token_of(&self, creator: Address) -> Result<Address> {
        let mut salt = B256::ZERO;
        let number = self.created.get(creator)?.to_be_bytes();
        for (place, byte) in salt.iter_mut().zip(creator.iter().chain(&number)) {
            *place = *byte;
        }
        let code = self.cx.keccak256(&Marker { kind: Token::KIND, version: 0 }.code())?;
        let hash =
            self.cx.keccak256(&[&[0xff], self.cx.this().as_slice(), salt.as_slice(), code.as_slice()].concat())?;
        Ok(Address::from_word(hash))
    }

    /// How many tokens there are.
    pub fn count(&self) -> Result<U256> {
        self.tokens.len(TOKENS).map(U256::from)
    }

    /// Token number `index`.
    ///
    /// # Errors
    /// `NoSuchToken`.
    pub fn token_at(&self, index: U256) -> Result<Address> {
        self.tokens.get(TOKENS, index.saturating_to())?.ok_or_else(|| revert(ITokenFactory::NoSuchToken { index }))
    }

    /// Whether this factory made the contract at `account`.
    pub fn is_token(&self, account: Address) -> Result<bool> {
        self.cx.is_native(account, Token::KIND)
    }

    /// Tokens `offset ..`, in order of creation.
    pub fn tokens(&self, offset: U256, limit: U256) -> Result<Vec<ITokenFactory::TokenInfo>> {
        self.tokens.page(TOKENS, (offset, limit), MOST_ROWS, |token| self.info(token))
    }

    fn info(&self, token: Address) -> Result<ITokenFactory::TokenInfo> {
        let contract = Token::of(self.cx, token);
        Ok(ITokenFactory::TokenInfo {
            token,
            creator: self.creators.get(token)?,
            minter: contract.minter()?,
            decimals: contract.decimals()?,
            totalSupply: contract.ledger.total_supply()?,
            name: contract.name()?,
            symbol: contract.symbol()?,
        })
    }
}
