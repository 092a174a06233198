//! What can be kept of an execution beside its outcome: the call tree, every opcode, the accounts and slots that were
//! touched, and what changed.
//!
//! Tracing looks and never acts: a traced execution has the same result, gas and logs as an untraced one. Opcodes run
//! through the same table; what native code touches is reported by the host, because native frames run no opcodes.

mod access_list;
mod accesses;
mod changes;
mod steps;

pub use self::{
    accesses::Accesses,
    changes::{AccountState, Change, Changes},
    steps::{Effect, Step, StepOptions, Steps},
};

pub(crate) use self::changes::{gather, size};

use self::steps::StepRecorder;

use crate::{
    types::Details,
    vm::{Context, StepError, Vm},
};
use revm::{
    handler::{EthFrame, FrameInitOrResult, ItemOrResult},
    interpreter::{Interpreter, InterpreterAction, interpreter::EthInterpreter, interpreter_types::LoopControl},
};

/// What to keep of an execution, and how much. By default nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracing {
    /// The call tree.
    pub calls: bool,
    /// Every opcode.
    pub steps: Option<StepOptions>,
    /// The accounts and slots touched.
    pub accesses: bool,
    /// The accounts read and what they became.
    pub changes: bool,
    /// Bytes that all of it may take. Beyond them nothing is kept: a trace that is cut short would be a wrong one.
    pub budget: usize,
}

impl Default for Tracing {
    fn default() -> Self {
        Self::NONE
    }
}

impl Tracing {
    /// Nothing.
    pub const NONE: Self = Self { calls: false, steps: None, accesses: false, changes: false, budget: 64 << 20 };
    /// The call tree alone.
    pub const CALLS: Self = Self { calls: true, ..Self::NONE };
}

/// What watches bytecode run, and hears from the host what native code does.
#[derive(Debug, Default)]
pub(crate) struct Watcher {
    steps: Option<StepRecorder>,
    pub(crate) accesses: Option<Accesses>,
}

impl Watcher {
    /// A watcher for `tracing`; `None` if nothing of it needs one.
    pub(crate) fn new(tracing: Tracing) -> Option<Box<Self>> {
        let accesses = tracing.accesses.then(Accesses::default);
        let steps = tracing.steps.map(|options| StepRecorder::new(options, tracing.budget));
        (accesses.is_some() || steps.is_some()).then(|| Box::new(Self { steps, accesses }))
    }

    /// What it saw.
    pub(crate) fn into_details(self) -> Details {
        let (bytes, exceeded) = self.steps.as_ref().map_or((0, false), |steps| (steps.bytes, steps.exceeded));
        Details { steps: self.steps.map(|steps| steps.steps), accesses: self.accesses, changes: None, bytes, exceeded }
    }

    /// Nothing more will be kept.
    fn is_done(&self) -> bool {
        self.accesses.is_none() && self.steps.as_ref().is_none_or(StepRecorder::is_done)
    }

    fn enter(&mut self, interpreter: &Interpreter, depth: usize) {
        if let Some(steps) = &mut self.steps {
            steps.enter(interpreter, depth);
        }
    }

    fn before(&mut self, interpreter: &Interpreter, depth: usize) {
        if let Some(accesses) = &mut self.accesses {
            accesses.before(interpreter);
        }
        if let Some(steps) = &mut self.steps {
            steps.before(interpreter, depth);
        }
    }

    fn after(&mut self, interpreter: &Interpreter, ended: Result<(), revm::interpreter::InstructionResult>) {
        if let Some(steps) = &mut self.steps {
            steps.after(interpreter, ended);
        }
    }

    fn leave(&mut self, action: &InterpreterAction) {
        if let (Some(steps), InterpreterAction::Return(_)) = (&mut self.steps, action) {
            steps.leave();
        }
    }
}

impl Vm {
    /// Runs the innermost bytecode frame until it calls, creates or ends; opcode by opcode if somebody watches.
    pub(crate) fn run_bytecode(&mut self) -> Result<FrameInitOrResult<EthFrame<EthInterpreter>>, StepError> {
        let depth = self.recorder().depth();
        let Some(mut watcher) = self.inner.ctx.chain.watcher.take() else {
            return revm::handler::EvmTr::frame_run(&mut self.inner);
        };
        let frame = self.inner.frame_stack.get();
        let ctx = &mut self.inner.ctx;
        let (table, gas) = (self.inner.instruction.instruction_table(), self.inner.instruction.gas_table());
        let interpreter = &mut frame.interpreter;
        watcher.enter(interpreter, depth);
        // As revm's own loop, with a look before and after each opcode as long as there is something to see.
        let action = loop {
            if watcher.is_done() {
                break interpreter.run_plain::<Context>(table, gas, ctx);
            }
            watcher.before(interpreter, depth);
            let ended = interpreter.step::<Context>(table, gas, ctx);
            if let Err(reason) = ended
                && interpreter.bytecode.action().is_none()
            {
                interpreter.halt(reason);
            }
            watcher.after(interpreter, ended);
            if ended.is_err() {
                break interpreter.take_next_action();
            }
        };
        watcher.leave(&action);
        ctx.chain.watcher = Some(watcher);
        let next = frame.process_next_action::<Context, StepError>(ctx, action)?;
        if let ItemOrResult::Result(_) = next {
            frame.set_finished(true);
        }
        Ok(next)
    }
}
