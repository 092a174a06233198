//! A visitor's first hour, against a running node.
use crate::Node;

/// A native contract that takes no coin.
const V2_FACTORY: &str = "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f";
use serde_json::Value;

fn balance(node: &Node, account: &str, asset: &str) -> String {
    let value = node.home.json(&["balance", account, "--asset", asset]);
    value["balances"][0]["amount"].as_str().unwrap().to_owned()
}

fn rows(value: &Value) -> &Vec<Value> {
    value["rows"].as_array().unwrap()
}

#[test]
fn a_token_a_pool_a_swap_and_their_history() {
    let node = Node::start();
    let home = &node.home;
    assert!(home.ok(&["status"]).contains("none yet") && !home.ok(&["block"]).contains("1970-"));
    home.ok(&["wallet", "new", "alice"]);
    home.json(&["send", "100", "LIM", "alice", "--from", "dev:0", "--yes"]);
    assert_eq!(balance(&node, "alice", "LIM"), "100");

    let token = home.json(&["token", "create", "Alice Dollar", "ALD", "1000000", "--from", "alice", "--yes"]);
    let token = token["token"].as_str().unwrap();
    assert_eq!(balance(&node, "alice", "ald"), "1000000");

    // A new pool at 200 to 1, then a deposit at its price, then one side only.
    home.json(&["pool", "add", "10", "LIM", "ALD", "2000", "--from", "alice", "--yes"]);
    let added = home.json(&["pool", "add", "1", "LIM", token, "--from", "alice", "--yes"]);
    assert_eq!(added["position"]["deposited"][0]["amount"], "11");
    home.json(&["pool", "add", "0.5", "LIM", "ALD", "--one-token", "--from", "dev:1", "--yes"]);
    assert_eq!(home.json(&["pool", "list"]).as_array().unwrap().len(), 1);

    // What was quoted is what is received.
    let quote = home.json(&["quote", "0.1", "LIM", "ALD"]);
    let swap = home.json(&["swap", "0.1", "LIM", "ALD", "--from", "dev:2", "--yes"]);
    assert_eq!(swap["received"], quote["routes"][0]["receive"]);
    assert_eq!(balance(&node, "dev:2", "ALD"), swap["received"]["amount"].as_str().unwrap());
    let exact = home.json(&["swap", "0.01", "ALD", "LIM", "--exact-out", "--from", "dev:2", "--yes"]);
    assert_eq!(exact["received"]["amount"], "0.01");
    home.json(&["swap", "2", "LIM", "WETH", "--from", "dev:2", "--yes"]);
    home.json(&["swap", "1.5", "WETH", "LIM", "--from", "dev:2", "--yes"]);
    assert_eq!(balance(&node, "dev:2", "WETH"), "0.5");

    let removed = home.json(&["pool", "remove", "all", "LIM", "ALD", "--from", "dev:1", "--yes"]);
    assert_eq!(removed["position"]["shares"]["amount"], "0");

    let history = home.json(&["history", "dev:2"]);
    let kinds: Vec<_> = rows(&history).iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"transaction") && kinds.contains(&"token") && kinds.contains(&"internal"), "{kinds:?}");
    let swap_hash = &swap["transaction"];
    let of_swap: Vec<_> = rows(&history).iter().filter(|row| &row["txHash"] == swap_hash).collect();
    assert!(of_swap.iter().any(|row| row["direction"] == "in" && row["amount"]["asset"] == token.to_lowercase()));
    let told = home.json(&["tx", swap_hash.as_str().unwrap()]);
    assert!(told["events"].as_array().unwrap().iter().any(|event| event.as_str().unwrap().contains("Swap(")));
    assert!(home.ok(&["pool", "show", "LIM", "ALD", "--owner", "alice"]).contains("fees earned"));
    assert!(home.ok(&["history", "dev:2"]).contains("LIM"));
    assert!(home.ok(&["status"]).contains("development"));
    assert!(home.ok(&["quote", "1", "LIM", "ALD"]).contains("LIM > ALD"));
    assert!(home.ok(&["block"]).contains("state root"));
}

#[test]
fn what_cannot_be_done_says_why_and_signs_nothing() {
    let node = Node::start();
    let home = &node.home;
    let refusals = [
        (&["send", "1", "XYZ", "dev:1", "--from", "dev:0", "--yes"][..], "no token is called"),
        (&["send", "20000", "LIM", "dev:1", "--from", "dev:0", "--yes"], "less than 20000 LIM"),
        (&["send", "10000", "LIM", "dev:1", "--from", "dev:0", "--yes"], "fee included"),
        (
            &["send", "1", "LIM", "0x0000000000000000000000000000000000000000", "--from", "dev:0", "--yes"],
            "belongs to nobody",
        ),
        (&["send", "1", "LIM", "dev:1", "--from", "dev:0"], "add --yes"),
        (&["send", "1", "LIM", "dev:1", "--from", "dev:10", "--yes"], "dev:0 to dev:9"),
        (&["send", "1", "LIM", "dev:1", "--yes"], "say who signs"),
        (&["send", "1e3", "LIM", "dev:1", "--from", "dev:0", "--yes"], "no exponent"),
        (&["swap", "1", "LIM", "LIM", "--from", "dev:0", "--yes"], "both sides are LIM"),
        (&["pool", "show", "LIM", "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"], "no token of this chain"),
        (
            &["token", "create", "A", "bad\u{7}", "1", "--from", "dev:0", "--yes"],
            "without control or invisible characters",
        ),
        (&["send", "-1", "LIM", "dev:1", "--from", "dev:0", "--yes"], "is below zero"),
        (&["send", "0", "LIM", "dev:1", "--from", "dev:0", "--yes"], "nothing to send"),
        (&["send", "1", "LIM", V2_FACTORY, "--from", "dev:0", "--yes"], "takes no coin"),
        (&["swap", "-1", "LIM", "WETH", "--from", "dev:0", "--yes"], "is below zero"),
        (&["token", "create", "X", "", "1", "--from", "dev:0", "--yes"], "symbol is empty"),
        (&["token", "create", "Fake", "LIM", "1", "--from", "dev:0", "--yes"], "would be taken for LIM"),
        (&["token", "create", "Fake", "weth ", "1", "--from", "dev:0", "--yes"], "would be taken for WETH"),
        (&["token", "create", "Fake", "LІM", "1", "--allow-same-symbol", "--from", "dev:0", "--yes"], "taken for LIM"),
        (&["pool", "remove", "150%", "LIM", "NONE", "--from", "dev:0"], "at most 100"),
        (&["pool", "remove", "xx", "LIM", "NONE", "--from", "dev:0"], "say 50% or all"),
        (&["history", "dev:0", "--limit", "0"], "1..=1000"),
        (&["tx", "0x0000000000000000000000000000000000000000000000000000000000000001"], "knows no transaction"),
        (&["block", "12345"], "there is no block"),
    ];
    for (args, expected) in refusals {
        let told = home.fails(args);
        assert!(told.contains(expected), "{args:?}: {told}");
    }
    home.json(&["token", "create", "Lonely", "LON", "5", "--from", "dev:3", "--yes"]);
    let lonely = home.json(&["token", "list"])[1]["address"].as_str().unwrap().to_owned();
    let told = home.fails(&["send", "1", "LIM", &lonely, "--from", "dev:3", "--yes"]);
    assert!(told.contains("the contract of the token LON"), "{told}");
    let told = home.fails(&["token", "create", "Other", "lon", "5", "--from", "dev:0", "--yes"]);
    assert!(told.contains("--allow-same-symbol"), "{told}");
    assert!(home.fails(&["quote", "1", "LIM", "LON"]).contains("no pools lead from"));
    assert!(home.fails(&["pool", "add", "1", "LIM", "LON", "--from", "dev:3", "--yes"]).contains("sets the price"));
    assert!(
        home.fails(&["pool", "remove", "all", "LIM", "LON", "--from", "dev:3", "--yes"]).contains("there is no pool")
    );
    assert_eq!(rows(&home.json(&["history", "dev:0"])).len(), 0);
}

/// Two tokens of one symbol: neither may be paid for the other.
#[test]
fn an_ambiguous_symbol_needs_an_address() {
    let node = Node::start();
    let home = &node.home;
    let first = home.json(&["token", "create", "One", "DUP", "5", "--from", "dev:0", "--yes"]);
    home.json(&["token", "create", "Two", "DUP", "5", "--allow-same-symbol", "--from", "dev:1", "--yes"]);
    let told = home.fails(&["send", "1", "DUP", "dev:2", "--from", "dev:0", "--yes"]);
    assert!(told.contains("symbol of 2 tokens"), "{told}");
    home.json(&["send", "1", first["token"].as_str().unwrap(), "dev:2", "--from", "dev:0", "--yes"]);
}

/// An address made to be mistaken for one that was paid before.
#[test]
fn a_look_alike_recipient_is_refused() {
    let node = Node::start();
    let home = &node.home;
    home.json(&["send", "1", "LIM", "0xd9a1000000000000000000000000000000005abc", "--from", "dev:0", "--yes"]);
    let bait = format!("0xd9a1{}5abc", "f".repeat(32));
    let told = home.fails(&["send", "1", "LIM", &bait, "--from", "dev:0", "--yes"]);
    assert!(told.contains("looks like"), "{told}");
    home.json(&["send", "1", "LIM", &bait, "--allow-lookalike", "--from", "dev:0", "--yes"]);
    // The sender's own address is known to it: dev:0 is 0xf39f..2266.
    let twin = format!("0xf39f{}2266", "a".repeat(32));
    let told = home.fails(&["send", "1", "LIM", &twin, "--from", "dev:0", "--yes"]);
    assert!(told.contains("is your own"), "{told}");
}

/// A token that came past the command line with the coin's name, by the factory itself.
#[test]
fn a_token_cannot_pass_for_the_coin() {
    let node = Node::start();
    let home = &node.home;
    node.create_token("Real LIM", "LIM");
    node.create_token("Real WETH", "wEth");
    let rows = home.json(&["balance", "dev:0"])["balances"].clone();
    let symbols: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["symbol"].as_str().unwrap()).collect();
    assert_eq!(symbols, ["LIM", "LIM [not the coin]", "wEth [not the wrapped coin]"]);
    let shown = home.ok(&["balance", "dev:0"]);
    assert!(shown.lines().any(|line| line.contains("LIM") && line.contains("the chain's own coin")), "{shown}");
    assert!(home.ok(&["history", "dev:0"]).contains("LIM [not the coin]"));
}

/// Every command's JSON: amounts in one form, quantities as numbers, nothing in hex, no floats.
#[test]
fn amounts_have_one_form() {
    let node = Node::start();
    let home = &node.home;
    let from = ["--from", "dev:0", "--yes"];
    let signed = |args: &[&str]| home.json(&[args, &from].concat());
    let token = signed(&["token", "create", "Six", "SIX", "1000000", "--decimals", "6"]);
    assert_eq!(token["supply"]["units"], "1000000000000");
    let sent = signed(&["send", "0.5", "SIX", "dev:1"]);
    assert_eq!(sent["sent"]["units"], "500000");
    let added = signed(&["pool", "add", "10", "LIM", "SIX", "2000"]);
    let swap = signed(&["swap", "1", "LIM", "SIX"]);
    let hash = swap["transaction"].as_str().unwrap();
    let tx = home.json(&["tx", hash]);
    assert_eq!(tx["value"]["amount"], "1");
    assert_eq!(tx["fee"], swap["fee"]);
    let pools = home.json(&["pool", "list"]);
    let show = home.json(&["pool", "show", "LIM", "SIX", "--owner", "dev:0"]);
    let sides = |pool: &Value| {
        let mut symbols: Vec<_> =
            pool["reserves"].as_array().unwrap().iter().map(|side| side["symbol"].to_string()).collect();
        symbols.sort();
        symbols
    };
    assert_eq!(sides(&pools[0]), sides(&show), "one word for one thing");
    let history = home.json(&["history", "dev:0"]);
    assert!(rows(&history).iter().any(|row| row["amount"]["symbol"] == "SIX" && row["amount"]["decimals"] == 6));
    let all = [
        token,
        sent,
        added,
        swap,
        tx,
        pools,
        show,
        history,
        signed(&["pool", "add", "1", "SIX", "LIM", "--one-token"]),
        signed(&["pool", "remove", "50%", "LIM", "SIX"]),
        signed(&["swap", "1", "LIM", "WETH"]),
        home.json(&["quote", "1", "SIX", "LIM"]),
        home.json(&["quote", "1", "WETH", "LIM"]),
        home.json(&["balance", "dev:0"]),
        home.json(&["block"]),
        home.json(&["status"]),
        home.json(&["token", "list"]),
    ];
    for value in &all {
        check_form(value, "");
    }
}

/// Fails on an amount of another form, a quantity in hex, and a float.
pub(crate) fn check_form(value: &Value, name: &str) {
    const AMOUNTS: [&str; 19] = [
        "fee",
        "sent",
        "paid",
        "received",
        "pay",
        "receive",
        "supply",
        "value",
        "price",
        "shares",
        "totalShares",
        "heldValue",
        "impermanentLoss",
        "baseFeePerGas",
        "reserves",
        "amounts",
        "deposited",
        "fees",
        "feesMakers",
    ];
    match value {
        Value::Object(object) if object.contains_key("units") => {
            let units = object["units"].as_str().unwrap();
            let amount = object["amount"].as_str().unwrap();
            let decimals = u8::try_from(object["decimals"].as_u64().unwrap()).unwrap();
            assert_eq!(limpid_client::amount::parse(amount, decimals).unwrap().to_string(), units, "{object:?}");
            assert!(object["symbol"].is_string() && object.contains_key("asset") && object.len() == 5, "{object:?}");
        }
        Value::Object(object) => object.iter().for_each(|(name, value)| check_form(value, name)),
        Value::Array(list) => list.iter().for_each(|value| check_form(value, name)),
        Value::String(text) => {
            let quantity = text.starts_with("0x") && text.len() < 42 && name != "input";
            assert!(!quantity && !AMOUNTS.contains(&name), "{name}: {text}");
        }
        Value::Number(number) => assert!(number.is_u64() && !AMOUNTS.contains(&name), "{name}: {number}"),
        Value::Bool(_) | Value::Null => {}
    }
}
