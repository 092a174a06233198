//! Parameters, refusals and paging as Etherscan has them.

use crate::api::{
    ask::{self, quoted},
    error::ApiError,
};
use alloy_primitives::{Address, B256};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows of one answer, and how far pages reach.
pub(super) const MOST_ROWS: usize = 10_000;

/// What an action returns.
pub(super) type Result<T> = std::result::Result<T, Failed>;

/// An answer with status 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failed {
    pub(super) message: String,
    pub(super) result: Value,
}

impl Failed {
    /// Something is wrong with the request.
    pub(super) fn told(why: impl Into<String>) -> Self {
        Self { message: "NOTOK".to_owned(), result: Value::String(why.into()) }
    }

    /// Nothing of the kind was found.
    pub(super) fn none(what: &str) -> Self {
        Self { message: format!("No {what} found"), result: json!([]) }
    }
}

impl<E: Into<ApiError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::told(format!("Error! {}", error.into().message))
    }
}

/// Parameters by name; of two with one name the first counts, and an empty one is none.
#[derive(Debug, Default)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    pub(super) fn add(&mut self, form: &[u8]) {
        for (name, value) in form_urlencoded::parse(form) {
            self.0.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    pub(super) fn must(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| Failed::told(format!("Error! Missing {name}")))
    }

    pub(super) fn address(&self, name: &str) -> Result<Address> {
        read_address(self.must(name)?)
    }

    pub(super) fn hash(&self, name: &str) -> Result<B256> {
        ask::hash(self.must(name)?).map_err(|_| Failed::told("Error! Invalid transaction hash format"))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>> {
        let Some(given) = self.get(name) else { return Ok(None) };
        let number = given.bytes().all(|byte| byte.is_ascii_digit()).then(|| given.parse().ok()).flatten();
        number
            .map(Some)
            .ok_or_else(|| Failed::told(format!("Error! {name} is {}: expected a whole number", quoted(given))))
    }

    /// First and last block of a range that was asked for.
    pub(super) fn blocks(&self, from: &str, to: &str, head: u64) -> Result<(u64, u64)> {
        let read = |name: &str, usual: u64| match self.get(name) {
            None | Some("latest") => Ok(usual),
            Some("earliest") => Ok(0),
            Some(_) => Ok::<_, Failed>(self.number(name)?.unwrap_or(usual)),
        };
        Ok((read(from, 0)?, read(to, head)?.min(head)))
    }

    /// How many rows to pass over, and how many to give. `page` needs `offset`.
    pub(super) fn window(&self, most: usize) -> Result<(usize, usize)> {
        let page = self.number("page")?.unwrap_or(1).max(1);
        let offset = self.number("offset")?.filter(|offset| *offset > 0);
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let offset = offset.map_or(most, size).min(most);
        let end = size(page).saturating_mul(offset);
        if end > most {
            return Err(Failed::told(format!(
                "Result window is too large, PageNo x Offset size must be less than or equal to {most}"
            )));
        }
        Ok((end - offset, offset))
    }

    /// Whether the newest come first.
    pub(super) fn newest_first(&self) -> Result<bool> {
        match self.get("sort") {
            None => Ok(false),
            Some(sort) if sort.eq_ignore_ascii_case("asc") => Ok(false),
            Some(sort) if sort.eq_ignore_ascii_case("desc") => Ok(true),
            Some(_) => Err(Failed::told("Error! sort is asc or desc")),
        }
    }
}

pub(super) fn read_address(given: &str) -> Result<Address> {
    ask::address(given.trim()).map_err(|_| Failed::told("Error! Invalid address format"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows() {
        let window = |form: &str| {
            let mut params = Params::default();
            params.add(form.as_bytes());
            params.window(10_000)
        };
        assert_eq!(window(""), Ok((0, 10_000)));
        assert_eq!(window("page=3&offset=10"), Ok((20, 10)));
        assert_eq!(window("page=0&offset=0"), Ok((0, 10_000)));
        assert_eq!(window("page=1000&offset=10"), Ok((9_990, 10)));
        for bad in ["page=1001&offset=10", "page=2", "page=x", "page=18446744073709551615&offset=10000", "offset=-1"] {
            assert!(window(bad).is_err(), "{bad}");
        }
    }
}
