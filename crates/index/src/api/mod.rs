//! How a request runs: on a thread that may block, on one view of the chain, to one answer.

pub(crate) mod ask;
pub(crate) mod error;
pub(crate) mod view;

use ask::Ask;
use axum::{
    extract::{RawPathParams, RawQuery, State, rejection::RawPathParamsRejection},
    http::header,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get},
};
use error::{ApiError, Result};
use limpid_chain::Node;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::Semaphore;
use view::{TokenCache, View};

/// Requests that may use a blocking thread at once; more wait their turn without one.
const MOST_AT_ONCE: usize = 64;

/// What requests work with; cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    node: Node,
    client_version: &'static str,
    slots: Arc<Semaphore>,
    tokens: TokenCache,
}

impl App {
    pub(crate) fn new(node: Node, client_version: &'static str) -> Self {
        let slots = Arc::new(Semaphore::new(MOST_AT_ONCE));
        Self(Arc::new(Inner { node, client_version, slots, tokens: TokenCache::default() }))
    }

    pub(crate) fn node(&self) -> &Node {
        &self.0.node
    }

    pub(crate) fn client_version(&self) -> &'static str {
        self.0.client_version
    }

    /// What is known of tokens from before.
    pub(crate) fn tokens(&self) -> &TokenCache {
        &self.0.tokens
    }

    /// The chain as it stands now.
    pub(crate) fn view(&self) -> Result<View> {
        View::new(self)
    }

    /// Runs what may take a while where it may, when it is its turn.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        job: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let slot = self.0.slots.clone().acquire_owned().await;
        let run = move || {
            let answer = job(&self);
            drop(slot);
            answer
        };
        // A panic costs its own request alone.
        tokio::task::spawn_blocking(run).await.unwrap_or_else(|error| Err(ApiError::internal(&error)))
    }
}

/// An endpoint that reads the chain and answers JSON.
pub(crate) fn endpoint<T: Serialize + 'static>(handler: fn(&View, &mut Ask) -> Result<T>) -> MethodRouter<App> {
    let run = move |State(app): State<App>, path: Given, RawQuery(query): RawQuery| async move {
        let mut ask = match asked(path, query) {
            Ok(ask) => ask,
            Err(error) => return error.into_response(),
        };
        let answer = app.run(move |app| {
            let answer = handler(&app.view()?, &mut ask)?;
            serde_json::to_vec(&answer).map_err(|error| ApiError::internal(&error))
        });
        match answer.await {
            Ok(body) => json(body),
            Err(error) => error.into_response(),
        }
    };
    get(run)
}

/// The parts of a path, unless they are no text.
pub(crate) type Given = std::result::Result<RawPathParams, RawPathParamsRejection>;

/// What is asked for.
pub(crate) fn asked(path: Given, query: Option<String>) -> Result<Ask> {
    let path = path.map_err(|_| ApiError::bad("the path is not UTF-8"))?;
    let parts = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ask::new(parts, query.unwrap_or_default().as_bytes())
}

/// JSON that changes with every block.
pub(crate) fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

/// The answer to a method that a path does not have.
pub(crate) async fn wrong_method() -> ApiError {
    ApiError::method()
}
