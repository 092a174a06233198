//! HTTP on the app's port: who listens, what is refused before it is looked at, and where each path leads.

mod accept;
mod pages;

use crate::{
    api::{self, App, error::ApiError},
    etherscan, v1,
};
use axum::{
    Router,
    body::Body,
    extract::{RawQuery, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::any,
};
use limpid_chain::Node;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
};
use tokio::{net::TcpListener, sync::watch};

/// Ethereum's JSON-RPC, HTTP and WebSocket, for the path `/rpc`.
pub type Rpc = Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// What another server's handler answered, as [`Rpc`] gives it.
pub fn response<B>(answer: Result<hyper::Response<B>, Box<dyn std::error::Error + Send + Sync>>) -> Response
where
    B: hyper::body::Body<Data = axum::body::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match answer {
        Ok(answer) => answer.map(Body::new),
        Err(error) => ApiError::internal(&error).into_response(),
    }
}

/// Longest path and query.
const MOST_URI: usize = 4_096;

/// Where to listen, and how many may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The address of the machine to listen on.
    pub host: IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// Connections at once.
    pub connections: usize,
    /// What this program is, as `web3_clientVersion` says it.
    pub client_version: &'static str,
}

impl Default for Config {
    fn default() -> Self {
        Self { host: Ipv4Addr::LOCALHOST.into(), port: 8080, connections: 1_000, client_version: "limpid" }
    }
}

/// Why the server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Something else listens there.
    #[error("{0} is in use by another program; stop it, or choose another port with --app-port")]
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

/// A running server. It stops when asked, or when this is dropped.
#[derive(Debug)]
pub struct Server {
    stop: watch::Sender<bool>,
    address: SocketAddr,
}

impl Server {
    /// Serves `node`, and `rpc` at `/rpc`. Must be called in a tokio runtime.
    pub async fn start(node: Node, config: &Config, rpc: Rpc) -> Result<Self, ServeError> {
        let at = SocketAddr::new(config.host, config.port);
        let listener = TcpListener::bind(at).await.map_err(|reason| match reason.kind() {
            io::ErrorKind::AddrInUse => ServeError::InUse(at),
            _ => ServeError::Refused { at, reason },
        })?;
        let address = listener.local_addr().map_err(|reason| ServeError::Refused { at, reason })?;
        let (stop, stopped) = watch::channel(false);
        let router = router(App::new(node, config.client_version), rpc);
        tokio::spawn(accept::serve(listener, router, config.connections, stopped));
        Ok(Self { stop, address })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, and waits for those that run.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.stop.closed().await;
    }
}

/// Every path.
fn router(app: App, rpc: Rpc) -> Router {
    let scan = {
        let (app, rpc) = (app.clone(), rpc.clone());
        move |query: RawQuery, request: Request| etherscan::api(app, rpc, query, request)
    };
    let rpc = move |request: Request| rpc(request);
    Router::new()
        .route("/rpc", any(rpc.clone()))
        .route("/rpc/", any(rpc))
        .route("/api", any(scan.clone()))
        .route("/api/", any(scan))
        .nest("/v1", v1::routes())
        .method_not_allowed_fallback(api::wrong_method)
        .fallback(pages::page)
        .layer(middleware::from_fn_with_state(app.clone(), guard))
        .with_state(app)
}

/// What every answer carries. Scripts, styles and connections are this server's own; wallets announce their pictures
/// as data.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src \
             'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// Refuses what is too long; puts [`HEADERS`] on everything but JSON-RPC, which other origins may ask.
async fn guard(State(_): State<App>, request: Request<Body>, next: Next) -> Response {
    let is_rpc = request.uri().path().trim_end_matches('/') == "/rpc";
    let long = request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > MOST_URI);
    let mut response = if long {
        let why = format!("the address is longer than {MOST_URI} bytes");
        ApiError::new(StatusCode::URI_TOO_LONG, "too_large", why).into_response()
    } else {
        next.run(request).await
    };
    if !is_rpc {
        response.headers_mut().extend(HEADERS);
    }
    response
}
