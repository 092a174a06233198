//! One sentence about a transaction, from what moved and what the contracts logged.

use crate::{
    api::{error::Result, view::View},
    v1::types::{Amount, Party, short},
    words::decode::Decoded,
};
use alloy_primitives::{Address, B256, I256, Log, U256, b256};
use limpid_chain::{Receipt, Recovered};
use limpid_evm::ValueMove;
use std::collections::BTreeMap;

/// keccak("Transfer(address,address,uint256)"), the event of ERC-20 and ERC-721.
pub(crate) const TRANSFER: B256 = b256!("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// What kind of thing moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    Coin,
    Token,
    /// A token of which every one is unique; the quantity is its id.
    Unique,
}

/// One movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Movement {
    pub(crate) kind: Moved,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) asset: Option<Address>,
    pub(crate) quantity: U256,
    pub(crate) depth: usize,
    /// The log that says so, in the block.
    pub(crate) log_index: Option<u64>,
}

/// The movement that a log tells of: ERC-20 has the amount in the data, ERC-721 the id as a topic.
pub(crate) fn transfer(log: &Log, log_index: u64) -> Option<Movement> {
    let (event, indexed) = log.topics().split_first()?;
    if *event != TRANSFER {
        return None;
    }
    let (kind, from, to, quantity) = match (indexed, log.data.data.len()) {
        ([from, to], 32) => (Moved::Token, from, to, U256::from_be_slice(&log.data.data)),
        ([from, to, id], 0) => (Moved::Unique, from, to, (*id).into()),
        _ => return None,
    };
    let (from, to) = (Address::from_word(*from), Address::from_word(*to));
    Some(Movement { kind, from, to, asset: Some(log.address), quantity, depth: 0, log_index: Some(log_index) })
}

/// Everything that a transaction moved: coin first, then tokens, each in the order it happened.
pub(crate) fn movements(tx: &Recovered, receipt: &Receipt, moves: &[ValueMove]) -> Vec<Movement> {
    let coin = |from, to, quantity, depth| Movement {
        kind: Moved::Coin,
        from,
        to,
        asset: None,
        quantity,
        depth,
        log_index: None,
    };
    let to = tx.kind().to().copied().or(receipt.created);
    let own = to.filter(|_| receipt.success && !tx.value().is_zero()).map(|to| coin(tx.sender(), to, tx.value(), 0));
    let inside = moves.iter().map(|one| coin(one.from, one.to, one.amount, one.depth));
    let logs = (receipt.first_log_index..).zip(&receipt.logs);
    own.into_iter().chain(inside).chain(logs.filter_map(|(index, log)| transfer(log, index))).collect()
}

/// What each party has more or less of each asset. Unique tokens count one each. Nobody owns the zero address. What is
/// out of all measure (only a lying token can say so) is left out.
pub(crate) fn changes(movements: &[Movement]) -> BTreeMap<(Address, Option<Address>), I256> {
    let mut changes = BTreeMap::new();
    for one in movements {
        let quantity = if one.kind == Moved::Unique { U256::ONE } else { one.quantity };
        let Ok(quantity) = I256::try_from(quantity) else { continue };
        for (party, sign) in [(one.from, I256::MINUS_ONE), (one.to, I256::ONE)] {
            let change: &mut I256 = changes.entry((party, one.asset)).or_default();
            *change = change.saturating_add(quantity.saturating_mul(sign));
        }
    }
    changes.retain(|(party, _), change| !change.is_zero() && !party.is_zero());
    changes
}

/// What a sentence is made from.
pub(crate) struct Story<'a> {
    pub(crate) view: &'a View,
    pub(crate) tx: &'a Recovered,
    pub(crate) to: Option<&'a Party>,
    pub(crate) call: Option<&'a Decoded>,
    pub(crate) changes: &'a BTreeMap<(Address, Option<Address>), I256>,
    pub(crate) created: Option<Address>,
    /// Why it failed, if it did.
    pub(crate) failure: Option<&'a str>,
}

impl Story<'_> {
    /// What happened, or what was tried.
    pub(crate) fn tell(&self) -> Result<String> {
        if self.tx.as_system().is_some() {
            return Ok("The chain's own work of this block".to_owned());
        }
        if let Some(reason) = self.failure {
            return Ok(format!("Failed: {}: {reason}", self.tried()));
        }
        if let Some(created) = self.created {
            return Ok(format!("Created the contract {}", short(created)));
        }
        let Some(to) = self.to else { return Ok("Created a contract".to_owned()) };
        if self.tx.input().is_empty() {
            return Ok(format!("Sent {} to {}", Amount::coin(self.tx.value()).words(), to.words()));
        }
        let (gave, got) = (self.sides(true)?, self.sides(false)?);
        let name = self.call.map_or("", |call| call.name.as_str());
        Ok(match name {
            _ if self.call.is_none() => match (gave.as_str(), got.as_str()) {
                ("", "") => format!("Called {}", to.words()),
                (gave, "") => format!("Called {} and gave {gave}", to.words()),
                ("", got) => format!("Called {} and got {got}", to.words()),
                (gave, got) => format!("Called {}, gave {gave} and got {got}", to.words()),
            },
            "transfer" | "transferWithMemo" | "transferFrom" | "transferBatch" if !gave.is_empty() => {
                match self.recipient() {
                    Some(recipient) => format!("Sent {gave} to {recipient}"),
                    None => format!("Sent {gave}"),
                }
            }
            "approve" | "approveUntil" | "permit" => self.approval()?,
            "deposit" | "wrap" if !gave.is_empty() => format!("Wrapped {gave}"),
            "withdraw" | "unwrap" if !got.is_empty() => format!("Unwrapped {got}"),
            "createToken" | "createMintableToken" => format!("Created a token{}", with(" and got ", &got)),
            "createPair" => "Created a pool".to_owned(),
            _ if name.starts_with("swap") && !gave.is_empty() && !got.is_empty() => format!("Swapped {gave} for {got}"),
            _ if name.starts_with("addLiquidity") || name.starts_with("deposit") && !gave.is_empty() => {
                format!("Put {gave} into a pool{}", with(" for ", &got))
            }
            _ if name.starts_with("removeLiquidity") || name.starts_with("withdraw") && !got.is_empty() => {
                format!("Took {got} out of a pool{}", with(" for ", &gave))
            }
            _ => {
                let what = format!("Called {name} of {}", to.words());
                format!("{what}{}{}", with(", gave ", &gave), with(", got ", &got))
            }
        })
    }

    fn tried(&self) -> String {
        match (self.to, self.call) {
            (None, _) => "tried to create a contract".to_owned(),
            (Some(to), Some(call)) => format!("called {} of {}", call.name, to.words()),
            (Some(to), None) if self.tx.input().is_empty() => {
                format!("tried to send {} to {}", Amount::coin(self.tx.value()).words(), to.words())
            }
            (Some(to), None) => format!("called {}", to.words()),
        }
    }

    /// What the sender gave, or got, of everything.
    fn sides(&self, gave: bool) -> Result<String> {
        let mut parts = Vec::new();
        for ((_, asset), change) in self.changes.iter().filter(|((party, _), _)| *party == self.tx.sender()) {
            if change.is_negative() == gave {
                parts.push(Amount::of(self.view, *asset, change.unsigned_abs())?.words());
            }
        }
        Ok(match parts.pop() {
            None => String::new(),
            Some(last) if parts.is_empty() => last,
            Some(last) => format!("{} and {last}", parts.join(", ")),
        })
    }

    fn argument(&self, names: &[&str]) -> Option<&str> {
        let named = |one: &&super::decode::Argument| names.contains(&one.name.as_str());
        self.call?.arguments.iter().find(named)?.value.as_str()
    }

    fn recipient(&self) -> Option<String> {
        let address: Address = self.argument(&["to", "dst"])?.parse().ok()?;
        Party::new(self.view, address).ok().map(|party| party.words())
    }

    fn approval(&self) -> Result<String> {
        let spender = self.argument(&["spender", "guy"]).and_then(|text| text.parse().ok());
        let value = self.argument(&["value", "wad"]).and_then(|text| text.parse::<U256>().ok());
        let (Some(spender), Some(value), Some(token)) = (spender, value, self.tx.kind().to().copied()) else {
            return Ok("Changed an allowance".to_owned());
        };
        let spender = Party::new(self.view, spender)?.words();
        if value.is_zero() {
            return Ok(format!("Took back what {spender} may take"));
        }
        let amount = Amount::of(self.view, Some(token), value)?;
        if value.bit(255) {
            let symbol = amount.symbol.unwrap_or_else(|| short(token));
            return Ok(format!("Let {spender} take any amount of {symbol}"));
        }
        Ok(format!("Let {spender} take {}", amount.words()))
    }
}

fn with(before: &str, what: &str) -> String {
    if what.is_empty() { String::new() } else { format!("{before}{what}") }
}
