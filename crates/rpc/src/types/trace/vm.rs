//! Parity's vmTrace: opcodes with what they did, those of a call inside the opcode that called.

use super::Text;
use crate::{error::Result, types::Quantity};
use alloy_primitives::{Bytes, U256};
use limpid_evm::tracer::{Effect, Step, Steps};
use serde::Serialize;

#[derive(Serialize)]
struct Done<'a> {
    mem: Option<Memory<'a>>,
    push: Vec<Quantity<U256>>,
    store: Option<Store>,
    used: u64,
}

#[derive(Serialize)]
struct Memory<'a> {
    data: &'a Bytes,
    off: usize,
}

#[derive(Serialize)]
struct Store {
    key: Quantity<U256>,
    val: Quantity<U256>,
}

const SSTORE: u8 = 0x55;

/// Writes the vmTrace of a transaction. A native contract runs no opcodes, and so has none here.
pub fn vm_trace(json: &mut Text, steps: &Steps) -> Result<()> {
    let root = steps.list.first().filter(|step| step.depth == 1);
    let Some(root) = root else { return json.push("{\"code\":\"0x\",\"ops\":[]}") };
    begin(json, steps, root)?;
    // Frames whose opcodes are being written, and whether none were yet.
    let mut open = vec![(root.frame, true)];
    let mut list = steps.list.iter().peekable();
    while let Some(step) = list.next() {
        while open.last().is_some_and(|(frame, _)| *frame != step.frame)
            && open.iter().any(|(frame, _)| *frame == step.frame)
        {
            // The call that its opcode made has returned.
            json.push("]}}")?;
            open.pop();
        }
        let Some((frame, first)) = open.last_mut() else { break };
        if *frame != step.frame {
            continue; // the second call of one opcode: a native contract's payouts after the first
        }
        json.comma(std::mem::take(first))?;
        operation(json, step)?;
        match list.peek().filter(|next| next.depth > step.depth) {
            Some(inner) => {
                begin(json, steps, inner)?;
                open.push((inner.frame, true));
            }
            None => json.push("null}")?,
        }
    }
    for depth in (0..open.len()).rev() {
        json.push(if depth == 0 { "]}" } else { "]}}" })?;
    }
    Ok(())
}

fn begin(json: &mut Text, steps: &Steps, first: &Step) -> Result<()> {
    let none = Bytes::new();
    let code = steps.codes.get(first.frame).unwrap_or(&none);
    json.push(&format!("{{\"code\":\"{code}\",\"ops\":["))
}

/// An opcode up to what it called.
fn operation(json: &mut Text, step: &Step) -> Result<()> {
    let done = step.effect.as_deref().map(|effect| done(step, effect));
    json.push(&format!("{{\"cost\":{},\"ex\":", step.cost))?;
    json.value(&done)?;
    json.push(&format!(",\"op\":\"{}\",\"pc\":{},\"sub\":", step.name().unwrap_or("INVALID"), step.pc))
}

fn done<'a>(step: &Step, effect: &'a Effect) -> Done<'a> {
    let stored = step.storage.as_deref().filter(|_| step.op == SSTORE && step.error.is_none());
    Done {
        mem: effect.memory.as_ref().map(|(off, data)| Memory { data, off: *off }),
        push: effect.pushed.iter().copied().map(Quantity).collect(),
        store: stored.map(|(_, key, val)| Store { key: Quantity(*key), val: Quantity(*val) }),
        used: effect.gas_left,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn step(frame: usize, depth: usize, pc: usize) -> Step {
        Step {
            frame,
            depth,
            pc,
            op: 0x5b,
            gas: 10,
            cost: 1,
            refund: 0,
            stack: Box::default(),
            memory: Box::default(),
            return_data: Bytes::new(),
            storage: None,
            error: None,
            effect: None,
        }
    }

    fn shown(list: Vec<Step>) -> Value {
        let codes = (0..9u8).map(|code| Bytes::copy_from_slice(&[code])).collect();
        let mut json = Text::default();
        vm_trace(&mut json, &Steps { list, codes }).unwrap();
        serde_json::from_str(json.finish().unwrap().get()).unwrap()
    }

    #[test]
    fn opcodes_of_a_call_are_inside_the_opcode_that_called() {
        let all = shown(vec![
            step(0, 1, 0),
            step(1, 2, 0),
            step(2, 3, 5),
            step(1, 2, 1),
            step(0, 1, 1),
            step(3, 3, 0),
            step(4, 3, 0),
            step(0, 1, 2),
        ]);
        assert_eq!((&all["code"], all["ops"].as_array().unwrap().len()), (&json!("0x00"), 3));
        let first = &all["ops"][0]["sub"];
        assert_eq!((&first["code"], first["ops"].as_array().unwrap().len()), (&json!("0x01"), 2));
        assert_eq!(first["ops"][0]["sub"]["ops"][0]["pc"], json!(5));
        assert_eq!((&first["ops"][1]["sub"], &first["ops"][1]["pc"]), (&Value::Null, &json!(1)));
        assert_eq!(all["ops"][1]["sub"]["code"], json!("0x03"), "a native contract's payouts: the first is shown");
        assert_eq!(all["ops"][1]["sub"]["ops"].as_array().unwrap().len(), 1);
        assert_eq!((&all["ops"][2]["pc"], &all["ops"][2]["sub"]), (&json!(2), &Value::Null));
        assert_eq!(shown(vec![]), json!({ "code": "0x", "ops": [] }));
    }

    #[test]
    fn an_end_deep_inside_closes_everything() {
        let all = shown(vec![step(0, 1, 0), step(1, 2, 0), step(2, 3, 0)]);
        assert_eq!(all["ops"][0]["sub"]["ops"][0]["sub"]["code"], json!("0x02"));
    }
}
