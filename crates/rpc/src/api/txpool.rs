//! What waits for a block.

use super::Api;
use crate::{
    error::Result,
    methods::Methods,
    params::Args,
    types::{Quantity, RpcTransaction},
};
use alloy_primitives::Address;
use limpid_chain::{Recovered, pool::Content};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

pub(super) fn register(methods: &mut Methods) {
    methods.quick("txpool_status", status);
    methods.blocking("txpool_content", content);
    methods.blocking("txpool_contentFrom", content_from);
    methods.blocking("txpool_inspect", inspect);
}

#[derive(Serialize)]
struct Both<T> {
    pending: T,
    queued: T,
}

/// Transactions of one sender by nonce, in decimal as geth has it.
type ByNonce<T> = BTreeMap<String, T>;
type Waiting = BTreeMap<Address, Vec<Arc<Recovered>>>;

fn status(api: &Api, args: Args) -> Result<Both<Quantity<usize>>> {
    args.end()?;
    let (pending, queued) = api.node().pool().status();
    Ok(Both { pending: Quantity(pending), queued: Quantity(queued) })
}

fn by_nonce<T>(txs: &[Arc<Recovered>], shows: &impl Fn(&Recovered) -> T) -> ByNonce<T> {
    txs.iter().map(|tx| (tx.nonce().to_string(), shows(tx))).collect()
}

fn by_sender<T>(content: &Content, shows: impl Fn(&Recovered) -> T) -> Both<BTreeMap<String, ByNonce<T>>> {
    let all = |waiting: &Waiting| {
        let senders = waiting.iter();
        senders.map(|(sender, txs)| (sender.to_checksum(None), by_nonce(txs, &shows))).collect()
    };
    Both { pending: all(&content.executable), queued: all(&content.queued) }
}

fn content(api: &Api, args: Args) -> Result<Both<BTreeMap<String, ByNonce<RpcTransaction>>>> {
    args.end()?;
    let chain_id = api.node().chain_id();
    Ok(by_sender(&api.node().pool().content(None), |tx| RpcTransaction::new(tx, None, chain_id)))
}

fn content_from(api: &Api, mut args: Args) -> Result<Both<ByNonce<RpcTransaction>>> {
    let sender = args.address("address")?;
    args.end()?;
    let (content, chain_id) = (api.node().pool().content(Some(sender)), api.node().chain_id());
    let shown = |waiting: &Waiting| {
        let txs = waiting.get(&sender).map(Vec::as_slice).unwrap_or_default();
        by_nonce(txs, &|tx: &Recovered| RpcTransaction::new(tx, None, chain_id))
    };
    Ok(Both { pending: shown(&content.executable), queued: shown(&content.queued) })
}

fn inspect(api: &Api, args: Args) -> Result<Both<BTreeMap<String, ByNonce<String>>>> {
    args.end()?;
    let line = |tx: &Recovered| {
        let to = tx.kind().to().map_or_else(|| "contract creation".to_owned(), Address::to_string);
        format!("{to}: {} wei + {} gas × {} wei", tx.value(), tx.gas_limit(), tx.max_fee_per_gas())
    };
    Ok(by_sender(&api.node().pool().content(None), line))
}
