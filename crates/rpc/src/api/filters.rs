//! Filters that clients poll: `eth_newFilter` and its relatives.
//!
//! A filter is a place in the chain and not a queue, so that one costs next to nothing however much happens. It is
//! forgotten when nobody asked for five minutes.

use super::{
    Api,
    logs::{height, search, shown},
};
use crate::{
    error::{LIMIT, Result, RpcError},
    methods::Methods,
    params::{Args, Client, LogQuery, LogRange, quantity},
    types::RpcLog,
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B128, B256, U256};
use limpid_chain::logs::{FoundLog, LogError, LogFilter};
use parking_lot::Mutex;
use serde::Serialize;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Filters at once.
const MOST_FILTERS: usize = 10_000;
/// Filters of one address that clients connect from: nobody takes the places of all others. Whoever serves many clients
/// through one proxy has this for all of them.
const MOST_OF_ONE: usize = 1_000;
/// How long a filter lives without being asked.
const LIFE: Duration = Duration::from_secs(300);
/// Blocks that one poll of a block filter answers at most; the rest comes with the next poll.
const MOST_BLOCKS: u64 = 10_000;

pub(super) fn register(methods: &mut Methods) {
    methods.quick("eth_newFilter", new_logs);
    methods.quick("eth_newBlockFilter", new_blocks);
    methods.quick("eth_newPendingTransactionFilter", new_pending);
    methods.quick("eth_uninstallFilter", uninstall);
    methods.blocking("eth_getFilterChanges", changes);
    methods.blocking("eth_getFilterLogs", all_logs);
}

/// What a filter looks for, and from where on.
#[derive(Debug, Clone)]
enum Kind {
    /// Logs in blocks from this height on, and logs taken back from this number of blocks taken back on.
    Logs(LogQuery, u64, u64),
    /// Blocks from this height on.
    Blocks(u64),
    /// Admitted transactions from this number on.
    Pending(u64),
}

#[derive(Debug)]
struct Filter {
    kind: Kind,
    asked: Instant,
    client: Client,
}

/// The filters of all clients.
#[derive(Debug, Default)]
pub(super) struct Filters(Mutex<HashMap<U256, Filter>>);

impl Filters {
    /// A new filter's id: random, so that nobody reads another's by counting.
    fn add(&self, kind: Kind, client: Client) -> Result<U256> {
        let mut filters = self.0.lock();
        filters.retain(|_, filter| filter.asked.elapsed() < LIFE);
        if filters.values().filter(|filter| filter.client == client).count() >= MOST_OF_ONE {
            return Err(RpcError::new(LIMIT, format!("too many filters: you use {MOST_OF_ONE}, uninstall some")));
        }
        if filters.len() >= MOST_FILTERS {
            return Err(RpcError::new(
                LIMIT,
                format!("too many filters: all {MOST_FILTERS} are in use, try again later"),
            ));
        }
        let id = U256::from_be_slice(B128::random().as_slice());
        filters.insert(id, Filter { kind, asked: Instant::now(), client });
        Ok(id)
    }

    fn get(&self, id: U256) -> Result<Kind> {
        let mut filters = self.0.lock();
        let filter = filters.get_mut(&id).filter(|filter| filter.asked.elapsed() < LIFE).ok_or_else(not_found)?;
        filter.asked = Instant::now();
        Ok(filter.kind.clone())
    }

    /// The filter goes on from another place.
    fn go_on(&self, id: U256, kind: Kind) {
        if let Some(filter) = self.0.lock().get_mut(&id) {
            filter.kind = kind;
        }
    }

    fn remove(&self, id: U256) -> bool {
        self.0.lock().remove(&id).is_some_and(|filter| filter.asked.elapsed() < LIFE)
    }
}

fn not_found() -> RpcError {
    RpcError::refused("filter not found")
}

fn id(args: &mut Args) -> Result<U256> {
    quantity(&args.required("filter id")?, "filter id")
}

/// What has changed.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Changes {
    Hashes(Vec<B256>),
    Logs(Vec<RpcLog>),
}

fn new_logs(api: &Api, mut args: Args) -> Result<U256> {
    let query = LogQuery::parse(args.required("filter")?)?;
    let client = args.client();
    args.end()?;
    let LogRange::Blocks { from, to } = query.range else {
        return Err(RpcError::params("a filter looks into blocks to come: ask eth_getLogs for those of one block"));
    };
    if let (Some(BlockNumberOrTag::Number(from)), Some(BlockNumberOrTag::Number(to))) = (from, to)
        && from > to
    {
        return Err(RpcError::params(format!("invalid block range params: from block {from} is after to block {to}")));
    }
    let next = api.node().block_number().saturating_add(1);
    let first = match from {
        Some(BlockNumberOrTag::Number(from)) => next.max(from),
        _ => next,
    };
    api.filters().add(Kind::Logs(query, first, api.events().gone_so_far()), client)
}

fn new_blocks(api: &Api, args: Args) -> Result<U256> {
    let client = args.client();
    args.end()?;
    api.filters().add(Kind::Blocks(api.node().block_number().saturating_add(1)), client)
}

fn new_pending(api: &Api, mut args: Args) -> Result<U256> {
    args.boolean_or("full transactions", false)?;
    let client = args.client();
    args.end()?;
    api.filters().add(Kind::Pending(api.events().admitted_so_far()), client)
}

fn uninstall(api: &Api, mut args: Args) -> Result<bool> {
    let id = id(&mut args)?;
    args.end()?;
    Ok(api.filters().remove(id))
}

fn changes(api: &Api, mut args: Args) -> Result<Changes> {
    let id = id(&mut args)?;
    args.end()?;
    let (changes, kind) = match api.filters().get(id)? {
        Kind::Pending(from) => {
            let (hashes, next) = api.events().admitted_since(from);
            (Changes::Hashes(hashes), Kind::Pending(next))
        }
        Kind::Blocks(from) => {
            let (hashes, next) = block_hashes(api, from)?;
            (Changes::Hashes(hashes), Kind::Blocks(next))
        }
        Kind::Logs(query, from, gone) => {
            let (blocks, gone) = api.events().gone_since(gone);
            // Only what this filter told is taken back.
            let told = blocks.iter().filter(|block| block.block.number() < from);
            let found = told.flat_map(|block| shown(&query.filter.select(block)));
            let mut logs: Vec<_> = found.map(RpcLog::removed).collect();
            let (new, next) = new_matches(api, &query, from)?;
            logs.extend(new);
            (Changes::Logs(logs), Kind::Logs(query, next, gone))
        }
    };
    api.filters().go_on(id, kind);
    Ok(changes)
}

/// Where a filter goes on that stands at `from`: a development chain may have gone back since.
fn settled(from: u64, head: u64) -> u64 {
    from.min(head.saturating_add(1))
}

fn block_hashes(api: &Api, from: u64) -> Result<(Vec<B256>, u64)> {
    let head = api.node().block_number();
    let from = settled(from, head);
    let end = head.saturating_add(1).min(from.saturating_add(MOST_BLOCKS));
    let hashes = (from..end).map(|height| Ok(api.node().header(height.into())?.map(|(hash, _)| hash)));
    Ok((hashes.filter_map(Result::transpose).collect::<Result<_>>()?, end))
}

fn new_matches(api: &Api, query: &LogQuery, from: u64) -> Result<(Vec<RpcLog>, u64)> {
    let head = api.node().block_number();
    let last = match query.range {
        LogRange::Blocks { to: to @ Some(BlockNumberOrTag::Number(_)), .. } => height(to, head).min(head),
        _ => head,
    };
    // A filter for blocks further ahead keeps waiting for them.
    let first_wanted = match query.range {
        LogRange::Blocks { from: Some(BlockNumberOrTag::Number(first)), .. } => first,
        _ => 0,
    };
    let from = settled(from, head).max(first_wanted);
    if from > last {
        return Ok((Vec::new(), from));
    }
    let (found, last) = first_matches(api, &query.filter, from, last)?;
    Ok((shown(&found), last.saturating_add(1)))
}

/// The logs that one poll may answer, and the last block they are of; the rest comes with the next poll.
fn first_matches(api: &Api, filter: &LogFilter, from: u64, last: u64) -> Result<(Vec<FoundLog>, u64)> {
    match api.node().logs(filter, from, last) {
        Err(LogError::TooMany { reached, .. } | LogError::TooLong { reached, .. }) if reached >= from => {
            Ok((api.node().logs(filter, from, reached)?, reached))
        }
        // One block with more than that is answered whole, or a filter would stand before it for ever.
        Err(LogError::TooMany { .. } | LogError::TooLong { .. }) => {
            let block = api.node().block_at(from)?;
            Ok((block.map(|block| filter.select(&block)).unwrap_or_default(), from))
        }
        found => Ok((found?, last)),
    }
}

fn all_logs(api: &Api, mut args: Args) -> Result<Vec<RpcLog>> {
    let id = id(&mut args)?;
    args.end()?;
    match api.filters().get(id)? {
        Kind::Logs(query, ..) => search(api, &query),
        _ => Err(not_found()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn one_client_leaves_room_for_others() {
        let (greedy, other) = (Client(Some(IpAddr::V4(Ipv4Addr::LOCALHOST))), Client::default());
        let filters = Filters::default();
        let first = filters.add(Kind::Blocks(1), greedy).unwrap();
        for _ in 1..MOST_OF_ONE {
            filters.add(Kind::Blocks(1), greedy).unwrap();
        }
        assert_eq!(filters.add(Kind::Blocks(1), greedy).unwrap_err().code, LIMIT);
        assert!(filters.add(Kind::Blocks(1), other).is_ok());
        assert!(filters.get(first).is_ok(), "and nobody's filter made room");
        assert!(filters.remove(first));
        assert!(filters.add(Kind::Blocks(1), greedy).is_ok());
    }
}
