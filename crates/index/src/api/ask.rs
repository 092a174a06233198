//! What a request asks for: the parts of its path and its query, each read once and none left over.

use super::error::{ApiError, Result};
use alloy_primitives::{Address, B256, hex};
use limpid_chain::{
    Position,
    history::{Cursor, MAX_PAGE},
};
use std::collections::BTreeMap;

/// Items of a page unless told otherwise, and at most.
pub(crate) const USUAL_PAGE: usize = 25;
pub(crate) const MOST_PAGE: usize = 100;

const _: () = assert!(MOST_PAGE < MAX_PAGE, "a page and what is behind it are read at once");

/// What a request asks for.
#[derive(Debug, Default)]
pub(crate) struct Ask {
    path: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
}

impl Ask {
    /// Refuses a parameter that is given twice: which one is meant nobody knows.
    pub(crate) fn new(path: impl Iterator<Item = (String, String)>, query: &[u8]) -> Result<Self> {
        let mut ask = Self { path: path.collect(), query: BTreeMap::new() };
        for (name, value) in form_urlencoded::parse(query) {
            if ask.query.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(ApiError::bad(format!("the parameter {} is given twice", quoted(&name))));
            }
        }
        Ok(ask)
    }

    /// A part of the path.
    pub(crate) fn part(&mut self, name: &str) -> String {
        self.path.remove(name).unwrap_or_default()
    }

    /// The address in the path.
    pub(crate) fn address(&mut self) -> Result<Address> {
        address(&self.part("address"))
    }

    /// A parameter of the query; an empty one is none.
    pub(crate) fn get(&mut self, name: &str) -> Option<String> {
        self.query.remove(name).filter(|value| !value.is_empty())
    }

    /// A whole number of the query.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>> {
        let Some(given) = self.get(name) else { return Ok(None) };
        let number = given.bytes().all(|byte| byte.is_ascii_digit()).then(|| given.parse().ok()).flatten();
        let wrong = || ApiError::bad(format!("{name} is {}: expected a whole number", quoted(&given)));
        number.ok_or_else(wrong).map(Some)
    }

    /// How many items a page has.
    pub(crate) fn limit(&mut self, usual: usize, most: usize) -> Result<usize> {
        let Some(given) = self.number("limit")? else { return Ok(usual) };
        let limit = usize::try_from(given).unwrap_or(usize::MAX);
        if (1..=most).contains(&limit) {
            return Ok(limit);
        }
        Err(ApiError::bad(format!("limit is {given}: expected a number from 1 to {most}")))
    }

    /// Size of a page, and where it goes on.
    pub(crate) fn page<T>(&mut self, read: impl FnOnce(&[u8]) -> Option<T>) -> Result<(usize, Option<T>)> {
        let limit = self.limit(USUAL_PAGE, MOST_PAGE)?;
        let Some(given) = self.get("cursor") else { return Ok((limit, None)) };
        let cursor = hex::decode(&given).ok().and_then(|bytes| read(&bytes));
        cursor.map(|cursor| (limit, Some(cursor))).ok_or_else(|| {
            ApiError::bad(format!("cursor is {}: expected the `next` of an earlier page, as it was", quoted(&given)))
        })
    }

    /// Nothing is left: a parameter that is not known is more likely a mistake than meant for nothing.
    pub(crate) fn end(&self) -> Result<()> {
        match self.query.keys().next() {
            None => Ok(()),
            Some(name) => Err(ApiError::bad(format!("there is no parameter {} here", quoted(name)))),
        }
    }
}

/// What somebody gave, short enough to be shown and without marks that are not seen.
pub(crate) fn quoted(given: &str) -> String {
    let shown: String = given.chars().take(60).filter(|letter| !limpid_abi::text::is_hidden(*letter)).collect();
    let more = if given.chars().nth(60).is_some() { "…" } else { "" };
    format!("\"{shown}{more}\"")
}

/// An address in hex; with letters of both cases its checksum must be right (EIP-55).
pub(crate) fn address(given: &str) -> Result<Address> {
    let wrong = || ApiError::bad(format!("{} is no address: expected 0x and 40 hex digits", quoted(given)));
    let digits = given.strip_prefix("0x").filter(|digits| digits.len() == 40).ok_or_else(wrong)?;
    let address: Address = digits.parse().map_err(|_| wrong())?;
    let mixed =
        digits.bytes().any(|byte| byte.is_ascii_uppercase()) && digits.bytes().any(|byte| byte.is_ascii_lowercase());
    if mixed && address.to_checksum(None) != given {
        return Err(ApiError::bad(format!("the checksum of {} is wrong: was it copied whole?", quoted(given))));
    }
    Ok(address)
}

/// A hash in hex.
pub(crate) fn hash(given: &str) -> Result<B256> {
    let digits = given.strip_prefix("0x").filter(|digits| digits.len() == 64);
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| ApiError::bad(format!("{} is no hash: expected 0x and 64 hex digits", quoted(given))))
}

/// A place in the chain as part of a cursor.
pub(crate) fn position_bytes(at: Position) -> Vec<u8> {
    [at.height.to_be_bytes().as_slice(), &at.index.to_be_bytes()].concat()
}

/// See [`position_bytes`].
pub(crate) fn read_position(bytes: &[u8]) -> Option<Position> {
    let (height, index) = bytes.split_first_chunk::<8>()?;
    Some(Position { height: u64::from_be_bytes(*height), index: u32::from_be_bytes(index.try_into().ok()?) })
}

/// A place in an account's history as a cursor.
pub(crate) fn cursor_bytes(cursor: &Cursor) -> Vec<u8> {
    [position_bytes(cursor.at).as_slice(), &cursor.sequence.to_be_bytes()].concat()
}

/// See [`cursor_bytes`].
pub(crate) fn read_cursor(bytes: &[u8]) -> Option<Cursor> {
    let (at, sequence) = bytes.split_last_chunk::<4>()?;
    Some(Cursor { at: read_position(at)?, sequence: u32::from_be_bytes(*sequence) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let checksummed = "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f";
        assert!(address(checksummed).is_ok() && address(&checksummed.to_lowercase()).is_ok());
        assert!(address(&checksummed.replace('C', "c")).unwrap_err().message.contains("checksum"));
        for bad in
            ["", "0x", "5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f", "0x5C", "0xzz69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"]
        {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn cursors_come_back_as_they_went() {
        let there = Cursor { at: Position { height: u64::MAX, index: 7 }, sequence: u32::MAX };
        assert_eq!(read_cursor(&cursor_bytes(&there)), Some(there));
        for bad in [&[][..], &[0; 15], &[0; 17]] {
            assert_eq!(read_cursor(bad), None);
        }
    }

    #[test]
    fn what_is_given_twice_or_unknown_is_refused() {
        assert!(Ask::new(std::iter::empty(), b"a=1&a=2").is_err());
        let mut ask = Ask::new(std::iter::empty(), b"limit=7&x=1").unwrap();
        assert_eq!(ask.limit(25, 100), Ok(7));
        assert_eq!(ask.end().unwrap_err().message, "there is no parameter \"x\" here");
        for bad in ["limit=0", "limit=101", "limit=-1", "limit=1e1", "limit=99999999999999999999999"] {
            assert!(Ask::new(std::iter::empty(), bad.as_bytes()).unwrap().limit(25, 100).is_err(), "{bad}");
        }
    }
}
