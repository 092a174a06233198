//! Native tokens: the ledger that every token, share and wrapped coin is kept in, and the factory where
//! anybody creates one.
//!
//! # Rules
//!
//! - *One ledger.* [`Ledger`] is the first field of every token contract, so that other protocols move
//!   any native token by plain Rust calls, knowing only its address ([`ledger_of`]).
//! - *The system needs no approval.* Native contracts debit the caller whom the dispatcher has
//!   authenticated; `allowance(x, system)` answers the maximum and nothing is stored for it.
//! - *Allowances to others* are stored and logged exactly as given and can be listed by owner. A person's
//!   allowance (the owner signed this transaction, has EIP-7702 code, or signed a permit) ends after
//!   [`LONGEST_ALLOWANCE`] seconds or sooner if said; a contract's never ends by itself.
//! - *Supply* is fixed at creation, or mintable by one minter for ever recorded: an immutable choice.
//!
//! # Invariants
//!
//! - TK-1 the sum of all balances is the supply (tests/it/properties.rs, by [`audit::full`])
//! - TK-2 nothing but the owner's call, an allowance of the owner's or the system debits an account
//!   (tests/it/allowances.rs)
//! - TK-3 `permit` succeeds only for a canonical signature of the owner over this chain, this token, the
//!   next nonce and a deadline not past; never for the zero address (tests/it/permits.rs; P-32)
//! - TK-4 an owner's list holds exactly the spenders whose stored allowance is not zero
//!   (tests/it/allowances.rs; P-31)
//! - TK-5 a fixed supply never changes upwards; only the minter mints (tests/it/tokens.rs; P-21)
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod audit;
mod factory;
mod ledger;
mod ops;
mod permit;
mod state;

pub use factory::{MOST_DECIMALS, TokenSpec};
pub use ledger::{LONGEST_ALLOWANCE, Sum};
pub use permit::{PERMIT_TYPEHASH, Permit, PermitRefusal, domain_separator};
pub use state::{Allowance, Ledger, Token, TokenFactory, ledger_of};

use limpid_native::Entry;

mod token_table {
    use crate::Token;
    use limpid_abi::IToken;

    limpid_native::dispatch! { Token {
        view   IToken::nameCall             => |token, _, _| token.name();
        view   IToken::symbolCall           => |token, _, _| token.symbol();
        view   IToken::decimalsCall         => |token, _, _| token.decimals();
        view   IToken::totalSupplyCall      => |token, _, _| token.ledger.total_supply();
        view   IToken::balanceOfCall        => |token, a, _| token.ledger.balance_of(a.owner);
        view   IToken::allowanceCall        => |token, a, _| token.ledger.allowance(a.owner, a.spender);
        view   IToken::allowanceInfoCall    => |token, a, _| token.ledger.allowance_info(a.owner, a.spender);
        view   IToken::allowanceCountCall   => |token, a, _| token.ledger.allowance_count(a.owner);
        view   IToken::allowancesOfCall     => |token, a, _| token.ledger.allowances_of(a.owner, a.offset, a.limit);
        view   IToken::DOMAIN_SEPARATORCall => |token, _, _| token.domain_separator();
        view   IToken::noncesCall           => |token, a, _| token.ledger.nonce(a.owner);
        view   IToken::minterCall           => |token, _, _| token.minter();
        mutate IToken::transferCall         => |token, a, c| token.transfer(c.caller, a.to, a.value);
        mutate IToken::transferFromCall     => |token, a, c| token.transfer_from(c.caller, a.from, a.to, a.value);
        mutate IToken::transferWithMemoCall => |token, a, c| token.transfer_with_memo(c.caller, a.to, a.value, a.memo);
        mutate IToken::transferBatchCall    => |token, a, c| token.transfer_batch(c.caller, &a.to, &a.values);
        mutate IToken::approveCall          => |token, a, c| token.approve(c.caller, a.spender, a.value);
        mutate IToken::approveUntilCall     => |token, a, c| token.approve_until(c.caller, a.spender, a.value, a.expiresAt);
        mutate IToken::permitCall           => |token, a, _| token.permit(&a);
        mutate IToken::mintCall             => |token, a, c| token.mint(c.caller, a.to, a.value);
        mutate IToken::burnCall             => |token, a, c| token.burn(c.caller, a.value);
    }}
}

mod factory_table {
    use crate::TokenFactory;
    use limpid_abi::ITokenFactory;

    limpid_native::dispatch! { TokenFactory {
        view   ITokenFactory::tokenCountCall          => |factory, _, _| factory.count();
        view   ITokenFactory::tokenAtCall             => |factory, a, _| factory.token_at(a.index);
        view   ITokenFactory::isTokenCall             => |factory, a, _| factory.is_token(a.account);
        view   ITokenFactory::nextTokenOfCall         => |factory, a, _| factory.next_token_of(a.creator);
        view   ITokenFactory::tokensCall              => |factory, a, _| factory.tokens(a.offset, a.limit);
        mutate ITokenFactory::createTokenCall         => |factory, a, c| factory.create_fixed(c.caller, &a);
        mutate ITokenFactory::createMintableTokenCall => |factory, a, c| factory.create_mintable(c.caller, &a);
    }}
}

/// Selectors of a token and of the factory, for coverage tests.
pub const SELECTORS: [&[[u8; 4]]; 2] = [token_table::SELECTORS, factory_table::SELECTORS];

/// The registry's rows of this crate.
pub fn entries() -> Vec<Entry> {
    vec![
        Entry::new::<Token<'_>>(token_table::dispatch, None),
        Entry::new::<TokenFactory<'_>>(factory_table::dispatch, Some(|at| at.token_factory)),
    ]
}
