//! What happens inside a transaction, as frames open and close: moves of coin always, the whole call
//! tree on request. It lives in revm's context, so native frames, bytecode frames and the opcode
//! SELFDESTRUCT all reach it.

use crate::types::{CallFrame, CallKind, ValueMove};
use alloy_primitives::{Address, Bytes, Log, U256};

/// How deep the shown call tree may go at once; the EVM's own limit plus the native one.
const MAX_OPEN: usize = 1100;

/// A frame that has just opened.
#[derive(Debug)]
pub struct Opened {
    /// What opened it.
    pub kind: CallKind,
    /// The caller.
    pub from: Address,
    /// The callee, unknown yet for a creation.
    pub to: Option<Address>,
    /// Wei sent along.
    pub value: U256,
    /// Gas given.
    pub gas: u64,
}

/// How a frame ended.
#[derive(Debug)]
pub struct Closed {
    /// Whether what it did holds.
    pub success: bool,
    /// Gas used, refunds not deducted.
    pub gas_used: u64,
    /// Return data, revert data or deployed code.
    pub output: Bytes,
    /// The tracer's words for a failure.
    pub error: Option<String>,
    /// The contract that a creation made.
    pub created: Option<Address>,
}

/// A point in a recording that [`Recorder::undo`] returns to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    frames: usize,
    moves: usize,
    calls: usize,
    logs: usize,
    logs_seen: usize,
}

/// Records one transaction at a time.
#[derive(Debug, Default)]
pub struct Recorder {
    tracing: bool,
    marks: Vec<usize>,
    moves: Vec<ValueMove>,
    open: Vec<CallFrame>,
    root: Option<CallFrame>,
    logs_seen: usize,
    /// Bytes that the call tree takes, and may take.
    bytes: usize,
    budget: usize,
    exceeded: bool,
}

impl Recorder {
    /// Starts over. With `tracing` the call tree is kept too, as long as it takes at most `budget` bytes.
    pub fn start(&mut self, tracing: bool, budget: usize) {
        *self = Self { tracing, budget, ..Self::default() };
    }

    /// Bytes that the call tree takes, and whether it would have taken more than it may and is gone.
    pub const fn size(&self) -> (usize, bool) {
        (self.bytes, self.exceeded)
    }

    fn reserve(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.tracing && self.bytes > self.budget {
            (self.tracing, self.exceeded) = (false, true);
            self.open.clear();
        }
    }

    /// Frames that are open, native ones included.
    pub const fn depth(&self) -> usize {
        self.marks.len()
    }

    /// Whether the call tree is kept.
    pub const fn tracing(&self) -> bool {
        self.tracing
    }

    /// A frame opens. `input` is only made when tracing.
    pub fn open(&mut self, frame: Opened, input: impl FnOnce() -> Bytes) {
        self.marks.push(self.moves.len());
        if !frame.value.is_zero() && !matches!(frame.kind, CallKind::DelegateCall | CallKind::CallCode) {
            self.moves.push(ValueMove {
                from: frame.from,
                to: frame.to.unwrap_or_default(),
                amount: frame.value,
                kind: frame.kind,
                depth: self.marks.len().saturating_sub(1),
            });
        }
        if self.tracing && self.open.len() < MAX_OPEN {
            let input = input();
            self.open.push(CallFrame {
                kind: Some(frame.kind),
                from: frame.from,
                to: frame.to,
                value: frame.value,
                gas: frame.gas,
                input,
                ..CallFrame::default()
            });
            let size = self.open.last().map_or(0, |frame| frame.input.len());
            self.reserve(size.saturating_add(size_of::<CallFrame>()));
        }
    }

    /// The innermost frame closes. A failed frame takes its moves of coin with it.
    pub fn close(&mut self, end: Closed) {
        let mark = self.marks.pop().unwrap_or_default();
        if !end.success {
            self.moves.truncate(mark);
        } else if let (Some(created), Some(first)) = (end.created, self.moves.get_mut(mark))
            && first.depth == self.marks.len()
        {
            first.to = created;
        }
        if self.tracing {
            self.reserve(end.output.len());
        }
        if let Some(mut frame) = self.open.pop() {
            frame.gas_used = end.gas_used;
            frame.output = end.output;
            frame.error = end.error;
            if end.created.is_some() {
                frame.to = end.created;
            }
            if frame.error.is_some() {
                clear_logs(&mut frame);
            }
            self.attach(frame);
        }
    }

    /// Where the recording stands. Logs must have been handed over by [`Recorder::sync_logs`].
    pub fn mark(&self) -> Mark {
        let (calls, logs) = self.open.last().map_or((0, 0), |frame| (frame.calls.len(), frame.logs.len()));
        Mark { frames: self.marks.len(), moves: self.moves.len(), calls, logs, logs_seen: self.logs_seen }
    }

    /// What happened since `mark` was undone: moves and logs are gone, calls stay to be seen, and frames
    /// that are still open, which a panic left behind, close as failed with all their gas used.
    pub fn undo(&mut self, mark: Mark) {
        while self.marks.len() > mark.frames {
            let gas_used = self.open.last().map_or(0, |frame| frame.gas);
            let error = Some("native code panicked".into());
            self.close(Closed { success: false, gas_used, output: Bytes::new(), error, created: None });
        }
        self.moves.truncate(mark.moves);
        self.logs_seen = mark.logs_seen;
        if let Some(frame) = self.open.last_mut() {
            frame.logs.truncate(mark.logs);
            frame.calls.iter_mut().skip(mark.calls).for_each(clear_logs);
        }
    }

    /// The journal's logs were taken out: the next one is its first.
    pub const fn logs_taken(&mut self) {
        self.logs_seen = 0;
    }

    /// A native contract was made, by the innermost frame's contract.
    pub fn created(&mut self, account: Address, code: impl FnOnce() -> Bytes) {
        if !self.tracing {
            return;
        }
        let from = self.open.last().and_then(|frame| frame.to).unwrap_or_default();
        let (kind, to) = (Some(CallKind::Create), Some(account));
        self.attach(CallFrame { kind, from, to, output: code(), ..CallFrame::default() });
    }

    /// A contract destroys itself, or coin moves without a frame.
    pub fn moved(&mut self, from: Address, to: Address, amount: U256, kind: CallKind) {
        let depth = self.marks.len();
        if !amount.is_zero() {
            self.moves.push(ValueMove { from, to, amount, kind, depth });
        }
        if self.tracing {
            self.attach(CallFrame { kind: Some(kind), from, to: Some(to), value: amount, ..CallFrame::default() });
        }
    }

    /// The innermost frame emitted a log.
    pub fn logged(&mut self, log: &Log) {
        if let Some(frame) = self.open.last_mut() {
            let position = frame.calls.len();
            frame.logs.push((log.clone(), position));
            self.reserve(log.data.data.len().saturating_add(256));
        }
    }

    /// Hands bytecode's new logs to the frame that emitted them; called before a frame opens or closes.
    pub fn sync_logs(&mut self, logs: &[Log]) {
        if !self.tracing {
            return;
        }
        for log in logs.get(self.logs_seen..).unwrap_or_default() {
            self.logged(log);
        }
        self.logs_seen = logs.len();
    }

    fn attach(&mut self, frame: CallFrame) {
        if !self.tracing {
            return;
        }
        match self.open.last_mut() {
            Some(parent) => parent.calls.push(frame),
            None => self.root = Some(frame),
        }
    }

    /// Ends the recording of a transaction that panicked: no move held, every open frame failed.
    pub fn abort(&mut self) -> Option<CallFrame> {
        self.undo(Mark::default());
        self.finish().1
    }

    /// The moves that held and the call tree.
    pub fn finish(&mut self) -> (Vec<ValueMove>, Option<CallFrame>) {
        (std::mem::take(&mut self.moves), self.root.take())
    }
}

/// A failed frame's logs never happened, nor did those of its children.
fn clear_logs(frame: &mut CallFrame) {
    let mut pending = vec![frame];
    while let Some(frame) = pending.pop() {
        frame.logs.clear();
        pending.extend(frame.calls.iter_mut());
    }
}
