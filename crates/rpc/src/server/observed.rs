//! Who wants to know what is asked, how long it took and whether it went well: metrics.

use jsonrpsee::server::middleware::rpc::{Batch, MethodResponse, Notification, Request, RpcServiceT};
use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

/// Told of every answer. Runs on the thread that answers and must not wait.
pub trait Observer: Send + Sync {
    /// A method of this node was answered; a batch counts as one, named `batch`. Only names of methods that exist come
    /// here, so that strangers cannot make up labels.
    fn answered(&self, method: &'static str, took: Duration, ok: bool);
}

/// Measures around the methods themselves: what was refused before is not seen.
#[derive(Clone)]
pub(super) struct Observed<S> {
    inner: S,
    known: Arc<HashSet<&'static str>>,
    observer: Option<Arc<dyn Observer>>,
}

impl<S> Observed<S> {
    pub(super) const fn new(inner: S, known: Arc<HashSet<&'static str>>, observer: Option<Arc<dyn Observer>>) -> Self {
        Self { inner, known, observer }
    }

    fn tell(&self, method: &'static str, started: Instant, answer: &MethodResponse) {
        if let Some(observer) = &self.observer {
            observer.answered(method, started.elapsed(), answer.is_success());
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
            let answer = this.inner.batch(batch).await;
            this.tell("batch", started, &answer);
            answer
        }
    }

    fn notification<'a>(&self, notification: Notification<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.inner.notification(notification)
    }
}
