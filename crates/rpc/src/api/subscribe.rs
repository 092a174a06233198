//! Subscriptions over WebSocket.
//!
//! Subscribers of blocks and logs get every block in order: one that falls behind the event channel reads what it
//! missed from the chain.

use super::{Api, logs::shown};
use crate::{
    error::RpcError,
    methods::Methods,
    params::{Args, LogQuery, boolean},
    types::{RpcLog, RpcTransaction, header},
};
use jsonrpsee::{PendingSubscriptionSink, SubscriptionSink, types::Params};
use limpid_chain::{BlockWithReceipts, HeadEvent, logs::LogFilter};
use serde::Serialize;
use serde_json::value::to_raw_value;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

pub(super) fn register(methods: &mut Methods) {
    methods.subscription(subscribe);
}

#[derive(Debug)]
enum Topic {
    Heads,
    Logs(LogFilter),
    Pending { full: bool },
    Syncing,
}

fn topic(params: &Params<'_>) -> Result<Topic, RpcError> {
    let mut args = Args::new(params)?;
    let name = args.required("subscription name")?;
    let topic = match name.as_str() {
        Some("newHeads") => Topic::Heads,
        Some("logs") => {
            let query = args.optional().map_or_else(|| Ok(LogQuery::everything()), LogQuery::parse)?;
            Topic::Logs(query.filter)
        }
        Some("newPendingTransactions") => {
            let full = args.optional().map(|full| boolean(&full, "full transactions")).transpose()?;
            Topic::Pending { full: full.unwrap_or(false) }
        }
        Some("syncing") => Topic::Syncing,
        _ => {
            return Err(RpcError::params(
                "no such subscription: choose newHeads, logs, newPendingTransactions or syncing",
            ));
        }
    };
    args.end()?;
    Ok(topic)
}

async fn subscribe(api: Api, params: Params<'static>, pending: PendingSubscriptionSink) {
    let topic = match topic(&params) {
        Ok(topic) => topic,
        Err(error) => return pending.reject(error).await,
    };
    // Listens before it accepts, so that nothing after the answer is missed.
    let (heads, admitted) = (api.events().heads(), api.events().admitted());
    let next = api.node().block_number().saturating_add(1);
    let Ok(sink) = pending.accept().await else { return };
    let closed = sink.clone();
    let push = async {
        match topic {
            Topic::Heads => {
                let shows = |block: &BlockWithReceipts, shown| match shown {
                    Shown::Gone => vec![],
                    Shown::New | Shown::Old => vec![header(&block.block)],
                };
                blocks(&api, heads, next, shows, &sink).await;
            }
            Topic::Logs(filter) => {
                let shows = |block: &BlockWithReceipts, at| {
                    let logs = shown(&filter.select(block));
                    match at {
                        Shown::New => logs,
                        Shown::Old => vec![],
                        Shown::Gone => logs.into_iter().map(RpcLog::removed).collect(),
                    }
                };
                blocks(&api, heads, next, shows, &sink).await;
            }
            Topic::Pending { full } => transactions(&api, admitted, full, &sink).await,
            Topic::Syncing => {
                // A single node is never behind itself: it says so once.
                let _ = send(&sink, &false).await;
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = push => {}
        () = closed.closed() => {}
    }
}

/// The subscriber is gone.
struct Gone;

async fn send<T: Serialize>(sink: &SubscriptionSink, message: &T) -> Result<(), Gone> {
    let json = to_raw_value(message).map_err(|_| Gone)?;
    sink.send(json).await.map_err(|_| Gone)
}

/// Why a subscriber hears of a block.
#[derive(Debug, Clone, Copy)]
enum Shown {
    /// It is the next one.
    New,
    /// A development chain went back to it.
    Old,
    /// A development chain went back to before it.
    Gone,
}

/// Pushes what `shows` makes of every block from height `next` on, and of those that a development chain takes back.
async fn blocks<T: Serialize>(
    api: &Api,
    mut heads: Receiver<HeadEvent>,
    mut next: u64,
    shows: impl Fn(&BlockWithReceipts, Shown) -> Vec<T>,
    sink: &SubscriptionSink,
) {
    loop {
        let event = match heads.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let head = event.head();
        let mut how = Shown::New;
        if let HeadEvent::Rewound(_, gone) = &event {
            how = Shown::Old;
            // Only what this subscriber was told is taken back.
            let told = gone.iter().filter(|block| block.block.number() < next);
            for message in told.flat_map(|block| shows(block, Shown::Gone)) {
                if send(sink, &message).await.is_err() {
                    return;
                }
            }
        }
        next = next.min(head.block.number());
        while next <= head.block.number() {
            let block = if next == head.block.number() { Some(head.clone()) } else { missed(api, next).await };
            for message in block.iter().flat_map(|block| shows(block, how)) {
                if send(sink, &message).await.is_err() {
                    return;
                }
            }
            next = next.saturating_add(1);
        }
    }
}

async fn missed(api: &Api, height: u64) -> Option<Arc<BlockWithReceipts>> {
    let node = api.node().clone();
    tokio::task::spawn_blocking(move || node.block_at(height).ok().flatten()).await.ok().flatten()
}

async fn transactions(
    api: &Api,
    mut admitted: Receiver<Arc<limpid_chain::Recovered>>,
    full: bool,
    sink: &SubscriptionSink,
) {
    loop {
        let tx = match admitted.recv().await {
            Ok(tx) => tx,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let sent = if full {
            send(sink, &RpcTransaction::new(&tx, None, api.node().chain_id())).await
        } else {
            send(sink, &tx.hash()).await
        };
        if sent.is_err() {
            return;
        }
    }
}
