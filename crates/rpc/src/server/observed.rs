//! Who wants to know what is asked, how long it took and whether it went well: metrics.

use jsonrpsee::{
    core::server::BatchResponseBuilder,
    server::middleware::rpc::{Batch, BatchEntry, MethodResponse, Notification, Request, RpcServiceT},
};
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

/// Told of every answer. Runs on the thread that answers and must not wait.
pub trait Observer: Send + Sync {
    /// A method of this node was answered, over HTTP or WebSocket, by itself or within a batch; the whole of a batch comes
    /// once more, named `batch`. Only names of methods that exist come here, so that strangers cannot make up labels.
    fn answered(&self, method: &'static str, took: Duration, ok: bool);
}

/// Measures around the methods themselves: what was refused before is not seen.
#[derive(Clone)]
pub(super) struct Observed<S> {
    inner: S,
    known: Arc<HashSet<&'static str>>,
    observer: Option<Arc<dyn Observer>>,
    /// Largest answer in bytes.
    response_size: usize,
}

impl<S> Observed<S> {
    pub(super) const fn new(
        inner: S,
        known: Arc<HashSet<&'static str>>,
        observer: Option<Arc<dyn Observer>>,
        response_size: usize,
    ) -> Self {
        Self { inner, known, observer, response_size }
    }

    fn tell(&self, method: &'static str, started: Instant, answer: &MethodResponse) {
        if let Some(observer) = &self.observer {
            observer.answered(method, started.elapsed(), answer.is_success());
        }
    }
}

impl<S> Observed<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    /// A batch's requests in order, each measured; the service below would answer them unseen.
    async fn one_by_one(&self, batch: Batch<'_>) -> MethodResponse {
        let mut answers = BatchResponseBuilder::new_with_limit(self.response_size);
        let mut notified = false;
        for entry in batch {
            let answer = match entry {
                Ok(BatchEntry::Call(request)) => self.call(request).await,
                Ok(BatchEntry::Notification(notification)) => {
                    self.notification(notification).await;
                    notified = true;
                    continue;
                }
                Err(refused) => {
                    let (error, id) = refused.into_parts();
                    MethodResponse::error(id, error)
                }
            };
            if let Err(too_large) = answers.append(answer) {
                return too_large;
            }
        }
        // Notifications alone are not answered; nothing at all is no request.
        match answers.is_empty() && notified {
            true => MethodResponse::notification(),
            false => MethodResponse::from_batch(answers.finish()),
        }
    }
}

impl<S> RpcServiceT for Observed<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    type MethodResponse = MethodResponse;
    type BatchResponse = MethodResponse;
    type NotificationResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let (this, name) = (self.clone(), self.known.get(request.method_name()).copied().unwrap_or("unknown"));
        async move {
            // Quick methods are answered while the future is made.
            let started = Instant::now();
            let answer = this.inner.call(request).await;
            this.tell(name, started, &answer);
            answer
        }
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let this = self.clone();
        async move {
            let started = Instant::now();
            let answer = this.one_by_one(batch).await;
            this.tell("batch", started, &answer);
            answer
        }
    }

    fn notification<'a>(&self, notification: Notification<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.inner.notification(notification)
    }
}
