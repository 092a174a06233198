//! Taking connections: no more than there are places, and none for ever without a request.

use crate::params::Client;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use jsonrpsee::server::{HttpBody, HttpRequest, HttpResponse, StopHandle};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::{BoxError, Service};

/// How long the next request's head may take, from the answer before it on.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the system gets to free something when it has no more to give.
const BREATH: Duration = Duration::from_millis(50);
/// What those hear for whom there is no place.
const FULL: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: text/plain\r\ncontent-length: 45\r\nconnection: \
                      close\r\n\r\nToo many connections: close some and try again";

/// What answers the requests of a connection.
pub(super) trait Answers:
    Service<Request, Response = Response, Error = BoxError, Future: Send> + Clone + Send + 'static
{
}

impl<S> Answers for S where
    S: Service<Request, Response = Response, Error = BoxError, Future: Send> + Clone + Send + 'static
{
}

type Request = HttpRequest<hyper::body::Incoming>;
type Response = HttpResponse<HttpBody>;

/// Serves everybody who connects until it is stopped.
pub(super) async fn serve<S: Answers>(listener: TcpListener, service: S, places: usize, stop: StopHandle) {
    let places = Arc::new(Semaphore::new(places));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.clone().shutdown() => break,
        };
        let accepted = match accepted {
            Ok((socket, from)) => (socket, from.ip()),
            Err(error) => {
                // Out of descriptors, most often: those who leave free some.
                tracing::warn!(%error, "cannot take a connection");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        match places.clone().try_acquire_owned() {
            Ok(place) => drop(tokio::spawn(connection(accepted, service.clone(), place, stop.clone()))),
            Err(_) => drop(tokio::spawn(refuse(accepted.0))),
        }
    }
    // The port first: who waits for the last handle to go may want it again.
    drop(listener);
    drop(stop);
}

async fn refuse(mut socket: TcpStream) {
    // Whoever does not listen hears nothing.
    let _ = tokio::time::timeout(Duration::from_secs(1), socket.write_all(FULL)).await;
}

async fn connection<S: Answers>(
    (socket, from): (TcpStream, IpAddr),
    service: S,
    place: OwnedSemaphorePermit,
    stop: StopHandle,
) {
    let _ = socket.set_nodelay(true);
    // Who asks is known to the methods.
    let service = tower::ServiceBuilder::new()
        .map_request(move |mut request: Request| {
            request.extensions_mut().insert(Client(Some(from)));
            request
        })
        .service(service);
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    let served = builder.serve_connection_with_upgrades(TokioIo::new(socket), TowerToHyperService::new(service));
    let stopped = stop.shutdown();
    tokio::pin!(served, stopped);
    let ended = tokio::select! {
        ended = &mut served => ended,
        () = &mut stopped => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(place);
}
