//! Going through a call tree from the outside in.

use crate::error::Result;
use alloy_primitives::{Address, hex};
use limpid_evm::{CallFrame, CallKind};
use std::collections::BTreeMap;

/// One call on the way through a tree.
#[derive(Debug)]
pub struct Visit<'a, 'p> {
    /// The call.
    pub frame: &'a CallFrame,
    /// The place of each call around it and its own, from the outside in; empty for the outermost.
    pub path: &'p [usize],
    /// How many calls are directly inside it.
    pub inner: usize,
    /// It and every call around it succeeded.
    pub holds: bool,
}

/// Ethereum's precompiles, by address.
fn is_precompile(address: Address) -> bool {
    let (zeros, number) = address.split_at(18);
    let number = number.iter().fold(0u16, |sum, byte| (sum << 8) | u16::from(*byte));
    zeros.iter().all(|byte| *byte == 0) && matches!(number, 1..=0x11 | 0x100)
}

/// A call of a precompile that moves no coin: a computation rather than a message.
fn is_computation(frame: &CallFrame) -> bool {
    frame.value.is_zero() && frame.to.is_some_and(is_precompile)
}

/// Visits every call under `root`, each before the calls inside it. Calls of precompiles that move no coin are left out
/// unless `precompiles` are wanted.
pub fn walk<'a>(
    root: &'a CallFrame,
    precompiles: bool,
    mut visit: impl FnMut(&Visit<'a, '_>) -> Result<()>,
) -> Result<()> {
    let shown = |frame: &&CallFrame| precompiles || !is_computation(frame);
    let inner = |frame: &CallFrame| frame.calls.iter().filter(shown).count();
    let mut path = Vec::new();
    visit(&Visit { frame: root, path: &path, inner: inner(root), holds: root.error.is_none() })?;
    // For each open call: the calls that are left inside it, how many were visited, and whether it holds.
    let mut open = vec![(root.calls.iter(), 0usize, root.error.is_none())];
    while let Some((calls, visited, holds)) = open.last_mut() {
        let Some(frame) = calls.find(shown) else {
            open.pop();
            path.pop();
            continue;
        };
        let holds = *holds && frame.error.is_none();
        path.push(*visited);
        *visited = visited.saturating_add(1);
        visit(&Visit { frame, path: &path, inner: inner(frame), holds })?;
        open.push((frame.calls.iter(), 0, holds));
    }
    Ok(())
}

/// geth's 4byteTracer: how often each method was called with how many bytes of arguments.
pub fn four_bytes(root: &CallFrame) -> Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    walk(root, false, |call| {
        let creates = matches!(call.frame.kind, Some(CallKind::Create | CallKind::Create2 | CallKind::SelfDestruct));
        if let Some(selector) = call.frame.input.get(..4).filter(|_| !creates) {
            let arguments = call.frame.input.len().saturating_sub(4);
            let count = counts.entry(format!("{}-{arguments}", hex::encode_prefixed(selector))).or_insert(0u64);
            *count = count.saturating_add(1);
        }
        Ok(())
    })?;
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Bytes, U256};

    fn call(to: u8, calls: Vec<CallFrame>) -> CallFrame {
        let to = Some(Address::with_last_byte(to));
        CallFrame {
            kind: Some(CallKind::Call),
            to,
            input: Bytes::from_static(&[1, 2, 3, 4, 5]),
            calls,
            ..CallFrame::default()
        }
    }

    fn seen(root: &CallFrame, precompiles: bool) -> Vec<(Vec<usize>, usize, bool)> {
        let mut seen = Vec::new();
        walk(root, precompiles, |call| {
            seen.push((call.path.to_vec(), call.inner, call.holds));
            Ok(())
        })
        .unwrap();
        seen
    }

    #[test]
    fn places_leave_computations_out() {
        let failed = CallFrame { error: Some("execution reverted".into()), ..call(0xa3, vec![call(0xa4, vec![])]) };
        let paid = CallFrame { value: U256::ONE, ..call(2, vec![]) };
        let root = call(0xa1, vec![call(1, vec![]), paid, call(0xa2, vec![call(4, vec![])]), failed]);
        let expected =
            [(vec![], 3, true), (vec![0], 0, true), (vec![1], 0, true), (vec![2], 1, false), (vec![2, 0], 0, false)];
        assert_eq!(seen(&root, false), expected);
        assert_eq!(seen(&root, true).len(), 7);
        assert_eq!(seen(&root, true)[0].1, 4);
    }

    #[test]
    fn methods_are_counted_by_selector_and_length() {
        let creation = CallFrame { kind: Some(CallKind::Create), ..call(0xa2, vec![]) };
        let bare = CallFrame { input: Bytes::new(), ..call(0xa2, vec![]) };
        let root = call(0xa1, vec![call(0xa2, vec![]), creation, bare, call(1, vec![])]);
        assert_eq!(four_bytes(&root).unwrap(), BTreeMap::from([("0x01020304-1".to_owned(), 2)]));
    }

    #[test]
    fn precompiles_are_those_of_ethereum() {
        for (address, expected) in
            [(0u64, false), (1, true), (0x11, true), (0x12, false), (0x100, true), (0x101, false)]
        {
            assert_eq!(is_precompile(Address::from_word(U256::from(address).into())), expected, "{address:#x}");
        }
        assert!(!is_precompile(Address::repeat_byte(1)));
    }
}
