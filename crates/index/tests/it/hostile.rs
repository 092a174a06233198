//! Input that means harm: clear refusals, nothing leaks, nothing runs, and the server goes on.

use crate::world::World;

/// What no answer may show.
const LEAKS: [&str; 6] = ["panicked", "src/", "Rust", "RLP", "alloy", "::"];

fn paths() -> Vec<String> {
    let texts = [
        "%00",
        "%ff%fe",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "'%20OR%201=1--",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
        "0x",
        "0x0",
        "0xzz",
        "-1",
        "1e3",
        "99999999999999999999999999999999999999",
        "18446744073709551616",
        "18446744073709551615",
        "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6",
        "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6F",
        "%F0%9F%92%A3",
        "%E2%80%AE",
        "a%0d%0aset-cookie:%20x=1",
        "%7b%7b7*7%7d%7d",
        "$%7bjndi:ldap://x%7d",
        "%25s%25n",
        "null",
        "NaN",
    ];
    let mut paths = Vec::new();
    for text in texts {
        for place in [
            "/v1/blocks/",
            "/v1/transactions/",
            "/v1/addresses/",
            "/v1/pools/",
            "/v1/search?q=",
            "/v1/blocks?cursor=",
            "/v1/blocks?limit=",
        ] {
            paths.push(format!("{place}{text}"));
        }
        paths.push(format!("/v1/addresses/0x00000000000000000000000000000000000000aa/history?kind={text}"));
        paths.push(format!("/{text}"));
    }
    paths.extend(
        [
            "/v1/blocks?limit=1&limit=2",
            "/v1/blocks?x=1",
            "/v1/search?q=a&q=b",
            "/v1//blocks",
            "/v1/",
            "//",
            "/v1/blocks/%",
        ]
        .map(str::to_owned),
    );
    paths
}

#[test]
fn odd_paths() {
    let world = World::new();
    let paths = paths();
    assert!(paths.len() >= 200, "{}", paths.len());
    for path in paths {
        let answer = world.http("GET", &path, "");
        let fine = matches!(answer.status, 200 | 400 | 404 | 414);
        assert!(fine, "{path}: {} {}", answer.status, answer.body);
        assert!(!answer.head.contains("set-cookie"), "{path}: {}", answer.head);
        if answer.status != 200 {
            // hyper itself answers what is no path with nothing at all.
            if !answer.body.is_empty() {
                let error = answer.json()["error"].clone();
                let message = error["message"].as_str().unwrap();
                assert!(message.len() > 10 && message.len() < 300, "{path}: {message}");
                for leak in LEAKS {
                    assert!(!message.contains(leak), "{path}: {message}");
                }
            }
        }
        if answer.head.contains("text/html") {
            assert!(!answer.body.contains("alert(1)"), "{path} is repeated on a page");
        }
    }
    assert_eq!(world.http("GET", "/v1/status", "").status, 200, "it goes on");
}

#[test]
fn odd_requests() {
    let world = World::new();
    let requests: &[&[u8]] = &[
        b"",
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://other.example/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nconnection: close\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\nconnection: close\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /v1/blocks/\xff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ];
    for request in requests {
        let mut stream = std::net::TcpStream::connect(world.address).unwrap();
        use std::io::{Read as _, Write as _};
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        stream.write_all(request).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.contains("panicked"), "{answer}");
    }
    assert_eq!(world.http("GET", "/v1/status", "").status, 200, "it goes on");
}
