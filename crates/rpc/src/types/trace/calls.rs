//! Call trees in the shape of geth's callTracer.

use super::Text;
use crate::{
    error::{Result, RpcError},
    revert,
    types::Quantity,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use limpid_evm::{CallFrame, CallKind};
use serde::Serialize;

/// The options of callTracer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallTreeOptions {
    /// Leave inner calls out.
    pub only_top_call: bool,
    /// Show logs.
    pub with_log: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Frame<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    from: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Quantity<U256>>,
    gas: Quantity<u64>,
    gas_used: Quantity<u64>,
    input: &'a Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revert_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logs: Option<Vec<FrameLog<'a>>>,
}

#[derive(Serialize)]
struct FrameLog<'a> {
    address: Address,
    topics: &'a [B256],
    data: &'a Bytes,
    position: Quantity<usize>,
    index: Quantity<u64>,
}

impl<'a> Frame<'a> {
    /// `indices` are those of its logs.
    fn new(frame: &'a CallFrame, indices: &[u64], options: CallTreeOptions) -> Self {
        let kind = frame.kind.unwrap_or(CallKind::Call);
        let log = |((log, position), index): (&'a (alloy_primitives::Log, usize), &u64)| FrameLog {
            address: log.address,
            topics: log.topics(),
            data: &log.data.data,
            // Among the inner calls that are shown.
            position: Quantity(if options.only_top_call { 0 } else { *position }),
            index: Quantity(*index),
        };
        Self {
            kind: kind.name(),
            from: frame.from,
            to: frame.to,
            value: (kind != CallKind::StaticCall).then_some(Quantity(frame.value)),
            gas: Quantity(frame.gas),
            gas_used: Quantity(frame.gas_used),
            input: &frame.input,
            output: (!frame.output.is_empty()).then_some(&frame.output),
            error: frame.error.as_deref(),
            revert_reason: frame.error.as_ref().and_then(|_| revert::reason(&frame.output)),
            logs: (options.with_log && !frame.logs.is_empty())
                .then(|| frame.logs.iter().zip(indices).map(log).collect()),
        }
    }

    /// Its JSON without the closing brace.
    fn open(&self) -> Result<String> {
        let mut json = serde_json::to_string(self).map_err(|error| RpcError::internal(&error))?;
        json.pop();
        Ok(json)
    }
}

/// The indices of every frame's logs in its block, frame by frame in the order in which they were opened; the first log
/// under `root` has index `first`. Logs count in the order in which they were made.
fn log_indices(root: &CallFrame, first: u64) -> Vec<Vec<u64>> {
    let (mut indices, mut next_index) = (vec![Vec::new()], first);
    // For each open frame its place in `indices`, and the inner call that comes next.
    let mut open = vec![(root, 0usize, 0usize)];
    while let Some((frame, place, next)) = open.last_mut() {
        let made = indices.get(*place).map_or(0, Vec::len);
        // Those before the next inner call, or all.
        let due = |(_, position): &&(alloy_primitives::Log, usize)| *position <= *next || *next >= frame.calls.len();
        let count = frame.logs.iter().skip(made).take_while(due).count();
        if let Some(of_frame) = indices.get_mut(*place) {
            for _ in 0..count {
                of_frame.push(next_index);
                next_index = next_index.saturating_add(1);
            }
        }
        match frame.calls.get(*next) {
            Some(call) => {
                *next = next.saturating_add(1);
                open.push((call, indices.len(), 0));
                indices.push(Vec::new());
            }
            None => drop(open.pop()),
        }
    }
    indices
}

/// Writes the call tree under `root`, whose first log has index `first_log` in its block.
pub fn call_tree(json: &mut Text, root: &CallFrame, options: CallTreeOptions, first_log: u64) -> Result<()> {
    let mut indices = if options.with_log { log_indices(root, first_log) } else { Vec::new() }.into_iter();
    let mut shown = |frame| Frame::new(frame, &indices.next().unwrap_or_default(), options).open();
    json.push(&shown(root)?)?;
    let calls = |frame: &'_ CallFrame| if options.only_top_call { 0 } else { frame.calls.len() };
    // For each open frame the inner call that comes next.
    let mut open = vec![(root, 0usize)];
    while let Some((frame, next)) = open.last_mut() {
        match frame.calls.get(*next).filter(|_| *next < calls(frame)) {
            Some(call) => {
                json.push(if *next == 0 { ",\"calls\":[" } else { "," })?;
                *next = next.saturating_add(1);
                json.push(&shown(call)?)?;
                open.push((call, 0));
            }
            None => {
                json.push(if *next == 0 { "}" } else { "]}" })?;
                open.pop();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Log;
    use serde_json::{Value, json};

    fn frame(byte: u8, calls: Vec<CallFrame>) -> CallFrame {
        let log = Log::new_unchecked(Address::repeat_byte(byte), vec![B256::ZERO], Bytes::new());
        CallFrame {
            kind: Some(CallKind::Call),
            from: Address::repeat_byte(byte),
            to: Some(Address::ZERO),
            logs: vec![(log, 1)],
            calls,
            ..CallFrame::default()
        }
    }

    fn shown(root: &CallFrame, options: CallTreeOptions) -> Value {
        let mut json = Text::default();
        call_tree(&mut json, root, options, 7).unwrap();
        serde_json::from_str(json.finish().unwrap().get()).unwrap()
    }

    #[test]
    fn trees_keep_their_shape() {
        let root = frame(1, vec![frame(2, vec![frame(3, vec![])]), frame(4, vec![])]);
        let tree = shown(&root, CallTreeOptions::default());
        assert_eq!(tree["from"], json!(Address::repeat_byte(1)));
        assert_eq!(tree["calls"][0]["calls"][0]["from"], json!(Address::repeat_byte(3)));
        assert_eq!(tree["calls"][1]["from"], json!(Address::repeat_byte(4)));
        assert!(tree["calls"][1].get("calls").is_none() && tree.get("logs").is_none() && tree.get("error").is_none());
        let top = shown(&root, CallTreeOptions { only_top_call: true, with_log: true });
        assert!(top.get("calls").is_none());
        assert_eq!(top["logs"][0]["position"], json!("0x0"), "no inner call is shown");
    }

    #[test]
    fn logs_are_counted_as_they_were_made() {
        // The root's log stands after its first inner call and before its second.
        let root = frame(1, vec![frame(2, vec![frame(3, vec![])]), frame(4, vec![])]);
        let options = CallTreeOptions { only_top_call: false, with_log: true };
        let tree = shown(&root, options);
        let index = |frame: &Value| frame["logs"][0]["index"].clone();
        let (second, fourth) = (&tree["calls"][0], &tree["calls"][1]);
        let all = [&second["calls"][0], second, &tree, fourth].map(index);
        assert_eq!(all, ["0x7", "0x8", "0x9", "0xa"].map(Value::from));
        assert_eq!(index(&shown(&root, CallTreeOptions { only_top_call: true, ..options })), json!("0x9"));
    }

    #[test]
    fn failures_say_why() {
        let output =
            Bytes::from(alloy_sol_types::SolError::abi_encode(&alloy_sol_types::Revert { reason: "no".into() }));
        let failed = CallFrame { output: output.clone(), error: Some("execution reverted".into()), ..frame(1, vec![]) };
        let tree = shown(&failed, CallTreeOptions::default());
        assert_eq!((&tree["revertReason"], &tree["output"]), (&json!("no"), &json!(output)));
    }

    #[test]
    fn the_deepest_tree_is_written_on_a_small_stack() {
        let write = || {
            let mut root = frame(0, vec![]);
            for _ in 0..1_100 {
                root = frame(0, vec![root]);
            }
            let mut json = Text::default();
            call_tree(&mut json, &root, CallTreeOptions { with_log: true, only_top_call: false }, 0).unwrap();
            json.finish().unwrap().get().matches("\"calls\"").count()
        };
        let small = std::thread::Builder::new().stack_size(1 << 20).spawn(write).unwrap();
        assert_eq!(small.join().unwrap(), 1_100);
    }
}
