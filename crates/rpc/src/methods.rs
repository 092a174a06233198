//! The table of methods and how each is run.

use crate::{
    api::Api,
    error::{Result, RpcError},
    params::{Args, Client},
};
use jsonrpsee::{
    Extensions, PendingSubscriptionSink, RpcModule,
    types::{ErrorObjectOwned, Params},
};
use limpid_chain::WorkError;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::sync::Arc;
use tokio::{
    sync::{Semaphore, oneshot},
    time::timeout,
};

/// Requests that may use a blocking thread at once; more wait their turn without one.
const MOST_AT_ONCE: usize = 128;

/// Names are written once, in this crate.
const DISTINCT: &str = "every method has a name of its own";

type Answer = std::result::Result<Box<RawValue>, ErrorObjectOwned>;

/// Methods by name.
pub(crate) struct Methods {
    module: RpcModule<Api>,
    slots: Arc<Semaphore>,
}

impl Methods {
    /// No methods yet.
    pub(crate) fn new(api: Api) -> Self {
        Self { module: RpcModule::new(api), slots: Arc::new(Semaphore::new(MOST_AT_ONCE)) }
    }

    /// What the server takes.
    pub(crate) fn finish(self) -> RpcModule<Api> {
        self.module
    }

    /// A method that answers from memory in microseconds: runs where the request arrived.
    pub(crate) fn quick<T: Serialize + 'static>(&mut self, name: &'static str, handler: fn(&Api, Args) -> Result<T>) {
        let run = move |params: Params<'_>, api: &Api, of: &Extensions| answer(api, &params, of, handler);
        self.module.register_method(name, run).expect(DISTINCT);
    }

    /// A method that reads the store or waits for a call: runs on a thread that may block. The answer becomes text
    /// there too.
    pub(crate) fn blocking<T: Serialize + 'static>(
        &mut self,
        name: &'static str,
        handler: fn(&Api, Args) -> Result<T>,
    ) {
        let slots = self.slots.clone();
        let run = move |params: Params<'static>, api: Arc<Api>, of: Extensions| {
            let slots = slots.clone();
            async move {
                let slot = slots.acquire_owned().await;
                let run = move || {
                    let answer = answer(&api, &params, &of, handler);
                    drop(slot);
                    answer
                };
                // A panic costs its own request alone.
                tokio::task::spawn_blocking(run).await.unwrap_or_else(|error| Err(RpcError::internal(&error).into()))
            }
        };
        self.module.register_async_method(name, run).expect(DISTINCT);
    }

    /// A method that executes: runs on one of the node's threads for calls, with what it reads before and after.
    pub(crate) fn executing<T: Serialize + 'static>(
        &mut self,
        name: &'static str,
        handler: fn(&Api, Args) -> Result<T>,
    ) {
        let slots = self.slots.clone();
        let run = move |params: Params<'static>, api: Arc<Api>, of: Extensions| {
            let slots = slots.clone();
            async move {
                let _slot = slots.acquire_owned().await;
                let (give, take) = oneshot::channel();
                let node = api.node().clone();
                let submitted = node.on_call_thread(move || {
                    // Nobody waits any more after a timeout.
                    let _ = give.send(answer(&api, &params, &of, handler));
                });
                let patience = submitted.map_err(|error| RpcError::call(error.into(), 0))?;
                let why = match timeout(patience, take).await {
                    Ok(Ok(answer)) => return answer,
                    Ok(Err(_)) => WorkError::Panicked,
                    Err(_) => WorkError::Timeout(patience),
                };
                Err(RpcError::call(why.into(), 0).into())
            }
        };
        self.module.register_async_method(name, run).expect(DISTINCT);
    }

    /// A method that waits without a thread.
    pub(crate) fn waiting<T, F>(&mut self, name: &'static str, handler: fn(Api, Args) -> F)
    where
        T: Serialize + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let run = move |params: Params<'static>, api: Arc<Api>, _| async move {
            let args = Args::new(&params)?;
            text(handler(api.as_ref().clone(), args).await)
        };
        self.module.register_async_method(name, run).expect(DISTINCT);
    }

    /// A method that is known and never done, and why.
    pub(crate) fn refused(&mut self, name: &'static str, why: &'static str) {
        let run = move |_: Params<'_>, _: &Api, _: &_| {
            Err::<Box<RawValue>, _>(ErrorObjectOwned::from(RpcError::refused(why)))
        };
        self.module.register_method(name, run).expect(DISTINCT);
    }

    /// A second name for a method.
    pub(crate) fn alias(&mut self, alias: &'static str, name: &'static str) {
        self.module.register_alias(alias, name).expect(DISTINCT);
    }

    /// The subscriptions, all behind one name as Ethereum has it.
    pub(crate) fn subscription<F>(&mut self, handler: fn(Api, Params<'static>, PendingSubscriptionSink) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let run = move |params, pending, api: Arc<Api>, _| handler(api.as_ref().clone(), params, pending);
        self.module.register_subscription("eth_subscribe", "eth_subscription", "eth_unsubscribe", run).expect(DISTINCT);
    }
}

fn answer<T: Serialize>(
    api: &Api,
    params: &Params<'_>,
    of: &Extensions,
    handler: fn(&Api, Args) -> Result<T>,
) -> Answer {
    let client = of.get::<Client>().copied().unwrap_or_default();
    text(Args::new(params).and_then(|args| handler(api, args.of(client))))
}

fn text<T: Serialize>(answer: Result<T>) -> Answer {
    to_raw_value(&answer?).map_err(|error| RpcError::internal(&error).into())
}
