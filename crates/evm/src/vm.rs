//! revm's machine with our frames in it.

use crate::{
    frame,
    precompiles::Precompiles,
    recorder::{Closed, Opened, Recorder},
    registry::{Registry, Rules},
    source::{Overlay, SourceError},
    tracer::{Tracing, Watcher},
    types::{CallFrame, CallKind, Details, ValueMove},
};
use alloy_primitives::{Address, B256, Bytes, map::HashMap};
use revm::{
    Context as RevmContext, Journal,
    context::{
        BlockEnv, CfgEnv, Evm, FrameStack, TxEnv,
        result::{EVMError, HaltReason, InvalidTransaction},
    },
    context_interface::{Cfg, JournalTr},
    handler::{
        EthFrame, EvmTr, FrameInitOrResult, FrameResult, FrameTr, Handler, ItemOrResult,
        evm::{ContextDbError, FrameInitResult},
        instructions::EthInstructions,
    },
    interpreter::{
        CallScheme, CreateScheme, FrameInput, Instruction, InstructionContext, InstructionExecResult,
        interpreter::EthInterpreter, interpreter_action::FrameInit,
    },
};
use std::sync::Arc;

/// What travels in revm's context beside the journal.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    pub(crate) recorder: Recorder,
    /// Who looks at opcodes and accesses, if anybody does.
    pub(crate) watcher: Option<Box<Watcher>>,
    /// Bytes that recordings of this transaction may take.
    pub(crate) budget: usize,
    /// Bytecode destroyed itself in this transaction.
    pub(crate) destroyed: bool,
    /// Hashes of short inputs, such as those of pool addresses; gas is charged all the same.
    pub(crate) hashes: HashMap<Vec<u8>, B256>,
}

pub(crate) type Context = RevmContext<BlockEnv, TxEnv, CfgEnv, Overlay, Journal<Overlay>, Extra>;
type Inner = Evm<Context, (), EthInstructions<EthInterpreter, Context>, Precompiles, EthFrame<EthInterpreter>>;
pub(crate) type VmError = EVMError<SourceError, InvalidTransaction>;
pub(crate) type StepError = ContextDbError<Context>;

/// The machine. Dropped after a panic in native code.
pub(crate) struct Vm {
    pub(crate) inner: Inner,
    pub(crate) registry: Arc<Registry>,
    /// Native frames on the Rust stack.
    pub(crate) depth: usize,
    /// Payouts are running: native code may only read.
    pub(crate) locked: bool,
    /// Native code panicked; its words.
    pub(crate) panicked: Option<String>,
}

impl Vm {
    pub(crate) fn new(overlay: Overlay, rules: &Rules, block: BlockEnv) -> Self {
        let mut cfg = CfgEnv::new_with_spec(rules.spec).with_chain_id(rules.chain_id);
        cfg.tx_chain_id_check = true;
        type Bare = RevmContext<BlockEnv, TxEnv, CfgEnv, Overlay, Journal<Overlay>, ()>;
        let ctx = Bare::new(overlay, rules.spec).with_cfg(cfg).with_block(block).with_chain(Extra::default());
        let mut instruction = EthInstructions::new_mainnet_with_spec(rules.spec);
        recorded_selfdestruct(&mut instruction);
        Self {
            inner: Evm {
                ctx,
                inspector: (),
                instruction,
                precompiles: Precompiles::new(rules.spec),
                frame_stack: FrameStack::new_prealloc(8),
            },
            registry: rules.registry.clone(),
            depth: 0,
            locked: false,
            panicked: None,
        }
    }

    pub(crate) fn recorder(&mut self) -> &mut Recorder {
        &mut self.inner.ctx.chain.recorder
    }

    /// Starts the recording of a transaction.
    pub(crate) fn start(&mut self, tracing: Tracing) {
        let extra = &mut self.inner.ctx.chain;
        extra.recorder.start(tracing.calls, tracing.budget);
        extra.budget = tracing.budget;
        extra.watcher = Watcher::new(tracing);
    }

    /// Ends it: the moves that held, the call tree, and what else was asked for.
    pub(crate) fn recorded(&mut self) -> (Vec<ValueMove>, Option<CallFrame>, Details) {
        let (moves, trace) = self.recorder().finish();
        (moves, trace, self.watched())
    }

    /// What the watcher saw.
    pub(crate) fn watched(&mut self) -> Details {
        let extra = &mut self.inner.ctx.chain;
        let mut details = extra.watcher.take().map(|watcher| watcher.into_details()).unwrap_or_default();
        let (bytes, exceeded) = extra.recorder.size();
        details.count(bytes, extra.budget);
        details.exceeded |= exceeded;
        details
    }

    pub(crate) fn sync_logs(&mut self) {
        let ctx = &mut self.inner.ctx;
        ctx.chain.recorder.sync_logs(ctx.journaled_state.logs());
    }

    fn open(&mut self, init: &FrameInit) {
        self.sync_logs();
        let ctx = &mut self.inner.ctx;
        // Calldata may live in the caller's memory; copy it only when somebody traces.
        let input = match &init.frame_input {
            FrameInput::Call(call) if ctx.chain.recorder.tracing() => call.input.bytes(ctx),
            FrameInput::Create(create) if ctx.chain.recorder.tracing() => create.init_code().clone(),
            _ => Bytes::new(),
        };
        if let Some(opened) = opened(&init.frame_input) {
            ctx.chain.recorder.open(opened, || input);
        }
    }

    pub(crate) fn close(&mut self, result: &FrameResult) {
        self.sync_logs();
        self.recorder().close(closed(result));
    }
}

fn opened(input: &FrameInput) -> Option<Opened> {
    match input {
        FrameInput::Call(call) => Some(Opened {
            kind: match call.scheme {
                CallScheme::Call => CallKind::Call,
                CallScheme::StaticCall => CallKind::StaticCall,
                CallScheme::DelegateCall => CallKind::DelegateCall,
                CallScheme::CallCode => CallKind::CallCode,
            },
            from: call.caller,
            to: Some(match call.scheme {
                CallScheme::Call | CallScheme::StaticCall => call.target_address,
                _ => call.bytecode_address,
            }),
            value: call.value.get(),
            gas: call.gas_limit,
        }),
        FrameInput::Create(create) => Some(Opened {
            kind: match create.scheme() {
                CreateScheme::Create2 { .. } => CallKind::Create2,
                _ => CallKind::Create,
            },
            from: create.caller(),
            to: None,
            value: create.value(),
            gas: create.gas_limit(),
        }),
        FrameInput::Empty => None,
    }
}

fn closed(result: &FrameResult) -> Closed {
    let end = result.interpreter_result();
    let created = match result {
        FrameResult::Create(create) if end.is_ok() => create.address,
        _ => None,
    };
    Closed {
        success: end.is_ok(),
        gas_used: end.gas.total_gas_spent(),
        output: end.output.clone(),
        error: (!end.is_ok()).then(|| error_words(end.result).into()),
        created,
    }
}

/// A failed frame in the words that tracers use.
pub(crate) const fn error_words(result: revm::interpreter::InstructionResult) -> &'static str {
    use revm::interpreter::InstructionResult as R;
    match result {
        R::Revert => "execution reverted",
        R::OutOfGas | R::MemoryOOG | R::PrecompileOOG | R::InvalidOperandOOG | R::ReentrancySentryOOG => "out of gas",
        R::InvalidJump => "invalid jump destination",
        R::OpcodeNotFound | R::InvalidFEOpcode => "invalid opcode",
        R::CallTooDeep => "max call depth exceeded",
        R::OutOfFunds => "insufficient balance for transfer",
        R::StackUnderflow => "stack underflow",
        R::StackOverflow => "stack overflow",
        R::CreateCollision => "contract address collision",
        R::CallNotAllowedInsideStatic | R::StateChangeDuringStaticCall => "write protection",
        _ => "execution failed",
    }
}

impl EvmTr for Vm {
    type Context = Context;
    type Instructions = EthInstructions<EthInterpreter, Context>;
    type Precompiles = Precompiles;
    type Frame = EthFrame<EthInterpreter>;

    fn all(&self) -> (&Self::Context, &Self::Instructions, &Self::Precompiles, &FrameStack<Self::Frame>) {
        self.inner.all()
    }

    fn all_mut(
        &mut self,
    ) -> (&mut Self::Context, &mut Self::Instructions, &mut Self::Precompiles, &mut FrameStack<Self::Frame>) {
        self.inner.all_mut()
    }

    fn frame_init(&mut self, init: FrameInit) -> Result<FrameInitResult<'_, Self::Frame>, StepError> {
        self.open(&init);
        let finished = match frame::native_kind(self, &init)? {
            Some(kind) => Some(frame::run(self, init, kind)?),
            None => match self.inner.frame_init(init)? {
                ItemOrResult::Item(_) => None,
                ItemOrResult::Result(result) => Some(result),
            },
        };
        match finished {
            None => Ok(ItemOrResult::Item(self.inner.frame_stack.get())),
            Some(result) => {
                self.close(&result);
                Ok(ItemOrResult::Result(result))
            }
        }
    }

    fn frame_run(&mut self) -> Result<FrameInitOrResult<Self::Frame>, StepError> {
        let step = self.run_bytecode()?;
        if let ItemOrResult::Result(result) = &step {
            self.close(result);
        }
        Ok(step)
    }

    fn frame_return_result(&mut self, result: FrameResult) -> Result<Option<FrameResult>, StepError> {
        self.inner.frame_return_result(result)
    }
}

/// revm's pipeline with our fee rule (V-6), or Ethereum's on a foreign chain.
#[derive(Debug, Default)]
pub(crate) struct Pipeline;

impl Handler for Pipeline {
    type Evm = Vm;
    type Error = VmError;
    type HaltReason = HaltReason;

    fn reward_beneficiary(
        &self,
        evm: &mut Self::Evm,
        result: &mut <<Self::Evm as EvmTr>::Frame as FrameTr>::FrameResult,
    ) -> Result<(), Self::Error> {
        let ctx = &mut evm.inner.ctx;
        if ctx.cfg.is_fee_charge_disabled() {
            return Ok(());
        }
        let base_fee = u128::from(ctx.block.basefee);
        let mut price = revm::context_interface::Transaction::effective_gas_price(&ctx.tx, base_fee);
        if evm.registry.entries().is_empty() {
            // A foreign chain burns the base fee, as Ethereum does.
            price = price.saturating_sub(base_fee);
        }
        let used = result.gas().used();
        credit_fees(ctx, price, used)?;
        Ok(())
    }
}

/// Pays the whole price of `used` gas, base fee and tip, to the block's beneficiary.
pub(crate) fn credit_fees(ctx: &mut Context, price: u128, used: u64) -> Result<(), SourceError> {
    let fee = alloy_primitives::U256::from(price).saturating_mul(alloy_primitives::U256::from(used));
    let beneficiary: Address = ctx.block.beneficiary;
    ctx.journaled_state.balance_incr(beneficiary, fee)
}

/// SELFDESTRUCT as it is, with its move of coin recorded.
fn recorded_selfdestruct(instructions: &mut EthInstructions<EthInterpreter, Context>) {
    const SELFDESTRUCT: u8 = 0xff;
    let table = instructions.gas_table();
    let gas = table.get(usize::from(SELFDESTRUCT)).copied().unwrap_or_default();
    instructions.insert_instruction(SELFDESTRUCT, Instruction::new(selfdestruct), gas);
}

fn selfdestruct(step: InstructionContext<'_, Context, EthInterpreter>) -> InstructionExecResult {
    use revm::interpreter::{InstructionResult, instructions::host, interpreter_types::InputsTr};
    let from = step.interpreter.input.target_address();
    let to = step.interpreter.stack.peek(0).map(|word| Address::from_word(word.into())).unwrap_or_default();
    let held = step.host.journaled_state.load_account(from).map(|account| account.info.balance).unwrap_or_default();
    let InstructionContext { interpreter, host } = step;
    let result = host::selfdestruct(InstructionContext { interpreter, host: &mut *host });
    if matches!(result, Err(InstructionResult::SelfDestruct)) {
        host.chain.destroyed = true;
        if from != to {
            host.chain.recorder.moved(from, to, held, CallKind::SelfDestruct);
        }
    }
    result
}
