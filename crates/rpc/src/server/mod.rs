//! HTTP and WebSocket on one port.

mod accept;
mod front;
mod names;
mod observed;

pub use self::observed::Observer;

use self::{front::FrontLayer, names::Names, observed::Observed};
use crate::{
    api::{self, Api},
    methods::Methods,
};
use alloy_primitives::{B128, U128};
use jsonrpsee::{
    core::traits::IdProvider,
    server::{
        BatchRequestConfig, HttpBody, HttpRequest, HttpResponse, PingConfig, ServerBuilder, ServerConfig, ServerHandle,
        middleware::rpc::RpcServiceBuilder, stop_channel,
    },
    types::SubscriptionId,
};
use limpid_chain::Node;
use std::{
    collections::HashSet,
    fmt, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
};
use tokio::net::TcpListener;
use tower::{BoxError, Service as _};
use tower_http::cors::{Any, CorsLayer};

/// Where to listen, and what one client may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The address of the machine to listen on.
    pub host: IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// Largest request in bytes.
    pub request_size: u32,
    /// Largest answer in bytes.
    pub response_size: u32,
    /// Requests in one batch.
    pub batch: u32,
    /// Connections at once.
    pub connections: u32,
    /// Subscriptions of one connection.
    pub subscriptions: u32,
    /// Messages that wait for a client that reads slowly; then whoever sends to it waits.
    pub waiting_messages: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 8545,
            request_size: 15 << 20,
            // The largest answer of the reference suite has 21 MB.
            response_size: 64 << 20,
            batch: 1_000,
            connections: 1_000,
            subscriptions: 256,
            waiting_messages: 1_024,
        }
    }
}

/// Why the server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Something else listens there.
    #[error("{0} is in use by another program; stop it, or choose another port with --http-port")]
    InUse(SocketAddr),
    /// The system does not let us listen there.
    #[error("cannot listen on {at}: {reason}")]
    Refused {
        /// The address.
        at: SocketAddr,
        /// What the system said.
        reason: io::Error,
    },
}

/// The same JSON-RPC for a path of another server: HTTP and WebSocket, with everything that stands before the methods but
/// the limit of connections, which is that server's own.
pub type Handler =
    Arc<dyn Fn(HttpRequest) -> Pin<Box<dyn Future<Output = Result<HttpResponse, BoxError>> + Send>> + Send + Sync>;

/// A running server. It stops when asked, or when this is dropped.
pub struct Server {
    handle: ServerHandle,
    address: SocketAddr,
    handler: Handler,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Serves `node`. Must be called in a tokio runtime.
    pub async fn start(node: Node, config: &Config) -> Result<Self, ServeError> {
        Self::start_observed(node, config, None).await
    }

    /// Serves `node`, and tells `observer` of every answer. Must be called in a tokio runtime.
    pub async fn start_observed(
        node: Node,
        config: &Config,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Self, ServeError> {
        let api = Api::new(node);
        let mut methods = Methods::new(api.clone());
        api::register(&mut methods, &api);
        let module = methods.finish();

        let at = SocketAddr::new(config.host, config.port);
        let known: Arc<HashSet<_>> = Arc::new(module.method_names().collect());
        let names = Arc::clone(&known);
        // No keys are here and nothing is authorised by a cookie, so any page may ask, as with every node.
        let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any);
        let http = tower::ServiceBuilder::new().layer(cors).layer(FrontLayer::new(config.request_size));
        let listener = TcpListener::bind(at).await.map_err(|reason| match reason.kind() {
            io::ErrorKind::AddrInUse => ServeError::InUse(at),
            _ => ServeError::Refused { at, reason },
        })?;
        let address = listener.local_addr().map_err(|reason| ServeError::Refused { at, reason })?;
        let (stop, handle) = stop_channel();
        let response_size = usize::try_from(config.response_size).unwrap_or(usize::MAX);
        let builder = ServerBuilder::with_config(server_config(config))
            .set_http_middleware(http)
            .set_rpc_middleware(
                RpcServiceBuilder::new()
                    .layer_fn(move |inner| Names::new(inner, Arc::clone(&known)))
                    .layer_fn(move |inner| Observed::new(inner, Arc::clone(&names), observer.clone(), response_size)),
            )
            .to_service_builder();
        let (methods, stopped) = (jsonrpsee::Methods::from(module), stop.clone());
        let handler: Handler = Arc::new(move |request| {
            let mut service = builder.clone().build(methods.clone(), stopped.clone());
            Box::pin(async move { service.call(request).await })
        });
        let inner = handler.clone();
        let service =
            tower::service_fn(move |request: HttpRequest<hyper::body::Incoming>| inner(request.map(HttpBody::new)));
        // WebSocket connections are counted once more by themselves, when they have left HTTP.
        let places = usize::try_from(config.connections).unwrap_or(usize::MAX);
        tokio::spawn(accept::serve(listener, service, places, stop));
        Ok(Self { handle, address, handler })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it answers with, for a path of another server. That server must stop before, or while, this one does.
    pub fn handler(&self) -> Handler {
        self.handler.clone()
    }

    /// Takes no more requests, and waits for those that run.
    pub async fn stop(self) {
        let Self { handle, handler, .. } = self;
        // It would be waited for.
        drop(handler);
        // An error only says that it has stopped already.
        let _ = handle.stop();
        handle.stopped().await;
    }
}

fn server_config(config: &Config) -> ServerConfig {
    ServerConfig::builder()
        .max_request_body_size(config.request_size)
        .max_response_body_size(config.response_size)
        .max_connections(config.connections)
        .max_subscriptions_per_connection(config.subscriptions)
        .set_batch_request_config(BatchRequestConfig::Limit(config.batch))
        .set_message_buffer_capacity(config.waiting_messages.max(1))
        .enable_ws_ping(PingConfig::new().max_failures(3))
        .set_id_provider(HexIds)
        .build()
}

/// Subscription ids as Ethereum has them: random quantities.
#[derive(Debug)]
struct HexIds;

impl IdProvider for HexIds {
    fn next_id(&self) -> SubscriptionId<'static> {
        format!("{:#x}", U128::from_be_bytes(B128::random().0)).into()
    }
}
