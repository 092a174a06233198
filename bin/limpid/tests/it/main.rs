//! The program as a person runs it: the built binary, its output and what it leaves on disk.
mod app;
mod db;
mod execution_apis;
mod flows;
mod gateway;
mod market;
mod offline;
mod operate;
mod secrecy;

use serde_json::Value;
use std::{
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A home of its own for every test: wallets, data, passphrase.
pub(crate) struct Home {
    pub(crate) dir: TempDir,
    /// Node to talk to; a closed port until one is started.
    pub(crate) rpc: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("passphrase"), "correct horse battery\n").unwrap();
        Self { dir, rpc: "http://127.0.0.1:1".to_owned() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs the program without a terminal, feeding it `input`.
    pub(crate) fn run(&self, args: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_limpid"))
            .args(args)
            .env_clear()
            .env("HOME", self.dir.path())
            .env("LIMPID_RPC", &self.rpc)
            .env("LIMPID_PASSPHRASE_FILE", self.path("passphrase"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Must succeed; gives standard output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args, "");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Must succeed; gives the one JSON value it prints.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let text = self.ok(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
    }

    /// Must fail, with an empty standard output; gives the message.
    pub(crate) fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args, "");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{args:?} succeeded: {told}");
        assert!(!told.contains("panicked"), "{told}");
        told
    }
}

/// A running node; killed when dropped.
pub(crate) struct Node {
    pub(crate) home: Home,
    pub(crate) app_port: u16,
    child: Child,
}

/// Leaves the home behind.
impl Node {
    pub(crate) fn into_home(mut self) -> Home {
        self.stop();
        std::mem::replace(&mut self.home, Home::new())
    }
}

impl Node {
    /// A development node with a new chain.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more flags.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        Self::start_in(Home::new(), &[&["--dev"], more].concat())
    }

    /// A node on the folder `chain` of a home.
    pub(crate) fn start_in(mut home: Home, args: &[&str]) -> Self {
        let app_port = free_port();
        let ports = [free_port(), app_port].map(|port| port.to_string());
        home.rpc = format!("http://127.0.0.1:{}", ports[0]);
        let log = std::fs::File::create(home.path("node.log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_limpid"))
            .args(["node", "--http-port", &ports[0], "--app-port", &ports[1], "--datadir"])
            .arg(home.path("chain"))
            .args(args)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut node = Self { home, app_port, child };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !node.home.run(&["status"], "").status.success() {
            let ended = node.child.try_wait().unwrap().is_some();
            assert!(!ended && Instant::now() < deadline, "{}", node.log());
            std::thread::sleep(Duration::from_millis(100));
        }
        node
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        read(&self.home.path("node.log"))
    }

    /// Asks it to end, as a service manager does, and waits; gives its exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Node {
    /// Creates a token of dev:0 past the command line, which would refuse some symbols.
    pub(crate) fn create_token(&self, name: &str, symbol: &str) {
        let call = limpid_abi::ITokenFactory::createTokenCall {
            name: name.to_owned(),
            symbol: symbol.to_owned(),
            decimals: 18,
            supply: alloy_primitives::U256::from(5),
        };
        let factory = limpid_abi::addresses::Addresses::default().token_factory;
        let client = limpid_client::Client::new(&self.home.rpc).unwrap();
        let signer = limpid_wallet::dev_signer(0).unwrap();
        let coin = limpid_client::Unit::new("LIM", 18);
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let call = limpid_client::Call::function(factory, &call);
            let prepared = client.prepare(signer.address(), call, &coin).await.unwrap();
            client.execute(&prepared, &signer, Duration::from_secs(30)).await.unwrap();
        });
    }
}

impl Node {
    /// Kills it; its folder stays as long as `home`.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
