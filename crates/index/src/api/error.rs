//! What a failed request answers.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use limpid_chain::{ChainError, WorkError, logs::LogError, node::CallError};
use limpid_state::{StateError, StoreError};
use serde_json::json;

/// What an endpoint returns.
pub(crate) type Result<T> = std::result::Result<T, ApiError>;

/// A failed request: a status of HTTP, a word for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The request makes no sense.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// What was asked for is not in this chain.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// This node does not have what it takes.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }

    /// The path is there for other methods.
    pub(crate) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path is read with GET")
    }

    /// This node failed. Whoever asked learns that, and the log learns why.
    pub(crate) fn internal(why: &dyn std::fmt::Display) -> Self {
        tracing::error!(target: "limpid::index", "a request failed in the node: {why}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "internal error: the node's log says why")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "code": self.code, "message": self.message } });
        (self.status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

impl From<ChainError> for ApiError {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::State(error) => error.into(),
            ChainError::Torn => Self::unavailable(error.to_string()),
            other => Self::internal(&other),
        }
    }
}

impl From<StateError> for ApiError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::UnknownHeight { .. } => Self::unavailable(error.to_string()),
            other => Self::internal(&other),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Work(WorkError::Busy | WorkError::Timeout(_)) => Self::unavailable(error.to_string()),
            CallError::Chain(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}

impl From<LogError> for ApiError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Chain(error) => error.into(),
            LogError::NotExecuted(_) => Self::unavailable(error.to_string()),
            other => Self::bad(other.to_string()),
        }
    }
}
