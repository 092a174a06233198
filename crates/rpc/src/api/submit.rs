//! Taking signed transactions.

use super::{Api, transactions::found_receipt};
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, count},
    types::RpcReceipt,
};
use alloy_primitives::B256;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A transaction that was taken is in no block yet (EIP-7966).
const NOT_MINED: i32 = 4;
/// How long `eth_sendRawTransactionSync` waits unless told otherwise, and at most.
const WAIT: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));

pub(super) fn register(methods: &mut Methods) {
    // Recovering the sender and admission take about 40 us: less than a change of threads is worth.
    methods.quick("eth_sendRawTransaction", send);
    methods.waiting("eth_sendRawTransactionSync", send_and_wait);
}

fn send(api: &Api, mut args: Args) -> Result<B256> {
    let raw = args.bytes("transaction")?;
    args.end()?;
    working(api)?;
    Ok(api.node().send_raw_transaction(&raw)?)
}

/// A node that makes no more blocks takes no transactions.
pub(super) fn working(api: &Api) -> Result<()> {
    match api.node().halted() {
        Some(reason) => Err(RpcError::refused(format!("the node makes no more blocks: {reason}"))),
        None => Ok(()),
    }
}

async fn send_and_wait(api: Api, mut args: Args) -> Result<RpcReceipt> {
    let raw = args.bytes("transaction")?;
    let wait = args.optional().map(|wait| count(&wait, "timeout in milliseconds")).transpose()?;
    args.end()?;
    working(&api)?;
    let wait = wait.map_or(WAIT.0, Duration::from_millis).min(WAIT.1);
    // Listens before it sends, so that no block is missed.
    let mut heads = api.events().heads();
    let hash = api.node().send_raw_transaction(&raw)?;
    let deadline = Instant::now() + wait;
    loop {
        if let Some(found) = api.node().receipt(hash)? {
            return found_receipt(&api, &found);
        }
        // Missed blocks are no harm: the receipt says whether one of them had it.
        if timeout_at(deadline, heads.recv()).await.is_err() {
            let message = format!("the transaction was added to the pool but is in no block after {wait:?}");
            return Err(RpcError { code: NOT_MINED, message, data: Some(hash.to_string().into()) });
        }
    }
}
