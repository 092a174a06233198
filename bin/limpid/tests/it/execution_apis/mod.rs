//! The Ethereum execution-apis suite, by hive's rules, against a copy of its chain.
//!
//! The chain starts with forks older than Osaka, so it is imported with the state of its head: cases that need receipts
//! or states of old blocks fail, and `expected.txt` lists them with the reason. A failure that is not listed fails this
//! test, and so does a listed case that passes: its line must go.

mod schema;

use crate::{Home, free_port, read};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Cases that must pass.
const BAR: usize = 150;

/// The suite's folder, or a loud word that it is not there.
fn folder() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let folder = std::env::var_os("LIMPID_VECTORS").map_or_else(beside, PathBuf::from).join("rpc");
    if folder.join("tests").is_dir() {
        return Some(folder);
    }
    let required = std::env::var("LIMPID_REQUIRE_VECTORS").is_ok_and(|value| value == "1");
    assert!(!required, "{} is missing", folder.display());
    eprintln!("SKIPPED: no execution-apis suite at {}; set LIMPID_VECTORS", folder.display());
    None
}

/// The chain imported and served; killed when dropped.
struct Copy {
    home: Home,
    port: u16,
    child: Child,
}

impl Copy {
    fn serve(suite: &Path) -> Self {
        let home = Home::new();
        let tests = suite.join("tests");
        let (genesis, chain) = (tests.join("genesis.json"), tests.join("chain.rlp"));
        let (state, datadir) = (suite.join("chain-extra/headstate.json"), home.path("chain"));
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let [datadir, genesis, state, chain] = [&datadir, &genesis, &state, &chain].map(|path| text(path));
        let imported =
            home.json(&["import", "--datadir", &datadir, "--genesis", &genesis, "--head-state", &state, &chain]);
        assert_eq!((&imported["head"]["number"], &imported["executed"]), (&json!(54), &json!(false)));
        let (port, app) = (free_port(), free_port());
        let log = std::fs::File::create(home.path("node.log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_limpid"))
            .args(["node", "--datadir", &datadir, "--http-port", &port.to_string(), "--app-port", &app.to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let copy = Self { home, port, child };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "{}", read(&copy.home.path("node.log")));
            std::thread::sleep(Duration::from_millis(50));
        }
        copy
    }

    fn ask(&self, body: &str) -> Result<Value, String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let asked = Instant::now();
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body.as_bytes()))
            .map_err(|e| e.to_string())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(|error| format!("no answer in time: {error}"))?;
        if asked.elapsed() > PATIENCE {
            return Err(format!("took {:?}", asked.elapsed()));
        }
        let start = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("no HTTP answer")? + 4;
        serde_json::from_slice(&answer[start..]).map_err(|error| error.to_string())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One file of the suite.
struct Case {
    name: String,
    /// Only the shape of a result counts.
    shape_only: bool,
    /// Requests as they are written, and the answers.
    steps: Vec<(String, Value)>,
}

fn cases(tests: &Path) -> Vec<Case> {
    let mut files = Vec::new();
    for folder in std::fs::read_dir(tests).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        files.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    }
    files.sort();
    files.iter().map(|file| case(tests, file)).collect()
}

fn case(tests: &Path, file: &Path) -> Case {
    let mut text = String::new();
    let open = std::fs::File::open(file).unwrap();
    if file.extension().is_some_and(|end| end == "gz") {
        GzDecoder::new(open).read_to_string(&mut text).unwrap();
    } else {
        std::io::BufReader::new(open).read_to_string(&mut text).unwrap();
    }
    let name = file.strip_prefix(tests).unwrap().to_str().unwrap();
    let name = name.trim_end_matches(".gz").trim_end_matches(".io").to_owned();
    let mut case = Case { name, shape_only: text.contains("// speconly:"), steps: Vec::new() };
    let mut request = None;
    for line in text.lines() {
        if let Some(asked) = line.strip_prefix(">> ") {
            request = Some(asked.to_owned());
        } else if let Some(answered) = line.strip_prefix("<< ") {
            let answer = serde_json::from_str(answered).unwrap();
            case.steps.push((request.take().expect("an answer follows a request"), answer));
        }
    }
    assert!(!case.steps.is_empty(), "{} asks nothing", case.name);
    case
}

/// Deep equality; numbers compare as floats, and where both have an error the words do not count.
fn same(found: &Value, expected: &Value) -> Result<(), String> {
    let short = |value: &Value| value.to_string().chars().take(160).collect::<String>();
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (name, value) in expected {
                let Some(other) = found.get(name) else { return Err(format!("{name} is missing")) };
                if name == "error" && other.get("message").is_some() && value.get("message").is_some() {
                    let silent = |value: &Value| {
                        let mut value = value.clone();
                        value.as_object_mut().unwrap().remove("message");
                        value
                    };
                    same(&silent(other), &silent(value)).map_err(|why| format!("error.{why} ({})", short(other)))?;
                    continue;
                }
                same(other, value).map_err(|why| format!("{name}.{why}"))?;
            }
            match found.keys().find(|name| !expected.contains_key(*name)) {
                Some(extra) => Err(format!("{extra} is too much: {}", short(&found[extra]))),
                None => Ok(()),
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            for (place, (one, other)) in found.iter().zip(expected).enumerate() {
                same(one, other).map_err(|why| format!("{place}.{why}"))?;
            }
            if found.len() == expected.len() { Ok(()) } else { Err(format!("{} items", found.len())) }
        }
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => Ok(()),
        (one, other) if one == other => Ok(()),
        (one, other) => Err(format!(" {} instead of {}", short(one), short(other))),
    }
}

fn run(copy: &Copy, case: &Case, schemas: &BTreeMap<String, Value>) -> Result<(), String> {
    for (request, expected) in &case.steps {
        let answer = copy.ask(request)?;
        let method: Value = serde_json::from_str(request).unwrap();
        let result = answer.get("result").filter(|_| case.shape_only);
        match result {
            Some(result) => schema::check(result, &schemas[method["method"].as_str().unwrap()])?,
            None => same(&answer, expected)?,
        }
    }
    Ok(())
}

/// Cases that are known to fail, with the reason.
fn expected() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("expected.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(" | ").unwrap_or_else(|| panic!("no reason: {line}"))).collect()
}

#[test]
fn execution_apis() {
    let Some(suite) = folder() else { return };
    let document: Value = serde_json::from_str(&read(&suite.join("openrpc.json"))).unwrap();
    let methods = document["methods"].as_array().unwrap().iter();
    let schemas: BTreeMap<_, _> = methods
        .map(|method| (method["name"].as_str().unwrap().to_owned(), method["result"]["schema"].clone()))
        .collect();
    let copy = Copy::serve(&suite);
    let (cases, mut known) = (cases(&suite.join("tests")), expected());
    let (mut passed, mut failed, mut unexpected, mut better) = (0, 0, Vec::new(), Vec::new());
    for case in &cases {
        let listed = known.remove(case.name.as_str());
        match (run(&copy, case, &schemas), listed) {
            (Ok(()), None) => passed += 1,
            (Ok(()), Some(_)) => better.push(&case.name),
            (Err(_), Some(_)) => failed += 1,
            (Err(why), None) => unexpected.push(format!("{}: {why}", case.name)),
        }
    }
    println!("execution-apis total {} passed {passed} listed {failed} unexpected {}", cases.len(), unexpected.len());
    assert!(known.is_empty(), "listed in expected.txt, but not in the suite: {known:?}");
    assert!(better.is_empty(), "these pass, take them out of expected.txt: {better:?}");
    assert!(unexpected.is_empty(), "not listed in expected.txt:\n{}", unexpected.join("\n"));
    assert!(passed >= BAR, "{passed} of {} cases pass; {BAR} must", cases.len());
}

#[test]
fn comparison_is_exact() {
    let ok = json!({ "id": 1, "result": { "a": [1, "0x"] }, "error": null });
    assert!(same(&ok, &ok).is_ok() && same(&json!(1.0), &json!(1)).is_ok());
    for other in [json!({ "id": 1 }), json!({ "id": 1, "result": { "a": [1] }, "error": null }), json!([])] {
        assert!(same(&other, &ok).is_err() && same(&ok, &other).is_err(), "{other}");
    }
    let error = |code: i64, message: &str| json!({ "error": { "code": code, "message": message } });
    assert!(same(&error(3, "a"), &error(3, "b")).is_ok(), "words are free");
    assert!(same(&error(3, "a"), &error(4, "a")).is_err(), "codes are not");
}
