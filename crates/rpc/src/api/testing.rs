//! `testing_buildBlockV1`: a block made of given transactions, or of the pool's, and forgotten again.

use super::Api;
use crate::{
    error::{Result, RpcError},
    methods::Methods,
    params::{Args, Object, block_overrides, bytes},
    types::Quantity,
};
use alloy_eips::{Decodable2718, eip4895::Withdrawal};
use alloy_primitives::{Address, B256, Bloom, Bytes, U256};
use limpid_chain::{
    BlockWithReceipts, ChainError, Transaction,
    ledger::BlockPlan,
    node::{BlockOverride, CallError},
};
use serde::Serialize;
use serde_json::{Value, json};

/// Transactions of one request at most.
const MOST_TRANSACTIONS: usize = 10_000;
/// Bytes of a header's extra data at most.
const MOST_EXTRA_DATA: usize = 32;

pub(super) fn register(methods: &mut Methods) {
    methods.blocking("testing_buildBlockV1", build);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Built {
    execution_payload: Payload,
    block_value: Quantity<U256>,
    blobs_bundle: Value,
    execution_requests: Vec<Bytes>,
    should_override_builder: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    parent_hash: B256,
    fee_recipient: Address,
    state_root: B256,
    receipts_root: B256,
    logs_bloom: Bloom,
    prev_randao: B256,
    block_number: Quantity<u64>,
    gas_limit: Quantity<u64>,
    gas_used: Quantity<u64>,
    timestamp: Quantity<u64>,
    extra_data: Bytes,
    base_fee_per_gas: Quantity<u64>,
    block_hash: B256,
    transactions: Vec<Bytes>,
    withdrawals: Vec<Withdrawal>,
    blob_gas_used: Quantity<u64>,
    excess_blob_gas: Quantity<u64>,
}

fn build(api: &Api, mut args: Args) -> Result<Built> {
    let parent = args.hash("parent hash")?;
    let with = attributes(args.required("payload attributes")?)?;
    let transactions = args.optional().map(transactions).transpose()?;
    let extra_data = args.optional().map(|given| bytes(&given, "extra data")).transpose()?.unwrap_or_default();
    args.end()?;
    if extra_data.len() > MOST_EXTRA_DATA {
        return Err(RpcError::params(format!("extra data has more than {MOST_EXTRA_DATA} bytes")));
    }
    let plan = BlockPlan { with, transactions, extra_data };
    let built = api.node().plan_block(parent, plan).map_err(|error| match error {
        CallError::Chain(
            error @ (ChainError::Invalid { .. } | ChainError::UnknownParent(_) | ChainError::ParentNotHead { .. }),
        ) => RpcError::refused(error.to_string()),
        error => RpcError::call(error, 0),
    })?;
    Ok(Built {
        block_value: Quantity(value(&built.block)),
        execution_payload: payload(&built.block),
        blobs_bundle: json!({ "commitments": [], "proofs": [], "blobs": [] }),
        execution_requests: built.requests,
        should_override_builder: false,
    })
}

fn attributes(given: Value) -> Result<BlockOverride> {
    let mut object = Object::new(given, "payload attributes")?;
    let timestamp = object.quantity_u64("timestamp")?;
    let with = BlockOverride {
        timestamp: Some(object.need("timestamp", timestamp)?),
        prevrandao: object.hash("prevRandao")?,
        beneficiary: object.address("suggestedFeeRecipient")?,
        beacon_root: object.hash("parentBeaconBlockRoot")?,
        withdrawals: block_overrides(Some(json!({ "withdrawals": object.take("withdrawals") })))?.withdrawals,
        ..BlockOverride::default()
    };
    object.end()?;
    Ok(with)
}

fn transactions(given: Value) -> Result<Vec<Transaction>> {
    let Value::Array(items) = given else {
        return Err(RpcError::params("invalid argument transactions: expected a list, or null for the pool's"));
    };
    if items.len() > MOST_TRANSACTIONS {
        return Err(RpcError::params(format!("more than {MOST_TRANSACTIONS} transactions")));
    }
    let decode = |item: &Value| {
        let raw = bytes(item, "transactions")?;
        let tx = Transaction::decode_2718_exact(&raw);
        tx.map_err(|_| RpcError::params("invalid argument transactions: one is no encoded transaction"))
    };
    items.iter().map(decode).collect()
}

/// What the block's maker earns: tips above the base fee.
fn value(block: &BlockWithReceipts) -> U256 {
    let base_fee = u128::from(block.block.header.base_fee_per_gas.unwrap_or_default());
    let tips = block.receipts.iter().map(|receipt| {
        let tip = receipt.effective_gas_price.saturating_sub(base_fee);
        U256::from(tip).saturating_mul(U256::from(receipt.gas_used))
    });
    tips.fold(U256::ZERO, U256::saturating_add)
}

fn payload(block: &BlockWithReceipts) -> Payload {
    let (sealed, header) = (&block.block, &block.block.header);
    Payload {
        parent_hash: header.parent_hash,
        fee_recipient: header.beneficiary,
        state_root: header.state_root,
        receipts_root: header.receipts_root,
        logs_bloom: header.logs_bloom,
        prev_randao: header.mix_hash,
        block_number: Quantity(header.number),
        gas_limit: Quantity(header.gas_limit),
        gas_used: Quantity(header.gas_used),
        timestamp: Quantity(header.timestamp),
        extra_data: header.extra_data.clone(),
        base_fee_per_gas: Quantity(header.base_fee_per_gas.unwrap_or_default()),
        block_hash: sealed.hash,
        transactions: sealed.transactions.iter().map(|tx| tx.encoded()).collect(),
        withdrawals: sealed.extra.withdrawals.clone().unwrap_or_default(),
        blob_gas_used: Quantity(header.blob_gas_used.unwrap_or_default()),
        excess_blob_gas: Quantity(header.excess_blob_gas.unwrap_or_default()),
    }
}
