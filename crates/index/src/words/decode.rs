//! Names and arguments of what native contracts are asked, log and answer.

use alloy_dyn_abi::{DynSolValue, JsonAbiExt as _};
use alloy_json_abi::Function;
use alloy_primitives::{LogData, Selector, hex};
use limpid_abi::decode as abi;
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

/// Longer calldata is not decoded: offsets that all point at one long part would make a small text large.
const MOST_INPUT: usize = 16 << 10;

/// A call, an event or an error, readable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Decoded {
    pub(crate) interface: &'static str,
    pub(crate) name: String,
    signature: String,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) text: String,
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Argument {
    pub(crate) name: String,
    #[serde(rename = "type")]
    ty: String,
    pub(crate) value: Value,
}

impl Decoded {
    fn new(interface: &'static str, name: String, arguments: Vec<Argument>) -> Self {
        let types: Vec<_> = arguments.iter().map(|argument| argument.ty.as_str()).collect();
        // Solidity's own have no interface.
        let signature = if interface.is_empty() { String::new() } else { format!("{name}({})", types.join(",")) };
        let named = |argument: &Argument| match argument.name.as_str() {
            "" => plain(&argument.value),
            name => format!("{name}: {}", plain(&argument.value)),
        };
        let text = format!("{name}({})", arguments.iter().map(named).collect::<Vec<_>>().join(", "));
        Self { interface, name, signature, arguments, text }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// Functions of native contracts. A selector has one signature over all of them.
static FUNCTIONS: LazyLock<BTreeMap<Selector, (&'static str, Function)>> = LazyLock::new(|| {
    let mut all = BTreeMap::new();
    for interface in limpid_abi::contracts().iter().flat_map(|contract| contract.interfaces) {
        for function in interface.abi().functions() {
            all.entry(function.selector()).or_insert_with(|| (interface.name, function.clone()));
        }
    }
    all
});

/// The name of the function with this selector.
pub(crate) fn method(input: &[u8]) -> Option<&'static str> {
    let selector = input.first_chunk::<4>()?;
    FUNCTIONS.get(&Selector::from(*selector)).map(|(_, function)| function.name.as_str())
}

/// The same with its parameters, as Solidity declares it.
pub(crate) fn declared(input: &[u8]) -> Option<String> {
    let selector = input.first_chunk::<4>()?;
    let (_, function) = FUNCTIONS.get(&Selector::from(*selector))?;
    let parameters =
        function.inputs.iter().map(|one| format!("{} {}", one.selector_type(), one.name).trim().to_owned());
    Some(format!("{}({})", function.name, parameters.collect::<Vec<_>>().join(", ")))
}

/// A call of a native contract; `None` if it is none of theirs or its arguments are not what it takes.
pub(crate) fn call(input: &[u8]) -> Option<Decoded> {
    let (selector, body) = input.split_first_chunk::<4>()?;
    let (interface, function) = FUNCTIONS.get(&Selector::from(*selector))?;
    if body.len() > MOST_INPUT {
        return None;
    }
    let values = function.abi_decode_input(body).ok()?;
    let arguments = function.inputs.iter().zip(values).map(|(input, value)| Argument {
        name: input.name.clone(),
        ty: input.selector_type().into_owned(),
        value: shown(&value),
    });
    Some(Decoded::new(interface, function.name.clone(), arguments.collect()))
}

fn shown(value: &DynSolValue) -> Value {
    match value {
        DynSolValue::Bool(truth) => json!(truth.to_string()),
        DynSolValue::Int(number, _) => json!(number.to_string()),
        DynSolValue::Uint(number, _) => json!(number.to_string()),
        DynSolValue::FixedBytes(word, size) => json!(hex::encode_prefixed(word.get(..*size).unwrap_or_default())),
        DynSolValue::Address(address) => json!(address.to_string()),
        DynSolValue::Function(function) => json!(function.to_string()),
        DynSolValue::Bytes(bytes) => json!(hex::encode_prefixed(bytes)),
        DynSolValue::String(text) => json!(text),
        DynSolValue::Array(items)
        | DynSolValue::FixedArray(items)
        | DynSolValue::Tuple(items)
        | DynSolValue::CustomStruct { tuple: items, .. } => items.iter().map(shown).collect(),
    }
}

fn from_abi(found: abi::Decoded) -> Decoded {
    let line = found.to_string();
    let argument = |one: abi::Argument| Argument { name: one.name, ty: one.ty, value: json!(one.value) };
    let decoded = Decoded::new(found.interface, found.name, found.arguments.into_iter().map(argument).collect());
    Decoded { text: line, ..decoded }
}

/// An event that native contracts log.
pub(crate) fn event(log: &LogData) -> Option<Decoded> {
    abi::event(log).map(from_abi)
}

/// What a call that failed answered.
pub(crate) fn error(output: &[u8]) -> Option<Decoded> {
    abi::revert(output).map(from_abi)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, U256};
    use alloy_sol_types::SolCall as _;
    use limpid_abi::IUniswapV2Router02::swapExactETHForTokensCall;

    #[test]
    fn a_call_with_a_path() {
        let call = swapExactETHForTokensCall {
            amountOutMin: U256::from(7),
            path: vec![Address::repeat_byte(1), Address::repeat_byte(2)],
            to: Address::repeat_byte(3),
            deadline: U256::from(9),
        };
        let decoded = super::call(&call.abi_encode()).unwrap();
        assert_eq!(decoded.signature, "swapExactETHForTokens(uint256,address[],address,uint256)");
        assert_eq!(decoded.arguments[0].value, "7");
        assert_eq!(decoded.arguments[1].value[1], Address::repeat_byte(2).to_string());
        assert!(decoded.text.starts_with("swapExactETHForTokens(amountOutMin: 7, path: [0x0101"), "{}", decoded.text);
    }

    #[test]
    fn nonsense_is_not_decoded() {
        let good =
            swapExactETHForTokensCall { amountOutMin: U256::ONE, path: vec![], to: Address::ZERO, deadline: U256::ONE }
                .abi_encode();
        for cut in 0..good.len() {
            let _ = super::call(&good[..cut]);
        }
        assert_eq!(super::call(&good[..good.len() - 1]), None);
        assert_eq!(super::call(&[0; 4]), None);
        let long = [good, vec![0; MOST_INPUT]].concat();
        assert_eq!(super::call(&long), None);
    }
}
