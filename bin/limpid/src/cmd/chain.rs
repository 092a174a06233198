//! `limpid tx` and `limpid block`.
use crate::{
    args::Global,
    error::{Result, told},
    output,
    session::{Session, coin_json},
};
use alloy_primitives::{B256, LogData, U256};
use clap::Args;
use limpid_client::{Block, BlockTag, Log, Unit, amount, error::printable};
use limpid_market::calendar;
use serde_json::{Value, json};

/// Which transaction.
#[derive(Debug, Args)]
pub struct TxArgs {
    /// Its hash
    #[arg(value_parser = parse_hash)]
    hash: B256,
}

/// Which block.
#[derive(Debug, Args)]
pub struct BlockArgs {
    /// Its height or hash; the newest one otherwise
    #[arg(default_value = "latest")]
    block: String,
}

fn parse_hash(text: &str) -> std::result::Result<B256, String> {
    text.parse().map_err(|_| "expected 0x and 64 hexadecimal digits".to_owned())
}

/// `limpid tx HASH`.
pub async fn transaction(args: TxArgs, global: &Global) -> Result<()> {
    let session = Session::open(global).await?;
    let Some(transaction) = session.client.transaction(args.hash).await? else {
        return told(format!("the node knows no transaction {}", args.hash));
    };
    let receipt = session.client.receipt(args.hash).await?;
    let events: Vec<String> = receipt.iter().flat_map(|receipt| &receipt.logs).map(event).collect();
    let block = match &receipt {
        Some(receipt) => session.client.block(BlockTag::Number(receipt.block_number)).await?,
        None => None,
    };
    let mut value = json!({
        "transaction": transaction.hash, "type": transaction.kind, "from": transaction.from, "to": transaction.to,
        "nonce": transaction.nonce, "value": session.coin_json(transaction.value), "gasLimit": transaction.gas,
        "input": transaction.input, "status": match &receipt {
            None => "waiting",
            Some(receipt) if receipt.succeeded() => "succeeded",
            Some(_) => "failed",
        },
    });
    if let Some(receipt) = &receipt {
        value["block"] = json!(receipt.block_number);
        value["timestamp"] = json!(block.as_ref().map(|block| block.timestamp));
        value["gasUsed"] = json!(receipt.gas_used);
        value["fee"] = session.coin_json(receipt.fee());
        value["created"] = json!(receipt.contract_address);
        value["events"] = json!(events);
    }
    output::emit(session.json, &value, || {
        let coin = &session.coin;
        let to = transaction.to.map_or_else(|| "a new contract".to_owned(), |to| to.to_string());
        let mut rows = vec![
            ("transaction", transaction.hash.to_string()),
            ("from", format!("{}, nonce {}", transaction.from, transaction.nonce)),
            ("to", to),
            ("value", coin.show(transaction.value)),
        ];
        if !transaction.input.is_empty() {
            rows.push(("calldata", format!("{} bytes", transaction.input.len())));
        }
        match &receipt {
            None => rows.push(("status", "waiting for a block".to_owned())),
            Some(receipt) => {
                let status = if receipt.succeeded() { "succeeded" } else { "FAILED; only the fee was paid" };
                let time =
                    block.map_or_else(String::new, |block| format!(" at {} UTC", calendar::format(block.timestamp)));
                rows.push(("status", status.to_owned()));
                rows.push(("block", format!("{}{time}", receipt.block_number)));
                rows.push(("gas", format!("{} of {}", receipt.gas_used, transaction.gas)));
                rows.push(("fee", coin.show(receipt.fee())));
                if let Some(created) = receipt.contract_address {
                    rows.push(("created", created.to_string()));
                }
            }
        }
        let mut text = output::fields(&rows);
        if !events.is_empty() {
            text += &format!("events\n  {}\n", events.join("\n  "));
        }
        text
    })
}

/// A log in words, as far as its contract is one of ours.
fn event(log: &Log) -> String {
    let data = LogData::new_unchecked(log.topics.clone(), log.data.clone());
    let told = match limpid_abi::decode::event(&data) {
        Some(known) => printable(&known.to_string()),
        None => match log.topics.first() {
            Some(topic) => format!("unknown event {topic} ({} bytes)", log.data.len()),
            None => format!("anonymous event ({} bytes)", log.data.len()),
        },
    };
    format!("{} {told}", log.address)
}

/// A block for programs.
pub fn block_json(block: &Block, coin: &Unit) -> Value {
    json!({
        "number": block.number, "hash": block.hash, "parentHash": block.parent_hash, "stateRoot": block.state_root,
        "timestamp": block.timestamp, "gasUsed": block.gas_used, "gasLimit": block.gas_limit,
        "baseFeePerGas": block.base_fee_per_gas.map(|fee| coin_json(coin, U256::from(fee))), "feeRecipient": block.miner,
        "transactions": block.transactions,
    })
}

/// `limpid block [HEIGHT|HASH]`.
pub async fn block(args: BlockArgs, global: &Global) -> Result<()> {
    let session = Session::open(global).await?;
    let client = &session.client;
    let found: Option<Block> = if args.block == "latest" {
        client.block(BlockTag::Latest).await?
    } else if let Ok(height) = args.block.parse() {
        client.block(BlockTag::Number(height)).await?
    } else if let Ok(hash) = args.block.parse() {
        client.block_by_hash(hash).await?
    } else {
        return told(format!("`{}` is no block: give a height, a hash or `latest`", args.block));
    };
    let Some(block) = found else { return told(format!("there is no block {}", args.block)) };
    output::emit(session.json, &block_json(&block, &session.coin), || {
        let base_fee = U256::from(block.base_fee_per_gas.unwrap_or_default());
        let mut text = output::fields(&[
            ("block", block.number.to_string()),
            (
                "time",
                match block.timestamp {
                    0 => "none: the genesis of a development chain".to_owned(),
                    time => format!("{} UTC ({time})", calendar::format(time)),
                },
            ),
            ("hash", block.hash.to_string()),
            ("parent", block.parent_hash.to_string()),
            ("state root", block.state_root.to_string()),
            ("gas", format!("{} of {}", block.gas_used, block.gas_limit)),
            ("base fee", format!("{} gwei", amount::format(base_fee, 9))),
            ("fees to", block.miner.to_string()),
            ("transactions", block.transactions.len().to_string()),
        ]);
        for hash in &block.transactions {
            text += &format!("  {hash}\n");
        }
        text
    })
}
