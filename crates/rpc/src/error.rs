//! What a failed method answers: code, message and data.
//!
//! Codes: -32700 for what is no JSON, -32600 for what is no request, -32601 for unknown methods, -32602 for bad
//! parameters, 3 with the revert data for a call that reverts, -32000 for everything else that Ethereum's nodes
//! refuse, 4444 for history that is not here, -32603 for failures of this node; `eth_simulateV1` has codes of its own. Messages are geth's where geth has one, because clients match on them.

use alloy_primitives::Bytes;
use jsonrpsee::types::ErrorObjectOwned;
use limpid_chain::{ChainError, PoolError, WorkError, logs::LogError, node::CallError};
use limpid_evm::{
    ExecError, InvalidTransaction, Outcome, Stopped,
    simulate::{EstimateError, OverrideError},
};
use limpid_state::StateError;
use serde_json::Value;

use crate::revert;

/// A revert, with its data (EIP-1474's extension that every client reads).
pub const REVERTED: i32 = 3;
/// A request that is understood and refused.
pub const REFUSED: i32 = -32000;
/// Unknown method.
pub const NO_METHOD: i32 = -32601;
/// Bad parameters.
pub const BAD_PARAMS: i32 = -32602;
/// The answer would be larger, or cost more, than the node gives (EIP-1474).
pub const LIMIT: i32 = -32005;
/// This node failed.
pub const INTERNAL: i32 = -32603;
/// History that this node does not keep, or never had (execution-apis).
pub const NO_HISTORY: i32 = 4444;

/// What a method returns.
pub type Result<T> = std::result::Result<T, RpcError>;

/// A failed method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct RpcError {
    /// The JSON-RPC error code.
    pub code: i32,
    /// What went wrong, in words for people.
    pub message: String,
    /// Data that programs read, such as that of a revert.
    pub data: Option<Value>,
}

impl RpcError {
    /// An error without data.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// The request is understood and refused.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(REFUSED, message)
    }

    /// A parameter is missing or makes no sense.
    pub fn params(message: impl Into<String>) -> Self {
        Self::new(BAD_PARAMS, message)
    }

    /// This node failed. Whoever asked learns that, and the log learns why.
    pub fn internal(why: &dyn std::fmt::Display) -> Self {
        tracing::error!(target: "limpid::rpc", "a request failed in the node: {why}");
        Self::new(INTERNAL, "internal error: the node's log says why")
    }

    /// The method is not there, in this mode or at all.
    pub fn no_method(name: &str) -> Self {
        Self::new(NO_METHOD, format!("the method {name} does not exist/is not available"))
    }

    /// A call that reverted with `data`.
    pub fn reverted(data: &Bytes) -> Self {
        let message = match revert::reason(data) {
            Some(reason) => format!("execution reverted: {reason}"),
            None => "execution reverted".to_owned(),
        };
        Self { code: REVERTED, message, data: Some(Value::String(data.to_string())) }
    }

    /// A call that failed. `gas` is what it was given.
    pub fn failed(outcome: &Outcome, gas: u64) -> Self {
        match &outcome.stopped {
            Some(Stopped::Halt(reason)) => Self::refused(revert::halted(reason, gas)),
            Some(Stopped::Panic) => {
                Self::refused("a native contract failed in a way that it should not; please report it")
            }
            Some(Stopped::Revert) | None => Self::reverted(&outcome.output),
        }
    }

    /// The call could not be tried.
    pub fn execution(error: &ExecError) -> Self {
        match error {
            ExecError::Invalid(reason) => Self::refused(invalid(reason)),
            ExecError::BlockFull { .. } => Self::refused(error.to_string()),
            ExecError::Fatal(why) => Self::internal(why),
        }
    }

    /// A call, estimate or trace that has no outcome. `gas` is what it was given.
    pub fn call(error: CallError, gas: u64) -> Self {
        match error {
            CallError::UnknownBlock
            | CallError::UnknownTransaction
            | CallError::Given(_)
            | CallError::NoIndex { .. } => Self::refused(error.to_string()),
            CallError::Work(WorkError::Busy) | CallError::TraceTooLarge => Self::new(LIMIT, error.to_string()),
            CallError::Work(WorkError::Timeout(_)) => Self::refused(error.to_string()),
            CallError::Work(error) => Self::internal(&error),
            CallError::Exec(error) => Self::execution(&error),
            CallError::Override(error) => Self::overrides(&error),
            CallError::Estimate(error) => Self::estimate(error, gas),
            CallError::Chain(error) => error.into(),
        }
    }

    /// Overrides that make no sense.
    pub fn overrides(error: &OverrideError) -> Self {
        match error {
            OverrideError::ToItself(_) => Self::new(-38022, error.to_string()),
            _ => Self::refused(error.to_string()),
        }
    }

    fn estimate(error: EstimateError, cap: u64) -> Self {
        match error {
            EstimateError::Failed(outcome) => match &outcome.stopped {
                Some(Stopped::Halt(reason)) if revert::is_out_of_gas(reason) => {
                    Self::refused(format!("gas required exceeds allowance ({cap})"))
                }
                _ => Self::failed(&outcome, cap),
            },
            EstimateError::Funds { .. } => Self::refused(error.to_string()),
            EstimateError::Exec(error) => Self::execution(&error),
        }
    }
}

/// geth's words where wallets know them.
fn invalid(reason: &InvalidTransaction) -> String {
    match reason {
        InvalidTransaction::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
            format!("intrinsic gas too low: have {gas_limit}, want {initial_gas}")
        }
        InvalidTransaction::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
            format!("insufficient gas for floor data gas cost: have {gas_limit}, want {gas_floor}")
        }
        InvalidTransaction::GasPriceLessThanBasefee => "max fee per gas less than block base fee".to_owned(),
        InvalidTransaction::PriorityFeeGreaterThanMaxFee => {
            "max priority fee per gas higher than max fee per gas".to_owned()
        }
        InvalidTransaction::NonceTooLow { tx, state } => format!("nonce too low: next nonce {state}, tx nonce {tx}"),
        InvalidTransaction::NonceTooHigh { tx, state } => format!("nonce too high: next nonce {state}, tx nonce {tx}"),
        InvalidTransaction::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: have {balance} want {fee}")
        }
        InvalidTransaction::CreateInitCodeSizeLimit => "max initcode size exceeded".to_owned(),
        other => other.to_string(),
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        Self::owned(error.code, error.message, error.data)
    }
}

impl From<PoolError> for RpcError {
    fn from(error: PoolError) -> Self {
        match &error {
            PoolError::Malformed(_) => Self::params(error.to_string()),
            PoolError::State(why) => Self::internal(why),
            _ => Self::refused(error.to_string()),
        }
    }
}

impl From<ChainError> for RpcError {
    fn from(error: ChainError) -> Self {
        match &error {
            ChainError::State(state) if is_history(state) => Self::new(NO_HISTORY, error.to_string()),
            ChainError::Imported
            | ChainError::NotDev
            | ChainError::Dump(_)
            | ChainError::Stopping
            | ChainError::Time { .. }
            | ChainError::TimeTooFar { .. }
            | ChainError::TooManyBlocks { .. }
            | ChainError::Code(_) => Self::refused(error.to_string()),
            _ => Self::internal(&error),
        }
    }
}

impl From<LogError> for RpcError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Reversed { .. } | LogError::Future { .. } | LogError::Range { .. } => {
                Self::params(error.to_string())
            }
            LogError::NotExecuted(_) => Self::new(NO_HISTORY, error.to_string()),
            LogError::TooMany { .. } | LogError::TooLong { .. } => Self::new(LIMIT, error.to_string()),
            LogError::Chain(error) => error.into(),
        }
    }
}

/// Whether this says that history is not here, rather than that the node failed.
const fn is_history(error: &StateError) -> bool {
    matches!(error, StateError::UnknownHeight { .. })
}

impl From<StateError> for RpcError {
    fn from(error: StateError) -> Self {
        if is_history(&error) { Self::new(NO_HISTORY, error.to_string()) } else { Self::internal(&error) }
    }
}
