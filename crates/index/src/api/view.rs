//! One request's look at the chain: a block, the state after it, and what the contracts answer there.

use super::{
    App,
    error::{ApiError, Result},
};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, map::AddressMap};
use alloy_sol_types::SolCall;
use limpid_abi::{IERC20, IUniswapV2Pair, addresses::Addresses, text::is_hidden};
use limpid_chain::{
    BlockWithReceipts, Node,
    explorer::Explorer,
    node::{CallOptions, StateView},
    tx::SYSTEM_SENDER,
};
use limpid_evm::{Registry, Tracing, TxEnv, TxKind};
use limpid_state::{Account, StateRead as _};
use parking_lot::Mutex;
use std::sync::Arc;

/// Gas of one question to a contract; native ones take a fraction of it, and foreign ones get no more.
const QUESTION_GAS: u64 = 300_000;
/// Questions asked in one go.
const MOST_QUESTIONS: usize = 120;
/// Tokens remembered.
const MOST_KNOWN: usize = 20_000;
/// Blocks after which a user's contract is asked again what it is called.
const FOREIGN_AGE: u64 = 64;
/// Characters of a symbol and a name.
const SYMBOL: usize = 32;
const NAME: usize = 64;

/// Symbol and decimals of the chain's coin.
pub(crate) const COIN: (&str, u8) = ("LIM", 18);

/// What stands at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Nothing yet.
    Nothing,
    /// Somebody with a key.
    Account,
    /// Somebody with a key who handed control to a contract (EIP-7702).
    Delegated(Address),
    /// A user's contract.
    Contract,
    /// A native contract that the chain has from its first block; its name.
    Native(&'static str),
    /// A native token.
    Token,
    /// A pool.
    Pool,
    /// The chain's own sender.
    System,
}

/// What a token says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TokenInfo {
    pub(crate) name: Option<String>,
    pub(crate) symbol: Option<String>,
    pub(crate) decimals: Option<u8>,
    /// The two tokens of a pool.
    pub(crate) pair: Option<[Address; 2]>,
}

/// What tokens said before. Native ones never say anything else.
#[derive(Debug, Default)]
pub(crate) struct TokenCache(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The newest head that was looked from. A development chain that goes back may make other tokens.
    head: u64,
    /// For a foreign token, when it said so.
    tokens: AddressMap<(Arc<TokenInfo>, Option<u64>)>,
}

/// See the module.
pub(crate) struct View {
    app: App,
    head: Arc<BlockWithReceipts>,
    explorer: Option<Explorer>,
    state: StateView,
}

impl View {
    pub(super) fn new(app: &App) -> Result<Self> {
        let (head, explorer) = app.node().explorer()?;
        let state = app.node().state(head.block.hash.into())?;
        // A development chain went back in between.
        let state = state.ok_or_else(|| ApiError::unavailable("the chain has just gone back: ask again"))?;
        let mut known = app.tokens().0.lock();
        if head.block.number() < known.head || known.tokens.len() > MOST_KNOWN {
            known.tokens.clear();
        }
        known.head = head.block.number();
        drop(known);
        Ok(Self { app: app.clone(), head, explorer, state })
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn node(&self) -> &Node {
        self.app.node()
    }

    /// What is kept besides blocks, as of this block.
    pub(crate) fn index(&self) -> Result<&Explorer> {
        self.explorer.as_ref().ok_or_else(|| {
            ApiError::unavailable(
                "this node keeps no explorer index: stop it, run `limpid index rebuild`, and start it without --no-index",
            )
        })
    }

    /// The same, for what can be answered without.
    pub(crate) const fn maybe_index(&self) -> Option<&Explorer> {
        self.explorer.as_ref()
    }

    /// The block that everything is as of.
    pub(crate) fn head(&self) -> &Arc<BlockWithReceipts> {
        &self.head
    }

    pub(crate) fn height(&self) -> u64 {
        self.head.block.number()
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.node().rules().registry
    }

    /// Where the native contracts stand, if the chain has any.
    pub(crate) fn natives(&self) -> Option<&Addresses> {
        let registry = self.registry();
        (!registry.entries().is_empty()).then(|| registry.addresses())
    }

    pub(crate) fn account(&self, address: Address) -> Result<Option<Account>> {
        Ok(self.state.account(address)?)
    }

    pub(crate) fn code(&self, address: Address) -> Result<Bytes> {
        Ok(self.state.code_of(address)?)
    }

    /// What stands at an address.
    pub(crate) fn what(&self, address: Address) -> Result<What> {
        if address == SYSTEM_SENDER {
            return Ok(What::System);
        }
        let Some(account) = self.account(address)? else { return Ok(What::Nothing) };
        if account.code_hash == KECCAK256_EMPTY {
            return Ok(What::Account);
        }
        let registry = self.registry();
        if let Some(entry) = registry.kind_of_code(&account.code_hash).and_then(|kind| registry.entry(kind)) {
            return Ok(match entry.name {
                "token" => What::Token,
                "pair" => What::Pool,
                name => What::Native(name),
            });
        }
        let code = self.code_of_hash(account.code_hash)?;
        let delegate = code.strip_prefix(&[0xef, 0x01, 0x00]).filter(|delegate| delegate.len() == 20);
        Ok(delegate.map_or(What::Contract, |delegate| What::Delegated(Address::from_slice(delegate))))
    }

    fn code_of_hash(&self, hash: B256) -> Result<Bytes> {
        Ok(self.state.code(hash)?.unwrap_or_default())
    }

    /// Asks contracts at this block; `None` where one refuses or is none. Each costs at most [`QUESTION_GAS`].
    pub(crate) fn ask_all(&self, questions: &[(Address, Bytes)]) -> Result<Vec<Option<Bytes>>> {
        let mut answers = Vec::with_capacity(questions.len());
        for some in questions.chunks(MOST_QUESTIONS) {
            let call = |(to, data): &(Address, Bytes)| {
                let kind = TxKind::Call(*to);
                let tx =
                    TxEnv { kind, data: data.clone(), gas_limit: QUESTION_GAS, chain_id: None, ..TxEnv::default() };
                (tx, Tracing::NONE)
            };
            let options = CallOptions { at: self.head.block.hash.into(), ..CallOptions::default() };
            let outcomes = self.node().calls(some.iter().map(call).collect(), options)?;
            let full = answers.len() + some.len();
            answers.extend(outcomes.into_iter().map(|outcome| outcome.success.then_some(outcome.output)));
            // A native contract that panics is the last that answers.
            answers.resize(full, None);
        }
        Ok(answers)
    }

    /// The same question, put differently to each.
    pub(crate) fn ask_each<C: SolCall>(
        &self,
        questions: impl Iterator<Item = (Address, C)>,
    ) -> Result<Vec<Option<C::Return>>> {
        let questions: Vec<_> = questions.map(|(to, call)| (to, call.abi_encode().into())).collect();
        let answers = self.ask_all(&questions)?;
        Ok(answers.into_iter().map(|answer| C::abi_decode_returns(&answer?).ok()).collect())
    }

    /// One question.
    pub(crate) fn ask<C: SolCall>(&self, to: Address, call: &C) -> Result<Option<C::Return>> {
        let answer = self.ask_all(&[(to, call.abi_encode().into())])?.pop().flatten();
        Ok(answer.and_then(|answer| C::abi_decode_returns(&answer).ok()))
    }

    /// One question that a contract of the chain's own always answers.
    pub(crate) fn must<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return> {
        let answer = self.ask(to, call)?;
        answer.ok_or_else(|| ApiError::internal(&format!("{to} does not answer {}", C::SIGNATURE)))
    }

    /// What tokens say of themselves, those that are not known yet asked all at once.
    pub(crate) fn learn(&self, tokens: impl IntoIterator<Item = Address>) -> Result<()> {
        let height = self.height();
        let fresh = |at: &Option<u64>| at.is_none_or(|at| height.saturating_sub(at) < FOREIGN_AGE);
        let mut unknown: Vec<Address> = {
            let known = self.app.tokens().0.lock();
            let is_new = |token: &Address| !known.tokens.get(token).is_some_and(|(_, at)| fresh(at));
            tokens.into_iter().filter(is_new).collect()
        };
        unknown.sort_unstable();
        unknown.dedup();
        let mut pairs = Vec::new();
        for token in &unknown {
            if self.what(*token)? == What::Pool {
                pairs.push(*token);
            }
        }
        let names = self.ask_texts(&unknown)?;
        let ends = |one: fn(Address) -> (Address, Bytes)| -> Result<Vec<Option<Address>>> {
            let answers = self.ask_all(&pairs.iter().map(|pair| one(*pair)).collect::<Vec<_>>())?;
            let word = |answer: Bytes| answer.get(..32).map(|word| Address::from_word(B256::from_slice(word)));
            Ok(answers.into_iter().map(|answer| answer.and_then(word)).collect())
        };
        let token0 = ends(|pair| (pair, IUniswapV2Pair::token0Call {}.abi_encode().into()))?;
        let token1 = ends(|pair| (pair, IUniswapV2Pair::token1Call {}.abi_encode().into()))?;
        let ends = pairs.into_iter().zip(token0.into_iter().zip(token1));
        let mut ends: AddressMap<_> = ends.filter_map(|(pair, (zero, one))| Some((pair, [zero?, one?]))).collect();
        for (token, mut info) in unknown.into_iter().zip(names) {
            let native = matches!(self.what(token)?, What::Native(_) | What::Token | What::Pool);
            info.pair = ends.remove(&token);
            let row = (Arc::new(info), (!native).then_some(height));
            self.app.tokens().0.lock().tokens.insert(token, row);
        }
        Ok(())
    }

    fn ask_texts(&self, tokens: &[Address]) -> Result<Vec<TokenInfo>> {
        let each = |data: Vec<u8>| tokens.iter().map(|token| (*token, Bytes::from(data.clone()))).collect::<Vec<_>>();
        let names = self.ask_all(&each(IERC20::nameCall {}.abi_encode()))?;
        let symbols = self.ask_all(&each(IERC20::symbolCall {}.abi_encode()))?;
        let decimals = self.ask_all(&each(IERC20::decimalsCall {}.abi_encode()))?;
        let all = names.into_iter().zip(symbols).zip(decimals);
        Ok(all
            .map(|((name, symbol), decimals)| TokenInfo {
                name: name.and_then(|answer| text(&answer, NAME)),
                symbol: symbol.and_then(|answer| text(&answer, SYMBOL)),
                decimals: decimals.and_then(|answer| {
                    let number = U256::from_be_slice(answer.get(..32)?);
                    u8::try_from(number).ok()
                }),
                pair: None,
            })
            .collect())
    }

    /// What one token says of itself.
    pub(crate) fn token(&self, token: Address) -> Result<Arc<TokenInfo>> {
        self.learn([token])?;
        let known = self.app.tokens().0.lock();
        Ok(known.tokens.get(&token).map(|(info, _)| info.clone()).unwrap_or_default())
    }

    /// The two tokens of a pool.
    pub(crate) fn pool(&self, pool: Address) -> Result<[Address; 2]> {
        let there = self.what(pool)? == What::Pool;
        let pair = if there { self.token(pool)?.pair } else { None };
        pair.ok_or_else(|| ApiError::not_found(format!("no pool stands at {pool}")))
    }
}

/// A text that a contract answered: a string of the ABI, or 32 bytes as some old tokens have it.
fn text(answer: &Bytes, most: usize) -> Option<String> {
    let content = if answer.len() == 32 {
        let end = answer.iter().position(|byte| *byte == 0).unwrap_or(32);
        String::from_utf8_lossy(answer.get(..end)?).into_owned()
    } else {
        let word = |at: usize| usize::try_from(U256::from_be_slice(answer.get(at..at.checked_add(32)?)?)).ok();
        let start = word(0)?;
        let length = word(start)?;
        let start = start.checked_add(32)?;
        String::from_utf8_lossy(answer.get(start..start.checked_add(length)?)?).into_owned()
    };
    let clean: String = content.chars().filter(|letter| !is_hidden(*letter)).take(most).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::SolValue as _;

    #[test]
    fn texts_of_tokens() {
        let said = |answer: Vec<u8>| text(&answer.into(), 8);
        assert_eq!(said("USD".abi_encode()).as_deref(), Some("USD"));
        assert_eq!(said("US\u{202e}D\n".abi_encode()).as_deref(), Some("USD"), "hidden marks are not shown");
        assert_eq!(said("much too long".abi_encode()).as_deref(), Some("much too"));
        let mut old = [0; 32];
        old[..3].copy_from_slice(b"MKR");
        assert_eq!(said(old.to_vec()).as_deref(), Some("MKR"));
        for bad in [vec![], vec![0xff; 32 * 3], vec![0; 64], vec![1; 7]] {
            assert!(said(bad.clone()).is_none_or(|text| text.chars().count() <= 8), "{bad:?}");
        }
    }
}
