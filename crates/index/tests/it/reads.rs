//! What the explorer answers, against what the node knows.

use crate::world::{ETHER, World, key};
use limpid_chain::tx::SYSTEM_SENDER;
use serde_json::{Value, json};

#[test]
fn a_transaction_is_told_whole() {
    let world = World::new();
    let market = world.market();
    let found = world.get(&format!("/v1/transactions/{}", market.swap));
    let head = world.node.head();
    assert_eq!(found["block"]["hash"], json!(head.block.hash));
    let tx = &found["item"];
    assert_eq!(tx["status"], "success");
    assert_eq!(tx["method"], "swapExactETHForTokens");
    assert_eq!(tx["from"]["address"], key(1).address().to_string());
    assert_eq!(tx["to"]["label"], "Router");
    let summary = tx["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("Swapped ") && summary.contains("1 LIM for ") && summary.ends_with(" USD"),
        "{summary}"
    );
    let units = |amount: &Value| amount["units"].as_str().unwrap().parse::<i128>().unwrap();
    let fees = &tx["fees"];
    assert_eq!(units(&fees["total"]), units(&fees["base"]) + units(&fees["tip"]));
    assert_eq!(fees["burnt"]["units"], "0");
    assert_eq!(fees["to"]["label"], "Fee ledger");
    assert_eq!(tx["fee"], fees["total"]);
    assert_eq!(tx["call"]["arguments"][1]["value"][1], market.token.to_string());
    assert!(tx["events"].as_array().unwrap().iter().any(|event| event["decoded"]["name"] == "Swap"));
    // What everybody has more is what others have less.
    let mut sum = 0i128;
    for change in tx["changes"].as_array().unwrap() {
        if change["change"]["asset"] == market.token.to_string() {
            sum += units(&change["change"]);
        }
    }
    assert_eq!(sum, 0);
    let coin = tx["transfers"].as_array().unwrap().iter().find(|one| one["kind"] == "coin").unwrap();
    assert_eq!(coin["quantity"]["units"], ETHER.to_string());
}

#[test]
fn a_failure_says_why() {
    let world = World::new();
    let market = world.market();
    let tx = &world.get(&format!("/v1/transactions/{}", market.failed))["item"];
    assert_eq!(tx["status"], "failed");
    assert_eq!(tx["failure"]["reason"], "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT");
    assert!(tx["summary"].as_str().unwrap().contains("INSUFFICIENT_OUTPUT_AMOUNT"));
    assert_eq!(tx["transfers"], json!([]));
    assert_ne!(tx["fee"]["units"], "0");
}

/// Every item of a list, by pages of `limit`.
pub(crate) fn all(world: &World, path: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    for _ in 0..1_000 {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = world.get(&format!("{path}{sign}limit={limit}{cursor}"));
        let some = page["items"].as_array().unwrap();
        assert!(some.len() <= limit);
        items.extend(some.clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
    panic!("{path} does not end");
}

#[test]
fn lists_give_everything_once_in_order() {
    let world = World::new();
    let market = world.market();
    let trader = key(1).address();
    for path in [
        "/v1/blocks".to_owned(),
        "/v1/transactions".to_owned(),
        "/v1/blocks/2/transactions".to_owned(),
        format!("/v1/addresses/{trader}/history"),
        format!("/v1/addresses/{trader}/history?kind=token,move"),
        "/v1/pools".to_owned(),
        "/v1/contracts".to_owned(),
    ] {
        let whole = all(&world, &path, 100);
        assert!(!whole.is_empty(), "{path}");
        for limit in [1, 2, 3] {
            assert_eq!(all(&world, &path, limit), whole, "{path} by {limit}");
        }
    }
    assert_eq!(all(&world, "/v1/blocks", 100).len() as u64, world.node.block_number() + 1);
    let listed = all(&world, "/v1/transactions", 100).len();
    let count = |height| world.node.block_at(height).unwrap().unwrap().block.transactions.len();
    assert_eq!(listed, (0..=world.node.block_number()).map(count).sum::<usize>());
    // The history is the node's own.
    let history = all(&world, &format!("/v1/addresses/{trader}/history"), 100);
    let known = world.node.history(trader, None, 1_000).unwrap().entries;
    assert_eq!(history.len(), known.len());
    for (row, entry) in history.iter().zip(&known) {
        assert_eq!(row["transaction"], json!(entry.tx_hash));
        assert_eq!(row["quantity"]["units"], entry.quantity.to_string());
        assert_eq!(row["block"]["number"], entry.cursor.at.height);
    }
    assert!(history.iter().any(|row| row["quantity"]["asset"] == market.token.to_string()));
    assert!(history.iter().any(|row| row["fee"]["units"] != "0" && row["method"] == "swapExactETHForTokens"));
}

#[test]
fn the_csv_is_the_whole_history() {
    let world = World::new();
    world.market();
    let trader = key(1).address();
    let answer = world.http("GET", &format!("/v1/addresses/{trader}/history.csv"), "");
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("content-type: text/csv"), "{}", answer.head);
    let lines: Vec<_> = answer.body.lines().collect();
    assert!(lines[0].starts_with("time_utc,timestamp,block,transaction,kind"));
    let known = world.node.history(trader, None, 1_000).unwrap().entries;
    assert_eq!(lines.len(), known.len() + 1);
    for (line, entry) in lines[1..].iter().zip(known.iter().rev()) {
        let fields: Vec<_> = line.split(',').collect();
        assert_eq!(fields.len(), 15, "{line}");
        assert_eq!((fields[3], fields[10]), (&*entry.tx_hash.to_string(), &*entry.quantity.to_string()));
    }
}

#[test]
fn accounts_pools_and_contracts() {
    let world = World::new();
    let market = world.market();
    let trader = key(1).address();
    let account = world.get(&format!("/v1/addresses/{trader}"));
    use limpid_state::StateRead as _;
    let state = world.node.state(world.node.head().block.hash.into()).unwrap().unwrap();
    let known = state.account(trader).unwrap().unwrap();
    assert_eq!(account["item"]["balance"]["units"], known.balance.to_string());
    assert_eq!(
        (account["item"]["nonce"].as_u64(), account["item"]["party"]["kind"].as_str()),
        (Some(known.nonce), Some("account"))
    );
    assert_eq!(account["item"]["lastActive"]["number"], world.node.block_number());
    let nobody = world.get("/v1/addresses/0x00000000000000000000000000000000000000aa");
    assert_eq!((nobody["item"]["party"]["kind"].as_str(), &nobody["item"]["lastActive"]), (Some("none"), &Value::Null));

    let pool = &world.get(&format!("/v1/pools/{}", market.pool))["item"];
    assert_eq!((pool["mode"].as_str(), pool["makersPercent"].as_u64()), (Some("split"), Some(40)));
    let price: f64 = pool["price"].as_str().unwrap().parse().unwrap();
    let inverse: f64 = pool["priceInverse"].as_str().unwrap().parse().unwrap();
    assert!((price * inverse - 1.0).abs() < 1e-9, "{price} {inverse}");
    let label = pool["pool"]["label"].as_str().unwrap();
    assert!(label.contains("USD") && label.ends_with(" pool"), "{label}");

    let contract = &world.get(&format!("/v1/contracts/{}", market.pool))["item"];
    assert_eq!(contract["name"], "UniswapV2Pair");
    let abi = contract["interfaces"][0]["abi"].as_array().unwrap();
    assert!(abi.iter().any(|one| one["name"] == "getReserves"));
    let listed = all(&world, "/v1/contracts", 100);
    for one in &listed {
        assert!(one["docs"].as_str().unwrap().len() > 10, "{one}");
        let detail = world.get(&format!("/v1/contracts/{}", one["party"]["address"].as_str().unwrap()));
        let natives = detail["item"]["interfaces"].as_array().unwrap().len();
        assert_eq!(one["native"].as_bool().unwrap(), natives > 0, "{one}");
    }
    assert_eq!(world.refused(&format!("/v1/contracts/{SYSTEM_SENDER}")).0, 404);
    let status = world.get("/v1/status");
    assert_eq!(
        (status["pools"].as_u64(), status["tokens"].as_u64(), status["chainId"].as_u64()),
        (Some(1), Some(1), Some(31_337))
    );
}

#[test]
fn search_finds_what_was_meant() {
    let world = World::new();
    let market = world.market();
    let first = |text: &str| {
        let found = world.get(&format!("/v1/search?q={text}"));
        let item = found["items"][0].clone();
        (item["kind"].as_str().map(str::to_owned), item["id"].as_str().unwrap_or_default().to_owned())
    };
    let is =
        |text: &str, kind: &str, id: &str| assert_eq!(first(text), (Some(kind.to_owned()), id.to_owned()), "{text}");
    is("2", "block", "2");
    is("usd", "token", &market.token.to_string());
    is("dolla", "token", &market.token.to_string());
    is("router", "contract", "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D");
    is(&market.swap.to_string(), "transaction", &market.swap.to_string());
    is(&market.pool.to_string(), "pool", &market.pool.to_string());
    is(&key(1).address().to_string(), "address", &key(1).address().to_string());
    let hash = world.node.head().block.hash;
    is(&hash.to_string(), "block", &world.node.block_number().to_string());
    assert_eq!(first("no%20such%20thing").0, None);
    assert_eq!(first("").0, None);
}

#[test]
fn the_description_names_every_path() {
    let world = World::new();
    let described = world.get("/v1/openapi.json");
    assert_eq!(described["openapi"], "3.1.0");
    for (path, methods) in described["paths"].as_object().unwrap() {
        let of = if path.starts_with("/v1/tokens")
            || path.starts_with("/v1/addresses")
            || path.starts_with("/v1/contracts")
            || path.starts_with("/v1/pools")
        {
            "0x00000000000000000000000000000000000000aa"
        } else if path.starts_with("/v1/transactions") {
            "0x0000000000000000000000000000000000000000000000000000000000000000"
        } else {
            "0"
        };
        let filled = path.replace("{address}", of).replace("{hash}", of).replace("{id}", of).replace("{metric}", "tvl");
        let answer = world.http("GET", &filled, "");
        let later = methods["get"]["x-later"] == true;
        if later {
            assert_ne!(answer.status, 200, "{path} is served: say so");
            continue;
        }
        assert!(matches!(answer.status, 200 | 404), "{path}: {} {}", answer.status, answer.body);
        assert!(!answer.body.contains("there is nothing at this path"), "{path} is described and not there");
    }
}
