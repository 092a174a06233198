//! `logs`: getLogs, up to 1,000 of them, in hex.

use super::answers::{Failed, Params, Result};
use crate::api::{ask, view::View};
use alloy_primitives::{B256, hex};
use limpid_chain::logs::{FoundLog, LogError, LogFilter};
use serde_json::{Value, json};

/// Logs of one answer.
const MOST_LOGS: usize = 1_000;

/// Topics that were asked for, and how each pair of them is joined.
struct Wanted {
    topics: [Option<B256>; 4],
    /// Pairs of topics of which one is enough.
    either: Vec<(usize, usize)>,
}

impl Wanted {
    fn read(params: &Params) -> Result<Self> {
        let (mut topics, mut either) = ([None; 4], Vec::new());
        for (at, topic) in topics.iter_mut().enumerate() {
            let given = params.get(&format!("topic{at}"));
            let read =
                |text: &str| ask::hash(text).map_err(|_| Failed::told(format!("Error! Invalid topic{at} format")));
            *topic = given.map(read).transpose()?;
        }
        for first in 0..4 {
            for second in first + 1..4 {
                match params.get(&format!("topic{first}_{second}_opr")) {
                    None | Some("and") => {}
                    Some("or") => either.push((first, second)),
                    Some(_) => return Err(Failed::told(format!("Error! topic{first}_{second}_opr is and or or"))),
                }
            }
        }
        Ok(Self { topics, either })
    }

    /// Topics that every log must have; an index finds those.
    fn required(&self, at: usize) -> Option<B256> {
        let free = self.either.iter().any(|pair| pair.0 == at || pair.1 == at);
        self.topics[at].filter(|_| !free)
    }

    fn matches(&self, log: &FoundLog) -> bool {
        let has = |at: usize| self.topics[at].is_some_and(|topic| log.log.topics().get(at) == Some(&topic));
        self.either.iter().all(|(first, second)| {
            let asked = self.topics[*first].is_some() || self.topics[*second].is_some();
            !asked || has(*first) || has(*second)
        })
    }
}

pub(super) fn logs(view: &View, params: &Params) -> Result<Value> {
    let wanted = Wanted::read(params)?;
    let address = params.get("address").map(|_| params.address("address")).transpose()?;
    if address.is_none() && wanted.topics.iter().all(Option::is_none) {
        return Err(Failed::told("Error! Give address, or a topic, or both"));
    }
    let (first, last) = params.blocks("fromBlock", "toBlock", view.height())?;
    let (skip, most) = params.window(MOST_LOGS)?;
    if first > last {
        return Err(Failed::none("records"));
    }
    let topics = (0..4).map(|at| wanted.required(at).into_iter().collect::<Vec<_>>());
    let mut topics: Vec<_> = topics.collect();
    // A filter of four empty places would leave out logs with fewer topics.
    while topics.last().is_some_and(Vec::is_empty) {
        topics.pop();
    }
    let filter = LogFilter { addresses: address.into_iter().collect(), topics };
    let found = match view.node().logs(&filter, first, last) {
        // What fits, as Etherscan gives the first ones of too many.
        Err(LogError::TooMany { reached, .. } | LogError::TooLong { reached, .. }) if reached >= first => {
            view.node().logs(&filter, first, reached)
        }
        found => found,
    };
    let found = found.map_err(|error| Failed::told(format!("Error! {error}")))?;
    let rows = found.iter().filter(|log| wanted.matches(log)).skip(skip).take(most);
    let rows = rows.map(|log| row(view, log)).collect::<Result<Vec<_>>>()?;
    if rows.is_empty() { Err(Failed::none("records")) } else { Ok(rows.into()) }
}

/// A quantity in hex; zero is written without digits, as Etherscan does.
fn quantity(number: u64) -> String {
    if number == 0 { "0x".to_owned() } else { format!("{number:#x}") }
}

fn row(view: &View, found: &FoundLog) -> Result<Value> {
    let receipt = view.node().receipt(found.tx_hash)?.map(|found| found.receipt);
    let (price, used) = receipt.map_or((0, 0), |receipt| (receipt.effective_gas_price, receipt.gas_used));
    Ok(json!({
        "address": format!("{:#x}", found.log.address),
        "topics": found.log.topics(),
        "data": hex::encode_prefixed(&found.log.data.data),
        "blockNumber": format!("{:#x}", found.at.height),
        "blockHash": found.block_hash,
        "timeStamp": format!("{:#x}", found.timestamp),
        "gasPrice": format!("{price:#x}"),
        "gasUsed": format!("{used:#x}"),
        "logIndex": quantity(found.log_index),
        "transactionHash": found.tx_hash,
        "transactionIndex": quantity(found.at.index.into()),
    }))
}
