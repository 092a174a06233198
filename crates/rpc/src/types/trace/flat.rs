//! Call trees as lists: Parity's `trace_*` and geth's flatCallTracer.

use super::{Text, Visit, walk};
use crate::{error::Result, types::Quantity};
use alloy_primitives::{Address, B256, Bytes, U256};
use limpid_evm::{CallFrame, CallKind};
use serde::Serialize;

/// How a list is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlatOptions {
    /// Show calls of precompiles too.
    pub precompiles: bool,
    /// Failures in Parity's words rather than geth's.
    pub parity_errors: bool,
}

/// The transaction that a trace is of, as it stands in its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Where {
    /// The block.
    pub block_hash: B256,
    /// Its height.
    pub block_number: u64,
    /// The transaction.
    pub transaction_hash: B256,
    /// Its place in the block.
    pub transaction_position: u64,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Action<'a> {
    #[serde(rename_all = "camelCase")]
    Call {
        call_type: &'static str,
        from: Address,
        gas: Quantity<u64>,
        input: &'a Bytes,
        to: Address,
        value: Quantity<U256>,
    },
    #[serde(rename_all = "camelCase")]
    Create { creation_method: &'static str, from: Address, gas: Quantity<u64>, init: &'a Bytes, value: Quantity<U256> },
    #[serde(rename_all = "camelCase")]
    SelfDestruct { address: Address, balance: Quantity<U256>, refund_address: Address },
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Produced<'a> {
    #[serde(rename_all = "camelCase")]
    Call { gas_used: Quantity<u64>, output: &'a Bytes },
    #[serde(rename_all = "camelCase")]
    Create { address: Address, code: &'a Bytes, gas_used: Quantity<u64> },
}

/// One call of a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlatTrace<'a> {
    action: Action<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    result: Option<Produced<'a>>,
    subtraces: usize,
    trace_address: &'a [usize],
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    place: Option<Where>,
}

impl<'a> FlatTrace<'a> {
    /// A visited call.
    pub fn new(call: &Visit<'a, 'a>, options: FlatOptions, place: Option<Where>) -> Self {
        let Visit { frame, path, inner, .. } = *call;
        let (action, kind) = action(frame);
        let error = frame.error.as_deref();
        Self {
            action,
            error: error.map(|error| if options.parity_errors { parity_error(error) } else { error }),
            result: produced(frame),
            subtraces: inner,
            trace_address: path,
            kind,
            place,
        }
    }
}

fn action(frame: &CallFrame) -> (Action<'_>, &'static str) {
    let (from, gas, value) = (frame.from, Quantity(frame.gas), Quantity(frame.value));
    let to = frame.to.unwrap_or_default();
    let call = |call_type| (Action::Call { call_type, from, gas, input: &frame.input, to, value }, "call");
    let create = |creation_method| (Action::Create { creation_method, from, gas, init: &frame.input, value }, "create");
    match frame.kind.unwrap_or(CallKind::Call) {
        CallKind::Call => call("call"),
        CallKind::StaticCall => call("staticcall"),
        CallKind::DelegateCall => call("delegatecall"),
        CallKind::CallCode => call("callcode"),
        CallKind::Create => create("create"),
        CallKind::Create2 => create("create2"),
        CallKind::SelfDestruct => {
            (Action::SelfDestruct { address: from, balance: value, refund_address: to }, "suicide")
        }
    }
}

/// What a call gave: nothing if it failed otherwise than by its own refusal.
fn produced(frame: &CallFrame) -> Option<Produced<'_>> {
    let gas_used = Quantity(frame.gas_used);
    let refused = frame.error.as_deref() == Some("execution reverted");
    match frame.kind.unwrap_or(CallKind::Call) {
        CallKind::SelfDestruct => None,
        _ if frame.error.is_some() && !refused => None,
        CallKind::Create | CallKind::Create2 if !refused => {
            Some(Produced::Create { address: frame.to?, code: &frame.output, gas_used })
        }
        _ => Some(Produced::Call { gas_used, output: &frame.output }),
    }
}

/// A failure in Parity's words.
pub fn parity_error(error: &str) -> &str {
    match error {
        "execution reverted" => "Reverted",
        "out of gas" => "Out of gas",
        "invalid jump destination" => "Bad jump destination",
        "invalid opcode" => "Bad instruction",
        "stack underflow" => "Stack underflow",
        "stack overflow" | "max call depth exceeded" => "Out of stack",
        "write protection" => "Mutable Call In Static Context",
        other => other,
    }
}

/// Writes the calls under `root`, without the brackets around them; `first` says whether none were written before.
pub fn flat_traces(
    json: &mut Text,
    root: &CallFrame,
    options: FlatOptions,
    place: Option<Where>,
    first: &mut bool,
) -> Result<()> {
    walk(root, options.precompiles, |call| {
        json.comma(std::mem::take(first))?;
        json.value(&FlatTrace::new(call, options, place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn shown(root: &CallFrame, place: Option<Where>) -> Value {
        let mut text = Text::default();
        text.push("[").unwrap();
        flat_traces(&mut text, root, FlatOptions { parity_errors: true, ..FlatOptions::default() }, place, &mut true)
            .unwrap();
        text.push("]").unwrap();
        serde_json::from_str(text.finish().unwrap().get()).unwrap()
    }

    #[test]
    fn every_kind_has_its_shape() {
        let (a, b) = (Address::repeat_byte(0xa), Address::repeat_byte(0xb));
        let inner =
            |kind| CallFrame { kind: Some(kind), from: a, to: Some(b), gas: 9, gas_used: 4, ..CallFrame::default() };
        let reverted =
            CallFrame { error: Some("execution reverted".into()), output: [1].into(), ..inner(CallKind::StaticCall) };
        let starved = CallFrame { error: Some("out of gas".into()), ..inner(CallKind::Create) };
        let calls = vec![inner(CallKind::Create2), inner(CallKind::SelfDestruct), reverted, starved];
        let root = CallFrame { calls, ..inner(CallKind::Call) };
        let place =
            Where { block_hash: B256::ZERO, block_number: 7, transaction_hash: B256::ZERO, transaction_position: 1 };
        let list = shown(&root, Some(place));
        assert_eq!(
            list[0]["action"],
            json!({ "callType": "call", "from": a, "gas": "0x9", "input": "0x", "to": b, "value": "0x0" })
        );
        assert_eq!(
            (&list[0]["result"], &list[0]["subtraces"]),
            (&json!({ "gasUsed": "0x4", "output": "0x" }), &json!(4))
        );
        assert_eq!((&list[0]["blockNumber"], &list[0]["transactionPosition"]), (&json!(7), &json!(1)));
        assert_eq!((&list[1]["type"], &list[1]["result"]["address"]), (&json!("create"), &json!(b)));
        assert_eq!((&list[1]["traceAddress"], &list[0]["traceAddress"]), (&json!([0]), &json!([])));
        assert_eq!(list[2]["action"], json!({ "address": a, "balance": "0x0", "refundAddress": b }));
        assert_eq!((&list[2]["type"], &list[2]["result"]), (&json!("suicide"), &Value::Null));
        assert_eq!((&list[3]["error"], &list[3]["result"]["output"]), (&json!("Reverted"), &json!("0x01")));
        assert_eq!((&list[4]["error"], &list[4]["result"]), (&json!("Out of gas"), &Value::Null));
        assert!(shown(&root, None)[0].get("blockHash").is_none() && list[0].get("error").is_none());
    }
}
