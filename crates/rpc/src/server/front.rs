//! What stands before JSON-RPC: a word for people who open the port in a browser, and requests whose id no answer
//! could carry.

use hyper::{StatusCode, header::HeaderValue};
use jsonrpsee::{
    core::http_helpers::{HttpError, read_body},
    server::{HttpBody, HttpRequest, HttpResponse},
    types::{ErrorCode, ErrorObjectOwned, Id, Response, ResponsePayload},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tower::{Layer, Service};

const HELLO: &str = "This is the JSON-RPC port of a Limpid node. POST requests as application/json here, or connect with \
                     WebSocket. Wallets take this address as their network's RPC URL.\n";

/// How long the body of a request may take.
const BODY: Duration = Duration::from_secs(30);

/// Marks requests that came over HTTP and not over WebSocket.
#[derive(Debug, Clone, Copy)]
pub(super) struct OverHttp;

/// Puts [`Front`] before a service.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrontLayer {
    request_size: u32,
}

impl FrontLayer {
    pub(super) const fn new(request_size: u32) -> Self {
        Self { request_size }
    }
}

impl<S> Layer<S> for FrontLayer {
    type Service = Front<S>;

    fn layer(&self, inner: S) -> Front<S> {
        Front { inner, request_size: self.request_size }
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Front<S> {
    inner: S,
    request_size: u32,
}

type Answer<E> = Pin<Box<dyn Future<Output = Result<HttpResponse, E>> + Send>>;

impl<S> Service<HttpRequest> for Front<S>
where
    S: Service<HttpRequest, Response = HttpResponse> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = HttpResponse;
    type Error = S::Error;
    type Future = Answer<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: HttpRequest) -> Self::Future {
        if jsonrpsee::server::ws::is_upgrade_request(&request) {
            return Box::pin(self.inner.call(request));
        }
        request.extensions_mut().insert(OverHttp);
        match request.method().as_str() {
            "GET" | "HEAD" => Box::pin(async { Ok(text(HELLO.into(), "text/plain; charset=utf-8")) }),
            "POST" => {
                let (mut inner, limit) = (self.inner.clone(), self.request_size);
                Box::pin(async move {
                    match checked(request, limit).await {
                        Ok(request) => inner.call(request).await,
                        Err(answer) => Ok(answer),
                    }
                })
            }
            _ => Box::pin(self.inner.call(request)),
        }
    }
}

/// The request with its body read, or the answer to a body that is JSON and no request.
async fn checked(request: HttpRequest, limit: u32) -> Result<HttpRequest, HttpResponse> {
    use jsonrpsee::server::http::response;
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(BODY, read_body(&parts.headers, body, limit)).await;
    let Ok(read) = read else { return Err(too_slow()) };
    let (body, single) = read.map_err(|error| match error {
        HttpError::TooLarge => response::too_large(limit),
        // The body of a request without a length is only found to be too large while it is read.
        HttpError::Stream(error) if error.to_string().contains("length limit exceeded") => response::too_large(limit),
        HttpError::Malformed => response::malformed(),
        HttpError::Stream(_) => response::internal_error(),
    })?;
    const JSON: &str = "application/json; charset=utf-8";
    if std::str::from_utf8(&body).is_err() {
        return Err(text(refusal(ErrorCode::ParseError, "Parse error: the request is not UTF-8"), JSON));
    }
    if single && odd_id(&body) {
        let why = "Invalid request: the id must be a string, a whole number or null";
        return Err(text(refusal(ErrorCode::InvalidRequest, why), JSON));
    }
    Ok(HttpRequest::from_parts(parts, HttpBody::from(body)))
}

/// The answer to a body that does not come.
fn too_slow() -> HttpResponse {
    let mut response = text(format!("The request's body took longer than {BODY:?}.\n"), "text/plain; charset=utf-8");
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    response.headers_mut().insert("connection", HeaderValue::from_static("close"));
    response
}

/// Whether this is a JSON object whose id is neither null nor a string nor a whole number: nothing could be answered
/// to, and the server behind would call it broken JSON.
fn odd_id(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
    }
    let Ok(Envelope { id: Some(id) }) = serde_json::from_slice(body) else { return false };
    serde_json::from_str::<Id<'_>>(id.get()).is_err()
}

/// The answer to what has no id that could be answered to.
fn refusal(code: ErrorCode, why: &str) -> String {
    let error = ErrorObjectOwned::owned(code.code(), why, None::<()>);
    serde_json::to_string(&Response::new(ResponsePayload::<()>::error(error), Id::Null)).unwrap_or_default()
}

fn text(body: String, kind: &'static str) -> HttpResponse {
    let mut response = HttpResponse::new(HttpBody::from(body));
    response.headers_mut().insert("content-type", kind.parse().unwrap_or_else(|_| unreachable!("a constant")));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for good in ["{\"id\":1}", "{\"id\":\"a\"}", "{\"id\":null}", "{}", "{", "[]", "{\"id\":1,\"method\":\"x\"}"] {
            assert!(!odd_id(good.as_bytes()), "{good}");
        }
        for odd in ["{\"id\":1.5}", "{\"id\":{}}", "{\"id\":[1]}", "{\"id\":true}", "{\"id\":-1}"] {
            assert!(odd_id(odd.as_bytes()), "{odd}");
        }
    }
}
