//! Pages, headers, `/rpc`, and how the server stops.

use crate::world::World;

#[test]
fn pages_are_named_and_guarded() {
    let mut world = World::new();
    let first = world.http("GET", "/", "");
    assert_eq!(first.status, 200);
    assert!(first.head.contains("content-type: text/html"), "{}", first.head);
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self'",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
    ] {
        assert!(first.head.contains(header), "{header} is missing: {}", first.head);
    }
    assert!(!first.head.contains("access-control-allow-origin"), "no other origin reads this");
    // Passkeys refuse numbers.
    let numbered = world.bytes(b"GET /pool?x=1 HTTP/1.1\r\nhost: 127.0.0.1:99\r\nconnection: close\r\n\r\n");
    assert_eq!(numbered.status, 307);
    assert!(numbered.head.contains("location: http://localhost:99/pool?x=1"), "{}", numbered.head);
    // An API is asked by any name.
    let api = world.bytes(b"GET /v1/status HTTP/1.1\r\nhost: 127.0.0.1:99\r\nconnection: close\r\n\r\n");
    assert_eq!(api.status, 200);
    assert_eq!(world.http("GET", "/assets/no-such-file.js", "").status, 404);
    assert_eq!(world.http("POST", "/", "content-length: 0\r\n").status, 405);
    assert_eq!(world.http("DELETE", "/v1/status", "").status, 405);
    assert_eq!(world.http("HEAD", "/v1/status", "").status, 200);
    assert_eq!(world.http("POST", "/rpc", "content-length: 0\r\n").body, "rpc heard POST");
    world.stop_server();
    assert!(std::net::TcpStream::connect(world.address).is_err(), "the port is free");
}

#[test]
fn what_is_too_long_is_refused() {
    let world = World::new();
    let long = world.http("GET", &format!("/v1/search?q={}", "a".repeat(5_000)), "");
    assert_eq!((long.status, long.json()["error"]["code"].as_str()), (414, Some("too_large")));
    let head = world.http("GET", "/", &format!("x: {}\r\n", "a".repeat(100_000)));
    assert_eq!(head.status, 431);
    assert!(head.body.len() < 100);
}
