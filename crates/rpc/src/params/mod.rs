//! Parameters of methods, read one by one.
//!
//! Everything is parsed here by hand and not by derived deserialisers, so that a message says which argument is wrong
//! and why in the reader's words, and never shows a Rust type's name. Every error is -32602 and nothing happens before
//! all arguments were read.

mod block;
mod call;
mod logs;
mod object;
mod overrides;
mod unsigned;
mod value;

pub use self::{
    block::{block_id, block_number},
    call::{CallRequest, Price},
    logs::{LogQuery, LogRange},
    object::Object,
    overrides::{block_overrides, pretended_balance, state_overrides},
    value::{address, boolean, bytes, count, hash, number, quantity, quantity_u64, quantity_u128, slot},
};

use crate::error::{Result, RpcError};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U256};
use jsonrpsee::types::Params;
use serde_json::Value;
use std::net::IpAddr;

/// Who asks, as far as it is known: the address of the other end of the connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Client(pub Option<IpAddr>);

/// The arguments of one request, in order.
#[derive(Debug)]
pub struct Args {
    items: std::vec::IntoIter<Value>,
    given: usize,
    client: Client,
}

impl Args {
    /// Reads the `params` member: an array, or nothing at all.
    pub fn new(params: &Params<'_>) -> Result<Self> {
        let Some(text) = params.as_str() else { return Ok(Self::from_values(Vec::new())) };
        match serde_json::from_str(text) {
            Ok(Value::Array(items)) => Ok(Self::from_values(items)),
            Ok(Value::Null) => Ok(Self::from_values(Vec::new())),
            _ => Err(RpcError::params("params must be an array: arguments have an order here and no names")),
        }
    }

    /// The arguments `items`.
    pub fn from_values(items: Vec<Value>) -> Self {
        Self { given: items.len(), items: items.into_iter(), client: Client::default() }
    }

    /// The same arguments, given by `client`.
    pub const fn of(mut self, client: Client) -> Self {
        self.client = client;
        self
    }

    /// Who gave them.
    pub const fn client(&self) -> Client {
        self.client
    }

    /// The next argument; `None` if it is absent or null.
    pub fn optional(&mut self) -> Option<Value> {
        self.items.next().filter(|value| !value.is_null())
    }

    /// The next argument, which must be there.
    pub fn required(&mut self, name: &str) -> Result<Value> {
        let place = self.given.saturating_sub(self.items.len());
        self.optional().ok_or_else(|| RpcError::params(format!("missing value for required argument {place} ({name})")))
    }

    /// Fails if arguments are left over.
    pub fn end(self) -> Result<()> {
        let most = self.given.saturating_sub(self.items.len());
        if self.items.into_iter().all(|value| value.is_null()) {
            return Ok(());
        }
        Err(RpcError::params(format!("too many arguments, want at most {most}")))
    }

    /// An address.
    pub fn address(&mut self, name: &str) -> Result<Address> {
        address(&self.required(name)?, name)
    }

    /// A 32-byte hash.
    pub fn hash(&mut self, name: &str) -> Result<B256> {
        hash(&self.required(name)?, name)
    }

    /// Bytes of any length.
    pub fn bytes(&mut self, name: &str) -> Result<Bytes> {
        bytes(&self.required(name)?, name)
    }

    /// A quantity of 64 bits.
    pub fn quantity(&mut self, name: &str) -> Result<u64> {
        quantity_u64(&self.required(name)?, name)
    }

    /// A number in any of the ways that dev tools write one.
    pub fn number(&mut self, name: &str) -> Result<U256> {
        number(&self.required(name)?, name)
    }

    /// True or false; `default` if absent.
    pub fn boolean_or(&mut self, name: &str, default: bool) -> Result<bool> {
        self.optional().map_or(Ok(default), |value| boolean(&value, name))
    }

    /// A block by number, tag or hash; the latest if absent.
    pub fn block(&mut self) -> Result<BlockId> {
        self.optional().map_or(Ok(BlockId::latest()), |value| block_id(&value))
    }

    /// A block by number or tag, which must be there.
    pub fn block_number(&mut self, name: &str) -> Result<BlockNumberOrTag> {
        block_number(&self.required(name)?, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn missing_and_surplus_arguments_are_named() {
        let mut args = Args::from_values(vec![json!("0x1"), json!(null), json!(3)]);
        assert_eq!(args.quantity("a").unwrap(), 1);
        assert_eq!(args.required("b").unwrap_err().message, "missing value for required argument 1 (b)");
        assert_eq!(args.end().unwrap_err().message, "too many arguments, want at most 2");
        let mut args = Args::from_values(vec![]);
        assert_eq!(args.required("address").unwrap_err().message, "missing value for required argument 0 (address)");
        assert!(Args::from_values(vec![json!(null), json!(null)]).end().is_ok());
    }

    #[test]
    fn params_are_an_array_or_nothing() {
        for text in [None, Some("null"), Some("[]")] {
            assert!(Args::new(&Params::new(text)).unwrap().optional().is_none());
        }
        for text in ["{\"a\":1}", "1", "\"x\""] {
            assert_eq!(Args::new(&Params::new(Some(text))).unwrap_err().code, -32602);
        }
    }
}
