//! Log filters.

use super::{block::block_number, object::Object, value};
use crate::error::{Result, RpcError};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256};
use limpid_chain::logs::LogFilter;
use serde_json::Value;

/// Most addresses of a filter, and most values of one topic.
const MOST_CHOICES: usize = 1_000;
/// Topics a log can have.
const MOST_TOPICS: usize = 4;

/// Which blocks a filter looks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogRange {
    /// One block.
    Block(B256),
    /// From one block to another, both included; absent ends are the latest.
    Blocks {
        /// First.
        from: Option<BlockNumberOrTag>,
        /// Last.
        to: Option<BlockNumberOrTag>,
    },
}

/// A filter of `eth_getLogs`, `eth_newFilter` and the `logs` subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// Where to look.
    pub range: LogRange,
    /// Which logs.
    pub filter: LogFilter,
}

impl LogQuery {
    /// Every log of the blocks to come.
    pub fn everything() -> Self {
        Self { range: LogRange::Blocks { from: None, to: None }, filter: LogFilter::default() }
    }

    /// Reads a filter object.
    pub fn parse(given: Value) -> Result<Self> {
        let mut object = Object::new(given, "filter")?;
        let from = object.read("fromBlock", block_number)?;
        let to = object.read("toBlock", block_number)?;
        let range = match object.hash("blockHash")? {
            Some(_) if from.is_some() || to.is_some() => {
                return Err(RpcError::params(
                    "cannot specify both blockHash and fromBlock/toBlock, choose one or the other",
                ));
            }
            Some(hash) => LogRange::Block(hash),
            None => LogRange::Blocks { from, to },
        };
        let filter = LogFilter { addresses: addresses(&mut object)?, topics: topics(&mut object)? };
        Ok(Self { range, filter })
    }
}

fn addresses(object: &mut Object) -> Result<Vec<Address>> {
    let one = |given: &Value| value::address(given, "filter.address");
    let addresses = match object.take("address") {
        None => Vec::new(),
        Some(Value::Array(items)) => items.iter().map(one).collect::<Result<_>>()?,
        Some(item) => vec![one(&item)?],
    };
    bounded(addresses, "filter.address")
}

fn topics(object: &mut Object) -> Result<Vec<Vec<B256>>> {
    let one = |given: &Value| value::hash(given, "filter.topics");
    let topics = object.list("topics", |position| match position {
        Value::Null => Ok(Vec::new()),
        // A null among the choices fits everything, and so does the whole list.
        Value::Array(choices) if choices.iter().any(Value::is_null) => Ok(Vec::new()),
        Value::Array(choices) => bounded(choices.iter().map(one).collect::<Result<_>>()?, "filter.topics"),
        choice => Ok(vec![one(&choice)?]),
    })?;
    let topics = topics.unwrap_or_default();
    if topics.len() > MOST_TOPICS {
        return Err(RpcError::params(format!("exceed max topics: a log has at most {MOST_TOPICS}")));
    }
    Ok(topics)
}

fn bounded<T>(list: Vec<T>, name: &str) -> Result<Vec<T>> {
    if list.len() > MOST_CHOICES {
        return Err(RpcError::params(format!("invalid argument {name}: more than {MOST_CHOICES} values")));
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_of_address_and_topics() {
        let (one, two) = (format!("0x{}", "01".repeat(20)), format!("0x{}", "02".repeat(20)));
        let topic = format!("0x{}", "07".repeat(32));
        let query = LogQuery::parse(json!({
            "address": [one, two], "topics": [null, topic, [topic, topic], [null, topic]], "fromBlock": "0x1", "toBlock": "latest",
        }))
        .unwrap();
        assert_eq!(query.filter.addresses, [Address::repeat_byte(1), Address::repeat_byte(2)]);
        let seven = B256::repeat_byte(7);
        assert_eq!(query.filter.topics, [vec![], vec![seven], vec![seven, seven], vec![]]);
        let expected = LogRange::Blocks { from: Some(BlockNumberOrTag::Number(1)), to: Some(BlockNumberOrTag::Latest) };
        assert_eq!(query.range, expected);
        assert_eq!(LogQuery::parse(json!({ "address": one })).unwrap().filter.addresses, [Address::repeat_byte(1)]);
        let by_hash = LogQuery::parse(json!({ "blockHash": topic })).unwrap();
        assert_eq!(by_hash.range, LogRange::Block(seven));
        assert_eq!(LogQuery::parse(json!({})).unwrap(), LogQuery::everything());
    }

    #[test]
    fn nonsense_is_refused() {
        let topic = format!("0x{}", "07".repeat(32));
        let cases = [
            json!({ "blockHash": topic, "fromBlock": "0x1" }),
            json!({ "topics": vec![topic.clone(); 5] }),
            json!({ "topics": "0x" }),
            json!({ "topics": [["0x1"]] }),
            json!({ "address": "0x12" }),
            json!({ "address": vec![format!("0x{}", "01".repeat(20)); 1001] }),
            json!({ "topics": [vec![topic.clone(); 1001]] }),
            json!({ "fromBlock": -1 }),
            json!([]),
            json!("x"),
        ];
        for given in cases {
            assert_eq!(LogQuery::parse(given.clone()).unwrap_err().code, -32602, "{given}");
        }
    }
}
