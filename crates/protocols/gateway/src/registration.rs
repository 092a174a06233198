//! The wrapped token of a foreign one: where it stands and what it is called.

use crate::{
    Gateway,
    answers::{nameless, symbolless, text, word},
    state::{Record, TOKENS},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolCall;
use limpid_abi::{IERC20, IGateway};
use limpid_native::{Answer, Contract, ForeignCall, Marker, Result, ensure, revert};
use limpid_token::{Token, TokenFactory, TokenSpec};

/// How many questions [`questions`] asks.
pub(crate) const QUESTIONS: usize = 3;

/// The longest names and symbols of native tokens, less what is put before them.
const LONGEST_NAME: usize = 64 - "Wrapped ".len();
const LONGEST_SYMBOL: usize = 32 - "w".len();

/// What is asked of a token before it is registered.
pub(crate) fn questions(token: Address) -> [ForeignCall; QUESTIONS] {
    [
        ForeignCall::read(token, &IERC20::decimalsCall {}),
        ForeignCall::read(token, &IERC20::nameCall {}),
        ForeignCall::read(token, &IERC20::symbolCall {}),
    ]
}

/// Where the wrapped token of `token` stands, for anybody outside a native call: CREATE2 of the gateway,
/// with the token's address as the salt and a native token's code.
pub fn wrapped_address(gateway: Address, token: Address) -> Address {
    gateway.create2(token.into_word(), keccak256(Marker { kind: Token::KIND, version: 0 }.code()))
}

impl Gateway<'_> {
    /// The same inside one, at the price of its hashes.
    pub(crate) fn place_of(&self, token: Address) -> Result<Address> {
        let salt: B256 = token.into_word();
        let code = self.cx.keccak256(&Marker { kind: Token::KIND, version: 0 }.code())?;
        let input = [&[0xff], self.cx.this().as_slice(), salt.as_slice(), code.as_slice()].concat();
        self.cx.keccak256(&input).map(Address::from_word)
    }

    /// Creates the wrapped token of `token` from what it answered. A token must say its decimals; one
    /// without a readable name is called by its address.
    pub(crate) fn register(&mut self, token: Address, answers: &[Answer]) -> Result<Record> {
        let [decimals, name, symbol] = answers else { return Err(unreadable::<IERC20::decimalsCall>(token)) };
        let decimals = word(decimals).and_then(|word| u8::try_from(word).ok());
        let decimals = decimals.ok_or_else(|| unreadable::<IERC20::decimalsCall>(token))?;
        ensure!(decimals <= limpid_token::MOST_DECIMALS, unreadable_error::<IERC20::decimalsCall>(token));
        let name = text(name, LONGEST_NAME).unwrap_or_else(|| nameless(token));
        let symbol = text(symbol, LONGEST_SYMBOL).unwrap_or_else(|| symbolless(token));
        let wrapped = self.place_of(token)?;
        let here = self.cx.this();
        let spec = TokenSpec {
            name: format!("Wrapped {name}"),
            symbol: format!("w{symbol}"),
            decimals,
            supply: U256::ZERO,
            minter: here,
        };
        let factory = self.cx.env(|env| env.addresses.token_factory);
        TokenFactory::at(self.cx, factory).create_at(wrapped, here, &spec)?;
        let record = Record { wrapped, ..Record::default() };
        self.records.set(token, record)?;
        self.foreign.set(wrapped, token)?;
        self.tokens.push(TOKENS, token)?;
        self.cx.emit(IGateway::TokenRegistered { token, wrapped })?;
        Ok(record)
    }
}

fn unreadable_error<C: SolCall>(token: Address) -> IGateway::Unreadable {
    IGateway::Unreadable { token, method: C::SELECTOR.into() }
}

/// The token does not answer as an ERC-20 does.
pub(crate) fn unreadable<C: SolCall>(token: Address) -> limpid_native::Stop {
    revert(unreadable_error::<C>(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::address;

    #[test]
    fn the_place_is_create2s() {
        // EIP-1014's formula, written out.
        let (gateway, token) = (address!("0x000000000000000000000000004c696d70696405"), Address::repeat_byte(0x70));
        let code = keccak256([0xef, 0x4c, 2, 0]);
        let hash = keccak256([&[0xff], gateway.as_slice(), &[0; 12], token.as_slice(), code.as_slice()].concat());
        assert_eq!(wrapped_address(gateway, token), Address::from_slice(&hash[12..]));
    }
}
