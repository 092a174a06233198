//! What needs no node, and what is said when there is none.
use crate::{Home, read};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

#[test]
fn without_a_node_the_message_says_how_to_start_one() {
    let home = Home::new();
    for args in
        [&["status"][..], &["balance", "dev:0"], &["history", "dev:0"], &["block"], &["market"], &["pool", "list"]]
    {
        assert!(home.fails(args).contains("limpid node --dev"), "{args:?}");
    }
    let told = home.fails(&["status", "--json"]);
    let error: Value = serde_json::from_str(&told).unwrap();
    assert!(error["error"].as_str().unwrap().contains("no node answers"), "{told}");
}

#[test]
fn wallets_are_made_imported_and_listed() {
    let home = Home::new();
    let made = home.json(&["wallet", "new", "main"]);
    assert_eq!(made["name"], "main");
    let imported = home.run(
        &["wallet", "import", "dev", "--index", "1", "--json"],
        "test test test test test test test test test test test junk\n",
    );
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let list = home.json(&["wallet", "list"]);
    let names: Vec<_> =
        list["wallets"].as_array().unwrap().iter().map(|wallet| wallet["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dev", "main"]);
    assert_eq!(list["wallets"][0]["address"], "0x70997970c51812dc3a010c7d01b50e0d17dc79c8");
    assert!(home.path(".limpid/wallets/main.json").is_file());
    assert!(home.fails(&["wallet", "new", "main"]).contains("exists already"));
    assert!(home.fails(&["wallet", "new", "../main"]).contains("cannot be a wallet's name"));
}

#[test]
fn a_weak_passphrase_makes_nothing() {
    let home = Home::new();
    fs::write(home.path("passphrase"), "short\n").unwrap();
    assert!(home.fails(&["wallet", "new", "main"]).contains("at least 8"));
    assert_eq!(home.json(&["wallet", "list"])["wallets"], json!([]));
}

#[test]
fn interfaces_are_exported() {
    let home = Home::new();
    let dir = home.path("abi");
    let value = home.json(&["abi", "export", dir.to_str().unwrap()]);
    for file in value["files"].as_array().unwrap() {
        assert!(dir.join(file.as_str().unwrap()).is_file(), "{file}");
    }
    for name in ["IUniswapV2Router02.json", "IUniswapV2Router02.sol", "IToken.json", "contracts.json"] {
        assert!(dir.join(name).is_file(), "{name}");
    }
}

#[test]
fn completions_know_the_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.ok(&["completions", shell]);
        for command in ["wallet", "swap", "market"] {
            assert!(script.contains(command), "{shell} {command}");
        }
    }
}

#[test]
fn a_wrong_price_file_is_refused_before_any_node_is_asked() {
    let home = Home::new();
    let file = home.path("prices.csv");
    fs::write(&file, "ts_ms,open,close,high,low,volume_base\n1559347200000,1,1,1,1,1\n").unwrap();
    let told = home.fails(&["market", "--prices", file.to_str().unwrap()]);
    assert!(told.contains("ts_ms,open,high,low,close,volume_base") && told.contains("Unix Timestamp"), "{told}");
    fs::write(&file, "\n").unwrap();
    let told = home.fails(&["market", "--prices", file.to_str().unwrap()]);
    assert!(told.contains("is an empty file") && told.contains("Unix Timestamp"), "{told}");
    for rows in ["0", "-1", "x"] {
        let told = home.fails(&["market", "--rows", rows]);
        assert!(told.contains("at least one row") || told.contains("above zero"), "{told}");
    }
    assert!(home.fails(&["market", "--start", "yesterday"]).contains("is no time"));
    assert!(home.fails(&["market", "--start", "2030-01-01"]).contains("no prices from"));
}

/// A node of Ethereum's main network: chain id 1, and none of our methods.
fn foreign_node() -> String {
    serve(|request: &Value| {
        let mut reply = json!({ "jsonrpc": "2.0", "id": request["id"] });
        match request["method"].as_str() {
            Some("eth_chainId") => reply["result"] = "0x1".into(),
            Some("eth_call") => reply["result"] = "0x".into(),
            _ => reply["error"] = json!({ "code": -32601, "message": "Method not found" }),
        }
        reply
    })
}

/// A server that answers every request of JSON-RPC with what `reply` gives; ends with the test.
pub(crate) fn serve(reply: impl FnMut(&Value) -> Value + Send + 'static) -> String {
    let reply = Arc::new(Mutex::new(reply));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let reply = reply.clone();
            std::thread::spawn(move || answer(stream, &mut |request| (reply.lock().unwrap())(request)));
        }
    });
    format!("http://{address}")
}

/// Answers the requests of one connection until it ends.
fn answer(stream: TcpStream, reply: &mut dyn FnMut(&Value) -> Value) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let text = reply(&serde_json::from_slice(&body)?).to_string();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        )?;
    }
}

/// Keys that everybody has must not sign where coin is worth something.
#[test]
fn public_keys_work_on_development_chains_only() {
    let mut home = Home::new();
    home.rpc = foreign_node();
    let to = "0x00000000000000000000000000000000000000ff";
    let told = home.fails(&["market"]);
    assert!(told.contains("chain 1 is no development chain"), "{told}");
    let told = home.fails(&["pool", "list"]);
    assert!(told.contains("no such contract on this chain"), "{told}");
    let told = home.fails(&["send", "1", "ETH", to, "--from", "dev:0", "--yes"]);
    assert!(told.contains("dev accounts work on development chains only"), "{told}");
}

/// What a folder holds is told in words, and nothing in it changes.
#[test]
fn a_folder_holds_one_chain() {
    let mut node = crate::Node::start();
    let (home, dir) = (&node.home, node.home.path("chain"));
    let dir = dir.to_str().unwrap();
    let genesis = read(&home.path("chain/genesis.json"));
    let value: Value = serde_json::from_str(&genesis).unwrap();
    assert_eq!(value["config"]["chainId"], 31_337);
    let start = |more: &[&str]| home.fails(&[&["node", "--http-port", "0", "--datadir", dir], more].concat());
    for (flags, expected) in [
        (&[][..], "start it with --dev"),
        (&["--dev", "--chain-id", "5"], "holds chain 31337, not chain 5"),
        (&["--dev"], "another process"),
    ] {
        let told = start(flags);
        assert!(told.contains(expected) && !told.contains("0x"), "{flags:?}: {told}");
    }
    let other = home.path("other.json");
    fs::write(&other, genesis.replace("\"elasticity\": 4", "\"elasticity\": 2")).unwrap();
    let told = start(&["--dev", "--genesis", other.to_str().unwrap()]);
    assert!(told.contains("began with another genesis than"), "{told}");
    fs::copy(&other, home.path("chain/genesis.json")).unwrap();
    node.stop();
    let told = node.home.fails(&["node", "--dev", "--http-port", "0", "--datadir", dir]);
    assert!(told.contains("was changed since") && !told.contains("rules 0x"), "{told}");
}
