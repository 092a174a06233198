//! Taking connections: no more than there are places, and none for ever without a request.

use axum::{Router, body::Body, extract::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tower::Service as _;

/// How long the next request's head may take, from the answer before it on.
const PATIENCE: Duration = Duration::from_secs(60);
/// Largest head of a request.
const MOST_HEAD: usize = 32 << 10;
/// How long the system gets to free something when it has no more to give.
const BREATH: Duration = Duration::from_millis(50);
/// What those hear for whom there is no place.
const FULL: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: text/plain\r\ncontent-length: 45\r\nconnection: \
                      close\r\n\r\nToo many connections: close some and try again";

/// Serves everybody who connects until `stop` says so. What `stop` is sent from may wait until all receivers are gone:
/// then every connection has ended.
pub(super) async fn serve(listener: TcpListener, router: Router, places: usize, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(places));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                // Out of descriptors, most often: those who leave free some.
                tracing::warn!(%error, "cannot take a connection");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        match places.clone().try_acquire_owned() {
            Ok(place) => drop(tokio::spawn(connection(socket, router.clone(), place, stop.clone()))),
            Err(_) => drop(tokio::spawn(refuse(socket))),
        }
    }
    // The port first: who waits for the last receiver to go may want it again.
    drop(listener);
    drop(stop);
}

/// Waits until the server stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that it is gone, which is the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn refuse(mut socket: TcpStream) {
    // Whoever does not listen hears nothing.
    let _ = tokio::time::timeout(Duration::from_secs(1), socket.write_all(FULL)).await;
}

async fn connection(socket: TcpStream, router: Router, place: OwnedSemaphorePermit, mut stop: watch::Receiver<bool>) {
    let _ = socket.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(MOST_HEAD);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        async move { router.call(request.map(Body::new)).await }
    });
    let served = builder.serve_connection_with_upgrades(TokioIo::new(socket), service);
    tokio::pin!(served);
    let ended = tokio::select! {
        ended = &mut served => ended,
        () = stopped(&mut stop) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(place);
}
