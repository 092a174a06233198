//! A chain that is not for development: made, configured, watched, stopped, started again, and followed.
use crate::{Home, Node, free_port, read};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

/// dev:0's address: a wallet would cost time, and its key signs on any chain.
const RICH: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const POOR: &str = "0x00000000000000000000000000000000000000ff";

/// A home whose folder `chain` holds a new chain; `rich` is a wallet with all its coin.
fn chain() -> (Home, Value) {
    let home = Home::new();
    let key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    assert!(home.run(&["wallet", "import", "rich"], key).status.success());
    let dir = home.path("chain");
    let made = home.json(&["init", "--datadir", dir.to_str().unwrap(), "--fund", "rich=1000", "--chain-id", "777"]);
    (home, made)
}

fn request(url: &str, method: &str, params: &Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let text = http(
        url,
        &format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let value: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {text}"));
    value["result"].clone()
}

fn http(url: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_chain_is_made_started_stopped_and_started_again_by_its_folder_alone() {
    let (home, made) = chain();
    assert_eq!(made["chainId"], 777);
    assert_eq!(made["funded"][0]["balance"]["amount"], "1000");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(home.path("chain/operator.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let dir = home.path("chain");
    assert!(home.fails(&["init", "--datadir", dir.to_str().unwrap(), "--fund", "rich=1"]).contains("a chain already"));

    let mut node = Node::start_in(home, &["--log-format", "json", "--log", "info"]);
    let sent = node.home.json(&["send", "1", "LIM", POOR, "--from", "rich", "--yes"]);
    let block = sent["block"].as_u64().unwrap();
    let signature = request(&node.home.rpc, "limpid_blockSignature", &json!([format!("{block:#x}")]));
    assert_eq!(signature["signer"], made["operator"]);
    assert!(
        node.home.fails(&["send", "1", "LIM", POOR, "--from", "dev:1", "--yes"]).contains("development chains only")
    );
    assert_eq!(node.terminate(), Some(0), "{}", node.log());
    // Every line of the log is an object; the banner is on standard output, in the same file here.
    let log = node.log();
    let lines: Vec<Value> =
        log.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["message"] == "stopped" && line["level"] == "INFO"), "{log}");

    let node = Node::start_in(node.into_home(), &[]);
    assert!(node.home.json(&["block"])["number"].as_u64().unwrap() >= block);
    assert_eq!(node.home.json(&["balance", POOR])["balances"][0]["amount"], "1");
}

#[test]
fn an_operators_key_is_its_own_and_private() {
    let (home, _) = chain();
    let dir = home.path("chain");
    let start =
        |more: &[&str]| home.fails(&[&["node", "--http-port", "0", "--datadir", dir.to_str().unwrap()], more].concat());
    let other = home.path("other.key");
    fs::write(&other, "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&other, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(start(&["--operator-key", other.to_str().unwrap()]).contains("chmod 600"));
        fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert!(start(&["--operator-key", other.to_str().unwrap()]).contains("but the operator of this chain is"));
    fs::remove_file(dir.join("operator.key")).unwrap();
    let told = start(&[]);
    assert!(told.contains("signed by its operator") && told.contains("--operator-key"), "{told}");
    let init = |more: &[&str]| home.fails(&[&["init", "--datadir", home.path("new").to_str().unwrap()], more].concat());
    assert!(init(&[]).contains("--fund"));
    assert!(init(&["--fund", "rich=1", "--chain-id", "1"]).contains("another network"));
    assert!(init(&["--fund", "dev:1=1"]).contains("everybody has the keys"));
    assert!(init(&["--fund", "rich=1", "--fund", RICH]).contains("ACCOUNT=AMOUNT"));
    assert!(init(&["--fund", "rich=1", "--fund", &format!("{RICH}=2")]).contains("twice"));
    assert!(!home.path("new").exists());
}

#[test]
fn a_flag_goes_before_the_environment_that_before_the_file_that_before_the_default() {
    let home = Home::new();
    let file = home.path("limpid.toml");
    let path = file.to_str().unwrap();
    let node = |more: &'static [&str]| [&["node", "--config", path, "--print-config"], more].concat();
    fs::write(&file, "http-port = 1_111\nlog = \"info\"\ndev = true\n").unwrap();
    let value = home.json(&node(&["--log", "debug"]));
    let setting = |key: &str| (value[key]["value"].clone(), value[key]["source"].clone());
    assert_eq!(setting("http-port"), (json!("1111"), json!("file")));
    assert_eq!(setting("log"), (json!("debug"), json!("flag")));
    assert_eq!(setting("dev"), (json!("true"), json!("file")));
    assert_eq!(setting("app-port"), (json!("8080"), json!("default")));
    // What is shown is itself a file that says the same.
    let shown = home.ok(&node(&[]));
    fs::write(&file, &shown).unwrap();
    let again = home.json(&node(&[]));
    assert_eq!(again["http-port"]["value"], "1111", "{shown}");
    assert_eq!(again["host"]["source"], "file", "{shown}");
    for (text, expected) in [
        ("# a comment\n\nhttp-prot = 1\n", "line 3: `http-prot` is no flag"),
        ("http-port = 99999\n", "line 1: invalid value '99999'"),
        ("log = \"info\"\nhttp-port = [1]\n", "line 2: `http-port` takes text"),
        ("dev = 3\n", "line 1: `dev` is true or false"),
        ("log = \"info\n", "line 1"),
        ("rpc = \"http://x\"\n", "`rpc` is no flag"),
    ] {
        fs::write(&file, text).unwrap();
        let told = home.fails(&node(&[]));
        assert!(told.contains(expected) && told.contains("limpid.toml"), "{text}: {told}");
    }
}

#[test]
fn metrics_tell_what_happened() {
    let port = free_port();
    let node = Node::start_in(Home::new(), &["--dev", "--metrics-port", &port.to_string()]);
    node.home.json(&["send", "1", "LIM", POOR, "--from", "dev:0", "--yes"]);
    let at = format!("127.0.0.1:{port}");
    let get = |path: &str| http(&at, &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
    let text = get("/metrics");
    let value = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    for (name, expected) in [
        ("limpid_blocks_total", 1.0),
        ("limpid_transactions_total", 1.0),
        ("limpid_gas_used_total", 21_000.0),
        ("limpid_head_height ", 1.0),
        ("limpid_pool_pending ", 0.0),
        ("limpid_halted ", 0.0),
    ] {
        assert_eq!(value(name), expected, "{name}");
    }
    assert_eq!(value("limpid_rpc_requests_total{method=\"eth_sendRawTransaction\",ok=\"true\"}"), 1.0);
    assert!(value("limpid_rpc_seconds_count{method=\"limpid_status\"}") >= 1.0);
    assert!(value("process_cpu_seconds_total") > 0.0 && value("limpid_database_bytes") > 0.0);
    assert!(text.ends_with("# EOF\n"));
    assert!(get("/other").starts_with("HTTP/1.1 404"));
}

/// Two nodes: what one makes the other executes; what the other is sent the one puts into a block.
#[test]
fn a_follower_has_the_same_chain() {
    let (home, made) = chain();
    let leader = Node::start_in(home, &[]);
    let mut follower = Node::start_in(Home::new(), &["--follow", &leader.home.rpc]);
    let sent = leader.home.json(&["send", "1", "LIM", POOR, "--from", "rich", "--yes"]);
    let height = sent["block"].as_u64().unwrap();
    let there =
        |node: &Node, height: u64| node.home.json(&["status"])["status"]["head"]["number"].as_u64().unwrap() >= height;
    eventually("the follower gets the block", || there(&follower, height));
    let number = height.to_string();
    assert_eq!(leader.home.json(&["block", &number]), follower.home.json(&["block", &number]));
    let signature = request(&follower.home.rpc, "limpid_blockSignature", &json!([format!("{height:#x}")]));
    assert_eq!(signature["signer"], made["operator"]);
    // Sent to the follower, put into a block by the leader, seen by both.
    fs::create_dir_all(follower.home.path(".limpid/wallets")).unwrap();
    fs::copy(leader.home.path(".limpid/wallets/rich.json"), follower.home.path(".limpid/wallets/rich.json")).unwrap();
    follower.home.json(&["send", "2", "LIM", POOR, "--from", "rich", "--yes"]);
    assert_eq!(leader.home.json(&["balance", POOR])["balances"][0]["amount"], "3");
    assert_eq!(follower.home.json(&["balance", POOR])["balances"][0]["amount"], "3");
    assert_eq!(follower.terminate(), Some(0));

    // A follower of another chain, and one of a development chain.
    let dev = Node::start();
    let dir = follower.home.path("chain");
    let told = follower.home.fails(&[
        "node",
        "--http-port",
        "0",
        "--datadir",
        dir.to_str().unwrap(),
        "--follow",
        &dev.home.rpc,
    ]);
    assert!(told.contains("another genesis"), "{told}");
    let told = dev.home.fails(&[
        "node",
        "--http-port",
        "0",
        "--datadir",
        dev.home.path("new").to_str().unwrap(),
        "--follow",
        &dev.home.rpc,
    ]);
    assert!(told.contains("cannot be followed"), "{told}");
}

/// What a source must not get away with: a state root that execution does not give, a signature of somebody else.
#[test]
fn a_follower_refuses_with_evidence() {
    let (home, _) = chain();
    let leader = Node::start_in(home, &[]);
    let sent = leader.home.json(&["send", "1", "LIM", POOR, "--from", "rich", "--yes"]);
    let height = sent["block"].as_u64().unwrap();
    for (what, expected) in [("root", "is signed by"), ("signature", "is signed by nobody"), ("body", "it is no block")]
    {
        let forger = Forger::start(&leader.home.rpc, height, what);
        let follower = Node::start_in(Home::new(), &["--follow", &forger]);
        let halted = || follower.home.json(&["status"])["status"]["halted"].as_str().map(str::to_owned);
        eventually("the follower refuses", || halted().is_some());
        let reason = halted().unwrap();
        assert!(reason.contains(expected) && reason.contains("evidence"), "{what}: {reason}");
        assert_eq!(follower.home.json(&["block"])["number"], height - 1, "what was checked is served");
        let kept: Vec<_> = fs::read_dir(follower.home.path("chain/evidence")).unwrap().collect();
        let evidence: Value = serde_json::from_str(&read(&kept[0].as_ref().unwrap().path())).unwrap();
        assert_eq!(evidence["height"], height);
        assert!(evidence["refused"]["block"].is_string() && evidence["reason"].is_string(), "{evidence}");
    }
}

/// Stands between a follower and its source, and forges one block.
struct Forger;

impl Forger {
    fn start(source: &str, height: u64, what: &'static str) -> String {
        let source = source.to_owned();
        crate::offline::serve(move |asked: &Value| {
            let method = asked["method"].as_str().unwrap();
            let mut result = request(&source, method, &asked["params"]);
            if method == "limpid_rawBlocks" {
                let from = asked["params"][0].as_str().unwrap();
                let from = u64::from_str_radix(from.trim_start_matches("0x"), 16).unwrap();
                let place = usize::try_from(height.saturating_sub(from)).unwrap();
                if let Some(row) = result.as_array_mut().unwrap().get_mut(place).filter(|_| from <= height) {
                    forge(row, what);
                }
            }
            json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result })
        })
    }
}

fn forge(row: &mut Value, what: &str) {
    let block = row["block"].as_str().unwrap().to_owned();
    match what {
        "signature" => row["signature"] = Value::Null,
        "body" => row["block"] = json!(block[..block.len() - 2]),
        _ => {
            // The header's state root stands after parent hash, ommers' hash and beneficiary: two list heads of at
            // most three bytes each before them. One digit of it is changed.
            let root = 2 + 2 * (3 + 3 + 33 + 33 + 21) + 40;
            let digit = if &block[root..=root] == "0" { "1" } else { "0" };
            row["block"] = json!(format!("{}{digit}{}", &block[..root], &block[root + 1..]));
        }
    }
}
