//! The Etherscan face: exact fields, paging, and what is refused.

use crate::world::{ETHER, World, key};
use alloy_primitives::{TxKind, U256};
use limpid_abi::addresses::Addresses;
use serde_json::{Value, json};

impl World {
    /// What an action answers.
    #[track_caller]
    fn scan(&self, query: &str) -> Value {
        let answer = self.http("GET", &format!("/api?{query}"), "");
        assert_eq!(answer.status, 200, "{query}: always");
        let body = answer.json();
        if !query.contains("module=proxy") {
            let mut names: Vec<_> = body.as_object().unwrap().keys().collect();
            names.sort_unstable();
            assert_eq!(names, ["message", "result", "status"], "{query}");
        }
        body
    }

    #[track_caller]
    fn result(&self, query: &str) -> Value {
        let body = self.scan(query);
        assert_eq!((body["status"].as_str(), body["message"].as_str()), (Some("1"), Some("OK")), "{query}: {body}");
        body["result"].clone()
    }

    #[track_caller]
    fn not_ok(&self, query: &str) -> String {
        let body = self.scan(query);
        assert_eq!((body["status"].as_str(), body["message"].as_str()), (Some("0"), Some("NOTOK")), "{query}: {body}");
        body["result"].as_str().unwrap().to_owned()
    }
}

fn names(row: &Value) -> Vec<&str> {
    let mut names: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[track_caller]
fn has(row: &Value, wanted: &str) {
    let mut wanted: Vec<_> = wanted.split_whitespace().collect();
    wanted.sort_unstable();
    assert_eq!(names(row), wanted);
    for (name, value) in row.as_object().unwrap() {
        assert!(value.is_string() || name == "topics", "{name} is {value}: everything is text");
    }
}

const TX: &str = "blockNumber timeStamp hash nonce blockHash transactionIndex from to value gas gasPrice isError \
                  txreceipt_status input contractAddress cumulativeGasUsed gasUsed confirmations methodId functionName";
const TOKEN: &str = "blockNumber timeStamp hash nonce blockHash from contractAddress to value tokenName tokenSymbol \
                     tokenDecimal transactionIndex gas gasPrice gasUsed cumulativeGasUsed input methodId functionName \
                     confirmations";
const INTERNAL: &str =
    "blockNumber timeStamp hash from to value contractAddress input type gas gasUsed traceId isError errCode";
const LOG: &str = "address topics data blockNumber blockHash timeStamp gasPrice gasUsed logIndex transactionHash \
                   transactionIndex";

#[test]
fn balances() {
    let world = World::new();
    let market = world.market();
    let (maker, trader) = (key(0).address(), key(1).address());
    use limpid_state::StateRead as _;
    let state = world.node.state(world.node.head().block.hash.into()).unwrap().unwrap();
    let known = |address| state.account(address).unwrap().unwrap().balance.to_string();
    assert_eq!(
        world.result(&format!("module=account&action=balance&address={maker}&tag=latest&apikey=x")),
        known(maker)
    );
    let both = world.result(&format!("module=account&action=balancemulti&address={maker},{trader}&chainid=31337"));
    assert_eq!(
        both,
        json!([
            { "account": maker.to_string(), "balance": known(maker) },
            { "account": trader.to_string(), "balance": known(trader) },
        ])
    );
    let held = world.result(&format!(
        "module=account&action=tokenbalance&contractaddress={}&address={}",
        market.token,
        key(2).address()
    ));
    assert_eq!(held, ETHER.to_string());
    assert_eq!(
        world.result(&format!("module=stats&action=tokensupply&contractaddress={}", market.token)),
        format!("1000000{}", "0".repeat(18))
    );
    let supply = world.result("module=stats&action=ethsupply");
    assert_eq!(supply, (U256::from(100_000) * U256::from(ETHER)).to_string());
}

#[test]
fn transactions_of_an_account() {
    let world = World::new();
    let market = world.market();
    let trader = key(1).address();
    let path = format!("module=account&action=txlist&address={trader}");
    let rows = world.result(&path);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 3);
    rows.iter().for_each(|row| has(row, TX));
    let swap = &rows[0];
    assert_eq!(swap["hash"], json!(market.swap));
    assert_eq!((swap["isError"].as_str(), swap["txreceipt_status"].as_str()), (Some("0"), Some("1")));
    assert_eq!(
        swap["functionName"],
        "swapExactETHForTokens(uint256 amountOutMin, address[] path, address to, uint256 deadline)"
    );
    assert_eq!(swap["methodId"], "0x7ff36ab5");
    let receipt = world.node.receipt(market.swap).unwrap().unwrap().receipt;
    assert_eq!(swap["gasPrice"], receipt.effective_gas_price.to_string(), "the fee is gasUsed times gasPrice");
    assert_eq!(swap["gasUsed"], receipt.gas_used.to_string());
    let failed = &rows[2];
    assert_eq!((failed["isError"].as_str(), failed["txreceipt_status"].as_str()), (Some("1"), Some("0")));
    let newest = world.result(&format!("{path}&sort=desc"));
    let mut back = newest.as_array().unwrap().clone();
    back.reverse();
    assert_eq!(&back, rows);
    for page in 1..=3 {
        let one = world.result(&format!("{path}&page={page}&offset=1&sort=asc"));
        assert_eq!(one, json!([rows[page - 1]]));
    }
    let none = world.scan(&format!("{path}&page=4&offset=1"));
    assert_eq!(none, json!({ "status": "0", "message": "No transactions found", "result": [] }));
    let block = rows[1]["blockNumber"].as_str().unwrap();
    for sort in ["asc", "desc"] {
        assert_eq!(world.result(&format!("{path}&startblock={block}&endblock={block}&sort={sort}")), json!([rows[1]]));
    }
    assert!(world.not_ok(&format!("{path}&page=2&offset=10000")).contains("Result window is too large"));
    let form = format!("module=account&action=txlist&address={trader}");
    let head =
        format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}", form.len());
    let posted = world.bytes(format!("POST /api HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{head}").as_bytes());
    assert_eq!(posted.json()["result"], json!(rows));
}

#[test]
fn tokens_and_moves() {
    let world = World::new();
    let market = world.market();
    let (trader, token) = (key(1).address(), market.token);
    let rows = world.result(&format!("module=account&action=tokentx&address={trader}&contractaddress={token}"));
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 1);
    has(&rows[0], TOKEN);
    assert_eq!((rows[0]["tokenSymbol"].as_str(), rows[0]["tokenDecimal"].as_str()), (Some("USD"), Some("18")));
    assert_eq!(rows[0]["to"], format!("{trader:#x}"));
    assert_eq!(rows[0]["from"], format!("{:#x}", market.pool));
    let all = world.result(&format!("module=account&action=tokentx&contractaddress={token}"));
    let all = all.as_array().unwrap();
    assert!(all.contains(&rows[0]) && all.len() > 3);
    let count = world.get(&format!("/v1/tokens/{token}"))["item"]["transfers"].as_u64().unwrap();
    assert_eq!(all.len() as u64, count);
    let newest =
        world.result(&format!("module=account&action=tokentx&contractaddress={token}&sort=desc&page=1&offset=2"));
    assert_eq!(newest, json!([all[all.len() - 1], all[all.len() - 2]]));

    // The router hands the coin on to the wrapped coin.
    let router = Addresses::default().router;
    let moves = world.result(&format!("module=account&action=txlistinternal&txhash={}", market.swap));
    moves.as_array().unwrap().iter().for_each(|row| has(row, INTERNAL));
    let by_address = world.result(&format!("module=account&action=txlistinternal&address={router}"));
    assert!(by_address.as_array().unwrap().contains(&moves[0]), "{by_address}");
    let at = moves[0]["blockNumber"].as_str().unwrap();
    let by_block = world.result(&format!("module=account&action=txlistinternal&startblock={at}&endblock={at}"));
    assert_eq!(by_block, moves);
    assert!(world.not_ok("module=account&action=txlistinternal").contains("Give address"));
}

#[test]
fn logs() {
    let world = World::new();
    let market = world.market();
    let all = world.result(&format!("module=logs&action=getLogs&address={}&fromBlock=0&toBlock=latest", market.token));
    let all = all.as_array().unwrap();
    all.iter().for_each(|row| has(row, LOG));
    let transfer = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    let approval = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925";
    let of = |more: &str| {
        let answer = world.scan(&format!("module=logs&action=getLogs&address={}&fromBlock=0{more}", market.token));
        answer["result"].as_array().unwrap().clone()
    };
    let with = |topic: &str| all.iter().filter(|row| row["topics"][0] == topic).cloned().collect::<Vec<_>>();
    assert_eq!(of(&format!("&topic0={transfer}")), with(transfer));
    let trader = key(1).address().into_word();
    let both = of(&format!("&topic0={transfer}&topic0_2_opr=and&topic2={trader}"));
    assert_eq!(both.len(), 1);
    let either = of(&format!("&topic0={approval}&topic0_2_opr=or&topic2={trader}"));
    assert_eq!(either.len(), 2, "the approval, and the transfer to the trader");
    assert_eq!(of("&page=2&offset=1"), vec![all[1].clone()]);
    assert!(all[0]["blockNumber"].as_str().unwrap().starts_with("0x"));
    assert_eq!(
        world.scan(&format!("module=logs&action=getLogs&address={}&fromBlock=9999", market.token))["message"],
        "No records found"
    );
    assert!(world.not_ok("module=logs&action=getLogs").contains("Give address"));
}

#[test]
fn contracts() {
    let world = World::new();
    let market = world.market();
    let abi = world.result(&format!("module=contract&action=getabi&address={}", market.pool));
    let abi: Vec<Value> = serde_json::from_str(abi.as_str().unwrap()).unwrap();
    assert!(abi.iter().any(|one| one["name"] == "getReserves") && abi.iter().any(|one| one["name"] == "FeeSplit"));
    let user = key(1).address();
    assert_eq!(
        world.not_ok(&format!("module=contract&action=getabi&address={user}")),
        "Contract source code not verified"
    );
    let source = world.result(&format!("module=contract&action=getsourcecode&address={}", Addresses::default().router));
    has(
        &source[0],
        "SourceCode ABI ContractName CompilerVersion OptimizationUsed Runs ConstructorArguments EVMVersion Library LicenseType Proxy Implementation SwarmSource",
    );
    assert_eq!(source[0]["ContractName"], "UniswapV2Router02");
    let unknown = world.result(&format!("module=contract&action=getsourcecode&address={user}"));
    assert_eq!(
        (unknown[0]["ABI"].as_str(), unknown[0]["SourceCode"].as_str()),
        (Some("Contract source code not verified"), Some(""))
    );

    // A user's contract: STOP.
    let (hash, receipt) = world.send(4, TxKind::Create, 0, vec![0x60, 1, 0x5f, 0xf3]);
    let made = receipt.created.unwrap();
    let rows = world.result(&format!(
        "module=contract&action=getcontractcreation&contractaddresses={made},{},{}",
        market.token, market.pool
    ));
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert_eq!(
        (rows[0]["txHash"].clone(), rows[0]["contractCreator"].as_str()),
        (json!(hash), Some(&*format!("{:#x}", key(4).address())))
    );
    assert_eq!(rows[1]["contractFactory"], format!("{:#x}", Addresses::default().token_factory));
    let router = world
        .scan(&format!("module=contract&action=getcontractcreation&contractaddresses={}", Addresses::default().router));
    assert_eq!(router["status"], "0", "nobody made what the genesis has");
}

#[test]
fn status_blocks_and_gas() {
    let world = World::new();
    let market = world.market();
    let failed = world.result(&format!("module=transaction&action=getstatus&txhash={}", market.failed));
    assert_eq!(failed, json!({ "isError": "1", "errDescription": "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT" }));
    assert_eq!(world.result(&format!("module=transaction&action=getstatus&txhash={}", market.swap))["isError"], "0");
    assert_eq!(
        world.result(&format!("module=transaction&action=gettxreceiptstatus&txhash={}", market.failed)),
        json!({ "status": "0" })
    );
    world.later(100);
    let head = world.node.head().block.header.clone();
    let at = |time: u64, closest: &str| {
        world.scan(&format!("module=block&action=getblocknobytime&timestamp={time}&closest={closest}"))["result"]
            .clone()
    };
    assert_eq!(at(head.timestamp, "before"), head.number.to_string());
    assert_eq!(at(head.timestamp, "after"), head.number.to_string());
    assert_eq!(at(head.timestamp - 1, "before"), (head.number - 1).to_string());
    assert_eq!(at(head.timestamp - 1, "after"), head.number.to_string());
    assert_eq!(at(head.timestamp + 1, "after"), "Error! No closest block found");
    assert_eq!(at(0, "before"), "0", "a development chain begins in 1970");
    let gas = world.result("module=gastracker&action=gasoracle");
    has(&gas, "LastBlock SafeGasPrice ProposeGasPrice FastGasPrice suggestBaseFee gasUsedRatio");
    assert_eq!(gas["LastBlock"], head.number.to_string());
    assert_eq!(gas["gasUsedRatio"].as_str().unwrap().split(',').count(), 5);
}

#[test]
fn hostile_requests_are_told_what_is_wrong() {
    let world = World::new();
    let address = key(0).address();
    for bad in [
        "".to_owned(),
        "module=account".to_owned(),
        "module=nothing&action=balance".to_owned(),
        "module=account&action=nothing".to_owned(),
        "module=account&action=balance".to_owned(),
        "module=account&action=balance&address=0x12".to_owned(),
        "module=account&action=balance&address=%27%20OR%201=1".to_owned(),
        "module=account&action=balance&address=%00%ff".to_owned(),
        format!("module=account&action=balance&address={address}&chainid=1"),
        format!("module=account&action=balance&address={address}&chainid=x"),
        format!("module=account&action=balance&address={address}&tag=0x1"),
        format!("module=account&action=balancemulti&address={}", vec![address.to_string(); 21].join(",")),
        "module=account&action=balancemulti&address=,,,".to_owned(),
        format!("module=account&action=txlist&address={address}&startblock=-1"),
        format!("module=account&action=txlist&address={address}&startblock=1e9"),
        format!("module=account&action=txlist&address={address}&page=99999999999999999999&offset=1"),
        format!("module=account&action=txlist&address={address}&sort=%3Cscript%3E"),
        "module=account&action=txlistinternal&txhash=0x1".to_owned(),
        "module=account&action=txlistinternal&startblock=0".to_owned(),
        "module=account&action=tokentx".to_owned(),
        "module=logs&action=getLogs&topic0=0x12".to_owned(),
        format!("module=logs&action=getLogs&address={address}&topic0_1_opr=xor"),
        "module=contract&action=getabi&address=x".to_owned(),
        "module=contract&action=getcontractcreation".to_owned(),
        format!(
            "module=contract&action=getcontractcreation&contractaddresses={}",
            vec![address.to_string(); 6].join(",")
        ),
        "module=transaction&action=getstatus&txhash=0xzz".to_owned(),
        "module=block&action=getblocknobytime&timestamp=now".to_owned(),
        "module=block&action=getblocknobytime&timestamp=1&closest=x".to_owned(),
        "module=stats&action=tokensupply".to_owned(),
        "module=stats&action=ethprice".to_owned(),
        "module=proxy&action=eth_accounts".to_owned(),
        "module=proxy&action=anvil_setBalance&address=0x1".to_owned(),
        "module=proxy&action=eth_getCode".to_owned(),
    ] {
        let told = world.not_ok(&bad);
        assert!(
            told.len() > 8 && told.len() < 200 && !told.contains("::") && !told.contains("panicked"),
            "{bad}: {told}"
        );
    }
    assert_eq!(world.http("PUT", "/api", "content-length: 0\r\n").json()["message"], "NOTOK");
    // A range that is backwards or beyond has nothing in it.
    let none = world.scan(&format!("module=account&action=txlist&address={address}&startblock=9&endblock=3"));
    assert_eq!(none["message"], "No transactions found");
    assert_eq!(
        world.scan(&format!("module=account&action=txlist&address={address}&endblock=99999999999999"))["message"],
        "No transactions found"
    );
}
