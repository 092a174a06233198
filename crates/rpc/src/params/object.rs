//! JSON objects, read field by field.

use super::value;
use crate::error::{Result, RpcError};
use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::{Map, Value};

/// A JSON object whose name is part of every message.
#[derive(Debug)]
pub struct Object {
    name: &'static str,
    fields: Map<String, Value>,
}

impl Object {
    /// The object in `value`.
    pub fn new(value: Value, name: &'static str) -> Result<Self> {
        match value {
            Value::Object(fields) => Ok(Self { name, fields }),
            other => Err(RpcError::params(format!(
                "invalid argument {name}: expected an object, not {}",
                value::shown(&other)
            ))),
        }
    }

    /// Takes a field out; `None` if it is absent or null.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    /// Takes a field out and reads it.
    pub fn read<T>(&mut self, field: &str, read: impl FnOnce(&Value, &str) -> Result<T>) -> Result<Option<T>> {
        let Some(found) = self.take(field) else { return Ok(None) };
        read(&found, &format!("{}.{field}", self.name)).map(Some)
    }

    /// An address.
    pub fn address(&mut self, field: &str) -> Result<Option<Address>> {
        self.read(field, value::address)
    }

    /// A hash.
    pub fn hash(&mut self, field: &str) -> Result<Option<B256>> {
        self.read(field, value::hash)
    }

    /// Bytes.
    pub fn bytes(&mut self, field: &str) -> Result<Option<Bytes>> {
        self.read(field, value::bytes)
    }

    /// A quantity.
    pub fn quantity(&mut self, field: &str) -> Result<Option<U256>> {
        self.read(field, value::quantity)
    }

    /// A quantity of 64 bits.
    pub fn quantity_u64(&mut self, field: &str) -> Result<Option<u64>> {
        self.read(field, value::quantity_u64)
    }

    /// A quantity of 128 bits.
    pub fn quantity_u128(&mut self, field: &str) -> Result<Option<u128>> {
        self.read(field, value::quantity_u128)
    }

    /// A list, read item by item; `None` if absent.
    pub fn list<T>(&mut self, field: &str, mut read: impl FnMut(Value) -> Result<T>) -> Result<Option<Vec<T>>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Array(items)) => items.into_iter().map(&mut read).collect::<Result<_>>().map(Some),
            Some(other) => {
                let (name, other) = (self.name, value::shown(&other));
                Err(RpcError::params(format!("invalid argument {name}.{field}: expected a list, not {other}")))
            }
        }
    }

    /// A field that must be there.
    pub fn need<T>(&self, field: &str, found: Option<T>) -> Result<T> {
        found.ok_or_else(|| RpcError::params(format!("invalid argument {}: {field} is missing", self.name)))
    }

    /// Fails if a field is left over: for objects whose every field changes the answer.
    pub fn end(self) -> Result<()> {
        match self.fields.into_iter().find(|(_, value)| !value.is_null()) {
            None => Ok(()),
            Some((field, _)) => {
                let field = value::shown(&Value::String(field));
                Err(RpcError::params(format!("invalid argument {}: unknown field {field}", self.name)))
            }
        }
    }

    /// What is left, for objects with keys of any kind.
    pub fn rest(self) -> Map<String, Value> {
        self.fields
    }
}
