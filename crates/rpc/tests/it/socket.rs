//! A WebSocket client in a page: text frames only, masked with zeros.

use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A connection that speaks frames from now on.
pub(crate) fn upgraded(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let hello = "GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
                 sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";
    stream.write_all(hello.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}

pub(crate) struct Socket {
    stream: TcpStream,
    id: u64,
    /// Notifications that came while an answer was awaited.
    notes: VecDeque<Value>,
}

impl Socket {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self { stream: upgraded(address), id: 0, notes: VecDeque::new() }
    }

    pub(crate) fn write(&mut self, text: &str) {
        let length = text.len();
        let mut frame = vec![0x81];
        match length {
            0..126 => frame.push(0x80 | length as u8),
            126..0x1_0000 => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).unwrap();
    }

    /// The next message; `None` when the server hung up.
    pub(crate) fn read(&mut self) -> Option<Value> {
        loop {
            let mut head = [0; 2];
            self.stream.read_exact(&mut head).ok()?;
            let length = match head[1] {
                126 => u64::from(u16::from_be_bytes(self.exactly()?)),
                127 => u64::from_be_bytes(self.exactly()?),
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).ok()?;
            match head[0] & 0x0f {
                1 => return Some(serde_json::from_slice(&payload).unwrap()),
                8 => return None,
                _ => {}
            }
        }
    }

    fn exactly<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// The whole answer to a request.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string());
        loop {
            let message = self.read().expect("an answer");
            if message["id"] == id {
                return message;
            }
            self.notes.push_back(message);
        }
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.call(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    /// The next thing pushed for a subscription.
    pub(crate) fn pushed(&mut self, subscription: &Value) -> Value {
        let wanted = |note: &Value| note["params"]["subscription"] == *subscription;
        let note = match self.notes.iter().position(wanted) {
            Some(place) => self.notes.remove(place).unwrap(),
            None => loop {
                let note = self.read().expect("a notification");
                if wanted(&note) {
                    break note;
                }
                self.notes.push_back(note);
            },
        };
        assert_eq!(note["method"], "eth_subscription");
        note["params"]["result"].clone()
    }

    /// Whether anything was pushed for a subscription before the last answer.
    pub(crate) fn anything(&self, subscription: &Value) -> bool {
        self.notes.iter().any(|note| note["params"]["subscription"] == *subscription)
    }
}
