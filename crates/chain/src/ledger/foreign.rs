//! Headers of a foreign chain's blocks: what their makers choose, within Ethereum's bounds, and what follows.

use super::{
    Executed, Ledger,
    execute::{Given, room_beside},
};
use crate::{
    block::{Block, Extra, SealedBlock},
    error::{BlockFault, ChainError},
    genesis::Forks,
    node::BlockOverride,
    pool::Pool,
    tx::Transaction,
};
use alloy_consensus::Header;
use alloy_eips::{eip6110, eip7685::Requests, eip7840::BlobParams};
use alloy_primitives::{B256, Bytes, Log, b256};

/// The gas limit moves by less than 1/1024 a block (yellow paper, 4.4).
const GAS_LIMIT_STEP: u64 = 1_024;
/// And does not fall below this.
const LEAST_GAS_LIMIT: u64 = 5_000;
/// Bytes of a header's extra data at most.
const MOST_EXTRA_DATA: usize = 32;
/// Bytes of an encoded block at most (EIP-7934).
const MOST_BLOCK_SIZE: usize = 8_388_608;

/// `DepositEvent(bytes,bytes,bytes,bytes,bytes)` (EIP-6110).
const DEPOSIT_EVENT: B256 = b256!("649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");
/// Bytes of a deposit event's data, and where its five values stand in them.
const DEPOSIT_SIZE: usize = 576;
const DEPOSIT_PARTS: [std::ops::Range<usize>; 5] = [192..240, 288..320, 352..360, 416..512, 544..552];

impl Ledger {
    /// The forks of the chain, if it is a foreign one.
    pub fn forks(&self) -> Option<&Forks> {
        self.genesis.foreign.as_ref().map(|foreign| &foreign.forks)
    }

    fn blobs(&self, timestamp: u64) -> Option<BlobParams> {
        self.forks().map(|forks| forks.blobs(timestamp))
    }

    /// Wei per unit of blob gas in a block; `None` where there are no blobs.
    pub fn blob_base_fee(&self, header: &Header) -> Option<u128> {
        Some(self.blobs(header.timestamp)?.calc_blob_fee(header.excess_blob_gas?))
    }

    /// The price of blob gas in a block over `parent` at the parent's time; 1, the floor, where there are no blobs.
    pub fn next_blob_base_fee(&self, parent: &Header) -> u128 {
        let excess = self.next_excess_blob_gas(parent, parent.timestamp);
        self.blobs(parent.timestamp).map_or(1, |blobs| blobs.calc_blob_fee(excess))
    }

    /// Most blob gas of a block at a time; 0 where there are no blobs.
    pub fn most_blob_gas(&self, timestamp: u64) -> u64 {
        self.blobs(timestamp).map_or(0, |blobs| blobs.max_blob_gas_per_block())
    }

    /// The excess of blob gas in a block at `timestamp` over `parent` (EIP-4844, EIP-7918).
    pub fn next_excess_blob_gas(&self, parent: &Header, timestamp: u64) -> u64 {
        let (Some(excess), Some(used)) = (parent.excess_blob_gas, parent.blob_gas_used) else { return 0 };
        let base_fee = parent.base_fee_per_gas.unwrap_or_default();
        // Values of an untrusted header must not wrap.
        if excess.checked_add(used).is_none() {
            return u64::MAX;
        }
        self.blobs(timestamp).map_or(0, |blobs| blobs.next_block_excess_blob_gas_osaka(excess, used, base_fee))
    }

    /// What a foreign block's header says before anything is executed, checked against its parent.
    pub(super) fn foreign_start(&self, parent: &SealedBlock, block: &Block) -> Result<Header, BlockFault> {
        let found = &block.header;
        let field =
            |field, found: u64, expected: String| Err(BlockFault::Field { field, found: found.to_string(), expected });
        if let Some(forks) = self.forks()
            && !forks.is_ours(found.timestamp)
        {
            return Err(BlockFault::Fork { name: forks.name_at(found) });
        }
        let before = parent.header.gas_limit;
        let step = before.checked_div(GAS_LIMIT_STEP).unwrap_or_default();
        if found.gas_limit.abs_diff(before) >= step || found.gas_limit < LEAST_GAS_LIMIT {
            return field("gas_limit", found.gas_limit, format!("less than {step} away from its parent's {before}"));
        }
        if found.extra_data.len() > MOST_EXTRA_DATA {
            let size = found.extra_data.len().try_into().unwrap_or(u64::MAX);
            return field("extra_data", size, format!("at most {MOST_EXTRA_DATA} bytes"));
        }
        let size = alloy_rlp::Encodable::length(block);
        if size > MOST_BLOCK_SIZE {
            let size = size.try_into().unwrap_or(u64::MAX);
            return field("size", size, format!("at most {MOST_BLOCK_SIZE} bytes"));
        }
        let used = blob_gas(block);
        if let Some(blobs) = self.blobs(found.timestamp)
            && used > blobs.max_blob_gas_per_block()
        {
            return field("blob_gas_used", used, format!("at most {}", blobs.max_blob_gas_per_block()));
        }
        let start = self.start(parent, found.timestamp);
        Ok(Header {
            parent_hash: start.parent_hash,
            number: start.number,
            timestamp: start.timestamp,
            gas_limit: found.gas_limit,
            base_fee_per_gas: Some(start.base_fee),
            beneficiary: found.beneficiary,
            mix_hash: found.mix_hash,
            extra_data: found.extra_data.clone(),
            parent_beacon_block_root: Some(found.parent_beacon_block_root.unwrap_or_default()),
            excess_blob_gas: Some(self.next_excess_blob_gas(&parent.header, found.timestamp)),
            blob_gas_used: Some(used),
            ommers_hash: block.extra.ommers_hash(),
            withdrawals_root: block.extra.withdrawals_root(),
            ..Header::default()
        })
    }

    /// A block's requests (EIP-7685): deposits in its logs, and what the queues gave out.
    pub(super) fn requests(&self, logs: &[Log], queues: Vec<Bytes>) -> Result<Requests, BlockFault> {
        let contract = self.forks().and_then(|forks| forks.deposit_contract_address);
        let contract = contract.unwrap_or(eip6110::MAINNET_DEPOSIT_CONTRACT_ADDRESS);
        let mut deposits = vec![eip6110::DEPOSIT_REQUEST_TYPE];
        for log in logs.iter().filter(|log| log.address == contract && log.topics().first() == Some(&DEPOSIT_EVENT)) {
            let data = &log.data.data;
            let parts = DEPOSIT_PARTS.map(|range| data.get(range).filter(|_| data.len() == DEPOSIT_SIZE));
            for part in parts {
                deposits.extend_from_slice(part.ok_or(BlockFault::Deposit)?);
            }
        }
        let mut requests = Requests::default();
        requests.push_request(deposits.into());
        queues.into_iter().for_each(|request| requests.push_request(request));
        Ok(requests)
    }

    /// Makes a block over the head of a foreign chain and forgets it again. Executes, and so needs a large stack.
    pub(crate) fn plan(&self, parent: B256, plan: BlockPlan, pool: &Pool) -> Result<Executed, ChainError> {
        if self.forks().is_none() {
            return Err(ChainError::Import("this is no foreign chain".to_owned()));
        }
        let (parent, base) = self.parent(parent)?;
        let BlockPlan { with, transactions, extra_data } = plan;
        let usual = self.start(&parent.block, with.timestamp.unwrap_or_default()).into_header();
        let extra = Extra { withdrawals: Some(with.withdrawals.unwrap_or_default()), ..Extra::default() };
        let header = Header {
            gas_limit: towards(parent.block.header.gas_limit, self.genesis.gas_limit),
            beneficiary: with.beneficiary.unwrap_or_default(),
            mix_hash: with.prevrandao.unwrap_or_default(),
            parent_beacon_block_root: Some(with.beacon_root.unwrap_or_default()),
            excess_blob_gas: Some(self.next_excess_blob_gas(&parent.block.header, usual.timestamp)),
            withdrawals_root: extra.withdrawals_root(),
            extra_data,
            ..usual
        };
        let (found, earliest) = (header.timestamp, self.genesis.earliest_after(parent.block.header.timestamp));
        let invalid = |reason| ChainError::Invalid { hash: B256::ZERO, reason };
        if found < earliest {
            return Err(invalid(BlockFault::Timestamp { found, earliest }));
        }
        let room = room_beside(&extra);
        let Some(transactions) = transactions else {
            let mut best = pool.best(header.base_fee_per_gas.unwrap_or_default());
            return self.run(&parent.block, base, header, extra, room, &mut best);
        };
        let block = Block { header: header.clone(), transactions, extra: extra.clone() };
        let header = Header { blob_gas_used: Some(blob_gas(&block)), ..header };
        let mut given = Given::new(&block, self.genesis.dev).map_err(|index| invalid(BlockFault::Signature(index)))?;
        let executed = self.run(&parent.block, base, header, extra, room, &mut given)?;
        match given.refused {
            Some((hash, reason)) => Err(invalid(BlockFault::Transaction { hash, reason })),
            None => Ok(executed),
        }
    }
}

/// A block that somebody asks for.
#[derive(Debug, Clone, Default)]
pub struct BlockPlan {
    /// What its header says.
    pub with: BlockOverride,
    /// Its transactions; those that wait if absent.
    pub transactions: Option<Vec<Transaction>>,
    /// Its header's extra data.
    pub extra_data: Bytes,
}

/// The gas limit after `now` on the way to `wanted`, by the largest step that Ethereum allows.
fn towards(now: u64, wanted: u64) -> u64 {
    let step = now.checked_div(GAS_LIMIT_STEP).unwrap_or_default().saturating_sub(1);
    if now < wanted { now.saturating_add(step).min(wanted) } else { now.saturating_sub(step).max(wanted) }
}

/// Blob gas of a block's transactions.
fn blob_gas(block: &Block) -> u64 {
    let gas = block.transactions.iter().map(Transaction::blob_gas);
    gas.fold(0, u64::saturating_add)
}
