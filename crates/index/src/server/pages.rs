//! The web app's files, put into the program when it was built.

use crate::api::error::ApiError;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};

/// A file of the built app with its compressed copies.
struct File {
    name: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// Sorted by name.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/web.rs"));

/// What is shown where there is no app.
const NO_APP: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><title>Limpid</title>
<h1>Limpid</h1>
<p>This program was built without its web app. <code>make build</code> builds it with the app inside; that needs Node 20 or
newer.</p>
<p>What is here: <a href=\"/v1/status\">/v1/status</a> and the rest of the explorer's API (<a href=\"/v1/openapi.json\">
described here</a>), and JSON-RPC at /rpc.</p>
</html>
";

/// A file, or the app's first page for every path that the app itself resolves.
pub(super) async fn page(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return ApiError::method().into_response();
    }
    if let Some(to) = named_host(request.headers(), request.uri()) {
        return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if let Some(file) = find(path) {
        return serve(file, request.headers());
    }
    // Something with an ending is a file, and it is not here.
    if path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return ApiError::not_found("there is no such file").into_response();
    }
    match find("index.html") {
        Some(first) => serve(first, request.headers()),
        None => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NO_APP).into_response(),
    }
}

fn find(name: &str) -> Option<&'static File> {
    let at = FILES.binary_search_by(|file| file.name.cmp(name)).ok()?;
    FILES.get(at)
}

/// Where a page that was asked for by number should be asked for by name: passkeys are bound to names.
fn named_host(headers: &HeaderMap, uri: &Uri) -> Option<HeaderValue> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let port = host.strip_prefix("127.0.0.1").or_else(|| host.strip_prefix("[::1]"))?;
    let number = port.strip_prefix(':').unwrap_or_default();
    if !(port.is_empty() || (port.starts_with(':') && number.parse::<u16>().is_ok())) {
        return None;
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    HeaderValue::from_str(&format!("http://localhost{port}{path}")).ok()
}

fn serve(file: &File, headers: &HeaderMap) -> Response {
    let takes = |coding: &str| accepts(headers, coding);
    let (body, coding) = match (file.brotli, file.gzip) {
        (Some(body), _) if takes("br") => (body, Some("br")),
        (_, Some(body)) if takes("gzip") => (body, Some("gzip")),
        _ => (file.plain, None),
    };
    // The builder puts a hash into the name of everything below assets/.
    let keep = if file.name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = ([(header::CONTENT_TYPE, kind(file.name)), (header::CACHE_CONTROL, keep)], body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

/// Whether a client takes a coding; one with weight 0 it does not.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let listed = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    listed.flat_map(|value| value.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        named && !parts.any(|part| matches!(part.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_names_and_nothing_else_does() {
        let to = |host: &str, path: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            let to = named_host(&headers, &path.parse().unwrap());
            to.map(|to| to.to_str().unwrap().to_owned())
        };
        assert_eq!(to("127.0.0.1:8080", "/a?b=1").as_deref(), Some("http://localhost:8080/a?b=1"));
        assert_eq!(to("[::1]:1", "/").as_deref(), Some("http://localhost:1/"));
        assert_eq!(to("127.0.0.1", "/").as_deref(), Some("http://localhost/"));
        for other in ["localhost:8080", "example.com", "127.0.0.1.example.com", "127.0.0.1:x", "127.0.0.1@evil.example"]
        {
            assert_eq!(to(other, "/"), None, "{other}");
        }
        // Two slashes would name another host.
        assert_eq!(to("127.0.0.1:1", "//evil.example/").as_deref(), Some("http://localhost:1//evil.example/"));
    }

    #[test]
    fn codings() {
        let accepts = |value: &str, coding: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            accepts(&headers, coding)
        };
        assert!(accepts("gzip, deflate, br", "br") && accepts("BR;q=0.5", "br"));
        assert!(!accepts("gzip, br;q=0", "br") && !accepts("brotli", "br"));
    }
}
