//! Names and arguments of what native contracts answer and log.

use crate::export::interfaces;
use alloy_json_abi::{EventParam, Param};
use alloy_primitives::{Address, B256, I256, LogData, Selector, U256, hex};
use alloy_sol_types::{Panic, Revert, SolError};
use std::{collections::BTreeMap, sync::LazyLock};

/// One argument, readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name; may be empty.
    pub name: String,
    /// Its Solidity type.
    pub ty: String,
    /// Its value: decimal numbers, checksummed addresses, `0x` bytes, plain text.
    pub value: String,
}

/// An event or an error, readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The interface it was declared in; empty for Solidity's own `Error` and `Panic`.
    pub interface: &'static str,
    /// Its name.
    pub name: String,
    /// Its arguments, in order.
    pub arguments: Vec<Argument>,
}

impl std::fmt::Display for Decoded {
    /// `Name(argument: value, ..)`; of `Error(string)` only the text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let ("", "Error", [text]) = (self.interface, self.name.as_str(), self.arguments.as_slice()) {
            return f.write_str(&text.value);
        }
        write!(f, "{}(", self.name)?;
        for (index, argument) in self.arguments.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let colon = if argument.name.is_empty() { "" } else { ": " };
            write!(f, "{comma}{}{colon}{}", argument.name, argument.value)?;
        }
        f.write_str(")")
    }
}

struct ErrorEntry {
    interface: &'static str,
    name: String,
    inputs: Vec<Param>,
}

struct EventEntry {
    interface: &'static str,
    name: String,
    inputs: Vec<EventParam>,
}

static ERRORS: LazyLock<BTreeMap<Selector, ErrorEntry>> = LazyLock::new(|| {
    let mut all = BTreeMap::new();
    for interface in interfaces() {
        for error in interface.abi().errors() {
            all.entry(error.selector()).or_insert_with(|| ErrorEntry {
                interface: interface.name,
                name: error.name.clone(),
                inputs: error.inputs.clone(),
            });
        }
    }
    all
});

// ERC-20's events are declared by several interfaces, with other argument names in WETH9; the first wins.
static EVENTS: LazyLock<BTreeMap<B256, EventEntry>> = LazyLock::new(|| {
    let mut all = BTreeMap::new();
    for interface in interfaces() {
        for event in interface.abi().events() {
            all.entry(event.selector()).or_insert_with(|| EventEntry {
                interface: interface.name,
                name: event.name.clone(),
                inputs: event.inputs.clone(),
            });
        }
    }
    all
});

/// The error in a call's return data, or `None` when it is none that we know.
pub fn revert(data: &[u8]) -> Option<Decoded> {
    let own = |name: &str, ty: &str, value: String| {
        let arguments = vec![Argument { name: String::new(), ty: ty.into(), value }];
        Some(Decoded { interface: "", name: name.into(), arguments })
    };
    if let Ok(text) = Revert::abi_decode(data) {
        return own("Error", "string", text.reason);
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return own("Panic", "uint256", panic.to_string());
    }
    let (selector, body) = data.split_first_chunk::<4>()?;
    let entry = ERRORS.get(&Selector::from(*selector))?;
    let mut arguments = Vec::new();
    for (index, input) in entry.inputs.iter().enumerate() {
        let value = value(&input.ty, body, index)?;
        arguments.push(Argument { name: input.name.clone(), ty: input.ty.clone(), value });
    }
    Some(Decoded { interface: entry.interface, name: entry.name.clone(), arguments })
}

/// The event in a log, or `None` when it is none that we know.
pub fn event(log: &LogData) -> Option<Decoded> {
    let (first, mut indexed) = log.topics().split_first()?;
    let entry = EVENTS.get(first)?;
    let (mut arguments, mut index) = (Vec::new(), 0usize);
    for input in &entry.inputs {
        let value = if input.indexed {
            let (topic, rest) = indexed.split_first()?;
            indexed = rest;
            word(&input.ty, *topic).unwrap_or_else(|| topic.to_string())
        } else {
            let value = value(&input.ty, &log.data, index)?;
            index = index.checked_add(1)?;
            value
        };
        arguments.push(Argument { name: input.name.clone(), ty: input.ty.clone(), value });
    }
    Some(Decoded { interface: entry.interface, name: entry.name.clone(), arguments })
}

fn word_at(body: &[u8], at: usize) -> Option<B256> {
    body.get(at..at.checked_add(32)?).map(B256::from_slice)
}

/// Head `index` of `body` as a value of type `ty`. Our errors and events hold words, texts and bytes only.
fn value(ty: &str, body: &[u8], index: usize) -> Option<String> {
    let head = word_at(body, index.checked_mul(32)?)?;
    if !matches!(ty, "string" | "bytes") {
        return word(ty, head);
    }
    let offset = usize::try_from(U256::from_be_bytes(head.0)).ok()?;
    let length = usize::try_from(U256::from_be_bytes(word_at(body, offset)?.0)).ok()?;
    let start = offset.checked_add(32)?;
    let content = body.get(start..start.checked_add(length)?)?;
    Some(if ty == "string" { String::from_utf8_lossy(content).into_owned() } else { hex::encode_prefixed(content) })
}

fn word(ty: &str, word: B256) -> Option<String> {
    let number = U256::from_be_bytes(word.0);
    Some(match ty {
        "address" => Address::from_word(word).to_string(),
        "bool" => (!number.is_zero()).to_string(),
        _ if ty.starts_with("uint") => number.to_string(),
        _ if ty.starts_with("int") => I256::from_raw(number).to_string(),
        _ => {
            let width = ty.strip_prefix("bytes")?.parse::<usize>().ok()?;
            hex::encode_prefixed(word.get(..width)?)
        }
    })
}
