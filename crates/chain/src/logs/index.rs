//! Which transactions of a block logged what: a row for each address that logged and each topic that was logged,
//! with the places of the transactions in the block.

use super::LogFilter;
use crate::{
    block::BlockWithReceipts,
    error::{ChainError, damaged},
};
use limpid_state::{Batch, KeyRange, Order, Reader, Rows, Table};
use std::collections::BTreeMap;

/// Tags of these rows in [`Table::AddressIndex`].
const ADDRESS: u8 = 1;
const TOPIC: u8 = 2;

/// Above so many single reads, reading the whole range is less work.
const MANY_READS: usize = 256;

/// For each height, places of transactions in ascending order.
pub(super) type Places = BTreeMap<u64, Vec<u32>>;

fn key(tag: u8, item: &[u8], height: u64) -> Vec<u8> {
    [&[tag], item, &height.to_be_bytes()].concat()
}

/// The rows of a block.
fn rows(block: &BlockWithReceipts) -> BTreeMap<(u8, &[u8]), Vec<u32>> {
    let mut rows: BTreeMap<(u8, &[u8]), Vec<u32>> = BTreeMap::new();
    for (index, receipt) in (0u32..).zip(&block.receipts) {
        for log in &receipt.logs {
            let topics = log.topics().iter().map(|topic| (TOPIC, topic.as_slice()));
            for item in topics.chain([(ADDRESS, log.address.as_slice())]) {
                let places = rows.entry(item).or_default();
                if places.last() != Some(&index) {
                    places.push(index);
                }
            }
        }
    }
    rows
}

/// Puts a block's rows.
pub(crate) fn put(batch: &mut Batch, block: &BlockWithReceipts) {
    for ((tag, item), places) in rows(block) {
        batch.put(Table::AddressIndex, key(tag, item, block.block.number()), pack(&places));
    }
}

/// Removes what [`put`] put.
pub(crate) fn delete(batch: &mut Batch, block: &BlockWithReceipts) {
    for (tag, item) in rows(block).into_keys() {
        batch.delete(Table::AddressIndex, key(tag, item, block.block.number()));
    }
}

/// Distances between ascending places, seven bits a byte with the high bit set on all but the last (LEB128).
fn pack(places: &[u32]) -> Vec<u8> {
    let mut row = Vec::with_capacity(places.len());
    let mut last = 0u32;
    for place in places {
        let mut distance = place.saturating_sub(last);
        last = *place;
        while distance > 0x7f {
            row.push(0x80 | (distance & 0x7f) as u8);
            distance >>= 7;
        }
        row.push(distance as u8);
    }
    row
}

fn unpack(row: &[u8]) -> Result<Vec<u32>, ChainError> {
    let (mut places, mut last, mut distance, mut shift) = (Vec::with_capacity(row.len()), 0u32, 0u32, 0u32);
    for byte in row {
        let bits = u32::from(byte & 0x7f).checked_shl(shift).ok_or_else(|| damaged("log entry"))?;
        distance |= bits;
        shift = shift.saturating_add(7);
        if byte & 0x80 == 0 {
            last = last.checked_add(distance).ok_or_else(|| damaged("log entry"))?;
            places.push(last);
            (distance, shift) = (0, 0);
        }
    }
    if shift == 0 { Ok(places) } else { Err(damaged("log entry")) }
}

/// What a filter asks of one field of a log: any of these items.
struct Wanted<'f> {
    tag: u8,
    items: Vec<&'f [u8]>,
}

/// The fields a filter asks about. Later topics first: they are the rarer ones.
fn wanted(filter: &LogFilter) -> Vec<Wanted<'_>> {
    let topics = filter.topics.iter().rev().filter(|any| !any.is_empty());
    let topics = topics.map(|any| Wanted { tag: TOPIC, items: any.iter().map(|topic| topic.as_slice()).collect() });
    let addresses = filter.addresses.iter().map(|address| address.as_slice()).collect();
    let addresses = (!filter.addresses.is_empty()).then_some(Wanted { tag: ADDRESS, items: addresses });
    topics.chain(addresses).collect()
}

/// Transactions in the blocks `from` to `to`, both included, that logged something of every field the filter asks
/// about; not always in one log. `None` when it asks about no field.
pub(super) fn candidates(
    reader: &dyn Reader,
    filter: &LogFilter,
    (from, to): (u64, u64),
) -> Result<Option<Places>, ChainError> {
    let mut fields = wanted(filter).into_iter();
    let Some(first) = fields.next() else { return Ok(None) };
    let mut found = first.scan(reader, (from, to))?;
    for field in fields {
        if found.is_empty() {
            break;
        }
        let other = if found.len().saturating_mul(field.items.len()) > MANY_READS {
            field.scan(reader, (from, to))?
        } else {
            field.read(reader, found.keys().copied())?
        };
        found.retain(|height, places| {
            let others = other.get(height).map(Vec::as_slice).unwrap_or_default();
            places.retain(|place| others.binary_search(place).is_ok());
            !places.is_empty()
        });
    }
    Ok(Some(found))
}

impl Wanted<'_> {
    /// All of a range.
    fn scan(&self, reader: &dyn Reader, (from, to): (u64, u64)) -> Result<Places, ChainError> {
        let mut found = Places::new();
        for item in &self.items {
            let mut end = key(self.tag, item, to);
            end.push(0);
            let range = KeyRange { start: key(self.tag, item, from), end: Some(end) };
            for row in Rows::new(reader, Table::AddressIndex, range, Order::Ascending) {
                let (key, row) = row?;
                let height = key.last_chunk::<8>().ok_or_else(|| damaged("log entry"))?;
                add(&mut found, u64::from_be_bytes(*height), &row)?;
            }
        }
        Ok(found)
    }

    /// Those at some heights.
    fn read(&self, reader: &dyn Reader, heights: impl Iterator<Item = u64>) -> Result<Places, ChainError> {
        let mut found = Places::new();
        for height in heights {
            for item in &self.items {
                if let Some(row) = reader.get(Table::AddressIndex, &key(self.tag, item, height))? {
                    add(&mut found, height, &row)?;
                }
            }
        }
        Ok(found)
    }
}

fn add(found: &mut Places, height: u64, row: &[u8]) -> Result<(), ChainError> {
    let more = unpack(row)?;
    let places = found.entry(height).or_default();
    if places.is_empty() {
        *places = more;
    } else {
        places.extend(more);
        places.sort_unstable();
        places.dedup();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_survive_packing(places in proptest::collection::btree_set(any::<u32>(), 0..50)) {
            let places: Vec<u32> = places.into_iter().collect();
            prop_assert_eq!(unpack(&pack(&places)).unwrap(), places);
        }

        #[test]
        fn no_row_panics(row in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = unpack(&row);
        }
    }
}
