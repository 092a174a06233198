//! geth's struct logs: every opcode with what it saw.

use super::Text;
use crate::error::Result;
use alloy_primitives::{Address, B256, Bytes, hex, map::HashMap};
use limpid_evm::{
    Outcome,
    tracer::{Step, Steps},
};
use serde::Serialize;
use std::{borrow::Cow, collections::BTreeMap};

type Slots = BTreeMap<B256, B256>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    pc: usize,
    op: Cow<'static, str>,
    gas: u64,
    gas_cost: u64,
    depth: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_data: Option<&'a Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage: Option<&'a Slots>,
    #[serde(skip_serializing_if = "is_zero")]
    refund: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Writes the struct logs of a transaction. `stack` and `memory` say whether these were kept.
pub fn struct_logs(json: &mut Text, outcome: &Outcome, steps: &Steps, stack: bool, memory: bool) -> Result<()> {
    let (gas, failed) = (outcome.gas_used, !outcome.success);
    json.push(&format!("{{\"gas\":{gas},\"failed\":{failed},\"returnValue\":\"{}\",\"structLogs\":[", outcome.output))?;
    // What each contract's storage looked like to the opcodes so far.
    let mut seen: HashMap<Address, Slots> = HashMap::default();
    for (place, step) in steps.list.iter().enumerate() {
        let storage = step.storage.as_deref().map(|(account, slot, value)| {
            let slots = seen.entry(*account).or_default();
            slots.insert((*slot).into(), (*value).into());
            &*slots
        });
        json.comma(place == 0)?;
        json.value(&Log {
            pc: step.pc,
            op: name(step),
            gas: step.gas,
            gas_cost: step.cost,
            depth: step.depth,
            error: step.error,
            stack: stack.then(|| step.stack.iter().map(|word| format!("{word:#x}")).collect()),
            return_data: Some(&step.return_data).filter(|data| !data.is_empty()),
            memory: (memory && !step.memory.is_empty()).then(|| words(&step.memory)),
            storage,
            refund: step.refund,
        })?;
    }
    json.push("]}")
}

/// An opcode's name, as geth writes it.
fn name(step: &Step) -> Cow<'static, str> {
    match step.name() {
        Some(name) => name.into(),
        None => format!("opcode {:#x} not defined", step.op).into(),
    }
}

fn words(memory: &[u8]) -> Vec<String> {
    let word = |word: &[u8]| format!("0x{}{}", hex::encode(word), "00".repeat(32usize.saturating_sub(word.len())));
    memory.chunks(32).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_cut_into_words() {
        assert_eq!(words(&[]), Vec::<String>::new());
        assert_eq!(words(&[1; 33]), [format!("0x{}", "01".repeat(32)), format!("0x01{}", "00".repeat(31))]);
    }
}
