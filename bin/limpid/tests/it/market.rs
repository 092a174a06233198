//! The market against a running node (rules K-4 to K-6 of limpid-market).
use crate::{Node, read};
use serde_json::Value;

fn play(node: &Node, rows: &str, extra: &[&str]) -> Vec<Value> {
    let args = ["market", "--json", "--start", "2020-03-12T08:00", "--rows", rows];
    let output = node.home.ok(&[&args[..], extra].concat());
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_pool_follows_and_the_figures_add_up() {
    let node = Node::start();
    let home = &node.home;
    let csv = home.path("market.csv");
    let lines = play(&node, "6", &["--csv", csv.to_str().unwrap()]);
    let (summary, hours) = lines.split_last().unwrap();
    assert_eq!(hours.len(), 6);
    assert!(hours.iter().all(|hour| hour["error_pct"].as_f64().unwrap() <= 1.0), "{hours:?}");
    let sum = |name: &str| hours.iter().map(|hour| hour[name].as_f64().unwrap()).sum::<f64>();
    for name in ["volume", "fees_makers", "fees_community", "swaps"] {
        let (total, parts) = (summary[name].as_f64().unwrap(), sum(name));
        assert!((total - parts).abs() <= total * 1e-9 && total > 0.0, "{name}: {total} {parts}");
    }
    // 0.3 % of what was paid in is the whole fee; volume counts the dollar side, so nearly.
    let fees = summary["fees_makers"].as_f64().unwrap() + summary["fees_community"].as_f64().unwrap();
    let expected = summary["volume"].as_f64().unwrap() * 0.003;
    assert!((fees / expected - 1.0).abs() < 0.1, "{fees} {expected}");
    assert_eq!(read(&csv).lines().count(), 7);

    // Every actor is told, and the last development account paid.
    assert_eq!(summary["actors"].as_array().unwrap().len(), 9);
    for index in 0..9 {
        let value = home.json(&["balance", &format!("dev:{index}"), "--asset", "LIM"]);
        assert_eq!(value["balances"][0]["amount"], "10000", "dev:{index}");
    }
    // The pool stays for visitors, and so do the blocks' times: an hour is an hour.
    home.json(&["swap", "0.1", "LIM", "mUSD", "--from", "dev:0", "--yes"]);
    assert!(summary["token"].is_string() && summary["pool"].is_string(), "{summary}");
    for name in ["lp_value", "lp_fees", "lp_if_held", "actors", "exact"] {
        crate::flows::check_form(&summary[name], name);
    }
    let told = home.fails(&["market", "--csv", csv.to_str().unwrap()]);
    assert!(told.contains("exists already and is left as it is"), "{told}");
    let (first, last) = (home.json(&["block", "1"]), home.json(&["block"]));
    let time = |block: &Value| block["timestamp"].as_u64().unwrap();
    assert!(time(&last) - time(&first) >= 6 * 3_600 - 60, "{first} {last}");
}

/// K-5: the same seed on equal chains gives the same hours; another seed does not.
#[test]
fn a_play_can_be_repeated() {
    let [one, two, three] = [(), (), ()].map(|()| Node::start());
    let hours = |node: &Node, seed: &str| {
        let mut lines = play(node, "3", &["--seed", seed]);
        lines.pop();
        lines
    };
    let first = hours(&one, "7");
    assert_eq!(first, hours(&two, "7"));
    assert_ne!(first, hours(&three, "8"));
}

/// K-7: a later market on the same chain takes up the token and the pool, and follows as closely; what a visitor
/// left in the pool is no hindrance.
#[test]
fn a_second_market_takes_up_the_first_ones_token() {
    let node = Node::start();
    let home = &node.home;
    let first = play(&node, "2", &[]);
    home.json(&["swap", "10", "LIM", "mUSD", "--from", "dev:0", "--yes"]);
    home.json(&["pool", "add", "1", "LIM", "mUSD", "--from", "dev:0", "--yes"]);
    let (first, second, third) = (first.last().unwrap(), play(&node, "3", &[]), play(&node, "2", &["--seed", "1"]));
    for lines in [second, third] {
        let (summary, hours) = lines.split_last().unwrap();
        assert_eq!(summary["token"], first["token"]);
        assert_eq!(summary["pool"], first["pool"]);
        assert!(hours.iter().all(|hour| hour["error_pct"].as_f64().unwrap() <= 1.0), "{hours:?}");
        // The pool's own totals of this play are what the hours' events say.
        let exact = &summary["exact"]["fees_makers"];
        let dollars: f64 = exact[1]["amount"].as_str().unwrap().parse().unwrap();
        let coin: f64 = exact[0]["amount"].as_str().unwrap().parse().unwrap();
        let told = summary["fees_makers"].as_f64().unwrap();
        assert!(dollars < told && dollars + coin * 200.0 > told, "{told} {exact}");
    }
    // One token of that symbol, one pool.
    home.json(&["swap", "0.1", "LIM", "mUSD", "--from", "dev:0", "--yes"]);
    assert_eq!(home.json(&["pool", "list"]).as_array().unwrap().len(), 1);
}
