//! Every opcode of an execution, as long as the records fit into their budget.

use crate::vm::error_words;
use alloy_primitives::{Address, Bytes, U256};
use revm::{
    bytecode::opcode::{self, OpCode},
    interpreter::{
        InstructionResult, Interpreter,
        interpreter_types::{InputsTr, Jumps, LegacyBytecode, ReturnData},
    },
};

/// What to keep of each opcode, and how much in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepOptions {
    /// The stack before it.
    pub stack: bool,
    /// The memory before it.
    pub memory: bool,
    /// The slot that it reads or writes.
    pub storage: bool,
    /// What the last call returned, before it.
    pub return_data: bool,
    /// What it did, and the code of each frame.
    pub effects: bool,
    /// Most opcodes; later ones run unrecorded. 0 means no limit.
    pub most: u64,
}

/// One opcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its frame's place in [`Steps::codes`].
    pub frame: usize,
    /// Depth of its frame; 1 is the transaction's own. Native frames count.
    pub depth: usize,
    /// Where it stands in the code.
    pub pc: usize,
    /// The opcode.
    pub op: u8,
    /// Gas before it.
    pub gas: u64,
    /// Gas it took, what it gave to a call included.
    pub cost: u64,
    /// Refund of the transaction so far.
    pub refund: u64,
    /// The stack before it, if kept.
    pub stack: Box<[U256]>,
    /// The memory before it, if kept.
    pub memory: Box<[u8]>,
    /// What the last call returned, if kept.
    pub return_data: Bytes,
    /// Whose slot it read or wrote, which, and its value after.
    pub storage: Option<Box<(Address, U256, U256)>>,
    /// Why it failed, in the tracer's words.
    pub error: Option<&'static str>,
    /// What it did, if kept.
    pub effect: Option<Box<Effect>>,
}

impl Step {
    /// The opcode's name; `None` if there is no such opcode.
    pub fn name(&self) -> Option<&'static str> {
        OpCode::new(self.op).map(OpCode::as_str)
    }
}

/// What an opcode did; for calls and creations, when they had returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Words on the stack that it put or changed.
    pub pushed: Box<[U256]>,
    /// Memory that it wrote, or the word that it loaded: where, and what is there after it.
    pub memory: Option<(usize, Bytes)>,
    /// Gas left after it.
    pub gas_left: u64,
}

/// The opcodes of a transaction in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// The opcodes.
    pub list: Vec<Step>,
    /// The code of each bytecode frame, in the order in which frames began, if kept.
    pub codes: Vec<Bytes>,
}

/// Records opcodes as they run.
#[derive(Debug, Default)]
pub(super) struct StepRecorder {
    pub(super) steps: Steps,
    /// Bytes that the records take.
    pub(super) bytes: usize,
    /// They would have taken more than the budget: there are none.
    pub(super) exceeded: bool,
    options: StepOptions,
    budget: usize,
    open: Vec<Open>,
    /// The opcode that runs is recorded.
    running: bool,
    frames: usize,
}

/// A bytecode frame that has not ended.
#[derive(Debug)]
struct Open {
    frame: usize,
    depth: usize,
    refund: i64,
    /// Its call or creation that has not returned: its place, and the memory it writes.
    pending: Option<(usize, Option<(usize, usize)>)>,
}

impl StepRecorder {
    pub(super) fn new(options: StepOptions, budget: usize) -> Self {
        Self { options, budget, ..Self::default() }
    }

    fn is_full(&self) -> bool {
        self.options.most > 0 && self.steps.list.len() as u64 >= self.options.most
    }

    /// Nothing more will be recorded.
    pub(super) fn is_done(&self) -> bool {
        self.exceeded || (self.is_full() && !self.options.effects)
    }

    /// A frame begins or goes on. Frames left behind by a panic are gone.
    pub(super) fn enter(&mut self, interpreter: &Interpreter, depth: usize) {
        while self.open.last().is_some_and(|open| open.depth > depth) {
            self.open.pop();
        }
        if self.open.last().is_some_and(|open| open.depth == depth) {
            return;
        }
        self.open.push(Open { frame: self.frames, depth, refund: 0, pending: None });
        self.frames = self.frames.saturating_add(1);
        if self.options.effects && self.reserve(interpreter.bytecode.bytecode_len()) {
            self.steps.codes.push(Bytes::copy_from_slice(interpreter.bytecode.bytecode_slice()));
        }
    }

    pub(super) fn leave(&mut self) {
        self.open.pop();
    }

    /// Takes `bytes` of the budget; beyond it there is no record at all.
    fn reserve(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.budget {
            self.exceeded = true;
            self.steps = Steps::default();
        }
        !self.exceeded
    }

    pub(super) fn before(&mut self, interpreter: &Interpreter, depth: usize) {
        self.running = false;
        self.returned(interpreter);
        if self.exceeded || self.is_full() {
            return;
        }
        let options = self.options;
        let memory = interpreter.memory.context_memory();
        let size = size_of::<Step>()
            .saturating_add(if options.stack { interpreter.stack.len().saturating_mul(32) } else { 0 })
            .saturating_add(if options.memory { memory.len() } else { 0 })
            .saturating_add(if options.effects { size_of::<Effect>().saturating_add(64) } else { 0 });
        if !self.reserve(size) {
            return;
        }
        let Some(frame) = self.open.last_mut() else { return };
        frame.refund = interpreter.gas.refunded();
        let frame = frame.frame;
        let refund = self.open.iter().fold(0i64, |sum, open| sum.saturating_add(open.refund));
        self.steps.list.push(Step {
            frame,
            depth,
            pc: interpreter.bytecode.pc(),
            op: interpreter.bytecode.opcode(),
            gas: interpreter.gas.remaining(),
            cost: 0,
            refund: refund.try_into().unwrap_or_default(),
            stack: if options.stack { interpreter.stack.data().as_slice().into() } else { Box::default() },
            memory: if options.memory { (&*memory).into() } else { Box::default() },
            return_data: if options.return_data { interpreter.return_data.buffer().clone() } else { Bytes::new() },
            storage: None,
            error: None,
            effect: None,
        });
        self.running = true;
        self.look_ahead(interpreter);
    }

    /// What is only to be seen before the opcode runs.
    fn look_ahead(&mut self, interpreter: &Interpreter) {
        let Some(place) = self.steps.list.len().checked_sub(1) else { return };
        let op = interpreter.bytecode.opcode();
        let word = |from_top| interpreter.stack.peek(from_top).ok();
        if self.options.storage
            && matches!(op, opcode::SLOAD | opcode::SSTORE)
            && let (Some(slot), Some(step)) = (word(0), self.steps.list.last_mut())
        {
            let value = if op == opcode::SSTORE { word(1).unwrap_or_default() } else { U256::ZERO };
            step.storage = Some(Box::new((interpreter.input.target_address(), slot, value)));
        }
        if self.options.effects
            && let Some(frame) = self.open.last_mut()
        {
            frame.pending = Some((place, written(op, &word)));
        }
    }

    pub(super) fn after(&mut self, interpreter: &Interpreter, ended: Result<(), InstructionResult>) {
        if !self.running {
            return;
        }
        let Some(step) = self.steps.list.last_mut() else { return };
        step.cost = step.gas.saturating_sub(interpreter.gas.remaining());
        step.error = ended.err().filter(|reason| reason.is_halt()).map(error_words);
        if step.op == opcode::SLOAD
            && let Some(storage) = &mut step.storage
        {
            storage.2 = interpreter.stack.peek(0).unwrap_or_default();
        }
        let waits = ended == Err(InstructionResult::Suspend);
        if !waits {
            self.returned(interpreter);
        }
    }

    /// The innermost frame's last opcode has done its work.
    fn returned(&mut self, interpreter: &Interpreter) {
        let pending = self.open.last_mut().and_then(|frame| frame.pending.take());
        let Some((place, range)) = pending.filter(|_| !self.exceeded) else { return };
        let memory = interpreter.memory.context_memory();
        let written = range.and_then(|(at, length)| Some((at, memory.get(at..at.checked_add(length)?)?)));
        if let Some((_, bytes)) = written
            && !self.reserve(bytes.len())
        {
            return;
        }
        let Some(step) = self.steps.list.get_mut(place) else { return };
        let puts = OpCode::new(step.op).map_or(0, |op| usize::from(op.outputs()));
        let stack = interpreter.stack.data();
        let pushed = stack.get(stack.len().saturating_sub(puts)..).unwrap_or_default().into();
        step.effect = Some(Box::new(Effect {
            pushed: if step.error.is_none() { pushed } else { Box::default() },
            memory: written.map(|(at, bytes)| (at, Bytes::copy_from_slice(bytes))),
            gas_left: interpreter.gas.remaining(),
        }));
    }
}

/// The memory that an opcode writes, or the word that MLOAD reads: where and how much.
fn written(op: u8, word: &impl Fn(usize) -> Option<U256>) -> Option<(usize, usize)> {
    let number = |from_top| word(from_top).and_then(|word| usize::try_from(word).ok());
    let range = match op {
        opcode::MLOAD | opcode::MSTORE => (number(0)?, 32),
        opcode::MSTORE8 => (number(0)?, 1),
        opcode::CALLDATACOPY | opcode::CODECOPY | opcode::RETURNDATACOPY | opcode::MCOPY => (number(0)?, number(2)?),
        opcode::EXTCODECOPY => (number(1)?, number(3)?),
        opcode::CALL | opcode::CALLCODE => (number(5)?, number(6)?),
        opcode::DELEGATECALL | opcode::STATICCALL => (number(4)?, number(5)?),
        _ => return None,
    };
    (range.1 > 0).then_some(range)
}
