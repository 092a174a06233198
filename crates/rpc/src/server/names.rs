//! Unknown methods, and subscriptions where there are none, answered in words.

use super::front::OverHttp;
use crate::error::{NO_METHOD, RpcError};
use jsonrpsee::server::middleware::rpc::{
    Batch, BatchEntry, BatchEntryErr, MethodResponse, Notification, Request, ResponseFuture, RpcServiceT,
};
use std::{collections::HashSet, sync::Arc};

/// Knows every method's name.
#[derive(Clone)]
pub(super) struct Names<S> {
    inner: S,
    known: Arc<HashSet<&'static str>>,
}

impl<S> Names<S> {
    pub(super) const fn new(inner: S, known: Arc<HashSet<&'static str>>) -> Self {
        Self { inner, known }
    }

    fn refusal(&self, request: &Request<'_>) -> Option<RpcError> {
        let name = request.method_name();
        if !self.known.contains(name) {
            let name: String = name.chars().take(100).collect();
            return Some(RpcError::no_method(&name));
        }
        let subscription = matches!(name, "eth_subscribe" | "eth_unsubscribe");
        (subscription && request.extensions().get::<OverHttp>().is_some())
            .then(|| RpcError::new(NO_METHOD, format!("{name} needs a WebSocket connection to this same port")))
    }
}

impl<S> RpcServiceT for Names<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        >,
{
    type MethodResponse = MethodResponse;
    type BatchResponse = MethodResponse;
    type NotificationResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        match self.refusal(&request) {
            Some(error) => ResponseFuture::ready(MethodResponse::error(request.id, error)),
            None => ResponseFuture::future(self.inner.call(request)),
        }
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let entries = batch.into_iter().map(|entry| match entry {
            Ok(BatchEntry::Call(request)) => match self.refusal(&request) {
                Some(error) => Err(BatchEntryErr::new(request.id, error.into())),
                None => Ok(BatchEntry::Call(request)),
            },
            other => other,
        });
        self.inner.batch(Batch::from(entries.collect()))
    }

    fn notification<'a>(&self, notification: Notification<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.inner.notification(notification)
    }
}
