//! Transactions and receipts.

use super::{Api, blocks::executed};
use crate::{
    error::Result,
    methods::Methods,
    params::Args,
    types::{RpcReceipt, RpcTransaction},
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, Bytes};
use limpid_chain::{
    Position,
    node::{FoundReceipt, FoundTx},
};
use limpid_state::StateRead;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("eth_getTransactionByHash", by_hash);
    methods.blocking("eth_getTransactionByBlockHashAndIndex", by_block_hash);
    methods.blocking("eth_getTransactionByBlockNumberAndIndex", by_block_number);
    methods.blocking("eth_getTransactionBySenderAndNonce", by_sender);
    methods.blocking("eth_getRawTransactionByHash", raw_by_hash);
    methods.blocking("eth_getRawTransactionByBlockHashAndIndex", raw_by_block_hash);
    methods.blocking("eth_getRawTransactionByBlockNumberAndIndex", raw_by_block_number);
    methods.blocking("eth_getTransactionReceipt", receipt);
}

fn shown(api: &Api, found: Option<FoundTx>) -> Option<RpcTransaction> {
    found.map(|found| RpcTransaction::new(&found.tx, found.place, api.node().chain_id()))
}

fn raw(found: Option<FoundTx>) -> Option<Bytes> {
    found.map(|found| found.tx.encoded())
}

fn at(api: &Api, id: BlockId, mut args: Args) -> Result<Option<FoundTx>> {
    let index = args.quantity("index")?;
    args.end()?;
    let (Some(height), Ok(index)) = (api.node().height(id)?, index.try_into()) else { return Ok(None) };
    Ok(api.node().transaction_at(Position { height, index })?)
}

fn by_hash(api: &Api, mut args: Args) -> Result<Option<RpcTransaction>> {
    let hash = args.hash("transaction hash")?;
    args.end()?;
    Ok(shown(api, api.node().transaction(hash)?))
}

fn by_block_hash(api: &Api, mut args: Args) -> Result<Option<RpcTransaction>> {
    let id = args.hash("block hash")?.into();
    Ok(shown(api, at(api, id, args)?))
}

fn by_block_number(api: &Api, mut args: Args) -> Result<Option<RpcTransaction>> {
    let id = args.block_number("block")?.into();
    Ok(shown(api, at(api, id, args)?))
}

fn raw_by_hash(api: &Api, mut args: Args) -> Result<Option<Bytes>> {
    let hash = args.hash("transaction hash")?;
    args.end()?;
    Ok(raw(api.node().transaction(hash)?))
}

fn raw_by_block_hash(api: &Api, mut args: Args) -> Result<Option<Bytes>> {
    let id = args.hash("block hash")?.into();
    Ok(raw(at(api, id, args)?))
}

fn raw_by_block_number(api: &Api, mut args: Args) -> Result<Option<Bytes>> {
    let id = args.block_number("block")?.into();
    Ok(raw(at(api, id, args)?))
}

fn by_sender(api: &Api, mut args: Args) -> Result<Option<RpcTransaction>> {
    let sender = args.address("sender")?;
    let nonce = args.quantity("nonce")?;
    args.end()?;
    let waiting = api.node().pool().content(Some(sender));
    let waiting = waiting.executable.into_values().chain(waiting.queued.into_values()).flatten();
    if let Some(tx) = waiting.into_iter().find(|tx| tx.nonce() == nonce) {
        return Ok(shown(api, Some(FoundTx { tx, place: None })));
    }
    Ok(shown(api, sent(api, sender, nonce)?))
}

/// The transaction that an account sent with a nonce, if a block has it.
pub(super) fn sent(api: &Api, sender: Address, nonce: u64) -> Result<Option<FoundTx>> {
    let Some(height) = used_in(api, sender, nonce)? else { return Ok(None) };
    let Some(block) = api.node().block_at(height)? else { return Ok(None) };
    let sent = block.block.transactions.iter().find(|tx| tx.sender() == sender && tx.nonce() == nonce);
    Ok(sent.map(|tx| api.node().transaction(tx.hash())).transpose()?.flatten())
}

/// The first block after which the account's nonce is above `nonce`, by halving: nonces only rise.
fn used_in(api: &Api, sender: Address, nonce: u64) -> Result<Option<u64>> {
    let used_at = |height: u64| -> Result<bool> {
        let state = api.node().state(height.into())?;
        let account = state.map(|state| state.account(sender)).transpose()?.flatten();
        Ok(account.is_some_and(|account| account.nonce > nonce))
    };
    let mut high = api.node().block_number();
    if !used_at(high)? {
        return Ok(None);
    }
    let mut low = 0u64;
    while low < high {
        let middle = low.saturating_add(high.saturating_sub(low) / 2);
        if used_at(middle)? {
            high = middle;
        } else {
            low = middle.saturating_add(1);
        }
    }
    Ok(Some(high))
}

fn receipt(api: &Api, mut args: Args) -> Result<Option<RpcReceipt>> {
    let hash = args.hash("transaction hash")?;
    args.end()?;
    let Some(found) = api.node().receipt(hash)? else {
        // A transaction that stands in a block has one, unless nobody here executed it.
        if let Some(at) = api.node().position(hash)?
            && let Some(block) = api.node().block_at(at.height)?
        {
            executed(&block)?;
        }
        return Ok(None);
    };
    found_receipt(api, &found).map(Some)
}

/// A receipt on the wire.
pub(super) fn found_receipt(api: &Api, found: &FoundReceipt) -> Result<RpcReceipt> {
    let receipt = RpcReceipt::new(&found.receipt, &found.tx, &found.place);
    if found.tx.blob_gas() == 0 {
        return Ok(receipt);
    }
    let header = api.node().header(found.place.block_hash.into())?;
    Ok(receipt.with_blob_price(header.and_then(|(_, header)| api.node().ledger().blob_base_fee(&header))))
}
