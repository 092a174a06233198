//! Traces on the wire: geth's tracers and Parity's.
//!
//! Call trees and opcodes are written with stacks of our own, piece by piece and within [`MAX_TEXT`]: a tree can be a
//! thousand calls deep and a transaction can run millions of opcodes.

mod calls;
mod flat;
mod state;
mod steps;
mod vm;
mod walk;

pub use self::{
    calls::{CallTreeOptions, call_tree},
    flat::{FlatOptions, FlatTrace, Where, flat_traces, parity_error},
    state::{PrestateOptions, prestate, state_diff},
    steps::struct_logs,
    vm::vm_trace,
    walk::{Visit, four_bytes, walk},
};

use crate::error::{LIMIT, Result, RpcError};
use serde::Serialize;

/// Longest trace in characters; the server's limit for answers is a little above it.
pub const MAX_TEXT: usize = 60 << 20;

/// JSON that is written piece by piece.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// Adds text as it is.
    pub fn push(&mut self, text: &str) -> Result<()> {
        if self.0.len().saturating_add(text.len()) > MAX_TEXT {
            return Err(RpcError::new(
                LIMIT,
                format!(
                    "the trace is longer than {} MiB: ask for less of it (one transaction, fewer blocks, a limit)",
                    MAX_TEXT >> 20
                ),
            ));
        }
        self.0.push_str(text);
        Ok(())
    }

    /// Adds a value.
    pub fn value(&mut self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string(value).map_err(|error| RpcError::internal(&error))?;
        self.push(&text)
    }

    /// Adds `,` unless `first`.
    pub fn comma(&mut self, first: bool) -> Result<()> {
        if first { Ok(()) } else { self.push(",") }
    }

    /// The finished JSON.
    pub fn finish(self) -> Result<Box<serde_json::value::RawValue>> {
        serde_json::value::RawValue::from_string(self.0).map_err(|error| RpcError::internal(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_at_its_limit() {
        let mut text = Text::default();
        let piece = " ".repeat(MAX_TEXT / 2);
        text.push(&piece).unwrap();
        text.push(&piece).unwrap();
        let error = text.push(" ").unwrap_err();
        assert_eq!(error.code, LIMIT);
        assert!(error.message.contains("60 MiB"), "{error}");
    }
}
