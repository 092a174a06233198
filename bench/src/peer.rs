//! Nodes as processes: started on a free port, measured from outside, stopped.

use crate::http::Connection;
use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A running node.
#[derive(Debug)]
pub struct Peer {
    /// Where its JSON-RPC listens.
    pub port: u16,
    child: Child,
}

impl Peer {
    /// Starts a program and waits until it answers; `arguments` are made for the port it is to use.
    ///
    /// # Panics
    /// When it does not start or does not answer within half a minute.
    pub fn start(program: &PathBuf, arguments: impl FnOnce(u16) -> Vec<String>) -> Self {
        let port = free_port();
        let child = Command::new(program)
            .args(arguments(port))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let peer = Self { port, child };
        for _ in 0..600 {
            if Connection::open(port).is_ok() {
                return peer;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{} does not answer on port {port}", program.display());
    }

    /// A new connection.
    ///
    /// # Panics
    /// When it does not listen any more.
    pub fn connect(&self) -> Connection {
        Connection::open(self.port).expect("the node listens")
    }

    /// CPU time of all its threads so far: user and system, in ticks of a hundredth of a second.
    ///
    /// # Panics
    /// Where the system has no `/proc`.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("Linux");
        let after_name = stat.rsplit_once(") ").expect("a name in brackets").1;
        let ticks: u64 = after_name.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().expect("ticks")).sum();
        Duration::from_millis(ticks * 10)
    }

    /// The most memory it held, in megabytes.
    ///
    /// # Panics
    /// Where the system has no `/proc`.
    pub fn peak_megabytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("kilobytes") / 1024
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a free port").port()
}
